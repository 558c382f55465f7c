# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has the newest data, where its record is lost or a move by force goes wrong."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from tests.simulation.foreign import ForeignHand
from tests.simulation.scripts import SITE, comes, off, serving

KEY = HIERARCHIES + SITE
TIMERS = timers("lan")


@pytest.mark.parametrize("how", ["torn", "deleted"])
@pytest.mark.parametrize("lag", [0.0, 10.0])
def test_a_node_that_has_not_read_that_its_data_is_old_does_not_serve_it(lag: float, how: str):
    assert sum(lost_before_it_was_read(seed, lag, how) for seed in range(12))


def lost_before_it_was_read(seed: int, lag: float, how: str) -> bool:
    """The owner has just written that it alone has the newest; that record is lost, and the owner dies.

    False where the other node had read it by then.
    """
    world, old, new = serving(seed, ("node1", "node2"), TIMERS, replicated=True, lag=lag)
    hand, before = ForeignHand(world), world.checks.acknowledged[SITE]
    world.cut |= {(old, new), (new, old)}  # the link of the mirror; everybody reaches the store
    assert world.timeline.run(world.timeline.now + 9, lambda: world.record(SITE).current == (old,))
    world.timeline.run(world.timeline.now + 60, lambda: world.checks.acknowledged[SITE] > before + 1)
    memory = world.nodes[new].memory
    assert memory is not None
    known = memory.snapshot(world.nodes[new].clock.mono()).hierarchies[SITE].record
    if known is None or known.current == (old,):
        return False
    (hand.tear if how == "torn" else hand.delete)(KEY)
    off(world, old)
    world.timeline.run(world.timeline.now + 20 * TIMERS.ttl)  # every step is checked
    return True


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_successor_that_dies_before_its_claim_takes_no_data_with_it(seed: int, force: bool):
    world, old, to = serving(seed, ("node1", "node2", "node3"), TIMERS, replicated=True)
    assert set(world.record(SITE).current or ()) == {"node1", "node2", "node3"}

    def released(key: str, _old: object, _new: object) -> None:
        record = world.record(SITE)
        if key == KEY and record.successor == to and not record.owner and world.nodes[to].powered:
            off(world, to)

    world.register.watchers.append(released)
    world.ask(SITE, Request("r1", RequestKind.SWITCHOVER, to, force))
    assert world.timeline.run(world.timeline.now + 20, lambda: not world.nodes[to].powered)
    assert comes(world, 2 * bound(TIMERS, nodes=3)), world.nodes[old].told[SITE]
