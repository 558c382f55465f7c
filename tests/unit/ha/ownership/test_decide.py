# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a node knows, there is a decision, and none that could harm."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

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
    Maintenance,
    NodeRecord,
    NodeState,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    LocalState,
    PowerState,
    Seen,
)
from tests.support.ownership_chance import Chance, whatever_is_known
from tests.support.ownership_snapshots import (
    NOW,
    TIMERS,
    cluster,
    decided,
    down,
    free,
    member,
    rules,
    up,
)

# A node that is not in the cluster


def test_a_node_that_is_not_in_the_cluster_stops_what_it_has_and_says_so():
    found = decided("server9", local={"web": up()})

    told = "server9 is no node of this cluster (server1, server2): check its name"
    assert found.work == [("stop", "web")]
    assert found.writes == []
    assert (found.reason, found.sentence) == ("not_a_member", told)


def test_with_everything_down_it_does_nothing():
    assert decided("server9", local={"web": down()}).decision.actions == ()


# Verdicts


def test_there_is_one_verdict_for_each_hierarchy_of_the_node_in_their_order():
    of = cluster(rules("b"), rules("a"), rules("c", ("server2", "server3")))

    assert [one.hierarchy for one in decided(of=of).decision.verdicts] == ["b", "a"]


def test_hierarchies_are_decided_one_by_one():
    of = cluster(rules("a"), rules("b"), rules("c", ("server2", "server1")))
    found = decided(of=of, records={"b": free(name="b")})

    assert [found.verdict(name).reason.value for name in "abc"] == ["in_service", "claiming", "elsewhere"]


def test_the_own_record_comes_before_all_else():
    found = decided("server2", own=member(renewed=NOW - TIMERS.interval), records={"web": free(age=900.0)})

    assert found.purposes == [("renew", "nodes/server2"), ("claim", "hierarchies/web")]


def test_every_reason_is_part_of_a_role():
    assert set(ROLES) == set(Reason)


# Whatever is known: properties


def test_all_that_a_node_may_do_is_tried():
    decisions = [decide(Chance(seed).snapshot()) for seed in range(4000)]
    actions = [action for decision in decisions for action in decision.actions]

    assert {one.purpose for one in actions if isinstance(one, Write)} == set(Purpose)
    assert {type(one) for one in actions} == {Write, Do, Ask, CutPower}
    assert {ROLES[verdict.reason] for decision in decisions for verdict in decision.verdicts} == set(Role)


def writes_of(s, *purposes):
    return [one for one in decide(s).actions if isinstance(one, Write) and one.purpose in purposes]


def stands_at(s, key):
    table, _slash, name = key.partition("/")
    found = (s.nodes if table == "nodes" else s.hierarchies).get(name)
    return found if found is not None else Seen(0, None, NOW)


def over(s, node, incarnation):
    """An incarnation has ended, as a record tells that can be read."""
    seen = s.nodes.get(node)
    if seen is None or seen.record is None or seen.problem:
        return False
    record = seen.record
    return record.incarnation > incarnation or (
        record.incarnation == incarnation and record.state is not NodeState.ALIVE
    )


@whatever_is_known
def test_there_is_a_decision_with_a_sentence_for_every_hierarchy(s):
    decision = decide(s)

    assert [one.hierarchy for one in decision.verdicts] == list(s.local)
    for one in decision.verdicts:
        assert one.sentence
        assert not one.sentence.endswith(".")
    for action in decision.actions:
        assert action.sentence
        assert not action.sentence.endswith(".")


@given(st.integers(0, 2**32))
def test_a_node_outside_the_cluster_only_ever_stops(seed):
    actions = decide(Chance(seed).snapshot(me="server9")).actions

    assert all(isinstance(one, Do) and one.verb is Verb.STOP for one in actions)


@whatever_is_known
def test_one_snapshot_gives_one_decision(s):
    assert decide(s) == decide(replace(s))


@whatever_is_known
def test_no_record_is_written_twice_or_while_it_is_being_written(s):
    keys = [one.key for one in decide(s).actions if isinstance(one, Write)]

    assert len(keys) == len(set(keys))
    assert not set(keys) & s.busy


@whatever_is_known
def test_every_write_is_on_the_version_that_was_seen_and_of_the_record_it_names(s):
    for one in writes_of(s, *Purpose):
        assert one.version == stands_at(s, one.key).version
        name = one.record.node if isinstance(one.record, NodeRecord) else one.record.hierarchy
        assert one.key.partition("/")[2] == name


@whatever_is_known
def test_nothing_newer_is_written_over(s):
    for one in writes_of(s, *(set(Purpose) - {Purpose.REPAIR, Purpose.RELEASE})):
        assert not stands_at(s, one.key).newer


@whatever_is_known
def test_nothing_is_started_without_sure_standing_and_ownership(s):
    for one in decide(s).actions:
        if isinstance(one, Do) and one.verb is Verb.START:
            record = s.hierarchies[one.hierarchy].record
            assert s.own.incarnation > 0
            assert not s.own.lost
            assert s.own.until > NOW
            assert not s.own.jumped
            assert (record.owner, record.incarnation) == (s.node, s.own.incarnation)
            assert one.epoch == record.epoch
            assert s.local[one.hierarchy].state is LocalState.DOWN
            assert not s.hierarchies[one.hierarchy].problem


@whatever_is_known
def test_without_standing_everything_is_stopped_and_only_the_own_record_is_written(s):
    if s.own.incarnation and not s.own.lost and s.own.until > NOW:
        return
    actions = decide(s).actions

    stopped = {one.hierarchy for one in actions if isinstance(one, Do) and one.verb is Verb.STOP}
    assert stopped == {name for name, local in s.local.items() if local.state is not LocalState.DOWN}
    assert {one.key for one in actions if isinstance(one, Write)} <= {f"nodes/{s.node}"}
    assert not any(isinstance(one, Ask | CutPower) for one in actions)


@whatever_is_known
def test_what_another_owns_is_never_left_up(s):
    decision = decide(s)
    stopped = {one.hierarchy for one in decision.actions if isinstance(one, Do) and one.verb is Verb.STOP}

    for name, local in s.local.items():
        seen = s.hierarchies.get(name)
        record = seen.record if seen else None
        mine = record and (record.owner, record.incarnation) == (s.node, s.own.incarnation)
        if not mine and local.state is not LocalState.DOWN:
            assert name in stopped


def owners_of(s):
    return {seen.record.owner for seen in s.hierarchies.values() if seen.record}


@whatever_is_known
def test_nobody_is_fenced_before_its_ttl_or_against_a_promise(s):
    for one in writes_of(s, Purpose.FENCE):
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


@whatever_is_known
def test_a_tombstone_names_no_lower_incarnation_than_any_record(s):
    for one in writes_of(s, Purpose.FENCE):
        node, seen = one.record.node, stands_at(s, one.key)
        named = [seen.record.incarnation] if seen.record else [0]
        named += [h.record.incarnation for h in s.hierarchies.values() if h.record and h.record.owner == node]
        assert one.record.incarnation == max(named)


@whatever_is_known
def test_nothing_is_claimed_whose_owner_has_not_ended(s):
    for one in writes_of(s, Purpose.CLAIM):
        seen = stands_at(s, one.key)
        record = seen.record
        if seen.problem:
            assert seen.since + TIMERS.damaged <= NOW
        elif record is not None and record.owner:
            assert over(s, record.owner, record.incarnation)


@whatever_is_known
def test_what_has_no_readable_record_is_not_claimed_while_a_node_may_have_it(s):
    for one in writes_of(s, Purpose.CLAIM):
        seen = stands_at(s, one.key)
        if seen.record is not None and not seen.problem:
            continue
        (declared,) = [r for r in s.cluster.hierarchies if r.name == one.record.hierarchy]
        for node in set(declared.nodes) - {s.node}:
            other = s.nodes.get(node)
            if other is not None:
                assert not other.problem
                assert other.record.ended or declared.name not in other.record.owned


@whatever_is_known
def test_a_claim_is_this_incarnations_under_a_higher_epoch_with_all_down_here(s):
    for one in writes_of(s, Purpose.CLAIM):
        known = stands_at(s, one.key).record
        assert s.reachable
        assert s.own.until > NOW
        assert not s.own.jumped
        assert (one.record.owner, one.record.incarnation) == (s.node, s.own.incarnation)
        assert one.record.epoch > (known.epoch if known else 0)
        assert (one.record.successor, one.record.request, one.record.wanted) == ("", None, True)
        assert s.local[one.record.hierarchy].state is LocalState.DOWN


@whatever_is_known
def test_data_is_put_at_risk_only_by_force(s):
    for one in writes_of(s, Purpose.CLAIM):
        seen = stands_at(s, one.key)
        record = seen.record
        (declared,) = [r for r in s.cluster.hierarchies if r.name == one.record.hierarchy]
        if record is None or (record.request and record.request.force):
            continue
        if declared.replicated and record.current is not None:
            assert s.node in record.current
        if declared.exclusive and record.owner and not seen.problem:
            owner = s.nodes[record.owner].record
            left = owner.state is NodeState.LEFT
            assert left or owner.confirmed or owner.incarnation > record.incarnation


@whatever_is_known
def test_nobody_takes_more_than_its_limit_by_itself(s):
    limit = s.cluster.limits.get(s.node)
    asked = [seen for seen in s.hierarchies.values() if seen.record and seen.record.request]
    if limit is None or asked or s.node not in s.nodes or s.nodes[s.node].record is None:
        return
    mine = (s.node, s.nodes[s.node].record.incarnation)
    has = sum(
        seen.record is not None and (seen.record.owner, seen.record.incarnation) == mine
        for seen in s.hierarchies.values()
    )

    assert len(writes_of(s, Purpose.CLAIM)) <= max(0, limit - has)


@whatever_is_known
def test_what_is_released_is_the_nodes_own_and_down(s):
    for one in writes_of(s, Purpose.RELEASE):
        assert s.local[one.record.hierarchy].state is LocalState.DOWN
        known = stands_at(s, one.key).record
        assert (known.owner, known.incarnation) == (s.node, s.own.incarnation)
        assert one.record.owner == ""
        assert one.record.epoch == known.epoch


@whatever_is_known
def test_a_node_joins_with_everything_down_and_an_incarnation_never_named(s):
    for one in writes_of(s, Purpose.JOIN):
        assert all(local.state is LocalState.DOWN for local in s.local.values())
        own = s.nodes.get(s.node)
        named = [s.own.incarnation, own.record.incarnation if own and own.record else 0]
        named += [
            seen.record.incarnation
            for seen in s.hierarchies.values()
            if seen.record and seen.record.owner == s.node
        ]
        assert one.record.incarnation > max(named)
        assert one.record.state is NodeState.ALIVE


@whatever_is_known
def test_a_node_leaves_with_everything_down_and_released(s):
    for one in writes_of(s, Purpose.LEAVE):
        assert s.own.leaving
        assert all(local.state is LocalState.DOWN for local in s.local.values())
        assert not any(s.owns(name) for name in s.local)
        assert one.record.state is NodeState.LEFT


@whatever_is_known
def test_power_is_cut_only_of_what_was_fenced_and_has_a_device(s):
    for one in decide(s).actions:
        if isinstance(one, CutPower):
            record = s.nodes[one.node].record
            assert one.node in s.cluster.fences
            assert record.ended
            assert record.incarnation == one.incarnation
            assert one.node != s.node


@whatever_is_known
def test_a_fence_is_confirmed_only_where_the_power_of_that_incarnation_is_off(s):
    for one in writes_of(s, Purpose.CONFIRM):
        power = s.power[one.record.node]
        assert power.state is PowerState.CONFIRMED
        assert power.incarnation == one.record.incarnation
        assert one.record.ended


@whatever_is_known
def test_a_request_is_answered_by_its_own_number_and_is_gone_then(s):
    for one in writes_of(s, Purpose.CLAIM, Purpose.RELEASE, Purpose.ANSWER):
        known = stands_at(s, one.key).record
        if known is None or known.request is None:
            continue
        assert one.record.request is None
        assert one.record.answer.id == known.request.id


@whatever_is_known
def test_in_maintenance_nothing_is_moved_recovered_or_fenced_by_itself(s):
    quiet = {
        name: replace(seen, record=replace(seen.record, request=None, wanted=True)) if seen.record else seen
        for name, seen in s.hierarchies.items()
    }
    own = replace(s.own, leaving=False)
    calm = replace(s, hierarchies=quiet, own=own, maintenance=Maintenance(cluster=True))

    for one in decide(calm).actions:
        if isinstance(one, Write) and one.purpose is Purpose.CLAIM:
            seen = calm.hierarchies.get(one.record.hierarchy)
            known = seen.record if seen is not None and not seen.problem else None
            assert known is None or s.node in (known.owner, known.successor)
        elif isinstance(one, Write):
            assert one.purpose in (Purpose.JOIN, Purpose.RENEW, Purpose.REPAIR)
        if isinstance(one, Do) and one.verb is Verb.START:
            assert not s.local[one.hierarchy].failures
        elif isinstance(one, Do):
            assert one.reason in (Reason.NO_STANDING, Reason.STORE_OUTAGE, Reason.STOPPING)
        assert not isinstance(one, CutPower)


def test_the_builders_own_snapshot_is_a_cluster_at_rest():
    assert (decided().reason, decided().decision.actions) == ("in_service", ())
    assert (decided("server2").reason, decided("server2").decision.actions) == ("elsewhere", ())
