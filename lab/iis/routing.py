# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What http.sys decides, as pure functions: where to listen, and whose request it is.

Sources: win32 ``desktop-src/Http/urlprefix-strings.md`` and ``ip-listen-list.md``: explicit host names come
before the IP-bound weak wildcard, that before the weak wildcard; the driver listens on a port for all
addresses, so that an address without a site of its own answers 400 "Invalid Hostname" as soon as any site
uses the port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lab.iis.model import Binding, Site

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Route:
    """A web binding of a started site, taken apart.

    Attributes:
        address: an address, or ``*``.
        port: the port.
        host: lower-case host name, ``*.example.com``, or empty.
        tls: https.
        site: whose it is.
    """

    address: str
    port: int
    host: str
    tls: bool
    site: Site

    @property
    def key(self) -> tuple[str, int, str, bool]:
        """What may be held by one started site at a time."""
        return self.address, self.port, self.host, self.tls


@dataclass(frozen=True)
class Endpoint:
    """An address and port to listen on."""

    address: str
    port: int
    tls: bool


def routes_of(site: Site) -> Iterator[Route]:
    """The routes of a site's web bindings; a binding that cannot be read makes none."""
    for binding in site.web_bindings:
        route = _route(site, binding)
        if route is not None:
            yield route


def _route(site: Site, binding: Binding) -> Route | None:
    try:
        address, port, host = binding.endpoint
    except ValueError:
        return None
    if address == "0.0.0.0":  # noqa: S104  - a binding to compare with, not an address to listen on
        address = "*"
    return Route(address, port, host, binding.protocol == "https", site)


def endpoints(routes: Iterable[Route], usable: frozenset[str]) -> frozenset[Endpoint]:
    """Where to listen.

    A loopback address is served only where a binding names it: the nodes of a lab share one 127.0.0.1.

    Args:
        routes: the routes of the started sites.
        usable: the addresses the machine answers on.
    """
    found: set[Endpoint] = set()
    for route in routes:
        named = frozenset({route.address}) & usable
        everywhere = frozenset() if route.tls and route.address != "*" else usable - LOOPBACK
        found.update(Endpoint(address, route.port, route.tls) for address in named | everywhere)
    return frozenset(found)


def choose(routes: Iterable[Route], address: str, port: int, host: str) -> Route | None:
    """The route a request takes: None is http.sys's 400 "Invalid Hostname".

    Args:
        routes: the routes of the started sites.
        address: the address the connection came in on.
        port: its port.
        host: the Host header without its port, lower case.
    """
    ranked = ((_rank(route, address, host), route) for route in routes if route.port == port)
    fitting = [(rank, route) for rank, route in ranked if rank is not None]
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _rank(route: Route, address: str, host: str) -> tuple[int, int, int] | None:
    """Smaller is more specific; None does not fit."""
    if route.address not in ("*", address):
        return None
    bound = 0 if route.address != "*" else 1
    if route.host == host and host:
        return 0, bound, 0
    if route.host.startswith("*.") and host.endswith(route.host[1:]):
        return 1, bound, -len(route.host)
    return (2, bound, 0) if not route.host else None
