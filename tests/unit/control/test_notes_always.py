# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes are returned whatever was done: in check mode, and where nothing had to be done or was there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import mirror
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip, remove_ip
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.volume import (
    DeclaredVolume,
    VolumeRequest,
    ensure_volume,
    remove_volume,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from tests.support.control_world import ControlWorld
from tests.support.ha_world import NODES
from tests.support.mirror_world import CLUSTER, pair


@pytest.fixture
def world(monkeypatch):
    return ControlWorld(monkeypatch)


def in_turn(world, ensure, remove):
    """The notes of a predicted change, the change, no change; then the same of the removal."""
    found = []
    for operation in (ensure, remove):
        for check in (True, False, True, False):
            with world.fleet() as fleet:
                found.append(operation(fleet, check))
    assert [one.changed for one in found] == [True, True, False, False] * 2
    return [one.data["notes"] for one in found]


def test_of_volumes(world):
    request = VolumeRequest("E:", "local", NODES)

    def ensure(fleet, check):
        return ensure_volume(fleet, request, check)

    def remove(fleet, check):
        return remove_volume(fleet, "E:", check)

    assert in_turn(world, ensure, remove) == [[]] * 8


def test_of_addresses(world):
    def ensure(fleet, check):
        return ensure_ip(fleet, IpRequest("10.0.0.60", 24, NODES), check)

    def remove(fleet, check):
        return remove_ip(fleet, "10.0.0.60", check)

    assert in_turn(world, ensure, remove) == [[]] * 8


def test_of_mirrors(world, monkeypatch):
    world.store(replace(CLUSTER, sites=(), ips=()))
    world.facts_of = pair(up=None)
    with world.fleet() as fleet:
        assert mirror.remove_mirror(fleet, "R:", True).data["notes"] == []
        monkeypatch.setattr(mirror, "_carry_out", lambda *_what, **_how: None)
        assert mirror.remove_mirror(fleet, "R:", False).data["notes"] == []
        world.facts_of = {name: NodeFacts(name) for name in NODES}
        assert mirror.remove_mirror(fleet, "R:", False).data["notes"] == []


def test_a_mirror_that_is_as_declared_tells_the_size_of_its_log(world, monkeypatch):
    (volume,) = CLUSTER.volumes
    facts = pair(up=None)
    (end,) = facts["server1"].mirrors
    world.facts_of = {
        **facts,
        "server1": replace(facts["server1"], mirrors=(replace(end, log_size=4 << 30),)),
    }
    world.store(replace(CLUSTER, sites=(), ips=()))
    declared = DeclaredVolume(volume, volume, None, world.stored())
    monkeypatch.setattr(mirror, "declare_volume", lambda *_given: declared)
    request = VolumeRequest("R:", "mirror", NODES, mirror=MirrorWanted("L:"))
    for check in (True, False):
        with world.fleet() as fleet:
            told = mirror.ensure_mirror(fleet, request, mirror.MirrorOrder(), check)
        assert not told.changed
        (note,) = told.data["notes"]
        assert "the log of volume R:\\ on server1 has 4.0 GB, not 8 GB" in note
