# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hierarchies that this node does not own: watch the owner, claim what is free."""

from __future__ import annotations

from dataclasses import replace

from .decision import Action, Purpose, Reason, Verdict, Write
from .fencing import left_alone, power_of
from .fitness import Obstacle, alive, confirmed, ended, maintained, obstacle
from .records import HIERARCHIES, Answer, HierarchyRecord, NodeRecord, Request, RequestKind
from .snapshot import LocalState, PowerState, Rules, Seen, Snapshot

Result = tuple[Verdict, list[Action]]


def look_at(s: Snapshot, rules: Rules, claims: int) -> Result:
    """A hierarchy that is another node's, or nobody's; this node has standing."""
    seen = s.hierarchies.get(rules.name) or _missing(s, rules)
    if not s.reachable:
        return _say(
            rules, Reason.STORE_OUTAGE, f"{s.node} cannot see who has it: {s.outage or 'old answers'}"
        )
    if not s.sure:
        return _say(rules, Reason.NO_STANDING, f"the clocks of {s.node} jumped, and its lease comes first")
    if seen is not None and seen.newer:
        return _say(rules, Reason.UNREADABLE, seen.problem)
    if seen is None or seen.problem or seen.record is None:
        holder = _holder(s, rules)
        if holder:
            return _say(rules, Reason.UNREADABLE, holder)
    if seen is not None and seen.problem and s.now < seen.since + s.timers.damaged:
        rest = seen.since + s.timers.damaged - s.now
        return _say(rules, Reason.UNREADABLE, f"{seen.problem}; it is taken in {rest:.0f} s if nobody has it")
    record = seen.record if seen is not None and seen.record is not None else HierarchyRecord(rules.name)
    if seen is not None and seen.problem:
        record = _as_known(s, rules, record, seen.problem)
    if record.owner and not ended(s, record.owner, record.incarnation):
        return _watch(s, rules, record)
    if record.request is not None:
        return _asked(s, rules, record, seen, record.request)
    return _free(s, rules, record, seen, claims)


def _missing(s: Snapshot, rules: Rules) -> Seen[HierarchyRecord] | None:
    """A hierarchy without a record is damaged where a node tells that it had it; else it is a new one."""
    for node in rules.nodes:
        seen = s.nodes.get(node)
        if seen is not None and seen.record is not None and rules.name in seen.record.owned:
            told = f"its record is missing, and {node} had it"
            return Seen(0, None, s.first_read, s.first_read, told)
    return None


def _holder(s: Snapshot, rules: Rules) -> str:
    """Who may have a hierarchy without a record; "" where surely nobody does, or had it after this node."""
    for node in rules.nodes:
        seen = s.nodes.get(node)
        if node == s.node or seen is None:
            continue
        if seen.record is None or seen.problem:
            return f"it has no record that can be read, nor has {node}, which may have it"
        if _tells_later(seen.record, rules, _own_epoch(s, rules)):
            return f"it has no record that can be read; {node} had it, and is to write it again"
        if not seen.record.ended and not alive(s, node):
            # It may have claimed it, and serve it on promises, without having told so in its own record.
            kept = ", and maintenance keeps it from that" if left_alone(s, node) else " first"
            return f"it has no record that can be read; {node} may have it, is silent, and is fenced{kept}"
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


def _own_epoch(s: Snapshot, rules: Rules) -> int:
    """The epoch under which this node tells that it had a hierarchy, -1 where it does not."""
    own = s.nodes.get(s.node)
    return own.record.owned.get(rules.name, -1) if own is not None and own.record is not None else -1


def _as_known(s: Snapshot, rules: Rules, kept: HierarchyRecord, problem: str) -> HierarchyRecord:
    """What is known of a hierarchy whose record is lost or damaged, from its nodes' own records.

    The last owner is named where its incarnation has ended: a disk may need more than that. One that has not
    ended, and does not say that it has the hierarchy, has released it. Who had it last has its newest data.
    """
    owner, incarnation, epoch, current = kept.owner, kept.incarnation, kept.epoch, kept.current
    for node in rules.nodes:
        seen = s.nodes.get(node)
        if seen is not None and seen.record is not None and seen.record.owned.get(rules.name, -1) >= epoch:
            owner, incarnation = node, seen.record.incarnation
            if rules.replicated and seen.record.owned[rules.name] > epoch:
                current = (node,)
            epoch = seen.record.owned[rules.name]
    if not owner or not ended(s, owner, incarnation):
        owner, incarnation = "", 0
    reason = problem if kept.wanted else kept.reason
    return replace(kept, owner=owner, incarnation=incarnation, epoch=epoch, current=current, reason=reason)


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
    return _say(rules, Reason.FENCING, f"{owner} had it and is lost; its record is being fenced")


def _asked(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, request: Request
) -> Result:
    """An operator asks for a hierarchy that nobody has. The node it concerns answers."""
    if request.kind in (RequestKind.OUT, RequestKind.ACKNOWLEDGE):
        if _first_alive(s, rules) != s.node:
            return _say(rules, Reason.ANSWERING, f"{_first_alive(s, rules)} answers the request")
        wanted = record.wanted and request.kind is RequestKind.ACKNOWLEDGE
        told = "an operator took it out of service" if not wanted else "its failures are acknowledged"
        answer = Answer(request.id, True, told)
        changed = replace(record, request=None, answer=answer, failovers=0, wanted=wanted, reason=told)
        reason = Reason.ANSWERING if wanted else Reason.TAKEN_OUT
        return _write(s, rules, seen, Purpose.ANSWER, reason, changed)
    target = request.target or _first_able(s, rules, record, force=request.force)
    if target == s.node:
        return _take_as_asked(s, rules, record, seen, request)
    waited = s.now - _free_since(s, record, seen)
    if target in rules.nodes and alive(s, target) and waited < s.timers.stop + s.timers.handover:
        return _say(rules, Reason.ANSWERING, f"an operator wants it on {target}")
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
    against = _danger(s, rules, record, seen)
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


def _unaccounted(s: Snapshot, rules: Rules) -> str:
    """A node that may have had a hierarchy with a damaged record, "" where each tells that it has not."""
    for node in rules.nodes:
        if node == s.node or alive(s, node):
            continue
        seen = s.nodes.get(node)
        record = seen.record if seen is not None and not seen.problem else None
        if record is None or not record.ended or not confirmed(s, node, record.incarnation):
            return node
    return ""


def _danger(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None
) -> tuple[Reason, str] | None:
    """What could harm data."""
    unknown = record.doubt or (seen is not None and bool(seen.problem) and not record.owner)
    if rules.exclusive and unknown and (silent := _unaccounted(s, rules)):
        told = f"its record was damaged or lost, and {silent} may have had its disk ({_fence_of(s, silent)})"
        return Reason.WAITING_FOR_CONFIRMATION, told
    if rules.replicated and record.current is None and (record.epoch or unknown):
        told = "its record was damaged or lost, and nobody knows who has its newest data"
        return Reason.OLD_DATA, told
    if rules.exclusive and record.owner and not confirmed(s, record.owner, record.incarnation):
        told = f"{record.owner} had its disk, and nobody has confirmed that it is off"
        return Reason.WAITING_FOR_CONFIRMATION, f"{told} ({_fence(s, record)})"
    if rules.replicated and record.current is not None and s.node not in record.current:
        told = f"{s.node} has old data; it waits for {' or '.join(record.current)}"
        return Reason.OLD_DATA, told
    return None


def _fence(s: Snapshot, record: HierarchyRecord) -> str:
    """How the confirmed fence of the last owner stands."""
    seen = s.nodes.get(record.owner)
    if seen is not None and seen.record is not None and record.incarnation < seen.record.first:
        return "another machine has joined under its name: make sure that the former one is off, then force"
    return _fence_of(s, record.owner)


def _fence_of(s: Snapshot, node: str) -> str:
    """How the confirmed fence of a node's last incarnation stands."""
    if node not in s.cluster.fences:
        return "it has no fence: switch it off, then force"
    seen = s.nodes.get(node)
    incarnation = seen.record.incarnation if seen is not None and seen.record is not None else 0
    power = power_of(s, node, incarnation)
    if power is not None and power.state is PowerState.FAILED:
        return "its fence failed and is tried again: switch it off, then force"
    if power is not None:
        return "its fence runs"
    if left_alone(s, node):
        return "maintenance keeps its fence from running: end that, or switch it off, then force"
    if seen is None or seen.record is None:
        return "it has no record, and its fence does not run without: switch it off, then force"
    return "its fence comes next"


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
    danger = _danger(s, rules, record, seen)
    if danger is not None and not forced:
        return _endangered(s, rules, record, seen, *danger)
    if s.own.leaving:
        return _say(rules, Reason.UNFIT, f"{s.node} is being shut down")
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
        if seen is not None and seen.problem and _own_epoch(s, rules) == record.epoch:
            # The others wait for it: see _holder.
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
        if successor != s.node and obstacle(s, rules, record, node) is None
    ]
    if better and waited < s.timers.patience * len(better):
        return _say(rules, Reason.WAITING_FOR_BETTER, f"{better[0]} comes first and is to take it")
    lost = bool(record.owner)
    told = f"{s.node} takes it: {record.reason}"
    if lost:
        told = f"{record.owner} is lost, {s.node} takes it"
    if record.owner == s.node:
        told = f"{s.node} was away, and takes it again"
    return _claim(s, rules, replace(record, failovers=record.failovers + lost), seen, told)


def _claim(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None, why: str
) -> Result:
    current = record.current
    if rules.replicated and current is None:
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
    return next(node for node in rules.nodes if node != but and alive(s, node))


def _first_able(s: Snapshot, rules: Rules, record: HierarchyRecord, *, force: bool) -> str:
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
