# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of a mirror allows, and how mirrored volumes show in status, plans and checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.definition import from_values, to_values
from ansible_collections.standby.iis.plugins.module_utils.ha.disturbance import disturbed
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts, Scope, with_mirrors
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror import (
    MAKE_AGAIN,
    Condition,
    against_move,
    copied,
    current,
    state_of,
    words_of,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Takeover
from ansible_collections.standby.iis.plugins.module_utils.ha.observe import Presence, see
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, plan
from ansible_collections.standby.iis.plugins.module_utils.ha.precheck import obstacles
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import blocked, look
from ansible_collections.standby.iis.plugins.module_utils.ha.status import State, status
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role
from tests.support.ha_world import DATA
from tests.support.mirror_world import ASYNC, CLUSTER, MIRROR, WHOLE, pair, shown, side


def of_async(takeover: Takeover = Takeover.WITHIN_RPO):
    volume = replace(ASYNC, mirror=replace(ASYNC.mirror, takeover=takeover))
    return replace(WHOLE, volumes=(volume,))


# Who has the newest data


def test_both_nodes_have_the_newest_data_of_a_mirror_in_sync():
    assert current(WHOLE, pair()["server1"]) == ("server1", "server2")


@pytest.mark.parametrize("copy", [copy for copy in Copy if copy is not Copy.IN_SYNC])
def test_the_source_alone_has_it_in_any_other_state(copy):
    assert current(WHOLE, pair(copy)["server1"]) == ("server1",)


def test_what_a_destination_shows_says_nothing_of_its_source():
    assert current(WHOLE, pair()["server2"]) == ("server2",)


def test_a_node_that_cannot_be_read_vouches_for_nobody():
    assert current(WHOLE, NodeFacts("server1", problem="no answer.")) == ("server1",)


def test_a_mirror_that_was_removed_has_no_copy():
    gone = replace(pair()["server1"], mirrors=())
    assert current(WHOLE, gone) == ("server1",)


def test_an_asynchronous_copy_counts_within_its_rpo():
    seen = pair(synchronous=False)["server1"]
    assert current(of_async(), seen) == current(of_async(Takeover.NEVER), seen) == ("server1", "server2")
    assert current(of_async(), pair(Copy.BEHIND, synchronous=False)["server1"]) == ("server1",)


def test_a_mirror_that_copies_otherwise_than_declared_is_not_trusted():
    assert current(WHOLE, pair(synchronous=False)["server1"]) == ("server1",)
    assert current(of_async(), pair(synchronous=True)["server1"]) == ("server1",)


def test_all_mirrors_of_a_hierarchy_count():
    ends = tuple(replace(end, group=f"{end.group}-2") for end in MIRROR.mirror.ends)
    second = replace(MIRROR, path="S:\\", mirror=replace(MIRROR.mirror, ends=ends))
    both = replace(WHOLE, volumes=(MIRROR, second))
    seen = pair()["server1"]
    good, bad = (
        replace(side("server1", Role.SOURCE, copy), group="rg-server1-2")
        for copy in (Copy.IN_SYNC, Copy.CATCHING_UP)
    )
    assert current(both, replace(seen, mirrors=(*seen.mirrors, good))) == ("server1", "server2")
    assert current(both, replace(seen, mirrors=(*seen.mirrors, bad))) == ("server1",)


@pytest.mark.parametrize("copy", Copy)
def test_a_destination_knows_its_own_copies_to_be_complete_and_a_source_has_none(copy):
    facts = pair(copy, copy)
    assert copied(WHOLE, facts["server2"]) is (copy is Copy.IN_SYNC)
    assert not copied(WHOLE, facts["server1"])
    assert not copied(WHOLE, replace(facts["server2"], mirrors=()))
    assert not copied(WHOLE, replace(facts["server2"], problem="no answer."))


def test_without_a_mirror_nobody_is_named():
    assert current(replace(WHOLE, volumes=(DATA,)), pair()["server1"]) is None


# How the copies stand


@pytest.mark.parametrize(
    ("facts", "condition", "source"),
    [
        (pair(), Condition.IN_SYNC, "server1"),
        (pair(synchronous=False), Condition.WITHIN_RPO, "server1"),
        (pair(Copy.DISCONNECTED, Copy.DISCONNECTED), Condition.OUT_OF_SYNC, "server1"),
        (pair(Copy.IN_SYNC, Copy.CATCHING_UP, remaining=7), Condition.OUT_OF_SYNC, "server1"),
    ],
)
def test_both_ends_tell_how_the_copies_stand(facts, condition, source):
    found = state_of(MIRROR, facts)
    assert (found.condition, found.source) == (condition, source)


def test_what_cannot_be_known_is_said():
    facts = pair()
    twice = {**facts, "server2": replace(facts["server2"], mirrors=(side("server2", Role.SOURCE),))}
    assert state_of(MIRROR, twice).condition is Condition.UNKNOWN
    assert "server1 and server2 both are its source" in state_of(MIRROR, twice).sentence
    removed = {**facts, "server2": replace(facts["server2"], mirrors=())}
    assert state_of(MIRROR, removed).condition is Condition.OUT_OF_SYNC
    assert "server2 has no end of the mirror" in state_of(MIRROR, removed).sentence
    off = {**facts, "server2": NodeFacts("server2", problem="no answer.")}
    assert "server2 could not be read" in state_of(MIRROR, off).sentence


def test_what_is_still_to_be_copied_and_since_when_is_told():
    late = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)
    two = side("server2", Role.DESTINATION, Copy.CATCHING_UP, remaining=4096, last_in_sync=late)
    assert words_of(two) == (
        "destination, catching up, 4096 bytes to go, last in sync 2026-11-29 01:02:03 UTC (Catching_Up)"
    )
    assert words_of(side("server2", Role.DESTINATION, last_in_sync=late)) == "destination, in sync"


# A planned move


@pytest.mark.parametrize("copy", [Copy.IN_SYNC, Copy.CATCHING_UP, Copy.INITIAL, Copy.BEHIND])
def test_a_copy_that_is_being_made_is_waited_for(copy):
    facts = pair(copy, copy)
    assert against_move(MIRROR, "server2", facts, "server1") is None
    steps = plan(WHOLE, "server1", "server2", facts).steps
    assert [step.action for step in steps] == [
        Action.WAIT_MIRROR,
        Action.STOP_SITE,
        Action.REMOVE_ADDRESS,
        Action.TURN_MIRROR,
        Action.ADD_ADDRESS,
        Action.WAIT_ADDRESS,
        Action.START_SITE,
    ]
    assert steps[0].sentence == "wait until the mirror of volume R:\\ is in sync on server2"
    assert steps[3].sentence == "make server2 the source of the mirror of volume R:\\"
    assert steps[3].arguments["promote"] is False


@pytest.mark.parametrize(
    ("copy", "told"),
    [
        (Copy.SUSPENDED, "its mirror is suspended on server2 .* would be lost"),
        (Copy.DISCONNECTED, "not connected to the other node"),
        (Copy.FAILED, "failed"),
        (Copy.UNKNOWN, "not known"),
    ],
)
def test_a_copy_that_does_not_get_on_is_in_the_way(copy, told):
    facts = pair(Copy.IN_SYNC, copy)
    found = status(WHOLE, facts, CLUSTER)
    (error,) = obstacles(WHOLE, "server2", facts, found, "server1")
    assert (error.node, error.resource) == ("server2", "volume R:\\")
    assert error.remedy
    with pytest.raises(type(error), match=told):
        raise error


def test_a_mirror_that_was_removed_is_in_the_way():
    facts = pair()
    facts["server2"] = replace(facts["server2"], mirrors=())
    error = against_move(MIRROR, "server2", facts, "server1")
    assert "was removed" in error.problem
    assert "role cluster" in error.remedy


def test_a_group_that_is_not_paired_any_more_is_in_the_way_and_is_made_again():
    facts = pair()
    facts["server2"] = replace(facts["server2"], mirrors=(side("server2", Role.UNPAIRED, Copy.NONE),))
    error = against_move(MIRROR, "server2", facts, "server1")
    assert "its group is not paired (None)" in error.problem
    assert error.remedy == MAKE_AGAIN


def test_two_sources_are_in_the_way():
    facts = pair()
    facts["server2"] = replace(facts["server2"], mirrors=(side("server2", Role.SOURCE),))
    error = against_move(MIRROR, "server2", facts, "server1")
    assert "each has data that the other one has not" in error.problem


def test_nothing_is_turned_round_where_the_node_is_the_source():
    steps = plan(WHOLE, None, "server1", pair(up=None)).steps
    assert not {Action.WAIT_MIRROR, Action.TURN_MIRROR} & {step.action for step in steps}


def test_an_agent_takes_over_without_the_other_node():
    facts = pair(Copy.DISCONNECTED, Copy.DISCONNECTED, up=None)
    steps = plan(WHOLE, None, "server2", {"server2": facts["server2"]}).steps
    assert steps[0].action is Action.TURN_MIRROR
    assert steps[0].arguments["promote"] is True
    assert Action.WAIT_MIRROR not in {step.action for step in steps}


def test_a_mirror_stays_when_its_hierarchy_goes_out_of_service():
    actions = [step.action for step in plan(WHOLE, "server1", None, pair()).steps]
    assert actions == [Action.STOP_SITE, Action.REMOVE_ADDRESS]


# Status and checks


def test_a_source_is_up_and_a_destination_is_not_although_its_letter_shows():
    facts = pair()
    assert see(MIRROR, facts["server1"]).presence is Presence.UP
    assert see(MIRROR, facts["server2"]).presence is Presence.DOWN
    assert see(MIRROR, facts["server2"]).words == "destination, in sync"


def test_without_a_mirror_a_mounted_volume_can_be_used():
    alone = replace(pair()["server1"], mirrors=())
    assert see(MIRROR, alone).presence is Presence.UP
    assert see(MIRROR, alone).words == "not mirrored"


def test_the_hierarchy_is_where_its_sites_are():
    assert status(WHOLE, pair(), CLUSTER).state is State.IN_SERVICE
    out = status(WHOLE, pair(up=None), CLUSTER)
    assert (out.state, out.owner) == (State.OUT_OF_SERVICE, None)


def test_a_mirror_out_of_sync_is_told_of_and_no_failure():
    (finding,) = [one for one in look(WHOLE, pair(Copy.DISCONNECTED)["server1"]) if "volume" in one.resource]
    assert (finding.healthy, finding.notice) == (True, True)
    assert "the other node has no current copy" in finding.sentence
    (well,) = [one for one in look(WHOLE, pair()["server1"]) if "volume" in one.resource]
    assert not well.notice


def test_a_destination_is_no_obstacle_to_being_brought_up():
    assert blocked(WHOLE, pair(up=None)["server2"]) == ""


def test_serving_from_a_destination_fails():
    facts = shown(_server_up(), side("server1", Role.DESTINATION))
    (finding,) = [one for one in look(WHOLE, facts) if "volume" in one.resource]
    assert not finding.healthy


def _server_up():
    from tests.support.ha_world import Server

    return Server("server1", 11, {"10.0.0.50"}, {"Shop"})


# Definition


def test_the_definition_keeps_mirrors():
    for volume in (MIRROR, ASYNC):
        cluster = replace(CLUSTER, volumes=(volume, DATA))
        assert from_values(to_values(cluster), "server1") == cluster


def test_earlier_versions_read_a_definition_without_mirrors():
    assert "mirror" not in to_values(replace(CLUSTER, volumes=(DATA,), sites=()))["Definition"]


def test_a_mirror_that_is_taken_away_disturbs_agents():
    site = replace(CLUSTER.sites[0], volumes=())
    after = replace(CLUSTER, volumes=(), sites=(site,))
    assert disturbed(CLUSTER, after) == {"Shop": "it would lose volume R:\\"}


def test_mirrors_are_read_where_there_are_any():
    assert Scope.MIRRORS in with_mirrors(Scope.MOVE, (DATA, MIRROR))
    assert Scope.MIRRORS not in with_mirrors(Scope.MOVE, (DATA,))
