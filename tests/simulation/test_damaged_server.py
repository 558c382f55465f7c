# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory's own files: torn, or lost by a file server that went down before they were on its disk."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store import names
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import HIERARCHIES, NODES
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from tests.simulation.backing import DirectoryServer
from tests.simulation.scripts import SITE, comes, off, serving
from tests.simulation.world import World
from tests.support.simulated_disk import Disk

TWO = ("node1", "node2")
KEY = HIERARCHIES + SITE


def disk_of(world: World) -> Disk:
    assert isinstance(world.register, DirectoryServer)
    disk = world.register._disk
    disk.now = world.timeline.now + 1000.0
    return disk


@pytest.mark.parametrize("torn", ["cut short", "empty", "zeroes"])
def test_what_was_never_moved_and_whose_only_file_is_torn_is_written_again_and_taken(torn: str):
    quick = timers("fast")
    world, old, new = serving(1, TWO, quick, kind="directory")
    disk, path = disk_of(world), f"{names.folder(KEY)}/{names.FIRST}"
    assert disk.names(names.folder(KEY)) == [names.FIRST]
    whole = disk.files[path]
    disk.files[path] = {"cut short": whole[:40], "empty": b"", "zeroes": bytes(len(whole))}[torn]
    limit = bound(quick, nodes=2) + quick.damaged
    assert world.timeline.run(world.timeline.now + limit, lambda: world.record(SITE).owner == old)
    assert world.nodes[old].visible(SITE), "a torn record is no reason to stop"

    off(world, old)
    assert comes(world, limit) == new, world.nodes[new].told[SITE]


def lose_the_newest(world: World, node: str, count: int) -> None:
    """The server has lost so many of a node's records, the newest ones."""
    disk, folder = disk_of(world), names.folder(NODES + node)
    numbered = sorted(name for name in disk.names(folder) if name != names.FIRST)
    assert len(numbered) > count
    for name in numbered[-count:]:
        disk.vanish(f"{folder}/{name}")


@pytest.mark.parametrize(
    ("preset", "count", "whose"), [("fast", 3, "all"), ("lan", 1, "all"), ("lan", 3, "owner")]
)
def test_a_file_server_that_lost_the_newest_records_of_nodes_is_written_to_again(
    preset: str, count: int, whose: str
):
    quick = timers(preset)
    world, old, new = serving(3, TWO, quick, kind="directory")
    world.timeline.run(world.timeline.now + 3 * quick.ttl)
    world.up = False  # it goes down, and comes back a few seconds later
    world.timeline.run(world.timeline.now + 3)
    for node in TWO if whose == "all" else (old,):
        lose_the_newest(world, node, count)
    world.up = True
    limit = bound(quick, nodes=2) + quick.damaged
    world.timeline.run(world.timeline.now + limit)
    serves = comes(world, 0.0)
    assert serves, {name: node.told[SITE] for name, node in world.nodes.items()}

    off(world, serves)
    other = new if serves == old else old
    assert comes(world, limit) == other, world.nodes[other].told[SITE]
