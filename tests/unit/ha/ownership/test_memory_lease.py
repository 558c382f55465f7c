# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers of its own lease, of promises, and of writes that may yet take effect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    NodeRecord,
    NodeState,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from tests.support.ownership_memory import NEWER, OWN, PEER, WEB, Node, beat, write_of
from tests.support.ownership_snapshots import TIMERS, cluster, rules

# The own lease


def test_a_join_gives_a_lease_from_its_start():
    node = Node()
    node.write(Purpose.JOIN, OWN, 0, at=100.0, took=0.9, becomes=1)

    own = node.look(101.0).own
    assert (own.incarnation, own.renewed, own.until) == (3, 100.0, 100.0 + TIMERS.lease)
    assert node.memory.serves(101.0)


def test_a_renewal_extends_it_from_its_start():
    node = Node().join()
    node.write(Purpose.RENEW, beat(OWN), 10, at=101.0, took=0.9, becomes=11)

    assert node.memory.until == 101.0 + TIMERS.lease


def test_an_attempt_is_remembered_before_it_is_answered():
    node = Node().join()
    node.memory.writing(write_of(Purpose.RENEW, beat(OWN), 10), 101.0)

    assert node.look(101.1).own.attempted == 101.0


def test_writes_of_other_records_extend_nothing():
    node = Node().join()
    node.write(Purpose.CLAIM, WEB, 0, at=102.0, becomes=1)
    node.write(Purpose.FENCE, replace(PEER, state=NodeState.FENCED), 0, at=102.0, becomes=1)

    assert node.memory.until == 100.0 + TIMERS.lease


def test_a_renewal_without_an_answer_extends_nothing_before_it_is_read():
    node = Node().join()
    renewal = write_of(Purpose.RENEW, beat(OWN), 10)
    node.memory.writing(renewal, 101.0)
    node.memory.unanswered(renewal, 101.0)
    assert node.memory.until == 100.0 + TIMERS.lease

    node.read(102.0, server1=(11, beat(OWN)))
    assert node.memory.until == 101.0 + TIMERS.lease


def test_a_refused_renewal_extends_nothing():
    node = Node().join()
    renewal = write_of(Purpose.RENEW, beat(OWN), 10)
    node.memory.writing(renewal, 101.0)
    node.memory.refused(renewal, 101.5)

    assert node.memory.until == 100.0 + TIMERS.lease


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (replace(OWN, state=NodeState.FENCED, by="server2"), "server2 has fenced it"),
        (replace(OWN, state=NodeState.LEFT), "it has left"),
        (replace(OWN, instance="p9"), "another agent has joined under its name"),
        (replace(OWN, incarnation=4, instance="p9"), "another agent has joined under its name"),
        ("{", "the record of node server1 is damaged or foreign"),
        (NEWER, "the record of node server1 has format 2"),
    ],
    ids=["fenced", "left", "instance", "incarnation", "damaged", "newer"],
)
def test_standing_ends_when_the_own_record_says_otherwise(record, why):
    node = Node().join()
    node.read(101.0, server1=(11, record))

    own = node.look(101.2).own
    assert own.lost.startswith(why)
    assert not node.memory.serves(101.2)


def test_standing_ends_when_the_own_record_has_vanished():
    node = Node().join()
    node.read(101.0)

    assert node.look(101.2).own.lost == "its record has vanished"


def test_leaving_ends_standing():
    node = Node().join()
    node.write(Purpose.LEAVE, replace(OWN, state=NodeState.LEFT), 10, at=101.0, becomes=11)

    assert node.look(101.2).own.lost == "it has left"
    assert not node.memory.serves(101.2)


def test_clocks_that_drift_apart_while_promises_are_renewed_have_not_jumped():
    node, ahead = Node(), 5000.0
    node.memory.clocks(100.0, 100.0 + ahead)
    node.join()
    for second in range(101, 200):
        ahead += TIMERS.jump / 10
        assert not node.memory.clocks(float(second), second + ahead)
        node.memory.asked(float(second))
        node.memory.promised("server2", float(second), second + 0.1)
        assert node.memory.serves(second + 0.2)
    assert node.memory.clocks(200.0, 200.0 + ahead + 1.1 * TIMERS.jump)


def test_a_promise_does_not_make_up_for_a_jump():
    node = Node()
    node.memory.clocks(100.0, 5100.0)
    node.join()
    node.memory.asked(101.0)
    assert node.memory.clocks(101.5, 5101.5 + 2 * TIMERS.jump)
    node.memory.promised("server2", 101.0, 101.6)
    node.memory.asked(101.7)
    node.memory.promised("server2", 101.7, 101.8)
    assert node.look(101.9).own.jumped


def test_a_node_joins_again_after_it_was_fenced():
    node = Node().join()
    node.read(101.0, server1=(11, replace(OWN, state=NodeState.FENCED, by="server2")))
    node.write(Purpose.JOIN, replace(OWN, incarnation=4), 11, at=105.0, becomes=12)

    own = node.look(105.2).own
    assert (own.incarnation, own.lost, own.until) == (4, "", 105.0 + TIMERS.lease)


def late_answer():
    """A renewal took effect, a peer fenced the node later on, and the answers come in the other order."""
    node = Node().join()
    renewal = write_of(Purpose.RENEW, beat(OWN), 10)
    node.memory.writing(renewal, 101.0)
    tombstone = replace(beat(OWN), state=NodeState.FENCED, by="server2")
    node.read(101.1, server1=(12, tombstone), server2=(7, PEER), web=(3, WEB))
    node.memory.local["web"] = Local(LocalState.DOWN)
    node.memory.written(renewal, 101.0, 108.0, 11)
    return node


def test_an_answer_that_comes_after_the_fence_was_seen_revives_nothing():
    assert late_answer().look(108.1).own.lost == "server2 has fenced it"


def test_a_tombstone_is_never_renewed():
    writes = [one for one in decide(late_answer().look(108.1)).actions if isinstance(one, Write)]

    assert [one.purpose for one in writes if one.key == "nodes/server1"] != [Purpose.RENEW]


# Promises


def test_promises_of_all_peers_extend_the_lease():
    node = Node().join()
    node.memory.asked(102.0)
    node.memory.promised("server2", 102.0, 102.2)

    own = node.look(102.3).own
    assert (own.asked, own.promised, own.until) == (102.0, True, 102.0 + TIMERS.lease)


def test_a_peer_that_was_not_asked_is_not_enough():
    node = Node(of=cluster(rules(nodes=("server1", "server2", "server3")))).join()
    node.memory.asked(102.0)
    node.memory.promised("server2", 102.0, 102.2)
    node.memory.promised("server9", 102.0, 102.2)

    assert node.memory.until == 100.0 + TIMERS.lease


def test_a_promise_binds_for_a_ttl_from_when_it_is_given():
    node = Node()
    node.read(100.0, server2=(7, PEER))

    assert node.memory.grant("server2", 8, 107.0)
    assert node.look(107.1).given == {"server2": 107.0 + TIMERS.ttl}


def test_a_later_promise_binds_for_longer():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.memory.grant("server2", 8, 107.0)
    node.memory.grant("server2", 8, 108.0)

    assert node.look(108.1).given == {"server2": 108.0 + TIMERS.ttl}


def test_a_new_process_promises_nothing_while_a_fence_of_its_forerunner_may_be_on_its_way():
    node = Node()
    assert not node.memory.grant("server2", 8, 99.0)
    node.read(100.0, server2=(7, PEER))

    assert not node.memory.grant("server2", 8, 100.1 + TIMERS.ttl - 0.01)
    assert node.look(106.0).given == {}
    assert node.memory.grant("server2", 8, 100.1 + TIMERS.ttl)


@pytest.mark.parametrize(
    ("peer", "incarnation", "record"),
    [
        ("server3", 1, PEER),
        ("server2", 7, PEER),
        ("server2", 9, PEER),
        ("server2", 8, replace(PEER, state=NodeState.FENCED)),
        ("server2", 8, replace(PEER, state=NodeState.LEFT)),
        ("server2", 8, "{"),
    ],
    ids=["unknown", "earlier", "later", "fenced", "left", "never understood"],
)
def test_no_promise_is_given_to_who_is_not_known_to_be_alive(peer, incarnation, record):
    node = Node()
    node.read(100.0, server2=(7, record))

    assert not node.memory.grant(peer, incarnation, 107.0)
    assert node.look(107.1).given == {}


def test_no_promise_is_given_while_a_fence_is_under_way():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    tombstone = write_of(Purpose.FENCE, replace(PEER, state=NodeState.FENCED), 7)
    node.memory.writing(tombstone, 107.0)
    assert not node.memory.grant("server2", 8, 107.1)

    node.memory.refused(tombstone, 107.2)
    assert node.memory.grant("server2", 8, 107.3)


def test_a_fence_of_one_peer_is_no_matter_for_another():
    node = Node()
    node.read(100.0, server2=(7, PEER), server3=(7, NodeRecord("server3", 1, "p3")))
    node.memory.writing(write_of(Purpose.FENCE, replace(PEER, state=NodeState.FENCED), 7), 107.0)

    assert node.memory.grant("server3", 1, 107.1)


# Clocks


AHEAD = 5000.0  # of the monotonic clock is the wall clock


def told(node: Node, now: float, ahead: float = AHEAD) -> bool:
    return node.memory.clocks(now, now + ahead)


@pytest.mark.parametrize("by", [0.26, -0.26, 3600.0])
def test_clocks_that_part_leave_a_moment(by):
    node = Node()
    told(node, 99.0)
    node.join()

    assert told(node, 101.0, AHEAD + by)
    own = node.look(101.1).own
    assert own.jumped
    assert own.until == 101.0 + TIMERS.doubt


def test_clocks_that_go_together_as_well_as_clocks_do_change_nothing():
    node = Node()
    assert not told(node, 99.0)
    node.join()

    assert not told(node, 101.0, AHEAD + TIMERS.jump)
    assert not node.look(101.1).own.jumped


def test_a_jump_is_told_once():
    node = Node()
    told(node, 99.0)
    node.join()
    told(node, 101.0, AHEAD + 10)

    assert not told(node, 101.2, AHEAD + 10)


def renewed(node: Node, started: float, ended: float, ahead: float) -> None:
    own = node.memory.snapshot(started).nodes["server1"]
    write = write_of(Purpose.RENEW, replace(own.record, beat=own.record.beat + 1), own.version)
    node.memory.clocks(started, started + ahead)
    node.memory.writing(write, started)
    node.memory.clocks(ended, ended + ahead)
    node.memory.written(write, started, ended, own.version + 1)


def test_clocks_may_part_slowly_from_one_renewal_to_the_next():
    node = Node()
    told(node, 99.0)
    node.join()
    for number in range(1, 6):
        renewed(node, 100.0 + number, 100.1 + number, AHEAD + 0.2 * number)

    assert not node.look(105.2).own.jumped


def test_clocks_must_not_part_that_slowly_without_a_renewal():
    node = Node()
    told(node, 99.0)
    node.join()

    assert [told(node, 100.0 + number, AHEAD + 0.1 * number) for number in range(1, 4)] == [
        False,
        False,
        True,
    ]


# Who may be named as having the newest data

MIRRORED = replace(WEB, current=("server1",))


def test_who_stands_in_the_record_is_waited_for():
    node = Node()
    node.read(100.0, web=(7, MIRRORED))

    assert node.memory.current("web") == {"server1"}


@pytest.mark.parametrize("record", [WEB, None])
def test_nobody_is_waited_for_where_nothing_is_mirrored(record):
    node = Node()
    if record is not None:
        node.read(100.0, web=(7, record))

    assert node.memory.current("web") == frozenset()


@pytest.mark.parametrize("answered", [True, False])
def test_who_stands_in_a_write_that_may_take_effect_is_waited_for(answered):
    node = Node()
    node.read(100.0, web=(7, MIRRORED))
    mark = write_of(Purpose.MARK, replace(MIRRORED, current=("server1", "server2")), 7)
    node.memory.writing(mark, 101.0)
    if not answered:
        node.memory.unanswered(mark, 101.0)

    assert node.memory.current("web") == {"server1", "server2"}


def test_a_write_on_a_version_that_is_no_more_is_forgotten():
    node = Node()
    node.read(100.0, web=(7, MIRRORED))
    mark = write_of(Purpose.MARK, replace(MIRRORED, current=("server1", "server2")), 7)
    node.memory.writing(mark, 101.0)
    node.memory.unanswered(mark, 101.0)
    node.read(102.0, web=(8, MIRRORED))

    assert node.memory.current("web") == {"server1"}


def test_who_stood_in_a_record_that_is_damaged_now_is_waited_for():
    node = Node()
    node.read(100.0, web=(7, MIRRORED))
    node.read(101.0, web=(8, "{"))

    assert node.memory.current("web") == {"server1"}


def test_a_release_without_an_answer_stays_unsure_until_somebody_has_written_over_it():
    node = Node()
    node.read(100.0, web=(5, WEB))
    release = write_of(Purpose.RELEASE, replace(WEB, owner=""), 5)
    node.memory.writing(release, 101.0)
    assert not node.memory.snapshot(101.0).unsure

    node.memory.unanswered(release, 101.0)
    node.read(102.0, web=(5, WEB))
    assert node.memory.snapshot(103.0).unsure == {"web"}

    node.read(104.0, web=(6, WEB))
    assert not node.memory.snapshot(105.0).unsure
