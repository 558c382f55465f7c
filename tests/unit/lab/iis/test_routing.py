# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.iis.document import parse
from lab.iis.model import Site, read_site
from lab.iis.routing import Endpoint, choose, endpoints, routes_of

USABLE = frozenset({"127.0.0.1", "10.0.0.1", "10.0.0.2"})


def site(name: str, *bindings: str) -> Site:
    inside = "".join(
        f'<binding protocol="{kind}" bindingInformation="{text}" />'
        for kind, _rest, text in (b.partition("/") for b in bindings)
    )
    return read_site(parse(f'<site name="{name}" id="1"><bindings>{inside}</bindings></site>'.encode()))


def routes(*sites: Site) -> list:
    return [route for one in sites for route in routes_of(one)]


SITES = routes(
    site("all", "http/*:80:"),
    site("named", "http/*:80:www.example.com"),
    site("wild", "http/*:80:*.example.com"),
    site("bound", "http/10.0.0.1:80:"),
    site("both", "http/10.0.0.1:80:shop.example.com"),
)


@pytest.mark.parametrize(
    ("address", "host", "expected"),
    [
        ("10.0.0.1", "shop.example.com", "both"),
        ("10.0.0.2", "shop.example.com", "wild"),
        ("10.0.0.1", "www.example.com", "named"),
        ("10.0.0.1", "a.example.com", "wild"),
        ("10.0.0.1", "10.0.0.1", "bound"),
        ("10.0.0.2", "10.0.0.2", "all"),
        ("10.0.0.2", "", "all"),
    ],
)
def test_the_most_specific_binding_gets_the_request(address: str, host: str, expected: str) -> None:
    route = choose(SITES, address, 80, host)
    assert route is not None
    assert route.site.name == expected


def test_a_host_nobody_has_gets_no_route() -> None:
    only_named = routes(site("named", "http/10.0.0.1:80:www.example.com"))
    assert choose(only_named, "10.0.0.1", 80, "other.example.com") is None
    assert choose(only_named, "10.0.0.2", 80, "www.example.com") is None


def test_a_port_in_use_is_listened_on_at_every_usable_address_but_loopback() -> None:
    found = endpoints(routes(site("one", "http/10.0.0.1:80:")), USABLE)
    assert found == {Endpoint("10.0.0.1", 80, False), Endpoint("10.0.0.2", 80, False)}


def test_loopback_is_listened_on_where_a_binding_names_it() -> None:
    found = endpoints(routes(site("one", "https/127.0.0.1:443:")), USABLE)
    assert found == {Endpoint("127.0.0.1", 443, True)}


def test_a_tls_binding_listens_on_its_own_address_only() -> None:
    found = endpoints(routes(site("one", "https/10.0.0.2:443:")), USABLE)
    assert found == {Endpoint("10.0.0.2", 443, True)}


def test_bindings_without_an_address_to_listen_on_make_no_routes() -> None:
    odd = site("odd", "net.tcp/808:*", "net.pipe/*", "http/nonsense", "http/*:eighty:", "ftp/*:21:")
    assert routes(odd) == []


def test_ipv6_addresses_keep_their_colons() -> None:
    (route,) = routes(site("six", "http/[fe80::1]:8080:Host.Example"))
    assert (route.address, route.port, route.host) == ("fe80::1", 8080, "host.example")
