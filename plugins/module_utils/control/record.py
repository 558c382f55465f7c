# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was asked of a hierarchy, recorded on every node: who is to have it, from whom, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..errors import StandbyError
from ..ha.model import Cluster, Hierarchy, Intent
from ..ha.status import intent_of, names_of
from . import store
from .case import Case
from .fleet import Fleet


class Overtaken(StandbyError):
    """Something else was asked of the hierarchy meanwhile."""


@dataclass(frozen=True)
class Claim:
    """What one run asked of a hierarchy, as it stands on the nodes while that run moves it.

    Attributes:
        hierarchy: what it is about.
        intent: what was written.
        revision: of the definition that holds it, None where it could not be written.
        notes: a sentence for every node without it.
    """

    hierarchy: Hierarchy
    intent: Intent
    revision: int | None
    notes: tuple[str, ...] = ()


def remember(
    fleet: Fleet,
    case: Case,
    owner: str | None,
    reason: str,
    mine: Claim | None,
    *,
    moving_from: str | None = None,
    seconds: float | None = None,
) -> tuple[str, ...]:
    """Record on every node what became of a claim; a record that cannot be written never stops a move.

    Without a claim, the agents moved it, and keep others off it themselves. A claim of another run is left
    alone: that run goes on, and would stop if its claim were gone.

    Returns:
        A sentence for every node without the record.
    """
    intent = _intent(case, owner, reason, moving_from, seconds)
    record = _recording(case, intent)

    def record_over_mine(cluster: Cluster) -> Cluster:
        if mine is not None and mine.revision is not None:
            _must_be(cluster, case.hierarchy, mine.intent, "its run goes on")
        return record(cluster)

    try:
        return tuple(store.update_cluster(fleet, record_over_mine, again=case.lagging))
    except StandbyError as error:
        return (f"What was asked could not be recorded: {error}",)


def claim(fleet: Fleet, case: Case, owner: str | None, reason: str, *, moving_from: str | None) -> Claim:
    """Record what is going to be done, before it is decided how.

    The nodes have no compare-and-swap: each is read, written, and read again. Two runs that write in the same
    moment both wrote; what is there then is one of them, and the other is told.

    Raises:
        Overtaken: anything else was asked since the case was looked at, or at the same moment.
    """
    intent = replace(_intent(case, owner, reason, moving_from, None), running=True)
    record = _recording(case, intent)

    def record_after_a_look(cluster: Cluster) -> Cluster:
        _must_be(cluster, case.hierarchy, case.intent, "nothing was touched")
        return record(cluster)

    try:
        notes = tuple(store.update_cluster(fleet, record_after_a_look, again=case.lagging))
        now = store.read_cluster(fleet)
    except Overtaken:
        raise
    except StandbyError as error:
        return Claim(case.hierarchy, intent, None, (f"What was asked could not be recorded: {error}",))
    if now is None:
        return Claim(case.hierarchy, intent, None, notes)
    _must_be(now, case.hierarchy, intent, "nothing was touched")
    return Claim(case.hierarchy, intent, now.revision, notes)


def refuse_while_running(case: Case) -> None:
    """Let nobody touch a hierarchy that another run moves: calls of it may take effect at any moment.

    Raises:
        StandbyError: a run has not said that it ended.
    """
    intent = case.intent
    if intent is not None and intent.running:
        raise StandbyError(
            f"a run that began at {intent.at} ({intent.reason}) has not ended",
            resource=case.label,
            remedy="Wait until it has. If it was killed, and runs no more, run again with `resume: true`",
        )


@contextmanager
def ending(fleet: Fleet, mine: Claim) -> Iterator[None]:
    """Say on every node that a run has ended, where it ends by a failure and its claim still stands."""

    def ended(cluster: Cluster) -> Cluster:
        intents = (replace(one, running=False) if one == mine.intent else one for one in cluster.intents)
        return replace(cluster, intents=tuple(intents))

    try:
        yield
    except BaseException:
        with suppress(StandbyError):
            store.update_cluster(fleet, ended)
        raise


def withdraw(fleet: Fleet, case: Case, mine: Claim) -> None:
    """Put back what was asked before, where the claim still stands; nothing was done under it."""

    def restore(cluster: Cluster) -> Cluster:
        _must_be(cluster, case.hierarchy, mine.intent, "nothing was touched")
        others = tuple(one for one in cluster.intents if one != mine.intent)
        return replace(cluster, intents=others if case.intent is None else (*others, case.intent))

    with suppress(StandbyError):
        store.update_cluster(fleet, restore)


def check_claim(fleet: Fleet, mine: Claim, names: Sequence[str]) -> None:
    """Look once more whether a claim stands: one round trip to the nodes that are part of the move.

    Raises:
        Overtaken: a node holds something else that was asked, and not merely something older.
        StandbyError: none of the nodes answered.
    """
    if mine.revision is None:
        return
    answers = fleet.each(store.read_node, list(dict.fromkeys(names)))
    failures = [answer for answer in answers.values() if isinstance(answer, StandbyError)]
    for answer in answers.values():
        if answer is None or (not isinstance(answer, StandbyError) and answer.revision >= mine.revision):
            _must_be(answer, mine.hierarchy, mine.intent, "nothing was brought up")
    if len(failures) == len(answers):
        raise failures[0]


def _intent(
    case: Case, owner: str | None, reason: str, moving_from: str | None, seconds: float | None
) -> Intent:
    measured = seconds if seconds is not None else (case.intent.seconds if case.intent else None)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Intent(case.hierarchy.name, owner, reason, at, moving_from, measured)


def _recording(case: Case, intent: Intent) -> Callable[[Cluster], Cluster]:
    names = set(names_of(case.hierarchy))
    if case.intent is not None:
        names.add(case.intent.hierarchy)

    def record(cluster: Cluster) -> Cluster:
        others = tuple(one for one in cluster.intents if one.hierarchy not in names)
        return replace(cluster, intents=(*others, intent))

    return record


def _must_be(cluster: Cluster | None, hierarchy: Hierarchy, wanted: Intent | None, so_far: str) -> None:
    found = intent_of(cluster, hierarchy) if cluster is not None else None
    if cluster is not None and found == wanted:
        return
    told = f"last asked: {found.reason}, at {found.at}" if found is not None else "its record is gone"
    raise Overtaken(
        f"something else was asked of it meanwhile ({told}); {so_far}",
        resource=f'hierarchy "{hierarchy.name}"',
        remedy="Let the other run end, look at the status, then run again",
    )
