# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The configuration of IIS as data, from ``appcmd ... /xml`` answers or from a whole applicationHost.config.

Grammar: https://learn.microsoft.com/iis/configuration/system.applicationhost/ (sites, applicationPools).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element  # the type alone: parsing is in wsman/xml.py

from ..errors import BadDocument
from ..wsman.xml import parse
from .ftp_config import FtpSettings, ftp_settings
from .smtp_settings import SmtpServer

UNKNOWN = "Unknown"  # what appcmd shows where WAS knows no state, and what a configuration file says of it
_KEY = secrets.token_bytes(32)


@dataclass(frozen=True)
class Binding:
    """One ``<binding>``.

    Attributes:
        protocol: as written; compare without case.
        information: ``ip:port:host`` for http, https and ftp; free text of other protocols.
        ssl_flags: bit field; 1 SNI, 2 central certificate store.
        certificate_hash: hex digits where the answer carries them, else empty: the certificates of https
            bindings are kept by http.sys, not in the configuration file.
        certificate_store: such as ``MY``, or empty.
    """

    protocol: str
    information: str
    ssl_flags: int = 0
    certificate_hash: str = ""
    certificate_store: str = ""


@dataclass(frozen=True)
class VirtualDirectory:
    """One ``<virtualDirectory>``.

    Attributes:
        path: below its application, ``/`` for the application's own root.
        physical_path: as written, environment variables not expanded.
        user_name: account that content is read with, or empty.
        credential: digest of its password, comparable within this process only; never shown.
    """

    path: str
    physical_path: str
    user_name: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True)
class Application:
    """One ``<application>``; protocols is ``enabledProtocols``, such as ``http,net.tcp``."""

    path: str
    pool: str
    protocols: str = "http"
    virtual_directories: tuple[VirtualDirectory, ...] = ()


@dataclass(frozen=True)
class IisSite:
    """One ``<site>``.

    Attributes:
        name: letter for letter.
        id: the number of the site, unique on its server.
        auto_start: ``serverAutoStart``.
        state: Started, Stopped, Starting, Stopping or Unknown (FTP-only sites, or read from a file).
        bindings: in document order.
        applications: in document order.
        has_ftp: has an ftp binding.
        ftp: its FTP settings; None without ftp binding, and where states alone were read.
        ftp_state: of its FTP side, as ``state``; ``ftp.py`` reads it. Missing where it went away meanwhile.
        ftp_problem: why that state is not known, empty where it is.
        smtp: the SMTP virtual server that it is, which IIS keeps apart from its sites; ``smtp.py`` reads it.
        element: all that is set on it, without secrets.
    """

    name: str
    id: int
    auto_start: bool
    state: str
    bindings: tuple[Binding, ...] = ()
    applications: tuple[Application, ...] = ()
    has_ftp: bool = False
    ftp: FtpSettings | None = None
    ftp_state: str = UNKNOWN
    ftp_problem: str = ""
    smtp: SmtpServer | None = None
    element: Element | None = field(default=None, repr=False, compare=False)

    @property
    def has_web(self) -> bool:
        """Has a binding that http.sys serves."""
        return any(binding.protocol.lower() in ("http", "https") for binding in self.bindings)


@dataclass(frozen=True)
class Pool:
    """One application pool.

    Attributes:
        name: letter for letter.
        auto_start: ``autoStart``.
        state: as of IisSite.
        runtime: managedRuntimeVersion (``v4.0``, empty for no managed code).
        pipeline: Integrated or Classic.
        identity: the user name of a SpecificUser, else the identity type.
        credential: digest of its password, comparable within this process only; never shown.
        element: all that is set on it, without secrets.
    """

    name: str
    auto_start: bool
    state: str
    runtime: str
    pipeline: str
    identity: str
    credential: str = field(default="", repr=False)
    element: Element | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class IisConfiguration:
    """Sites and pools of one server.

    Attributes:
        sites: in document order.
        pools: in document order.
        redirected_to: folder of the shared configuration, None where the server has its own.
        smtp_problem: why its SMTP virtual servers cannot be read, empty where they can or there are none.
    """

    sites: tuple[IisSite, ...] = ()
    pools: tuple[Pool, ...] = ()
    redirected_to: str | None = None
    smtp_problem: str = ""

    def site(self, name: str) -> IisSite | None:
        """The site of exactly that name."""
        return next((site for site in self.sites if site.name == name), None)

    def pool(self, name: str) -> Pool | None:
        """The pool of that name; IIS refers to pools without regard to case."""
        wanted = name.casefold()
        return next((pool for pool in self.pools if pool.name.casefold() == wanted), None)


def parse_configuration(document: bytes, name: str) -> IisConfiguration:
    """Read an ``appcmd list site|apppool|config ... /xml`` answer or a whole applicationHost.config.

    Args:
        document: the XML as received, with or without byte order mark.
        name: what to call the document in errors.

    Raises:
        BadDocument: malformed or truncated XML, a document type, another document, a site without name or id.
    """
    root = parse(document, name)
    if root.tag == "appcmd":
        return _from_answer(root, name)
    if root.tag == "configuration":
        return _from_file(root, name)
    raise BadDocument(f"{name}: expected the root element appcmd or configuration, found {_local(root.tag)}")


def parse_redirection(document: bytes, name: str) -> str | None:
    """The folder that redirection.config points to, None where redirection is off.

    Raises:
        BadDocument: malformed XML.
    """
    section = parse(document, name).find("configurationRedirection")
    if section is None or not _flag(section.get("enabled"), False, name):
        return None
    return section.get("path") or "(no path)"


def _from_answer(root: Element, name: str) -> IisConfiguration:
    """SITE and APPPOOL wrap one element; CONFIG wraps a section whose slashes became dashes."""
    sites: list[IisSite] = []
    pools: list[Pool] = []
    for item in root:
        if item.tag == "SITE":
            sites.append(_answered_site(item, name))
        elif item.tag == "APPPOOL":
            pools.append(_answered_pool(item, name))
        elif item.tag == "CONFIG":
            sites.extend(_section_sites(item.find("system.applicationHost-sites"), name))
            pools.extend(_section_pools(item.find("system.applicationHost-applicationPools"), name))
        else:
            raise BadDocument(f"{name}: expected SITE, APPPOOL or CONFIG in appcmd, found {_local(item.tag)}")
    return IisConfiguration(tuple(sites), tuple(pools))


def _from_file(root: Element, name: str) -> IisConfiguration:
    host = root.find("system.applicationHost")
    if host is None:
        raise BadDocument(f"{name}: expected system.applicationHost in configuration, found none")
    sites = tuple(_section_sites(host.find("sites"), name))
    return IisConfiguration(sites, tuple(_section_pools(host.find("applicationPools"), name)))


def _answered_site(item: Element, name: str) -> IisSite:
    """A SITE of appcmd: its inner ``<site>`` is there with /config alone."""
    inner = item.find("site")
    state = item.get("state", UNKNOWN) or UNKNOWN
    if inner is not None:
        return _site(inner, _Defaults(), name, state)
    place = f"{name}: SITE"
    title = _required(item, "SITE.NAME", place)
    number = _number(_required(item, "SITE.ID", place), f'{place} "{title}" SITE.ID')
    bindings = tuple(_shown_bindings(item.get("bindings", "")))
    has_ftp = any(binding.protocol.lower() == "ftp" for binding in bindings)
    return IisSite(title, number, True, state, bindings, has_ftp=has_ftp)


def _shown_bindings(text: str) -> Iterator[Binding]:
    """``http/10.0.0.50:80:,ftp/10.0.0.50:21:``, as appcmd shows the bindings of a site without /config."""
    for one in text.split(","):
        protocol, separator, information = one.strip().partition("/")
        if separator:
            yield Binding(protocol, information)


def _answered_pool(item: Element, name: str) -> Pool:
    inner = item.find("add")
    title = _required(item, "APPPOOL.NAME", f"{name}: APPPOOL")
    if inner is None:
        inner = Element("add", {"name": title})
    pool = _pool(inner, Element("none"), name, item.get("state", UNKNOWN) or UNKNOWN)
    return replace(
        pool,
        runtime=item.get("RuntimeVersion", pool.runtime),
        pipeline=item.get("PipelineMode", pool.pipeline),
    )


@dataclass(frozen=True)
class _Defaults:
    """The defaults beside the sites, and those that a site or an application carries for what is in it."""

    site: Element = field(default_factory=lambda: Element("none"))
    applications: tuple[Element, ...] = ()
    directories: tuple[Element, ...] = ()

    def within(self, element: Element) -> _Defaults:
        """The same with the element's own defaults in front."""
        return _Defaults(
            self.site,
            (*element.findall("applicationDefaults"), *self.applications),
            (*element.findall("virtualDirectoryDefaults"), *self.directories),
        )


def _section_sites(section: Element | None, name: str) -> Iterator[IisSite]:
    if section is None:
        return
    site_defaults = section.find("siteDefaults")
    defaults = _Defaults().within(section)
    if site_defaults is not None:
        defaults = replace(defaults, site=site_defaults).within(site_defaults)
    for element in section.findall("site"):
        yield _site(element, defaults, name, UNKNOWN)


def _section_pools(section: Element | None, name: str) -> Iterator[Pool]:
    if section is None:
        return
    defaults = section.find("applicationPoolDefaults")
    for element in section.findall("add"):
        yield _pool(element, Element("none") if defaults is None else defaults, name, UNKNOWN)


def _site(element: Element, defaults: _Defaults, name: str, state: str) -> IisSite:
    title = _required(element, "name", f"{name}: site")
    place = f'{name}: site "{title}"'
    inner = defaults.within(element)
    bindings = tuple(_binding(item, place) for item in element.findall("bindings/binding"))
    start = element.get("serverAutoStart", defaults.site.get("serverAutoStart"))
    has_ftp = any(binding.protocol.lower() == "ftp" for binding in bindings)
    return IisSite(
        name=title,
        id=_number(_required(element, "id", place), f"{place} id"),
        auto_start=_flag(start, True, f"{place} serverAutoStart"),
        state=state,
        bindings=bindings,
        applications=tuple(_application(item, inner, place) for item in element.findall("application")),
        has_ftp=has_ftp,
        ftp=ftp_settings(element, defaults.site, place) if has_ftp else None,
        element=without_secrets(element),
    )


def _binding(element: Element, place: str) -> Binding:
    return Binding(
        protocol=_required(element, "protocol", f"{place} binding"),
        information=_required(element, "bindingInformation", f"{place} binding"),
        ssl_flags=_number(element.get("sslFlags", "0"), f"{place} binding sslFlags"),
        certificate_hash=element.get("certificateHash", "").upper(),
        certificate_store=element.get("certificateStoreName", ""),
    )


def _application(element: Element, defaults: _Defaults, place: str) -> Application:
    path = _required(element, "path", f"{place} application")
    inner = defaults.within(element)
    within = f"{place} application {path}"
    return Application(
        path=path,
        pool=_first(element, defaults.applications, "applicationPool"),
        protocols=_first(element, defaults.applications, "enabledProtocols") or "http",
        virtual_directories=tuple(
            _directory(item, inner, within) for item in element.findall("virtualDirectory")
        ),
    )


def _directory(element: Element, defaults: _Defaults, place: str) -> VirtualDirectory:
    return VirtualDirectory(
        path=_required(element, "path", f"{place} virtualDirectory"),
        physical_path=_first(element, defaults.directories, "physicalPath"),
        user_name=_first(element, defaults.directories, "userName"),
        credential=digest(_first(element, defaults.directories, "password")),
    )


def _pool(element: Element, defaults: Element, name: str, state: str) -> Pool:
    """Schema defaults: autoStart true, Integrated, ApplicationPoolIdentity."""
    title = _required(element, "name", f"{name}: application pool")
    process = element.find("processModel")
    default_process = defaults.find("processModel")
    own = Element("none") if process is None else process
    behind = () if default_process is None else (default_process,)
    kind = _first(own, behind, "identityType") or "ApplicationPoolIdentity"
    user = _first(own, behind, "userName")
    start = _first(element, (defaults,), "autoStart") or None
    return Pool(
        name=title,
        auto_start=_flag(start, True, f'{name}: pool "{title}" autoStart'),
        state=state,
        runtime=_first(element, (defaults,), "managedRuntimeVersion"),
        pipeline=_first(element, (defaults,), "managedPipelineMode") or "Integrated",
        identity=user if kind == "SpecificUser" and user else kind,
        credential=digest(_first(own, behind, "password")) if kind == "SpecificUser" else "",
        element=without_secrets(element),
    )


def without_secrets(element: Element) -> Element:
    """A copy in which passwords, and values of environment variables, are digests."""
    hidden = {one for variables in element.iter("environmentVariables") for one in variables}
    return _copied(element, hidden)


def _copied(element: Element, hidden: set[Element]) -> Element:
    attributes = {
        name: digest(value) if name == "password" or (name == "value" and element in hidden) else value
        for name, value in element.attrib.items()
    }
    copy = Element(element.tag, attributes)
    copy.extend(_copied(inner, hidden) for inner in element)
    return copy


def _first(element: Element, defaults: Iterable[Element], attribute: str) -> str:
    """The attribute of the element, else of the nearest defaults, else empty."""
    for source in (element, *defaults):
        value = source.get(attribute)
        if value is not None:
            return value
    return ""


def digest(password: str) -> str:
    """Lets two passwords be compared without keeping either; the key lives as long as the process."""
    return hmac.new(_KEY, password.encode(), hashlib.sha256).hexdigest() if password else ""


def _required(element: Element, attribute: str, place: str) -> str:
    value = element.get(attribute)
    if value is None:
        raise BadDocument(f"{place}: expected the attribute {attribute}, found none")
    return value


def _number(text: str, place: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadDocument(f"{place}: expected a number, found {text!r}")
    return int(text)


def _flag(text: str | None, default: bool, place: str) -> bool:
    if text is None:
        return default
    if text.lower() not in ("true", "false"):
        raise BadDocument(f"{place}: expected true or false, found {text!r}")
    return text.lower() == "true"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
