# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What if a node dies now: the answer, and that it comes true."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Reason
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance, NodeState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Own,
    Power,
    PowerState,
    Rules,
    Snapshot,
    Switchback,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, predict
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.what_if import (
    Fate,
    foresee_all,
    what_if,
)
from tests.simulation.mirror import Mirror
from tests.simulation.schedule import Schedule
from tests.simulation.world import World
from tests.support.ownership_world import NOW, STRANGE, Situation, snapshots

NODES = ("server1", "server2")
SEEDS = 40


def told(situation: Situation, dead: str) -> str:
    return "\n".join(what_if(situation.snapshot(), dead))


def theirs(rules: Rules | None = None, **record: object) -> Situation:
    return Situation(rules or Rules("Shop", NODES)).owned("Shop", "server2", **record)


# Who takes it


@pytest.mark.parametrize("dead", NODES)
def test_the_other_node_takes_it_whoever_asks(dead: str) -> None:
    """A node also answers what if it dies itself."""
    situation = Situation().owned("Shop", dead)
    other = next(node for node in NODES if node != dead)
    assert what_if(situation.snapshot(), dead) == [
        f"If {dead} dies now:",
        f"  Shop, which {dead} has, is taken by {other} after 7 s at best, 43 s at worst. "
        "No other node could take it then.",
    ]


def test_a_release_without_an_answer_is_written_over_and_it_stays() -> None:
    situation = Situation().owned("Shop", "server1")
    situation.local["Shop"] = Local(LocalState.DOWN, since=NOW - 1)
    snapshot = situation.snapshot(unsure=frozenset({"Shop"}))
    assert "  Shop stays on server1. No other node could take it then." in what_if(snapshot, "server2")


def test_an_agent_that_has_not_read_the_witness_again_says_so() -> None:
    found = what_if(theirs().snapshot(blank=True), "server2")
    assert (
        "  the agent of server1 had just been restarted, and had not read all of the witness: ask again."
        in found
    )


def test_times_are_those_that_are_predicted() -> None:
    situation = Situation(Rules("Shop", ("a", "b", "c")), names=("a", "b", "c")).owned("Shop", "a")
    (outcome,) = foresee_all(situation.snapshot(), ("a",), lag=10.0).outcomes
    lost = predict(situation.timers, nodes=3, lag=10.0)[0]
    assert (outcome.fate, outcome.node, outcome.left) == (Fate.TAKEN, "b", ("c",))
    assert (outcome.best, outcome.worst) == (lost.best, lost.worst)


def test_a_node_that_is_silent_already_is_counted_from_its_last_renewal() -> None:
    situation = theirs().node_record("server2", silent=20)
    (outcome,) = foresee_all(situation.snapshot(), ("server2",)).outcomes
    lost = predict(situation.timers)[0]
    assert (outcome.best, outcome.worst) == (0.0, lost.worst - situation.timers.ttl)
    assert "server2 does not renew its record as it is" in told(situation, "server2")


def test_a_hierarchy_of_another_node_stays_and_who_is_left_is_said() -> None:
    situation = Situation(Rules("Shop", ("a", "b", "c")), names=("a", "b", "c")).owned("Shop", "a")
    assert "Shop stays on a. After that, c could take it." in told(situation, "b")
    situation.node_record("c", unfit={"Shop": "it has no twin"})
    assert "Shop stays on a. No other node could take it then." in told(situation, "b")


def test_a_node_of_lower_priority_takes_it_where_better_ones_cannot() -> None:
    situation = Situation(Rules("Shop", ("a", "b", "c")), names=("a", "b", "c")).owned("Shop", "a")
    situation.node_record("b", unfit={"Shop": "it has no twin"})
    assert "is taken by c" in told(situation, "a")


def test_a_disk_with_a_fence_is_taken_after_it() -> None:
    situation = Situation(Rules("Shop", NODES, exclusive=True), fences=NODES).owned("Shop", "server2")
    assert "43 s at worst, plus the time until server2 is surely off" in told(situation, "server2")


def test_a_hierarchy_that_nobody_has_is_taken_without_a_prediction() -> None:
    situation = Situation().owned("Shop", "", successor="server2")
    assert "  Shop is taken by server1. No other node could take it then." in what_if(
        situation.snapshot(), "server2"
    )


def test_a_successor_that_dies_is_not_waited_for_for_ever() -> None:
    situation = Situation().owned("Shop", "", successor="server1")
    assert "Shop is taken by server2" in told(situation, "server1")


def test_a_standby_with_a_limit_takes_what_it_may() -> None:
    names = ("a", "b", "c")
    situation = Situation(
        Rules("A", ("a", "c")), Rules("B", ("a", "c")), Rules("C", ("b", "c")), names=names, limits={"c": 1}
    )
    situation.owned("A", "a").owned("B", "a").owned("C", "b")
    outcomes = {one.hierarchy: one for one in foresee_all(situation.snapshot(), ("a",)).outcomes}
    assert (outcomes["A"].fate, outcomes["B"].fate) == (Fate.TAKEN, Fate.NOBODY)
    assert [verdict.reason for _node, verdict in outcomes["B"].why] == [Reason.LIMIT]
    assert "c has 1 hierarchies, its limit" in told(situation, "a")


# Why nobody does


def in_maintenance() -> Situation:
    situation = theirs()
    situation.maintenance = Maintenance(nodes=("server2",))
    return situation


def failed_fence() -> Situation:
    situation = Situation(Rules("Shop", NODES, exclusive=True), fences=NODES).owned("Shop", "server2")
    situation.node_record("server2", state=NodeState.FENCED, by="server1")
    situation.power = {"server2": Power(1, PowerState.FAILED)}
    return situation


def without_iis() -> Situation:
    situation = theirs()
    situation.local["Shop"] = Local(LocalState.DOWN, blocked="IIS is not running")
    return situation


@pytest.mark.parametrize(
    ("make", "reason", "words"),
    [
        (lambda: theirs(Rules("Shop", NODES, exclusive=True)), Reason.WAITING_FOR_CONFIRMATION,
         "server2 had its disk, and nobody has confirmed that it is off (it has no fence that runs"),
        (failed_fence, Reason.WAITING_FOR_CONFIRMATION, "nobody has confirmed that it is off"),
        (lambda: theirs(Rules("Shop", NODES, replicated=True), current=("server2",)), Reason.OLD_DATA,
         "server1 has old data; it waits for server2"),
        (lambda: theirs(failovers=3), Reason.HELD, "it moved 3 times unplanned; held for"),
        (in_maintenance, Reason.MAINTENANCE, "server2 is in maintenance"),
        (without_iis, Reason.UNFIT, "server1: IIS is not running"),
        (lambda: theirs(wanted=False), Reason.TAKEN_OUT, "server2 takes it"),
    ],
)  # fmt: skip
def test_why_nobody_takes_it(make: Callable[[], Situation], reason: Reason, words: str) -> None:
    situation = make()
    (outcome,) = foresee_all(situation.snapshot(), ("server2",)).outcomes
    assert (outcome.fate, [(node, one.reason) for node, one in outcome.why]) == (
        Fate.NOBODY,
        [("server1", reason)],
    )
    line = next(line for line in what_if(situation.snapshot(), "server2") if "Shop" in line)
    assert line.startswith("  Shop, which server2 has, is taken by nobody: ")
    assert words in line


def test_nobody_is_left() -> None:
    situation = Situation().owned("Shop", "server1").node_record("server2", silent=100)
    found = told(situation, "server1")
    assert "server2 does not renew its record, so that it takes nothing." in found
    assert "taken by nobody: no other of its nodes is alive as long as server1 is away" in found


# What it rests on


def test_a_node_that_is_none_of_the_cluster() -> None:
    assert what_if(Situation().snapshot(), "server9") == [
        "server9 is no node of this cluster (server1, server2)"
    ]


def test_a_node_without_a_hierarchy_is_not_missed() -> None:
    situation = Situation(Rules("Shop", ("a", "b")), names=("a", "b", "c")).owned("Shop", "a")
    assert "nothing is missed" in told(situation, "c")


def test_what_it_cannot_know_is_said() -> None:
    snapshot = replace(theirs().snapshot(reachable=False, outage="it does not answer"), own=Own(1, NOW - 1))
    found = "\n".join(what_if(snapshot, "server2"))
    assert "server1 cannot read the witness (it does not answer)" in found
    assert "server1 has no right to serve at present" in found


@pytest.mark.parametrize("name", STRANGE)
def test_names_of_any_kind_stand_in_the_answer_as_they_are(name: str) -> None:
    situation = Situation(Rules(name, NODES)).owned(name, "server2")
    assert f"{name}, which server2 has, is taken by server1 after" in told(situation, "server2")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.data())
def test_it_answers_whatever_a_node_knows_and_touches_nothing(
    snapshot: Snapshot, data: st.DataObject
) -> None:
    dead, before = data.draw(st.sampled_from(snapshot.cluster.nodes)), deepcopy(snapshot)
    outcomes = foresee_all(snapshot, (dead,)).outcomes
    assert [one.hierarchy for one in outcomes] == [
        rules.name for rules in snapshot.cluster.hierarchies if dead in rules.nodes
    ]
    assert all(dead not in (one.node, *one.left) for one in outcomes)
    assert what_if(snapshot, dead)
    assert snapshot == before


# It comes true


def a_world(seed: int) -> World:
    """A cluster as schedules have them, well and at rest; some with a node away or something in maintenance.

    Clocks go right, and nothing is moved back by itself: a death is all that happens.
    """
    schedule, chance = Schedule(seed), random.Random(seed)
    rules = tuple(replace(one, switchback=Switchback.MANUAL) for one in schedule.cluster.hierarchies)
    world = World(seed, replace(schedule.cluster, hierarchies=rules), schedule.timers)
    schedule.world, schedule.mirror = world, Mirror(world)
    for node in world.nodes.values():
        node.clock.rate = 1.0
        world.timeline.at(chance.uniform(0, world.timers.interval), node.power_on)
    pass_by(world, 5 * world.timers.ttl)
    if chance.random() < 0.4 and len(world.nodes) > 2:
        kill(world, chance.choice(world.cluster.nodes))
        pass_by(world, bound(world.timers, nodes=4))
    if chance.random() < 0.3:
        world.maintain(Maintenance(hierarchies=(chance.choice(rules).name,)))
    pass_by(world, world.timers.ttl)
    return world


def pass_by(world: World, seconds: float) -> None:
    world.timeline.run(world.timeline.now + seconds)


def kill(world: World, node: str) -> None:
    world.nodes[node].power_off()
    world.checks.restarted(world.nodes[node])


def visible(world: World, hierarchy: str) -> list[str]:
    nodes = world.nodes.values()
    return [node.name for node in nodes if hierarchy in node.services and node.visible(hierarchy)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_foreseen_by_any_node_comes_true(seed: int) -> None:
    world, chance = a_world(seed), random.Random(seed)
    powered = [name for name, node in world.nodes.items() if node.powered]
    dead, seer = chance.choice(powered), world.nodes[chance.choice(powered)]
    assert seer.memory is not None
    answer = foresee_all(seer.memory.snapshot(seer.clock.mono()), (dead,))
    died, back = world.timeline.now, {}

    def look() -> bool:
        for one in answer.outcomes:
            if visible(world, one.hierarchy):
                back.setdefault(one.hierarchy, world.timeline.now - died)
        return False

    kill(world, dead)
    look()
    world.timeline.run(died + bound(world.timers, nodes=4), look)
    for outcome in answer.outcomes:
        assert visible(world, outcome.hierarchy) == ([outcome.node] if outcome.node else []), outcome
        if outcome.worst is not None:
            fence = 2.0 if outcome.after_fence else 0.0  # what a fence takes in this world
            assert back[outcome.hierarchy] <= outcome.worst + fence
