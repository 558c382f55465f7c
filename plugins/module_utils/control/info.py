# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What there is: the sites of nodes with what they depend on, and the hierarchies with where they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..errors import StandbyError
from ..ha.discovered import SiteDiscovery
from ..ha.discovery import discover
from ..ha.facts import NodeFacts, Scope, with_mirrors
from ..ha.graph import find, hierarchies
from ..ha.mirror_notice import served_alone
from ..ha.model import Cluster, Hierarchy, Ip, Resource, Volume
from ..ha.observe import Presence, presence
from ..ha.on_node import primary_names
from ..ha.status import HierarchyStatus, State, intent_of, status
from ..ha.warm import standing
from ..windows.ftp import read_passive_ports
from .agent_info import agents_told, hear, maintenance_told, reason_told, verdicts_told
from .fleet import Fleet
from .records import shown
from .store import read, read_cluster
from .survey import read_all, survey

# What discovery needs to know of a node.
DISCOVERY = Scope.ADDRESSES | Scope.DISKS | Scope.SITES | Scope.MACHINE


def sites_of(fleet: Fleet, name: str | None = None) -> list[dict[str, Any]]:
    """Every site on the nodes of a fleet, or those of one name, in the order of nodes and of IIS.

    Each is a SiteDiscovery as dictionaries and lists, with ``node``, and ``protected``: whether the cluster's
    definition has a site of that name on that node.

    Raises:
        StandbyError: a node could not be read.
    """
    cluster = read_cluster(fleet)
    facts = read_all(fleet, DISCOVERY, fleet.names)
    sites = [
        (node, found)
        for node, seen in facts.items()
        for found in discovered(seen, cluster)
        if name is None or found.name == name
    ]
    ports = passive_ports(fleet, {node for node, found in sites if found.ftp is not None})
    return [
        {
            "node": node,
            "protected": _protected(found, node, cluster),
            **_plain(_with_ports(found, ports.get(node, ""))),
        }
        for node, found in sites
    ]


def passive_ports(fleet: Fleet, nodes: Iterable[str]) -> dict[str, str]:
    """The ports of FTP data connections on some nodes, in words; empty where they are any, or not told."""
    answers = fleet.each(read_passive_ports, sorted(nodes))
    return {
        node: "" if isinstance(ports, StandbyError) or not ports[0] else f"{ports[0]}-{ports[1]}"
        for node, ports in answers.items()
    }


def discovered(facts: NodeFacts, cluster: Cluster | None) -> list[SiteDiscovery]:
    """The sites of a node that was read with scope DISCOVERY.

    Raises:
        StandbyError: it was read with less.
    """
    if facts.iis is None or facts.machine is None:
        raise StandbyError("its IIS configuration was not read", node=facts.name)
    known = tuple(cluster.ips) if cluster else ()
    found = discover(
        facts.iis,
        machine=facts.machine,
        access_paths=[path for partition in facts.partitions for path in partition.access_paths],
        addresses=[address.address for address in facts.addresses],
        ips=[ip.on(facts.name) for ip in known],
        volumes=cluster.volumes if cluster else (),
    )
    return [replace(one, ips=primary_names(one.ips, known, facts.name)) for one in found]


def _with_ports(found: SiteDiscovery, ports: str) -> SiteDiscovery:
    return found if found.ftp is None else replace(found, ftp=replace(found.ftp, passive_ports=ports))


def _protected(found: SiteDiscovery, node: str, cluster: Cluster | None) -> bool:
    sites = cluster.sites if cluster is not None else ()
    return any(site.name == found.name and node in site.nodes for site in sites)


def _plain(found: SiteDiscovery) -> dict[str, Any]:
    """Lists and dictionaries, as a module returns them."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(found).items()}


@dataclass(frozen=True)
class Overview:
    """The hierarchies, and what must be known to believe them.

    Attributes:
        hierarchies: one dictionary each: name, nodes, primary, owner, state, reason, members (id, kind, name,
            depends_on, seen: what there is of it by node), records (id, name, type, zone, ttl, ip, key,
            wanted, settled, servers: what each says), intent (what was last asked), agents (node, reason,
            sentence: what each says of it), standby (by node: how its warm sites stand by), notes (as below).
            Empty where no node that could be read
            has a definition.
        notes: a sentence for every node whose definition differs or could not be read, also where there is
            no hierarchy.
        agents: node, running, standing and problems of each.
        maintenance: cluster, nodes, hierarchies; None where no agent can read it.
    """

    hierarchies: list[dict[str, Any]]
    notes: tuple[str, ...]
    agents: list[dict[str, Any]] = field(default_factory=list)
    maintenance: dict[str, Any] | None = None


def hierarchies_of(fleet: Fleet, name: str | None = None) -> list[dict[str, Any]]:
    """The hierarchies of ``overview``."""
    return overview(fleet, name).hierarchies


def overview(fleet: Fleet, name: str | None = None) -> Overview:
    """Every hierarchy, or one, as it is on the nodes now.

    Args:
        fleet: all nodes of the cluster; those that cannot be read are named in the answer.
        name: of one hierarchy or any member of it; None for all.

    Raises:
        StandbyError: no node could be read, a stored definition is not understood, or no hierarchy has the
            name.
    """
    stored = read(fleet)
    if stored.cluster is None:
        return Overview([], stored.notes)
    known = hierarchies(stored.cluster)
    wanted = known if name is None else (find(known, name),)
    scope = with_mirrors(Scope.MEMBERS, stored.cluster.volumes)
    facts = survey(fleet, scope, stored.cluster.nodes)
    heard = hear(fleet, stored.cluster.nodes)
    found = [
        _described(one, status(one, facts, stored.cluster), stored.cluster, verdicts_told(heard, one), facts)
        | {"notes": list(stored.notes), "standby": _standby(one, facts)}
        for one in wanted
    ]
    return Overview(found, stored.notes, agents_told(heard), maintenance_told(heard))


def _described(
    hierarchy: Hierarchy,
    found: HierarchyStatus,
    cluster: Cluster,
    verdicts: list[dict[str, Any]],
    facts: Mapping[str, NodeFacts],
) -> dict[str, Any]:
    intent = intent_of(cluster, hierarchy)
    needs = {site.id: _needs(site.ips, site.volumes) for site in hierarchy.sites}
    seen = {member.id: dict(member.seen) for member in found.members}
    return {
        "name": hierarchy.name,
        "nodes": list(hierarchy.nodes),
        "primary": hierarchy.nodes[0],
        "owner": found.owner,
        "state": found.state.value,
        "reason": " ".join((reason_told(found, verdicts), *_to_mend(hierarchy, found, verdicts, facts))),
        "agents": verdicts,
        "members": [
            {
                "id": resource.id,
                "kind": _kind(resource),
                "name": _own_name(resource),
                "depends_on": needs.get(resource.id, []),
                "seen": seen[resource.id],
            }
            for resource in hierarchy.resources
        ],
        "records": shown(hierarchy, found.owner),
        "intent": None
        if intent is None
        else {
            "owner": intent.owner,
            "moving_from": intent.moving_from,
            "running": intent.running,
            "reason": intent.reason,
            "at": intent.at,
            "outage": intent.seconds,
        },
    }


def _to_mend(
    hierarchy: Hierarchy,
    found: HierarchyStatus,
    verdicts: list[dict[str, Any]],
    facts: Mapping[str, NodeFacts],
) -> list[str]:
    """Mirrors that have no current copy, which agents tell by themselves."""
    if verdicts or found.owner is None or found.state is not State.IN_SERVICE:
        return []
    return list(served_alone(hierarchy, facts[found.owner]))


def _standby(hierarchy: Hierarchy, facts: Mapping[str, NodeFacts]) -> dict[str, list[str]]:
    """How its warm sites stand by on the nodes that do not have it in service."""
    backups = [
        seen
        for name, seen in facts.items()
        if name in hierarchy.nodes
        and (seen.problem is not None or presence(hierarchy, seen) is Presence.DOWN)
    ]
    found = {seen.name: standing(hierarchy, seen) for seen in backups}
    return {name: list(told) for name, told in found.items() if told}


def _needs(ips: tuple[str, ...], volumes: tuple[str, ...]) -> list[str]:
    return [*(f"ip {address}" for address in ips), *(f"volume {path}" for path in volumes)]


def _own_name(resource: Resource) -> str:
    if isinstance(resource, Ip):
        return resource.address
    return resource.path if isinstance(resource, Volume) else resource.name


def _kind(resource: Resource) -> str:
    return type(resource).__name__.lower()
