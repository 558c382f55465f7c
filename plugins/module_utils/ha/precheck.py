# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must be true before a hierarchy is moved: every obstacle, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..errors import StandbyError
from ..windows.service import DISABLED, Service
from .addressing import adapter_for, dhcp_in_the_way
from .facts import NodeFacts, services_of
from .mirror import against_move, mirrors, source_silent
from .model import Hierarchy, Ip, Site, SiteType, Volume
from .observe import Presence, disk, instances, moves, pool, see, site
from .on_node import bound_elsewhere, moved_addresses, on_node
from .smtp import of_smtp
from .status import HierarchyStatus, State

# What has a service of Windows, where it is not the web server itself.
_FEATURES = {"FTPSVC": "Web-Ftp-Server", "SMTPSVC": "SMTP-Server, Web-WMI"}
# What Windows Server 2025 and later do not have.
_NOT_ANY_MORE = {"SMTPSVC": " (there is none from Windows Server 2025 on: SMTP Server was removed from it)"}


def obstacles(
    hierarchy: Hierarchy,
    target: str,
    facts: Mapping[str, NodeFacts],
    found: HierarchyStatus,
    owner: str | None,
    *,
    agents: bool = False,
) -> list[StandbyError]:
    """Everything that keeps a hierarchy from coming into service on a node.

    Args:
        hierarchy: what is to move.
        target: where to.
        facts: of all nodes, with scope MOVE.
        found: its status from the same facts.
        owner: the node last asked to have it, None where nobody knows or nobody should.
        agents: they move it, and know from their records whether a copy whose source is silent may be taken.

    Returns:
        One error for each obstacle, with node, resource and remedy; empty where the move may begin.
    """
    if target not in hierarchy.nodes:
        return [_not_a_node(hierarchy, target)]
    seen = facts.get(target)
    if seen is None or seen.problem is not None:
        error = _unreadable(target, seen, "the target")
        error.resource = f'hierarchy "{hierarchy.name}"'
        return [error]
    errors = list(unknown_holders(hierarchy, target, facts, found, owner))
    errors += of_target(hierarchy, seen, facts, _served_by(found, target, facts))
    judged = [
        one for one in mirrors(hierarchy.volumes) if not agents or not source_silent(one, target, facts)
    ]
    against = (against_move(one, target, facts, found.owner) for one in judged)
    errors += [error for error in against if error is not None]
    return errors


def of_target(
    hierarchy: Hierarchy, seen: NodeFacts, facts: Mapping[str, NodeFacts], model: NodeFacts | None = None
) -> Iterator[StandbyError]:
    """What on a node itself keeps a hierarchy from coming into service there.

    Args:
        hierarchy: what is to come into service.
        seen: the node, which could be read, with scope MOVE; with CHECK where there is no model.
        facts: of the nodes that are known, this one among them.
        model: the node whose sites this one's must equal; None where there is none to compare with.
    """
    yield from _services(hierarchy, seen)
    here = on_node(hierarchy, seen.name)
    for whole in hierarchy.ips:
        yield from _foreign(whole, hierarchy, facts)
    for ip in here.ips:
        yield from _ip(ip, here, seen)
    for volume in hierarchy.volumes:
        yield from _volume(volume, hierarchy, seen, facts)
    moved = moved_addresses(hierarchy.ips, model.name, seen.name) if model is not None else {}
    if model is not None and model.iis is not None:
        model = replace(model, iis=bound_elsewhere(model.iis, moved))
    for member in hierarchy.sites:
        yield from _site(member, seen, model)


def _not_a_node(hierarchy: Hierarchy, target: str) -> StandbyError:
    return StandbyError(
        f"{target} is not a node of it",
        resource=f'hierarchy "{hierarchy.name}"',
        remedy=f"Choose one of {', '.join(hierarchy.nodes)}",
    )


def _unreadable(name: str, seen: NodeFacts | None, role: str) -> StandbyError:
    problem = "no connection to it was given" if seen is None else str(seen.problem).rstrip(".")
    return StandbyError(
        f"{role} could not be read: {problem}", node=name, remedy="Make it reachable and run again"
    )


def unknown_holders(
    hierarchy: Hierarchy,
    target: str | None,
    facts: Mapping[str, NodeFacts],
    found: HierarchyStatus,
    owner: str | None,
) -> Iterator[StandbyError]:
    """Nodes that could not be read and may have the hierarchy in service.

    Where it is seen in service on a node, no other can have it. Where it is seen nowhere, the node it was
    last put on may still serve; any other was left clean then, and no restart brings an address back.
    """
    if found.state is State.IN_SERVICE:
        return
    for name in hierarchy.nodes:
        seen = facts.get(name)
        if name == target or (seen is not None and seen.problem is None):
            continue
        if owner is not None and name != owner:
            continue
        yield StandbyError(
            f'the node cannot be read, and it may have hierarchy "{hierarchy.name}" in service: '
            f"{_unreadable(name, seen, 'it').problem}",
            node=name,
            resource=f'hierarchy "{hierarchy.name}"',
            remedy="A planned move needs both nodes: make it reachable, or restart it (floating addresses "
            "are gone then and its protected sites stay stopped), and run again when it answers",
        )


def _services(hierarchy: Hierarchy, seen: NodeFacts) -> Iterator[StandbyError]:
    for name in services_of(hierarchy.sites):
        service = seen.services.get(name)
        if service is None:
            feature = _FEATURES.get(name, "Web-Server")
            yield StandbyError(
                f"the service {name} does not exist",
                node=seen.name,
                remedy=f"Install the role service that has it: Install-WindowsFeature {feature}"
                f"{_NOT_ANY_MORE.get(name, '')}",
            )
        elif service.state != "Running":
            yield StandbyError(
                f"the service {name} is {_state_of(service)}, so that no site can start",
                node=seen.name,
                remedy=f"Start it: Start-Service {name}",
            )


def _state_of(service: Service) -> str:
    disabled = service.start_mode == DISABLED
    return f"{service.state.lower()} and disabled" if disabled else service.state.lower()


def _foreign(ip: Ip, hierarchy: Hierarchy, facts: Mapping[str, NodeFacts]) -> Iterator[StandbyError]:
    for name, other in facts.items():
        for address in ip.addresses:
            if name not in hierarchy.nodes and instances(other, address):
                yield StandbyError(
                    f"is in use by {name}, which is not one of its nodes",
                    node=name,
                    resource=f"ip {address}",
                    remedy=f"Remove it there: Remove-NetIPAddress -IPAddress {address}",
                )


def _ip(ip: Ip, hierarchy: Hierarchy, seen: NodeFacts) -> Iterator[StandbyError]:
    floating = {one.address for one in hierarchy.ips}
    try:
        place = adapter_for(seen, ip.address, floating=floating, alias=dict(ip.interfaces).get(seen.name))
    except StandbyError as error:
        yield error
        return
    by_dhcp = dhcp_in_the_way(seen, ip.address, place.adapter)
    if by_dhcp is not None:
        yield by_dhcp
    if not place.adapter.up:
        yield StandbyError(
            f"its adapter {place.adapter.alias!r} is down or not connected",
            node=seen.name,
            resource=ip.id,
            remedy="Connect and enable the adapter",
        )


def _volume(
    volume: Volume, hierarchy: Hierarchy, seen: NodeFacts, facts: Mapping[str, NodeFacts]
) -> Iterator[StandbyError]:
    if volume.mirror is not None:
        return  # who has the newest data decides, see ``obstacles`` and the records of ownership
    if not moves(volume):
        if see(volume, seen).presence is Presence.DOWN:
            yield StandbyError(
                "the volume is not present",
                node=seen.name,
                resource=volume.id,
                remedy="Provide the volume and its content here; a local volume is on every node",
            )
        return
    for name, other in facts.items():
        if name not in hierarchy.nodes and see(volume, other).presence is not Presence.DOWN:
            yield StandbyError(
                f"its disk is online on {name}, which is not one of its nodes",
                node=name,
                resource=volume.id,
                remedy="Take it offline there before two nodes write to it",
            )
    unclear = list(_unclear_disks(volume, hierarchy, seen, facts))
    yield from unclear
    if unclear:
        return
    known = disk(seen, volume)
    if known is None:
        yield StandbyError(
            f"the disk {volume.disk} is not visible",
            node=seen.name,
            resource=volume.id,
            remedy="Connect the shared disk to this node and rescan (Update-HostStorageCache)",
        )
    elif known.boot or known.system or known.clustered:
        yield StandbyError(
            "its disk is the system's or is managed by failover clustering",
            node=seen.name,
            resource=volume.id,
            remedy="Use a disk that belongs to nobody else",
        )


def _unclear_disks(
    volume: Volume, hierarchy: Hierarchy, target: NodeFacts, facts: Mapping[str, NodeFacts]
) -> Iterator[StandbyError]:
    """Two disks of one identity, on the target or where one of them would have to go offline."""
    for name in hierarchy.nodes:
        seen = facts.get(name)
        if seen is None or seen.problem is not None:
            continue
        try:
            disk(seen, volume)
        except StandbyError as error:
            if seen is target or see(volume, seen).presence is not Presence.DOWN:
                yield error


def _served_by(found: HierarchyStatus, target: str, facts: Mapping[str, NodeFacts]) -> NodeFacts | None:
    """The node whose sites the target's must equal: where they serve now."""
    if found.owner is None or found.owner == target:
        return None
    return facts.get(found.owner)


def _site(member: Site, seen: NodeFacts, model: NodeFacts | None) -> Iterator[StandbyError]:
    twin = site(seen, member.name)
    protect = "Protect the site again (module site), which brings its twin up to date"
    if SiteType.SMTP in member.services:
        yield from of_smtp(member, seen, model)
        return
    if twin is None:
        yield StandbyError("does not exist", node=seen.name, resource=member.id, remedy=protect)
        return
    for name in member.pools:
        if pool(seen, name) is None:
            yield StandbyError(
                f"its application pool {name!r} does not exist",
                node=seen.name,
                resource=member.id,
                remedy=protect,
            )
    original = site(model, member.name) if model is not None else None
    if model is None or original is None:
        return
    wanted = {(one.protocol.lower(), one.information) for one in original.bindings}
    present = {(one.protocol.lower(), one.information) for one in twin.bindings}
    if wanted != present:
        yield StandbyError(
            f"its bindings differ from those on {model.name}: {_differing(wanted, present)}",
            node=seen.name,
            resource=member.id,
            remedy=protect,
        )


def _differing(wanted: set[tuple[str, str]], present: set[tuple[str, str]]) -> str:
    parts = []
    if wanted - present:
        parts.append("missing " + ", ".join("/".join(one) for one in sorted(wanted - present)))
    if present - wanted:
        parts.append("additional " + ", ".join("/".join(one) for one in sorted(present - wanted)))
    return "; ".join(parts)
