# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hands of a simulated agent: they start and stop, and keep addresses as long as the lease."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Verb
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import lifetime
from tests.simulation.computer import Computer
from tests.simulation.timeline import Clock

if TYPE_CHECKING:
    from tests.simulation.world import World


class Hands(Computer):
    """Works on the services of its machine.

    Attributes:
        memory: of the agent; None while it does not run.
        slow_stop: factor by which stopping takes longer than usual.
    """

    def __init__(self, world: World, name: str, clock: Clock) -> None:
        super().__init__(world, name, clock)
        self.memory: Memory | None = None
        self.slow_stop = 1.0

    def do(self, action: Do) -> None:
        """Begin to start or stop a hierarchy, unless that is under way."""
        memory = self.memory
        assert memory is not None
        state = memory.local[action.hierarchy].state
        if action.verb is Verb.START and state is LocalState.DOWN:
            self.world.note(self, f"start {action.hierarchy}: {action.sentence}")
            self._start(action.hierarchy)
        elif action.verb is Verb.STOP and (
            state not in (LocalState.DOWN, LocalState.STOPPING)
            or (state is LocalState.STOPPING and action.urgent)
        ):
            self.world.note(self, f"stop {action.hierarchy}: {action.sentence}")
            self._stop(action.hierarchy, urgent=action.urgent)

    def _local(self, hierarchy: str, state: LocalState, **changes: object) -> None:
        memory = self.memory
        assert memory is not None
        known = memory.local[hierarchy]
        since = self.clock.mono() if state is not known.state else known.since
        memory.local[hierarchy] = replace(known, state=state, since=since, **changes)  # type: ignore[arg-type]

    def _start(self, hierarchy: str) -> None:
        """Disk, address, another look at the lease, sites."""
        service, life = self.services[hierarchy], self._life
        service.work += 1
        work, timers = service.work, self.world.timers
        self._local(hierarchy, LocalState.STARTING, healthy=True)
        quick = self.world.random.random() < 0.3
        share = self.world.random.uniform(0.001, 0.01) if quick else self.world.random.uniform(0.01, 0.15)
        duration = timers.start * share * self.world.slow_start
        duration = min(duration, timers.start * 0.95)
        service.disk = True
        self.world.mounted(hierarchy, self)

        def address() -> None:
            memory = self.memory
            if memory is None or work != service.work:
                return
            if not self.world.turns(hierarchy, self):
                self._failed(hierarchy, "its mirror is not turned round")
                self.think()
                return
            seconds = lifetime(timers, memory.until, self.clock.mono())
            if seconds:
                service.address_ends = self.clock.mono() + seconds + self.world.random.uniform(0, 0.02)
            self._later(duration / 2, sites, life)

        def sites() -> None:
            memory = self.memory
            if memory is None or work != service.work:
                return
            if service.broken:
                self._failed(hierarchy, "it does not start")
            elif memory.serves(self.clock.mono()):
                service.sites = True
                self._local(hierarchy, LocalState.UP, healthy=True)
                self.world.changed(hierarchy, self)
                self.renewed()
            self.think()

        self._later(duration / 2, address, life)

    def fail(self, hierarchy: str) -> None:
        """The health check of a hierarchy that is up turns red."""
        memory = self.memory
        if memory is not None and memory.local[hierarchy].state is LocalState.UP and not self.frozen():
            failures = (*memory.local[hierarchy].failures, self.clock.mono())
            self._local(hierarchy, LocalState.UP, healthy=False, failures=failures, problem="no answer")
            self.think()

    def _failed(self, hierarchy: str, problem: str) -> None:
        memory = self.memory
        assert memory is not None
        failures = (*memory.local[hierarchy].failures, self.clock.mono())
        self._local(hierarchy, LocalState.STARTING, failures=failures, problem=problem)
        self._stop(hierarchy, urgent=False)

    def _stop(self, hierarchy: str, *, urgent: bool) -> None:
        """Sites, addresses, disks; addresses first where they must be gone in time."""
        service, life, timers = self.services[hierarchy], self._life, self.world.timers
        if urgent:
            removed = timers.removal * self.world.random.uniform(0.02, 1.0)
            service.address_ends = min(service.address_ends, self.clock.mono() + removed)
        memory = self.memory
        assert memory is not None
        if memory.local[hierarchy].state is LocalState.STOPPING:
            return
        service.work += 1
        work = service.work
        self._local(hierarchy, LocalState.STOPPING)

        def down() -> None:
            if self.memory is None or work != service.work:
                return
            service.sites, service.address_ends, service.disk = False, 0.0, False
            self._local(hierarchy, LocalState.DOWN)
            self.world.changed(hierarchy, self)
            self.think()

        duration = timers.stop * self.world.random.uniform(0.05, 0.9) * self.slow_stop
        self._later(duration, down, life)

    def renewed(self) -> None:
        """In step with the lease."""
        memory = self.memory
        assert memory is not None
        for hierarchy, service in self.services.items():
            now = self.clock.mono()
            up = memory.local[hierarchy].state is LocalState.UP
            if up and memory.serves(now):
                gone = now >= service.address_ends
                seconds = lifetime(self.world.timers, memory.until, now)
                service.address_ends = max(
                    service.address_ends, now + seconds + self.world.random.uniform(0, 0.02)
                )
                if gone:  # Windows had dropped it, its health check has seen that, and it is added again
                    self.world.changed(hierarchy, self)
