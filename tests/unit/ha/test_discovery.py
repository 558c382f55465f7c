# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.discovery import (
    Certificate,
    SiteDiscovery,
    discover,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Ip, Volume, VolumeKind
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Application,
    Binding,
    IisConfiguration,
    IisSite,
    Pool,
    VirtualDirectory,
    parse_configuration,
)

REPOSITORY = Path(__file__).resolve().parents[3]
MIXED = parse_configuration(
    (REPOSITORY / "tests/fixtures/iis/mixed.applicationHost.config").read_bytes(), "mixed"
)
SIX_SITES = REPOSITORY.parent / "shared/data/iis/six-sites.applicationHost.config"
MACHINE = Machine("SERVER1", "C:", "C:\\Windows", {"MEDIA": "%DataDrive%\\media", "DATADRIVE": "D:"})
NODES = ("server1", "server2")
IPS = [Ip(address, 24, NODES) for address in ("10.0.0.50", "10.0.0.51", "10.0.0.52", "2001:db8::50")]
VOLUMES = [Volume(path, VolumeKind.SHARED, NODES, "disk") for path in ("E:\\", "D:\\Mounts\\Web\\", "D:\\")]


def found(configuration: IisConfiguration = MIXED, **changes: Any) -> dict[str, SiteDiscovery]:
    arguments: dict[str, Any] = {
        "machine": MACHINE,
        "access_paths": ["C:\\", "D:\\", "E:\\", "F:\\", "D:\\mounts\\web\\"],
        "addresses": ["10.0.0.11", "127.0.0.1", "::1"],
        "ips": IPS,
        "volumes": VOLUMES,
    }
    return {site.name: site for site in discover(configuration, **(arguments | changes))}


def one(bindings: str | list[str], path: str = "E:\\x", **changes: Any) -> SiteDiscovery:
    texts = [bindings] if isinstance(bindings, str) else bindings
    site = IisSite(
        "S",
        1,
        True,
        "Started",
        tuple(Binding(*text.split(" ", 1)) for text in texts),
        (Application("/", "P", virtual_directories=(VirtualDirectory("/", path),)),),
    )
    pool = Pool("P", True, "Started", "v4.0", "Integrated", "ApplicationPoolIdentity")
    return found(IisConfiguration((site,), (pool,)), **changes)["S"]


def reasons(site: SiteDiscovery) -> list[str]:
    for obstacle in site.obstacles:
        assert obstacle.sentence
        assert obstacle.remedy
    return [obstacle.reason for obstacle in site.obstacles]


def test_a_site_names_everything_it_depends_on() -> None:
    shop = found()["Shop & Co"]
    assert shop.ips == ("10.0.0.50", "2001:db8::50", "10.0.0.51", "10.0.0.52")
    assert shop.volumes == ("E:\\", "D:\\", "D:\\Mounts\\Web\\")
    assert shop.pools == ("Shop",)
    assert shop.hosts == ("shop.example.net", "*.example.net")
    assert shop.unc_paths == ("\\\\files.example.net\\data",)
    assert shop.other_bindings == ("net.tcp 808:*", "net.pipe *")
    assert shop.loopback_bindings == ("http 127.0.0.1:8080:",)
    assert (shop.type, reasons(shop)) == ("web", [])


def test_certificates_say_how_they_are_chosen_and_that_the_thumbprint_is_not_known() -> None:
    assert found()["Shop & Co"].certificates == (
        Certificate("https 10.0.0.50:443:shop.example.net", "host name"),
        Certificate("https [2001:DB8::50]:443:", "address"),
        Certificate("https 10.0.0.51:443:*.example.net", "central store"),
    )


def test_a_thumbprint_in_the_answer_is_kept() -> None:
    binding = Binding("https", "10.0.0.50:443:", 0, "AB" * 20, "MY")
    site = replace(MIXED.sites[0], bindings=(binding,))
    certificate = found(IisConfiguration((site,)))["Shop & Co"].certificates[0]
    assert (certificate.thumbprint, certificate.store) == ("AB" * 20, "MY")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Files", ["all_addresses", "undeclared_volume"]),
        ("Everywhere", ["all_addresses", "unknown_variable"]),
        ("Local only", ["loopback_only", "unc_content"]),
        ("Fixed", ["unreadable_binding", "node_address", "undeclared_address", "undeclared_volume"]),
    ],
)
def test_what_keeps_a_site_from_being_protected_is_named(name: str, expected: list[str]) -> None:
    assert reasons(found()[name]) == expected


def test_sentences_name_what_was_found() -> None:
    sentences = {o.reason: o.sentence for site in found().values() for o in site.obstacles}
    assert "10.0.0.11" in sentences["node_address"]
    assert "10.0.0.99" in sentences["undeclared_address"]
    assert "G:\\" in sentences["undeclared_volume"]
    assert "NoSuch" in sentences["unknown_variable"]
    assert "http *:80:a.example.net" in sentences["all_addresses"]


def test_ftp_sites_are_listed_by_their_type() -> None:
    assert found()["Files"].type == "ftp"
    assert one("net.tcp 808:*").type == "other"


def test_shared_configuration_stands_against_every_site() -> None:
    sites = found(replace(MIXED, redirected_to="\\\\nas\\iis"))
    assert all("shared_configuration" in reasons(site) for site in sites.values())


def test_content_of_the_system_volume_is_no_dependency_even_by_variable() -> None:
    assert one("http 10.0.0.50:80:", "%systemroot%\\web").volumes == ()
    assert one("http 10.0.0.50:80:", "c:\\inetpub").volumes == ()


def test_a_mount_point_on_the_system_volume_is_a_volume_of_its_own() -> None:
    mount = Volume("C:\\mnt\\web\\", VolumeKind.SHARED, NODES, "disk")
    site = one("http 10.0.0.50:80:", "C:\\MNT\\web\\shop", volumes=[mount])
    assert (site.volumes, reasons(site)) == (("C:\\mnt\\web\\",), [])


def test_a_declared_volume_counts_while_it_is_offline_here() -> None:
    assert reasons(one("http 10.0.0.50:80:", access_paths=["C:\\"])) == []


def test_a_declared_address_floats_even_within_127() -> None:
    ips = [Ip("127.0.10.1", 8, NODES)]
    site = one(["http 127.0.10.1:80:", "http 127.0.0.1:80:"], ips=ips, addresses=["127.0.0.1", "127.0.10.1"])
    assert (site.ips, site.loopback_bindings, reasons(site)) == (("127.0.10.1",), ("http 127.0.0.1:80:",), [])
    assert reasons(one("http 127.0.10.1:80:", ips=[])) == ["loopback_only"]


def test_a_floating_address_that_is_here_now_is_not_the_nodes_own() -> None:
    assert reasons(one("http 10.0.0.50:80:", addresses=["10.0.0.50"])) == []


def test_upper_case_protocols_count() -> None:
    assert one("HTTP 10.0.0.50:80:").type == "web"


@pytest.mark.parametrize("binding", ["http *:80:", "http :80:", "https [::]:443:", "http 0.0.0.0:80:"])
def test_every_way_to_say_all_addresses_is_seen(binding: str) -> None:
    assert reasons(one(binding)) == ["all_addresses"]


@pytest.mark.parametrize(
    "path", ["\\\\SERVER1\\x", "\\\\server1.example.net\\x", "\\\\localhost\\x", "\\\\10.0.0.11\\x"]
)
def test_a_share_of_the_node_itself_stands_against_protection(path: str) -> None:
    assert reasons(one("http 10.0.0.50:80:", path)) == ["unc_content"]


def test_a_relative_path_stands_against_protection() -> None:
    assert reasons(one("http 10.0.0.50:80:", "www")) == ["relative_path"]


def test_pools_that_do_not_exist_are_named_apart() -> None:
    site = replace(MIXED.sites[0], applications=(Application("/", "NoSuchPool"), Application("/a", "SHOP")))
    shop = found(replace(MIXED, sites=(site,)))["Shop & Co"]
    assert (shop.pools, shop.missing_pools) == (("Shop",), ("NoSuchPool",))


def test_many_bindings_make_one_short_sentence() -> None:
    site = one([f"http *:{port}:" for port in range(1, 200)])
    assert len(site.obstacles) == 1
    assert "and 194 more" in site.obstacles[0].sentence


def test_six_real_sites_are_discovered_completely() -> None:
    if not SIX_SITES.exists():
        pytest.skip(f"{SIX_SITES.name} is not beside this checkout")
    configuration = parse_configuration(SIX_SITES.read_bytes(), "six sites")
    addresses = [f"10.20.30.{n}" for n in (193, 194, 195, 197, 198, 199)]
    sites = found(
        configuration,
        ips=[Ip(address, 24, NODES) for address in addresses],
        volumes=[Volume("E:\\", VolumeKind.SHARED, NODES, "disk")],
    )
    assert [site.ips for site in sites.values()] == [(address,) for address in addresses]
    assert {site.volumes for site in sites.values()} == {("E:\\",)}
    assert [reasons(site) for site in sites.values()] == [[]] * 6
    assert sites["ORDERS"].loopback_bindings == ("https 127.0.0.1:443:",)
    carried = ("net.tcp 808:*", "net.pipe *", "net.msmq localhost", "msmq.formatname localhost")
    assert [site.name for site in sites.values() if site.other_bindings == carried] == [
        "press.example.net",
        "training.example.org",
    ]
    assert sites["training.example.org"].missing_pools == ("ordersTest",)


@pytest.mark.parametrize(
    ("site", "pool", "expected"),
    [
        ("shop/test", "P", ["invalid_name"]),
        ("shop?", "a|b", ["invalid_name", "invalid_name"]),
        ("Shop & Co | <b>", "P", []),
    ],
)
def test_names_that_iis_gives_to_nothing_new_are_named(site: str, pool: str, expected: list[str]) -> None:
    application = Application("/", pool, virtual_directories=(VirtualDirectory("/", "E:\\x"),))
    bindings = (Binding("http", "10.0.0.50:80:"),)
    named = IisSite(site, 1, True, "Started", bindings, (application,))
    assert reasons(found(IisConfiguration((named,), ()))[site]) == expected
