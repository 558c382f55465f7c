# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that moves with a hierarchy: a mirror between its nodes that waits for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Rules

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World

_EVERY = 0.5


class Mirror:
    """Writes to every replicated hierarchy that a client can reach, twice a second.

    It is kinder than any mirror of Windows (see ``replica``), so that nothing excuses old data under it.
    Those that have a ``Replica`` are left to that.

    A write is acknowledged once every node that the record may name as current has it. A node that cannot be
    reached is reported to the owner, whose decision takes it out of the record; until then writes wait.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        for rules in world.cluster.hierarchies:
            if rules.replicated and rules.name not in world.replicas:
                world.timeline.after(_EVERY, lambda rules=rules: self._write(rules))  # type: ignore[misc]

    def _write(self, rules: Rules) -> None:
        for name in rules.nodes:
            node = self._world.nodes[name]
            if (
                node.visible(rules.name)
                and node.memory is not None
                and name in node.memory.current(rules.name)
            ):
                self._write_on(rules, node)
                break
        self._world.timeline.after(_EVERY, lambda: self._write(rules))

    def _write_on(self, rules: Rules, node: Node) -> None:
        memory = node.memory
        assert memory is not None
        version = node.services[rules.name].data + 1
        reached = [
            name for name in rules.nodes if name == node.name or self._takes(node, name, rules.name, version)
        ]
        for name in reached:
            self._world.nodes[name].services[rules.name].data = version
        if memory.current(rules.name) <= set(reached):
            acknowledged = self._world.checks.acknowledged
            acknowledged[rules.name] = max(acknowledged[rules.name], version)
        local = memory.local[rules.name]
        memory.local[rules.name] = replace(local, current=tuple(reached))
        self._world.checks.reported(rules.name, tuple(reached))

    def _takes(self, node: Node, name: str, hierarchy: str, version: int) -> bool:
        """The other end is there, and has nothing newer."""
        other, world = self._world.nodes[name], self._world
        if other.services[hierarchy].data >= version:
            return False
        alive = other.powered and world.timeline.now >= other.suspended_until
        return alive and (node.name, name) not in world.cut and (name, node.name) not in world.cut
