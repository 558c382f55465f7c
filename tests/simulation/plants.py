# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bugs of the kind that split a cluster or lose data, planted one at a time: the
simulation has to find each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from ansible_collections.standby.iis.plugins.module_utils.ha import mirror
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import (
    danger,
    decide,
    fencing,
    fitness,
    memory,
    owned,
    timing,
    vacant,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import HIERARCHIES, NodeRecord
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    PowerState,
    Snapshot,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy
from tests.simulation import hands, world

Memory = memory.Memory


def _margin_left_out() -> Any:
    """A node serves until the very end of its ttl, and its addresses live as long, in whole seconds."""

    def lifetime(t: timing.Timers, until: float, now: float) -> int:
        return max(0, math.ceil(until - now))

    whole = patch.object(timing.Timers, "lease", property(lambda t: t.ttl))
    return _both(whole, patch.object(hands, "lifetime", lifetime))


def _fence_skipped() -> Any:
    """A silent node's hierarchies are taken without a word in its record."""
    right = fitness.ended

    def silent(s: Snapshot, node: str, incarnation: int) -> bool:
        seen = s.nodes.get(node)
        return right(s, node, incarnation) or (seen is not None and s.now >= seen.since + s.timers.ttl)

    return _both(
        patch.object(vacant, "ended", silent), patch.object(decide, "fence_the_lost", lambda s: iter(()))
    )


def _fence_not_by_cas() -> Any:
    """A tombstone is written over whatever is there."""
    right = world.World.put

    def put(self: world.World, write: Write, text: str) -> int | None:
        if write.purpose is Purpose.FENCE:
            return self.register.force(write.key, text)
        return right(self, write, text)

    return patch.object(world.World, "put", put)


def _two_clocks_compared() -> Any:
    """The age of a record is told by the time that its writer gave it."""
    right = Memory.snapshot

    def snapshot(self: Memory, now: float, minute: int = 0) -> Snapshot:
        s = right(self, now, minute)
        written = {
            name: replace(seen, since=_WRITTEN.get((name, seen.record.incarnation, seen.record.beat), now))
            for name, seen in s.nodes.items()
            if seen.record is not None and name != s.node
        }
        return replace(s, nodes={**s.nodes, **written})

    writing = Memory.writing

    def stamp(self: Memory, write: Write, now: float) -> None:
        if isinstance(write.record, NodeRecord) and write.record.node == self.node:
            _WRITTEN[self.node, write.record.incarnation, write.record.beat] = now
        writing(self, write, now)

    return _both(patch.object(Memory, "snapshot", snapshot), patch.object(Memory, "writing", stamp))


_WRITTEN: dict[tuple[str, int, int], float] = {}


def _late_write_trusted() -> Any:
    """A renewal without an answer counts as one that took effect."""

    def unanswered(self: Memory, write: Write, started: float) -> None:
        self._end(write)
        if write.key == self._key and self.incarnation:
            self._lease.confirm(started)

    return patch.object(Memory, "unanswered", unanswered)


def _listing_trusted() -> Any:
    """What is listed counts, be it older than what was seen before."""
    right = Memory.read

    def read(self: Memory, started: float, ended: float, found: Mapping[str, Any]) -> bool:
        seen = self._seen
        for key, stored in found.items():
            if key.startswith(HIERARCHIES) and stored.version < seen.versions.get(key, 0):
                del seen.versions[key], seen.hierarchies[key[len(HIERARCHIES) :]]
        return right(self, started, ended, found)

    return patch.object(Memory, "read", read)


def _promise_forgotten() -> Any:
    """A peer promises, and fences all the same."""

    def grant(self: Memory, peer: str, incarnation: int, now: float) -> bool:
        return True

    return patch.object(Memory, "grant", grant)


def _epoch_not_raised() -> Any:
    """A claim keeps the epoch."""
    right = vacant._claim

    def claim(s: Any, rules: Any, record: Any, seen: Any, why: str) -> Any:
        return right(s, rules, replace(record, epoch=max(0, record.epoch - 1)), seen, why)

    return patch.object(vacant, "_claim", claim)


def _resurrected() -> Any:
    """A renewal goes over the node's own tombstone as if nothing had happened."""
    right = world.World.put

    def put(self: world.World, write: Write, text: str) -> int | None:
        known = self.node_record(write.record.node) if isinstance(write.record, NodeRecord) else None
        if write.purpose is Purpose.RENEW and known is not None and known.ended:
            return self.register.force(write.key, text)
        return right(self, write, text)

    return patch.object(world.World, "put", put)


def _counted_from_the_answer() -> Any:
    """A lease begins when the answer to its renewal comes."""
    right = Memory.written

    def written(self: Memory, write: Write, started: float, now: float, version: int) -> None:
        right(self, write, now, now, version)

    return patch.object(Memory, "written", written)


def _released_before_stopped() -> Any:
    """A hierarchy is released while it is still up."""
    right = owned._Owner._give

    def give(self: Any, to: str, why: str, request: Any = None, **how: Any) -> Any:
        down = replace(self.local, state=owned.LocalState.DOWN)
        return right(
            owned._Owner(self.s, self.rules, self.record, self.version, down), to, why, request, **how
        )

    return patch.object(owned._Owner, "_give", give)


def _unfenced_claimed() -> Any:
    """An owner that does not renew any more may be robbed, fenced or not."""
    right = fitness.ended

    def ended(s: Snapshot, node: str, incarnation: int) -> bool:
        return right(s, node, incarnation) or not fitness.alive(s, node)

    return patch.object(vacant, "ended", ended)


def _cut_not_written() -> Any:
    """The other node stays in the record when the mirror is cut."""
    right = owned._Owner.go_on

    def go_on(self: Any) -> Any:
        current = self.local.current
        if current is not None and set(current) < set(self.record.current or ()):
            self.local = replace(self.local, current=self.record.current)
        return right(self)

    late = patch.object(owned._Owner, "writes_alone", lambda self: False)
    return _both(late, patch.object(owned._Owner, "go_on", go_on))


def _named_after_a_takeover() -> Any:
    """Who takes it from a lost node leaves that one in the record, which has what nobody else has."""
    right = vacant._claim

    def claim(s: Any, rules: Any, record: Any, seen: Any, why: str) -> Any:
        verdict, writes = right(s, rules, record, seen, why)
        claimed = [replace(one, record=replace(one.record, current=record.current)) for one in writes]
        return verdict, claimed

    return patch.object(vacant, "_claim", claim)


def _rpo_ignored() -> Any:
    """An asynchronous copy beyond its RPO counts as one within."""
    right = mirror.side_of

    def side_of(volume: Any, facts: Any) -> Any:
        side = right(volume, facts)
        return replace(side, copy=Copy.IN_SYNC) if side.copy is Copy.BEHIND else side

    return patch.object(mirror, "side_of", side_of)


def _fence_believed() -> Any:
    """A fence that runs or has failed counts as confirmed."""
    right = fencing.power_of

    def power_of(s: Snapshot, node: str, incarnation: int) -> Any:
        power = right(s, node, incarnation)
        return replace(power, state=PowerState.CONFIRMED) if power is not None else None

    return _both(patch.object(fencing, "power_of", power_of), patch.object(danger, "power_of", power_of))


@contextmanager
def _both(*patches: Any) -> Iterator[None]:
    with patches[0], patches[1]:
        yield


PLANTS: Mapping[str, Callable[[], Any]] = {
    "margin left out": _margin_left_out,
    "fence skipped": _fence_skipped,
    "fence not by CAS": _fence_not_by_cas,
    "two clocks compared": _two_clocks_compared,
    "late write trusted": _late_write_trusted,
    "listing trusted": _listing_trusted,
    "promise forgotten": _promise_forgotten,
    "epoch not raised": _epoch_not_raised,
    "own record resurrected after a fence": _resurrected,
    "deadline counted from the answer": _counted_from_the_answer,
    "release before stop": _released_before_stopped,
    "claim of an unfenced owner": _unfenced_claimed,
    "cut of a mirror not written down": _cut_not_written,
    "claim that names the lost owner too": _named_after_a_takeover,
    "RPO ignored": _rpo_ignored,
    "fence believed before it has worked": _fence_believed,
}
