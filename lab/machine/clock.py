# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's own monotonic clock, which may run fast or slow, and timers that follow it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from lab.agent_site.standby_lab.clock import Reading


class Timer:
    """A callback that is due at a time of the node's clock."""

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Never call back."""
        self.cancelled = True


class Clock(ABC):
    """Seconds that never go back, and timers on them."""

    def __init__(self) -> None:
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    @abstractmethod
    def now(self) -> float:
        """Seconds on the node's clock."""

    @abstractmethod
    def _reschedule(self) -> None:
        """Make sure that the earliest timer is looked at when it is due."""

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once, that many seconds of this clock from now."""
        timer = Timer(self.now() + seconds, callback)
        heapq.heappush(self._timers, (timer.due, next(self._order), timer))
        self._reschedule()
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        woken = asyncio.get_running_loop().create_future()
        self.after(seconds, lambda: None if woken.done() else woken.set_result(None))
        await woken

    def _earliest(self) -> Timer | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][2] if self._timers else None

    def _run_due(self) -> None:
        while (timer := self._earliest()) and timer.due <= self.now():
            heapq.heappop(self._timers)
            timer.callback()


class ClockPage(Protocol):
    """Where a node's clocks are written down, for its processes too."""

    def read(self) -> Reading:
        """What it says now."""

    def write(self, reading: Reading) -> None:
        """Say something else."""


class _OwnPage:
    """A page that nobody else reads."""

    def __init__(self) -> None:
        self._reading = Reading(time.monotonic(), time.monotonic())

    def read(self) -> Reading:
        return self._reading

    def write(self, reading: Reading) -> None:
        self._reading = reading


class NodeClock(Clock):
    """The machine's monotonic clock times a rate; it stands still while the virtual machine is paused.

    Args:
        loop: where timers run.
        page: where it is written down; a boot begins it anew.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, page: ClockPage | None = None) -> None:
        super().__init__()
        self._loop = loop
        self._page = page or _OwnPage()
        self._page.write(Reading(time.monotonic(), time.monotonic()))
        self._handle: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Seconds on the node's clock."""
        return self._page.read().monotonic(time.monotonic())

    def wall(self) -> float:
        """Time of day as the node shows it, seconds since the epoch."""
        return time.time() + self._page.read().offset

    def set_rate(self, rate: float) -> None:
        """Run at another rate from now on."""
        self._page.write(replace(self._settled(), rate=rate))
        self._reschedule()

    def set_offset(self, seconds: float) -> None:
        """Show another time of day: that of this machine and so many seconds."""
        self._page.write(replace(self._page.read(), offset=seconds))

    def _settled(self) -> Reading:
        now, reading = time.monotonic(), self._page.read()
        return replace(reading, since=now, shown=reading.monotonic(now))

    def _reschedule(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None
        if timer := self._earliest():
            delay = max(0.0, timer.due - self.now()) / self._page.read().rate
            self._handle = self._loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        self._handle = None
        self._run_due()
        self._reschedule()

    def close(self) -> None:
        """Forget every timer."""
        self._timers.clear()
        self._reschedule()


class ManualClock(Clock):
    """A clock that stands still until it is told to go on: for tests that do not sleep."""

    def __init__(self, start: float = 1000.0) -> None:
        super().__init__()
        self._now = start

    def now(self) -> float:
        """Seconds, as last advanced to."""
        return self._now

    def _reschedule(self) -> None:
        """Nothing: timers run inside advance."""

    def advance(self, seconds: float) -> None:
        """Let that much time pass; timers run in order, each at its own time."""
        end = self._now + seconds
        while (timer := self._earliest()) and timer.due <= end:
            self._now = max(self._now, timer.due)
            self._run_due()
        self._now = end
