# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one node shows of one resource: the reading of facts that status and plan share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..errors import StandbyError
from ..windows.address import Address, AddressState
from ..windows.disk import Disk, find_disk, same_identity
from ..windows.iis_config import IisSite, Pool
from .facts import NodeFacts
from .model import Hierarchy, Ip, Resource, Volume, VolumeKind

STARTED, STOPPED = "Started", "Stopped"
# Web sites in these states answer requests, or are about to.
_RUNNING = (STARTED, "Starting")


class Presence(Enum):
    """How far a resource is up on a node."""

    UP = "up"
    PARTIAL = "partial"
    DOWN = "down"


@dataclass(frozen=True)
class Sight:
    """What was seen of a resource on a node.

    Attributes:
        presence: up, partial or down.
        words: what there is, such as ``Preferred``, ``stopped``, ``absent``.
    """

    presence: Presence
    words: str


def see(resource: Resource, facts: NodeFacts) -> Sight:
    """What a node that could be read shows of a resource."""
    if isinstance(resource, Ip):
        return _see_ip(instances(facts, resource.address))
    if isinstance(resource, Volume):
        return _see_volume(resource, facts)
    return _see_site(site(facts, resource.name))


def instances(facts: NodeFacts, address: str) -> list[Address]:
    """Every instance of a canonical address on a node."""
    return [found for found in facts.addresses if found.address == address]


def site(facts: NodeFacts, name: str) -> IisSite | None:
    """The IIS site with this name; IIS compares names without case."""
    sites = facts.iis.sites if facts.iis is not None else ()
    return next((found for found in sites if found.name.casefold() == name.casefold()), None)


def pool(facts: NodeFacts, name: str) -> Pool | None:
    """The application pool with this name."""
    pools = facts.iis.pools if facts.iis is not None else ()
    return next((found for found in pools if found.name.casefold() == name.casefold()), None)


def disk(facts: NodeFacts, volume: Volume) -> Disk | None:
    """The shared disk of a volume as the node knows it.

    Raises:
        StandbyError: the node has two disks of this identity.
    """
    if not volume.disk:
        return None
    try:
        return find_disk(facts.disks, volume.disk)
    except StandbyError as error:
        error.node = facts.name
        raise


def moves(resource: Resource) -> bool:
    """Whether the resource is in service on one node at a time; a local volume is on all of them."""
    return not (isinstance(resource, Volume) and resource.kind is VolumeKind.LOCAL)


def presence(hierarchy: Hierarchy, facts: NodeFacts) -> Presence:
    """How far a hierarchy is up on a node that could be read: of what moves, all, nothing, or a part."""
    seen = {see(one, facts).presence for one in hierarchy.resources if moves(one)}
    return seen.pop() if len(seen) == 1 else Presence.PARTIAL


def _see_ip(found: list[Address]) -> Sight:
    if not found:
        return Sight(Presence.DOWN, "absent")
    best = max(instance.state for instance in found)
    if best is AddressState.PREFERRED:
        return Sight(Presence.UP, "preferred")
    return Sight(Presence.PARTIAL, best.name.lower())


def _see_volume(volume: Volume, facts: NodeFacts) -> Sight:
    if volume.kind is VolumeKind.LOCAL:
        present = volume.path.lower() in facts.paths
        return Sight(Presence.UP, "present") if present else Sight(Presence.DOWN, "absent")
    try:
        found = disk(facts, volume)
    except StandbyError as ambiguous:
        return _see_several(volume, facts, ambiguous.problem)
    if found is None:
        return Sight(Presence.DOWN, "not visible")
    if found.offline:
        return Sight(Presence.DOWN, "offline")
    return Sight(Presence.PARTIAL, "read-only") if found.read_only else Sight(Presence.UP, "online")


def _see_several(volume: Volume, facts: NodeFacts, problem: str) -> Sight:
    """Disks of one identity: which of them is meant nobody can say, only that none of them is up."""
    known = same_identity(facts.disks, volume.disk or "")
    offline = all(one.offline for one in known)
    return Sight(Presence.DOWN if offline else Presence.PARTIAL, f"unclear ({problem})")


def _see_site(found: IisSite | None) -> Sight:
    if found is None:
        return Sight(Presence.DOWN, "absent")
    if found.state not in _RUNNING:
        return Sight(Presence.DOWN, found.state.lower())
    return Sight(Presence.UP if found.state == STARTED else Presence.PARTIAL, found.state.lower())
