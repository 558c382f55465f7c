# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the benches named, or all: ``python -m bench [discovery] [ownership] [reading] [switchover]``."""

from __future__ import annotations

import sys

from . import discovery, ownership, reading, switchover
from .conditions import conditions

BENCHES = {
    "discovery": discovery.run,
    "ownership": ownership.run,
    "reading": reading.run,
    "switchover": switchover.run,
}


def main(names: list[str]) -> int:
    """Print the conditions and the figures; 2 where a name is unknown."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}\n")
        return 2
    sys.stdout.write(f"conditions: {conditions()}\n")
    for name in names or BENCHES:
        sys.stdout.write(f"\n== {name}\n{BENCHES[name]()}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
