# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Warm standby: which sites stay started where they are not in service, and what that takes. Pure.

Taking over then costs an address alone. That http.sys serves a site on an address that comes after the start
of the site is believed, not confirmed (docs/assumptions.md): whoever brings the address up asks the site, and
starts it again where it does not answer. FTPSVC has sockets of its own: the FTP side of a site is cold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..windows.service import RUNNING
from .facts import SERVICES, NodeFacts
from .idle import bindings_not_floating
from .model import Hierarchy, Site, SiteType, StandbyMode, Volume, VolumeKind
from .observe import Presence, instances, moves, pool, see, see_service, site
from .on_node import on_node
from .site_types import STARTED

WARM_SERVICE = SiteType.WEB  # the only one that can be kept started
_BE = ("is", "are")


@dataclass(frozen=True)
class Warmth:
    """How ready a warm site is on a node that does not have it in service.

    Attributes:
        site: its name.
        cold: why it cannot be kept started there, one clause; "" where it can.
        pools: its pools that are to be started.
        start: the site is to be started.
        beside: what is cold of it all the same, one clause.
    """

    site: str
    cold: str = ""
    pools: tuple[str, ...] = ()
    start: bool = False
    beside: str = ""

    @property
    def lacking(self) -> bool:
        """Something is to be started."""
        return bool(self.pools or self.start)

    @property
    def sentence(self) -> str:
        """As status shows it, without a final full stop."""
        if self.cold:
            return f"warm: not ready, because {self.cold}; it would be started as a cold one"
        missing = [f"pool {name!r}" for name in self.pools] + (["the site"] if self.start else [])
        if missing:
            return f"warm: not ready, because {' and '.join(missing)} {_BE[len(missing) > 1]} not started"
        return f"warm: ready{self.beside and f', but {self.beside}'}"


def warmth(hierarchy: Hierarchy, facts: NodeFacts) -> tuple[Warmth, ...]:
    """How ready the warm sites of a hierarchy are on a node that does not have it in service.

    Args:
        hierarchy: with all its members.
        facts: of the node, with scope CHECK or MOVE.
    """
    there = on_node(hierarchy, facts.name)
    return tuple(_warmth(one, there, facts) for one in there.sites if is_warm(one))


def standing(hierarchy: Hierarchy, facts: NodeFacts) -> tuple[str, ...]:
    """How the warm sites of a hierarchy stand by on a node, in words, each named where there are several."""
    found = warmth(hierarchy, facts)
    return tuple(one.sentence if len(found) == 1 else f'site "{one.site}" {one.sentence}' for one in found)


def is_warm(member: Site) -> bool:
    """Whether it is to be kept started where it is not in service."""
    return member.standby_mode is StandbyMode.WARM and WARM_SERVICE in member.services


def stays(member: Site, one: SiteType, hierarchy: Hierarchy, facts: NodeFacts) -> bool:
    """Whether a service of a site goes on running on a node that gives its addresses away."""
    if one is not WARM_SERVICE or not is_warm(member):
        return False
    there = on_node(hierarchy, facts.name)
    return not any(why_cold(site, there.volumes, facts) for site in there.sites if site.name == member.name)


def why_cold(member: Site, volumes: Iterable[Volume], facts: NodeFacts) -> str:
    """Why a warm site cannot be kept started on a node without its addresses; "" where it can.

    Args:
        member: with the addresses that it has on the node.
        volumes: those of the hierarchy, or of the cluster.
        facts: of the node.
    """
    return why_not_there(member, volumes, facts) or _why_not_the_twin(member, facts)


def why_not_there(member: Site, volumes: Iterable[Volume], facts: NodeFacts) -> str:
    """The same of a node alone, whatever its twin of the site is like."""
    if facts.name not in member.nodes:
        return f"{facts.name} is none of its nodes"
    if facts.problem is not None:
        return f"{facts.name} cannot be read: {facts.problem.rstrip('.')}"
    for volume in volumes:
        if volume.path not in member.volumes:
            continue
        if moves(volume) or volume.kind is VolumeKind.MIRROR:
            return f"its content lies on {volume.id}, which {facts.name} has only while it serves"
        if see(volume, facts).presence is Presence.DOWN:
            return f"{volume.id}, which its content lies on, is not present on {facts.name}"
    for name in SERVICES[WARM_SERVICE]:
        service = facts.services.get(name)
        if facts.services and (service is None or service.state != RUNNING):
            return f"the service {name} does not run on {facts.name}"
    return ""


def _why_not_the_twin(member: Site, facts: NodeFacts) -> str:
    found = site(facts, member.name)
    if found is None:
        return f"it does not exist on {facts.name}"
    if lacking := [name for name in member.pools if pool(facts, name) is None]:
        return f"its application pool {lacking[0]!r} does not exist on {facts.name}"
    if elsewhere := bindings_not_floating(found, member.ips):
        return f"on {facts.name} it would be reached without its floating addresses, by {elsewhere[0]}"
    return ""


def _warmth(member: Site, hierarchy: Hierarchy, facts: NodeFacts) -> Warmth:
    here = [address for address in member.ips if instances(facts, address)]
    cold = why_cold(member, hierarchy.volumes, facts)
    if here and not cold:
        cold = f"{facts.name} has its address {here[0]}, although it is not in service there"
    if cold:
        return Warmth(member.name, cold)
    found = ((name, pool(facts, name)) for name in member.pools)
    stopped = tuple(name for name, one in found if one is not None and one.state != STARTED)
    up = see_service(WARM_SERVICE, member, facts).presence is Presence.UP
    others = [one.value for one in member.services if one is not WARM_SERVICE]
    beside = f"its {others[0]} service is cold" if others else ""
    return Warmth(member.name, pools=stopped, start=not up, beside=beside)
