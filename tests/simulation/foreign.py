# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who deletes and damages records by hand, short of what is documented to do harm."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import sightings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    NODES,
    BadRecord,
)

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World


class ForeignHand:
    """Writes to the store without being asked.

    Attributes:
        damaged: a record was damaged, or that of a hierarchy deleted: what only that one told is not known
            any more.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._told: dict[tuple[str, int, str, int], float] = {}
        self.damaged = False
        world.register.watchers.append(self._hear)

    def delete(self, key: str) -> None:
        """Delete a record."""
        if self._world.register.get(key) is not None and self._may_vanish(key):
            self._world.note(None, f"{key} vanishes")
            if key.startswith(HIERARCHIES):
                self.damaged = True
                name = key[len(HIERARCHIES) :]
                if not self._world.record(name).owner:
                    self._world.checks.forgotten(name)
            self._world.register.vanish(key)

    def tear(self, key: str) -> None:
        """Damage a record; of a hierarchy only where its owner is known to others."""
        if self._world.register.get(key) is not None and self._is_known(key):
            self._world.note(None, f"{key} is torn")
            self.damaged = True
            self._world.register.force(key, '{"format":')

    def _may_vanish(self, key: str) -> bool:
        """Outside the moment after a claim in which that may put a hierarchy in service twice.

        Nor both records that tell of an owner: then nothing does. The moment ends when the owner has told in
        its own record that it has it, for so long that every listing shows that, and when nobody can put a
        claim any more where there was no record.
        """
        if key.startswith(NODES):
            told = self._world.node_record(key[len(NODES) :])
            return told is None or all(self._world.register.get(HIERARCHIES + name) for name in told.owned)
        name, world = key[len(HIERARCHIES) :], self._world
        record = world.record(name)
        told = self._told.get((record.owner, record.incarnation, name, record.epoch), world.timeline.now)
        if record.owner and (not self._is_known(key) or told + world.lag > world.timeline.now):
            return False
        if world.timeline.now <= world.creations.get(key, 0.0):
            return False
        running = [node for node in world.nodes.values() if node.memory is not None and name in node.services]
        return all(_knows(node, name) for node in running)

    def _hear(self, key: str, _old: str | None, new: str | None) -> None:
        """When an owner first told that it has a hierarchy."""
        if key.startswith(NODES):
            with suppress(BadRecord):
                record = sightings.decode_node(new, key[len(NODES) :])
                for name, epoch in record.owned.items():
                    what = (record.node, record.incarnation, name, epoch)
                    self._told.setdefault(what, self._world.timeline.now)

    def _is_known(self, key: str) -> bool:
        """The owner has told in its own record that it has this hierarchy (it takes an interval)."""
        if key.startswith(NODES):
            return True
        name = key[len(HIERARCHIES) :]
        record = self._world.record(name)
        if not record.owner:
            return False
        told = self._world.node_record(record.owner)
        return told is not None and told.owned.get(name) == record.epoch


def _knows(node: Node, hierarchy: str) -> bool:
    """It has seen a record of the hierarchy, and will not take it for one that never was."""
    return node.memory is not None and hierarchy in node.memory.snapshot(node.clock.mono()).hierarchies
