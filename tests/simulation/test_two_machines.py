# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was replaced by another one of its name, while the former one is not surely off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import HIERARCHIES
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from tests.simulation import node as simulated
from tests.simulation.scripts import SITE, links, serving
from tests.simulation.world import World

TIMERS = timers("lan")
NEW = "another machine"


@contextmanager
def machines() -> Iterator[Callable[[str], None]]:
    """Agents tell their machine: the node's own, until another one is said."""
    said = [""]

    def memory(name: str, *rest: Any) -> Memory:
        return Memory(name, *rest, machine=said[0] or f"machine of {name}")

    with patch.object(simulated, "Memory", memory):
        yield lambda machine: said.__setitem__(0, machine)


def another(world: World, name: str, say: Callable[[str], None]) -> simulated.Node:
    """A second machine of that name boots."""
    say(NEW)
    second = simulated.Node(world, name, world._clock())
    second.power_on()
    say("")
    return second


@pytest.mark.parametrize("seed", range(4))
def test_it_does_not_join_while_the_former_one_may_serve_on_promises(seed: int):
    with machines() as say:
        world, old, _other = serving(seed, ("node1", "node2", "node3"), TIMERS)
        world.cut |= links(old)
        world.timeline.run(world.timeline.now + 3 * TIMERS.ttl)
        assert world.nodes[old].visible(SITE), "its peers have promised"
        second = another(world, old, say)
        assert second.client is not None
        second.client._node = SimpleNamespace(name="the second machine")  # its own link to the store works
        world.timeline.run(world.timeline.now + 4 * TIMERS.ttl)  # every step is checked
        assert "may serve on its peers' promises" in second.told[SITE]


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_the_disk_of_the_former_one_waits_for_a_person(torn: bool, restarted: bool):
    with machines() as say:
        world, old, other = serving(1, ("node1", "node2"), TIMERS, exclusive=True)
        first = world.nodes[old]
        first.stop_agent()  # it hangs for good; its disk stays online
        world.checks.restarted(first)
        world.timeline.run(world.timeline.now + 3 * TIMERS.ttl)
        second = another(world, old, say)
        world.timeline.run(world.timeline.now + 3 * TIMERS.ttl)
        told = world.node_record(old)
        assert told is not None
        assert told.first
        if torn:
            world.register.force(HIERARCHIES + SITE, '{"format":')
        if restarted:
            say(NEW)
            second.stop_agent()
            second.start_agent()
            say("")
            world.nodes[other].stop_agent()
            world.nodes[other].start_agent()
        world.timeline.run(world.timeline.now + 12 * TIMERS.ttl)  # every step is checked
        assert not second.services[SITE].disk
