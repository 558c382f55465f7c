# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node goes in maintenance, in order or not, and comes back: what it had waits for it."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from tests.simulation.scripts import SITE, serving

NAMES = ("node1", "node2")
T = timers("lan")


def serves(maintenance: str, *, orderly: bool) -> list[str]:
    """Which node serves while the one that did is away for long, and which once it is back: in words."""
    world, name, other = serving(1, NAMES, T)
    kinds = {
        "cluster": Maintenance(cluster=True),
        "hierarchy": Maintenance(hierarchies=(SITE,)),
        "node": Maintenance(nodes=(name,)),
    }
    world.maintain(kinds[maintenance])
    world.timeline.run(world.timeline.now + 5)
    node = world.nodes[name]
    if orderly:
        node.leave()
        assert world.timeline.run(world.timeline.now + 30, lambda: not node.running)
    node.power_off()
    world.checks.restarted(node)

    def after_long() -> str:
        world.timeline.run(world.timeline.now + bound(T, nodes=2))
        words = {name: "itself", other: "the other"}
        return next((words[one] for one in NAMES if world.nodes[one].visible(SITE)), "none")

    meanwhile = after_long()
    node.power_on()
    return [meanwhile, after_long()]


@pytest.mark.parametrize("maintenance", ["cluster", "hierarchy", "node"])
@pytest.mark.parametrize("orderly", [False, True], ids=["power", "leave"])
def test_what_a_node_had_waits_for_it(maintenance: str, orderly: bool) -> None:
    """But for a node in maintenance that is shut down in order: the others go on for it."""
    goes_on = maintenance == "node" and orderly
    expected = ["the other", "the other"] if goes_on else ["none", "itself"]
    assert serves(maintenance, orderly=orderly) == expected
