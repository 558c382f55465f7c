# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole structure, checked before any of it is declared: step by step it would be refused half-way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..ha.facts import NodeFacts, Scope
from ..ha.graph import hierarchies
from ..ha.model import Cluster, Hierarchy, Ip, Volume
from .agent_guard import refuse_disturbance
from .fleet import Fleet
from .ip import IpRequest, as_defined, declare_ip
from .membership import NAME, check_nodes, names_of
from .outcome import Outcome
from .site import SiteRequest, declare_site
from .store import read_cluster
from .survey import read_all
from .volume import VolumeRequest, check_request, declare_volume


@dataclass(frozen=True)
class Structure:
    """Volumes, addresses and sites in the order in which they are to be declared."""

    volumes: tuple[VolumeRequest, ...] = ()
    ips: tuple[IpRequest, ...] = ()
    sites: tuple[SiteRequest, ...] = ()

    @property
    def nodes(self) -> tuple[str, ...]:
        """Every node that is named, once."""
        named = [request.nodes for request in self.volumes]
        named += [request.nodes for request in self.ips]
        named += [request.nodes for request in self.sites]
        return tuple(dict.fromkeys(node for nodes in named for node in nodes))


def check_structure(fleet: Fleet, structure: Structure) -> Outcome:
    """Declare a structure on paper, by the very rules that declare it on the nodes. Nothing is changed.

    Args:
        fleet: all nodes of the cluster.
        structure: what is to be declared.

    Returns:
        Data: ``volumes`` and ``ips`` as they would be defined, and the ``hierarchies`` there would be.

    Raises:
        StandbyError: a node could not be read, a resource does not fit on its nodes or beside the others, or
            agents look after what would not stay as it is.
    """
    before = cluster = read_cluster(fleet)
    waiting = _requested(fleet, structure, cluster)
    facts = _facts(fleet, structure, waiting, cluster)
    for volume in structure.volumes:
        cluster = declare_volume(fleet, volume, cluster, facts).cluster
    for ip in waiting:
        cluster = declare_ip(fleet, ip, cluster, facts).cluster
    known = cluster if cluster is not None else Cluster(NAME, fleet.names)
    for site in structure.sites:
        declared = declare_site(site, known, {node: facts[node] for node in site.nodes})
        declared.work.plan_twins()  # refuses a twin that cannot be made
        known = declared.cluster
    refuse_disturbance(fleet, before, known)
    return _outcome(known)


def _requested(fleet: Fleet, structure: Structure, cluster: Cluster | None) -> list[IpRequest]:
    """The addresses that are not as defined; every request makes sense by itself."""
    for volume in structure.volumes:
        check_request(fleet, volume)
    for site in structure.sites:
        check_nodes(fleet, f'site "{site.name}"', site.nodes)
    return [ip for ip in structure.ips if as_defined(fleet, ip, cluster) is None]


def _facts(
    fleet: Fleet, structure: Structure, waiting: list[IpRequest], cluster: Cluster | None
) -> dict[str, NodeFacts]:
    """Each node read once: those of sites, and all where a volume or an address is to be declared."""
    scope = Scope.NETWORK | Scope.DISKS | Scope.MACHINE
    for volume in structure.volumes:
        scope |= volume.scope
    if structure.sites:
        scope |= Scope.SITES
    if structure.volumes or waiting:
        return read_all(fleet, scope, names_of(cluster, structure.nodes))
    return read_all(fleet, scope, Structure(sites=structure.sites).nodes)


def _outcome(cluster: Cluster) -> Outcome:
    found = hierarchies(cluster)
    count = f"{len(found)} {'hierarchy' if len(found) == 1 else 'hierarchies'}"
    data = {
        "volumes": [_volume(volume) for volume in cluster.volumes],
        "ips": [_ip(ip) for ip in cluster.ips],
        "hierarchies": [_hierarchy(one) for one in found],
    }
    return Outcome(False, f"the structure can be declared and forms {count}", data=data)


def _volume(volume: Volume) -> dict[str, Any]:
    return {
        "path": volume.path,
        "kind": volume.kind.value,
        "disk": volume.disk,
        "nodes": list(volume.nodes),
    }


def _ip(ip: Ip) -> dict[str, Any]:
    return {
        "address": ip.address,
        "prefix": ip.prefix,
        "nodes": list(ip.nodes),
        "addresses": {node: address for node, address, _prefix in ip.elsewhere},
    }


def _hierarchy(one: Hierarchy) -> dict[str, Any]:
    return {
        "name": one.name,
        "nodes": list(one.nodes),
        "members": [resource.id for resource in one.resources],
    }
