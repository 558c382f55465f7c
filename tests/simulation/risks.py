# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person has accepted by force: one move each, and only where it was answered as accepted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import sightings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import BadRecord

if TYPE_CHECKING:
    from tests.simulation.world import World


class Risks:
    """Hears every record of a hierarchy, and what it asks and answers.

    A move by force excuses the disks that were online elsewhere when it was accepted, until they go offline,
    and old data where the hierarchy is visible next. It excuses nothing that comes after that.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        # Requests with force; those whose answer has been heard are done with.
        self._asked: set[str] = set()
        # Hierarchy -> who owned it last.
        self._owner: dict[str, tuple[str, int]] = {}
        self._disks: dict[str, set[str]] = {}
        self._data: set[str] = set()

    def written(self, hierarchy: str, text: str | None) -> None:
        """A record of a hierarchy was written."""
        record = None
        with suppress(BadRecord):
            record = sightings.decode_hierarchy(text, hierarchy)
        if record is None:
            return
        if record.request is not None and record.request.force:
            self._asked.add(record.request.id)
        owner = (record.owner, record.incarnation)
        before, self._owner[hierarchy] = self._owner.get(hierarchy), owner
        answer = record.answer
        if answer is not None and answer.id in self._asked:
            self._asked.discard(answer.id)
            claimed = bool(record.owner) and owner != before
            if answer.accepted and (record.forced or claimed):
                self._data.add(hierarchy)
                self._disks.setdefault(hierarchy, set()).update(online(self._world, hierarchy))

    def disks(self, hierarchy: str, but: str) -> set[str]:
        """Nodes whose disk may be online beside that of ``but``, which comes online now."""
        accepted = self._disks.get(hierarchy, set())
        accepted &= set(online(self._world, hierarchy)) - {but}
        return accepted

    def pending(self, hierarchy: str) -> bool:
        """Old data was accepted, and nothing is visible since."""
        return hierarchy in self._data

    def data(self, hierarchy: str) -> bool:
        """Old data was accepted for what is visible now; asked once."""
        accepted = hierarchy in self._data
        self._data.discard(hierarchy)
        return accepted


def online(world: World, hierarchy: str) -> list[str]:
    """Nodes on which the disk of a hierarchy is online."""
    holds = (node for node in world.nodes.values() if hierarchy in node.services)
    return [node.name for node in holds if node.powered and node.services[hierarchy].disk]
