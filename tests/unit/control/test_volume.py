# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volume resources: what is declared is what the nodes have, and no disk is ever touched for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.volume import (
    VolumeRequest,
    ensure_volume,
    remove_volume,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import Partition
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, NODES, SHARED


@pytest.fixture
def world(monkeypatch):
    one = ControlWorld(monkeypatch)
    one.servers["server1"].disks = {SHARED}
    return one


def ensure(world, path="E:", kind="local", disk=None, check=False, nodes=NODES):
    with world.fleet() as fleet:
        return ensure_volume(fleet, VolumeRequest(path, kind, nodes, disk), check)


def shared(world, path="F:\\", disk=SHARED, **more):
    return ensure(world, path, "shared", disk, **more)


def remove(world, path, check=False):
    with world.fleet() as fleet:
        return remove_volume(fleet, path, check)


@pytest.mark.parametrize("path", ["E:", "e:\\", "E:\\"])
def test_a_local_volume_is_stored_under_one_spelling(world, path):
    outcome = ensure(world, path)

    assert outcome.changed
    assert outcome.data["resource"] == "volume E:\\"
    assert world.stored("server2").volumes[0].path == "E:\\"
    assert not ensure(world, "E:").changed


def test_a_shared_volume_is_stored_and_says_where_its_disk_is_online(world):
    outcome = shared(world)

    assert outcome.data["online_on"] == "server1"
    assert outcome.after["kind"] == "shared"
    assert not shared(world, disk=f"{{{SHARED.upper()}}}").changed


def test_check_mode_predicts_and_stores_nothing(world):
    predicted = shared(world, check=True)

    assert world.changes == []
    done = shared(world)
    assert (predicted.changed, predicted.after) == (done.changed, done.after)


@pytest.mark.parametrize(
    "path", ["", "E", "\\\\files\\web", "E:/web", "\\\\?\\Volume{1}\\", "E:\\a|b", "web"]
)
def test_what_is_no_access_path_is_refused(world, path):
    with pytest.raises(StandbyError) as refused:
        ensure(world, path)

    assert refused.value.remedy


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("C:", "local", None), "system volume"),
        (("C:", "shared", SHARED), "system volume"),
        (("E:\\folder", "local", None), "no volume has this access path"),
        (("Z:", "local", None), "no volume has this access path"),
        (("F:", "local", None), "no volume has this access path"),
        (("F:", "shared", None), "needs its disk"),
        (("E:", "local", SHARED), "no disk in common"),
        (("F:", "shared", "nothing"), "there is no disk nothing; known are disk-of-f"),
        (("F:", "shared", "system"), "is the system disk"),
        (("E:", "shared", SHARED), "belongs to another disk"),
        (("Z:", "shared", SHARED), "without a volume at this access path"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_remedy_and_not_stored(world, arguments, said):
    with pytest.raises(StandbyError, match=said) as refused:
        ensure(world, *arguments)

    assert refused.value.remedy
    assert world.changes == []


def test_a_disk_that_is_online_on_two_nodes_is_refused_with_both(world):
    world.servers["server2"].disks = {SHARED}

    with pytest.raises(StandbyError, match="server1 and server2 at once"):
        shared(world)


def test_a_disk_of_a_failover_cluster_is_refused(world):
    facts = world.servers["server2"].facts()
    disks = (facts.disks[0], replace(facts.disks[1], clustered=True))
    world.facts_of["server2"] = replace(facts, disks=disks)

    with pytest.raises(StandbyError, match="failover clustering") as refused:
        shared(world)

    assert refused.value.node == "server2"


def test_a_disk_that_is_offline_everywhere_may_be_declared(world):
    world.servers["server1"].disks = set()

    assert shared(world).data["online_on"] is None


def test_a_mount_point_is_a_path_like_any_other(world):
    for name in NODES:
        facts = world.servers[name].facts()
        mounted = Partition(1, 2, ("E:\\mounts\\web\\",), "", None)
        world.facts_of[name] = replace(facts, partitions=(*facts.partitions, mounted))

    assert ensure(world, "e:\\mounts\\web").data["resource"] == "volume E:\\mounts\\web\\"


def test_a_path_that_is_defined_as_something_else_is_refused(world):
    shared(world)

    with pytest.raises(StandbyError, match="defined already, shared on disk disk-of-f"):
        ensure(world, "F:")


def test_a_node_that_does_not_answer_is_named(world):
    world.servers["server2"].unreachable = "The node did not answer."

    with pytest.raises(StandbyError) as refused:
        shared(world)

    assert refused.value.node == "server2"


def test_removing_forgets_the_volume_and_a_second_time_is_no_change(world):
    shared(world)

    assert remove(world, "f:", check=True).changed
    assert world.stored().volumes
    assert remove(world, "f:").changed
    assert world.stored("server2") is None
    assert not remove(world, "F:\\").changed


def test_a_volume_that_a_site_needs_is_not_removed(world):
    world.store(CLUSTER)

    with pytest.raises(StandbyError, match='site "Shop", site "Wiki" depends'):
        remove(world, "E:")
