# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What if a node dies now: who takes what it has, after how long, or why nobody does.

The answer comes from ``decide`` itself, which is run in thought for every node that is alive
(``rehearsal.py``), and from ``timing.predict``. It is as good as what this node knows: what it cannot know,
the answer names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from .decision import Verdict
from .fitness import alive, obstacle
from .records import HierarchyRecord
from .rehearsal import Rehearsal
from .snapshot import Rules, Snapshot
from .timing import NODE_LOST, predict


class Fate(str, Enum):
    """What becomes of a hierarchy."""

    STAYS = "stays"  # another node has it, and keeps it
    TAKEN = "taken"  # another node takes it
    NOBODY = "nobody"  # it is out of service, and remains so until somebody does something


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one hierarchy.

    Attributes:
        hierarchy: its name.
        fate: see Fate.
        node: who has it then, "" where nobody.
        was: who had it, "" where nobody.
        best: seconds from the death until it is in service again; None where it is not the dead node's.
        worst: the same, at worst.
        after_fence: the power of a node has to be cut and that confirmed first, which comes on top.
        why: verdicts of those that do not take it, by node, where nobody does.
        left: nodes that could take it after that, in order of priority.
    """

    hierarchy: str
    fate: Fate
    node: str
    was: str
    best: float | None = None
    worst: float | None = None
    after_fence: bool = False
    why: tuple[tuple[str, Verdict], ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of everything a node is needed for.

    Attributes:
        dead: the node; several that die at once stand as "a and b".
        doubts: what the answer rests on and cannot know, one sentence each.
        outcomes: one for each hierarchy that the node may have.
    """

    dead: str
    doubts: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def what_if(snapshot: Snapshot, *dead: str, lag: float = 0.0) -> list[str]:
    """The answer in words, one line for each doubt and each hierarchy."""
    answer = foresee_all(snapshot, dead, lag=lag)
    if not set(dead) <= set(snapshot.cluster.nodes):
        return list(answer.doubts)
    dies = f"{dead[0]} dies" if len(dead) == 1 else f"{answer.dead} die"
    lines = [f"If {dies} now:", *(f"  {doubt}." for doubt in answer.doubts)]
    lines.extend(f"  {in_words(outcome, answer.dead)}" for outcome in answer.outcomes)
    if not answer.outcomes:
        lines.append("  nothing is missed: it is a node of no hierarchy.")
    return lines


def foresee_all(snapshot: Snapshot, dead: Sequence[str], *, lag: float = 0.0) -> Answer:
    """What becomes of everything that some nodes are needed for.

    Args:
        snapshot: what this node knows; it may be one that dies.
        dead: the nodes, which die at once.
        lag: how old what the store shows may be, seconds; see ``timing.predict``.
    """
    s, named = snapshot, " and ".join(dead)
    if strange := [node for node in dead if node not in s.cluster.nodes]:
        told = f"{strange[0]} is no node of this cluster ({', '.join(s.cluster.nodes)})"
        return Answer(named, (told,), ())
    rehearsal = Rehearsal(s, *dead).play()
    concerned = [rules for rules in s.cluster.hierarchies if not set(dead).isdisjoint(rules.nodes)]
    outcomes = tuple(_outcome(s, dead, rules, rehearsal, lag) for rules in concerned)
    return Answer(named, tuple(_doubts(s, dead)), outcomes)


def _doubts(s: Snapshot, dead: Sequence[str]) -> Iterator[str]:
    if not s.reachable:
        yield (
            f"{s.node} cannot read the witness ({s.outage or 'old answers'}): this is what it last saw, and "
            "nobody takes anything before the witness answers"
        )
    if s.blank:
        yield f"the agent of {s.node} had just been restarted, and had not read all of the witness: ask again"
    for node in dead:
        if not alive(s, node):
            yield f"{node} does not renew its record as it is"
    for node in s.cluster.nodes:
        if node not in (*dead, s.node) and not alive(s, node):
            yield f"{node} does not renew its record, so that it takes nothing"
    if s.node not in dead and not s.standing:
        yield f"{s.node} has no right to serve at present, so that it takes nothing"


def _outcome(s: Snapshot, dead: Sequence[str], rules: Rules, rehearsal: Rehearsal, lag: float) -> Outcome:
    was, then = _owner(s, rules.name), rehearsal.serving(rules.name)
    left = tuple(_left(rules, rehearsal, then))
    if then and then == was:
        return Outcome(rules.name, Fate.STAYS, then, was, left=left)
    if not then:
        why = tuple(_verdicts(rules, rehearsal))
        return Outcome(rules.name, Fate.NOBODY, "", was, why=why, left=left)
    best, worst = _times(s, was, rules, lag) if was in dead else (None, None)
    fence = rules.exclusive and was in rehearsal.cut
    return Outcome(rules.name, Fate.TAKEN, then, was, best, worst, fence, left=left)


def _owner(s: Snapshot, hierarchy: str) -> str:
    seen = s.hierarchies.get(hierarchy)
    return seen.record.owner if seen is not None and seen.record is not None else ""


def _verdicts(rules: Rules, rehearsal: Rehearsal) -> Iterator[tuple[str, Verdict]]:
    for node in rules.nodes:
        if node in rehearsal.living:
            for verdict in rehearsal.decisions[node].verdicts:
                if verdict.hierarchy == rules.name:
                    yield node, verdict


def _left(rules: Rules, rehearsal: Rehearsal, then: str) -> Iterator[str]:
    """Who could take a hierarchy from the node that has it then."""
    for node in rules.nodes:
        if node in rehearsal.living and node != then:
            view = rehearsal.view(node)
            seen = view.hierarchies.get(rules.name)
            record = seen.record if seen is not None and seen.record is not None else None
            if obstacle(view, rules, record or HierarchyRecord(rules.name), node) is None:
                yield node


def _times(s: Snapshot, dead: str, rules: Rules, lag: float) -> tuple[float, float]:
    """Less the time that the node has been silent for already."""
    lost = next(one for one in predict(s.timers, nodes=len(rules.nodes), lag=lag) if one.fault == NODE_LOST)
    seen = s.nodes.get(dead)
    gone = 0.0 if alive(s, dead) or seen is None else min(s.now - seen.since, s.timers.ttl)
    return max(0.0, lost.best - gone), max(0.0, lost.worst - gone)


# Words


def in_words(outcome: Outcome, dead: str) -> str:
    """An outcome in one or two sentences."""
    if outcome.fate is Fate.STAYS:
        return f"{outcome.hierarchy} stays on {outcome.node}. {_then(outcome)}"
    if outcome.fate is Fate.TAKEN:
        taken = f"is taken by {outcome.node}{_after(outcome)}"
        return f"{outcome.hierarchy}{_had(outcome)} {taken}. {_then(outcome)}"
    told = dict.fromkeys(f"{verdict.sentence} ({node})" for node, verdict in outcome.why)
    away = f"{dead} {'are' if ' and ' in dead else 'is'} away"
    why = "; ".join(told) or f"no other of its nodes is alive as long as {away}"
    return f"{outcome.hierarchy}{_had(outcome)} is taken by nobody: {why}."


def _had(outcome: Outcome) -> str:
    return f", which {outcome.was} has," if outcome.was else ""


def _after(outcome: Outcome) -> str:
    if outcome.best is None or outcome.worst is None:
        return ""
    fence = f", plus the time until {outcome.was} is surely off" if outcome.after_fence else ""
    return f" after {outcome.best:.0f} s at best, {outcome.worst:.0f} s at worst{fence}"


def _then(outcome: Outcome) -> str:
    if not outcome.left:
        return "No other node could take it then."
    return f"After that, {' or '.join(outcome.left)} could take it."
