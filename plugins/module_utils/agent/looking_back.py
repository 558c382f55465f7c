# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the decision log of this node answers: why, what if a node dies, and what this version makes of it.

A decision is logged only where it tells something new. So the last line may be hours old because all goes on
as it says, or because no agent runs: each answer begins with how old it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from ..errors import BadDocument, StandbyError
from ..ha.ownership.capacity import capacity, gaps_of, told
from ..ha.ownership.explain import explain
from ..ha.ownership.journal import Entry, decided_again, read_entry
from ..ha.ownership.timing import LISTING_AGE
from ..ha.ownership.what_if import foresee_all, in_words, what_if
from .home import Home
from .log import tail


def why(home: Home, now: datetime, hierarchy: str | None = None, *, back: int = 0) -> list[str]:
    """Why a decision was made, in lines.

    Args:
        home: of the agent.
        now: wall clock, with its time zone.
        hierarchy: one alone; None for all.
        back: which decision: 0 for the last one that was logged, 1 for the one before it, and so on.

    Raises:
        StandbyError: so many decisions are not there, or the line cannot be read.
    """
    entry = _entry(home, back)
    return [_age(entry, now, back), *explain(entry.snapshot, entry.decision, hierarchy)]


def rehearsed(home: Home, nodes: Sequence[str], deaths: int | None) -> dict[str, object]:
    """What becomes of everything if nodes die, as a document; by the last decision that was logged.

    Args:
        home: of the agent.
        nodes: that die at once; where none is named, any so many.
        deaths: how many; None for one.

    Raises:
        StandbyError: nothing was logged, or the line or the agent's settings cannot be read.
    """
    entry = _entry(home, 0)
    lag = LISTING_AGE if home.settings().directory is not None else 0.0
    if nodes:
        answer = foresee_all(entry.snapshot, nodes, lag=lag)
        gaps, doubts = tuple(gaps_of(entry.snapshot, nodes, answer)), answer.doubts
        lines = [f"{doubt}." for doubt in doubts]
        lines += [in_words(one, answer.dead) for one in answer.outcomes]
    else:
        found = capacity(entry.snapshot, deaths or 1, lag=lag)
        gaps, doubts, lines = found.gaps, found.doubts, told(found)
    return {
        "decided": entry.at,
        "node": entry.snapshot.node,
        "doubts": list(doubts),
        "gaps": [asdict(gap) | {"dead": list(gap.dead), "lack": gap.lack.value} for gap in gaps],
        "told": lines,
    }


def capacity_told(home: Home, now: datetime, deaths: int) -> list[str]:
    """What would be missed if any so many nodes died, in lines; by the last decision that was logged."""
    entry = _entry(home, 0)
    lag = LISTING_AGE if home.settings().directory is not None else 0.0
    return [_age(entry, now, 0), *told(capacity(entry.snapshot, deaths, lag=lag))]


def foresight(home: Home, now: datetime, *nodes: str) -> list[str]:
    """What becomes of everything if nodes die at once, in lines; by the last decision that was logged.

    Args:
        home: of the agent.
        now: wall clock, with its time zone.
        nodes: those that die.

    Raises:
        StandbyError: nothing was logged, or the line or the agent's settings cannot be read.
    """
    entry = _entry(home, 0)
    lag = LISTING_AGE if home.settings().directory is not None else 0.0
    return [_age(entry, now, 0), *what_if(entry.snapshot, *nodes, lag=lag)]


def differences(home: Home, count: int) -> list[str]:
    """Where this version would decide otherwise than was logged, in lines; the last one sums up.

    Args:
        home: of the agent.
        count: of the last decisions that are decided again.

    Raises:
        StandbyError: nothing was logged.
    """
    lines = _lines(home, count)
    told = [list(_differences(number, line)) for number, line in enumerate(lines, start=1)]
    same = sum(not one for one in told)
    return [
        *(sentence for one in told for sentence in one),
        f"{same} of the last {len(lines)} decisions would be made as they were.",
    ]


def _differences(number: int, line: str) -> Iterator[str]:
    try:
        entry = read_entry(line)
    except BadDocument as error:
        yield f"Of those that were read, number {number}: {error}"
        return
    if (difference := decided_again(entry)) is not None:
        yield f"{entry.at or 'At an unknown time'}:"
        yield from (f"  {sentence}." for sentence in difference.sentences)


def _entry(home: Home, back: int) -> Entry:
    lines = _lines(home, back + 1)
    if len(lines) <= back:
        raise StandbyError(
            f"the decision log {home.decisions_file} has {len(lines)} decisions",
            remedy=f"Go back by {len(lines) - 1} at most",
        )
    return read_entry(lines[0])


def _lines(home: Home, count: int) -> list[str]:
    try:
        lines = tail(home.decisions_file, count)
    except OSError as error:
        raise StandbyError(
            f"the decision log {home.decisions_file} cannot be read ({error.strerror or error})",
            remedy="Ask as an administrator of this node",
        ) from error
    if not lines:
        raise StandbyError(
            f"there is no decision in the decision log {home.decisions_file}",
            remedy="Look at the status whether the agent runs, and at its own log beside this one",
        )
    return lines


def _age(entry: Entry, now: datetime, back: int) -> str:
    since = f"{back} more {'was' if back == 1 else 'were'} logged since"
    if not back:
        since = "since then there was nothing new to decide, or no agent ran"
    return f"Decided {_when(entry.at, now)}; {since}."


def _when(at: str, now: datetime) -> str:
    """The time of a line, by this node's wall clock, and how long ago that is."""
    try:
        age = now - datetime.fromisoformat(at)
    except (ValueError, TypeError):  # TypeError: it has no time zone
        return f"at {at or 'an unknown time'}"
    if age < timedelta(0):
        return f"at {at}, which is still to come: the clock of this node was set"
    return f"at {at}, {timedelta(seconds=int(age.total_seconds()))} h ago"
