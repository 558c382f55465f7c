# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hierarchies that this node does not own: watch the owner, claim what is free."""

from __future__ import annotations

from dataclasses import replace

from .danger import by_force, danger
from .decision import Purpose, Reason, Result, Verdict, Write
from .fencing import at_odds
from .fitness import Obstacle, alive, ended, maintained, obstacle
from .gate import gate
from .lost import as_known, holder, missing, own_epoch
from .records import HIERARCHIES, Answer, HierarchyRecord, Request, RequestKind
from .snapshot import Rules, Seen, Snapshot


def look_at(s: Snapshot, rules: Rules, claims: int) -> Result:
    """A hierarchy that is another node's, or nobody's; this node has standing."""
    seen = s.hierarchies.get(rules.name) or missing(s, rules)
    if not s.reachable:
        return _say(
            rules, Reason.STORE_OUTAGE, f"{s.node} cannot see who has it: {s.outage or 'old answers'}"
        )
    if not s.sure:
        return _say(rules, Reason.NO_STANDING, f"the clocks of {s.node} jumped, and its lease comes first")
    if seen is not None and seen.newer:
        return _say(rules, Reason.UNREADABLE, seen.problem)
    if seen is None or seen.problem or seen.record is None:
        may_have_it = holder(s, rules)
        if may_have_it:
            return _say(rules, Reason.UNREADABLE, may_have_it)
    if seen is not None and seen.problem and s.now < seen.since + s.timers.damaged:
        rest = seen.since + s.timers.damaged - s.now
        return _say(rules, Reason.UNREADABLE, f"{seen.problem}; it is taken in {rest:.0f} s if nobody has it")
    record = seen.record if seen is not None and seen.record is not None else HierarchyRecord(rules.name)
    if seen is not None and seen.problem:
        record = as_known(s, rules, record, seen.problem)
    if record.owner and not ended(s, record.owner, record.incarnation):
        return _watch(s, rules, record)
    if record.request is not None:
        return _asked(s, rules, record, seen, record.request)
    return _free(s, rules, record, seen, claims)


def _watch(s: Snapshot, rules: Rules, record: HierarchyRecord) -> Result:
    """It has an owner whose incarnation may be alive."""
    owner = record.owner
    if alive(s, owner):
        return _say(rules, Reason.ELSEWHERE, f"{owner} has it: {record.reason}")
    why = maintained(s, rules, owner)
    if why and record.request is None:
        return _say(rules, Reason.MAINTENANCE, f"{owner} has it and does not renew its record, but {why}")
    seen = s.nodes.get(owner)
    silent = s.now - seen.since if seen is not None else 0.0
    if seen is not None and seen.newer:
        return _say(rules, Reason.UNREADABLE, seen.problem)
    if silent < s.timers.ttl:
        lost = f"after {s.timers.ttl:g} s it counts as lost"
        told = f"{owner} has it and has been silent for {silent:.1f} s; {lost}"
        return _say(rules, Reason.WATCHING, told)
    promised = s.given.get(owner, 0.0) - s.now
    if promised > 0:
        return _say(
            rules, Reason.WATCHING, f"{owner} has it, and may keep it for {promised:.1f} s as promised"
        )
    if against := at_odds(s, owner):
        told = f"{owner} has it and has been silent for {silent:.0f} s, but {against}"
        return _say(
            rules, Reason.WATCHING, f"{told}: run the role monitor, or make sure that it is off and force"
        )
    return _say(rules, Reason.FENCING, f"{owner} had it and is lost; its record is being fenced")


def _asked(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, request: Request
) -> Result:
    """An operator asks for a hierarchy that nobody has. The node it concerns answers."""
    who = request.by or "an operator"
    if request.kind in (RequestKind.OUT, RequestKind.ACKNOWLEDGE):
        if _first_alive(s, rules) != s.node:
            return _say(rules, Reason.ANSWERING, f"{_first_alive(s, rules)} answers the request")
        wanted = record.wanted and request.kind is RequestKind.ACKNOWLEDGE
        told = "its failures are acknowledged" if wanted else record.reason
        if request.kind is RequestKind.OUT:
            told = f"{who} took it out of service"
        answer = Answer(request.id, True, told)
        changed = replace(record, request=None, answer=answer, failovers=0, wanted=wanted, reason=told)
        reason = Reason.ANSWERING if wanted else Reason.TAKEN_OUT
        return _write(s, rules, seen, Purpose.ANSWER, reason, changed)
    target = request.target or _first_able(s, rules, record, force=request.force)
    if target == s.node:
        return _take_as_asked(s, rules, record, seen, request)
    waited = s.now - _free_since(s, record, seen)
    if target in rules.nodes and alive(s, target) and waited < s.timers.stop + s.timers.handover:
        return _say(rules, Reason.ANSWERING, f"{who} wants it on {target}")
    answers = _first_alive(s, rules, but=target)
    if answers != s.node:
        return _say(rules, Reason.ANSWERING, f"{answers} answers the request")
    told = f"{target or 'no node'} cannot take it: it is none of its nodes, or does not renew its record"
    refused = replace(record, request=None, answer=Answer(request.id, False, told))
    return _write(s, rules, seen, Purpose.ANSWER, Reason.ANSWERING, refused, told)


def _take_as_asked(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, request: Request
) -> Result:
    """A person overrules all but old data and unconfirmed fences; those too by force."""
    against = danger(s, rules, record, seen)
    if s.own.leaving or (against and not request.force):
        reason, why = against or (Reason.UNFIT, f"{s.node} is being shut down")
        told = why if s.own.leaving else f"{why}; force overrules this"
        refused = replace(record, request=None, answer=Answer(request.id, False, told))
        return _write(s, rules, seen, Purpose.ANSWER, reason, refused, told)
    told = f"{request.by or 'an operator'} asked for it on {s.node}"
    changes = replace(record, request=None, answer=Answer(request.id, True, told), failovers=0, wanted=True)
    if rules.replicated and record.current is not None and s.node not in record.current:
        changes = replace(changes, current=(s.node,))
    return _claim(s, rules, changes, seen, told)


def _free(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, claims: int
) -> Result:
    """Nobody has it, nobody asks for it: the best node takes it."""
    if not record.wanted:
        return _say(rules, Reason.TAKEN_OUT, record.reason)
    why = maintained(s, rules, *([record.owner] if record.owner else []))
    # Things stay as they are: who had it brings it up again, and a move that was asked for is ended.
    if why and s.node not in (record.owner, record.successor):
        return _say(rules, Reason.MAINTENANCE, f"nobody has it, and {why}")
    forced = record.forced and record.successor == s.node
    harm = danger(s, rules, record, seen)
    if harm is not None and not forced:
        return _endangered(s, rules, record, seen, *harm)
    if s.own.leaving:
        return _say(rules, Reason.UNFIT, f"{s.node} is being shut down")
    if not forced and (told := gate(rules, record, s.node)):
        return _say(rules, Reason.WAITING_FOR_CONFIRMATION, told)
    waited = s.now - _free_since(s, record, seen)
    held = s.timers.hold_off - waited
    if record.failovers >= s.timers.hold_after and held > 0 and not forced:
        told = (
            f"it moved {record.failovers} times unplanned; held for {held:.0f} s more, or until acknowledged"
        )
        return _say(rules, Reason.HELD, told)
    against = obstacle(s, rules, record, s.node, claims)
    if against is not None and not (forced and against.soft):
        told = _nobody(s, rules, record, against)
        if seen is not None and seen.problem and own_epoch(s, rules) == record.epoch:
            # The others wait for it: see lost.holder.
            return _write(s, rules, seen, Purpose.REPAIR, against.reason, record, told)
        return _say(rules, against.reason, told)
    return _in_turn(s, rules, record, seen, waited)


def _endangered(
    s: Snapshot,
    rules: Rules,
    record: HierarchyRecord,
    seen: Seen[HierarchyRecord] | None,
    reason: Reason,
    told: str,
) -> Result:
    """It waits. A lost record is written again, since people ask in it; who knows more of it goes first."""
    if seen is None or not seen.problem or s.now < seen.since + 2 * s.timers.damaged:
        told = f"{told}; {by_force(s, rules)}" if reason is Reason.OLD_DATA else told
        return _say(rules, reason, told)
    known = replace(record, doubt=not record.owner)
    return _write(s, rules, seen, Purpose.REPAIR, reason, known, told)


def _in_turn(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, waited: float
) -> Result:
    """Better nodes come first, the successor before all; who has waited long enough takes it anyway."""
    successor = record.successor
    if successor and successor != s.node and waited < s.timers.handover and alive(s, successor):
        return _say(rules, Reason.WAITING_FOR_SUCCESSOR, f"{successor} is to take it ({record.reason})")
    better = [
        node
        for node in rules.nodes[: rules.nodes.index(s.node)]
        if successor != s.node
        and not gate(rules, record, node)
        and (_begins(s, record, node) or obstacle(s, rules, record, node) is None)
    ]
    if better and waited < s.timers.patience * len(better):
        is_to = "join" if _begins(s, record, better[0]) else "take it"
        return _say(rules, Reason.WAITING_FOR_BETTER, f"{better[0]} comes first and is to {is_to}")
    lost = bool(record.owner)
    told = f"{s.node} takes it: {record.reason}"
    if lost:
        told = f"{record.owner} is lost, {s.node} takes it"
    if record.owner == s.node:
        told = f"{s.node} was away, and takes it again"
    moves = record.failovers + (lost and record.owner != s.node)
    return _claim(s, rules, replace(record, failovers=moves), seen, told)


def _begins(s: Snapshot, record: HierarchyRecord, node: str) -> bool:
    """Agents that begin together do not all join at once: who is first does not take everything."""
    return not record.epoch and node not in s.nodes


def _claim(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, why: str
) -> Result:
    """Write this node into the record as owner; after a lost one, as the only one that has all mirrored data.

    Who else has it, its mirror tells once it serves. A mirror goes on acknowledging what a node that is lost
    does not have: that one may not be named beforehand. Who has released it may take it back.
    """
    current = record.current
    lost = record.owner not in ("", s.node)
    if rules.replicated and (lost or current is None or s.node not in current):
        current = (s.node,)
    claimed = replace(
        record,
        owner=s.node,
        incarnation=s.own.incarnation,
        epoch=record.epoch + 1,
        reason=why,
        successor="",
        forced=False,
        doubt=False,
        current=current,
    )
    return _write(s, rules, seen, Purpose.CLAIM, Reason.CLAIMING, claimed)


def _free_since(s: Snapshot, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None) -> float:
    """Own clock since when this node has known that nobody has it."""
    times = [seen.since] if seen is not None else [s.first_read]
    owner = s.nodes.get(record.owner)
    if owner is not None:
        times.append(s.over.get(record.hierarchy, owner.steady))
    return max(times)


def _first_alive(s: Snapshot, rules: Rules, but: str = "") -> str:
    """The first of its nodes that is alive, which answers for all; this node is one, and never ``but``."""
    return next(node for node in rules.nodes if node != but and alive(s, node))


def _first_able(s: Snapshot, rules: Rules, record: HierarchyRecord, *, force: bool) -> str:
    """The first of its nodes that can take it; where none can, the first one alive, which says so."""
    for node in rules.nodes:
        against = obstacle(s, rules, record, node)
        if against is None or (force and against.soft):
            return node
    return _first_alive(s, rules)


def _nobody(s: Snapshot, rules: Rules, record: HierarchyRecord, own: Obstacle) -> str:
    """Which node is to take it, or what stands against each."""
    against = [own.sentence]
    for node in rules.nodes:
        if node != s.node:
            other = obstacle(s, rules, record, node)
            if other is None and (gated := gate(rules, record, node)):
                other = Obstacle(gated, soft=True)
            if other is None:
                return f"{own.sentence}; {node} is to take it"
            against.append(other.sentence)
    return f"no node can take it: {'; '.join(against)}"


def _say(rules: Rules, reason: Reason, sentence: str) -> Result:
    return Verdict(rules.name, reason, sentence), []


def _write(
    s: Snapshot,
    rules: Rules,
    seen: Seen[HierarchyRecord] | None,
    purpose: Purpose,
    reason: Reason,
    record: HierarchyRecord,
    sentence: str = "",
) -> Result:
    """Write the record; the sentence is the record's reason where nothing else is said."""
    key, told = HIERARCHIES + rules.name, sentence or record.reason
    verdict = Verdict(rules.name, reason, told)
    if key in s.busy:
        return verdict, []
    return verdict, [Write(purpose, key, seen.version if seen else 0, record, told)]
