# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a node knows, there is a decision, and none that could harm."""

from __future__ import annotations

import random
from collections import Counter
from copy import deepcopy
from dataclasses import replace

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    ROLES,
    Ask,
    CutPower,
    Do,
    Purpose,
    Reason,
    Role,
    Verb,
    Write,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    NodeRecord,
    NodeState,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    LocalState,
    PowerState,
)
from tests.support.ownership_chance import (
    SNAPSHOTS,
    Chance,
    stands_at,
    surely_off,
    whatever_is_known,
    writes_of,
)
from tests.support.ownership_snapshots import NOW, TIMERS


def work_of(s, verb):
    return [one for one in decide(s).actions if isinstance(one, Do) and one.verb is verb]


def verdicts_of(s, *reasons):
    return [one for one in decide(s).verdicts if one.reason in reasons]


def mine(s, record):
    return record is not None and (record.owner, record.incarnation) == (s.node, s.own.incarnation)


# In general


def test_all_that_a_node_may_do_is_tried():
    decisions = [decide(Chance(seed).snapshot()) for seed in range(2000)]
    actions = [action for decision in decisions for action in decision.actions]

    assert {one.purpose for one in actions if isinstance(one, Write)} == set(Purpose)
    assert {type(one) for one in actions} == {Write, Do, Ask, CutPower}
    assert {ROLES[verdict.reason] for decision in decisions for verdict in decision.verdicts} == set(Role)


@whatever_is_known(verdicts=200, actions=200)
def test_there_is_a_decision_with_a_sentence_for_every_hierarchy(s, met):
    decision = decide(s)

    assert [one.hierarchy for one in decision.verdicts] == list(s.local)
    for one in decision.verdicts:
        met["verdicts"] += 1
        assert one.sentence
        assert not one.sentence.endswith(".")
    for action in decision.actions:
        met["actions"] += 1
        assert action.sentence
        assert not action.sentence.endswith(".")


def test_a_node_outside_the_cluster_only_ever_stops():
    met = Counter()
    for seed in random.SystemRandom().sample(range(1 << 32), SNAPSHOTS):
        chance = Chance(seed)
        s = chance.snapshot(me="server9")
        s = replace(s, local={one.name: chance.local(mine=True) for one in s.cluster.hierarchies})
        actions = decide(s).actions
        met["stops"] += len(actions)
        assert all(isinstance(one, Do) and one.verb is Verb.STOP for one in actions), seed

    assert met["stops"] > SNAPSHOTS / 2


@whatever_is_known()
def test_one_snapshot_gives_one_decision(s, _met):
    assert decide(s) == decide(replace(s))


@whatever_is_known()
def test_a_snapshot_stays_as_it_is(s, _met):
    before = deepcopy(s)

    decide(s)

    assert s == before


@whatever_is_known(writes=100, busy=20)
def test_no_record_is_written_twice_or_while_it_is_being_written(s, met):
    keys = [one.key for one in decide(s).actions if isinstance(one, Write)]
    met["writes"] += len(keys)
    idle = replace(s, busy=frozenset())
    met["busy"] += any(one.key in s.busy for one in writes_of(idle, *Purpose))

    assert len(keys) == len(set(keys))
    assert not set(keys) & s.busy


@whatever_is_known(nodes=60, hierarchies=60)
def test_every_write_is_on_the_version_that_was_seen_and_of_the_record_it_names(s, met):
    for one in writes_of(s, *Purpose):
        met[one.key.split("/")[0]] += 1
        assert one.version == stands_at(s, one.key).version
        name = one.record.node if isinstance(one.record, NodeRecord) else one.record.hierarchy
        assert one.key.partition("/")[2] == name


@whatever_is_known("damaged", newer=20)
def test_nothing_newer_is_written_over(s, met):
    met["newer"] += any(one.newer for one in (*s.nodes.values(), *s.hierarchies.values()))
    for one in writes_of(s, *Purpose):
        assert not stands_at(s, one.key).newer


# The own standing, and what runs here


@whatever_is_known("mine", starts=20, jumped=10)
def test_nothing_is_started_without_sure_standing_and_ownership(s, met):
    met["jumped"] += s.own.jumped and bool(work_of(replace(s, own=replace(s.own, jumped=False)), Verb.START))
    for one in work_of(s, Verb.START):
        met["starts"] += 1
        seen = s.hierarchies[one.hierarchy]
        assert s.own.incarnation > 0
        assert not s.own.lost
        assert s.own.until > NOW
        assert not s.own.jumped
        assert mine(s, seen.record)
        assert one.epoch == seen.record.epoch
        assert s.local[one.hierarchy].state is LocalState.DOWN
        assert not seen.problem
        assert one.hierarchy not in s.unsure


@whatever_is_known(without=30, stops=30)
def test_without_standing_everything_is_stopped_and_only_the_own_record_is_written(s, met):
    if s.own.incarnation and not s.own.lost and s.own.until > NOW:
        return
    met["without"] += 1
    actions = decide(s).actions

    stopped = {one.hierarchy for one in actions if isinstance(one, Do) and one.verb is Verb.STOP}
    met["stops"] += len(stopped)
    assert stopped == {name for name, local in s.local.items() if local.state is not LocalState.DOWN}
    assert {one.key for one in actions if isinstance(one, Write)} <= {f"nodes/{s.node}"}
    assert not any(isinstance(one, Ask | CutPower) for one in actions)


@whatever_is_known(others=20)
def test_what_another_owns_is_never_left_up(s, met):
    if s.blank:
        return
    stopped = {one.hierarchy for one in work_of(s, Verb.STOP)}

    for name, local in s.local.items():
        seen = s.hierarchies.get(name)
        if not mine(s, seen.record if seen else None) and local.state is not LocalState.DOWN:
            met["others"] += 1
            assert name in stopped


@whatever_is_known(joins=15, twins=4)
def test_a_node_joins_with_everything_down_and_an_incarnation_never_named(s, met):
    own = s.nodes.get(s.node)
    known = own.record if own else None
    other = known is not None and known.machine != s.machine
    met["twins"] += other and not s.own.incarnation
    for one in writes_of(s, Purpose.JOIN):
        met["joins"] += 1
        assert all(local.state is LocalState.DOWN for local in s.local.values())
        named = [s.own.incarnation, known.incarnation if known else 0]
        named += [
            seen.record.incarnation
            for seen in s.hierarchies.values()
            if seen.record and seen.record.owner == s.node
        ]
        assert one.record.incarnation > max(named)
        assert one.record.state is NodeState.ALIVE
        assert one.record.machine == s.machine
        if other and not known.ended:
            assert own.since + TIMERS.ttl <= NOW
            assert not any(has(s, rules, known) for rules in s.cluster.hierarchies if len(rules.nodes) > 1)
        if known is not None and not surely_off(s, s.node, known.incarnation):
            assert one.record.first == (one.record.incarnation if other else known.first)


def has(s, rules, record):
    """The incarnation that a node's record names owns a hierarchy."""
    seen = s.hierarchies.get(rules.name)
    owner = seen.record if seen else None
    return owner is not None and (owner.owner, owner.incarnation) == (record.node, record.incarnation)


@whatever_is_known("mine", leaves=15)
def test_a_node_leaves_with_everything_down_and_released(s, met):
    """But for what it may not write: a record of a newer version, or one of which others tell more."""
    for one in writes_of(s, Purpose.LEAVE):
        met["leaves"] += 1
        assert s.own.leaving
        assert all(local.state is LocalState.DOWN for local in s.local.values())
        assert one.record.state is NodeState.LEFT
        for name in filter(s.owns, s.local):
            seen = s.hierarchies[name]
            assert seen.newer or (seen.problem and (name in s.unsure or told_later(s, name)))


def told_later(s, hierarchy):
    """Another node that has not ended had a hierarchy under a later epoch than its record names."""
    epoch = s.hierarchies[hierarchy].record.epoch
    return any(
        seen.record is not None and not seen.record.ended and seen.record.owned.get(hierarchy, -1) > epoch
        for name, seen in s.nodes.items()
        if name != s.node
    )


@whatever_is_known("mine", releases=20, first_stopped=20)
def test_what_is_released_is_the_nodes_own_and_down(s, met):
    met["first_stopped"] += len(verdicts_of(s, Reason.HANDING_OVER)) - len(writes_of(s, Purpose.RELEASE))
    for one in writes_of(s, Purpose.RELEASE):
        met["releases"] += 1
        assert s.local[one.record.hierarchy].state is LocalState.DOWN
        known = stands_at(s, one.key).record
        assert mine(s, known)
        assert one.record.owner == ""
        assert one.record.epoch == known.epoch


# Others are lost


def owners_of(s):
    return {seen.record.owner for seen in s.hierarchies.values() if seen.record}


@whatever_is_known("lost", fences=15, promised=3, at_odds=3)
def test_nobody_is_fenced_before_its_ttl_or_against_a_promise(s, met):
    fences = len(writes_of(s, Purpose.FENCE))
    met["promised"] += len(writes_of(replace(s, given={}), Purpose.FENCE)) - fences
    met["at_odds"] += len(writes_of(replace(s, nodes=in_concord(s)), Purpose.FENCE)) - fences
    for one in writes_of(s, Purpose.FENCE):
        met["fences"] += 1
        node, seen = one.record.node, stands_at(s, one.key)
        if seen.version or one.record.node in s.nodes:  # one that was never seen has no time of its own
            assert seen.since + TIMERS.ttl <= NOW
        assert s.given.get(node, 0.0) <= NOW
        assert s.reachable
        assert s.own.until > NOW
        assert not s.own.jumped
        assert node in s.peers or node in owners_of(s)
        assert node != s.node
        asked = any(
            h.record and h.record.owner == node and h.record.request for h in s.hierarchies.values()
        )  # a person waits for what it has
        assert asked or (node not in s.maintenance.nodes and not s.maintenance.cluster)
        assert one.record.state is NodeState.FENCED
        assert (one.record.by, one.record.confirmed) == (s.node, False)
        assert seen.record is None or forced(s, node) or seen.record == in_concord(s)[node].record


def in_concord(s):
    """Records of nodes as they were if each knew this one, and went by its timers."""
    return {name: agreed(s, seen) for name, seen in s.nodes.items()}


def agreed(s, seen):
    if seen.record is None:
        return seen
    peers = seen.record.peers if s.node in seen.record.peers else ()
    terms = seen.record.terms if seen.record.terms == TIMERS.digest else ""
    return replace(seen, record=replace(seen.record, peers=peers, terms=terms))


def forced(s, node):
    return any(
        h.record and h.record.owner == node and h.record.request and h.record.request.force
        for h in s.hierarchies.values()
    )


@whatever_is_known("lost", owned=10)
def test_a_tombstone_names_no_lower_incarnation_than_any_record(s, met):
    for one in writes_of(s, Purpose.FENCE):
        node, seen = one.record.node, stands_at(s, one.key)
        named = [seen.record.incarnation] if seen.record else [0]
        owned = [h.record.incarnation for h in s.hierarchies.values() if h.record and h.record.owner == node]
        met["owned"] += bool(owned)
        assert one.record.incarnation == max([*named, *owned])


@whatever_is_known("lost", cuts=5, no_device=10)
def test_power_is_cut_only_of_what_was_fenced_and_has_a_device(s, met):
    met["no_device"] += len(cuts_of(with_fences(s, s.cluster.nodes))) - len(cuts_of(s))
    for one in cuts_of(s):
        met["cuts"] += 1
        record = s.nodes[one.node].record
        assert one.node in s.cluster.fences
        assert record.ended
        assert record.incarnation == one.incarnation
        assert one.node != s.node


def cuts_of(s):
    return [one for one in decide(s).actions if isinstance(one, CutPower)]


def with_fences(s, nodes):
    return replace(s, cluster=replace(s.cluster, fences=frozenset(nodes)))


@whatever_is_known("lost", confirms=5, runs=10)
def test_a_fence_is_confirmed_only_where_the_power_of_that_incarnation_is_off(s, met):
    off = {node: replace(power, state=PowerState.CONFIRMED) for node, power in s.power.items()}
    confirms = writes_of(s, Purpose.CONFIRM)
    met["runs"] += len(writes_of(replace(s, power=off), Purpose.CONFIRM)) - len(confirms)
    for one in confirms:
        met["confirms"] += 1
        power = s.power[one.record.node]
        assert power.state is PowerState.CONFIRMED
        assert power.incarnation == one.record.incarnation
        assert one.record.ended
