# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent's worker dies: the next one goes on from the lease there is, but not from promises."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from tests.simulation.scripts import SITE, serving
from tests.simulation.world import World

T = timers("lan")


def lose_worker(away: float) -> tuple[World, str]:
    """The owner's worker dies, with the witness away for so many seconds, and is replaced at once."""
    world, name, _other = serving(1, ("node1", "node2"), T)
    world.up = not away
    world.timeline.run(world.timeline.now + away)
    node = world.nodes[name]
    assert node.visible(SITE), "on promises, where the witness is away"
    node.tell()
    world.checks.restarted(node)
    node.lose_worker(0.0)
    return world, name


def test_the_next_one_goes_on_without_a_gap() -> None:
    world, name = lose_worker(0.0)
    node = world.nodes[name]
    assert not world.timeline.run(world.timeline.now + 2 * T.ttl, lambda: not node.visible(SITE))


@pytest.mark.parametrize("away", [2 * T.ttl, 60.0])
def test_promises_are_not_handed_on_and_the_service_ends_until_the_witness_is_back(away: float) -> None:
    world, name = lose_worker(away)
    world.timeline.run(world.timeline.now + T.ttl)
    assert not world.timeline.run(
        world.timeline.now + 60.0, lambda: any(one.visible(SITE) for one in world.nodes.values())
    )
    assert f"{name} must not serve" in world.nodes[name].told[SITE]

    world.up = True
    assert world.timeline.run(
        world.timeline.now + bound(T, nodes=2), lambda: any(one.visible(SITE) for one in world.nodes.values())
    )
