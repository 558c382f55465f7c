# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/dead_server.md has an operator do when the owner of a hierarchy is gone for good."""

from __future__ import annotations

import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha import definition
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import address, disk, iis, registry
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import read_adapters
from tests.support.cluster_lab import SHARED, ClusterLab, check_told, node, site, write_topology

SITE = "shop.example.net"


@pytest.fixture
def cluster(make_lab, tmp_path) -> ClusterLab:
    """A site on a shared disk that server1 has in service, and server1 without power."""
    sites = [site(SITE, 1, "127.77.1.193", folder=r"F:\web")]
    made = ClusterLab(make_lab(write_topology(tmp_path, sites, [node(1, content=True), node(2)])))
    declare(made)
    made.put(SITE, "server1")
    made.lab.power_off("server1")
    return made


def declare(cluster: ClusterLab) -> None:
    """What the playbook configure declares."""
    cluster.ip(193)
    cluster.volume("F:", SHARED)
    cluster.protect(SITE, Check(f"http://{cluster.address(193)}:8080/"))


def bring_up_by_hand(windows: Node, floating: str) -> None:
    """What the page has an operator type on the server that lives."""
    found = disk.find_disk(disk.read_disks(windows), SHARED)
    assert found is not None
    disk.bring_online(windows, found)
    disk.wait_access_path(windows, "F:\\", time, 10)
    index = read_adapters(windows)[0].index
    address.add_address(windows, floating, 16, index)
    address.wait_preferred(windows, floating, 16, index, time, 10)
    iis.start_pool(windows, "Web")
    iis.start_site(windows, SITE)


def rescue(cluster: ClusterLab) -> None:
    """Up by hand on server2, and recorded."""
    with cluster.fleet() as fleet, fleet.lease("server2") as windows:
        bring_up_by_hand(windows, cluster.address(193))
    assert cluster.put(SITE, "server2").changed


def test_a_move_away_from_a_dead_server_is_refused_with_its_name(cluster: ClusterLab) -> None:
    assert cluster.status(SITE)["state"] == "unknown"
    with pytest.raises(StandbyError) as refused:
        cluster.put(SITE, "server2")
    check_told(refused.value, node="server1")


def test_what_is_brought_up_by_hand_is_recorded_and_survives_a_restart(cluster: ClusterLab) -> None:
    rescue(cluster)
    seen = cluster.status(SITE)
    assert (seen["state"], seen["owner"], seen["intent"]["owner"]) == ("in_service", "server2", "server2")

    cluster.lab.reboot("server2")
    assert cluster.status(SITE)["state"] == "unknown"
    assert cluster.put(SITE, "server2").changed
    assert cluster.status(SITE)["owner"] == "server2"


def test_a_replacement_of_the_same_name_gets_twins_and_definition(cluster: ClusterLab) -> None:
    rescue(cluster)
    cluster.lab.power_on("server1")
    with cluster.fleet() as fleet, fleet.lease("server1") as windows:
        iis.delete_site(windows, SITE)
        iis.delete_pool(windows, "Web")
        registry.delete_key(windows, definition.KEY)

    declare(cluster)
    cluster.put(SITE, None)

    seen = cluster.status(SITE)
    assert (seen["owner"], seen["notes"]) == ("server2", [])
    assert cluster.put(SITE, "primary").data["owner"] == "server1"


def test_without_a_replacement_the_definition_is_made_anew_while_the_site_serves(cluster: ClusterLab) -> None:
    rescue(cluster)
    left = ClusterLab(cluster.lab, nodes=("server2",))
    with left.fleet() as fleet, fleet.lease("server2") as windows:
        registry.delete_key(windows, definition.KEY)

    declare(left)
    left.put(SITE, None)

    seen = left.status(SITE)
    assert (seen["nodes"], seen["owner"], seen["state"]) == (["server2"], "server2", "in_service")
    assert not left.put(SITE, None).changed
