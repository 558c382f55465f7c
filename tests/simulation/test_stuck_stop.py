# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stop that never ends: another node serves in time, and disks are taken after a confirmed fence alone."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, bound, timers
from tests.simulation.scripts import SITE, serving

NAMES = ("node1", "node2")


def served_after(preset: str, *, exclusive: bool, fences: bool) -> float | None:
    """Seconds from the failure until the other node serves; None where it does not within twenty minutes."""
    world, name, other = serving(7, NAMES, timers(preset), exclusive=exclusive, fences=fences)
    world.nodes[name].slow_stop = 1e9
    world.nodes[name].fail(SITE)
    failed = world.timeline.now
    served = world.timeline.run(failed + 1200.0, lambda: world.nodes[other].visible(SITE))
    return world.timeline.now - failed if served else None


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("exclusive", [False, True])
def test_another_node_serves_what_does_not_get_stopped(preset: str, exclusive: bool) -> None:
    t = timers(preset)
    took = served_after(preset, exclusive=exclusive, fences=True)

    assert took is not None
    assert took < t.stuck + bound(t, nodes=2)


def test_a_disk_that_does_not_get_released_is_not_taken_without_a_fence() -> None:
    assert served_after("fast", exclusive=True, fences=False) is None
