# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites and application pools as IIS understands its configuration file."""

from __future__ import annotations

from dataclasses import dataclass

from lab.iis.document import Node

# JexusManager IIS_schema.xml; a pool without the attribute runs the .NET runtime of the schema's default.
DEFAULT_RUNTIME = "v2.0"
DEFAULT_PIPELINE = "Integrated"
DEFAULT_POOL = "DefaultAppPool"
DEFAULT_DOCUMENTS = ("Default.htm", "Default.asp", "index.htm", "index.html", "iisstart.htm")


@dataclass(frozen=True)
class Binding:
    """One binding of a site.

    Attributes:
        protocol: lower-case protocol, ``http``, ``https``, ``net.tcp``, ...
        information: the text as it is written.
        ssl_flags: bit field; 1 is SNI.
    """

    protocol: str
    information: str
    ssl_flags: int = 0

    @property
    def is_web(self) -> bool:
        """True where http.sys listens for it."""
        return self.protocol in ("http", "https") and self.information.count(":") >= 2

    @property
    def endpoint(self) -> tuple[str, int, str]:
        """Address (``*`` for all), port and host name (lower case, may be empty) of a web binding.

        Raises:
            ValueError: the text is no address:port:host.
        """
        address, port, host = self.information.rsplit(":", 2)
        return address.strip("[]") or "*", int(port), host.lower()


@dataclass(frozen=True)
class VirtualDirectory:
    """A virtual directory: its path within the application, and the folder as it is written."""

    path: str
    physical_path: str


@dataclass(frozen=True)
class Application:
    """An application: its path within the site, its pool and its virtual directories."""

    path: str
    pool: str
    directories: tuple[VirtualDirectory, ...]


@dataclass(frozen=True)
class Site:
    """A site of the configuration file.

    Attributes:
        name: its name as it is written.
        id: its number.
        auto_start: ``serverAutoStart``.
        bindings: every binding, in order.
        applications: every application, in order.
        node: where it lies in the file.
    """

    name: str
    id: int
    auto_start: bool
    bindings: tuple[Binding, ...]
    applications: tuple[Application, ...]
    node: Node

    @property
    def web_bindings(self) -> tuple[Binding, ...]:
        """The bindings that http.sys serves."""
        return tuple(one for one in self.bindings if one.is_web)


@dataclass(frozen=True)
class Pool:
    """An application pool of the configuration file; ``node`` is where it lies in it."""

    name: str
    auto_start: bool
    runtime: str
    pipeline: str
    node: Node


@dataclass(frozen=True)
class Configuration:
    """What the file says; names are looked up without case, as IIS's collections do."""

    root: Node
    sites: tuple[Site, ...]
    pools: tuple[Pool, ...]
    default_documents: tuple[str, ...]

    def site(self, name: str) -> Site | None:
        """The site of that name."""
        return next((one for one in self.sites if one.name.lower() == name.lower()), None)

    def pool(self, name: str) -> Pool | None:
        """The pool of that name."""
        return next((one for one in self.pools if one.name.lower() == name.lower()), None)


def is_true(text: str) -> bool:
    """A boolean attribute: IIS reads it without case."""
    return text.lower() == "true"


def read(root: Node) -> Configuration:
    """What a configuration document says.

    Raises:
        ValueError: a site or a binding lacks what the schema requires.
    """
    return Configuration(root, _sites(root), _pools(root), _documents(root))


def _sites(root: Node) -> tuple[Site, ...]:
    section = root.find("system.applicationHost/sites")
    if section is None:
        return ()
    defaults = section.child("applicationDefaults")
    pool = defaults.attributes.get("applicationPool", DEFAULT_POOL) if defaults else DEFAULT_POOL
    site_defaults = section.child("siteDefaults")
    auto = site_defaults.attributes.get("serverAutoStart", "true") if site_defaults else "true"
    return tuple(read_site(node, pool, auto) for node in section.all("site"))


def read_site(node: Node, default_pool: str = DEFAULT_POOL, auto_start: str = "true") -> Site:
    """A site from its element.

    Raises:
        ValueError: the name or the number is missing or no number.
    """
    try:
        name, number = node.attributes["name"], int(node.attributes["id"])
    except KeyError as error:
        raise ValueError(f"a site lacks the attribute {error}") from error
    bindings = node.child("bindings")
    return Site(
        name=name,
        id=number,
        auto_start=is_true(node.attributes.get("serverAutoStart", auto_start)),
        bindings=tuple(_binding(one) for one in (bindings.all("binding") if bindings else [])),
        applications=tuple(_application(one, default_pool) for one in node.all("application")),
        node=node,
    )


def _binding(node: Node) -> Binding:
    attributes = node.attributes
    return Binding(
        attributes.get("protocol", "").lower(),
        attributes.get("bindingInformation", ""),
        int(attributes.get("sslFlags", "0") or "0"),
    )


def _application(node: Node, default_pool: str) -> Application:
    return Application(
        node.attributes.get("path", "/"),
        node.attributes.get("applicationPool", default_pool),
        tuple(
            VirtualDirectory(one.attributes.get("path", "/"), one.attributes.get("physicalPath", ""))
            for one in node.all("virtualDirectory")
        ),
    )


def _pools(root: Node) -> tuple[Pool, ...]:
    section = root.find("system.applicationHost/applicationPools")
    if section is None:
        return ()
    defaults = section.child("applicationPoolDefaults")
    inherited = defaults.attributes if defaults else {}
    return tuple(_pool(node, inherited) for node in section.all("add"))


def _pool(node: Node, inherited: dict[str, str]) -> Pool:
    have = {**inherited, **node.attributes}
    return Pool(
        name=node.attributes.get("name", ""),
        auto_start=is_true(have.get("autoStart", "true")),
        runtime=have.get("managedRuntimeVersion", DEFAULT_RUNTIME),
        pipeline=have.get("managedPipelineMode", DEFAULT_PIPELINE),
        node=node,
    )


def _documents(root: Node) -> tuple[str, ...]:
    files = root.find("system.webServer/defaultDocument/files")
    if files is None:
        return DEFAULT_DOCUMENTS
    return tuple(one.attributes["value"] for one in files.all("add") if "value" in one.attributes)
