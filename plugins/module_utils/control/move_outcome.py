# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a switchover tells: the plan, the expected and the measured outage, the message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..ha.execute import Done, Report
from ..ha.plan import OUT, Action, Plan
from ..ha.status import State
from ..ha.warm import warmth
from .case import Case
from .outcome import Outcome


def move_outcome(
    case: Case,
    target: str | None,
    move: Plan,
    report: Report | None,
    notes: Sequence[str],
    *,
    recorded: bool = False,
) -> Outcome:
    """The outcome of a move, or of what would be one.

    Args:
        case: the hierarchy before.
        target: where it is wanted, None for out of service.
        move: the steps.
        report: what became of them, None where they were not begun.
        notes: sentences for the operator, beside those of the case.
        recorded: the record of what was asked changes, whatever the steps do.
    """
    seconds, basis = _expected(case, move)
    changed = bool(move.stages) or recorded
    before: dict[str, Any] = {"owner": case.found.owner, "state": case.found.state.value, "steps": []}
    after = before | ({"owner": target, "state": _state(target), "steps": move.sentences} if changed else {})
    outage = report.outage if report is not None else None
    data: dict[str, Any] = {
        "hierarchy": case.hierarchy.name,
        "owner_before": case.found.owner,
        "owner": target,
        "plan": move.sentences,
        "steps": timings(report.done if report is not None else ()),
        "expected_outage": seconds,
        "expected_outage_basis": basis,
        "outage": round(outage, 3) if outage is not None else None,
        "notes": list(dict.fromkeys((*case.notes, *notes))),
    }
    return Outcome(changed, _message(case, target, move, report, seconds, basis), before, after, data)


def unready(case: Case, target: str) -> tuple[str, ...]:
    """Which sites that are kept warm have to be started on the target all the same, and why."""
    if case.found.owner in (None, target):
        return ()
    found = warmth(case.hierarchy, case.facts[target])
    return tuple(
        f'{target} does not stand by for site "{one.site}", {one.sentence}'
        for one in found
        if one.cold or one.lacking
    )


def _is_move(move: Plan) -> bool:
    actions = {step.action for step in move.steps}
    return bool(actions & set(OUT)) and bool(
        actions & {Action.ADD_ADDRESS, Action.START_SITE, Action.WAKE_SITE}
    )


def _expected(case: Case, move: Plan) -> tuple[float | None, str | None]:
    """Seconds of outage to expect, and where the figure is from."""
    if not _is_move(move):
        return None, None
    if case.intent is not None and case.intent.seconds is not None:
        return round(case.intent.seconds, 3), "measured at the last move"
    return round(move.expected_seconds(), 3), "estimated from usual durations"


def _state(target: str | None) -> str:
    state = State.OUT_OF_SERVICE if target is None else State.IN_SERVICE
    return str(state.value)


def timings(done: Iterable[Done]) -> list[dict[str, Any]]:
    """Steps that were tried, as a module returns them."""
    return [
        {
            "sentence": one.step.sentence,
            "node": one.step.node,
            "action": one.step.action.value,
            "start": round(one.start, 3),
            "seconds": round(one.seconds, 3),
            "error": None if one.error is None else str(one.error),
        }
        for one in done
    ]


def _message(
    case: Case,
    target: str | None,
    move: Plan,
    report: Report | None,
    seconds: float | None,
    basis: str | None,
) -> str:
    where = "out of service" if target is None else f"in service on {target}"
    if not move.stages:
        return f"{case.label} is {where}"
    steps = f"{len(move.steps)} step{'s' if len(move.steps) > 1 else ''}"
    expected = f", with an outage of about {seconds:.1f} s ({basis})" if seconds is not None else ""
    if report is None:
        return f"{case.label} would be {where} after {steps}{expected}"
    measured = f", with an outage of {report.outage:.2f} s" if report.outage is not None else ""
    return f"{case.label} is {where} after {steps}{measured}"
