# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prober's samples say: gaps in service, who answered, and how sure one can be. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

# A site that answers from node A, then B, then A again within this many seconds is served by two nodes at
# once: no move there and back is that fast.
TWO_NODES_SECONDS = 0.5


@dataclass(frozen=True)
class Sample:
    """One request.

    Attributes:
        sent: when it was sent, seconds since the prober's start.
        ended: when the answer was complete, or the request failed.
        good: answered with a status below 400.
        node: the node that answered, empty where none did.
        outcome: ``200``, ``503``, ``refused``, ``timeout``, ``reset``, ...
    """

    sent: float
    ended: float
    good: bool
    node: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Gap:
    """A time without good answers.

    Attributes:
        start: when the first failed request was sent (seconds since the prober's start).
        end: when the first good request after it was sent; the last sample's end where none came.
        seconds: end - start.
        at_most: from the last good request before to the first good answer after: no outage was longer.
        open: nothing good came after it.
        failed: requests that failed, by outcome.
    """

    start: float
    end: float
    seconds: float
    at_most: float
    open: bool
    failed: dict[str, int]


@dataclass(frozen=True)
class Overlap:
    """Two nodes that answered in turn too quickly to be a move; times as in Sample."""

    start: float
    end: float
    nodes: tuple[str, str]


@dataclass(frozen=True)
class TargetReport:
    """What was seen of one target.

    Attributes:
        samples: requests that were sent and ended.
        skipped: requests left out because too many were outstanding.
        answers: good answers by node.
        gaps: every time without service, in order.
        longest: seconds of the longest gap; 0 without one.
        overlaps: signs of two nodes serving at once.
    """

    name: str
    url: str
    samples: int
    skipped: int
    answers: dict[str, int]
    gaps: tuple[Gap, ...]
    longest: float
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True)
class Report:
    """What the prober saw, and how well it could see.

    Attributes:
        seconds: how long it has run.
        interval: seconds between two requests to a target: the resolution of every gap.
        timeout: seconds after which a request counts as failed.
        stalls: how often the prober itself was late by more than an interval.
        longest_stall: seconds of its worst lateness; a gap shorter than this may be the prober's own.
        targets: one for each target.
    """

    seconds: float
    interval: float
    timeout: float
    stalls: int
    longest_stall: float
    targets: tuple[TargetReport, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data for JSON."""
        return asdict(self)


def summarize(name: str, url: str, samples: Sequence[Sample], skipped: int = 0) -> TargetReport:
    """The report of one target.

    Args:
        name: the target.
        url: what was asked for.
        samples: its samples in any order.
        skipped: requests left out.
    """
    ordered = sorted(samples, key=lambda one: one.sent)
    gaps = find_gaps(ordered)
    return TargetReport(
        name=name,
        url=url,
        samples=len(ordered),
        skipped=skipped,
        answers=dict(Counter(one.node for one in ordered if one.good)),
        gaps=gaps,
        longest=max((one.seconds for one in gaps), default=0.0),
        overlaps=find_overlaps(ordered),
    )


def find_gaps(samples: Sequence[Sample]) -> tuple[Gap, ...]:
    """Every run of failed samples.

    Args:
        samples: in the order they were sent.
    """
    found: list[Gap] = []
    run: list[Sample] = []
    before: Sample | None = None
    for one in samples:
        if not one.good:
            run.append(one)
            continue
        if run:
            found.append(_gap(run, before, one))
            run = []
        before = one
    if run:
        found.append(_gap(run, before, None))
    return tuple(found)


def _gap(run: Sequence[Sample], before: Sample | None, after: Sample | None) -> Gap:
    start = run[0].sent
    end = after.sent if after else max(one.ended for one in run)
    least = before.sent if before else start
    most = after.ended if after else end
    outcomes = dict(Counter(one.outcome for one in run))
    return Gap(start, end, end - start, most - least, after is None, outcomes)


def find_overlaps(samples: Sequence[Sample]) -> tuple[Overlap, ...]:
    """Places where good answers went from one node to another and back within ``TWO_NODES_SECONDS``.

    Args:
        samples: in the order they were sent.
    """
    answered = [one for one in samples if one.good and one.node]
    changes = [(before, after) for before, after in pairwise(answered) if before.node != after.node]
    found = []
    for (first, second), (third, fourth) in pairwise(changes):
        quick = fourth.sent - first.ended < TWO_NODES_SECONDS
        if first.node == fourth.node and second.node == third.node and quick:
            found.append(Overlap(first.sent, fourth.ended, (first.node, second.node)))
    return tuple(found)


def render(report: Report) -> str:
    """The report as a text table with the prober's own resolution under it; ends with a line end."""
    rows = [("site", "requests", "answered by", "outages", "longest", "at most")]
    rows += [_row(one) for one in report.targets]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    table.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*table, *_warnings(report), _resolution(report)]) + "\n"


def _row(target: TargetReport) -> tuple[str, str, str, str, str, str]:
    answers = ", ".join(f"{node or 'unnamed'} {count}" for node, count in sorted(target.answers.items()))
    at_most = max((one.at_most for one in target.gaps), default=0.0)
    longest = f"{target.longest * 1000:.0f} ms" if target.gaps else "-"
    upper = f"{at_most * 1000:.0f} ms" if target.gaps else "-"
    return target.name, str(target.samples), answers or "nobody", str(len(target.gaps)), longest, upper


def _warnings(report: Report) -> list[str]:
    lines = []
    for target in report.targets:
        for one in target.overlaps:
            nodes = " and ".join(one.nodes)
            lines.append(f"{target.name}: answered by {nodes} at once, {one.start:.3f} s to {one.end:.3f} s")
        lines += [f"{target.name}: still down at the end" for gap in target.gaps if gap.open]
        if target.skipped:
            lines.append(f"{target.name}: {target.skipped} requests left out, too many were unanswered")
    return lines


def _resolution(report: Report) -> str:
    return (
        f"one request each {report.interval * 1000:.0f} ms on a new connection for {report.seconds:.1f} s, "
        f"timeout {report.timeout:g} s; the prober itself was late {report.stalls} times, "
        f"by {report.longest_stall * 1000:.0f} ms at worst"
    )
