# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated clusters under faults: nothing breaks an invariant, and every planted bug is found.

``make simulate`` plays a hundred thousand schedules and prints how often each state and transition was
reached.
"""

from __future__ import annotations

import pytest

from tests.simulation.checks import Violation
from tests.simulation.documented import undocumented
from tests.simulation.kept import KEPT
from tests.simulation.plants import PLANTS
from tests.simulation.runs import play_many, quick
from tests.simulation.schedule import play

# Where the planted bug was found last; the whole range is searched where that does not hold any more.
_FOUND = {
    "margin left out": 1866,
    "fence skipped": 408,
    "fence not by CAS": 216,
    "two clocks compared": 0,
    "late write trusted": 2427,
    "listing trusted": 43,
    "promise forgotten": 521,
    "epoch not raised": 2,
    "own record resurrected after a fence": 2191,
    "deadline counted from the answer": 873,
    "release before stop": 43,
    "claim of an unfenced owner": 320,
    "cut of a mirror not written down": 28866,
    "claim that names the lost owner too": 2,
    "RPO ignored": 731,
    "fence believed before it has worked": 215,
}
_ENOUGH = 100_000


def test_nothing_breaks_an_invariant():
    summary = play_many(0, 1200)

    assert summary.failures == {}
    assert undocumented(summary.coverage) == []


@pytest.mark.parametrize("seed", KEPT)
def test_what_was_shown_once_is_shown_and_breaks_no_invariant(seed: int):
    with quick():
        outcome = play(seed, trace=True)  # a violation is raised

    assert KEPT[seed].is_shown(outcome), f"seed {seed} does not show any more: {KEPT[seed].why}"


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_found(name: str):
    with quick(), PLANTS[name]():
        seed = next(seed for seed in (_FOUND[name], *range(_ENOUGH)) if violated(seed))

    with quick():
        assert not violated(seed)


def violated(seed: int) -> bool:
    try:
        play(seed)
    except Violation:
        return True
    return False


def test_a_violation_tells_what_led_to_it():
    with quick(), PLANTS["release before stop"](), pytest.raises(Violation) as caught:
        for seed in (_FOUND["release before stop"], *range(_ENOUGH)):
            play(seed, trace=True)

    told = str(caught.value)
    assert told.startswith("seed ")
    assert " is visible" in told
    assert "claim hierarchies/site" in told


def test_a_seed_is_a_schedule():
    assert play(7, trace=True).account == play(7, trace=True).account
