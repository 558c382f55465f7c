# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of an agent that goes on from where an earlier one was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Purpose, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import NodeState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.succession import taken_over
from tests.support.ownership_memory import OWN, WEB, Node, beat, write_of
from tests.support.ownership_snapshots import TIMERS, cluster, rules

STEP = 1000
UP, DOWN = Local(LocalState.UP), Local(LocalState.DOWN)


def successor(local=UP, of=None, renewed=100.0):
    """The process after one that joined at 100."""
    first = Node(of=of)
    first.memory.clocks(100.0, 5000.0)
    first.join(at=renewed)
    first.read(renewed + 0.2, server1=(10, OWN), web=(20, WEB))
    second = Node(of=of)
    second.memory.local["web"] = local
    second.memory.resume(first.memory.standing(), STEP)
    return second


def decided(node, at):
    decision = decide(node.look(at))
    (verdict,) = decision.verdicts
    writes = [one for one in decision.actions if isinstance(one, Write)]
    return verdict, writes, [one for one in decision.actions if isinstance(one, Do)]


def test_it_may_serve_as_long_as_the_earlier_one_and_no_longer():
    node = successor()
    assert node.memory.serves(100.0 + TIMERS.lease - 0.01)
    assert not node.memory.serves(100.0 + TIMERS.lease)


@pytest.mark.parametrize("local", [UP, DOWN, Local(LocalState.UNKNOWN)])
def test_before_it_has_read_the_witness_it_changes_nothing(local):
    verdict, writes, work = decided(successor(local), 101.0)
    assert (writes, work) == ([], [])
    assert "has not read the witness again yet" in verdict.sentence
    assert (verdict.reason.value == "in_service") is (local is UP)


@pytest.mark.parametrize("local", [UP, Local(LocalState.UNKNOWN)])
def test_without_the_witness_it_stops_at_the_deadline_of_the_earlier_one(local):
    verdict, _writes, (stop,) = decided(successor(local), 100.0 + TIMERS.lease)
    assert (stop.verb.value, stop.urgent, verdict.reason.value) == ("stop", True, "store_outage")


def test_what_is_up_goes_on_under_the_same_incarnation():
    node = successor()
    node.read(101.0, server1=(10, OWN), web=(20, WEB))
    verdict, writes, work = decided(node, 101.2)
    assert (verdict.reason.value, work) == ("in_service", [])
    assert [one.purpose for one in writes] == [Purpose.RENEW]


def test_nobody_goes_on_from_a_process_that_leaves():
    first = Node()
    first.memory.clocks(100.0, 5000.0)
    first.join(at=100.0)
    assert first.memory.standing() is not None
    first.memory.leaving = True
    assert first.memory.standing() is None


def test_its_beats_go_on_by_one_once_a_renewal_of_its_own_is_confirmed():
    node = successor()
    node.read(101.0, server1=(10, OWN), web=(20, WEB))
    _verdict, (first,), _work = decided(node, 101.2)
    node.memory.writing(first, 101.2)
    node.memory.written(first, 101.2, 101.3, 11)
    _verdict, (second,), _work = decided(node, 101.2 + TIMERS.interval)
    assert second.record.beat == first.record.beat + 1


def test_its_first_beat_cannot_be_that_of_a_renewal_under_way():
    node = successor()
    node.read(101.0, server1=(10, OWN), web=(20, WEB))
    _verdict, (first,), _work = decided(node, 101.2)
    assert first.record.beat == OWN.beat + STEP

    # It is lost, and the renewal of the earlier process takes effect, which began before.
    node.memory.writing(first, 101.2)
    node.memory.unanswered(first, 101.2)
    node.read(102.0, server1=(11, beat(OWN)), web=(20, WEB))
    assert node.memory.until == 100.0 + TIMERS.lease

    renewal = write_of(Purpose.RENEW, beat(OWN, 2), 11)
    node.memory.writing(renewal, 102.2)
    node.memory.written(renewal, 102.2, 102.3, 12)
    assert node.memory.until == 102.2 + TIMERS.lease
    node.read(103.0, server1=(12, beat(OWN, 2)), web=(20, WEB))
    _verdict, (usual,), _work = decided(node, 103.3)
    assert usual.record.beat == OWN.beat + 3


def test_what_is_down_is_written_anew_before_it_is_started():
    node = successor(DOWN)
    node.read(101.0, server1=(10, OWN), web=(20, WEB))
    verdict, writes, work = decided(node, 101.2)
    assert work == []
    assert [one.purpose for one in writes if one.key == "hierarchies/web"] == [Purpose.REPAIR]
    assert "whether server1 has released it is not known" in verdict.sentence

    node.read(102.0, server1=(10, OWN), web=(21, replace(WEB, reason="as it was")))
    _verdict, _writes, (start,) = decided(node, 102.2)
    assert start.verb.value == "start"


def test_any_node_may_be_named_as_current_until_the_record_is_written_anew():
    both = cluster(rules(replicated=True))
    alone = replace(WEB, current=("server1",))
    node = successor(of=both)
    node.read(101.0, server1=(10, OWN), web=(20, alone))
    assert node.memory.current("web") == {"server1", "server2"}

    node.read(102.0, server1=(10, OWN), web=(21, alone))
    assert node.memory.current("web") == {"server1"}


@pytest.mark.parametrize("stale", [(19, replace(WEB, owner="server2")), None])
def test_what_is_older_than_the_earlier_process_knew_is_no_news(stale):
    node = successor()
    records = {"web": stale} if stale else {}
    node.read(101.0, server1=(10, OWN), **records)
    verdict, _writes, work = decided(node, 101.2)
    assert (verdict.reason.value, work) == ("in_service", [])
    assert "has not read the witness again yet" in verdict.sentence

    node.read(102.0, server1=(10, OWN), web=(20, WEB))
    verdict, _writes, work = decided(node, 102.2)
    assert (verdict.sentence, work) == ("it is in service on server1", [])


def test_a_record_that_does_not_come_back_is_waited_for_until_the_earlier_lease_is_over():
    node = successor()
    node.read(100.0 + TIMERS.lease, web=(20, WEB))
    verdict, _writes, (stop,) = decided(node, 100.2 + TIMERS.lease)
    assert stop.urgent
    assert "its record is not in the witness any more" in verdict.sentence

    node.memory.local["web"] = DOWN
    node.read(101.0 + TIMERS.lease, web=(20, WEB))
    _verdict, (join,), _work = decided(node, 101.2 + TIMERS.lease)
    assert (join.purpose, join.record.incarnation) == (Purpose.JOIN, 4)


@pytest.mark.parametrize(
    "own",
    [
        replace(OWN, state=NodeState.FENCED, by="server2"),
        replace(OWN, incarnation=4),
        replace(OWN, instance="another"),
    ],
)
def test_it_stops_where_its_incarnation_is_over(own):
    node = successor()
    node.read(101.0, server1=(11, own), web=(20, WEB))
    _verdict, _writes, (stop,) = decided(node, 101.2)
    assert (stop.verb.value, stop.urgent) == ("stop", True)


def test_a_suspension_between_two_processes_is_seen():
    node = successor()
    assert node.memory.clocks(101.0, 5001.0) is False
    suspended = successor()
    assert suspended.memory.clocks(101.0, 5001.0 + 60.0) is True
    assert suspended.memory.until == 101.0 + TIMERS.doubt


@pytest.mark.parametrize("over", [True, False])
def test_only_who_has_a_standing_of_its_own_leaves_one(over):
    node = Node()
    node.memory.clocks(100.0, 5000.0)
    assert node.memory.standing() is None
    node.join()
    if over:
        node.read(101.0, server1=(11, replace(OWN, state=NodeState.FENCED, by="server2")))
    assert (node.memory.standing() is None) is over


def test_a_process_that_doubts_its_clocks_leaves_no_standing():
    node = Node()
    node.memory.clocks(100.0, 5000.0)
    node.join()
    node.memory.clocks(101.0, 5061.0)
    assert node.memory.standing() is None


def test_what_is_first_seen_late_is_doubted_all_the_same():
    node = successor(DOWN)
    node.read(100.0 + TIMERS.lease - 0.5, server1=(10, OWN))
    renewal = write_of(Purpose.RENEW, beat(OWN, 2), 10)
    node.memory.writing(renewal, 103.0)
    node.memory.written(renewal, 103.0, 103.1, 11)
    node.read(104.0, server1=(11, beat(OWN, 2)))  # no longer waited for
    node.read(104.2, server1=(11, beat(OWN, 2)), web=(20, WEB))
    _verdict, writes, work = decided(node, 104.4)
    assert work == []
    assert [one.purpose for one in writes if one.key == "hierarchies/web"] == [Purpose.REPAIR]


def test_it_forgets_no_failure_and_no_verdict_of_the_earlier_one():
    """Else a site that is restarted while its agent's processes change would have all its attempts again."""
    ill = replace(UP, failures=(90.0, 95.0), problem="answered 500", healthy=False)
    first = Node()
    first.memory.clocks(100.0, 5000.0)
    first.join(at=100.0)
    first.read(100.2, server1=(10, OWN), web=(20, WEB))
    first.memory.local["web"] = ill
    second = Node()
    second.memory.local["web"] = replace(UP, since=100.5)
    second.memory.resume(first.memory.standing(), 7)
    second.read(101.0, server1=(10, OWN), web=(20, WEB))
    assert second.memory.local["web"] == replace(ill, since=100.5)
    verdict, _writes, (stop,) = decided(second, 101.2)
    assert (verdict.reason.value, stop.verb.value) == ("recovering", "stop")


@pytest.mark.parametrize("found", [DOWN, Local(LocalState.UNKNOWN)])
def test_what_is_not_up_any_more_is_not_ill_but_its_failures_count(found):
    ill = replace(UP, failures=(95.0,), problem="x", healthy=False, blocked="x", given_up="x", unreached=96.0)
    taken = taken_over(found, ill)
    assert (taken.healthy, taken.blocked) == (True, "")
    assert (taken.failures, taken.problem) == ((95.0,), "x")
    assert (taken.given_up, taken.unreached) == ("x", 96.0)


def test_what_is_claimed_after_the_change_of_processes_begins_with_all_its_attempts():
    node = successor(replace(DOWN, failures=(95.0,)))
    node.read(101.0, server1=(10, OWN), web=(20, replace(WEB, owner="")))
    node.memory.local["web"] = replace(node.memory.local["web"], failures=(95.0,))
    node.read(102.0, server1=(11, beat(OWN)), web=(21, replace(WEB, epoch=WEB.epoch + 1)))
    assert node.memory.local["web"].failures == ()


def test_a_standing_without_trouble_says_nothing_of_it():
    node = successor()
    node.read(101.0, server1=(10, OWN), web=(20, WEB))
    assert node.memory.standing().trouble == {}
