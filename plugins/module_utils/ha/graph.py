# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The dependency graph: which resources move together, and how an operator may name them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TypeVar

from ..errors import StandbyError
from .model import Cluster, Hierarchy, Ip, Resource, Site, Volume, VolumeKind

Member = TypeVar("Member", Ip, Volume)


def hierarchies(cluster: Cluster) -> tuple[Hierarchy, ...]:
    """Every hierarchy of the cluster, by name.

    Resources are tied by a site that depends on them; shared volumes of one disk, or one mounted inside
    another, are tied as well, since they can only move together. A local volume lies on every node and never
    moves: it belongs to every hierarchy with a site on it and ties none of them.

    Raises:
        StandbyError: a site depends on a resource that is not defined, or members have different nodes.
    """
    movers: list[Resource] = [
        *cluster.ips,
        *(volume for volume in cluster.volumes if _moves(volume)),
        *cluster.sites,
    ]
    group = {resource.id: resource.id for resource in movers}
    for one, other in _ties(cluster):
        _join(group, one, other)
    members: dict[str, list[Resource]] = {}
    for resource in movers:
        members.setdefault(_root(group, resource.id), []).append(resource)
    found = [_hierarchy(cluster, resources) for resources in members.values()]
    return tuple(sorted(found, key=lambda hierarchy: hierarchy.name))


def find(known: Sequence[Hierarchy], name: str) -> Hierarchy:
    """The hierarchy with this name, or with a member of this name: site, address, volume path or id.

    Letters match exactly or, where nothing does, without regard to case (IIS and Windows paths ignore it).

    Raises:
        StandbyError: no hierarchy, or more than one, answers to the name; the message lists what exists.
    """
    for hierarchy in known:
        if hierarchy.name == name:
            return hierarchy
    wanted = _normal(name)
    matches = [hierarchy for hierarchy in known if wanted in _names(hierarchy)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise StandbyError(
            "belongs to more than one hierarchy",
            resource=f'"{name}"',
            remedy=f"Name one of them: {_listed(matches)}",
        )
    raise StandbyError(
        "no hierarchy is called so, and none has a member of that name",
        resource=f'hierarchy "{name}"',
        remedy=f"Use one of these: {_listed(known)}"
        if known
        else "Define addresses, volumes and sites first; the cluster has no hierarchy yet",
    )


def users_of(cluster: Cluster, resource: Ip | Volume) -> tuple[Site, ...]:
    """The sites that depend on an address or a volume."""
    if isinstance(resource, Ip):
        return tuple(site for site in cluster.sites if resource.address in site.ips)
    return tuple(site for site in cluster.sites if resource.path in site.volumes)


def _moves(volume: Volume) -> bool:
    return volume.kind is not VolumeKind.LOCAL


def _ties(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Pairs of ids that move together."""
    ips = {ip.address: ip for ip in cluster.ips}
    volumes = {volume.path: volume for volume in cluster.volumes}
    for site in cluster.sites:
        for address in site.ips:
            yield site.id, _defined(ips, address, site, "ip").id
        for path in site.volumes:
            volume = _defined(volumes, path, site, "volume")
            if _moves(volume):
                yield site.id, volume.id
    movers = [volume for volume in cluster.volumes if _moves(volume)]
    for index, one in enumerate(movers):
        for other in movers[index + 1 :]:
            if _same_disk(one, other) or _inside(one, other) or _inside(other, one):
                yield one.id, other.id


def _defined(known: dict[str, Member], name: str, site: Site, kind: str) -> Member:
    if name not in known:
        raise StandbyError(
            f"depends on {kind} {name}, which is not defined",
            resource=site.id,
            remedy=f"Define the {kind} resource {name}, or protect the site again to discover it anew",
        )
    return known[name]


def _same_disk(one: Volume, other: Volume) -> bool:
    return one.disk is not None and other.disk is not None and _bare(one.disk) == _bare(other.disk)


def _bare(identity: str) -> str:
    return identity.strip("{} ").lower()


def _inside(inner: Volume, outer: Volume) -> bool:
    return inner.path.lower().startswith(outer.path.lower())


def _root(group: dict[str, str], name: str) -> str:
    while group[name] != name:
        group[name] = group[group[name]]
        name = group[name]
    return name


def _join(group: dict[str, str], one: str, other: str) -> None:
    group[_root(group, one)] = _root(group, other)


def _hierarchy(cluster: Cluster, members: list[Resource]) -> Hierarchy:
    sites = tuple(sorted((m for m in members if isinstance(m, Site)), key=lambda site: site.name))
    used = {path for site in sites for path in site.volumes}
    ids = {member.id for member in members}
    volumes = tuple(volume for volume in cluster.volumes if volume.id in ids or volume.path in used)
    ips = tuple(member for member in members if isinstance(member, Ip))
    ordered: tuple[Resource, ...] = (*sites, *ips, *volumes)
    for other in ordered[1:]:
        _same_nodes(ordered[0], other)
    addresses = {ip.address for ip in ips}
    records = tuple(record for record in cluster.records if record.ip in addresses)
    name = sites[0].name if sites else ordered[0].id
    return Hierarchy(name, ordered[0].nodes, ips, volumes, sites, records)


def _same_nodes(one: Resource, other: Resource) -> None:
    if isinstance(other, Volume) and not _moves(other):
        _present_on(one, other)
    elif one.nodes != other.nodes:
        raise StandbyError(
            f"is defined on {', '.join(one.nodes)}, but {other.id}, which moves with it, on "
            f"{', '.join(other.nodes)}",
            resource=one.id,
            remedy="Give both the same nodes in the same order",
        )


def _present_on(one: Resource, local: Volume) -> None:
    """A local volume may lie on more nodes than a hierarchy that uses it, never on fewer."""
    missing = [node for node in one.nodes if node not in local.nodes]
    if missing:
        raise StandbyError(
            f"is defined on {', '.join(one.nodes)}, but {local.id}, which it needs, not on "
            f"{', '.join(missing)}",
            resource=one.id,
            remedy=f"Add {', '.join(missing)} to the nodes of {local.id}",
        )


def _names(hierarchy: Hierarchy) -> set[str]:
    names = {hierarchy.name, *(name for record in hierarchy.records for name in (record.id, record.name))}
    for resource in hierarchy.resources:
        names.add(resource.id)
        if isinstance(resource, Ip):
            names.update(resource.addresses)
        elif isinstance(resource, Volume):
            names.add(resource.path)
        else:
            names.add(resource.name)
    return {_normal(name) for name in names}


def _normal(name: str) -> str:
    """One spelling of a name: addresses in canonical form, the rest without case and final backslash."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.casefold().rstrip("\\")


def _listed(known: Sequence[Hierarchy]) -> str:
    return ", ".join(f'"{hierarchy.name}"' for hierarchy in known)
