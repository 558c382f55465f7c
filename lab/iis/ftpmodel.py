# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP sites as the FTP service understands the configuration file.

Sources: IISD ``system.applicationHost/sites/site/ftpServer`` (security/ssl, security/authentication,
messages, userIsolation), ``system.ftpServer/security/authorization`` in the ``<location>`` of the site, and
``system.ftpServer/firewallSupport``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.iis import ftprules
from lab.iis.document import Node
from lab.iis.model import Configuration, Site, is_true

ANONYMOUS = "anonymous"
IMPLICIT_PORT = 990  # a site with a certificate speaks TLS there from the first byte on


@dataclass(frozen=True)
class Rule:
    """An authorization rule; ``*`` stands for all users, ``?`` for anonymous ones."""

    allow: bool
    users: frozenset[str]
    permissions: frozenset[str]


@dataclass(frozen=True)
class FtpSite:
    """The FTP side of a site.

    Attributes:
        name: of the site.
        auto_start: ``serverAutoStart`` of ftpServer.
        endpoints: address (``*`` for all) and port of each ftp binding.
        root: physical path of its root, as it is written.
        certificate: it has one, so that it offers TLS.
        control_required: TLS on the control channel is required, for credentials at least.
        data_required: TLS on data channels is required.
        isolation: mode of user isolation.
        anonymous: anonymous authentication is on.
        basic: basic authentication is on.
        banner: what it greets with.
        rules: authorization rules, in order.
        ports: passive ports, lowest and highest; 0 and 0 for any.
    """

    name: str
    auto_start: bool = True
    endpoints: tuple[tuple[str, int], ...] = ()
    root: str = ""
    certificate: bool = False
    control_required: bool = True
    data_required: bool = True
    isolation: str = "None"
    anonymous: bool = False
    basic: bool = False
    banner: str = "Microsoft FTP Service"
    rules: tuple[Rule, ...] = ()
    ports: tuple[int, int] = (0, 0)
    node: Node = field(compare=False, default_factory=lambda: Node("site", {}))

    def allows(self, user: str | None) -> frozenset[str]:
        """What a user (None for an anonymous one) may do; a rule that denies outweighs one that allows."""
        mine = [rule for rule in self.rules if rule.users & {"*", "?" if user is None else user.lower()}]
        given = {one for rule in mine if rule.allow for one in rule.permissions}
        return frozenset(given - {one for rule in mine if not rule.allow for one in rule.permissions})


def ftp_sites(configuration: Configuration) -> dict[str, FtpSite]:
    """Every site with an ftp binding, by lower-case name."""
    return {
        site.name.lower(): _site(site, configuration.root) for site in configuration.sites if _bound(site)
    }


def _bound(site: Site) -> bool:
    return any(one.protocol == "ftp" for one in site.bindings)


def _site(site: Site, root: Node) -> FtpSite:
    own = _Settings(site, root)
    ssl, authentication = "security/ssl", "security/authentication"
    certificate = bool(own.get(ssl, "serverCertHash", ""))
    return FtpSite(
        name=site.name,
        auto_start=is_true(own.get("", "serverAutoStart", "true")),
        endpoints=tuple(_endpoints(site)),
        root=_root(site),
        certificate=certificate,
        control_required=own.get(ssl, "controlChannelPolicy", "SslRequire") != "SslAllow",
        data_required=own.get(ssl, "dataChannelPolicy", "SslRequire") == "SslRequire",
        isolation=own.get("userIsolation", "mode", "None"),
        anonymous=is_true(own.get(f"{authentication}/anonymousAuthentication", "enabled", "false")),
        basic=is_true(own.get(f"{authentication}/basicAuthentication", "enabled", "false")),
        banner=own.get("messages", "bannerMessage", "") or "Microsoft FTP Service",
        rules=tuple(_rules(root, site.name)),
        ports=_ports(root),
        node=site.node,
    )


class _Settings:
    """What a site says in its ftpServer, else its defaults."""

    def __init__(self, site: Site, root: Node) -> None:
        defaults = root.find("system.applicationHost/sites/siteDefaults/ftpServer")
        self._levels = [one for one in (site.node.child("ftpServer"), defaults) if one is not None]

    def get(self, path: str, attribute: str, default: str) -> str:
        """An attribute of the element at a path below ftpServer."""
        for level in self._levels:
            node = level.find(path) if path else level
            if node is not None and attribute in node.attributes:
                return node.attributes[attribute]
        return default


def _endpoints(site: Site) -> Iterator[tuple[str, int]]:
    for binding in site.bindings:
        if binding.protocol == "ftp":
            address, port, _host = binding.endpoint
            yield "*" if address in ("*", "0.0.0.0") else address, port  # noqa: S104 - to compare with


def _root(site: Site) -> str:
    application = next((one for one in site.applications if one.path == "/"), None)
    directories = application.directories if application else ()
    return next((one.physical_path for one in directories if one.path == "/"), "")


def _rules(root: Node, site: str) -> Iterator[Rule]:
    for node in ftprules.rules(root, site):
        yield Rule(
            node.attributes.get("accessType", "Allow") == "Allow",
            _words(node.attributes.get("users", "").lower()),
            _words(node.attributes.get("permissions", "")),
        )


def _words(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(",") if one.strip())


def _ports(root: Node) -> tuple[int, int]:
    node = root.find("system.ftpServer/firewallSupport")
    attributes = node.attributes if node is not None else {}
    return int(attributes.get("lowDataChannelPort", "0")), int(attributes.get("highDataChannelPort", "0"))
