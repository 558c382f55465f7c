# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hierarchy whose record is lost or damaged: what its nodes' own records tell of it."""

from __future__ import annotations

from dataclasses import replace

from .fencing import at_odds, left_alone
from .fitness import alive, confirmed, ended
from .records import HierarchyRecord, NodeRecord
from .snapshot import LocalState, Rules, Seen, Snapshot


def missing(s: Snapshot, rules: Rules) -> Seen[HierarchyRecord] | None:
    """A hierarchy without a record is damaged where a node tells that it had it; else it is a new one."""
    for node in rules.nodes:
        seen = s.nodes.get(node)
        if seen is not None and seen.record is not None and rules.name in seen.record.owned:
            told = f"its record is missing, and {node} had it"
            return Seen(0, None, s.first_read, s.first_read, told)
    return None


def holder(s: Snapshot, rules: Rules) -> str:
    """Who may have a hierarchy whose record is lost or damaged: a sentence that says who is waited for.

    "" where surely nobody has it, or nobody has had it after this node.
    """
    for node in rules.nodes:
        seen = s.nodes.get(node)
        if node == s.node or seen is None:
            continue
        if seen.record is None or seen.problem:
            return f"it has no record that can be read, nor has {node}, which may have it"
        if _tells_later(seen.record, rules, own_epoch(s, rules)):
            return f"it has no record that can be read; {node} had it, and is to write it again"
        if not seen.record.ended and not alive(s, node):
            # It may have claimed it, and serve it on promises, without having told so in its own record.
            kept = at_odds(s, node)
            if not kept and left_alone(s, node):
                kept = "maintenance keeps it from being fenced"
            then = f"but {kept}" if kept else "and is fenced first"
            return f"it has no record that can be read; {node} may have it and is silent, {then}"
    return ""


def outranked(s: Snapshot, rules: Rules) -> bool:
    """Its record is lost or damaged, and what this node knows of it may be old: others may have had it since.

    So it is where a release of this node has no answer, or where another node tells of a later epoch.
    """
    seen = s.hierarchies.get(rules.name)
    if seen is None or not seen.problem or seen.newer or s.local[rules.name].state is LocalState.UP:
        return False
    known = seen.record.epoch if seen.record is not None else -1
    others = (one.record for name, one in s.nodes.items() if name in rules.nodes and name != s.node)
    return rules.name in s.unsure or any(
        record is not None and _tells_later(record, rules, known) for record in others
    )


def _tells_later(record: NodeRecord, rules: Rules, epoch: int) -> bool:
    """A node that has not ended tells that it had a hierarchy under a later epoch."""
    return not record.ended and record.owned.get(rules.name, -1) > epoch


def own_epoch(s: Snapshot, rules: Rules) -> int:
    """The epoch under which this node tells that it had a hierarchy, -1 where it does not."""
    own = s.nodes.get(s.node)
    return own.record.owned.get(rules.name, -1) if own is not None and own.record is not None else -1


def as_known(s: Snapshot, rules: Rules, kept: HierarchyRecord, problem: str) -> HierarchyRecord:
    """What is known of a hierarchy whose record is lost or damaged, from its nodes' own records.

    The last owner is named where its incarnation has ended: a disk may need more than that. One that has not
    ended, and does not say that it has the hierarchy, has released it. Who had it last has its newest data.
    """
    owner, incarnation, epoch, current = kept.owner, kept.incarnation, kept.epoch, kept.current
    for node in rules.nodes:
        seen = s.nodes.get(node)
        if seen is not None and seen.record is not None and seen.record.owned.get(rules.name, -1) >= epoch:
            owner, incarnation = node, seen.record.incarnation
            if rules.replicated:
                current = (node,)
            epoch = seen.record.owned[rules.name]
    if not owner or not ended(s, owner, incarnation):
        owner, incarnation = "", 0
    reason = problem if kept.wanted else kept.reason
    return replace(kept, owner=owner, incarnation=incarnation, epoch=epoch, current=current, reason=reason)


def unaccounted(s: Snapshot, rules: Rules) -> str:
    """A node that may have had a hierarchy with a damaged record, "" where each tells that it has not."""
    for node in rules.nodes:
        seen = s.nodes.get(node)
        former = seen is not None and seen.record is not None and seen.record.first
        if (node == s.node or alive(s, node)) and not former:
            continue
        record = seen.record if seen is not None and not seen.problem else None
        if record is None or not record.ended or not confirmed(s, node, record.incarnation):
            return node
    return ""
