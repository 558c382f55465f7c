# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that are lost: end their incarnations, and make sure of it where a disk needs that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .decision import Action, CutPower, Purpose, Write
from .fitness import confirmed, ended
from .records import NODES, NodeRecord, NodeState
from .snapshot import Power, PowerState, Seen, Snapshot


def fence_the_lost(s: Snapshot) -> Iterator[Action]:
    """End the incarnation of every node that is lost and owns something this node shares."""
    if not s.sure or not s.reachable:
        return
    for node in _fenceable(s):
        seen = s.nodes.get(node) or _never_seen(s, node)
        if seen is None or seen.newer or NODES + node in s.busy or left_alone(s, node):
            continue
        if seen.record is not None and seen.record.ended and not seen.problem:
            yield from _confirm(s, node, seen)
        elif s.now < seen.since + s.timers.ttl or s.now < s.given.get(node, 0.0) or at_odds(s, node):
            continue
        elif _owns_shared(s, node):
            silent = f"{node} has not renewed its record for {s.now - seen.since:.1f} s"
            yield Write(Purpose.FENCE, NODES + node, seen.version, _tombstone(s, node, seen), silent)


def left_alone(s: Snapshot, node: str) -> bool:
    """Maintenance keeps a node from being fenced, unless a person waits for what it has."""
    return (s.maintenance.cluster or node in s.maintenance.nodes) and not any(
        seen.record is not None and seen.record.owner == node and seen.record.request is not None
        for name in s.local
        if (seen := s.hierarchies.get(name)) is not None
    )


def at_odds(s: Snapshot, node: str) -> str:
    """Why this node must not fence another one, however silent; "" where it may.

    That one serves as long as those promise whom it knows, and by its own timers. Where somebody asks by
    force for what it has, a person answers for that.
    """
    seen = s.nodes.get(node)
    record = seen.record if seen is not None else None
    if record is None or _forced(s, node):
        return ""
    if record.peers and s.node not in record.peers:
        return f"its agent does not know {s.node}"
    if record.terms and record.terms != s.timers.digest:
        return f"its agent works by other timers than that of {s.node}"
    return ""


def _forced(s: Snapshot, node: str) -> bool:
    return any(
        seen.record is not None
        and seen.record.owner == node
        and seen.record.request is not None
        and seen.record.request.force
        for seen in s.hierarchies.values()
    )


def _fenceable(s: Snapshot) -> list[str]:
    """Peers, and owners of shared hierarchies that are peers no more."""
    found = [*s.peers]
    for name in s.local:
        seen = s.hierarchies.get(name)
        owner = seen.record.owner if seen is not None and seen.record is not None else ""
        if owner and owner != s.node and owner not in found:
            found.append(owner)
    return found


def _never_seen(s: Snapshot, node: str) -> Seen[NodeRecord] | None:
    """An owner without a record, which its own agent would have written by now, however old a listing is."""
    since = [
        seen.since
        for name in s.local
        if (seen := s.hierarchies.get(name)) is not None
        and seen.record is not None
        and seen.record.owner == node
    ]
    if not since or s.now < max(since) + s.timers.damaged:
        return None
    return Seen(0, None, max(since), problem="it has no record")


def _owns_shared(s: Snapshot, node: str) -> bool:
    """True where a node owns, or once owned without an end being known, a hierarchy that this node shares."""
    for rules in s.cluster.hierarchies:
        if s.node not in rules.nodes:
            continue
        seen = s.hierarchies.get(rules.name)
        asked = seen is not None and seen.record is not None and seen.record.request is not None
        if rules.name in s.maintenance.hierarchies and not asked:
            continue
        if node in rules.nodes and (seen is None or seen.record is None or seen.problem or seen.record.doubt):
            return True
        if seen is None or seen.record is None:
            continue
        if seen.record.owner == node and not ended(s, node, seen.record.incarnation):
            return True
    return False


def _tombstone(s: Snapshot, node: str, seen: Seen[NodeRecord]) -> NodeRecord:
    """The end of every incarnation of a node that any record names: its own may have been lost in between."""
    owners = [
        one.record.incarnation
        for one in s.hierarchies.values()
        if one.record is not None and one.record.owner == node
    ]
    known = seen.record or NodeRecord(node, 0, "")
    incarnation = max([known.incarnation, *owners])
    return replace(known, incarnation=incarnation, state=NodeState.FENCED, by=s.node, confirmed=False)


def _confirm(s: Snapshot, node: str, seen: Seen[NodeRecord]) -> Iterator[Action]:
    """Make sure of a fence where a disk must not be written by two."""
    record = seen.record
    if record is None or confirmed(s, node, record.incarnation) or not _needs_confirmation(s, node, record):
        return
    power = power_of(s, node, record.incarnation)
    if power is None or (power.state is PowerState.FAILED and s.now >= power.since + s.timers.ttl):
        if node in s.cluster.fences:
            yield CutPower(node, record.incarnation, f"{node} is lost, and has a disk that others take over")
    elif power.state is PowerState.CONFIRMED:
        told = f"{node} is surely off"
        yield Write(Purpose.CONFIRM, NODES + node, seen.version, replace(record, confirmed=True), told)


def power_of(s: Snapshot, node: str, incarnation: int) -> Power | None:
    """How far the fence of this very incarnation has come."""
    power = s.power.get(node)
    return power if power is not None and power.incarnation == incarnation else None


def _needs_confirmation(s: Snapshot, node: str, record: NodeRecord) -> bool:
    """A disk that this node may take was that incarnation's, or may have been."""
    return any(
        rules.exclusive
        and s.node in rules.nodes
        and (seen := s.hierarchies.get(rules.name)) is not None
        and seen.record is not None
        and (
            (seen.record.owner, seen.record.incarnation) == (node, record.incarnation)
            or (seen.record.doubt and node in rules.nodes)
        )
        for rules in s.cluster.hierarchies
    )
