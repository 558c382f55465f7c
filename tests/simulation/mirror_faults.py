# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to mirrors: they are cut and come back, fall behind, and their owner is lost about then.

It has a generator of its own, so that schedules without such a mirror are what they were.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance
from tests.simulation.mirror import Mirror
from tests.simulation.node import Node
from tests.simulation.replica import Faults, Replica, some_kind
from tests.simulation.world import STORE, World

# Of hierarchies with data on two nodes. It is longer played, and costs more, than all else.
_SHARE = 0.25


class MirrorFaults:
    """The mirrors of a schedule, and their faults.

    Args:
        seed: of the schedule.
        world: its world; some hierarchies with data on two nodes get a mirror that goes on alone, all others
            one that waits.
    """

    def __init__(self, seed: int, world: World) -> None:
        self._world = world
        self._chance = Random(seed ^ 0x3147)
        self._over = self._maintained = False
        for rules in world.cluster.hierarchies:
            if rules.replicated and len(rules.nodes) == 2 and self._chance.random() < _SHARE:
                world.replicas[rules.name] = Replica(world, rules, some_kind(self._chance), self._chance)
        Mirror(world)

    def begin(self, chaos: float) -> float:
        """Plan what happens to mirrors after so many seconds of other faults; how long all of it lasts."""
        chance, ttl = self._chance, self._world.timers.ttl
        longest = chaos
        for replica in self._world.replicas.values():
            if chance.random() < 0.1:
                continue
            begins = chaos * chance.uniform(0.3, 1.0) + ttl
            story = chance.choice((self._accidents, self._accidents, self._accidents, self._night))
            longest = max(longest, begins + story(replica, begins))
        return longest

    def _accidents(self, replica: Replica, begins: float) -> float:
        """Cuts and strikes, one independent of the other; how long that is to be played."""
        chance, ttl = self._chance, self._world.timers.ttl
        for _cut in range(chance.choice((0, 0, 1, 1, 2))):
            self._at(begins + chance.uniform(0.0, 1.0) * ttl, self._cut, replica)
        if replica.kind.rpo is not None and chance.random() < 0.8:
            self._at(begins, self._slow, replica)
        for _strike in range(chance.choice((1, 1, 2))):
            self._at(begins + chance.uniform(0.0, 2.5) * ttl, self._strike, replica)
        return chance.uniform(1.0, 2.5) * ttl

    def _night(self, replica: Replica, begins: float) -> float:
        """Nobody can, or does, write down that the mirror is cut; its owner goes on alone, and is lost."""
        chance, world = self._chance, self._world
        ttl = world.timers.ttl

        def falls(_replica: Replica) -> None:
            if chance.random() < 0.6:
                self._witness(replica, seconds=chance.uniform(1.0, 5.0) * ttl)
            else:
                self._maintained = True
                world.maintain(Maintenance(cluster=True))

        lost = begins + chance.uniform(0.5, 4.0) * ttl
        self._at(begins, falls, replica)
        self._at(begins + chance.uniform(0.0, 1.0) * ttl, self._cut, replica)
        self._at(lost, self._strike, replica)
        self._at(lost + chance.uniform(0.0, 1.0) * ttl, lambda _one: world.maintain(Maintenance()), replica)
        return lost - begins + chance.uniform(0.0, 1.5) * ttl

    def heal(self) -> None:
        """All faults are over."""
        self._over = True
        if self._maintained:
            self._world.maintain(Maintenance())
        for replica in self._world.replicas.values():
            replica.faults = Faults()

    def _at(self, seconds: float, fault: Callable[[Replica], None], replica: Replica) -> None:
        def event() -> None:
            if not self._over:
                fault(replica)

        self._world.timeline.after(seconds, event)

    def _while(self) -> float:
        chance = self._chance
        return chance.choice((0.2, 0.6, 1.0, 2.5)) * chance.uniform(0.5, 1.5) * self._world.timers.ttl

    def _cut(self, replica: Replica) -> None:
        """The copying alone is interrupted."""
        self._world.note(None, f"the mirror of {replica.rules.name} is cut")
        replica.faults.cut = True
        self._at(self._while(), self._mend, replica)

    def _mend(self, replica: Replica) -> None:
        self._world.note(None, f"the mirror of {replica.rules.name} is whole again")
        replica.faults.cut = False

    def _slow(self, replica: Replica) -> None:
        self._world.note(None, f"the mirror of {replica.rules.name} falls behind")
        replica.faults.slow = self._chance.uniform(1.0, 10.0)
        if self._chance.random() < 0.5:
            self._at(self._while(), lambda one: setattr(one.faults, "slow", 1.0), replica)

    def _strike(self, replica: Replica) -> None:
        """Something of one of its nodes, more often of the one that serves."""
        nodes = [self._world.nodes[name] for name in replica.rules.nodes]
        serving = [node for node in nodes if node.visible(replica.rules.name)]
        node = self._chance.choice(nodes + 6 * serving)
        kind = self._chance.choice(
            ("power",) * 5 + ("isolated", "isolated", "store", "witness", "agent", "leave")
        )
        world, name = self._world, node.name
        world.note(node, f"strike: {kind}")
        if kind == "power" and node.powered:
            node.power_off()
            world.checks.restarted(node)
            if self._chance.random() < 0.6:
                self._at(self._while(), lambda _one: node.power_on(), replica)
        elif kind == "isolated":
            others = [*world.cluster.nodes, STORE]
            self._links({(name, one) for one in others} | {(one, name) for one in others}, replica)
        elif kind == "witness":
            self._witness(replica, self._while())
        elif kind == "store":
            self._links({(name, STORE), (STORE, name)}, replica)
        elif node.running and kind == "agent":
            node.stop_agent()
            world.checks.restarted(node)
            self._at(self._chance.random() * self._while(), lambda _one: _start(node), replica)
        elif node.running and kind == "leave":
            node.leave()
            self._at(self._while(), lambda _one: _start(node), replica)

    def _witness(self, replica: Replica, seconds: float) -> None:
        self._world.note(None, "the store is gone")
        self._world.up = False
        self._at(seconds, lambda _one: setattr(self._world, "up", True), replica)

    def _links(self, links: set[tuple[str, str]], replica: Replica) -> None:
        self._world.note(None, f"cut: {sorted(links)}")
        self._world.cut |= links
        self._at(self._while(), lambda _one: self._world.cut.difference_update(links), replica)


def _start(node: Node) -> None:
    if node.powered and not node.running:
        node.start_agent()
