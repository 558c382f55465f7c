# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes a resource and the cluster consist of."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ..errors import StandbyError
from ..ha.model import Cluster, Ip, Volume
from .fleet import Fleet

# Every cluster has this name, whichever resource is declared first; nothing is addressed by it.
NAME = "standby.iis"

Kind = TypeVar("Kind", Ip, Volume)


def check_nodes(fleet: Fleet, resource: str, nodes: tuple[str, ...]) -> None:
    """Whether a resource's nodes make sense.

    Raises:
        StandbyError: there is none, one twice, or one without a connection.
    """
    twice = sorted({name for name in nodes if nodes.count(name) > 1})
    if not nodes or twice:
        raise StandbyError(
            f"its nodes name {', '.join(twice)} twice" if twice else "it has no nodes",
            resource=resource,
            remedy="Give each node once, the primary first",
        )
    for name in nodes:
        if name not in fleet.names:
            raise StandbyError(
                f"no connection to its node {name} was given",
                node=name,
                resource=resource,
                remedy=f"Run with all its nodes; given were {', '.join(fleet.names)}",
            )


def names_of(cluster: Cluster | None, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """The cluster's nodes and those of a resource that joins it."""
    return tuple(dict.fromkeys((*(cluster.nodes if cluster is not None else ()), *nodes)))


def cluster_with(
    cluster: Cluster | None, given: tuple[str, ...], nodes: tuple[str, ...], resource: Ip | Volume
) -> Cluster:
    """The definition with an address or a volume added, or put in place of the one of the same name.

    Args:
        cluster: the definition before, None for the first resource.
        given: the operator's order of nodes, which a new node's place follows.
        nodes: the resource's nodes, all of which belong to the cluster from now on.
        resource: what is added.
    """
    base = cluster if cluster is not None else Cluster(NAME, ())
    ordered = dict.fromkeys((*base.nodes, *(name for name in given if name in nodes), *nodes))
    base = replace(base, nodes=tuple(ordered))
    if isinstance(resource, Ip):
        return replace(base, ips=_put(base.ips, resource))
    return replace(base, volumes=_put(base.volumes, resource))


def _put(known: tuple[Kind, ...], resource: Kind) -> tuple[Kind, ...]:
    same: list[Kind] = [one for one in known if one.id.lower() == resource.id.lower()]
    if not same:
        return known + (resource,)  # noqa: RUF005 - a starred tuple loses its type
    changed = [resource if one in same else one for one in known]
    return tuple(changed)
