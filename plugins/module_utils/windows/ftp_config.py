# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The FTP settings of a site, and where each of them stands in its ``<ftpServer>``.

Grammar and defaults: learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/ftpserver
(security/ssl, userIsolation, security/authentication).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from xml.etree.ElementTree import Element, SubElement  # building only: parsing is in wsman/xml.py

from ..errors import BadDocument

_SSL, _AUTHENTICATION = "security/ssl", "security/authentication"
# Setting -> element below ftpServer, attribute.
_PLACES = {
    "auto_start": ("", "serverAutoStart"),
    "control_policy": (_SSL, "controlChannelPolicy"),
    "data_policy": (_SSL, "dataChannelPolicy"),
    "certificate_hash": (_SSL, "serverCertHash"),
    "certificate_store": (_SSL, "serverCertStoreName"),
    "isolation": ("userIsolation", "mode"),
    "anonymous": (f"{_AUTHENTICATION}/anonymousAuthentication", "enabled"),
    "basic": (f"{_AUTHENTICATION}/basicAuthentication", "enabled"),
}


@dataclass(frozen=True)
class FtpSettings:
    """The ``<ftpServer>`` of a site.

    Attributes:
        auto_start: ``serverAutoStart``.
        control_policy: SslAllow, SslRequire or SslRequireCredentialsOnly.
        data_policy: SslAllow, SslRequire or SslDeny.
        certificate_hash: hex digits, empty where TLS is not offered.
        certificate_store: such as ``MY``.
        isolation: mode of ``userIsolation``: None, StartInUsersDirectory, IsolateRootDirectoryOnly,
            IsolateAllDirectories, ActiveDirectory or Custom.
        anonymous: anonymous authentication is enabled.
        basic: basic authentication is enabled.
    """

    auto_start: bool = True
    control_policy: str = "SslRequire"
    data_policy: str = "SslRequire"
    certificate_hash: str = ""
    certificate_store: str = "MY"
    isolation: str = "None"
    anonymous: bool = False
    basic: bool = False


def ftp_settings(site: Element, defaults: Element, place: str) -> FtpSettings:
    """What a site says, else its defaults, else the schema.

    Args:
        site: the ``<site>``.
        defaults: ``<siteDefaults>``.
        place: what to call the site in errors.

    Raises:
        BadDocument: a value is not what it has to be.
    """
    found: dict[str, str | bool] = {}
    for setting in fields(FtpSettings):
        element, attribute = _PLACES[setting.name]
        text = _first((site, defaults), element, attribute)
        if text is None:
            continue
        is_flag = isinstance(setting.default, bool)
        found[setting.name] = _flag(text, f"{place} ftpServer {attribute}") if is_flag else text
    return FtpSettings(**found)  # type: ignore[arg-type]


def complete(site: Element, settings: FtpSettings) -> None:
    """Write every setting into a ``<site>``, those too that it had from defaults."""
    for setting in fields(FtpSettings):
        path, attribute = _PLACES[setting.name]
        value = getattr(settings, setting.name)
        text = str(value).lower() if isinstance(value, bool) else value
        if text:
            _made(site, "ftpServer" + (f"/{path}" if path else "")).set(attribute, text)


def _first(elements: tuple[Element, ...], path: str, attribute: str) -> str | None:
    for element in elements:
        found = element.find("ftpServer" + (f"/{path}" if path else ""))
        value = None if found is None else found.get(attribute)
        if value is not None:
            return value
    return None


def _made(element: Element, path: str) -> Element:
    """The element at a path below another, made where it is missing."""
    for tag in path.split("/"):
        below = element.find(tag)
        element = SubElement(element, tag) if below is None else below
    return element


def _flag(text: str, place: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise BadDocument(f"{place}: expected true or false, found {text!r}")
    return text.lower() == "true"
