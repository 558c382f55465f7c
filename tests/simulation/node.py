# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated node: a machine that may lose power or be suspended, and on it the agent's real engine.

The machine keeps what Windows keeps when the agent dies: started sites, mounted disks, and addresses until
the end of their lifetimes. What the engine acts through (``agent.engine.Ports``) is simulated here and in
``hands.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ansible_collections.standby.iis.plugins.module_utils.agent.engine import Engine
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    CutPower,
    Decision,
    Write,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    LocalState,
    Own,
    Snapshot,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.succession import Standing
from tests.simulation.backing import Client
from tests.simulation.hands import Hands
from tests.simulation.timeline import Clock

if TYPE_CHECKING:
    from tests.simulation.world import World

# Seconds that a fence device takes at most.
SLOWEST_DEVICE = 2.0


class Node(Hands):
    """A machine and its agent.

    Attributes:
        told: hierarchy -> what the agent said of it last.
        at_write: is called once, when the agent's next write begins.
    """

    def __init__(self, world: World, name: str, clock: Clock) -> None:
        super().__init__(world, name, clock)
        self.client: Client | None = None
        self.engine: Engine | None = None
        self.told: dict[str, str] = {}
        self.at_write: Callable[[], None] | None = None
        self._standing: Standing | None = None
        self._due = 0.0
        self._boots = 0
        self._wake = 0.0
        self._watched: dict[str, float] = {}

    @property
    def running(self) -> bool:
        """The agent runs, if perhaps not at this moment."""
        return self.memory is not None

    # Power

    def power_on(self) -> None:
        """The machine boots: nothing of a hierarchy is up. Its agent starts by itself."""
        if self.powered:
            return
        self.powered = True
        self.clock.offset = self.world.random.uniform(0, 5000)
        self.start_agent()

    def power_off(self) -> None:
        """Everything that is not on a disk is gone."""
        self.powered = False
        self.stop_agent()
        self.paused_until = self.suspended_until = 0.0
        self._suspended_at = None
        for service in self.services.values():
            service.sites, service.address_ends, service.disk = False, 0.0, False
            service.work += 1

    def end_suspension(self) -> None:
        """The machine goes on; where it does so earlier than was thought, its agent waits anew."""
        if self.world.timeline.now < self.suspended_until:
            self._wake = 0.0
            self._watched.clear()
        super().end_suspension()

    def start_agent(self) -> None:
        """A new agent process, with nothing in its memory."""
        self._boots += 1
        self._life += 1
        instance = f"{self.name}-{self._boots}"
        self.client = self.world.register.client(self.world, self)
        self.memory = Memory(self.name, instance, self.world.cluster, self.world.timers)
        self.engine = Engine(self.memory, self)
        for hierarchy in self.services:
            self._stop(hierarchy, urgent=True)
        self.after(0.0, self.engine.round)

    def tell(self) -> None:
        """The agent's process tells what another one could go on from, as it does every tick."""
        self._standing = self.memory.standing() if self.memory is not None else None

    def lose_worker(self, seconds: float) -> None:
        """The agent's process dies, and another one goes on from what it told last, after so many seconds."""
        standing = self._standing
        self.stop_agent()
        self.after(seconds, lambda: self._go_on(standing))

    def _go_on(self, standing: Standing | None) -> None:
        now = self.clock.mono()
        if standing is None or now >= standing.renewed + self.world.timers.lease:
            self.start_agent()
            return
        self._life += 1
        self.client = self.world.register.client(self.world, self)
        self.memory = Memory(self.name, standing.instance, self.world.cluster, self.world.timers)
        for hierarchy, service in self.services.items():
            up = service.sites and now < service.address_ends
            partial = LocalState.UNKNOWN if service.disk or service.sites else LocalState.DOWN
            self._local(hierarchy, LocalState.UP if up else partial)
        self.memory.resume(standing, self.world.random.randrange(2, 1 << 31))
        self.engine = Engine(self.memory, self)
        self.after(0.0, self.engine.round)

    def leave(self) -> None:
        """The agent gives away what it has, and ends; once it goes on, where it stands still."""
        self.after(0.0, self._leave)

    def _leave(self) -> None:
        assert self.memory is not None
        self.memory.leaving = True
        self.tell()
        self.think()

    def stop_agent(self) -> None:
        """The agent dies; what it has started goes on."""
        self.memory = self.engine = None
        self._standing = None
        self._life += 1
        for service in self.services.values():
            service.work += 1

    def think(self) -> None:
        """Let the agent decide, where it runs."""
        if self.engine is not None:
            self.engine.think()

    # What the engine acts through: clocks

    def monotonic(self) -> float:
        """The machine's monotonic clock."""
        return self.clock.mono()

    def wall(self) -> float:
        """The machine's wall clock."""
        return self.clock.wall()

    def minute(self) -> int:
        """Minute of the day."""
        return int(self.clock.wall() / 60) % 1440

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds of the machine's monotonic clock."""
        self._later(seconds, call, self._life)

    def spread(self, interval: float) -> float:
        """The interval or a little less."""
        return interval * self.world.random.uniform(0.9, 1.0)

    def jumped(self) -> None:
        """The clocks jumped."""
        self.world.note(self, "its clocks jumped")

    # The store

    def list(self, done: Callable[[Any], None]) -> None:
        """Read all records."""
        assert self.client is not None
        life = self._life
        self.client.list(lambda found: self._message(0.0, lambda: done(found), life))

    def put(self, write: Write, text: str, done: Callable[[Any], None]) -> None:
        """Write a record."""
        assert self.client is not None
        life = self._life
        self.world.note(self, f"{write.purpose.value} {write.key}: {write.sentence}")
        if self.at_write is not None:
            strike, self.at_write = self.at_write, None
            strike()

        def answered(version: Any) -> None:
            if version is None:
                self.world.note(self, f"{write.purpose.value} {write.key} is refused")
            done(version)

        self.client.put(write, text, lambda version: self._message(0.0, lambda: answered(version), life))

    # What was decided

    def decided(self, snapshot: Snapshot, decision: Decision) -> None:
        """Look whether it may be so, and remember what is said."""
        self.world.decided(self, snapshot, decision)
        for verdict in decision.verdicts:
            self.told[verdict.hierarchy] = verdict.sentence

    def begun(self, snapshot: Snapshot) -> None:
        """An agent decides every tick; here it does so where that changes anything."""
        assert self.memory is not None
        if self.memory.left:
            self.after(0.0, self._left)
            return
        self._renew_in_time(snapshot.own)
        self._set_alarm(snapshot.own.until)
        self._watch(snapshot)

    def _left(self) -> None:
        self.world.note(self, "its agent has left")
        self.stop_agent()
        self.world.checks.restarted(self)

    def _renew_in_time(self, own: Own) -> None:
        """The tick after its next renewal is due."""
        now, due = self.clock.mono(), (own.renewed or 0.0) + self.world.timers.interval
        if now < due != self._due:
            self._due = due
            tick = self.world.random.uniform(0.0, self.world.timers.tick)
            self._later(due - now + tick, self.think, self._life)

    def _set_alarm(self, until: float) -> None:
        """The tick after the end of its standing."""
        now = self.clock.mono()
        if now < until != self._wake:
            self._wake = until
            tick = self.world.random.uniform(0.0, self.world.timers.tick)
            self._later(until - now + tick, self._alarm, self._life)

    def _watch(self, snapshot: Snapshot) -> None:
        """A tick in which a silent peer has become a lost one."""
        timers, now = self.world.timers, snapshot.now
        for peer in self.world.peers[self.name]:
            seen = snapshot.nodes.get(peer)
            if seen is None or now - seen.since < timers.ttl - timers.interval:
                continue
            lost = seen.since + timers.ttl
            if now < lost != self._watched.get(peer):
                self._watched[peer] = lost
                tick = self.world.random.choice((0.0, self.world.random.uniform(0.0, timers.tick)))
                self._later(lost - now + tick, self.think, self._life)

    def _alarm(self) -> None:
        memory = self.memory
        if memory is not None and self.clock.mono() >= memory.until:
            self.think()

    # Other nodes

    def ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        """Ask a peer for a promise."""
        other, life = self.world.nodes[peer], self._life

        def arrived() -> None:
            if other.engine is not None and other.engine.grant(self.name, incarnation):
                self.world.note(other, f"promises {self.name} not to fence it")
                self.world.between(peer, self.name, lambda: self._message(0.0, done, life))

        self.world.between(self.name, peer, lambda: other._message(0.0, arrived, other._life))

    def cut_power(self, action: CutPower, done: Callable[[bool], None]) -> None:
        """Cut a node's power, by its fence device."""
        self.world.note(self, f"cut power of {action.node}: {action.sentence}")
        works = self.world.fence_device(action.node)
        self._later(self.world.random.uniform(0.1, SLOWEST_DEVICE), lambda: done(works), self._life)
