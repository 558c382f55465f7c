# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold after every step, counted on what the world would see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import sightings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    ROLES,
    Decision,
    Reason,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.explain import standing_of
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import HIERARCHIES, BadRecord
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Snapshot
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import CLOCK_ERROR
from tests.simulation.risks import Risks, online

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World


class Violation(AssertionError):
    """An invariant does not hold; the message says which, when and where."""


@dataclass(frozen=True)
class _Rule:
    exclusive: bool
    replicated: bool
    nodes: tuple[str, ...]


class Checks:
    """Looks on.

    I1: at most one node has a hierarchy visible. A machine that was suspended with its clocks may show it for
    ``Timers.exposure`` after it goes on, and no longer.
    I3: every node has a sentence for every hierarchy, at every decision.
    I4: a disk is online on one node at most; no node serves older data than clients have seen. What a person
    has accepted by force is excepted, see ``Risks``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules = {
            rules.name: _Rule(rules.exclusive, rules.replicated, rules.nodes)
            for rules in world.cluster.hierarchies
        }
        # Node -> true time until which a suspension excuses what it shows.
        self._tainted: dict[str, float] = {}
        self._risks = Risks(world)
        # Hierarchy -> what the mirror has ever told its owner.
        self._reported: set[tuple[str, tuple[str, ...]]] = set()
        # Hierarchies whose data may be old from now on: who has the newest was deleted.
        self._forgotten: set[str] = set()
        # What each node was last, and said last of each hierarchy, for coverage.
        self._standing: dict[str, str] = {}
        self._reasons: dict[tuple[str, str], Reason] = {}
        # Hierarchy -> the newest version of its data that a client has been told of.
        self.acknowledged = dict.fromkeys(self._rules, 0)
        self.exposures = 0

    # I1

    def visible(self, hierarchy: str, node: Node) -> None:
        """A node shows a hierarchy, or no more."""
        if not node.visible(hierarchy):
            return
        self._old_data(hierarchy, node)
        others = [
            other
            for name in self._rules[hierarchy].nodes
            if (other := self._world.nodes[name]) is not node and other.visible(hierarchy)
        ]
        for other in others:
            self._overlap(hierarchy, node, other)

    def _overlap(self, hierarchy: str, one: Node, other: Node) -> None:
        now = self._world.timeline.now
        until = max(self._tainted.get(one.name, -1.0), self._tainted.get(other.name, -1.0))
        if now >= until:
            raise Violation(f"I1: {hierarchy} is visible on {one.name} and {other.name} at {now:.3f} s")
        self.exposures += 1
        self._world.timeline.at(until + 1e-3, lambda: self._still(hierarchy, one, other))

    def _still(self, hierarchy: str, one: Node, other: Node) -> None:
        if one.visible(hierarchy) and other.visible(hierarchy):
            self._overlap(hierarchy, one, other)

    def suspended(self, node: Node) -> None:
        """Its clocks stood still: what it shows is stale for ``Timers.exposure`` at most.

        Where nothing tells it, or nobody looks, the lease or Windows ends the addresses.
        """
        now, timers = self._world.timeline.now, self._world.timers
        looks = max(now, min(node.paused_until, now + timers.ttl))
        unseen = node.untold or not node.running
        self._tainted[node.name] = now + timers.ttl if unseen else looks + timers.exposure
        self._tainted[node.name] += timers.ttl * CLOCK_ERROR

    def blind(self, node: Node) -> None:
        """Its agent dies or hangs: after a suspension only Windows ends the addresses in time."""
        now = self._world.timeline.now
        if node.suspended_until > now or self._tainted.get(node.name, -1.0) > now:
            looks = max(now, node.suspended_until)
            self._tainted[node.name] = looks + self._world.timers.ttl * (1 + CLOCK_ERROR)

    # I4

    def forgotten(self, hierarchy: str) -> None:
        """Its record was deleted while nobody owned it: who has its newest data stood nowhere else."""
        self._forgotten.add(hierarchy)

    def mounted(self, hierarchy: str, node: Node) -> None:
        """A disk comes online on a node."""
        if not self._rules[hierarchy].exclusive:
            return
        accepted = self._risks.disks(hierarchy, but=node.name)
        for name in set(online(self._world, hierarchy)) - {node.name} - accepted:
            now = self._world.timeline.now
            raise Violation(f"I4: the disk of {hierarchy} is online on {node.name} and {name} at {now:.3f} s")

    def _old_data(self, hierarchy: str, node: Node) -> None:
        if not self._rules[hierarchy].replicated or hierarchy in self._forgotten:
            return
        if self._world.timeline.now < self._tainted.get(node.name, -1.0):
            return  # stale for a moment, and without writes: its mirror finds newer data on other nodes
        if self._risks.data(hierarchy):  # what clients have seen of other data is given up for this
            self._given_up(hierarchy, node)
        elif excuse := self.behind(hierarchy, node):
            self._world.mirrors[excuse] += 1
            self._given_up(hierarchy, node)
        known = self.acknowledged[hierarchy]
        if node.services[hierarchy].data < known:
            raise Violation(
                f"I4: {node.name} serves version {node.services[hierarchy].data} of {hierarchy}, "
                f"and clients have seen {known}"
            )

    def _given_up(self, hierarchy: str, node: Node) -> None:
        self.acknowledged[hierarchy] = min(self.acknowledged[hierarchy], node.services[hierarchy].data)
        if hierarchy in self._world.replicas:
            self._world.replicas[hierarchy].taken()

    def behind(self, hierarchy: str, node: Node) -> str:
        """What excuses that a node's copy is old; "" where it is not, or nothing does."""
        replica = self._world.replicas.get(hierarchy)
        if replica is None or node.services[hierarchy].data >= self.acknowledged[hierarchy]:
            return ""
        lost = replica.lost(node)
        return replica.gap.excuse(*lost) if lost is not None else ""

    def given_up(self, hierarchy: str) -> bool:
        """What clients have seen may be lost: a person has accepted that, or who has it was forgotten."""
        return hierarchy in self._forgotten or self._risks.pending(hierarchy)

    def reported(self, hierarchy: str, current: tuple[str, ...]) -> None:
        """The mirror tells its owner which nodes have the newest data."""
        self._reported.add((hierarchy, current))

    # Records

    def written(self, key: str, old: str | None, new: str | None) -> None:
        """A record has changed: the epoch of a hierarchy rises with every change of its owner, and never
        falls; who has its newest data is what a mirror has told, or who takes it."""
        if key.startswith(HIERARCHIES):
            self._risks.written(key[len(HIERARCHIES) :], new)
        if not key.startswith(HIERARCHIES) or old is None or new is None:
            return
        name = key[len(HIERARCHIES) :]
        try:
            before, after = (sightings.decode_hierarchy(text, name) for text in (old, new))
        except BadRecord:
            return
        taken = after.owner and (after.owner, after.incarnation) != (before.owner, before.incarnation)
        if after.epoch < before.epoch or (taken and after.epoch <= before.epoch):
            raise Violation(f"epoch {after.epoch} of {name} follows {before.epoch}, owner {after.owner}")
        taken_over = (after.owner,) if taken else before.current
        named = after.current in (before.current, taken_over) or (name, after.current) in self._reported
        if self._rules[name].replicated and not named:
            raise Violation(f"I4: {after.current} follows {before.current} for {name}, told by no mirror")

    # I3 and coverage

    def decided(self, node: Node, snapshot: Snapshot, decision: Decision) -> None:
        """A node has decided."""
        verdicts = decision.verdicts
        if len(verdicts) != len(node.services) or not all(verdict.sentence for verdict in verdicts):
            raise Violation(f"I3: {node.name} gives no reason for a hierarchy")
        coverage = self._world.coverage
        standing = standing_of(snapshot)
        before = self._standing.get(node.name, "off")
        if before != standing:
            coverage["standing", before, standing] += 1
            self._standing[node.name] = standing
        for verdict in verdicts:
            place = (node.name, verdict.hierarchy)
            reason = verdict.reason
            former = self._reasons.get(place)
            if former != reason:
                self._reasons[place] = reason
                coverage["reason", "", reason.value] += 1
                role, before = ROLES[reason].value, ROLES[former].value if former else "off"
                if role != before:
                    coverage["role", before, role] += 1

    def restarted(self, node: Node) -> None:
        """Its agent is gone, and a new one decides what follows from nothing."""
        self.blind(node)
        self._standing.pop(node.name, None)
        for name in node.services:
            self._reasons.pop((node.name, name), None)
