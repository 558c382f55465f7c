# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of IIS that are huge, damaged or hostile: read in bounded time, or refused by name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import store
from ansible_collections.standby.iis.plugins.module_utils.control.unprotect import remove_site
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha import definition
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows import registry
from tests.support.cluster_lab import ClusterLab, check_told, node, site, write_topology

pytestmark = pytest.mark.xdist_group("bad configuration")

MANY = "many.example.net"
SITES = 500
BINDINGS = 150
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE c [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><configuration><x>&j;</x></configuration>"
)


@pytest.fixture(scope="module")
def cluster(make_shared_lab, tmp_path_factory) -> ClusterLab:
    """500 sites on one address by host name, and one of 150 bindings on another."""
    sites = [site(f"site {n}", n, "127.77.1.10", f"host{n}.example.net") for n in range(1, SITES)]
    sites.append(site(MANY, SITES, "127.77.1.193", *(f"name{n}.{MANY}" for n in range(BINDINGS))))
    nodes = [node(1, content=True), node(2, content=True)]
    made = ClusterLab(make_shared_lab(write_topology(tmp_path_factory.mktemp("bad"), sites, nodes)))
    made.ip(10)
    made.ip(193)
    made.volume("E:")
    return made


@contextmanager
def written(file: Path, content: bytes) -> Iterator[None]:
    """A file with another content for a while."""
    before = file.read_bytes()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(before)


def refused(call, *arguments, **expected) -> str:
    started = time.monotonic()
    with pytest.raises(StandbyError) as raised:
        call(*arguments)
    assert time.monotonic() - started < 20.0
    return check_told(raised.value, **expected)


def test_500_sites_are_read_and_one_of_them_protected_in_bounded_time(cluster):
    started = time.monotonic()
    found = cluster.sites()
    assert time.monotonic() - started < 20.0

    assert len(found) == SITES
    assert {(one["node"], bool(one["obstacles"])) for one in found} == {("server1", False)}
    name = f"site {SITES - 1}"
    assert cluster.protect(name).changed
    assert not cluster.protect(name).changed
    assert len(cluster.sites(name)) == 2


def test_a_site_with_more_bindings_than_appcmd_prints_is_protected_moved_and_released(cluster):
    url = f"http://{cluster.address(193)}:8080/"
    check = Check(url, host=f"name{BINDINGS - 1}.{MANY}", timeout=3.0)

    assert cluster.protect(MANY, check).changed
    assert not cluster.protect(MANY, check).changed
    for target in ("server1", "server2", "primary"):
        assert cluster.put(MANY, target).changed
    twins = cluster.sites(MANY)
    assert [(one["node"], one["state"], len(one["hosts"])) for one in twins] == [
        ("server1", "Started", BINDINGS),
        ("server2", "Stopped", BINDINGS),
    ]
    with cluster.fleet() as fleet:
        assert remove_site(fleet, MANY, True, False).changed
    assert [one["node"] for one in cluster.sites(MANY)] == ["server1"]


@pytest.mark.parametrize("name", ["server1", "server2"])
@pytest.mark.parametrize("damage", ["truncated", "malformed", "bomb"])
def test_a_damaged_configuration_file_is_named_with_its_node(cluster, name, damage):
    file = cluster.config_file(name)
    content = {
        "truncated": file.read_bytes()[:-40],
        "malformed": file.read_bytes().replace(b"<sites>", b"<sites", 1),
        "bomb": BOMB.encode(),
    }[damage]
    with written(file, content):
        told = refused(cluster.sites, node=name)
        assert "applicationHost.config" in told
        told = refused(cluster.protect, MANY, node=name)
        assert "applicationHost.config" in told

    assert cluster.sites(MANY)[0]["node"] == "server1"


@pytest.mark.parametrize("content", [b"<configuration><conf", BOMB.encode()], ids=["truncated", "bomb"])
def test_a_damaged_document_of_the_node_is_named_with_its_place(cluster, content):
    file = cluster.config_file("server2").with_name("redirection.config")
    with written(file, content):
        told = refused(cluster.sites, node="server2")

    assert "redirection.config" in told
    assert cluster.sites(MANY)


def test_a_damaged_definition_is_named_with_its_node_and_nothing_is_overwritten(cluster):
    with cluster.fleet() as fleet, fleet.lease("server2") as windows:
        before = registry.read_value(windows, definition.KEY, definition.VALUE)
        assert before is not None
        registry.write_value(windows, definition.KEY, definition.VALUE, before[:-9])
        try:
            refused(cluster.ip, 11, node="server2")
            refused(cluster.put, "site 1", "server2", node="server2")
            assert registry.read_value(windows, definition.KEY, definition.VALUE) == before[:-9]
        finally:
            registry.write_value(windows, definition.KEY, definition.VALUE, before)
    assert not cluster.ip(193).changed


def test_a_node_that_has_its_address_from_dhcp_keeps_it(make_lab, tmp_path):
    """A floating address would turn DHCP off and cut the node off: it is refused before it is stored."""
    described = [node(1, content=True), node(2)]
    described[1]["nics"][0]["dhcp"] = True
    lab = make_lab(write_topology(tmp_path / "dhcp", [site("shop", 1, "127.77.1.193")], described))
    cluster = ClusterLab(lab)

    told = refused(cluster.ip, 193, node="server2", resource=f"ip {cluster.address(193)}")

    assert "configured by DHCP" in told
    assert "fixed address" in told
    with cluster.fleet() as fleet:
        assert store.read_cluster(fleet) is None
