# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes could have a hierarchy in service, and what stands against the others."""

from __future__ import annotations

from dataclasses import dataclass

from .decision import Reason
from .records import HierarchyRecord, NodeRecord
from .snapshot import Rules, Seen, Snapshot


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a node does not take a hierarchy.

    Attributes:
        sentence: one clause about the node.
        soft: a person may overrule it by asking for that node.
        reason: what a verdict makes of it.
    """

    sentence: str
    soft: bool
    reason: Reason = Reason.UNFIT


def why_unfit(s: Snapshot, rules: Rules) -> str:
    """Why this node cannot take a hierarchy; "" where it can."""
    local = s.local[rules.name]
    if local.blocked:
        return local.blocked
    if often := failed_too_often(s, rules, s.timers.hold_off):
        return f"it failed there {often} ({local.problem})"
    unreached = local.unreached is not None and local.unreached > s.now - s.timers.hold_off
    # Where nobody else is left, nobody is left either who says so.
    if unreached and any(alive(s, node) for node in rules.nodes if node != s.node):
        return "it was in service there and not reached from outside"
    return ""


def failed_too_often(s: Snapshot, rules: Rules, period: float) -> str:
    """How often a hierarchy failed on this node within so many seconds, "" where it may be tried again.

    Its owner counts over ``recovery_period``, and gives it away; who does not own it counts over the longer
    ``hold_off``, and does not take it back meanwhile.
    """
    recent = sum(at > s.now - period for at in s.local[rules.name].failures)
    return times(recent) if recent > rules.attempts(s.timers) else ""


def times(count: int) -> str:
    """How often, in words."""
    return "once" if count == 1 else f"{count} times"


def alive(s: Snapshot, node: str) -> bool:
    """True where a node's record renews, as far as this node has seen."""
    if node == s.node:
        return s.standing
    seen = s.nodes.get(node)
    return (
        seen is not None
        and seen.record is not None
        and not seen.problem
        and not seen.record.ended
        and s.now < seen.since + s.timers.ttl
    )


def ended(s: Snapshot, node: str, incarnation: int) -> bool:
    """True where an incarnation of a node is surely over: fenced, left, or followed by a later one."""
    seen = s.nodes.get(node)
    record = seen.record if seen is not None and not seen.problem else None
    if record is None:
        return False
    return record.incarnation > incarnation or (record.incarnation == incarnation and record.ended)


def confirmed(s: Snapshot, node: str, incarnation: int) -> bool:
    """True where more than a record tells that an incarnation is over: joined anew, left, or power off.

    An agent that joins anew has stopped everything before, on its own machine.
    """
    seen = s.nodes.get(node)
    record = seen.record if seen is not None else None
    if record is None or incarnation < record.first:
        return False
    return record.incarnation > incarnation or record.confirmed or (record.ended and not record.by)


def maintained(s: Snapshot, rules: Rules, *nodes: str) -> str:
    """Which maintenance keeps a hierarchy as it is, "" where none does."""
    if s.maintenance_problem and s.maintenance.cluster:
        return f"{s.maintenance_problem}: it counts as maintenance of the cluster until it is written again"
    if s.maintenance.cluster:
        return "the cluster is in maintenance"
    if rules.name in s.maintenance.hierarchies:
        return "it is in maintenance"
    for node in nodes:
        if node in s.maintenance.nodes:
            return f"{node} is in maintenance"
    return ""


def obstacle(
    s: Snapshot, rules: Rules, record: HierarchyRecord, node: str, claims: int = 0
) -> Obstacle | None:
    """What stands against a node's taking a hierarchy.

    Args:
        s: what is known.
        rules: of the hierarchy.
        record: of the hierarchy.
        node: which.
        claims: hierarchies that this node claims in the same decision.
    """
    if not alive(s, node):
        return Obstacle(f"{node} does not renew its record", soft=False)
    why = why_unfit(s, rules) if node == s.node else _told_unfit(s.nodes[node], rules.name)
    if why:
        return Obstacle(f"{node}: {why}", soft=True)
    if rules.replicated and record.current is not None and node not in record.current:
        return Obstacle(f"{node} has old data ({' and '.join(record.current)} had all of it)", soft=True)
    # Who had it, or released it to itself, may take it up again.
    if node in s.maintenance.nodes and node != (record.owner or record.successor):
        return Obstacle(f"{node} is in maintenance", soft=True)
    limit = s.cluster.limits.get(node)
    if limit is not None and _count(s, node) + (claims if node == s.node else 0) >= limit:
        return Obstacle(f"{node} has {limit} hierarchies, its limit", soft=True, reason=Reason.LIMIT)
    return None


def _told_unfit(seen: Seen[NodeRecord], hierarchy: str) -> str:
    return seen.record.unfit.get(hierarchy, "") if seen.record is not None else ""


def _count(s: Snapshot, node: str) -> int:
    seen = s.nodes.get(node)
    incarnation = seen.record.incarnation if seen is not None and seen.record is not None else 0
    return sum(
        one.record is not None and one.record.owner == node and one.record.incarnation == incarnation
        for one in s.hierarchies.values()
    )
