# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must have become of every hierarchy and request once all faults are over, by the truth of the
world."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import sightings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    BadRecord,
    HierarchyRecord,
    Maintenance,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Rules
from tests.simulation.checks import Violation

if TYPE_CHECKING:
    from tests.simulation.foreign import ForeignHand
    from tests.simulation.node import Node
    from tests.simulation.world import World


class Liveness:
    """I2: every hierarchy is in service, unless something rightly keeps it. I3: every request is answered."""

    def __init__(self, world: World, hand: ForeignHand) -> None:
        self._world = world
        self._hand = hand
        self._last: dict[str, HierarchyRecord] = {}
        world.register.watchers.append(self._written)

    def _written(self, key: str, _old: str | None, new: str | None) -> None:
        if key.startswith(HIERARCHIES):
            name = key[len(HIERARCHIES) :]
            with suppress(BadRecord):
                self._last[name] = sightings.decode_hierarchy(new, name)

    def settled(self) -> bool:
        """Nothing is waited for any more."""
        return all(
            (self._in_service(rules) or self._excused(rules)) and not self._asked(rules)
            for rules in self._world.cluster.hierarchies
        )

    def require(self, limit: float) -> None:
        """So many seconds after all faults nothing may be waited for.

        Raises:
            Violation: something is.
        """
        for rules in self._world.cluster.hierarchies:
            if not self._in_service(rules) and not self._excused(rules):
                told = {name: self._world.nodes[name].told.get(rules.name) for name in rules.nodes}
                raise Violation(f"I2: {rules.name} is not in service {limit:.1f} s after all faults; {told}")
            if self._asked(rules):
                raise Violation(f"I3: {rules.name}: a request has no answer {limit:.1f} s after all faults")

    def _asked(self, rules: Rules) -> bool:
        """An operator waits for an answer, and somebody could give it."""
        record = self._world.record(rules.name)
        return record.request is not None and any(self._world.nodes[name].powered for name in rules.nodes)

    def _in_service(self, rules: Rules) -> bool:
        return any(self._world.nodes[name].visible(rules.name) for name in rules.nodes)

    def _excused(self, rules: Rules) -> str:
        """What rightly keeps a hierarchy out of service; "" where nothing does."""
        world, name = self._world, rules.name
        record, maintenance = world.record(name), world.maintenance
        lost = not record.epoch
        if lost:  # whoever has seen the last one goes by it, others do not
            record = self._last.get(name, record)
        if not record.wanted or (record.request is not None and record.request.kind is RequestKind.OUT):
            return "taken out"
        if self._maintained(rules, record, maintenance) and (lost or not self._comes_back(rules, record)):
            return "maintenance"
        if record.failovers >= world.timers.hold_after:
            return "held"
        able = [one for one in rules.nodes if self._able(world.nodes[one], rules, record, maintenance)]
        if not able:
            return "no node is able"
        if rules.replicated and record.current is not None and not set(able) & set(record.current):
            return "old data" if self._have_newest(rules, record.current) else ""
        if self._in_doubt(rules, record, able):
            return "its data may be old"
        if rules.replicated and self._hand.damaged and lost:
            return "a damaged record, and with it who had the newest data"
        owner = world.nodes.get(record.owner)
        if (
            rules.exclusive
            and self._hand.damaged
            and any(not world.nodes[one].running for one in rules.nodes)
        ):
            return "a damaged record, and a node that cannot tell what it had"
        if rules.exclusive and owner is not None and not owner.running:
            works = record.owner in world.cluster.fences and record.owner not in world.dead_devices
            return "" if works else "no confirmed fence"
        return ""

    def _maintained(self, rules: Rules, record: HierarchyRecord, maintenance: Maintenance) -> bool:
        inside = maintenance.cluster or rules.name in maintenance.hierarchies
        return inside or record.owner in maintenance.nodes

    def _comes_back(self, rules: Rules, record: HierarchyRecord) -> bool:
        """In maintenance, too, who has it brings it up again, as long as nothing has failed there."""
        node = self._world.nodes.get(record.owner)
        if node is None or not node.powered or node.memory is None:
            return False
        failed = node.memory.local[rules.name].failures or node.services[rules.name].broken
        return not failed and (_has(node, record) or not self._full(node))

    def _have_newest(self, rules: Rules, current: tuple[str, ...]) -> bool:
        """The nodes that are waited for do have what clients have seen, as far as anybody could know that."""
        checks = self._world.checks
        if checks.given_up(rules.name):
            return True
        known = checks.acknowledged[rules.name]
        nodes = [self._world.nodes[name] for name in current]
        return any(
            node.services[rules.name].data >= known or checks.behind(rules.name, node) for node in nodes
        )

    def _in_doubt(self, rules: Rules, record: HierarchyRecord, able: list[str]) -> bool:
        """Its owner does not come back, and has outlived the mirror as far as each other node can know."""
        owner = self._world.nodes.get(record.owner)
        if rules.name not in self._world.replicas or owner is None or record.owner in able:
            return False
        memories = [memory for name in able if (memory := self._world.nodes[name].memory) is not None]
        return all(memory.local[rules.name].stale for memory in memories)

    def _able(self, node: Node, rules: Rules, record: HierarchyRecord, maintenance: Maintenance) -> bool:
        kept_from = node.name in maintenance.nodes and node.name != record.owner
        if not node.powered or node.memory is None or kept_from:
            return False
        failed = len(node.memory.local[rules.name].failures) > rules.attempts(self._world.timers)
        if node.services[rules.name].broken or failed:
            return False
        return _has(node, record) or not self._full(node)

    def _full(self, node: Node) -> bool:
        """It has as many hierarchies as it takes by itself."""
        world = self._world
        limit = world.cluster.limits.get(node.name)
        if limit is None:
            return False
        return sum(_has(node, world.record(rules.name)) for rules in world.cluster.hierarchies) >= limit


def _has(node: Node, record: HierarchyRecord) -> bool:
    """This incarnation of the node is the owner."""
    assert node.memory is not None
    return (record.owner, record.incarnation) == (node.name, node.memory.incarnation)
