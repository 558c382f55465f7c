# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""N+1: which hierarchies would be out of service, or would wait, if any one or any two nodes died.

Each death is rehearsed (``what_if.py``). What is missed when one node dies is not told again for every pair
that has this node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

from .decision import Reason
from .fitness import alive
from .snapshot import Snapshot
from .what_if import Answer, Fate, Outcome, foresee_all, in_words

MOST = 2


class Lack(str, Enum):
    """What is lacking."""

    TARGET = "target"  # no node is left that could take it
    LIMIT = "limit"  # nodes are left, and have as many hierarchies as they may
    CONFIRMATION = "confirmation"  # an operator has to say so
    FENCE = "fence"  # somebody has to make sure that the dead node is off
    DATA = "data"  # those that are left have old data
    HELD = "held"  # it is kept as it is: taken out, in maintenance, or after many moves


# The gravest last: what is told of a hierarchy whose nodes say different things.
_LACKS: dict[Reason, Lack] = {
    Reason.TAKEN_OUT: Lack.HELD,
    Reason.MAINTENANCE: Lack.HELD,
    Reason.HELD: Lack.HELD,
    Reason.WAITING_FOR_CONFIRMATION: Lack.CONFIRMATION,
    Reason.OLD_DATA: Lack.DATA,
    Reason.LIMIT: Lack.LIMIT,
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A hierarchy that would be missed.

    Attributes:
        dead: the nodes that die.
        hierarchy: its name.
        lack: what is lacking.
        sentence: what becomes of it.
    """

    dead: tuple[str, ...]
    hierarchy: str
    lack: Lack
    sentence: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a cluster stands.

    Attributes:
        deaths: so many nodes at once were tried, one up to this number.
        gaps: what would be missed, by fewer deaths first.
        doubts: what the answer rests on and cannot know, one sentence each.
    """

    deaths: int
    gaps: tuple[Gap, ...]
    doubts: tuple[str, ...]


def capacity(snapshot: Snapshot, deaths: int = 1, *, lag: float = 0.0) -> Capacity:
    """What would be missed if any so many nodes died, or fewer.

    Args:
        snapshot: what this node knows.
        deaths: 1 or 2; no more than the cluster has nodes to lose.
        lag: how old what the store shows may be, seconds; see ``timing.predict``.
    """
    nodes = [node for node in snapshot.cluster.nodes if alive(snapshot, node)]
    gaps: list[Gap] = []
    doubts: dict[str, None] = {}
    for count in range(1, min(deaths, MOST) + 1):
        known = {(gap.hierarchy, node) for gap in gaps if len(gap.dead) < count for node in gap.dead}
        for dead in combinations(nodes, count):
            answer = foresee_all(snapshot, dead, lag=lag)
            doubts.update(dict.fromkeys(answer.doubts))
            gaps += [gap for gap in gaps_of(snapshot, dead, answer) if not _known(gap, known)]
    return Capacity(min(deaths, MOST), tuple(gaps), tuple(doubts))


def gaps_of(snapshot: Snapshot, dead: Sequence[str], answer: Answer) -> Iterator[Gap]:
    """What is missed in one answer. What nobody has as it is, is no gap of a death."""
    for outcome in answer.outcomes:
        lack = _lack(snapshot, outcome)
        if lack is not None and outcome.was:
            yield Gap(tuple(dead), outcome.hierarchy, lack, in_words(outcome, " and ".join(dead)))


def told(found: Capacity) -> list[str]:
    """The answer in words, one line for each doubt and each gap."""
    many = "one node dies" if found.deaths == 1 else f"any {found.deaths} nodes die at once"
    lines = [f"{doubt}." for doubt in found.doubts]
    if not found.gaps:
        return [*lines, f"Nothing is missed if {many}."]
    for gap in found.gaps:
        verb = "dies" if len(gap.dead) == 1 else "die"
        lines.append(f"If {' and '.join(gap.dead)} {verb}: {gap.sentence} ({gap.lack.value})")
    return lines


def _known(gap: Gap, known: set[tuple[str, str]]) -> bool:
    return any((gap.hierarchy, node) in known for node in gap.dead)


def _lack(snapshot: Snapshot, outcome: Outcome) -> Lack | None:
    if outcome.fate is not Fate.NOBODY:
        return Lack.FENCE if outcome.after_fence else None
    found = [_LACKS.get(verdict.reason) for _node, verdict in outcome.why]
    kinds = [one for one in found if one is not None]
    if not kinds:
        return Lack.TARGET
    (rules,) = [one for one in snapshot.cluster.hierarchies if one.name == outcome.hierarchy]
    gravest = max(kinds, key=list(_LACKS.values()).index)
    # Both an operator's gate and a disk of a node that is not surely off wait for a person.
    return Lack.FENCE if gravest is Lack.CONFIRMATION and rules.exclusive and not rules.places else gravest
