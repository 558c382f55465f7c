# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that lost its power with a shared disk online boots while another node has the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import disk
from ansible_collections.standby.iis.plugins.module_utils.windows.disk_boot import stays_online
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.audit import corruption
from tests.support.cluster_lab import SHARED, ClusterLab, node, site, write_topology

pytestmark = pytest.mark.long
Bring = Callable[[Node, disk.Disk], None]


@pytest.fixture
def cluster(make_lab, tmp_path_factory) -> ClusterLab:
    nodes = [node(1, content=True), node(2)]
    sites = [site("web", 1, "127.77.1.195", folder=r"F:\web")]
    return ClusterLab(make_lab(write_topology(tmp_path_factory.mktemp("boot"), sites, nodes)))


@contextmanager
def on(cluster: ClusterLab, name: str) -> Iterator[tuple[Node, disk.Disk]]:
    session = connect(cluster.connection(name))
    found = disk.find_disk(disk.read_disks(session), SHARED)
    assert found is not None
    yield session, found
    session.close()


def lose_and_boot(cluster: ClusterLab, bring: Bring) -> None:
    """server1 brings the disk online and loses its power; server2 takes the disk; server1 boots."""
    with on(cluster, "server1") as (session, shared):
        disk.take_offline(session, shared)
    with on(cluster, "server1") as (session, shared):
        bring(session, shared)
    cluster.lab.power_off("server1")
    with on(cluster, "server2") as (session, shared):
        disk.bring_online(session, shared)
    cluster.lab.power_on("server1")


def test_a_disk_that_was_brought_online_for_good_is_destroyed_by_the_boot(cluster):
    """What Set-Disk and MSFT_Disk.Online do: nothing but the boot of the old owner is needed."""
    cluster.lab.expected = True
    lose_and_boot(cluster, disk.bring_online_for_good)
    assert corruption(cluster.lab.state) != []


def test_a_disk_that_was_brought_online_by_the_collection_stays_offline_at_the_boot(cluster):
    lose_and_boot(cluster, disk.bring_online)
    assert corruption(cluster.lab.state) == []
    with on(cluster, "server1") as (_session, shared):
        assert shared.offline
    with on(cluster, "server2") as (session, shared):
        assert (shared.offline, shared.read_only) == (False, False)
        assert stays_online(session, shared.path) is False


def test_a_disk_that_is_online_for_good_is_told_until_it_has_moved(cluster):
    with on(cluster, "server1") as (session, shared):
        disk.take_offline(session, shared)
    with on(cluster, "server1") as (session, shared):
        disk.bring_online_for_good(session, shared)
    (told,) = cluster.volume("F:", SHARED).data["cautions"]
    assert told.startswith("volume F:\\ is online for good on server1: ")
    cluster.ip(195, 16)
    cluster.protect("web")
    cluster.put("web", "server2")
    assert cluster.volume("F:", SHARED).data["cautions"] == []


def test_where_powershell_compiles_nothing_the_disk_comes_online_all_the_same_and_it_is_told(cluster):
    cluster.lab.fault("server2", "no_add_type")
    with on(cluster, "server1") as (session, shared):
        disk.take_offline(session, shared)
    with on(cluster, "server2") as (session, shared):
        disk.bring_online(session, shared)
        assert not disk.find_disk(disk.read_disks(session), SHARED).offline
        assert stays_online(session, shared.path) is True
