# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ip resources: declared, checked against every node, adopted, removed."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from ..errors import StandbyError
from ..ha.addressing import (
    Place,
    adapter_for,
    canonical,
    check_holders,
    check_overlaps,
    dhcp_in_the_way,
    is_own,
    is_persistent,
    validate,
)
from ..ha.facts import NodeFacts, Scope
from ..ha.graph import hierarchies, users_of
from ..ha.model import Cluster, Ip
from ..ha.observe import instances
from ..ha.on_node import every_address
from ..node import Clock
from ..windows.address import add_address, remove_address, wait_preferred
from . import store
from .agent_guard import refuse_disturbance
from .dad import DadChange, apply, plan_dad, restore_dad
from .elsewhere import as_known, elsewhere, with_prefixes
from .fleet import Fleet
from .membership import check_nodes, cluster_with, names_of
from .outcome import Outcome
from .perform import ADDRESS_TIMEOUT
from .survey import read_all


@dataclass(frozen=True)
class IpRequest:
    """What an operator asks of an address.

    Attributes:
        address: IPv4 or IPv6, with or without ``/prefix``.
        prefix: prefix length in bits; None for that of the address text, or of the nodes' own subnet.
        nodes: inventory names in order of priority.
        interfaces: node -> interface alias, where it is not to be found by the subnet.
        dad_transmits: DadTransmits of the interfaces; None leaves them as they are.
        adopt: turn a persistent address of a node into the floating one.
        addresses: node -> address, for nodes in another subnet.
    """

    address: str
    prefix: int | None
    nodes: tuple[str, ...]
    interfaces: Mapping[str, str] = field(default_factory=dict)
    dad_transmits: int | None = None
    adopt: bool = False
    addresses: Mapping[str, str] = field(default_factory=dict)


def ensure_ip(fleet: Fleet, request: IpRequest, check: bool, *, clock: Clock = time) -> Outcome:
    """Have an ip resource as requested; the address itself comes up with its hierarchy.

    Args:
        fleet: all nodes of the cluster.
        request: what is wanted.
        check: only say what would be done.
        clock: for waiting on an adopted address.

    Raises:
        StandbyError: a node cannot be read, or the address does not fit; nothing was changed.
    """
    cluster = store.read_cluster(fleet)
    existing = as_defined(fleet, request, cluster)
    if existing is not None:
        return _outcome(existing, existing, (), [])
    facts = read_all(fleet, Scope.NETWORK, names_of(cluster, request.nodes))
    declared = declare_ip(fleet, request, cluster, facts)
    refuse_disturbance(fleet, cluster, declared.cluster)
    ip = declared.ip
    adopting = [
        name for name in ip.nodes if request.adopt and is_persistent(facts[name], ip.on(name).address)
    ]
    outcome = _outcome(declared.existing, ip, declared.dad, adopting)
    if check or not outcome.changed:
        return outcome
    notes = store.write_cluster(fleet, cluster, declared.cluster)
    apply(fleet, declared.dad)
    for name in adopting:
        _adopt(fleet, name, ip.on(name), declared.places[name], clock)
    return replace(outcome, data={**outcome.data, "notes": notes})


def as_defined(fleet: Fleet, request: IpRequest, cluster: Cluster | None) -> Ip | None:
    """The address as it is defined, where that alone shows that there is nothing to do; else None.

    Raises:
        StandbyError: the address or its nodes make no sense.
    """
    wanted, prefix = _parse(request)
    check_nodes(fleet, f"ip {wanted}", request.nodes)
    existing = _existing(cluster, wanted)
    return existing if existing is not None and _needs_nothing(request, prefix, existing) else None


@dataclass(frozen=True)
class DeclaredIp:
    """An address that fits.

    Attributes:
        existing: as it was defined, None where it is new.
        ip: as it is to be defined.
        dad: what is to be changed on its interfaces.
        places: where it belongs on each of its nodes.
        cluster: the definition with it.
    """

    existing: Ip | None
    ip: Ip
    dad: tuple[DadChange, ...]
    places: Mapping[str, Place]
    cluster: Cluster


def declare_ip(
    fleet: Fleet, request: IpRequest, cluster: Cluster | None, facts: Mapping[str, NodeFacts]
) -> DeclaredIp:
    """What a request makes of a definition; nothing is changed.

    Args:
        fleet: all nodes of the cluster.
        request: what is wanted.
        cluster: the definition before.
        facts: of all nodes, with scope NETWORK.

    Raises:
        StandbyError: the address does not fit on the nodes, or beside what is defined.
    """
    wanted, prefix = _parse(request)
    existing = _existing(cluster, wanted)
    draft = _resource(request, wanted, prefix if prefix is not None else 0, existing)
    _check_sessions(fleet, draft)
    check_holders(draft, facts, adopt=request.adopt)
    places = _places(request, draft, facts, cluster)
    _refuse_dhcp(draft, places, facts)
    ip = draft if prefix is not None else replace(draft, prefix=_common_prefix(draft, places))
    ip = with_prefixes(ip, places)
    validate(ip.address, ip.prefix)
    check_overlaps(ip, cluster)
    ip, dad = plan_dad(fleet, ip, existing, cluster, facts)
    after = cluster_with(cluster, fleet.names, request.nodes, ip)
    hierarchies(after)
    return DeclaredIp(existing, ip, dad, places, after)


def remove_ip(fleet: Fleet, address: str, check: bool, *, keep: bool = False) -> Outcome:
    """Have no ip resource of an address, and the address on no node.

    Args:
        fleet: all nodes of the cluster.
        address: with or without ``/prefix``.
        check: only say what would be done.
        keep: leave the address on the node that has it; in the active store, until that node restarts.

    Raises:
        StandbyError: a site depends on it, or a node cannot be read; nothing was changed.
    """
    cluster = store.read_cluster(fleet)
    wanted = canonical(address.partition("/")[0])
    existing = _existing(cluster, wanted)
    if cluster is None or existing is None:
        return Outcome(False, f"ip {wanted} is not defined", data={"resource": f"ip {wanted}", "notes": []})
    users = users_of(cluster, existing)
    if users:
        raise StandbyError(
            f"{', '.join(site.id for site in users)} depends on it",
            resource=existing.id,
            remedy="Remove the protection of the site first (module site, state: absent)",
        )
    named = [record.id for record in cluster.records if record.ip == existing.address]
    if named:
        raise StandbyError(
            f"{', '.join(named)} names it",
            resource=existing.id,
            remedy="Remove the record first (module dns, state: absent)",
        )
    facts = read_all(fleet, Scope.NETWORK, cluster.nodes)
    present = [
        name
        for name in existing.nodes
        if instances(facts[name], existing.on(name).address)
        and not is_own(facts[name], existing.on(name).address)
    ]
    removed_from = [] if keep else present
    outcome = _removal(existing, present, removed_from)
    if check:
        return outcome
    for name in removed_from:
        with fleet.lease(name) as node:
            remove_address(node, existing.on(name).address)
    left = replace(
        cluster,
        ips=tuple(ip for ip in cluster.ips if ip != existing),
        intents=tuple(intent for intent in cluster.intents if intent.hierarchy != existing.id),
    )
    apply(fleet, restore_dad(existing, left, facts))
    notes = store.write_cluster(fleet, cluster, left)
    return replace(outcome, data={**outcome.data, "notes": notes})


def _removal(existing: Ip, present: list[str], removed_from: list[str]) -> Outcome:
    message = f"{existing.id} is removed"
    if removed_from:
        message += f", also from {', '.join(removed_from)}"
    elif present:
        message += f"; the address stays on {', '.join(present)} until it restarts"
    data = {"resource": existing.id, "removed_from": removed_from, "present_on": present, "notes": []}
    return Outcome(True, message, asdict(existing), {}, data)


def _parse(request: IpRequest) -> tuple[str, int | None]:
    address, _rest, suffix = request.address.partition("/")
    wanted = canonical(address.strip())
    _check_probes(wanted, request.dad_transmits)
    if not suffix:
        return wanted, request.prefix
    if not suffix.isdigit():
        raise StandbyError(
            f"its prefix length {suffix!r} is not a number",
            resource=f"ip {wanted}",
            remedy="Write it in bits, as in 10.0.0.50/24",
        )
    if request.prefix is not None and request.prefix != int(suffix):
        raise StandbyError(
            f"has prefix length {suffix} in the address and {request.prefix} beside it",
            resource=f"ip {wanted}",
            remedy="Give it once",
        )
    return wanted, int(suffix)


def _check_probes(address: str, count: int | None) -> None:
    if count is not None and count < 0:
        raise StandbyError(
            f"has dad_transmits {count}; no interface sends fewer than no probes",
            resource=f"ip {address}",
            remedy="Give 0 to turn the detection off, 1 or more to keep it, or leave dad_transmits out",
        )


def _existing(cluster: Cluster | None, address: str) -> Ip | None:
    ips = cluster.ips if cluster is not None else ()
    return next((ip for ip in ips if ip.address == address), None)


def _needs_nothing(request: IpRequest, prefix: int | None, existing: Ip) -> bool:
    """Whether the definition alone shows that there is nothing to do: one round trip a node.

    What is adopted, or set on an interface, has to be read there.
    """
    if request.adopt or request.dad_transmits is not None:
        return False
    return existing == _resource(request, existing.address, prefix or existing.prefix, existing)


def _places(
    request: IpRequest, ip: Ip, facts: Mapping[str, NodeFacts], cluster: Cluster | None
) -> dict[str, Place]:
    strangers = [name for name in request.interfaces if name not in request.nodes]
    if strangers:
        raise StandbyError(
            f"interfaces names {', '.join(strangers)}, which is none of its nodes",
            resource=ip.id,
            remedy=f"Use the names of its nodes: {', '.join(request.nodes)}",
        )
    floating = every_address(cluster.ips if cluster is not None else ())
    return {
        name: adapter_for(
            facts[name], ip.on(name).address, floating=floating, alias=request.interfaces.get(name)
        )
        for name in request.nodes
    }


def _refuse_dhcp(ip: Ip, places: Mapping[str, Place], facts: Mapping[str, NodeFacts]) -> None:
    for name, place in places.items():
        error = dhcp_in_the_way(facts[name], ip.on(name).address, place.adapter)
        if error is not None:
            raise error


def _common_prefix(ip: Ip, places: Mapping[str, Place]) -> int:
    """Of the nodes that have the address of the resource itself."""
    own = {name: place for name, place in places.items() if ip.on(name).address == ip.address}
    prefixes = {place.prefix for place in own.values()}
    if len(prefixes) > 1:
        found = ", ".join(f"/{place.prefix} on {name}" for name, place in own.items())
        raise StandbyError(
            f"the nodes' subnets differ in length ({found})",
            resource=ip.id,
            remedy="Give the prefix length, or correct the nodes' own addresses",
        )
    return prefixes.pop()


def _resource(request: IpRequest, address: str, prefix: int, existing: Ip | None) -> Ip:
    return Ip(
        address,
        prefix,
        request.nodes,
        tuple(sorted(request.interfaces.items())),
        request.dad_transmits,
        existing.dad_before if existing is not None else (),
        as_known(elsewhere(request.addresses, address, request.nodes), existing),
    )


def _check_sessions(fleet: Fleet, ip: Ip) -> None:
    """The address by which the controller reaches a node must stay there."""
    for name in fleet.names:
        for address in sorted(set(ip.addresses) & _addresses_of(fleet.connection(name).host)):
            raise StandbyError(
                "is the address by which the controller reaches the node, and must not leave it",
                node=name,
                resource=f"ip {address}",
                remedy="Connect to the node by an address of its own (ansible_host)",
            )


def _addresses_of(host: str) -> set[str]:
    try:
        return {str(ipaddress.ip_address(host.strip("[]")))}
    except ValueError:
        pass
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()  # only a proxy can resolve it


def _adopt(fleet: Fleet, name: str, ip: Ip, place: Place, clock: Clock) -> None:
    """Replace a persistent address by the same one in the active store, where it serves already."""
    with fleet.lease(name) as node:
        remove_address(node, ip.address)
        add_address(node, ip.address, ip.prefix, place.adapter.index)
        wait_preferred(node, ip.address, ip.prefix, place.adapter.index, clock, ADDRESS_TIMEOUT)


def _outcome(existing: Ip | None, ip: Ip, dad: tuple[DadChange, ...], adopting: list[str]) -> Outcome:
    changed = existing != ip or bool(dad) or bool(adopting)
    parts = [f"{_shown(ip)} is {'defined' if existing != ip else 'as defined'}"]
    parts += [f"DadTransmits of {one.alias!r} on {one.node} set to {one.count}" for one in dad]
    parts += [f"the address of {name} made floating" for name in adopting]
    before = asdict(existing) if existing is not None else {}
    after = {**asdict(ip), **({"adopted_from": adopting} if adopting else {})}
    return Outcome(
        changed, ", ".join(parts), before, after, {"resource": ip.id, "ip": asdict(ip), "notes": []}
    )


def _shown(ip: Ip) -> str:
    """``ip 10.1.0.50/24 (10.2.0.50/24 on server2)``."""
    others = ", ".join(f"{address}/{prefix} on {node}" for node, address, prefix in ip.elsewhere)
    return f"{ip.id}/{ip.prefix}{f' ({others})' if others else ''}"
