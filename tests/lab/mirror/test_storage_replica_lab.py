# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of Storage Replica against two emulated nodes, and what becomes of the bytes."""

from __future__ import annotations

import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import access_paths
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, End, Making, Role
from ansible_collections.standby.iis.plugins.module_utils.windows.storage_replica import StorageReplica
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.cluster_lab import ClusterLab
from tests.support.mirror_lab import GROUPS, topology, until

pytestmark = [pytest.mark.xdist_group("mirror"), pytest.mark.long]

REPLICA = StorageReplica()
ONE, TWO = (End(name.upper(), group, "R:\\", "L:\\") for name, group in GROUPS.items())
LOG = 8 << 30


@pytest.fixture(scope="module")
def lab(make_shared_lab, tmp_path_factory):
    return make_shared_lab(topology(tmp_path_factory.mktemp("topology")))


@pytest.fixture
def nodes(lab):
    cluster = ClusterLab(lab)
    opened = {name: connect(cluster.connection(name)) for name in ("server1", "server2")}
    yield opened
    for node in opened.values():
        node.close()


def side(node):
    found = REPLICA.sides(node)
    return found[0] if found else None


def file(lab, name, path="web/index.html"):
    return lab.state.node(name) / "drives" / "R" / path


def make(lab, nodes):
    REPLICA.create_end(nodes["server1"], ONE, Making(LOG))
    REPLICA.create_end(nodes["server2"], TWO, Making(LOG))
    REPLICA.pair(nodes["server1"], ONE, TWO, synchronous=True, rpo=None, seeded=False)
    until(lambda: all(side(node).copy is Copy.IN_SYNC for node in nodes.values()))


@pytest.fixture
def mirror(lab, nodes):
    """Made before, and removed after, whatever became of it."""
    make(lab, nodes)
    yield
    for name, node in nodes.items():
        lab.clear(name, "mirror")
        lab.clear(name, "mirror_promote")
        own, other = (ONE, TWO) if name == "server1" else (TWO, ONE)
        for found in REPLICA.sides(node):
            if found.role is not Role.UNPAIRED:
                REPLICA.unpair(node, other, own, alone=True)
            REPLICA.remove_end(node, own)


def test_a_mirror_is_made_and_its_destination_cannot_be_used(lab, nodes, mirror):
    one, two = side(nodes["server1"]), side(nodes["server2"])
    assert (one.role, one.copy, one.words) == (Role.SOURCE, Copy.IN_SYNC, "ContinuouslyReplicating")
    assert (two.role, two.copy) == (Role.DESTINATION, Copy.IN_SYNC)
    assert one.last_in_sync is not None
    assert file(lab, "server2").read_bytes() == file(lab, "server1").read_bytes()
    # Its letter may be visible although an application cannot access the volume.
    assert "R:\\" in access_paths(nodes["server2"])
    assert "R" not in {entry.name for entry in lab.state.root("server2").iterdir()}


def test_what_is_written_is_copied(lab, nodes, mirror):
    file(lab, "server1", "web/new.txt").write_text("new")
    until(lambda: file(lab, "server2", "web/new.txt").exists())
    file(lab, "server1", "web/new.txt").unlink()
    until(lambda: not file(lab, "server2", "web/new.txt").exists())


def test_the_direction_is_reversed_and_nothing_is_lost(lab, nodes, mirror):
    file(lab, "server1", "web/last.txt").write_text("last")
    REPLICA.reverse(nodes["server2"], TWO, ONE)
    assert file(lab, "server2", "web/last.txt").read_text() == "last"
    assert [side(node).role for node in nodes.values()] == [Role.DESTINATION, Role.SOURCE]
    until(lambda: all(side(node).copy is Copy.IN_SYNC for node in nodes.values()))


def test_an_asynchronous_mirror_states_another_rpo_at_both_ends(lab, nodes, mirror):
    REPLICA.unpair(nodes["server1"], ONE, TWO, alone=False)
    REPLICA.pair(nodes["server1"], ONE, TWO, synchronous=False, rpo=60, seeded=True)
    assert [side(node).rpo for node in nodes.values()] == [60, 60]
    REPLICA.state_rpo(nodes["server1"], ONE, TWO, 30)
    assert [side(node).rpo for node in nodes.values()] == [30, 30]
    with pytest.raises(StandbyError, match="mirror SERVER2/rg-r-server2"):
        REPLICA.state_rpo(nodes["server2"], TWO, ONE, 20)  # not the source


def test_suspended_and_resumed(lab, nodes, mirror):
    REPLICA.suspend(nodes["server1"], ONE)
    assert side(nodes["server1"]).copy is Copy.SUSPENDED
    file(lab, "server1", "web/meanwhile.txt").write_text("meanwhile")
    with pytest.raises(StandbyError, match=r"server2, mirror SERVER2/rg-r-server2 to SERVER1"):
        REPLICA.reverse(nodes["server2"], TWO, ONE)
    REPLICA.resume(nodes["server1"], ONE)
    until(lambda: all(side(node).copy is Copy.IN_SYNC for node in nodes.values()))
    assert file(lab, "server2", "web/meanwhile.txt").exists()


def test_a_source_without_its_destination_says_so_and_goes_on(lab, nodes, mirror):
    lab.fault("server2", "mirror", action="cut")
    until(lambda: side(nodes["server1"]).copy is Copy.DISCONNECTED)
    until(lambda: side(nodes["server2"]).copy is Copy.DISCONNECTED)
    file(lab, "server1", "web/alone.txt").write_text("alone")
    lab.clear("server2", "mirror")
    until(lambda: file(lab, "server2", "web/alone.txt").exists())


@pytest.mark.parametrize("action", ["slow", "refuse"])
def test_a_dead_source_is_replaced_in_one_of_the_two_documented_ways(lab, nodes, mirror, action):
    lab.fault("server2", "mirror_promote", action=action)
    lab.power_off("server1")
    until(lambda: side(nodes["server2"]).copy is Copy.DISCONNECTED)
    REPLICA.promote(nodes["server2"], TWO, ONE, time)
    found = side(nodes["server2"])
    assert found is None if action == "refuse" else found.role is Role.SOURCE
    until(lambda: "R" in {entry.name for entry in lab.state.root("server2").iterdir()})
    file(lab, "server2", "web/after.txt").write_text("after")
    lab.power_on("server1")
    if action == "slow":
        # The old source becomes the destination, and takes in what it missed.
        until(lambda: side(nodes["server1"]).role is Role.DESTINATION)
        until(lambda: file(lab, "server1", "web/after.txt").exists())
