# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy on a mirrored volume, and what its nodes show of that."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Cluster,
    Hierarchy,
    Mirror,
    MirrorEnd,
    MirrorMode,
    Site,
    Takeover,
    Volume,
    VolumeKind,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import Disk, Partition
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role, Side
from tests.support.ha_world import IP1, NODES, Server

ENDS = tuple(MirrorEnd(name, name.upper(), f"rg-{name}", "L:\\") for name in NODES)
MIRROR = Volume("R:\\", VolumeKind.MIRROR, NODES, mirror=Mirror(ENDS))
ASYNC = replace(MIRROR, mirror=Mirror(ENDS, MirrorMode.ASYNC, 60, Takeover.WITHIN_RPO))
SITE = Site("Shop", NODES, (IP1.address,), ("R:\\",), ("shop",))
WHOLE = Hierarchy("Shop", NODES, (IP1,), (MIRROR,), (SITE,))
CLUSTER = Cluster("web", NODES, WHOLE.ips, WHOLE.volumes, WHOLE.sites)


def side(name: str, role: Role, copy: Copy = Copy.IN_SYNC, **more: object) -> Side:
    return Side(f"rg-{name}", role, copy, copy.name.title(), **more)  # type: ignore[arg-type]


def shown(server: Server, *sides: Side, mounted: bool = True) -> NodeFacts:
    """What a node shows, with its ends of mirrors."""
    facts = server.facts()
    letter = (Partition(3, 1, ("R:\\",), "R", None),) if mounted else ()
    disk = Disk(3, "r", "", False, False, "", False, False, False, None)
    return replace(facts, mirrors=sides, partitions=(*facts.partitions, *letter), disks=(*facts.disks, disk))


def pair(
    one: Copy = Copy.IN_SYNC, two: Copy = Copy.IN_SYNC, *, up: str | None = "server1", **more: object
) -> dict[str, NodeFacts]:
    """Both nodes, the first one the source, with the hierarchy in service on ``up``."""
    servers = {name: Server(name, number) for number, name in enumerate(NODES, start=11)}
    if up is not None:
        servers[up].addresses.add(IP1.address)
        servers[up].sites.add(SITE.name)
    return {
        "server1": shown(servers["server1"], side("server1", Role.SOURCE, one, **more)),
        "server2": shown(servers["server2"], side("server2", Role.DESTINATION, two, **more)),
    }
