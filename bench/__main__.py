# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the benches named, or all that take no more than a few minutes: ``python -m bench [NAME ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS

from . import agent_budget, discovery, failover, ownership, reading, standby, switchover
from .conditions import conditions

BENCHES: dict[str, Callable[[], str]] = {
    "agent_budget": agent_budget.run,
    "discovery": discovery.run,
    "ownership": ownership.run,
    "reading": reading.run,
    "switchover": switchover.run,
}
# An hour and more, unless told otherwise: run where it is named.
LONG = ("failover", "standby")


def main(words: list[str]) -> int:
    """Print the conditions and the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*BENCHES, *LONG)))
    parser.add_argument("--runs", type=int, default=50, help="failover: runs of each kind")
    parser.add_argument("--standby-runs", type=int, default=3, help="standby: runs of each kind")
    parser.add_argument(
        "--preset", action="append", choices=PRESETS, help="failover: all where not given; standby: fast"
    )
    parser.add_argument(
        "--kind",
        action="append",
        choices=[kind.name for kind in failover.KINDS],
        help="failover: what is tried",
    )
    parser.add_argument(
        "--keep", default="", help="failover: a file that runs are added to, and whose runs count"
    )
    asked = parser.parse_args(words)
    if unknown := [name for name in asked.names if name not in (*BENCHES, *LONG)]:
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join((*BENCHES, *LONG))}")
    sys.stdout.write(f"conditions: {conditions()}\n")
    for name in asked.names or BENCHES:
        if name in BENCHES:
            figures = BENCHES[name]()
        elif name == "standby":
            figures = standby.run(tuple(asked.preset or ("fast",)), asked.standby_runs)
        else:
            figures = failover.run(asked.runs, asked.preset or tuple(PRESETS), asked.kind or (), asked.keep)
        sys.stdout.write(f"\n== {name}\n{figures}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
