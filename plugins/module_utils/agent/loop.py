# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One thread on which everything is decided: calls from other threads, and timers on the monotonic clock."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable

Call = Callable[[], None]


class Loop:
    """Runs calls one after the other, in the order of their posting, and timers when they are due."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take the clock that timers run on, seconds."""
        self._monotonic = monotonic
        self._calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self._running = True

    def post(self, call: Call) -> None:
        """Have a call run on the loop's thread; from any thread."""
        self._calls.put(call)

    def after(self, seconds: float, call: Call) -> None:
        """Have a call run that many seconds from now; from the loop's own thread."""
        heapq.heappush(self._timers, (self._monotonic() + seconds, next(self._order), call))

    def stop(self) -> None:
        """End ``run`` after the call that is running; from any thread."""
        self.post(self._end)

    def _end(self) -> None:
        self._running = False

    def run(self) -> None:
        """Run until ``stop``. A timer never waits for calls: what is due comes first."""
        while self._running:
            self._run_due()
            if self._running:
                self._take()

    def _run_due(self) -> None:
        while self._running and self._timers and self._timers[0][0] <= self._monotonic():
            heapq.heappop(self._timers)[2]()

    def _take(self) -> None:
        """One call, waited for until the next timer is due."""
        wait = max(0.0, self._timers[0][0] - self._monotonic()) if self._timers else None
        try:
            call = self._calls.get(timeout=wait)
        except queue.Empty:
            return
        call()
