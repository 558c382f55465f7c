# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An owner that does not know what became of its release, while the record is lost under its successor."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from tests.simulation.foreign import ForeignHand
from tests.simulation.scripts import SITE, links, serving
from tests.simulation.world import World

NODES = ("node1", "node2", "node3")
KEY = HIERARCHIES + SITE
TIMERS = timers("lan")


def moved_without_an_answer(seed: int) -> tuple[World, str, str]:
    """The old owner was cut from the store by its release; its successor serves: the world and both nodes."""
    world, old, new = serving(seed, NODES, TIMERS)
    world.ask(SITE, Request("r1", RequestKind.SWITCHOVER, new, False))

    def cut(key: str, _old: object, _new: object) -> None:
        if key == KEY and world.record(SITE).owner == "":
            world.cut |= links(old)

    world.register.watchers.append(cut)
    assert world.timeline.run(world.timeline.now + 9.0, lambda: world.record(SITE).owner == "")
    world.register.watchers.remove(cut)
    assert world.timeline.run(
        world.timeline.now + 99.0,
        lambda: world.record(SITE).owner == new and world.nodes[new].visible(SITE),
    )
    world.timeline.run(world.timeline.now + 2 * TIMERS.interval)
    return world, old, new


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("damage", ["torn", "deleted"])
def test_it_does_not_write_its_old_record_over_the_lost_one_of_its_successor(damage: str, seed: int):
    world, old, new = moved_without_an_answer(seed)
    epoch = world.record(SITE).epoch
    world.cut |= links(new)
    if damage == "torn":
        ForeignHand(world).tear(KEY)
    else:
        world.register.vanish(KEY)
    world.cut -= links(old)

    world.timeline.run(world.timeline.now + 6 * TIMERS.ttl)  # every step is checked: one node at most serves
    assert world.nodes[new].visible(SITE), "its peers have promised"
    world.cut.clear()
    assert world.timeline.run(world.timeline.now + 9 * TIMERS.ttl, lambda: world.record(SITE).epoch >= epoch)
    assert world.record(SITE).owner == new
