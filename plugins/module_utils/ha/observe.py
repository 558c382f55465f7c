# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one node shows of one resource: the reading of facts that status and plan share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from ..errors import StandbyError
from ..windows.address import Address, AddressState
from ..windows.disk import Disk, find_disk, same_identity
from ..windows.iis_config import IisSite, Pool
from ..windows.iis_control import MISSING
from ..windows.mirror import Role
from .facts import NodeFacts
from .idle import idles
from .mirror import side_of, words_of
from .model import Hierarchy, Ip, Resource, Site, SiteType, Volume, VolumeKind
from .on_node import on_node
from .site_types import RUNNING, STARTED


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


_ABSENT = Sight(Presence.DOWN, "absent")


def see(resource: Resource, facts: NodeFacts) -> Sight:
    """What a node that could be read shows of a resource."""
    if isinstance(resource, Ip):
        return _see_ip(instances(facts, resource.on(facts.name).address))
    if isinstance(resource, Volume):
        return _see_volume(resource, facts)
    return _see_site(resource, facts)


def serving(resource: Resource, facts: NodeFacts) -> Sight:
    """What a node shows of a resource as a part of what is in service there.

    It is what ``see`` shows, but for a warm site: started without its addresses, it is in service nowhere.
    They are those that it has on that node (``on_node.py``).
    """
    if isinstance(resource, Site):
        return _together({one: _serving(one, resource, facts) for one in resource.services})
    return see(resource, facts)


def see_service(one: SiteType, resource: Site, facts: NodeFacts) -> Sight:
    """What a node shows of one service of a site."""
    return _SERVICES[one](resource, facts)


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
    """Whether the resource is in service on one node at a time, and nowhere where the hierarchy is not.

    A local volume is on all nodes. The source of a mirror stays one when its sites have stopped: only the
    node that they are started on takes that over.
    """
    return not (isinstance(resource, Volume) and resource.kind is not VolumeKind.SHARED)


def presence(hierarchy: Hierarchy, facts: NodeFacts) -> Presence:
    """How far a hierarchy is up on a node that could be read: of what moves, all, nothing, or a part."""
    members = on_node(hierarchy, facts.name).resources
    seen = {serving(one, facts).presence for one in members if moves(one)}
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
    if volume.kind is VolumeKind.MIRROR:
        return _see_mirror(volume, facts)
    try:
        found = disk(facts, volume)
    except StandbyError as ambiguous:
        return _see_several(volume, facts, ambiguous.problem)
    if found is None:
        return Sight(Presence.DOWN, "not visible")
    if found.offline:
        return Sight(Presence.DOWN, "offline")
    return Sight(Presence.PARTIAL, "read-only") if found.read_only else Sight(Presence.UP, "online")


def _see_mirror(volume: Volume, facts: NodeFacts) -> Sight:
    """A destination may show its drive letter, and can be used no more for that."""
    mounted = volume.path.lower() in facts.paths
    side = side_of(volume, facts)
    if side is None or side.role is Role.UNPAIRED:
        words = "not mirrored" if side is None else words_of(side)
        return Sight(Presence.UP, words) if mounted else Sight(Presence.DOWN, f"{words}, absent")
    if side.role is Role.DESTINATION:
        return Sight(Presence.DOWN, words_of(side))
    return Sight(Presence.UP if mounted else Presence.PARTIAL, words_of(side))


def _see_several(volume: Volume, facts: NodeFacts, problem: str) -> Sight:
    """Disks of one identity: which of them is meant nobody can say, only that none of them is up."""
    known = same_identity(facts.disks, volume.disk or "")
    offline = all(one.offline for one in known)
    return Sight(Presence.DOWN if offline else Presence.PARTIAL, f"unclear ({problem})")


def _serving(one: SiteType, resource: Site, facts: NodeFacts) -> Sight:
    sight = see_service(one, resource, facts)
    found = site(facts, resource.name)
    if one is not SiteType.WEB or found is None or sight.presence is Presence.DOWN:
        return sight
    return Sight(Presence.DOWN, f"{sight.words}, warm") if idles(resource, found, facts) else sight


def _see_site(resource: Site, facts: NodeFacts) -> Sight:
    return _together({one: see_service(one, resource, facts) for one in resource.services})


def _together(sights: Mapping[SiteType, Sight]) -> Sight:
    """A site is up where each of its services is."""
    words = {sight.words for sight in sights.values()}
    seen = {sight.presence for sight in sights.values()}
    presence = seen.pop() if len(seen) == 1 else Presence.PARTIAL
    if len(words) == 1:
        return Sight(presence, words.pop())
    return Sight(presence, ", ".join(f"{one.value} {sight.words}" for one, sight in sights.items()))


def _see_web(resource: Site, facts: NodeFacts) -> Sight:
    found = site(facts, resource.name)
    return _ABSENT if found is None or found.smtp is not None else _in_state(found.state)


def _see_smtp(resource: Site, facts: NodeFacts) -> Sight:
    found = site(facts, resource.name)
    if found is not None and found.smtp is not None:
        return _in_state(found.state)
    problem = facts.iis.smtp_problem if facts.iis is not None else ""
    return Sight(Presence.DOWN, f"unknown ({problem.rstrip('.')})") if problem else _ABSENT


def _see_ftp(resource: Site, facts: NodeFacts) -> Sight:
    found = site(facts, resource.name)
    if found is None or found.ftp_state == MISSING:
        return _ABSENT
    if not found.has_ftp:
        return Sight(Presence.DOWN, "without ftp binding")
    sight = _in_state(found.ftp_state)
    if sight.presence is Presence.DOWN and found.ftp_problem:
        return Sight(Presence.DOWN, f"{sight.words} ({found.ftp_problem})")
    return sight


def _in_state(state: str) -> Sight:
    if state not in RUNNING:
        return Sight(Presence.DOWN, state.lower())
    return Sight(Presence.UP if state == STARTED else Presence.PARTIAL, state.lower())


_SERVICES: Mapping[SiteType, Callable[[Site, NodeFacts], Sight]] = MappingProxyType(
    {SiteType.WEB: _see_web, SiteType.FTP: _see_ftp, SiteType.SMTP: _see_smtp}
)
