# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An owner whose mirror is cut goes on alone, and is lost where its record does not say so."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from tests.simulation.scripts import SITE, comes, links, off, serving
from tests.simulation.world import World

TIMERS = timers("lan")
NODES = ("node1", "node2")
SEEDS = pytest.mark.parametrize("seed", range(3))


def begun(seed: int) -> tuple[World, str, str]:
    world, owner, other = serving(seed, NODES, TIMERS, replicated=True, alone=True)
    assert set(world.record(SITE).current or ()) == set(NODES)
    return world, owner, other


def cut(world: World) -> None:
    world.replicas[SITE].faults.cut = True


def wait(world: World, lives: float) -> None:
    """So many ttl; every step is checked."""
    world.timeline.run(world.timeline.now + lives * TIMERS.ttl)


@SEEDS
def test_a_copy_in_sync_is_taken(seed: int):
    world, owner, other = begun(seed)
    off(world, owner)

    assert comes(world, bound(TIMERS, nodes=2)) == other
    assert not world.mirrors


@SEEDS
def test_one_that_was_cut_is_not(seed: int):
    world, owner, other = begun(seed)
    cut(world)
    wait(world, 1)
    off(world, owner)
    wait(world, 6)

    assert f"it waits for {owner}" in world.nodes[other].told[SITE]
    world.nodes[owner].power_on()
    assert comes(world, bound(TIMERS, nodes=2)) == owner


@SEEDS
def test_nor_is_it_after_a_shutdown_in_maintenance(seed: int):
    world, owner, other = begun(seed)
    world.maintain(Maintenance(cluster=True))
    cut(world)
    wait(world, 2)
    world.nodes[owner].leave()
    wait(world, 2)
    off(world, owner)
    world.maintain(Maintenance())
    wait(world, 6)

    assert f"it waits for {owner}" in world.nodes[other].told[SITE]


@SEEDS
@pytest.mark.parametrize("whose", ["all", "its own"])
def test_nor_from_an_owner_that_served_on_promises(seed: int, whose: str):
    world, owner, other = begun(seed)
    world.cut |= links(owner) if whose == "its own" else {*links(owner), *links(other)}
    wait(world, 2)
    cut(world)
    wait(world, 3)
    assert world.nodes[owner].visible(SITE)
    off(world, owner)
    wait(world, 0.5)
    world.cut.clear()
    wait(world, 6)

    assert "may have written alone" in world.nodes[other].told[SITE]


@SEEDS
def test_within_two_seconds_of_the_cut_it_may_be_lost(seed: int):
    world, owner, other = begun(seed)
    cut(world)
    world.timeline.run(world.timeline.now + 0.6)
    off(world, owner)

    comes(world, bound(TIMERS, nodes=2))
    assert world.nodes[other].visible(SITE) or "old data" in world.nodes[other].told[SITE]
