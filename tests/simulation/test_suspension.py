# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one overlap that no lease can prevent: a suspended machine goes on, and another one serves by then."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, Timers, timers
from tests.simulation.checks import Violation
from tests.simulation.scripts import links, serving

NAMES = ("node1", "node2")


def overlaps(seed: int, t: Timers) -> int:
    """A node serves, is suspended, and nothing reaches it when it goes on; the other one serves by then.

    Raises:
        Violation: both serve for longer than the exposure that is told.
    """
    world, name, other = serving(seed, NAMES, t)
    world.nodes[name].suspend(4 * t.ttl)
    world.timeline.run(world.timeline.now + 4 * t.ttl - 0.01)
    world.cut |= links(name) | {(name, other), (other, name)}
    world.timeline.run(world.timeline.now + 2 * t.ttl)
    return world.checks.exposures


@pytest.mark.parametrize("preset", PRESETS)
def test_a_machine_that_wakes_cut_off_serves_for_the_exposure_at_most(preset: str) -> None:
    assert sum(overlaps(seed, timers(preset)) for seed in range(60)) > 30


@pytest.mark.parametrize("preset", PRESETS)
def test_the_exposure_that_is_told_is_no_more_than_what_it_takes(preset: str, monkeypatch) -> None:
    told = timers(preset).exposure
    monkeypatch.setattr(Timers, "exposure", told * 0.8)
    with pytest.raises(Violation, match="is visible on"):
        for seed in range(400):
            overlaps(seed, timers(preset))
