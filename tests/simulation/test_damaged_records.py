# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that are damaged at bad moments, and what becomes of the doubt."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from tests.simulation.scripts import SITE, serving
from tests.simulation.world import STORE

NODES = ("node1", "node2", "node3")
KEY = HIERARCHIES + SITE
TIMERS = timers("lan")


@pytest.mark.parametrize("seed", range(6))
def test_a_record_that_is_torn_right_after_its_claim_is_not_taken_from_an_owner_with_promises(seed: int):
    """The owner is cut from the store before its own record could tell what it has."""
    world, _old, new = serving(seed, NODES, TIMERS)

    def claimed(key: str, _old: object, _new: object) -> None:
        if key == KEY and world.record(SITE).owner == new:
            world.cut.add((new, STORE))  # the answer to the claim gets through: it serves
            world.timeline.after(TIMERS.store_timeout / 4, lambda: world.register.force(KEY, '{"format":'))

    world.register.watchers.append(claimed)
    world.ask(SITE, Request("r1", RequestKind.SWITCHOVER, new, False))
    assert world.timeline.run(world.timeline.now + 9 * TIMERS.ttl, lambda: world.nodes[new].visible(SITE))
    world.timeline.run(world.timeline.now + 6 * TIMERS.ttl)  # every step is checked: one node at most serves
    assert world.nodes[new].visible(SITE), "its peers have promised"
    world.cut.clear()
    assert world.timeline.run(
        world.timeline.now + 9 * TIMERS.ttl, lambda: any(node.visible(SITE) for node in world.nodes.values())
    )
