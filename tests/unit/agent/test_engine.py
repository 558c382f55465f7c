# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: what it makes of a witness that fails or is slow. The simulation plays all else."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.engine import Engine, Ports
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    StoreOutage,
    Versioned,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Membership,
    Rules,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS

TIMERS = PRESETS["lan"]
WORDS = "the witness \\\\files\\web$ refuses the credentials (Logon failure)"


def after_a_read_that_fails(outage: StoreOutage) -> str:
    """What the agent says once the time of a read is over that the store has ended with an outage."""
    waiting: dict[float, Callable[[], None]] = {}
    ports = Mock(Ports)
    ports.monotonic.return_value = ports.wall.return_value = 100.0
    ports.minute.return_value = 0
    ports.spread.return_value = TIMERS.interval / 2
    ports.after.side_effect = waiting.__setitem__
    ports.list.side_effect = lambda done: done(outage)
    memory = Memory("server1", "a", Membership(("server1",), (Rules("Shop", ("server1",)),)), TIMERS)
    Engine(memory, ports).round()
    waiting[TIMERS.store_timeout]()
    (_snapshot, decision), _more = ports.decided.call_args
    return decision.verdicts[0].sentence


@pytest.mark.parametrize(
    ("permanent", "more"), [(False, ""), (True, "; this does not pass by itself: correct the account")]
)
def test_an_outage_that_waiting_does_not_end_is_told_with_its_remedy(permanent: bool, more: str):
    outage = StoreOutage(WORDS, remedy="Correct the account", permanent=permanent)
    assert after_a_read_that_fails(outage) == f"server1 must not serve: {WORDS}{more}"


class Slow:
    """Ports on a clock that only timers move, and a witness that takes ``seconds`` for everything.

    As on a node, one read is made at a time, and a further one is never answered. The first write is refused.

    Attributes:
        outages: what was said of the witness, once it had been read.
        reads: when reads began.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 100.0
        self.ports = Mock(Ports)
        self.ports.monotonic.side_effect = self.ports.wall.side_effect = lambda: self.now
        self.ports.minute.return_value = 0
        self.ports.spread.side_effect = lambda interval: 0.95 * interval
        self.ports.after.side_effect = self.after
        self.ports.list.side_effect = self.list
        self.ports.put.side_effect = self.put
        self.ports.decided.side_effect = self.decided
        self.outages: list[tuple[float, str]] = []
        self.reads: list[float] = []
        self._stored: dict[str, Versioned] = {}
        self._refused = self._busy = False
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.now + seconds, next(self._order), call))

    def list(self, done):
        if self._busy:
            return
        self._busy = True
        self.reads.append(self.now)
        found = dict(self._stored)

        def answer():
            self._busy = False
            done(found)

        self.after(self.seconds, answer)

    def put(self, write, text, done):
        version = None
        if self._refused:
            version = write.version + 1
            self._stored[write.key] = Versioned(version, text)
        self._refused = True
        self.after(self.seconds, lambda: done(version))

    def decided(self, snapshot, _decision):
        if snapshot.outage and len(self.reads) > 1:
            self.outages.append((self.now, snapshot.outage))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers[0][0] <= end:
            self.now, _number, call = heapq.heappop(self._timers)
            call()
        self.now = end


@pytest.mark.parametrize("seconds", [0.4, 0.6, 0.97])
def test_a_witness_that_answers_in_time_is_not_told_to_be_away(seconds: float):
    """A refused write asks for a read, and a round comes, while one is under way: they wait for it."""
    world = Slow(seconds)
    memory = Memory("server1", "a", Membership(("server1",), (Rules("Shop", ("server1",)),)), TIMERS)
    memory.local["Shop"] = Local(LocalState.DOWN)
    engine = Engine(memory, world.ports)
    engine.round()
    for _tick in range(40):
        world.run(TIMERS.tick)
        engine.think()
    assert world.outages == []
    assert memory.serves(world.now)
    assert all(
        later - earlier <= TIMERS.interval + 0.01 for earlier, later in itertools.pairwise(world.reads)
    )
