# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one thread of an agent, played by the test: time passes when told, and other threads' calls wait."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from queue import Empty, Queue


class PlayedCaller:
    """A ``Caller`` on a clock that stands still.

    Args:
        spread: what becomes of the interval between two rounds.
    """

    def __init__(self, spread: Callable[[float], float] = float) -> None:
        self.now = 100.0
        self.spread = spread
        self.posted: Queue[Callable[[], None]] = Queue()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def monotonic(self) -> float:
        return self.now

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self.now + seconds, next(self._order), call))

    def post(self, call: Callable[[], None]) -> None:
        self.posted.put(call)

    def receive(self, calls: int = 1) -> None:
        """Take in so many calls of other threads, and wait for them in real time where they are not there."""
        for _each in range(calls):
            self.posted.get(timeout=20)()

    def drain(self) -> int:
        """Take in what is there already."""
        taken = 0
        while True:
            try:
                self.posted.get_nowait()()
            except Empty:
                return taken
            taken += 1

    def pass_time(self, seconds: float) -> None:
        """Let time pass: what is due happens in its order, and nothing of other threads is taken in."""
        end = self.now + seconds
        while self._later and self._later[0][0] <= end:
            self.now, _order, call = heapq.heappop(self._later)
            call()
        self.now = end
