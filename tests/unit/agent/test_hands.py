# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's hands: nothing becomes visible without a lease, and an urgent stop waits for nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from queue import SimpleQueue
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import addresses, hands
from ansible_collections.standby.iis.plugins.module_utils.agent.hands import Hands
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import StandbyMode
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Reason, Verb
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, lifetime
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from tests.support.ha_world import WHOLE, World

TIMERS = PRESETS["lan"]
NOW = 100.0
START = Do(Verb.START, "Shop", 3, Reason.STARTING, "server1 owns it")
STOP = Do(Verb.STOP, "Shop", 3, Reason.RECOVERING, "it is restarted there")
URGENT = Do(Verb.STOP, "Shop", 3, Reason.NO_STANDING, "server1 must not serve")
BOTH = {"10.0.0.50", "10.0.0.51"}


class Lease:
    """One that goes on until it is ended; ``until`` may still lie ahead then, as after a jump of clocks."""

    def __init__(self) -> None:
        self.until = NOW + TIMERS.lease
        self.over = False

    def serves(self, now: float) -> bool:
        return not self.over and now < self.until


class Bench:
    """Hands on server1 of a world without Windows.

    Attributes:
        told: what they report: state and problem.
        dropped: addresses that were taken away beside the steps of a plan.
        before: called with each step before it is done.
    """

    def __init__(self, monkeypatch, hierarchy=WHOLE) -> None:
        self.world, self.lease = World(), Lease()
        self.server = self.world.servers["server1"]
        self.told: SimpleQueue[tuple[LocalState, str]] = SimpleQueue()
        self.dropped: SimpleQueue[str] = SimpleQueue()
        self.before = Mock()
        monkeypatch.setattr(hands, "gather", lambda node, _scope: self.world.facts()[node.name])
        monkeypatch.setattr(hands, "operate", self._operate)
        monkeypatch.setattr(addresses, "remove_address", self._drop)
        clock = Mock()
        clock.monotonic.return_value = NOW
        node = Node("server1", None, None)
        self.hands = Hands(
            node, node, {"Shop": hierarchy}, TIMERS, self.lease, self._told, lambda call: call(), clock
        )

    def _operate(self, _node, step, _clock):
        self.before(step)
        self.world.perform(step)

    def _drop(self, _node, address):
        self.server.addresses.discard(address)
        self.dropped.put(address)

    def _told(self, _hierarchy, state, problem):
        self.told.put((state, problem))

    def ends(self) -> tuple[LocalState, str]:
        """The next report."""
        return self.told.get(timeout=20)


@pytest.fixture
def bench(monkeypatch):
    made = Bench(monkeypatch)
    yield made
    made.hands.close()


def test_what_is_started_is_up_and_told(bench):
    bench.hands.begin(START)
    assert bench.ends() == (LocalState.UP, "")
    assert bench.server.held == World().up("server1").servers["server1"].held


def test_without_a_lease_neither_address_nor_site_comes_up(bench):
    bench.lease.over = True
    bench.hands.begin(START)
    state, problem = bench.ends()
    assert (state, bench.server.addresses, bench.server.sites) == (LocalState.STARTING, set(), set())
    assert problem == "the node's lease is over, and nothing may become visible"


def test_a_lease_that_ends_under_way_lets_no_site_come_up(bench):
    def end(step):
        bench.lease.over = bench.lease.over or step.action is Action.WAIT_ADDRESS

    bench.before.side_effect = end
    bench.hands.begin(START)
    state, problem = bench.ends()
    assert (state, bench.server.addresses, bench.server.sites) == (LocalState.STARTING, BOTH, set())
    assert "lease is over" in problem


def test_a_lease_that_ends_under_way_lets_no_warm_site_be_woken(monkeypatch):
    warm = tuple(replace(site, standby_mode=StandbyMode.WARM) for site in WHOLE.sites)
    bench = Bench(monkeypatch, replace(WHOLE, volumes=(), sites=warm))
    bench.server.sites = {site.name for site in warm}
    done = []

    def end(step):
        done.append(step.action)
        bench.lease.over = bench.lease.over or step.action is Action.WAIT_ADDRESS

    bench.before.side_effect = end
    bench.hands.begin(START)
    _state, problem = bench.ends()
    bench.hands.close()
    assert Action.WAIT_ADDRESS in done
    assert Action.WAKE_SITE not in done
    assert "lease is over" in problem


def test_an_address_is_added_and_added_again_with_the_lifetime_that_is_left_at_that_moment(bench):
    given = {}

    def note(step):
        if "lifetime" in step.arguments:
            given[step.action] = step.arguments["lifetime"]

    bench.before.side_effect = note
    bench.hands.begin(START)
    bench.ends()
    assert set(given) == {Action.ADD_ADDRESS, Action.WAIT_ADDRESS}
    for until in (NOW + TIMERS.lease, NOW + 1.5):
        bench.lease.until = until
        rest = timedelta(seconds=lifetime(TIMERS, until, NOW))
        assert [one() for one in given.values()] == [rest, rest]


@pytest.mark.parametrize(
    ("until", "over"),
    [(NOW + TIMERS.lease, True), (NOW - 0.5, False), (NOW - TIMERS.margin, False)],
    ids=["doubted", "over by a moment", "over by far"],
)
def test_no_address_gets_a_lifetime_when_the_node_may_not_serve(bench, until, over):
    """The lease may be doubted, after a jump of clocks, or just over, while a lifetime would be left."""
    bench.lease.until, bench.lease.over = until, over
    with pytest.raises(StandbyError, match="lease is over"):
        bench.hands.rest()


def test_an_urgent_stop_takes_the_addresses_away_beside_a_start_that_hangs(bench):
    held, goes_on = threading.Event(), threading.Event()

    def hang(step):
        if step.action is Action.START_SITE:
            held.set()
            goes_on.wait(20)

    bench.before.side_effect = hang
    bench.hands.begin(START)
    assert held.wait(20)
    bench.hands.begin(URGENT)
    try:
        assert {bench.dropped.get(timeout=5) for _each in BOTH} == BOTH
    finally:
        goes_on.set()
    assert bench.ends() == (LocalState.DOWN, "")
    assert bench.server.held == set()


def test_a_stop_that_becomes_urgent_takes_the_addresses_away_at_once(bench):
    held, goes_on = threading.Event(), threading.Event()

    def hang(step):
        held.set()
        goes_on.wait(20)

    bench.world.up("server1")
    bench.before.side_effect = hang
    bench.hands.begin(STOP)
    assert held.wait(20)
    assert bench.dropped.empty()
    bench.hands.hurry("Shop")
    try:
        assert {bench.dropped.get(timeout=5) for _each in BOTH} == BOTH
    finally:
        goes_on.set()
    assert bench.ends() == (LocalState.DOWN, "")
