# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared in a schedule: timers, nodes and hierarchies, by chance.

A seed is a schedule by the numbers that are drawn here, too: who changes them takes other seeds in
``kept.py`` and in the tests.
"""

from __future__ import annotations

from random import Random

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Membership,
    Rules,
    Switchback,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import Timers, timers

# How many nodes; what stands here more often is drawn more often, as below.
_SIZES = (2,) * 24 + (3,) * 12 + (5,) * 3 + (9,)
_PRESETS = ("fast", "fast", "lan", "lan", "wan")


def some_timers(chance: Random) -> Timers:
    """A preset; now and then with so little patience that switchbacks and holds fall into a schedule."""
    preset = chance.choice(_PRESETS)
    if chance.random() < 0.6:
        return timers(preset)
    return timers(preset, stability=timers(preset).ttl * 1.1, hold_after=chance.randint(1, 3))


def some_cluster(chance: Random) -> Membership:
    """Nodes, hierarchies of every kind on some of them each, limits and fences."""
    count = chance.choice(_SIZES)
    names = tuple(f"node{number}" for number in range(1, count + 1))
    spare = names[-1]
    hierarchies = []
    for number in range(chance.randint(1, min(count, 4))):
        first = names[number % count]
        others = [name for name in names if name != first]
        if chance.random() < 0.5:  # N+1: each has one primary, all have the last node as their standby
            nodes = (first, spare) if first != spare else (spare, names[0])
        else:
            chance.shuffle(others)
            nodes = (first, *others[: chance.randint(1, 3)])
        hierarchies.append(_rules(chance, number, nodes))
    limits = {spare: chance.randint(1, 2)} if chance.random() < 0.2 else {}
    fences = frozenset(names) if chance.random() < 0.7 else frozenset()
    return Membership(names, tuple(hierarchies), limits, fences)


def _rules(chance: Random, number: int, nodes: tuple[str, ...]) -> Rules:
    kind = chance.random()
    automatic = chance.random() < 0.3
    return Rules(
        f"site {number}",
        nodes,
        exclusive=kind < 0.15,
        replicated=0.15 <= kind < 0.3,
        switchback=Switchback.AUTOMATIC if automatic else Switchback.MANUAL,
        window=_window(chance) if automatic and chance.random() < 0.5 else None,
        recovery=kind < 0.9,
    )


def _window(chance: Random) -> tuple[int, int]:
    """Minutes about midnight, when schedules are played."""
    begin = chance.randint(-2, 3)
    return begin % 1440, (begin + chance.randint(1, 4)) % 1440
