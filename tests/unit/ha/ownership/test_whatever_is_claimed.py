# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a node knows, it claims nothing that could harm, and does what is asked or not as it should."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    CutPower,
    Do,
    Purpose,
    Reason,
    Verb,
    Write,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from tests.support.ownership_chance import over, rules_of, stands_at, surely_off, whatever_is_known, writes_of
from tests.support.ownership_snapshots import NOW, TIMERS


@whatever_is_known(of_others=20, damaged=3)
def test_nothing_is_claimed_whose_owner_has_not_ended(s, met):
    for one in writes_of(s, Purpose.CLAIM):
        seen = stands_at(s, one.key)
        record = seen.record
        if seen.problem:
            met["damaged"] += 1
            assert seen.since + TIMERS.damaged <= NOW
        elif record is not None and record.owner:
            met["of_others"] += 1
            assert over(s, record.owner, record.incarnation)


@whatever_is_known("damaged", claims=8, waits=20)
def test_what_has_no_readable_record_is_not_claimed_while_a_node_may_have_it(s, met):
    met["waits"] += sum("may have it" in one.sentence for one in decide(s).verdicts)
    for one in writes_of(s, Purpose.CLAIM):
        seen = stands_at(s, one.key)
        if seen.record is not None and not seen.problem:
            continue
        met["claims"] += 1
        declared = rules_of(s, one.record.hierarchy)
        for node in set(declared.nodes) - {s.node}:
            other = s.nodes.get(node)
            if other is None:
                continue
            assert not other.problem
            assert other.record.ended or other.since + TIMERS.ttl > NOW
            own = s.nodes[s.node].record if s.node in s.nodes else None
            had = own.owned.get(declared.name, -1) if own is not None else -1
            assert other.record.ended or other.record.owned.get(declared.name, -1) <= had


@whatever_is_known("lost", claims=30, jumped=10)
def test_a_claim_is_this_incarnations_under_a_higher_epoch_with_all_down_here(s, met):
    met["jumped"] += s.own.jumped and bool(
        writes_of(replace(s, own=replace(s.own, jumped=False)), Purpose.CLAIM)
    )
    for one in writes_of(s, Purpose.CLAIM):
        met["claims"] += 1
        known = stands_at(s, one.key).record
        assert s.reachable
        assert s.own.until > NOW
        assert not s.own.jumped
        assert (one.record.owner, one.record.incarnation) == (s.node, s.own.incarnation)
        assert one.record.epoch > (known.epoch if known else 0)
        assert (one.record.successor, one.record.request, one.record.wanted) == ("", None, True)
        assert (one.record.forced, one.record.doubt) == (False, False)
        assert s.local[one.record.hierarchy].state is LocalState.DOWN


@whatever_is_known("lost", disks=8, data=5, in_doubt=3, waits=30)
def test_data_is_put_at_risk_only_by_force(s, met):
    met["waits"] += sum(
        one.reason in (Reason.WAITING_FOR_CONFIRMATION, Reason.OLD_DATA) for one in decide(s).verdicts
    )
    for one in writes_of(s, Purpose.CLAIM):
        seen = stands_at(s, one.key)
        record = seen.record
        declared = rules_of(s, one.record.hierarchy)
        if record is None or (record.request and record.request.force):
            continue
        if record.forced and record.successor == s.node:
            continue
        if declared.replicated and record.current is not None:
            met["data"] += 1
            assert s.node in record.current or (seen.problem and had_it_later(s, record))
        if declared.exclusive and record.owner and not seen.problem:
            met["disks"] += 1
            assert surely_off(s, record.owner, record.incarnation)
        if declared.exclusive and record.doubt:
            met["in_doubt"] += 1
            assert all(alive_or_off(s, node) for node in declared.nodes)
        if declared.replicated and record.doubt:
            assert record.current is not None


def had_it_later(s, record):
    """This node has owned it since that record: so its own one tells, and so it has what was written then."""
    own = s.nodes.get(s.node)
    owned = own.record.owned if own is not None and own.record is not None else {}
    return owned.get(record.hierarchy, -1) >= record.epoch


def alive_or_off(s, node):
    """A node tells that it has nothing, and no former machine of its name can; or it is surely off."""
    seen = s.nodes.get(node)
    if node == s.node and (seen is None or seen.record is None):
        return True
    if seen is None or seen.record is None or (seen.problem and node != s.node):
        return False
    record = seen.record
    if record.ended and node != s.node:
        return surely_off(s, node, record.incarnation)
    return not record.first and (node == s.node or seen.since + TIMERS.ttl > NOW)


@whatever_is_known("lost", limited=5, full=3)
def test_nobody_takes_more_than_its_limit_by_itself(s, met):
    limit = s.cluster.limits.get(s.node)
    asked = [seen for seen in s.hierarchies.values() if seen.record and seen.record.request]
    forced = [seen for seen in s.hierarchies.values() if seen.record and seen.record.forced]
    if limit is None or asked or forced or s.node not in s.nodes or s.nodes[s.node].record is None:
        return
    ours = (s.node, s.nodes[s.node].record.incarnation)
    has = sum(
        seen.record is not None and (seen.record.owner, seen.record.incarnation) == ours
        for seen in s.hierarchies.values()
    )
    claims = len(writes_of(s, Purpose.CLAIM))
    met["limited"] += bool(claims)
    met["full"] += any(one.reason is Reason.LIMIT for one in decide(s).verdicts)

    assert claims <= max(0, limit - has)


@whatever_is_known(answers=30, refusals=5)
def test_a_request_is_answered_by_its_own_number_and_is_gone_then(s, met):
    for one in writes_of(s, Purpose.CLAIM, Purpose.RELEASE, Purpose.ANSWER):
        known = stands_at(s, one.key).record
        if known is None or known.request is None:
            continue
        met["answers"] += 1
        met["refusals"] += one.record.answer is not None and not one.record.answer.accepted
        assert one.record.request is None
        assert one.record.answer.id == known.request.id


@whatever_is_known("lost", claims=10, quiet=60)
def test_in_maintenance_nothing_is_moved_recovered_or_fenced_by_itself(s, met):
    quiet = {
        name: replace(seen, record=replace(seen.record, request=None, wanted=True)) if seen.record else seen
        for name, seen in s.hierarchies.items()
    }
    own = replace(s.own, leaving=False)
    calm = replace(s, hierarchies=quiet, own=own, maintenance=Maintenance(cluster=True))
    met["quiet"] += sum(one.reason is Reason.MAINTENANCE for one in decide(calm).verdicts)

    for one in decide(calm).actions:
        if isinstance(one, Write) and one.purpose is Purpose.CLAIM:
            met["claims"] += 1
            seen = calm.hierarchies.get(one.record.hierarchy)
            known = seen.record if seen is not None and not seen.problem else None
            assert known is None or s.node in (known.owner, known.successor)
        elif isinstance(one, Write) and one.purpose is Purpose.MARK:  # its mirror is cut: that is kept
            before = calm.hierarchies[one.record.hierarchy].record
            assert before is not None and not set(before.current or ()) <= set(one.record.current or ())
            assert replace(one.record, current=before.current, reason=before.reason) == before
        elif isinstance(one, Write):
            assert one.purpose in (Purpose.JOIN, Purpose.RENEW, Purpose.REPAIR)
        if isinstance(one, Do) and one.verb is Verb.START:
            assert not s.local[one.hierarchy].failures
        elif isinstance(one, Do):
            assert one.reason in (Reason.NO_STANDING, Reason.STORE_OUTAGE, Reason.STOPPING)
        assert not isinstance(one, CutPower)
