# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror as Storage Replica makes one: between two nodes, and its source goes on writing alone.

What the two agents see of it is judged by the product's own code (``ha.mirror``, ``agent.mirror_doubt``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.agent.mirror_doubt import Doubt, tolerance
from ansible_collections.standby.iis.plugins.module_utils.ha import mirror
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Hierarchy,
    Mirror,
    MirrorEnd,
    MirrorMode,
    Takeover,
    Volume,
    VolumeKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState, Rules
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role, Side
from tests.simulation.gap import Gap

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World

# Seconds between two writes of clients, and between two steps of the copying.
EVERY = 0.5
# The version of a copy whose history others have given up: it has to be copied as a whole.
FORKED = -1


@dataclass(slots=True)
class _Eye:
    """What an agent's process knows of one mirror.

    Attributes:
        life: of the process.
        doubt: what it has heard of the owner.
        mirrored: own clock when the copy here was last seen to be complete.
        due: own clock of its next look.
        up: since when its hierarchy is up, as it was when it last looked.
    """

    life: int
    doubt: Doubt
    mirrored: float | None = None
    due: float = 0.0
    up: float = -1.0


@dataclass(frozen=True)
class Kind:
    """What was declared of a mirror.

    Attributes:
        rpo: seconds; None of a synchronous one.
        lag: seconds by which the copy is usually behind.
    """

    rpo: int | None = None
    lag: float = 0.0


@dataclass
class Faults:
    """What happens to the copying.

    Attributes:
        cut: nothing gets through, though agents may reach each other.
        slow: factor by which an asynchronous copy is further behind than usual.
    """

    cut: bool = False
    slow: float = 1.0


@dataclass
class Replica:
    """The mirror of one hierarchy.

    A write is acknowledged once the source has it and, while the mirror of a synchronous one is whole, the
    other node as well. Where the copying is interrupted the source goes on alone; afterwards what was missed
    has to be taken in first. A node that comes into service turns the mirror round with the other one, or,
    where that is lost, does so alone.
    """

    world: World
    rules: Rules
    kind: Kind
    chance: Random
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.gap = Gap(self.world, self.rules.name, float(self.kind.rpo or 0))
        # Nodes whose end is a source. The other one of two learns of it once they reach each other.
        self._sources: set[str] = set()
        self._latest = ""
        self._whole = False
        self._resynced: float | None = None
        self._written: deque[tuple[float, int]] = deque()
        self._eyes: dict[str, _Eye] = {}
        self._allowed = tolerance(self.world.timers, self.world.timers.interval)
        self._declared = _declared(self.rules, self.kind)
        self._told: dict[tuple[str, Role, Copy], tuple[tuple[str, ...] | None, bool]] = {}
        self.world.timeline.after(EVERY, self._step)

    # The copying

    def turn(self, node: Node) -> bool:
        """A node is to be the source; False where its mirror is not turned round."""
        name = node.name
        if name == self._latest:
            return True
        assert node.memory is not None
        other = self._other(name)
        if self._latest and self._connected():
            if not self._whole:
                return False
            self._copy_all()
            self._sources.discard(other)
        elif self._latest and name not in self._sources and not node.memory.lost(other, node.clock.mono()):
            return False
        self.world.note(node, f"is the source of the mirror of {self.rules.name}")
        self._sources.add(name)
        self._latest, self._whole, self._resynced = name, self._whole and self._connected(), None
        if self._data(other) > self._data(name):
            self._set(other, FORKED)
        return True

    def _step(self) -> None:
        world = self.world
        world.timeline.after(EVERY, self._step)
        if not self._latest:
            self._look()
            return
        self._connect()
        source, other = world.nodes[self._latest], self._other(self._latest)
        if source.visible(self.rules.name):
            version = self._data(source.name) + 1
            self._set(source.name, version)
            self._written.append((world.timeline.now, version))
            acknowledged = world.checks.acknowledged
            acknowledged[self.rules.name] = max(acknowledged[self.rules.name], version)
        if self._whole:
            self._copy(other)
        written = self._written
        while written and written[0][1] <= self._data(other):
            written.popleft()
        self._mind_the_gap(source)
        self._look()

    def _connect(self) -> None:
        """Find each other, and copy what was missed."""
        if not self._connected():
            self._whole, self._resynced = False, None
            return
        now = self.world.timeline.now
        if not self._whole and self._resynced is None:
            self._sources = {self._latest}
            self._resynced = now + self.chance.uniform(0.2, 1.0) * self.world.timers.interval * 2
        elif not self._whole and now >= (self._resynced or 0.0):
            self._whole = True
            self._copy_all()

    def _connected(self) -> bool:
        world, (one, other) = self.world, self.rules.nodes
        if self.faults.cut or (one, other) in world.cut or (other, one) in world.cut:
            return False
        now = world.timeline.now
        return all(world.nodes[name].powered and now >= world.nodes[name].suspended_until
                   for name in self.rules.nodes)  # fmt: skip

    def _copy(self, to: str) -> None:
        """What has arrived by now."""
        if self.kind.rpo is None:
            self._copy_all()
            return
        then = self.world.timeline.now - self.kind.lag * self.faults.slow
        for at, version in self._written:
            if at <= then:
                self._set(to, max(version, self._data(to)))

    def _copy_all(self) -> None:
        self._set(self._other(self._latest), self._data(self._latest))

    def _other(self, name: str) -> str:
        one, other = self.rules.nodes
        return other if name == one else one

    def _data(self, name: str) -> int:
        return self.world.nodes[name].services[self.rules.name].data

    def _set(self, name: str, version: int) -> None:
        self.world.nodes[name].services[self.rules.name].data = version

    def _copies(self) -> Copy:
        """The state that both ends show while they reach each other."""
        if not self._connected():
            return Copy.DISCONNECTED
        if not self._whole:
            return Copy.CATCHING_UP
        behind = self._written and self.world.timeline.now - self._written[0][0] > (self.kind.rpo or EVERY)
        return Copy.BEHIND if behind else Copy.IN_SYNC

    def _mind_the_gap(self, source: Node) -> None:
        self.gap.watch(source, self._written, whole=self._copies() is Copy.IN_SYNC)

    # Who takes old data

    def lost(self, node: Node) -> tuple[float, float] | None:
        """When the first and the last write was acknowledged that a node does not have; None where it has
        all."""
        missing = [at for at, version in self._written if version > self._data(node.name)]
        return (missing[0], missing[-1]) if missing else None

    def taken(self) -> None:
        """What is there now is what counts; what others have beside it is given up."""
        self._written.clear()
        self.gap.forget()

    # What agents see

    def _look(self) -> None:
        """An agent looks once an interval; what it has heard it weighs at every tick."""
        copy = self._copies() if self._latest else Copy.NONE
        for name in self.rules.nodes:
            node = self.world.nodes[name]
            if node.memory is not None and not node.frozen():
                self._look_of(node, copy)

    def _look_of(self, node: Node, copy: Copy) -> None:
        memory, name, now = node.memory, self.rules.name, node.clock.mono()
        assert memory is not None
        eye = self._eyes.get(node.name)
        if eye is None or eye.life != node.life:
            eye = self._eyes[node.name] = _Eye(node.life, Doubt(self._allowed))
        local = memory.local[name]
        up = local.state is LocalState.UP
        kept = None if local.state is LocalState.STARTING else local.current
        current = kept if not up or eye.up == local.since else None
        if now >= eye.due and copy is not Copy.NONE:
            eye.due = now + self.world.timers.interval
            seen, complete = self._told_by(node.name, copy)
            eye.mirrored = now if complete else eye.mirrored
            current = seen if up else kept
        eye.up = local.since if up else -1.0
        stale = "" if up else eye.doubt.told(name, eye.mirrored, memory.owner_heard(name))
        if current is not None:
            self.world.checks.reported(name, current)
        if (local.current, local.stale) != (current, stale):
            memory.local[name] = replace(local, current=current, stale=stale)
            if bool(local.stale) != bool(stale) or current != local.current:
                node.think()

    def _told_by(self, name: str, copy: Copy) -> tuple[tuple[str, ...] | None, bool]:
        """What the product makes of what a node shows."""
        role = Role.SOURCE if name in self._sources else Role.DESTINATION
        told = self._told.get((name, role, copy))
        if told is None:
            side = Side(f"rg-{name}", role, copy, copy.name, synchronous=self.kind.rpo is None)
            facts = NodeFacts(name, mirrors=(side,))
            told = mirror.current(self._declared, facts), mirror.copied(self._declared, facts)
            self._told[name, role, copy] = told
        return told


def _declared(rules: Rules, kind: Kind) -> Hierarchy:
    ends = tuple(MirrorEnd(name, name.upper(), f"rg-{name}", "L:\\") for name in rules.nodes)
    if kind.rpo is None:
        declared = Mirror(ends)
    else:
        declared = Mirror(ends, MirrorMode.ASYNC, kind.rpo, Takeover.WITHIN_RPO)
    volume = Volume("R:\\", VolumeKind.MIRROR, rules.nodes, mirror=declared)
    return Hierarchy(rules.name, rules.nodes, volumes=(volume,))


def some_kind(chance: Random) -> Kind:
    """Synchronous, or asynchronous with an operator's word on what may be lost.

    Without that word a person decides about every takeover (``test_gates.py``).
    """
    if chance.random() < 0.6:
        return Kind()
    rpo = chance.choice((1, 2, 5))
    return Kind(rpo, rpo * (chance.uniform(0.1, 0.8) if chance.random() < 0.7 else 0.1))
