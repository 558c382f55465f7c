# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic of a lease: counted from the start of what surely took effect, and from nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.lease import Lease
from tests.support.ownership_snapshots import TIMERS

NEVER = float("-inf")
PEERS = ("server2", "server3")


def joined(started=100.0):
    lease = Lease(TIMERS)
    lease.join(3, started)
    return lease


def promises(lease, asked, *, now, of=PEERS):
    lease.ask(asked)
    for peer in of:
        lease.promise(peer, asked, now, PEERS)


# Renewals


def test_a_node_that_has_not_joined_does_not_serve():
    lease = Lease(TIMERS)

    assert not lease.serves(0.0)
    assert (lease.incarnation, lease.until, lease.renewed) == (0, NEVER, None)


def test_a_lease_counts_from_the_start_of_the_join():
    lease = joined(started=100.0)

    assert lease.until == 100.0 + TIMERS.ttl - TIMERS.margin
    assert (lease.incarnation, lease.renewed) == (3, 100.0)


def test_it_serves_until_the_end_and_no_longer():
    lease = joined(started=100.0)

    assert lease.serves(lease.until - 1e-6)
    assert not lease.serves(lease.until)


def test_a_renewal_counts_from_its_start():
    lease = joined(started=100.0)
    lease.confirm(101.0)

    assert (lease.until, lease.renewed) == (101.0 + TIMERS.lease, 101.0)


def test_an_earlier_renewal_that_is_confirmed_late_takes_nothing_away():
    lease = joined(started=100.0)
    lease.confirm(102.0)
    lease.confirm(101.0)

    assert (lease.until, lease.renewed) == (102.0 + TIMERS.lease, 102.0)


def test_a_lease_that_was_over_goes_on_with_a_confirmed_renewal():
    lease = joined(started=100.0)
    lease.confirm(120.0)

    assert lease.serves(121.0)


# Renewals without an answer


def test_a_renewal_without_an_answer_extends_nothing():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)

    assert lease.until == 100.0 + TIMERS.lease


def test_it_counts_from_its_start_once_it_was_read_back():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)

    assert lease.read_back(3, 8)
    assert lease.until == 101.0 + TIMERS.lease


@pytest.mark.parametrize(("incarnation", "beat"), [(3, 7), (3, 9), (2, 8), (4, 8)])
def test_another_beat_or_incarnation_read_back_extends_nothing(incarnation, beat):
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)

    assert not lease.read_back(incarnation, beat)
    assert lease.until == 100.0 + TIMERS.lease


def test_of_two_attempts_with_one_beat_the_earlier_counts():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)
    lease.unsure(3, 8, 102.0)
    lease.read_back(3, 8)

    assert lease.until == 101.0 + TIMERS.lease


def test_of_many_attempts_with_one_beat_the_earliest_counts():
    lease = joined(started=100.0)
    for attempt in range(12):
        lease.unsure(3, 8, 101.0 + attempt * TIMERS.tick)
    lease.read_back(3, 8)

    assert lease.until == 101.0 + TIMERS.lease


def test_a_renewal_read_back_twice_counts_once():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)
    lease.read_back(3, 8)

    assert not lease.read_back(3, 8)


def test_an_attempt_that_ends_after_its_beat_was_read_back_extends_nothing():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)
    lease.read_back(3, 8)
    lease.unsure(3, 8, 104.0)

    assert not lease.read_back(3, 8)
    assert lease.until == 101.0 + TIMERS.lease


def test_the_next_incarnation_counts_its_beats_anew():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 101.0)
    lease.read_back(3, 8)
    lease.join(4, 105.0)
    lease.unsure(4, 1, 106.0)

    assert lease.read_back(4, 1)
    assert lease.until == 106.0 + TIMERS.lease


# Promises


def test_promises_of_all_peers_extend_the_lease_from_the_question():
    lease = joined(started=100.0)
    promises(lease, 102.0, now=102.5)

    assert lease.until == 102.0 + TIMERS.lease
    assert lease.promised


@pytest.mark.parametrize("of", [(), PEERS[:1], PEERS[1:], ("server9", "server2")])
def test_one_peer_without_a_promise_and_nothing_is_extended(of):
    lease = joined(started=100.0)
    promises(lease, 102.0, now=102.5, of=of)

    assert lease.until == 100.0 + TIMERS.lease
    assert not lease.promised


def test_promises_for_different_questions_do_not_add_up():
    lease = joined(started=100.0)
    promises(lease, 101.0, now=101.1, of=PEERS[:1])
    promises(lease, 102.0, now=102.1, of=PEERS[1:])

    assert lease.until == 100.0 + TIMERS.lease


def test_a_late_answer_counts_from_its_own_question():
    lease = joined(started=100.0)
    lease.ask(101.0)
    lease.ask(102.0)
    lease.promise("server2", 101.0, 102.1, PEERS)
    lease.promise("server3", 102.0, 102.2, PEERS)

    assert lease.until == 101.0 + TIMERS.lease


def test_promises_do_not_revive_a_lease_that_is_over():
    lease = joined(started=100.0)
    promises(lease, 103.0, now=100.0 + TIMERS.lease)

    assert not lease.serves(103.5)


def test_promises_do_not_give_a_lease_to_who_has_not_joined():
    lease = Lease(TIMERS)
    promises(lease, 103.0, now=103.1)

    assert lease.until == NEVER


def test_older_promises_take_nothing_away_from_a_renewal():
    lease = joined(started=100.0)
    lease.ask(101.0)
    lease.confirm(102.0)
    for peer in PEERS:
        lease.promise(peer, 101.0, 102.5, PEERS)

    assert lease.until == 102.0 + TIMERS.lease
    assert not lease.promised


def test_a_renewal_takes_the_place_of_promises():
    lease = joined(started=100.0)
    promises(lease, 102.0, now=102.5)
    lease.confirm(103.0)

    assert lease.until == 103.0 + TIMERS.lease
    assert not lease.promised


def test_an_older_renewal_leaves_promises_as_they_are():
    lease = joined(started=100.0)
    promises(lease, 102.0, now=102.5)
    lease.confirm(101.0)

    assert lease.until == 102.0 + TIMERS.lease
    assert lease.promised


# Clocks that jump


def test_after_a_jump_only_a_moment_is_left():
    lease = joined(started=100.0)
    lease.jump(101.0)

    assert lease.jumped
    assert lease.until == 101.0 + TIMERS.doubt


def test_a_jump_makes_no_lease_longer():
    lease = joined(started=100.0)
    lease.jump(100.0 + TIMERS.lease - 0.1)

    assert lease.until == 100.0 + TIMERS.lease


def test_a_renewal_from_before_the_jump_extends_nothing():
    lease = joined(started=100.0)
    lease.jump(101.0)
    lease.confirm(100.9)

    assert lease.jumped
    assert lease.until == 101.0 + TIMERS.doubt


def test_a_renewal_from_before_the_jump_that_is_read_back_extends_nothing():
    lease = joined(started=100.0)
    lease.unsure(3, 8, 100.9)
    lease.jump(101.0)
    lease.read_back(3, 8)

    assert lease.jumped
    assert lease.until == 101.0 + TIMERS.doubt


@pytest.mark.parametrize("asked_again", [True, False])
def test_promises_asked_for_before_the_jump_extend_nothing(asked_again):
    lease = joined(started=100.0)
    lease.ask(100.8)
    lease.promise("server2", 100.8, 100.9, PEERS)
    lease.jump(101.0)
    if asked_again:
        lease.ask(101.1)
    lease.promise("server3", 100.8, 101.2, PEERS)
    lease.promise("server2", 100.8, 101.2, PEERS)

    assert lease.until == 101.0 + TIMERS.doubt


def test_a_renewal_begun_after_the_jump_ends_the_doubt():
    lease = joined(started=100.0)
    lease.jump(101.0)
    lease.confirm(101.0)

    assert not lease.jumped
    assert lease.until == 101.0 + TIMERS.lease


def test_a_second_jump_makes_the_moment_no_longer():
    lease = joined(started=100.0)
    lease.jump(101.0)
    lease.jump(101.4)

    assert lease.until == 101.0 + TIMERS.doubt


# Its end


def test_what_has_ended_serves_no_more_and_says_why():
    lease = joined(started=100.0)
    promises(lease, 101.0, now=101.1)
    lease.end("server2 has fenced it")

    assert not lease.serves(101.2)
    assert (lease.lost, lease.until, lease.promised) == ("server2 has fenced it", NEVER, False)


def test_promises_do_not_revive_what_has_ended():
    lease = joined(started=100.0)
    lease.end("server2 has fenced it")
    promises(lease, 101.0, now=101.1)

    assert not lease.serves(101.2)


def test_a_later_incarnation_starts_anew():
    lease = joined(started=100.0)
    lease.end("server2 has fenced it")
    lease.join(4, 110.0)

    assert (lease.incarnation, lease.lost, lease.until) == (4, "", 110.0 + TIMERS.lease)


# The invariant

steps = st.lists(
    st.tuples(
        st.sampled_from(["answered", "lost answer", "lost write", "read", "jump", "ask", "promise", "pass"]),
        st.floats(0, 2.0),
        st.sampled_from(PEERS),
    ),
    max_size=60,
)


class Register:
    """The store's side of a lease: what really took effect, and when it began."""

    def __init__(self):
        self.lease = Lease(TIMERS)
        self.now = 100.0
        self.beat = self.known = 0
        self.began = NEVER  # start of the write that made the record as it is
        self.begun = {}  # beat -> start of the write that made it
        self.asked = None
        self.round = {}
        self.promised = NEVER  # question of the last complete round
        self.jumped = NEVER
        self.unanswered = 0

    def step(self, kind, passed, peer):
        started, self.now = self.now, self.now + passed
        if kind == "answered":
            if self.write(started):
                self.known = self.beat
                self.lease.join(3, started)
        elif kind in ("lost answer", "lost write"):
            # As many as are remembered: each takes a store_timeout, and the lease is over by then.
            if self.unanswered < 8:
                self.unanswered += 1
                self.lease.unsure(3, self.known + 1, started)
                if kind == "lost answer":
                    self.write(started)
        elif kind == "read":
            self.known, self.unanswered = self.beat, 0
            if self.lease.incarnation:
                self.lease.read_back(3, self.beat)
        elif kind == "jump":
            self.jumped = self.now
            self.lease.jump(self.now)
        elif kind == "ask":
            self.asked, self.round = started, {}
            self.lease.ask(started)
        elif kind == "promise" and self.asked is not None:
            self.round[peer] = self.asked
            if len(self.round) == len(PEERS):
                self.promised = self.asked
            self.lease.promise(peer, self.asked, self.now, PEERS)

    def write(self, started):
        """A compare-and-swap on the version that the node knows."""
        if self.beat != self.known:
            return False
        self.beat += 1
        self.began = started
        return True


@given(steps)
def test_no_lease_is_longer_than_what_really_took_effect(course):
    world = Register()

    for step in course:
        world.step(*step)

        assert world.lease.until <= max(world.began, world.promised) + TIMERS.lease


@given(steps)
def test_after_a_jump_a_lease_rests_on_what_began_after_it(course):
    world = Register()

    for step in course:
        world.step(*step)

        fresh = max(world.began, world.promised) >= world.jumped
        assert fresh or world.lease.until <= world.jumped + TIMERS.doubt
