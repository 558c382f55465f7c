# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""End the protection of a site: it becomes an ordinary site of the node where it serves.

It goes on serving there, and Windows starts it there by itself again. Its twins stay, stopped, unless they
are to be deleted; application pools and content are never deleted, since other sites may use them. Its ip and
volume resources stay as well: they are removed by their own modules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..ha.facts import NodeFacts, Scope
from ..ha.graph import hierarchies
from ..ha.model import Cluster, Hierarchy, Intent, Ip, Site, SiteType
from ..ha.site_types import running, self_starting
from ..ha.status import intent_of
from ..ha.twin import describe, is_running
from ..node import Node
from ..windows.iis import delete_site
from .agent_guard import refuse_disturbance
from .fleet import Fleet
from .outcome import Outcome
from .site_services import set_auto_start, stop
from .store import read_cluster, write_cluster
from .survey import survey
from .warm_twins import idle_on


@dataclass(frozen=True)
class _Release:
    """What ending the protection does to a node.

    Attributes:
        start: services that Windows is to start by itself again.
        stop: services that stop, since nobody looks after what was kept warm any more.
        delete: delete the twin.
    """

    start: tuple[SiteType, ...] = ()
    stop: tuple[SiteType, ...] = ()
    delete: bool = False


def remove_site(fleet: Fleet, name: str, delete_twins: bool, check: bool) -> Outcome:
    """End the protection of a site; nodes that cannot be read keep their twin, and are named.

    Args:
        fleet: all nodes of the cluster.
        name: the site, letter for letter.
        delete_twins: delete it on the nodes where it does not run; where it runs nowhere, the first node that
            has it keeps it.
        check: predict only.

    Raises:
        StandbyError: agents look after it, or a node refused; run again after that.
    """
    cluster = read_cluster(fleet)
    site = next((one for one in cluster.sites if one.name == name), None) if cluster else None
    if cluster is None or site is None:
        return Outcome(False, f'site "{name}" is not protected')
    facts = survey(fleet, Scope.SITES | Scope.ADDRESSES, site.nodes)
    releases = _releases(site, facts, delete_twins, cluster.ips)
    after = without_site(cluster, site)
    refuse_disturbance(fleet, cluster, after)
    notes = [f"{node} is left as it is: {seen.problem}" for node, seen in facts.items() if seen.problem]
    if delete_twins and SiteType.SMTP in site.services:
        notes.append("its twins stay: SMTP virtual servers are deleted in the IIS 6 console")
    if not check:
        # The definition last: a run that failed half-way finds the site still protected and goes on.
        fleet.on_all(lambda node: _release(node, name, releases[node.name]), list(releases))
        notes.extend(write_cluster(fleet, cluster, after))
    return _outcome(site, facts, releases, notes)


def without_site(cluster: Cluster, site: Site) -> Cluster:
    """The definition without a site; what was asked of its hierarchy stays with the members that remain."""
    after = replace(cluster, sites=tuple(one for one in cluster.sites if one.name != site.name))
    old = next(one for one in hierarchies(cluster) if site in one.sites)
    intent = intent_of(cluster, old)
    if intent is None:
        return after
    others = tuple(one for one in cluster.intents if one != intent)
    return replace(after, intents=(*others, *_inherited(intent, old, after)))


def _inherited(intent: Intent, old: Hierarchy, after: Cluster) -> Iterator[Intent]:
    members = {resource.id for resource in old.resources}
    for hierarchy in hierarchies(after):
        if any(resource.id in members for resource in hierarchy.resources):
            yield replace(intent, hierarchy=hierarchy.name)


def _releases(
    site: Site, facts: Mapping[str, NodeFacts], delete_twins: bool, ips: Collection[Ip]
) -> dict[str, _Release]:
    """What is to be done on each node that needs something."""
    found = {node: seen.iis.site(site.name) for node, seen in facts.items() if seen.iis is not None}
    having = {node: one for node, one in found.items() if one is not None}
    idle = idle_on(site, facts, ips)
    runs = {node: running(one) for node, one in having.items() if is_running(one) and node not in idle}
    kept = list(runs) or list(having)[:1]
    left = {
        node: tuple(one for one in types if one not in self_starting(having[node]))
        for node, types in runs.items()
    }
    releases = {node: _Release(start=types) for node, types in left.items() if types}
    releases |= {node: _Release(stop=running(having[node])) for node in idle}
    if delete_twins:
        deletable = [node for node, one in having.items() if one.smtp is None]
        releases |= {
            node: replace(releases.get(node, _Release()), delete=True)
            for node in deletable
            if node not in kept
        }
    return releases


def _release(node: Node, name: str, release: _Release) -> None:
    for one in release.stop:
        stop(node, one, name)
    if release.delete:
        delete_site(node, name)
    for one in release.start:
        set_auto_start(node, one, name, True)


def _outcome(
    site: Site, facts: Mapping[str, NodeFacts], releases: Mapping[str, _Release], notes: list[str]
) -> Outcome:
    before = {node: describe(site.name, seen.iis) for node, seen in facts.items() if seen.iis is not None}
    after: dict[str, Any] = {}
    for node, one in before.items():
        release = releases.get(node, _Release())
        started = {**one, "auto_start": True} if one and release.start else one
        stopped = {**one, "started": False} if one and release.stop else started
        after[node] = None if release.delete else stopped
    idle = [node for node, release in releases.items() if release.stop]
    serving = [node for node, one in before.items() if one and one["started"] and node not in idle]
    where = f"it goes on serving on {serving[0]}" if serving else "it runs nowhere, start it where it is due"
    return Outcome(
        changed=True,
        message=f'site "{site.name}" is no longer protected; {where}',
        before={"definition": asdict(site), "nodes": before},
        after={"definition": None, "nodes": after},
        data={"notes": notes},
    )
