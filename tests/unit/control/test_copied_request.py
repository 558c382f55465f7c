# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mirror that agents copy is asked for with, needs of nodes, and is refused without agents."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.agent_mirrors import needs_agents
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import (
    MirrorWanted,
    check_same_mirror,
    mirrored,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts, Scope, with_mirrors
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror import against_move, current
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror_limits import GIB, limits
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy, MirrorMode, VolumeKind
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role, Side
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror_ground import Ground, Room
from tests.support.copied_world import NODES, VOLUME
from tests.support.mirror_world import ASYNC, pair
from tests.support.mirror_world import WHOLE as REPLICATED

WANTED = MirrorWanted(None, "async", 60, "within_rpo", provider="robocopy", readers=("LAB\\SERVER1$",))
PLAIN = Ground("SERVER1", 7, 14393, "", False, (Room(("R:\\",), GIB, GIB, 512, False, False, False),))
WHOLE = Hierarchy("Shop", NODES, (), (VOLUME,), ())


def asked(wanted):
    return mirrored("R:\\", VolumeKind.MIRROR, NODES, None, wanted)


def side(name, role, copy=Copy.IN_SYNC):
    return Side(f"standby-R-{name}", role, copy, "words", synchronous=False)


def facts(one=Role.SOURCE, two=Role.DESTINATION, copy=Copy.IN_SYNC):
    roles = dict(zip(NODES, (one, two), strict=True))
    return {name: NodeFacts(name, mirrors=(side(name, role, copy),)) for name, role in roles.items()}


def test_it_has_no_log_and_its_own_scope():
    volume = asked(WANTED)
    assert {end.log for end in volume.mirror.ends} == {""}
    assert (volume.mirror.mode, volume.mirror.rpo) == (MirrorMode.ASYNC, 60)
    assert with_mirrors(Scope.DISKS, (volume,)) == Scope.DISKS | Scope.COPIES
    assert with_mirrors(Scope.DISKS, (volume, ASYNC)) == Scope.DISKS | Scope.COPIES | Scope.MIRRORS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mode": "sync", "rpo": None, "takeover": "never"}, "is behind its source"),
        ({"log": "L:\\"}, "and no log"),
        ({"readers": ()}, "readers that may read the volume"),
        ({"rpo": 3}, "an RPO of 3 s is out of the bounds of robocopy. Give rpo of 4 s or more"),
        ({"provider": "storage_replica", "log": "L:\\"}, "needs a log volume, and no readers"),
        ({"provider": "storage_replica", "readers": ()}, "needs a log volume"),
    ],
)
def test_what_makes_no_sense_is_refused(change, told):
    with pytest.raises(StandbyError, match=told) as refused:
        asked(replace(WANTED, **change))
    assert refused.value.resource == "volume R:\\"
    assert refused.value.remedy


def test_a_mirror_does_not_change_its_provider():
    with pytest.raises(StandbyError, match="defined already, in another way"):
        check_same_mirror(asked(WANTED), ASYNC)
    with pytest.raises(StandbyError, match=r"in another way: async, by robocopy\. To"):
        check_same_mirror(ASYNC, asked(WANTED))


def test_any_edition_in_no_domain_will_do_with_any_volume_that_is_not_the_system():
    ground = {name: NodeFacts(name, ground=PLAIN) for name in NODES}
    assert list(limits(VOLUME, ground, 0)) == []
    (room,) = PLAIN.rooms
    bad = replace(PLAIN, rooms=(replace(room, system=True),))
    (error,) = limits(VOLUME, ground | {"server2": NodeFacts("server2", ground=bad)}, 0)
    assert "system disk" in error.problem
    (error,) = limits(VOLUME, ground | {"server2": NodeFacts("server2", ground=replace(PLAIN, rooms=()))}, 0)
    assert (error.node, error.problem) == ("server2", "there is no data volume R:\\; there are none")


def test_the_other_node_may_take_over_within_the_rpo_alone():
    assert current(WHOLE, facts()["server1"]) == NODES
    assert current(WHOLE, facts(copy=Copy.BEHIND)["server1"]) == ("server1",)
    assert current(WHOLE, facts(copy=Copy.INITIAL)["server1"]) == ("server1",)


def test_without_agents_it_moves_nowhere_and_nothing_is_touched():
    case = SimpleNamespace(hierarchy=WHOLE, facts=facts())
    needs_agents(case, "server1")
    with pytest.raises(StandbyError, match="agents alone bring up to date") as refused:
        needs_agents(case, "server2")
    assert (refused.value.node, refused.value.resource) == ("server2", "volume R:\\")
    assert "role monitor" in refused.value.remedy


def test_what_storage_replica_copies_moves_without_agents():
    for target in NODES:
        needs_agents(SimpleNamespace(hierarchy=REPLICATED, facts=pair()), target)


@pytest.mark.parametrize("copy", [Copy.FAILED, Copy.DISCONNECTED])
def test_no_remedy_speaks_of_storage_replica(copy):
    for shown in (facts(copy=copy), facts(two=Role.SOURCE)):
        error = against_move(VOLUME, "server2", shown, "server1")
        assert "SR" not in error.remedy
        assert "SMB" not in error.remedy
