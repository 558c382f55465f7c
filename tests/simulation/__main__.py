# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play schedules: ``python -m tests.simulation [--schedules N] [--first SEED] [--minutes M] [--seed S]``."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.checks import Violation
from tests.simulation.documented import missing, undocumented
from tests.simulation.runs import Summary, play_all, quick, table
from tests.simulation.schedule import play

ENOUGH = 100_000


def main(arguments: list[str]) -> int:
    """0 where every invariant held and, in a run that is large enough, every documented transition was
    reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=ENOUGH, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--minutes", type=float, help="stop after so long, whatever --schedules says")
    parser.add_argument("--workers", type=int, help="processes; one per processor where not given")
    parser.add_argument("--seed", type=int, help="play this one, and show what happens in it")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return _show(options.seed)
    seconds = options.minutes * 60 if options.minutes else None
    summary = play_all(
        options.first, options.schedules, workers=options.workers, seconds=seconds, progress=_progress
    )
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return _report(summary)


def _progress(summary: Summary) -> None:
    """Where somebody looks on."""
    if not sys.stderr.isatty():
        return
    rate = summary.played / max(summary.took, 1e-9)
    failed = f"failed: {', '.join(map(str, summary.failures))}" if summary.failures else "no failures"
    sys.stderr.write(f"\r{summary.played} schedules, {rate:.0f} a second, {failed} ")
    sys.stderr.flush()


def _show(seed: int) -> int:
    try:
        outcome = play(seed, trace=True)
    except Violation as violation:
        sys.stdout.write(f"{violation}\n")
        return 1
    sys.stdout.write(f"{outcome.account}\n")
    return 0


def _report(summary: Summary) -> int:
    out = sys.stdout.write
    out(f"{table(summary)}\n")
    days = summary.simulated / 86400
    took = f"{summary.took:.0f} s, {summary.processor:.0f} s of processors"
    out(f"{summary.played} schedules, {days:.1f} days simulated in {took}\n")
    out(f"longest way back into service: {summary.worst:.0%} of the bound\n")
    out(f"overlaps after a suspension, each within its bound: {summary.exposures}\n")
    excused = ", ".join(f"{why} {count}" for why, count in sorted(summary.mirrors.items()))
    out(f"data taken that was not the newest: {excused or 'none'}\n")
    strange = undocumented(summary.coverage)
    never = missing(summary.coverage) if summary.played >= ENOUGH else []
    for transition in strange:
        out(f"not documented: {transition}\n")
    for transition in never:
        out(f"never reached: {transition}\n")
    for told in summary.failures.values():
        out(f"{told}\n")
    if summary.failures:
        with quick():
            _show(next(iter(summary.failures)))
    return 1 if summary.failures or strange or never else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
