# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The records that a node has seen, and since when each stands as it is.

``Sightings`` folds what a store shows into what is watched. It does no I/O and reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from .decision import Write
from .records import (
    HIERARCHIES,
    MAINTENANCE,
    NODES,
    BadRecord,
    HierarchyRecord,
    Maintenance,
    NewerRecord,
    NodeRecord,
    decode_hierarchy,
    decode_maintenance,
    decode_node,
)
from .snapshot import Seen
from .timing import CLOCK_ERROR, LISTING_AGE

_R = TypeVar("_R", NodeRecord, HierarchyRecord)


class Stored(Protocol):
    """What a store gives for a key; see ``agent.store.interface.Versioned``."""

    @property
    def version(self) -> int:
        """Rises with every put."""

    @property
    def value(self) -> str | None:
        """None where something is there that cannot be read."""


class Sightings:
    """What was seen last of each record; one that is damaged or gone is watched with what it said before.

    Attributes:
        nodes: by name.
        hierarchies: by name.
        maintenance: what was asked last; it holds also while its record cannot be read.
        maintenance_problem: why it cannot be read, else "".
        versions: what each key was last seen to have; a key that nothing is known of is not in it.
        news: something else than renewals was seen since this was last cleared.
    """

    def __init__(self, changes: Callable[[HierarchyRecord, HierarchyRecord | None], None]) -> None:
        """Nothing was seen yet.

        Args:
            changes: told of each record of a hierarchy that is adopted, with the one that was known before.
        """
        self.nodes: dict[str, Seen[NodeRecord]] = {}
        self.hierarchies: dict[str, Seen[HierarchyRecord]] = {}
        self.maintenance = Maintenance()
        self.maintenance_problem = ""
        self.versions: dict[str, int] = {}
        self.news = False
        self._changes = changes
        # Node -> incarnation -> own monotonic clock since when that is known to be over.
        self._over: dict[str, dict[int, float]] = {}

    def see(self, key: str, stored: Stored, ended: float, *, first: bool) -> None:
        """A key has a version that was not seen before.

        Args:
            key: of the store.
            stored: what stands there.
            ended: own monotonic clock when the read had ended.
            first: nothing has been read before this read.
        """
        if key.startswith(NODES):
            self._see(self.nodes, key[len(NODES) :], stored, ended, decode_node)
        elif key.startswith(HIERARCHIES):
            self._see(self.hierarchies, key[len(HIERARCHIES) :], stored, ended, decode_hierarchy)
        elif key == MAINTENANCE:
            self._see_maintenance(stored, first=first)
        self.versions[key] = stored.version

    def written(self, write: Write, version: int, since: float) -> None:
        """A write of this node is known to have taken effect."""
        self.versions[write.key] = max(version, self.versions.get(write.key, 0))
        record = write.record
        if isinstance(record, HierarchyRecord):
            self._adopt(self.hierarchies, record.hierarchy, version, record, since)
        else:
            self._adopt(self.nodes, record.node, version, record, since)

    def watch_anew(self, write: Write, now: float) -> None:
        """Another version stands where a write was to go: what was watched there counts from now on."""
        if isinstance(write.record, NodeRecord):
            _watch_anew(self.nodes, write.record.node, now)
        else:
            _watch_anew(self.hierarchies, write.record.hierarchy, now)

    def bear_with_nodes(self, least: float) -> None:
        """No node counts as silent since before then."""
        for node, seen in self.nodes.items():
            if seen.since < least:
                self.nodes[node] = replace(seen, since=least)

    def forget_missing(self, started: float, ended: float, found: Mapping[str, Stored]) -> None:
        """Records that are there no more are watched as missing from now on."""
        for gone in self.versions.keys() - found.keys():
            if gone == MAINTENANCE:
                del self.versions[gone]  # what was asked holds until somebody writes it anew
                continue
            vanished = _vanished(self.nodes, gone, NODES, started, ended)
            if vanished or _vanished(self.hierarchies, gone, HIERARCHIES, started, ended):
                del self.versions[gone]
                self.news = True

    def still_there(self, found: Mapping[str, Stored], started: float) -> Mapping[str, Stored]:
        """What a read that began then has found, without what the store has lost and has older records of.

        Those are older than ones that were known for longer than any cache lasts, and count as missing.
        """
        versions = self.versions
        return {
            key: stored
            for key, stored in found.items()
            if stored.version >= versions.get(key, 0) or not self._went_back(key, stored, started)
        }

    def _went_back(self, key: str, stored: Stored, started: float) -> bool:
        table: Mapping[str, Seen[NodeRecord] | Seen[HierarchyRecord]]
        table, prefix = (self.nodes, NODES) if key.startswith(NODES) else (self.hierarchies, HIERARCHIES)
        known = table.get(key[len(prefix) :])
        if known is None or stored.version >= known.version:
            return False
        return started - known.since > LISTING_AGE * (1 + CLOCK_ERROR)

    def over(self) -> Mapping[str, float]:
        """Since when the incarnation of a hierarchy's last owner is known to be over, where that was seen."""
        found: dict[str, float] = {}
        if not self._over:
            return found
        for name, seen in self.hierarchies.items():
            if seen.record is not None:
                since = self._over.get(seen.record.owner, {}).get(seen.record.incarnation)
                if since is not None:
                    found[name] = since
        return found

    def _note_over(self, record: NodeRecord, known: NodeRecord | None, since: float) -> None:
        """A node's record tells that an incarnation is over: the one that was known, or its own."""
        if known is not None and known.incarnation < record.incarnation:
            self._ends(known.node, known.incarnation, since)
        if record.ended:
            self._ends(record.node, record.incarnation, since)

    def _ends(self, node: str, incarnation: int, since: float) -> None:
        """The first time counts. Incarnations that no hierarchy names any more are forgotten."""
        named = {one.record.incarnation for one in self.hierarchies.values() if one.record is not None}
        kept = {known: at for known, at in self._over.get(node, {}).items() if known in named}
        self._over[node] = {incarnation: since, **kept}

    def _see(
        self,
        table: dict[str, Seen[_R]],
        name: str,
        stored: Stored,
        ended: float,
        decode: Callable[[str | None, str], _R],
    ) -> None:
        known = table.get(name)
        kept = known.record if known is not None else None
        try:
            record = decode(stored.value, name)
            if kept is not None and (older := _goes_back(record, kept)):
                raise BadRecord(f"{name} has a record that is older than what was known of it: {older}")
        except BadRecord as error:
            newer = isinstance(error, NewerRecord)
            table[name] = Seen(stored.version, kept, ended, ended, error.problem, newer)
            self.news = True
            return
        self._adopt(table, name, stored.version, record, ended)

    def _adopt(self, table: dict[str, Seen[_R]], name: str, version: int, record: _R, since: float) -> None:
        known = table.get(name)
        if known is not None and version <= known.version:
            return
        steady = since
        if known is not None and not known.problem and _steady(known.record, record):
            steady = known.steady
        else:
            self.news = True
        if isinstance(record, HierarchyRecord):
            self._changes(record, self._before(record.hierarchy))
        else:
            self._note_over(record, known.record if known is not None else None, since)
        table[name] = Seen(version, record, since, steady)

    def _see_maintenance(self, stored: Stored, *, first: bool) -> None:
        self.news = True
        try:
            self.maintenance, self.maintenance_problem = decode_maintenance(stored.value), ""
        except BadRecord as error:
            self.maintenance_problem = error.problem
            # What it said last holds. Where nobody knows that, or it says more than is understood here,
            # nothing is done by itself until somebody has written it again.
            if isinstance(error, NewerRecord) or first:
                self.maintenance = Maintenance(cluster=True)

    def _before(self, hierarchy: str) -> HierarchyRecord | None:
        known = self.hierarchies.get(hierarchy)
        return known.record if known is not None else None


def _watch_anew(table: dict[str, Seen[_R]], name: str, now: float) -> None:
    if (seen := table.get(name)) is not None:
        table[name] = replace(seen, since=now)


def _vanished(table: dict[str, Seen[_R]], key: str, prefix: str, started: float, ended: float) -> bool:
    """True where a record is watched as missing from now on; not where it was seen after the read began."""
    seen = table.get(key[len(prefix) :]) if key.startswith(prefix) else None
    if seen is None or seen.since >= started:
        return False
    table[key[len(prefix) :]] = Seen(0, seen.record, ended, ended, "its record has vanished")
    return True


def _goes_back(record: NodeRecord | HierarchyRecord, known: NodeRecord | HierarchyRecord) -> str:
    """By what a record is older than what is known, whatever its version says; "" where it is not."""
    if isinstance(record, NodeRecord) and isinstance(known, NodeRecord):
        what, now, before = "incarnation", record.incarnation, known.incarnation
    elif isinstance(record, HierarchyRecord) and isinstance(known, HierarchyRecord):
        what, now, before = "epoch", record.epoch, known.epoch
    else:
        return ""
    return f"{what} {now} after {before}" if now < before else ""


def _steady(known: NodeRecord | HierarchyRecord | None, record: NodeRecord | HierarchyRecord) -> bool:
    """A node's record by which its incarnation, state and fitness stay what they were."""
    if isinstance(known, NodeRecord) and isinstance(record, NodeRecord):
        return (known.incarnation, known.state, known.unfit) == (
            record.incarnation,
            record.state,
            record.unfit,
        )
    return False
