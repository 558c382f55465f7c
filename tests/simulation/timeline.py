# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time: events in order, on a true clock that no node can see."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

Event = Callable[[], None]


class Timeline:
    """What happens when."""

    __slots__ = ("_count", "_events", "now")

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Event]] = []
        self._count = 0

    def at(self, when: float, event: Event) -> None:
        """Let something happen at a time (true clock, seconds), or now where that is past."""
        self._count += 1
        heapq.heappush(self._events, (when if when > self.now else self.now, self._count, event))

    def after(self, delay: float, event: Event) -> None:
        """Let something happen after a delay, seconds."""
        self.at(self.now + delay, event)

    def run(self, until: float, enough: Callable[[], bool] | None = None) -> bool:
        """Go on until a time, or until ``enough`` holds; True where it held."""
        events = self._events
        while events and events[0][0] <= until:
            self.now, _order, event = heapq.heappop(events)
            event()
            if enough is not None and enough():
                return True
        self.now = until
        return False


@dataclass(slots=True)
class Clock:
    """The clocks of one machine: a monotonic one that may run at another rate and stop, and a wall clock.

    Attributes:
        rate: seconds of the machine in one true second.
        offset: what makes the monotonic clock differ from the true one, besides the rate.
        step: what was added to the wall clock by somebody who set it.
    """

    timeline: Timeline
    rate: float = 1.0
    offset: float = 0.0
    step: float = 0.0

    def mono(self) -> float:
        """The monotonic clock."""
        return self.timeline.now * self.rate + self.offset

    def wall(self) -> float:
        """The wall clock; a real-time clock keeps it running while the machine is suspended."""
        return self.timeline.now + self.step

    def true(self, mono: float) -> float:
        """The true time at which the monotonic clock shows a value, if it does not stop before."""
        return (mono - self.offset) / self.rate

    def stopped(self, seconds: float) -> None:
        """The monotonic clock has stood still for so many true seconds."""
        self.offset -= seconds * self.rate
