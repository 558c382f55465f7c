# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror is made from where its volume is in use, also where only a part of what uses it is up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.mirror import MirrorOrder, ensure_mirror
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror_ground import Ground, Room
from tests.support.control_world import ControlWorld
from tests.support.copied_world import VOLUME
from tests.support.ha_world import IP1, Server
from tests.support.mirror_world import CLUSTER, NODES, SITE, shown

WANTED = MirrorWanted(None, "async", 60, "within_rpo", provider="robocopy", readers=("LAB\\SERVER1$",))
ROOM = Room(("R:\\",), 40 << 30, 20 << 30, 512, True, False, False)
DECLARED = replace(CLUSTER, volumes=(VOLUME,))


@pytest.fixture
def world(monkeypatch):
    world = ControlWorld(monkeypatch)
    world.store(DECLARED)
    return world


def make(world, source=None, **up):
    """What is to be done where this is up on server2, and no end of the mirror is there."""
    for server in (Server("server1", 11), Server("server2", 12, **up)):
        ground = Ground(server.name.upper(), 7, 20348, "", False, (ROOM,))
        world.facts_of[server.name] = replace(shown(server), ground=ground)
    with world.fleet() as fleet:
        request = VolumeRequest("R:", "mirror", NODES, mirror=WANTED)
        return ensure_mirror(fleet, request, MirrorOrder(source), True).data["plan"]


PARTS = [
    {"addresses": {IP1.address}, "sites": {SITE.name}},
    {"addresses": {IP1.address}},
    {"sites": {SITE.name}},
]


@pytest.mark.parametrize("up", PARTS, ids=["all", "address", "site"])
def test_what_is_in_use_is_copied_from_and_never_overwritten(world, up):
    assert make(world, **up)[-1].startswith("copy volume R:\\ from server2 to server1")
    with pytest.raises(StandbyError, match="in use on server2, whose data would be overwritten by that of"):
        make(world, "server1", **up)


def test_where_nothing_of_it_is_up_a_person_says_whose_data_counts(world):
    with pytest.raises(StandbyError, match="whose data is the newest cannot be told"):
        make(world)
    assert make(world, "server1")[-1].startswith("copy volume R:\\ from server1 to server2")
