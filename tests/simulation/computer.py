# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated machine: power, clocks, suspension, and what Windows keeps when the agent dies.

That is started sites, mounted disks, and addresses until the end of their lifetimes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.timeline import Clock

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(slots=True)
class Service:
    """A hierarchy on a machine, as the world sees it.

    Attributes:
        sites: they are started.
        address_ends: monotonic clock of the machine at which Windows drops its address; 0 where there is
            none.
        disk: its disk is online here.
        broken: it cannot serve here: starts fail, and what serves becomes unhealthy.
        data: version of its data here.
        work: number of the operation that the hands are at; an older one has no effect any more.
    """

    sites: bool = False
    address_ends: float = 0.0
    disk: bool = False
    broken: bool = False
    data: int = 0
    work: int = 0


class Computer(ABC):
    """A machine.

    Attributes:
        powered: it is on.
        paused_until: true time at which its agent goes on.
        suspended_until: true time at which it goes on as a whole.
        untold: nothing tells it of its last suspension, since its wall clock shows no gap: that stood still
            as well, or was set meanwhile.
    """

    def __init__(self, world: World, name: str, clock: Clock) -> None:
        self.world = world
        self.name = name
        self.clock = clock
        self.powered = False
        self.services = {rules.name: Service() for rules in world.cluster.hierarchies if name in rules.nodes}
        self.paused_until = 0.0
        self.suspended_until = 0.0
        self.untold = False
        self._wall_stands = False
        self._step_before = 0.0
        self._suspended_at: float | None = None
        self._life = 0

    # What the world sees

    def visible(self, hierarchy: str) -> bool:
        """A client would be answered."""
        service = self.services[hierarchy]
        return (
            service.sites
            and self.powered
            and self.world.timeline.now >= self.suspended_until
            and self.clock.mono() < service.address_ends
        )

    @abstractmethod
    def think(self) -> None:
        """What the agent does when it goes on."""

    def pause(self, seconds: float) -> None:
        """The agent's process stands still; the machine goes on."""
        self.paused_until = self.world.timeline.now + seconds
        self.world.blind(self)

    def suspend(self, seconds: float, *, wall: bool = False) -> None:
        """The machine stands still, and its monotonic clock with it; ``wall``: its wall clock, too."""
        now = self.world.timeline.now
        if now >= self.suspended_until:
            self._wall_stands, self._step_before = wall, self.clock.step
            self._suspended_at, self.suspended_until = now, now + seconds
            self.world.timeline.at(self.suspended_until, self.end_suspension)

    def end_suspension(self) -> None:
        """The machine goes on, with clocks that know nothing of it."""
        now = self.world.timeline.now
        if self._suspended_at is None or not self.powered:
            return
        stood_still = now - self._suspended_at
        self.clock.stopped(stood_still)
        if self._wall_stands:
            self.clock.step -= stood_still
        gap = stood_still + self.clock.step - self._step_before
        self.untold = abs(gap) <= self.world.timers.jump
        self._suspended_at, self.suspended_until = None, now
        self.world.suspended(self)
        self._later(self.world.random.uniform(0.0, self.world.timers.tick), self.think, self._life)
        for hierarchy in self.services:
            self.world.changed(hierarchy, self)

    @property
    def life(self) -> int:
        """Another one for each process of its agent."""
        return self._life

    def frozen(self) -> float:
        """True time at which the agent goes on, 0 where it is not held up."""
        now = self.world.timeline.now
        until = max(self.paused_until, self.suspended_until)
        return until if until > now else 0.0

    # Time

    def _later(self, delay: float, work: Callable[[], None], life: int) -> None:
        """After so many seconds of the own monotonic clock."""
        target = self.clock.mono() + delay

        def event() -> None:
            if life != self._life:
                return
            until = self.frozen()
            if until:
                self.world.timeline.at(until, event)
            elif self.clock.mono() < target - 1e-6:
                self.world.timeline.at(self.clock.true(target), event)
            else:
                work()

        self.world.timeline.at(self.clock.true(target), event)

    def _message(self, delay: float, work: Callable[[], None], life: int) -> None:
        """A message arrives after so many true seconds, and is taken when the agent goes on."""

        def event() -> None:
            if life != self._life:
                return
            until = self.frozen()
            if until:
                self.world.timeline.at(until, event)
            else:
                work()

        self.world.timeline.after(delay, event)
