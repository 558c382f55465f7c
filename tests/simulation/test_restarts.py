# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents that are started again: what they had comes back where it was."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import NODES, Maintenance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from tests.simulation.scripts import SITE, comes, off, serving

TWO = ("node1", "node2")
TIMERS = timers("lan")


@pytest.mark.parametrize("which", ["cluster", "hierarchy", "node"])
def test_in_maintenance_a_node_that_boots_brings_up_again_what_it_had(which: str):
    world, old, _other = serving(1, TWO, TIMERS)
    kinds = {
        "cluster": Maintenance(cluster=True),
        "hierarchy": Maintenance(hierarchies=(SITE,)),
        "node": Maintenance(nodes=(old,)),
    }
    world.maintain(kinds[which])
    world.timeline.run(world.timeline.now + 5)
    off(world, old)
    world.timeline.run(world.timeline.now + 5)
    world.nodes[old].power_on()
    assert comes(world, 2 * bound(TIMERS, nodes=2)) == old


def test_an_owner_whose_agent_is_started_again_and_again_is_not_held_as_one_that_moves():
    world, old, _other = next(made for seed in range(20) if (made := serving(seed, TWO, TIMERS))[1] == TWO[0])
    node = world.nodes[old]
    for _time in range(TIMERS.hold_after + 1):
        epoch = world.record(SITE).epoch
        node.stop_agent()
        world.checks.restarted(node)
        world.timeline.run(world.timeline.now + 2)
        node.start_agent()

        def back(before: int = epoch) -> bool:
            return world.record(SITE).epoch > before and node.visible(SITE)

        assert world.timeline.run(world.timeline.now + 2 * bound(TIMERS, nodes=2), back), node.told[SITE]
        world.timeline.run(world.timeline.now + 20)
    assert world.record(SITE).failovers == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_node_whose_key_was_deleted_before_it_boots_is_seen_by_the_others(seed: int):
    """With `fast` it had been given more numbers than seconds have passed."""
    quick = timers("fast")
    world, old, new = serving(seed, TWO, quick, kind="directory")
    world.timeline.run(world.timeline.now + 120)
    off(world, old)
    world.register.vanish(NODES + old)
    world.nodes[old].power_on()
    world.timeline.run(world.timeline.now + 60)
    assert comes(world, 60.0)
    off(world, old)
    assert comes(world, bound(quick, nodes=2) + quick.damaged) == new
