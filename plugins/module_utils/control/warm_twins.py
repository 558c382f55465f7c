# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Twins that are kept warm: what is refused, what each backup is to have started, and starting it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ..errors import StandbyError
from ..ha.facts import NodeFacts, Scope
from ..ha.idle import bindings_not_floating, idles
from ..ha.model import Hierarchy, Ip, Site, StandbyMode, Volume
from ..ha.on_node import on_node
from ..ha.site_types import STOPPED, running
from ..ha.twin import Make, TwinPlan
from ..ha.warm import WARM_SERVICE, Warmth, is_warm, warmth, why_cold, why_not_there
from ..node import Node
from ..windows.iis_config import IisConfiguration, IisSite
from .fleet import Fleet
from .site_services import start_lacking
from .survey import gather

_SCOPE = Scope.ADDRESSES | Scope.DISKS | Scope.IIS | Scope.SERVICES


def refuse_warm(site: Site, original: IisSite, node: str, ips: Collection[Ip]) -> None:
    """Refuse to keep a site warm that cannot be, or that would be reached where it is not in service.

    Args:
        site: as it is to be protected.
        original: the site on the node that has the original.
        node: that node.
        ips: of the cluster.

    Raises:
        StandbyError: it is to be warm, and must not be.
    """
    if site.standby_mode is not StandbyMode.WARM:
        return
    if not is_warm(site):
        raise StandbyError(
            f"cannot be kept warm: a site of type {site.type.value} has sockets of its own, and is not known "
            "to listen on an address that is not there yet",
            node=node,
            resource=site.id,
            remedy="Leave standby_mode out, or set it to cold",
        )
    if elsewhere := bindings_not_floating(original, _site_on(site, ips, node).ips):
        raise StandbyError(
            "cannot be kept warm: started on a backup it would be reached there without its floating "
            f"addresses, by its binding {', '.join(elsewhere[:5])}",
            node=node,
            resource=site.id,
            remedy="Leave bindings to its floating addresses alone on it, or set standby_mode to cold",
        )


def preload_notes(site: Site, original: IisConfiguration) -> list[str]:
    """Why a warm site would all the same load an application with the first request after a takeover.

    Source: learn.microsoft.com/iis/configuration: applicationPools/add (startMode) and its processModel
    (idleTimeout), site/application (preloadEnabled).
    """
    found = original.site(site.name)
    if not is_warm(site) or found is None or found.element is None:
        return []
    told = []
    for name in site.pools:
        pool = original.pool(name)
        if pool is None or pool.element is None:
            continue
        if pool.element.get("startMode", "OnDemand") != "AlwaysRunning":
            told.append(f"startMode of application pool {name!r} is not AlwaysRunning")
        process = pool.element.find("processModel")
        if process is None or process.get("idleTimeout", "00:20:00") != "00:00:00":
            told.append(f"idleTimeout of application pool {name!r} is not 00:00:00")
    for one in found.element.findall("application"):
        if one.get("preloadEnabled", "false").lower() != "true":
            told.append(f"preloadEnabled of application {one.get('path', '/')} is not true")
    return told


def with_idle_as_stopped(
    configuration: IisConfiguration, seen: NodeFacts, others: Iterable[Site], ips: Collection[Ip]
) -> IisConfiguration:
    """A configuration in which other warm sites that are reached by nobody do not run.

    Their pools may be replaced as those of cold ones: they are started again with the next look at them.
    """
    idle = {one.name for one in others if seen.name in idle_on(one, {seen.name: seen}, ips)}
    sites = tuple(replace(one, state=STOPPED) if one.name in idle else one for one in configuration.sites)
    return replace(configuration, sites=sites)


def without_needless_stop(
    plan: TwinPlan, site: Site, seen: NodeFacts | None, volumes: Collection[Volume], ips: Collection[Ip]
) -> TwinPlan:
    """A plan of a twin that stops nothing that is kept started there, where nothing of it is replaced."""
    replaced = plan.site is not Make.KEEP or bool(plan.pools or plan.settings)
    found = seen.iis.site(site.name) if seen is not None and seen.iis is not None else None
    if replaced or seen is None or found is None or not is_warm(site):
        return plan
    there = _site_on(site, ips, seen.name)
    if not idles(there, found, seen) or why_cold(there, volumes, seen):
        return plan
    return replace(plan, stop=tuple(one for one in plan.stop if one is not WARM_SERVICE))


def standing_by(
    site: Site,
    source: str,
    facts: Mapping[str, NodeFacts],
    resources: tuple[Collection[Volume], Collection[Ip]],
    made: Collection[str],
) -> dict[str, Warmth]:
    """How a warm site stands by on each of its nodes but the one that has its original.

    Args:
        site: as it is protected.
        source: the node with the original.
        facts: of its nodes.
        resources: volumes and addresses of the cluster.
        made: nodes whose twin is made or stopped first: what it is like counts no more, and it is to start.
    """
    if not is_warm(site):
        return {}
    hierarchy = _alone(site, *resources)
    return {
        node: Warmth(site.name, why_not_there(site, hierarchy.volumes, seen), start=True)
        if node in made
        else warmth(hierarchy, seen)[0]
        for node, seen in facts.items()
        if node != source
    }


def start_warm(
    fleet: Fleet, site: Site, nodes: Collection[str], volumes: Collection[Volume], ips: Collection[Ip]
) -> None:
    """Start a warm site on backups, as far as each of them lets it, from what it shows now.

    Raises:
        StandbyError: it does not start.
    """
    hierarchy = _alone(site, volumes, ips)
    fleet.on_all(lambda node: _start(node, hierarchy), list(nodes))


def _start(node: Node, hierarchy: Hierarchy) -> None:
    for one in warmth(hierarchy, gather(node, _SCOPE)):
        start_lacking(node, one)


def idle_on(site: Site, facts: Mapping[str, NodeFacts], ips: Collection[Ip]) -> list[str]:
    """The nodes on which a warm site is started and reached by nobody."""
    found = {node: seen.iis.site(site.name) for node, seen in facts.items() if seen.iis is not None}
    return [
        node
        for node, one in found.items()
        if one is not None and running(one) and idles(_site_on(site, ips, node), one, facts[node])
    ]


def _site_on(site: Site, ips: Collection[Ip], node: str) -> Site:
    """The site with the addresses that it has on a node."""
    return on_node(_alone(site, (), ips), node).sites[0]


def _alone(site: Site, volumes: Collection[Volume], ips: Collection[Ip]) -> Hierarchy:
    """The site with its volumes and addresses, which is what its readiness depends on."""
    own = tuple(volume for volume in volumes if volume.path in site.volumes)
    bound = tuple(ip for ip in ips if ip.address in site.ips)
    return Hierarchy(site.name, site.nodes, bound, own, (site,))
