# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was declared of a cluster, as ownership takes it: made of the definition and the agent's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..errors import StandbyError
from ..ha.disturbance import looked_after
from ..ha.mirror import asks_first, behind_by
from ..ha.model import Cluster, Hierarchy, VolumeKind
from ..ha.on_node import groups
from ..ha.ownership.snapshot import Membership, Rules, Switchback


class Failover(str, Enum):
    """What happens to a hierarchy whose node is lost."""

    AUTOMATIC = "automatic"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class HierarchyOptions:
    """What was asked for one hierarchy.

    Attributes:
        switchback: what happens when a node of higher priority is back.
        window: minutes of the day in which that happens; None at any time.
        recovery: it is restarted on its node before it is given away.
        failover: whether another node takes it from one that is lost, or on which it failed, by itself; None
            for by itself among nodes that have the same addresses, else when an operator says so.
    """

    switchback: Switchback = Switchback.MANUAL
    window: tuple[int, int] | None = None
    recovery: bool = True
    failover: Failover | None = None


@dataclass(frozen=True)
class ClusterOptions:
    """What was asked for the cluster.

    Attributes:
        hierarchies: options by the name of a hierarchy, or of a site in it; "" for all that are not named.
        limits: node -> how many hierarchies it takes by itself.
        fences: nodes whose end can be confirmed by a program or a controller.
        manual: nodes whose end a person confirms.
    """

    hierarchies: Mapping[str, HierarchyOptions] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    fences: frozenset[str] = frozenset()
    manual: frozenset[str] = frozenset()


def membership(cluster: Cluster, options: ClusterOptions) -> Membership:
    """The cluster as ``decide`` takes it.

    Raises:
        StandbyError: options name a hierarchy or a node that is not there, or a definition makes no sense.
    """
    found = looked_after(cluster)
    names = {name for one in found for name in _names(one)}
    if unknown := sorted(set(options.hierarchies) - names - {""}):
        raise StandbyError(
            f"options are given for {unknown[0]!r}, which is no hierarchy and no site of the cluster",
            remedy=f"There are {', '.join(sorted(names)) or 'none'}",
        )
    if strange := sorted({*options.limits, *options.fences, *options.manual} - set(cluster.nodes)):
        raise StandbyError(
            f"options are given for {strange[0]}, which is no node of the cluster",
            remedy=f"There are {', '.join(cluster.nodes)}",
        )
    rules = tuple(_rules(one, options) for one in found)
    return Membership(cluster.nodes, rules, options.limits, options.fences)


def _names(hierarchy: Hierarchy) -> tuple[str, ...]:
    return (hierarchy.name, *(site.name for site in hierarchy.sites))


def _rules(hierarchy: Hierarchy, options: ClusterOptions) -> Rules:
    given = [options.hierarchies[name] for name in _names(hierarchy) if name in options.hierarchies]
    asked = given[0] if given else options.hierarchies.get("", HierarchyOptions())
    shared = any(volume.kind is VolumeKind.SHARED for volume in hierarchy.volumes)
    return Rules(
        hierarchy.name,
        hierarchy.nodes,
        exclusive=shared,
        replicated=any(volume.kind is VolumeKind.MIRROR for volume in hierarchy.volumes),
        switchback=asked.switchback,
        window=asked.window,
        recovery=asked.recovery,
        places=_places(hierarchy, asked.failover),
        behind=behind_by(hierarchy),
    )


def _places(hierarchy: Hierarchy, failover: Failover | None) -> tuple[tuple[str, ...], ...]:
    """Groups of nodes among which it moves by itself; none where it does so among all of them.

    What is declared of a mirror counts before what is asked for the hierarchy: it is about data.
    """
    if failover is Failover.CONFIRM or asks_first(hierarchy):
        return tuple((node,) for node in hierarchy.nodes)
    found = groups(hierarchy) if failover is None else ()
    return found if len(found) > 1 else ()
