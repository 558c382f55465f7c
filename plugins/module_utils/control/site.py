# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Protect a site: discover what it depends on, make its twins, record it; it goes on serving meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..errors import StandbyError
from ..ha.addressing import canonical
from ..ha.checks import derive_checks
from ..ha.discovered import SiteDiscovery
from ..ha.facts import NodeFacts
from ..ha.graph import hierarchies
from ..ha.model import Check, Cluster, Ip, Site, SiteType, StandbyMode, Volume
from ..ha.on_node import bound_elsewhere, every_address, moved_to_primary
from ..ha.paths import folder
from ..ha.smtp import refuse_without_smtp
from ..windows.iis_config import IisConfiguration
from .agent_guard import refuse_disturbance
from .drift_notes import certificates_of, has_https
from .fleet import Fleet
from .ftp_twins import bring_rules, rules_of
from .info import DISCOVERY, discovered
from .membership import NAME, cluster_with
from .outcome import Outcome
from .repair import examine, mend_sections
from .site_services import set_auto_start
from .site_work import Work, outcome_of
from .store import read_cluster, write_cluster
from .survey import read_all
from .twins import make_twins, serving_node
from .unprotect import remove_site
from .warm_twins import refuse_warm, start_warm, with_idle_as_stopped

__all__ = ["SiteRequest", "ensure_site", "remove_site"]


@dataclass(frozen=True)
class SiteRequest:
    """A site to be protected.

    Attributes:
        name: in IIS, letter for letter.
        nodes: in order of priority, primary first.
        checks: deep checks; without any, one is derived for every address and port the site answers on.
        pending: addresses and volumes that earlier tasks declare; in check mode, where those declare nothing,
            they count as declared.
        type: what it has to be first of all; None for whatever its bindings make it.
        repair: whatever else differs between the site and its twins is made the same, where that can be done.
        ignore: patterns of paths that repair leaves, since they differ on purpose.
        certificate_days: with fewer left, a certificate is warned of.
        standby_mode: what the site does on the nodes where it is not in service.
    """

    name: str
    nodes: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    pending: tuple[Ip | Volume, ...] = ()
    type: SiteType | None = None
    repair: bool = False
    ignore: tuple[str, ...] = ()
    certificate_days: float = 30.0
    standby_mode: StandbyMode = StandbyMode.COLD


def ensure_site(fleet: Fleet, request: SiteRequest, check: bool) -> Outcome:
    """Protect a site, or bring its twins and its definition up to date.

    The original is the site on the node where it serves, else on the first node that has it. It is left
    running; on every node Windows no longer starts it by itself, since only the owner of the hierarchy may.

    Args:
        fleet: all nodes of the cluster.
        request: what is wanted.
        check: predict only.

    Raises:
        StandbyError: a node could not be read, the site is nowhere or serves twice, something stands against
            protecting it (each obstacle is named with its remedy), or a step failed; run again after that.
    """
    cluster = read_cluster(fleet)
    facts = read_all(fleet, DISCOVERY, request.nodes)
    known = cluster or Cluster(NAME, fleet.names)
    if check:
        known = with_pending(known, request.pending)
    declared = declare_site(request, known, facts)
    work = replace(declared.work, rules=rules_of(fleet, request.name, facts))
    refuse_disturbance(fleet, cluster, declared.cluster)
    if request.repair:
        found = examine(fleet, declared.cluster, work.site, work.source, request.ignore, facts)
        work = replace(work, findings=found)
    if not check:
        _carry_out(fleet, work, cluster, declared.cluster)
    outcome = outcome_of(work, declared.found, known, declared.cluster)
    if work.twins and not check and has_https(facts[work.source], request.name):
        facts = read_all(fleet, DISCOVERY, request.nodes)  # http.sys tells of a binding where the site is
    days = request.certificate_days
    told = certificates_of(fleet, declared.cluster, request.name, work.source, facts, days)
    outcome = replace(outcome, data={**outcome.data, "certificate_warnings": told})
    return _with_left(fleet, request, work, declared.cluster, outcome, check) if request.repair else outcome


def _with_left(
    fleet: Fleet, request: SiteRequest, work: Work, cluster: Cluster, outcome: Outcome, check: bool
) -> Outcome:
    """The outcome of a repair, with what it could not make the same."""
    found = work.findings
    if outcome.changed and not check:
        mend_sections(fleet, examine(fleet, cluster, work.site, work.source, request.ignore))
        found = examine(fleet, cluster, work.site, work.source, request.ignore)
    left = found.left(repaired=not check)
    beside = f"; {len(left)} differences are left, each with its remedy" if left else ""
    return replace(outcome, message=outcome.message + beside, data={**outcome.data, "left": left})


@dataclass(frozen=True)
class DeclaredSite:
    """A site that can be protected.

    Attributes:
        work: what that takes.
        found: what discovery found of it.
        cluster: the definition with it.
    """

    work: Work
    found: SiteDiscovery
    cluster: Cluster


def declare_site(request: SiteRequest, cluster: Cluster, facts: Mapping[str, NodeFacts]) -> DeclaredSite:
    """What a request makes of a definition; nothing is changed.

    Args:
        request: what is wanted.
        cluster: the definition before.
        facts: of the site's nodes in their order, with scope DISCOVERY.

    Raises:
        StandbyError: something stands against protecting the site.
    """
    if request.type is SiteType.SMTP:
        _refuse_without_smtp(request.name, facts)
    others = [one for one in cluster.sites if one.name != request.name]
    configurations = {
        name: with_idle_as_stopped(_configuration(seen), seen, others, cluster.ips)
        for name, seen in facts.items()
    }
    source = serving_node(request.name, facts, every_address(cluster.ips))
    found = _protectable(request.name, facts[source], cluster)
    _refuse_other_type(request, found, source)
    if found.smtp is not None:
        _refuse_without_smtp(request.name, facts)
    site = _site(request, found, configurations[source], moved_to_primary(cluster.ips, source))
    original = configurations[source].site(request.name)
    if original is not None:
        refuse_warm(site, original, source, cluster.ips)
    after = _with_site(cluster, site)
    hierarchies(after)  # refuses a site whose nodes are not those of its addresses and volumes
    return DeclaredSite(Work(site, source, configurations, facts, after.volumes, cluster.ips), found, after)


def _refuse_without_smtp(name: str, facts: Mapping[str, NodeFacts]) -> None:
    for node, seen in facts.items():
        if seen.machine is not None:
            refuse_without_smtp(seen.machine, node, name)


def _configuration(seen: NodeFacts) -> IisConfiguration:
    if seen.iis is None:
        raise StandbyError("its IIS configuration was not read", node=seen.name)
    return seen.iis


def with_pending(cluster: Cluster, pending: Iterable[Ip | Volume]) -> Cluster:
    """The definition with the resources that would be declared already if this were no check."""
    for one in pending:
        resource = (
            replace(
                one,
                address=_bare(one.address),
                elsewhere=tuple((node, _bare(address), rest) for node, address, rest in one.elsewhere),
            )
            if isinstance(one, Ip)
            else replace(one, path=folder(one.path[:1].upper() + one.path[1:]))
        )
        cluster = cluster_with(cluster, cluster.nodes, one.nodes, resource)
    return cluster


def _bare(address: str) -> str:
    return canonical(address.partition("/")[0])


def _protectable(name: str, seen: NodeFacts, cluster: Cluster) -> SiteDiscovery:
    """What discovery found, unless something stands against protecting the site: then all of that at once."""
    found = next(site for site in discovered(seen, cluster) if site.name == name)
    if found.obstacles:
        raise StandbyError(
            "cannot be protected: " + "; ".join(obstacle.sentence for obstacle in found.obstacles),
            node=seen.name,
            resource=f'site "{name}"',
            remedy=". ".join(dict.fromkeys(obstacle.remedy for obstacle in found.obstacles)),
        )
    return found


def _refuse_other_type(request: SiteRequest, found: SiteDiscovery, source: str) -> None:
    first = found.services[0]
    if request.type is None or request.type is first:
        return
    raise StandbyError(
        f"is of type {first.value} by its bindings, not {request.type.value}",
        node=source,
        resource=f'site "{request.name}"',
        remedy="Leave the option type out, or name the site that is meant",
    )


def _site(
    request: SiteRequest, found: SiteDiscovery, configuration: IisConfiguration, names: Mapping[str, str]
) -> Site:
    """The site as it is defined: by the addresses that its resources are called by."""
    original = bound_elsewhere(configuration, names).site(request.name)
    derived = derive_checks(original, found.ips, found.missing_pools) if original is not None else ()
    return Site(
        name=request.name,
        nodes=request.nodes,
        ips=found.ips,
        volumes=found.volumes,
        pools=found.pools,
        checks=request.checks or derived,
        services=found.services,
        standby_mode=request.standby_mode,
    )


def _with_site(cluster: Cluster, site: Site) -> Cluster:
    if any(one.name == site.name for one in cluster.sites):
        return replace(cluster, sites=tuple(site if one.name == site.name else one for one in cluster.sites))
    return replace(cluster, sites=(*cluster.sites, site))


def _carry_out(fleet: Fleet, work: Work, before: Cluster | None, after: Cluster) -> None:
    """Twins first: a definition without them would offer a switchover that cannot succeed."""
    make_twins(fleet, work.site.name, work.source, work.original, work.twins)
    bring_rules(fleet, work.site.name, work.rules.get(work.source, ()), work.new_rules)
    for one in work.clear_auto_start:
        with fleet.lease(work.source) as node:
            set_auto_start(node, one, work.site.name, False)
    if before is None or before != after:
        write_cluster(fleet, before, after)
    # Last: what is started beside its addresses is no fault once the definition says that it is warm.
    start_warm(fleet, work.site, work.to_warm, work.volumes, work.ips)
