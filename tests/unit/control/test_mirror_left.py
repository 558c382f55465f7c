# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that is there is neither taken for none nor left without a declaration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import survey
from ansible_collections.standby.iis.plugins.module_utils.control.mirror import remove_mirror
from ansible_collections.standby.iis.plugins.module_utils.control.volume import remove_volume
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Volume, VolumeKind
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role, Side
from tests.support.control_world import ControlWorld
from tests.support.mirror_world import CLUSTER, NODES, pair

UNUSED = replace(CLUSTER, sites=(), ips=())


@pytest.fixture
def world(monkeypatch):
    return ControlWorld(monkeypatch)


def ours(name, role, copy=Copy.IN_SYNC):
    return Side(f"standby-R-{name}", role, copy, copy.name.title())


def show_left(world):
    world.facts_of = {
        "server1": NodeFacts("server1", mirrors=(ours("server1", Role.SOURCE),)),
        "server2": NodeFacts("server2", mirrors=(ours("server2", Role.DESTINATION),)),
    }


def end(world, check=False):
    with world.fleet() as fleet:
        return remove_mirror(fleet, "r:", check)


def undeclare(world, check=False):
    with world.fleet() as fleet:
        return remove_volume(fleet, "r:", check)


@pytest.mark.parametrize("check", [False, True])
def test_a_mirror_that_is_copied_and_not_declared_is_not_taken_for_none(world, check):
    show_left(world)
    with pytest.raises(StandbyError, match="not declared, and its mirror is still there") as refused:
        end(world, check)
    told = str(refused.value)
    assert "server1 has standby-R-server1, source, in sync; server2 has standby-R-server2, destin" in told
    assert (refused.value.node, refused.value.resource) == ("server1", "volume R:\\")
    assert refused.value.remedy.startswith("Declare it again as it was (module mirror, state: present)")
    assert world.changes == []


def test_what_the_volume_is_declared_as_instead_is_in_the_way_first(world):
    world.store(replace(UNUSED, volumes=(Volume("R:\\", VolumeKind.LOCAL, NODES),)))
    show_left(world)
    with pytest.raises(StandbyError, match="declared as local") as refused:
        end(world)
    assert refused.value.remedy.startswith("Remove that declaration (module volume, state: absent), then")


def test_no_mirror_is_none_and_a_node_that_was_not_read_is_told(world):
    world.facts_of = {name: NodeFacts(name, mirrors=(ours("other", Role.SOURCE),)) for name in NODES}
    outcome = end(world)
    assert (outcome.changed, outcome.message, outcome.data["notes"]) == (
        False,
        "volume R:\\ is not mirrored",
        [],
    )
    world.facts_of["server2"] = NodeFacts("server2", problem="server2: it is off.")
    (note,) = end(world).data["notes"]
    assert note == "server2 could not be read, and may have an end of a mirror: server2: it is off."


@pytest.mark.parametrize("check", [False, True])
def test_a_declaration_is_not_taken_from_under_its_mirror(world, check):
    world.store(UNUSED)
    world.facts_of = pair(up=None)
    with pytest.raises(
        StandbyError, match="would be left without a declaration: server1 has rg-server1"
    ) as no:
        undeclare(world, check)
    assert "module mirror (state: absent)" in no.value.remedy
    assert world.changes == []


def test_a_declaration_without_a_mirror_is_removed(world, monkeypatch):
    world.store(UNUSED)
    asked = []
    gather = survey.gather
    monkeypatch.setattr(survey, "gather", lambda node, scope: asked.append(node.name) or gather(node, scope))
    world.facts_of = {
        "server1": NodeFacts("server1"),
        "server2": NodeFacts("server2", problem="server2: it is off."),
    }
    assert undeclare(world, check=True).data["notes"]
    outcome = undeclare(world)
    assert outcome.changed
    assert outcome.data["notes"][0].startswith("server2 could not be read, and may have an end of a mirror")
    assert "server2" in asked
    assert undeclare(world).message == "volume R:\\ is not defined"


def test_a_site_on_it_is_said_first(world):
    world.store(CLUSTER)
    world.facts_of = pair()
    with pytest.raises(StandbyError, match="depends on it"):
        undeclare(world)
