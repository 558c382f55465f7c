# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node's own record: join, renew, leave, ask for promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .decision import Action, Ask, Purpose, Write
from .fitness import confirmed, maintained, obstacle, why_unfit
from .lost import outranked
from .records import NODES, NodeRecord, NodeState
from .snapshot import LocalState, Seen, Snapshot


def keep_standing(s: Snapshot) -> Iterator[Action]:
    """What keeps, or ends, this node's standing."""
    key = NODES + s.node
    seen = s.nodes.get(s.node)
    if key in s.busy or (seen is not None and seen.newer):
        return
    if not s.own.incarnation or s.own.lost:
        yield from _join(s, key, seen)
        return
    down = all(local.down for local in s.local.values())
    if s.own.leaving and down and not s.own.awaited and not _has_to_release(s):
        if seen is not None and seen.record is not None:
            left = replace(seen.record, state=NodeState.LEFT, owned=_had(s, seen.record))
            yield Write(Purpose.LEAVE, key, seen.version, left, "the agent is being shut down")
        return
    if stuck(s):
        return
    yield from _renew(s, key, seen)
    yield from _ask(s)


def _join(s: Snapshot, key: str, seen: Seen[NodeRecord] | None) -> Iterator[Action]:
    """A new incarnation, once everything of an earlier one is surely stopped."""
    if s.own.leaving or not s.reachable or not all(local.down for local in s.local.values()):
        return
    if _too_soon(s) or usurped(s):
        return
    incarnation = _last_incarnation(s) + 1
    first = _first(s, seen, incarnation)
    had = _had(s, seen.record) if seen is not None and seen.record is not None else {}
    record = NodeRecord(
        s.node,
        incarnation,
        s.instance,
        unfit=unfit(s),
        owned=had,
        machine=s.machine,
        first=first,
        peers=s.peers,
        terms=s.timers.digest,
    )
    version = seen.version if seen is not None else 0
    yield Write(Purpose.JOIN, key, version, record, f"{s.node} joins as incarnation {record.incarnation}")


def usurped(s: Snapshot) -> str:
    """Why this machine may not join under its node's name: another one renews, or may; "" where it may."""
    seen = s.nodes.get(s.node)
    record = seen.record if seen is not None else None
    if seen is None or record is None or record.ended or record.machine == s.machine:
        return ""
    told = f"another machine runs an agent named {s.node}, or did {s.now - seen.since:.0f} s ago"
    if s.now < seen.since + s.timers.ttl:
        return told
    if not _may_serve(s, record.incarnation):
        return ""
    return f"{told}, and may serve on its peers' promises: it is waited for until one of them fences it"


def _may_serve(s: Snapshot, incarnation: int) -> bool:
    """That incarnation of this node owns something that others have a part in, who may have promised."""
    return any(
        len(rules.nodes) > 1
        and (seen := s.hierarchies.get(rules.name)) is not None
        and seen.record is not None
        and (seen.record.owner, seen.record.incarnation) == (s.node, incarnation)
        for rules in s.cluster.hierarchies
    )


def _first(s: Snapshot, seen: Seen[NodeRecord] | None, incarnation: int) -> int:
    """``NodeRecord.first`` of an agent that joins: its own incarnation where another machine had the name."""
    record = seen.record if seen is not None else None
    if record is None or record.machine == s.machine or confirmed(s, s.node, record.incarnation):
        return record.first if record is not None else 0
    return incarnation


def _last_incarnation(s: Snapshot) -> int:
    """The highest incarnation of this node that any record names."""
    own = s.nodes.get(s.node)
    found = [s.own.incarnation]
    if own is not None and own.record is not None:
        found.append(own.record.incarnation)
    for seen in s.hierarchies.values():
        if seen.record is not None and seen.record.owner == s.node:
            found.append(seen.record.incarnation)
    return max(found)


def _renew(s: Snapshot, key: str, seen: Seen[NodeRecord] | None) -> Iterator[Action]:
    """A beat, once every interval; at once where its clocks jumped, or others need to know what it owns."""
    if seen is None or seen.record is None or not _is_own(s, seen.record):
        return
    owned = _owned(s, seen.record)
    due = s.own.renewed is None or s.now >= s.own.renewed + s.timers.interval or s.own.jumped
    changed = seen.record.owned != owned
    if (not due and not changed) or _too_soon(s):
        return
    record = replace(
        seen.record,
        beat=seen.record.beat + s.own.step,
        unfit=unfit(s),
        owned=owned,
        peers=s.peers,
        terms=s.timers.digest,
    )
    yield Write(Purpose.RENEW, key, seen.version, record, f"renewal {record.beat} of {s.node}")


def stuck(s: Snapshot) -> str:
    """What this node owns and does not get stopped, though another node could take it; "" where nothing is.

    It lets itself be fenced then: Windows drops its addresses at the end of the lease, and a disk is taken
    once its power is surely off.
    """
    for rules in s.cluster.hierarchies:
        local = s.local.get(rules.name)
        if local is None or local.state is not LocalState.STOPPING or s.now < local.since + s.timers.stuck:
            continue
        seen = s.hierarchies.get(rules.name)
        record = seen.record if seen is not None else None
        if record is None or record.owner != s.node or maintained(s, rules, s.node):
            continue
        if any(node != s.node and obstacle(s, rules, record, node) is None for node in rules.nodes):
            return rules.name
    return ""


def _is_own(s: Snapshot, record: NodeRecord) -> bool:
    """A record of this agent process and incarnation that is not over: nothing else is ever renewed."""
    same = (record.incarnation, record.instance) == (s.own.incarnation, s.instance)
    return same and not record.ended


def _too_soon(s: Snapshot) -> bool:
    """It tried a moment ago: its own record is written once a tick at most, whatever changes."""
    return s.own.attempted is not None and s.now < s.own.attempted + s.timers.tick


def _ask(s: Snapshot) -> Iterator[Action]:
    """Promises, once a renewal is overdue and something depends on this node's standing."""
    renewed = s.own.renewed
    if renewed is None or s.now < renewed + s.timers.interval + s.timers.store_timeout:
        return
    recently = s.own.asked is not None and s.now < s.own.asked + s.timers.interval
    if s.sure and not recently and s.peers and _owns_any(s):
        yield Ask(
            s.peers, f"no renewal was confirmed for {s.now - renewed:.1f} s ({s.outage or 'lost answers'})"
        )


def _owns_any(s: Snapshot) -> bool:
    return any(s.owns(name) for name in s.local)


def _has_to_release(s: Snapshot) -> bool:
    """It owns a hierarchy whose record it may write; it waits for nobody over one that it may not."""
    return any(
        s.owns(rules.name) and not outranked(s, rules) and not s.hierarchies[rules.name].newer
        for rules in s.cluster.hierarchies
        if rules.name in s.local
    )


def _owned(s: Snapshot, own: NodeRecord) -> Mapping[str, int]:
    """What this incarnation owns, with epochs, and what an earlier one had whose record is not there."""
    owned = _had(s, own)
    for name in s.local:
        if s.owns(name) and (seen := s.hierarchies[name]).record is not None:
            owned[name] = seen.record.epoch
    return owned


def _had(s: Snapshot, own: NodeRecord) -> dict[str, int]:
    """What stands in its own record of hierarchies that have none: nobody else may know who had them."""
    return {name: epoch for name, epoch in own.owned.items() if name in s.local and not _is_there(s, name)}


def _is_there(s: Snapshot, hierarchy: str) -> bool:
    seen = s.hierarchies.get(hierarchy)
    return seen is not None and seen.record is not None and not seen.problem


def unfit(s: Snapshot) -> dict[str, str]:
    """Hierarchies that this node cannot take, with the reason: what its record tells others."""
    return {
        rules.name: why
        for rules in s.cluster.hierarchies
        if s.node in rules.nodes and (why := why_unfit(s, rules))
    }
