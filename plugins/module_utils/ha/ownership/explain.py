# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A decision in plain words, with the facts that led to it: for an operator at three in the morning.

Nothing is decided here: what stands against a node is asked of ``fitness``, and every verdict is the
decision's own. All times are relative to the decision, on this node's clock.
"""

from __future__ import annotations

from collections.abc import Iterator

from .decision import Action, Ask, CutPower, Decision, Do, Purpose, Write
from .fencing import power_of
from .fitness import alive, confirmed, ended, maintained, obstacle, times
from .records import HIERARCHIES, NODES, HierarchyRecord, NodeRecord, NodeState
from .snapshot import Local, LocalState, PowerState, Rules, Seen, Snapshot, Switchback


def explain(snapshot: Snapshot, decision: Decision, hierarchy: str | None = None) -> list[str]:
    """What a node decided, why, and on which facts: lines, those that belong to the one above indented.

    Args:
        snapshot: what was known.
        decision: what ``decide`` made of it.
        hierarchy: one alone; None for all.
    """
    s = snapshot
    lines = [*_standing(s), *_cluster(s)]
    known = {rules.name: rules for rules in s.cluster.hierarchies}
    verdicts = [one for one in decision.verdicts if hierarchy in (None, one.hierarchy)]
    for verdict in verdicts:
        lines.append(f"{verdict.hierarchy} ({verdict.reason.value.replace('_', ' ')}): {verdict.sentence}.")
        if (rules := known.get(verdict.hierarchy)) is not None and s.node in rules.nodes:
            lines.extend(f"  {fact}" for fact in _facts(s, rules))
        doing = [one for one in decision.actions if _concerns(one, verdict.hierarchy)]
        lines.append(f"  {s.node} now: {_doing(doing)}.")
    if hierarchy is not None and not verdicts:
        lines.append(_no_verdict(s, hierarchy))
    lines.append(f"{s.node} itself: {_doing([one for one in decision.actions if _of_nodes(one)])}.")
    return lines


def standing_of(s: Snapshot) -> str:
    """A node's standing by the word that the docstring of ``decide`` has for it."""
    if not s.own.incarnation:
        return "out"
    if s.own.lost:
        return "ended"
    if not s.standing:
        return "lapsed"
    if s.own.jumped:
        return "doubt"
    return "promised" if s.own.promised else "member"


# The node


def _standing(s: Snapshot) -> Iterator[str]:
    own = s.own
    if s.node not in s.cluster.nodes:
        yield f"{s.node} is no node of this cluster ({', '.join(s.cluster.nodes)}): it must not serve."
        return
    left = own.until - s.now
    told = {
        "out": "it has not joined yet, and must not serve",
        "ended": f"incarnation {own.incarnation} is over: {own.lost}; it must not serve",
        "lapsed": f"incarnation {own.incarnation} was not renewed in time: its right to serve ended "
        f"{_for(-left)} ago",
        "doubt": f"its clocks jumped; unless a renewal is confirmed it may serve for {_for(left)} more",
        "promised": f"no renewal was confirmed in time, but {_and(s.peers)} promised not to fence it: it may "
        f"serve for {_for(left)} more",
        "member": f"it may serve for {_for(left)} more",
    }
    word = standing_of(s)
    yield f"{s.node} ({word}): {told[word]}."
    yield from (f"  {fact}" for fact in _lease(s))


def _lease(s: Snapshot) -> Iterator[str]:
    own, timers = s.own, s.timers
    if own.incarnation and not own.lost:
        since = f"confirmed {_ago(s, own.renewed)}" if own.renewed is not None else "not confirmed yet"
        yield (
            f"Incarnation {own.incarnation}; last renewal {since}, with one every {_for(timers.interval)}; "
            f"others may count the node as lost {_for(timers.ttl)} after its last."
        )
    if own.attempted is not None and own.attempted != own.renewed:
        yield f"It last tried to write its record {_ago(s, own.attempted)}."
    if own.asked is not None:
        yield f"It last asked {_and(s.peers)} for promises {_ago(s, own.asked)}."
    if own.leaving:
        awaited = ", once another node has copied the rest of what it gave away" if own.awaited else ""
        yield f"Its agent is being shut down{awaited}."
    if NODES + s.node in s.busy:
        yield "A write of its own record is under way, or was refused and is to be read again."


def _cluster(s: Snapshot) -> Iterator[str]:
    if s.outage:
        yield f"The witness cannot be reached: {s.outage}."
    elif not s.reachable:
        yield f"The witness was last read more than {_for(2 * s.timers.interval)} ago."
    else:
        yield "The witness can be reached."
    if s.maintenance_problem:
        holds = "nothing is done by itself" if s.maintenance.cluster else "what it said last holds"
        yield f"Maintenance: {s.maintenance_problem}; {holds} until it is written again."
    elif s.maintenance.cluster:
        yield "The cluster is in maintenance: nothing is done by itself."
    if s.maintenance.nodes:
        yield f"In maintenance: {_and(s.maintenance.nodes)}."
    for peer, until in s.given.items():
        if until > s.now:
            yield f"{s.node} has promised {peer} not to fence it for {_for(until - s.now)} more."


# A hierarchy


def _facts(s: Snapshot, rules: Rules) -> Iterator[str]:
    seen = s.hierarchies.get(rules.name)
    record = seen.record if seen is not None else None
    yield from _record(s, rules, seen)
    if record is not None and record.owner:
        yield from _owner(s, rules, record)
    if record is not None:
        yield from _state(s, rules, record)
    yield from _here(s, rules.name)
    yield from _candidates(s, rules, record or HierarchyRecord(rules.name))


def _record(s: Snapshot, rules: Rules, seen: Seen[HierarchyRecord] | None) -> Iterator[str]:
    if seen is None:
        yield "No record of it has been seen."
        return
    if seen.problem:
        newer = ", by a newer version" if seen.newer else ""
        yield f"Its record cannot be read since {_for(s.now - seen.since)}{newer}: {seen.problem}."
    if (record := seen.record) is not None:
        known = "Last known: epoch" if seen.problem else "Epoch"
        yield (
            f"{known} {record.epoch}, {_owned_by(s, record)}; unchanged for {_for(s.now - seen.since)} "
            f'and says: "{record.reason}".'
        )
    if HIERARCHIES + rules.name in s.busy:
        yield "A write of its record is under way, or was refused and is to be read again."


def _owned_by(s: Snapshot, record: HierarchyRecord) -> str:
    if not record.owner:
        return f"released for {record.successor}" if record.successor else "owned by nobody"
    this = " (this node)" if s.owns(record.hierarchy) else ""
    return f"owned by {record.owner}{this}, incarnation {record.incarnation}"


def _owner(s: Snapshot, rules: Rules, record: HierarchyRecord) -> Iterator[str]:
    """How its owner is, where that is not this node as it is now."""
    owner, seen = record.owner, s.nodes.get(record.owner)
    if s.owns(rules.name):
        return
    if seen is None:
        yield f"Of {owner} no record has been seen."
        return
    if seen.problem:
        yield f"The record of {owner} cannot be read since {_for(s.now - seen.since)}: {seen.problem}."
    elif seen.record is not None:
        yield _how(s, owner, record.incarnation, seen.record, s.now - seen.since)
    if rules.exclusive:
        yield from _fence(s, owner, record.incarnation)


def _how(s: Snapshot, owner: str, incarnation: int, known: NodeRecord, silent: float) -> str:
    if not ended(s, owner, incarnation):
        ttl = _for(s.timers.ttl)
        told = f"after {ttl} it counts as lost" if silent < s.timers.ttl else f"it is lost, after {ttl}"
        return f"The record of {owner} is unchanged for {_for(silent)}; {told}."
    if known.incarnation > incarnation:
        return f"{owner} has joined anew since, as incarnation {known.incarnation}."
    by = f"was fenced by {known.by}" if known.state is NodeState.FENCED and known.by else "has left"
    return f"Incarnation {incarnation} of {owner} {by} {_for(silent)} ago, as seen from here."


def _fence(s: Snapshot, owner: str, incarnation: int) -> Iterator[str]:
    """How sure it is that the owner does not write the disk any more."""
    if not ended(s, owner, incarnation):
        return
    power = power_of(s, owner, incarnation)
    if confirmed(s, owner, incarnation):
        yield f"Its disk is safe from {owner}: that it has ended is confirmed."
    elif power is not None and power.state is PowerState.RUNNING:
        yield f"Its disk is not safe from {owner} yet: its power is being cut."
    elif power is not None and power.state is PowerState.FAILED:
        yield f"Its disk is not safe from {owner}: cutting its power failed."
    else:
        has = "is declared" if owner in s.cluster.fences else "is not declared"
        yield f"Its disk is not safe from {owner}: nobody has confirmed that it is off (a fence {has})."


def _state(s: Snapshot, rules: Rules, record: HierarchyRecord) -> Iterator[str]:
    if not record.wanted:
        yield "An operator took it out of service: it stays so until one asks for it."
    why = maintained(s, rules, *([record.owner] if record.owner else []))
    if why:
        yield f"Maintenance: {why}."
    if record.failovers:
        yield (
            f"{record.failovers} unplanned moves since it was last stable or acknowledged; "
            f"from {s.timers.hold_after} on it is held for {_for(s.timers.hold_off)}."
        )
    if rules.replicated and record.current is not None:
        yield f"Its newest data is on {_and(record.current) or 'no node'}."
    if (asked := record.request) is not None:
        target = f" to {asked.target}" if asked.target else ""
        force = ", by force" if asked.force else ""
        yield f"{asked.by or 'An operator'} asks: {asked.kind.value}{target}{force} (request {asked.id})."
    if record.answer is not None:
        said = "accepted" if record.answer.accepted else "refused"
        yield f"The last request ({record.answer.id}) was {said}: {record.answer.sentence}."


def _here(s: Snapshot, hierarchy: str) -> Iterator[str]:
    local = s.local[hierarchy]
    ill = ", not healthy" if local.state is LocalState.UP and not local.healthy else ""
    yield f"On {s.node} it is {local.state.value}{ill}, for {_for(s.now - local.since)}."
    yield from _failures(s, local)


def _failures(s: Snapshot, local: Local) -> Iterator[str]:
    if local.notice:
        yield f"To be mended, although it serves: {local.notice}."
    if local.given_up and local.given_up != local.blocked:
        yield f"Stopping and starting it on {s.node} does not mend what was found there: {local.given_up}."
    if local.unreached is not None:
        yield f"That other nodes do not reach it here was found {_ago(s, local.unreached)}."
    if local.blocked:
        yield f"It cannot be brought up on {s.node}: {local.blocked}."
    if local.failures:
        last = _for(s.now - local.failures[-1])
        yield f"It failed on {s.node} {times(len(local.failures))}, last {last} ago: {local.problem}."


def _candidates(s: Snapshot, rules: Rules, record: HierarchyRecord) -> Iterator[str]:
    """Each node that may have it, in order of priority, and what stands against it."""
    for place, node in enumerate(rules.nodes, start=1):
        against = obstacle(s, rules, record, node)
        told = "nothing stands against it"
        if node == record.owner and (s.owns(rules.name) or (node != s.node and alive(s, node))):
            told = "has it"
        elif against is not None:
            told = against.sentence
        this = ", this node" if node == s.node else ""
        yield f"Candidate {place}, {node}{this}: {told}."
    if rules.switchback is Switchback.AUTOMATIC:
        yield f"It is moved back by itself to a better node that is back for {_for(s.timers.stability)}."


# What is done


def _doing(actions: list[Action]) -> str:
    return "; ".join(map(_action, actions)) or "nothing is to be done"


def _action(action: Action) -> str:
    if isinstance(action, Write):
        return f"{_PURPOSES[action.purpose]} ({action.sentence})"
    if isinstance(action, Do):
        return f"{action.verb.value} it ({action.sentence})"
    if isinstance(action, Ask):
        return f"asks {_and(action.peers)} not to fence it ({action.sentence})"
    return f"cuts the power of {action.node} ({action.sentence})"


_PURPOSES = {
    Purpose.JOIN: "joins",
    Purpose.RENEW: "renews its record",
    Purpose.LEAVE: "leaves",
    Purpose.FENCE: "fences a lost node's record",
    Purpose.CONFIRM: "writes down that a lost node is surely off",
    Purpose.CLAIM: "claims it",
    Purpose.RELEASE: "releases it",
    Purpose.REPAIR: "writes its record again",
    Purpose.SETTLE: "writes down that it is stable",
    Purpose.MARK: "notes in its record",  # where its newest data is, or whom it goes to: the sentence tells
    Purpose.ANSWER: "answers the request",
}


def _concerns(action: Action, hierarchy: str) -> bool:
    if isinstance(action, Do):
        return action.hierarchy == hierarchy
    return isinstance(action, Write) and action.key == HIERARCHIES + hierarchy


def _of_nodes(action: Action) -> bool:
    return isinstance(action, (Ask, CutPower)) or (
        isinstance(action, Write) and isinstance(action.record, NodeRecord)
    )


# Words


def _no_verdict(s: Snapshot, hierarchy: str) -> str:
    for rules in s.cluster.hierarchies:
        if rules.name == hierarchy:
            return f"{hierarchy}: it is none of this node's; its nodes are {_and(rules.nodes)}."
    there = _and(tuple(rules.name for rules in s.cluster.hierarchies))
    return f"{hierarchy}: there is no such hierarchy; there are {there}."


def _and(found: tuple[str, ...]) -> str:
    return " and ".join((", ".join(found[:-1]), found[-1])) if len(found) > 1 else "".join(found)


def _ago(s: Snapshot, at: float) -> str:
    return f"{_for(s.now - at)} ago"


def _for(seconds: float) -> str:
    """A span of time: tenths where they matter, minutes and hours where it is long."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < float("inf") else "ever"
