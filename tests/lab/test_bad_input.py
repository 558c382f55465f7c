# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators write wrongly, and nodes that lack something: a message to act on, and nothing half done."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import MoveFailed
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_cluster
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import (
    IPV4,
    read_adapters,
    write_dad_transmits,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import read_disks
from ansible_collections.standby.iis.plugins.module_utils.windows.service import start_service, stop_service
from tests.support.cluster_lab import SHARED, ClusterLab, check_told, node, site, write_topology

pytestmark = pytest.mark.xdist_group("bad input")

SITE = "shop.example.net"


@pytest.fixture(scope="module")
def shared(make_shared_lab, tmp_path_factory) -> ClusterLab:
    """Two nodes, and a third one without IIS."""
    nodes = [node(1, content=True), node(2, content=True), node(3, windows={"iis": False})]
    sites = [site(SITE, 1, "127.77.1.193"), site("LIBRARY", 2, "127.77.1.194")]
    made = ClusterLab(make_shared_lab(write_topology(tmp_path_factory.mktemp("bad"), sites, nodes)))
    made.ip(193)
    made.volume("E:")
    made.protect(SITE)
    made.put(SITE, "server1")
    return made


@pytest.fixture
def cluster(shared) -> Iterator[ClusterLab]:
    """Whatever is refused, the cluster's definition and its site stay as they were."""
    before = definition(shared)
    yield shared
    assert definition(shared) == before
    seen = shared.status(SITE)
    assert (seen["owner"], seen["state"], seen["notes"]) == ("server1", "in_service", [])


def definition(cluster: ClusterLab):
    with cluster.fleet() as fleet:
        found = read_cluster(fleet)
    assert found is not None
    return found.ips, found.volumes, found.sites, found.nodes


def refused(call, *arguments, **expected) -> str:
    with pytest.raises(StandbyError) as raised:
        call(*arguments)
    return check_told(raised.value, **expected)


def test_an_unknown_site_is_answered_with_those_there_are(cluster):
    told = refused(cluster.protect, "shop", resource='site "shop"')

    assert "server1, server2" in told
    assert '"LIBRARY", "shop.example.net"' in told
    assert not cluster.protect(SITE).changed


def test_an_unknown_hierarchy_is_answered_with_those_there_are(cluster):
    told = refused(cluster.put, "shop", "server2")

    assert SITE in told


def test_a_switchover_to_a_node_that_is_none_is_refused(cluster):
    told = refused(cluster.put, SITE, "server9", resource=f'hierarchy "{SITE}"')

    assert "server1, server2" in told


def test_an_address_outside_every_subnet_is_refused_with_the_subnets(cluster):
    told = refused(cluster.ip, "10.99.0.5", node="server1", resource="ip 10.99.0.5")

    assert f"{cluster.lab.network}.0.0/16 (Ethernet)" in told
    assert not cluster.ip(193).changed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.2.3", "is not an IP"),
        ("shop.example.net", "is not an IP address"),
        ("224.0.0.1", "multicast"),
        ("127.0.0.1", "loopback"),
        ("0.0.0.0", "unspecified"),  # noqa: S104 - refused
    ],
)
def test_an_address_that_cannot_float_is_refused(cluster, text, problem):
    assert problem in refused(cluster.ip, text, resource=f"ip {text}")


def test_a_nodes_own_address_is_refused(cluster):
    own = cluster.lab.address("0.12")

    assert "must not leave it" in refused(cluster.ip, own, node="server2", resource=f"ip {own}")


def test_an_address_that_a_foreign_host_uses_is_a_duplicate_at_the_switchover(cluster):
    """Nothing answers for it before a node probes: Windows says Duplicate, and the way back is gone."""
    address = cluster.address(193)
    with cluster.fleet() as fleet, fleet.lease("server2") as windows:
        set_probes(windows, 1)
    cluster.lab.alien(address)
    try:
        with pytest.raises(MoveFailed) as failed:
            cluster.put(SITE, "server2")
    finally:
        cluster.lab.alien(address, there=False)
    told = check_told(failed.value, node="server2", resource=f"ip {address}")
    assert "another host answers for this address" in told
    assert "rolled back to server1" in told
    assert cluster.put(SITE, "server2").data["owner"] == "server2"
    assert not cluster.put(SITE, "server2").changed
    with cluster.fleet() as fleet, fleet.lease("server2") as windows:
        set_probes(windows, 0)
    cluster.put(SITE, "server1")


def set_probes(windows, count: int) -> None:
    write_dad_transmits(windows, read_adapters(windows)[0].index, IPV4, count)


def test_an_address_with_two_prefix_lengths_is_refused(cluster):
    address = cluster.address(193)

    told = refused(cluster.ip, address, 24, resource=f"ip {address}")

    assert "prefix length 16" in told
    assert not cluster.ip(193).changed


def test_subnets_that_overlap_are_refused(cluster):
    address = cluster.address(200)

    told = refused(cluster.ip, address, 24, resource=f"ip {address}")

    assert f"overlaps with {cluster.lab.network}.0.0/16" in told


def test_a_volume_that_is_defined_in_another_way_is_refused(cluster):
    assert "is defined already, local" in refused(cluster.volume, "E:", SHARED, resource="volume E:\\")
    assert not cluster.volume("e:\\").changed


def test_a_disk_at_a_path_it_does_not_have_is_refused_with_its_paths(cluster):
    told = refused(cluster.volume, "G:", SHARED, node="server1", resource="volume G:\\")

    assert "paths are C:\\, E:\\, F:\\" in told


def test_a_node_named_twice_is_refused(cluster):
    told = refused(cluster.volume, "E:", None, ("server1", "server1"), resource="volume E:\\")

    assert "server1 twice" in told


def test_an_unknown_disk_is_answered_with_those_there_are(cluster):
    told = refused(cluster.volume, "F:", "0123456789ABCDEF", node="server1", resource="volume F:\\")

    assert SHARED in told
    assert "0123456789ABCDEF" in told


def test_an_unknown_drive_is_answered_with_those_there_are(cluster):
    told = refused(cluster.volume, "Q:", node="server1", resource="volume Q:\\")

    assert "C:\\, E:\\" in told


def test_the_system_disk_is_refused_by_its_path_and_by_its_identity(cluster):
    with cluster.fleet() as fleet, fleet.lease("server1") as windows:
        system = next(disk for disk in read_disks(windows) if disk.system)

    assert "system volume" in refused(cluster.volume, "C:", node="server1", resource="volume C:\\")
    by_identity = refused(cluster.volume, "F:", system.guid, node="server1", resource="volume F:\\")
    assert "is the system disk" in by_identity


def test_a_node_without_iis_is_named_with_what_to_install(cluster):
    wider = ClusterLab(cluster.lab, ("server1", "server3"))

    told = refused(wider.protect, "LIBRARY", node="server3")

    assert "IIS is not installed" in told
    assert "Web-Server" in told
    told = refused(wider.sites, node="server3")
    assert "IIS is not installed" in told


def test_a_stopped_web_service_on_the_target_is_named_and_nothing_moves(cluster):
    with cluster.fleet() as fleet, fleet.lease("server2") as windows:
        stop_service(windows, "W3SVC", time)
    try:
        told = refused(cluster.put, SITE, "server2", node="server2")
        assert "W3SVC is stopped" in told
        assert "Start-Service W3SVC" in told
        assert cluster.status(SITE)["owner"] == "server1"
    finally:
        with cluster.fleet() as fleet, fleet.lease("server2") as windows:
            start_service(windows, "W3SVC", time)
    assert cluster.put(SITE, "server2").changed
    assert cluster.put(SITE, "server1").changed


def test_a_stopped_web_service_on_the_owner_is_the_reason_shown_and_mended_by_the_next_run(cluster):
    with cluster.fleet() as fleet, fleet.lease("server1") as windows:
        stop_service(windows, "W3SVC", time)
    seen = cluster.status(SITE)
    told = refused(cluster.put, SITE, "server1", node="server1")
    with cluster.fleet() as fleet, fleet.lease("server1") as windows:
        start_service(windows, "W3SVC", time)
    cluster.put(SITE, "server1")

    assert seen["state"] != "in_service"
    assert re.search(r"site .*stopped", seen["reason"], re.I), seen["reason"]
    assert "W3SVC is stopped" in told
    assert not cluster.put(SITE, "server1").changed


def test_what_exceeds_the_envelope_is_named_with_the_setting_to_change(make_lab, tmp_path):
    nodes = [node(1, content=True), node(2, content=True, winrm={"max_envelope_kb": 8})]
    small = ClusterLab(make_lab(write_topology(tmp_path, [site(SITE, 1, "127.77.1.193")], nodes)))
    small.ip(193)
    small.volume("E:")
    url = f"http://{small.address(193)}:8080/"

    told = refused(small.protect, SITE, Check(url, body="x" * 9000), node="server2")

    assert "MaxEnvelopeSizekb" in told
    assert small.protect(SITE, Check(url)).changed
    assert not small.protect(SITE, Check(url)).changed
    assert small.put(SITE, "server2").data["notes"] == []
