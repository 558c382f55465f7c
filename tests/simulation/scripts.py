# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a test that is a script of its own, and no schedule by chance, begins."""

from __future__ import annotations

from random import Random

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Membership, Rules
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import Timers
from tests.simulation.mirror import Mirror
from tests.simulation.replica import Kind, Replica
from tests.simulation.world import STORE, World

SITE = "site 0"


def serving(
    seed: int,
    nodes: tuple[str, ...],
    timers: Timers,
    *,
    exclusive: bool = False,
    replicated: bool = False,
    alone: bool = False,
    fences: bool = False,
    kind: str = "registers",
    lag: float = 0.0,
) -> tuple[World, str, str]:
    """Nodes that have joined, and one of them serves SITE, the only hierarchy.

    Args:
        seed: of what is by chance: delays, and how fast clocks run.
        nodes: of the cluster and of SITE.
        timers: of the cluster.
        exclusive: SITE has a disk that two nodes must never write.
        replicated: SITE has data that a mirror keeps on all nodes.
        alone: that mirror goes on alone where it is cut, see ``Replica``.
        fences: the power of every node can be cut.
        kind, lag: of the store, see ``World``.

    Returns:
        The world, which checks every step from now on as well; the node that serves, and the first other one.
    """
    rules = Rules(SITE, nodes, exclusive=exclusive, replicated=replicated)
    membership = Membership(nodes, (rules,), {}, frozenset(nodes if fences else ()))
    world = World(seed, membership, timers, kind=kind, lag=lag)
    if alone:
        world.replicas[SITE] = Replica(world, rules, Kind(), Random(seed))
    if replicated:
        Mirror(world)
    for node in world.nodes.values():
        world.timeline.at(0.1, node.power_on)
    world.timeline.run((5 if replicated else 3) * timers.ttl)
    owner = next(name for name in nodes if world.nodes[name].visible(SITE))
    return world, owner, next(name for name in nodes if name != owner)


def off(world: World, name: str) -> None:
    """A node loses its power."""
    world.nodes[name].power_off()
    world.checks.restarted(world.nodes[name])


def comes(world: World, seconds: float) -> str:
    """The node that has SITE in service within so many seconds, "" where none has."""

    def found() -> str:
        return next((name for name, node in world.nodes.items() if node.visible(SITE)), "")

    world.timeline.run(world.timeline.now + seconds, lambda: bool(found()))
    return found()


def links(node: str) -> set[tuple[str, str]]:
    """Both ways between a node and the store, for ``World.cut``."""
    return {(node, STORE), (STORE, node)}
