# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured parts of the demonstration: what must not happen in them, and the table in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.probe_report import Report


class DemoFailed(RuntimeError):
    """Something did not go as it should; the message says what."""


@dataclass(frozen=True)
class Act:
    """One measured part.

    Attributes:
        title: what happens.
        concerned: the services that it concerns; no other one has a gap.
        nodes: how many nodes answer for each of these in its course.
        report: what was seen from outside.
    """

    title: str
    concerned: tuple[str, ...]
    nodes: int
    report: Report


def judge(act: Act) -> None:
    """Refuse what must not happen.

    Raises:
        DemoFailed: another service was disturbed, one is still down or never answered, what was to move did
            not, or two nodes answered at once.
    """
    for target in act.report.targets:
        if target.overlaps:
            raise DemoFailed(f"{act.title}: two nodes answered for {target.name} at once")
        if not target.answers:
            raise DemoFailed(f"{act.title}: {target.name} never answered")
        if target.name not in act.concerned and target.gaps:
            raise DemoFailed(f"{act.title}: {target.name}, which is not concerned, had a gap: {target.gaps}")
        if target.gaps and target.gaps[-1].open:
            raise DemoFailed(f"{act.title}: {target.name} is still down at the end")
        if target.name in act.concerned and len(target.answers) != act.nodes:
            raise DemoFailed(f"{act.title}: {target.name} was answered by {', '.join(target.answers)}")


def summary(acts: Sequence[Act]) -> str:
    """The longest outage of every service in every part, as it was measured; ends with a line end."""
    names = list(dict.fromkeys(target.name for act in acts for target in act.report.targets))
    rows = [("seconds without an answer", *names)]
    rows += [(act.title, *(_outage(act, name) for name in names)) for act in acts]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(f"{_line(row, widths)}\n" for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "   ".join([first, *(cell.strip().rjust(len(cell)) for cell in rest)])


def _outage(act: Act, name: str) -> str:
    """A dash where every request was answered."""
    target = next((one for one in act.report.targets if one.name == name), None)
    return f"{target.longest:.2f}" if target and target.gaps else "-"
