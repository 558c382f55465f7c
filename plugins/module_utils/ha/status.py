# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a hierarchy is in service, from what its nodes show, and the sentence why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .facts import NodeFacts
from .model import Cluster, Hierarchy, Intent, Ip, Resource, Site, VolumeKind
from .observe import Presence, Sight, moves, serving
from .on_node import on_node


class State(str, Enum):
    """State of a hierarchy."""

    IN_SERVICE = "in_service"
    OUT_OF_SERVICE = "out_of_service"
    PARTIAL = "partial"  # some members are up, on one node or scattered
    CONFLICT = "conflict"  # a member is up on more than one node
    UNKNOWN = "unknown"  # nothing is up where it could be seen; a node could not be read


@dataclass(frozen=True)
class MemberStatus:
    """A resource of a hierarchy.

    Attributes:
        id: such as ``ip 10.0.0.50``.
        seen: (node, what is seen there) in the order of the nodes; ``unknown`` where it was not read.
    """

    id: str
    seen: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class HierarchyStatus:
    """A hierarchy as observed.

    Attributes:
        name: its name.
        owner: the node that has it in service, or alone holds what is up of it; else None.
        state: see State.
        reason: one sentence with its final full stop; never empty.
        members: children first.
        unread: (node, problem) for every node that could not be read.
    """

    name: str
    owner: str | None
    state: State
    reason: str
    members: tuple[MemberStatus, ...]
    unread: tuple[tuple[str, str], ...] = ()


Sights = dict[str, dict[str, Sight]]  # node -> resource id -> what is seen


def intent_of(cluster: Cluster, hierarchy: Hierarchy) -> Intent | None:
    """What was last asked of a hierarchy, under whichever of its names."""
    by_name = {intent.hierarchy: intent for intent in cluster.intents}
    return next((by_name[name] for name in names_of(hierarchy) if name in by_name), None)


def names_of(hierarchy: Hierarchy) -> tuple[str, ...]:
    """Every name that a hierarchy may have had.

    It is called after its first site, or after its first resource where it has none: protecting another site
    can rename it, or make one of what were several. A local volume is part of several, and names none.
    """
    return (
        hierarchy.name,
        *(site.name for site in hierarchy.sites),
        *(ip.id for ip in hierarchy.ips),
        *(volume.id for volume in hierarchy.volumes if volume.kind is not VolumeKind.LOCAL),
    )


def status(hierarchy: Hierarchy, facts: Mapping[str, NodeFacts], cluster: Cluster) -> HierarchyStatus:
    """The state of a hierarchy, from the facts of all nodes (scope MEMBERS).

    Args:
        hierarchy: what is asked about.
        facts: by node; nodes outside the hierarchy count as well, since none of its members may be up there.
        cluster: for the last intent.
    """
    sights: Sights = {
        name: {
            resource.id: _look(hierarchy, there, seen)
            for resource, there in zip(hierarchy.resources, on_node(hierarchy, name).resources, strict=True)
        }
        for name, seen in facts.items()
        if seen.problem is None
    }
    movers = [resource for resource in hierarchy.resources if moves(resource)]
    holders = [name for name in sights if any(_up(sights[name][mover.id]) for mover in movers)]
    state, owner = _judge(hierarchy, movers, sights, holders)
    unread = tuple((name, seen.problem) for name, seen in facts.items() if seen.problem is not None)
    if state is State.OUT_OF_SERVICE and unread:
        state = State.UNKNOWN
    intent = intent_of(cluster, hierarchy)
    reason = _reason(hierarchy, state, owner, sights, holders, intent)
    return HierarchyStatus(
        hierarchy.name,
        owner,
        state,
        " ".join((reason, *(f"{name} could not be read: {problem}" for name, problem in unread))),
        tuple(_member(resource, hierarchy, sights, holders) for resource in hierarchy.resources),
        unread,
    )


def _look(hierarchy: Hierarchy, resource: Resource, seen: NodeFacts) -> Sight:
    """What a node shows of a member; elsewhere than on its nodes, a site of the same name is another site."""
    if seen.name not in hierarchy.nodes and isinstance(resource, Site):
        return Sight(Presence.DOWN, "absent")
    return serving(resource, seen)


def _up(sight: Sight) -> bool:
    return sight.presence is not Presence.DOWN


def _judge(
    hierarchy: Hierarchy, movers: list[Resource], sights: Sights, holders: list[str]
) -> tuple[State, str | None]:
    if not holders:
        return State.OUT_OF_SERVICE, None
    if any(len([name for name in holders if _up(sights[name][mover.id])]) > 1 for mover in movers):
        return State.CONFLICT, None
    if len(holders) > 1:
        return State.PARTIAL, None
    complete = all(sight.presence is Presence.UP for sight in sights[holders[0]].values())
    at_home = holders[0] in hierarchy.nodes
    return (State.IN_SERVICE if complete and at_home else State.PARTIAL), holders[0]


def _reason(
    hierarchy: Hierarchy,
    state: State,
    owner: str | None,
    sights: Sights,
    holders: list[str],
    intent: Intent | None,
) -> str:
    if state is State.IN_SERVICE:
        order = "its primary" if owner == hierarchy.nodes[0] else "a backup"
        return f"In service on {owner}, {order}."
    if state is State.CONFLICT:
        return f"IN SERVICE ON MORE THAN ONE NODE: {_held(hierarchy, sights, holders)}."
    if state is State.PARTIAL and owner is not None:
        return f"Only partly in service on {owner}: {_lacking(sights[owner])}.{_under_way(intent)}"
    if state is State.PARTIAL:
        return f"Scattered over nodes: {_held(hierarchy, sights, holders)}.{_under_way(intent)}"
    where = "Out of service" if state is State.OUT_OF_SERVICE else "Not in service on any node that answers"
    return f"{where}: {_why(hierarchy, sights, intent)}."


def _why(hierarchy: Hierarchy, sights: Sights, intent: Intent | None) -> str:
    """Why nothing is up: as it was asked, or what happened to what was asked."""
    if intent is None:
        return "it was never put in service"
    if intent.moving_from is not None or intent.owner is None:
        return intent.reason + (" and did not end" if intent.moving_from is not None else "")
    if intent.owner not in sights:
        return f"it was last put in service on {intent.owner}"
    found = ", ".join(
        f"{resource.id} is {sights[intent.owner][resource.id].words}"
        for resource in hierarchy.resources
        if sights[intent.owner][resource.id].presence is Presence.DOWN
    )
    return f"it was put in service on {intent.owner}, but there {found} (a restart of the node does that)"


def _under_way(intent: Intent | None) -> str:
    if intent is None or intent.moving_from is None:
        return ""
    if intent.owner is None:
        return f" Taking it out of service on {intent.moving_from} is under way or was interrupted."
    return f" A move from {intent.moving_from} to {intent.owner} is under way or was interrupted."


def _lacking(seen: dict[str, Sight]) -> str:
    return (
        ", ".join(
            f"{name} is {sight.words}" for name, sight in seen.items() if sight.presence is not Presence.UP
        )
        or "the node is none of its nodes"
    )


def _held(hierarchy: Hierarchy, sights: Sights, holders: list[str]) -> str:
    """Which node holds what."""
    parts = []
    for name in holders:
        held = [m.id for m in hierarchy.resources if moves(m) and _up(sights[name][m.id])]
        parts.append(f"{name} has {', '.join(held)}")
    return "; ".join(parts)


def _shown(resource: Resource, node: str, words: str) -> str:
    """With the address that it has on that node, where it is another one."""
    other = resource.on(node).address if isinstance(resource, Ip) else ""
    return f"{words} ({other})" if isinstance(resource, Ip) and other != resource.address else words


def _member(resource: Resource, hierarchy: Hierarchy, sights: Sights, holders: list[str]) -> MemberStatus:
    elsewhere = [name for name in holders if name not in hierarchy.nodes]
    return MemberStatus(
        resource.id,
        tuple(
            (name, _shown(resource, name, sights[name][resource.id].words) if name in sights else "unknown")
            for name in (*hierarchy.nodes, *elsewhere)
        ),
    )
