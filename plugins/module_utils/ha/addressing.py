# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Address planning: which addresses can float, on which adapter of a node, and what stands in their way.

What addresses may be declared is judged with netaddr, on the controller alone. Where an address belongs on a
node is computed by the standard library: nodes do that too, and have nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface
from typing import Union

from ..errors import StandbyError
from ..windows.adapter import IPV6, Adapter, find_adapter
from ..windows.address import Address, family_of
from .facts import NodeFacts
from .model import Cluster, Ip
from .observe import instances

try:
    from netaddr import AddrFormatError, IPAddress, IPNetwork  # type: ignore[import-untyped,unused-ignore]
except ImportError as _error:  # pragma: no cover - the message is what matters
    NETADDR_MISSING: str | None = str(_error)
else:
    NETADDR_MISSING = None

# The loopback interface of every node has these. The rest of 127.0.0.0/8 needs no rule: it lies in no
# adapter's subnet.
_LOOPBACK = ("127.0.0.1", "::1")

_Network = Union[IPv4Network, IPv6Network]  # noqa: UP007 - the oldest Python that ansible-test knows reads this


@dataclass(frozen=True)
class Place:
    """Where an address belongs on a node: the adapter, and the prefix length of the subnet that holds it."""

    adapter: Adapter
    prefix: int


def canonical(address: str) -> str:
    """The canonical text of an address that may float.

    Raises:
        StandbyError: it is no IP address, or one that no site could be reached at.
    """
    _need_netaddr()
    try:
        parsed = IPAddress(address)
    except (AddrFormatError, ValueError, TypeError):
        raise _unfit(
            address, "is not an IP address", "Give an IPv4 or IPv6 address without prefix or zone"
        ) from None
    if parsed.version == 4 and address.count(".") != 3:
        raise _unfit(address, "is not an IPv4 address in full", "Write all four numbers") from None
    kind = _special(parsed)
    if kind is not None:
        raise _unfit(
            address, f"is {kind} and cannot float", "Use a free unicast address of the nodes' subnet"
        )
    return str(parsed)


def validate(address: str, prefix: int) -> None:
    """Whether an address is a host of its subnet.

    Raises:
        StandbyError: the prefix length is out of range, or the address is the network's own or its broadcast
            address.
    """
    _need_netaddr()
    width = 32 if IPAddress(address).version == 4 else 128
    if not 1 <= prefix <= width:
        raise _unfit(address, f"has prefix length {prefix}", f"Give one from 1 to {width}")
    network = IPNetwork(f"{address}/{prefix}")
    if prefix >= width - 1:
        return
    if network.ip == network.network:
        raise _unfit(
            address, f"is the address of the network {network.cidr} itself", "Use a host address of it"
        )
    if network.version == 4 and network.ip == network.broadcast:
        raise _unfit(address, f"is the broadcast address of {network.cidr}", "Use a host address of it")


def adapter_for(
    facts: NodeFacts, address: str, *, floating: Collection[str] = (), alias: str | None = None
) -> Place:
    """The adapter of a node whose subnet holds an address, by the longest prefix.

    Args:
        facts: the node, with scope NETWORK.
        address: canonical.
        floating: floating addresses, which say nothing of a node's own subnets.
        alias: the adapter an operator named, or None for any.

    Raises:
        StandbyError: no adapter has that alias, the address is outside every subnet (which are named), or two
            adapters fit equally well.
    """
    adapters = _candidates(facts, address, alias)
    own = _subnets(facts, adapters, {*floating, address})
    fitting = [(network, adapter) for network, adapter in own if ip_address(address) in network]
    if not fitting:
        raise _outside(facts.name, address, own, alias)
    longest = max(network.prefixlen for network, _rest in fitting)
    best = {adapter.index: adapter for network, adapter in fitting if network.prefixlen == longest}
    if len(best) > 1:
        names = " and ".join(sorted(adapter.alias for adapter in best.values()))
        raise StandbyError(
            f"the adapters {names} are both in its subnet",
            node=facts.name,
            resource=f"ip {address}",
            remedy="Name one of them in interfaces",
        )
    return Place(next(iter(best.values())), longest)


def check_overlaps(ip: Ip, cluster: Cluster | None) -> None:
    """Whether an address fits beside those that are defined already.

    Raises:
        StandbyError: it is defined with another prefix length, or the subnets overlap without being equal.
    """
    _need_netaddr()
    for other in cluster.ips if cluster is not None else ():
        _check_overlap(ip, other)


def check_holders(ip: Ip, facts: Mapping[str, NodeFacts], *, adopt: bool = False) -> None:
    """Whether no node holds an address in a way that is not ours.

    Args:
        ip: the resource wanted; its prefix length does not matter.
        facts: all nodes of the cluster, with scope ADDRESSES.
        adopt: a node's own persistent address is wanted as it is and becomes floating.

    Raises:
        StandbyError: a node that is none of its nodes has it, two nodes have it, or it is a node's own.
    """
    holders = []
    for name, seen in facts.items():
        for address in ip.addresses:
            if instances(seen, address):
                holders.append(name)
                _check_holder(ip, name, address)
    if len(holders) > 1:
        raise StandbyError(
            f"is present on {' and '.join(holders)} at once",
            resource=ip.id,
            remedy="Remove it from all but one of them",
        )
    for name in holders:
        _check_own(ip.on(name), facts[name], adopt)


def _check_holder(ip: Ip, name: str, address: str) -> None:
    if name not in ip.nodes:
        raise StandbyError(
            f"is in use by {name}, which is not one of its nodes ({', '.join(ip.nodes)})",
            node=name,
            resource=f"ip {address}",
            remedy=f"Add {name} to its nodes, take the address from {name}, or use another address",
        )
    if address != ip.on(name).address:
        raise StandbyError(
            f"is in use by {name}, whose address is to be {ip.on(name).address}",
            node=name,
            resource=f"ip {address}",
            remedy=f"Take the address from {name}, or give {name} that address of the resource",
        )


def is_own(facts: NodeFacts, address: str) -> bool:
    """Whether a node holds an address as its own: persistent, or used as a source as no floating one is."""
    return any(not _floats(found) for found in instances(facts, address))


def is_persistent(facts: NodeFacts, address: str) -> bool:
    """Whether a restart of the node brings the address back."""
    return any(found.persistent for found in instances(facts, address))


def _check_overlap(ip: Ip, other: Ip) -> None:
    for here in _each(ip):
        for there in _each(other):
            _check_pair(here, there)
    shared = set(ip.addresses) & set(other.addresses)
    if ip.address != other.address and shared:
        raise StandbyError(
            f"its address {min(shared)} is one of {other.id} already",
            resource=ip.id,
            remedy="Give every resource addresses of its own",
        )


def _each(ip: Ip) -> list[Ip]:
    """The address of every subnet that a resource is in."""
    return list(dict.fromkeys(replace(ip.on(node), nodes=(), interfaces=()) for node in ip.nodes))


def _check_pair(ip: Ip, other: Ip) -> None:
    if ip.address == other.address:
        if ip.prefix != other.prefix:
            raise StandbyError(
                f"is defined already with prefix length {other.prefix}, and {ip.prefix} was asked for",
                resource=ip.id,
                remedy="Remove the resource first (state: absent) to define it anew",
            )
        return
    one, two = IPNetwork(f"{ip.address}/{ip.prefix}").cidr, IPNetwork(f"{other.address}/{other.prefix}").cidr
    # A host prefix (/32, /128) makes no on-link route and overlaps with nothing.
    if one == two or one.size == 1 or two.size == 1 or one.version != two.version:
        return
    if one in two or two in one:
        raise StandbyError(
            f"its subnet {one} overlaps with {two} of {other.id}",
            resource=ip.id,
            remedy="Give both addresses the prefix length of the subnet they really are in",
        )


def _check_own(ip: Ip, seen: NodeFacts, adopt: bool) -> None:
    if not is_own(seen, ip.address):
        return
    if not is_persistent(seen, ip.address):
        raise StandbyError(
            "is an address of the node that is not configured by hand (DHCP, or another cluster product)",
            node=seen.name,
            resource=ip.id,
            remedy="Use another address, or give the node a fixed address of its own first",
        )
    if not adopt:
        raise StandbyError(
            "is a persistent address of the node itself and would come back at every restart",
            node=seen.name,
            resource=ip.id,
            remedy="Use another address, or set adopt: true to turn it into a floating address",
        )


def _candidates(facts: NodeFacts, address: str, alias: str | None) -> list[Adapter]:
    if alias is None:
        return list(facts.adapters)
    named = find_adapter(facts.adapters, alias)
    if named is None:
        raise StandbyError(
            f"there is no adapter {alias!r}",
            node=facts.name,
            resource=f"ip {address}",
            remedy=f"Name one of {', '.join(repr(adapter.alias) for adapter in facts.adapters) or 'none'}",
        )
    return [named]


def _subnets(facts: NodeFacts, adapters: list[Adapter], floating: set[str]) -> list[tuple[_Network, Adapter]]:
    """Every subnet the node itself is in, with its adapter."""
    by_index = {adapter.index: adapter for adapter in adapters}
    return [
        (_network(own.address, own.prefix), by_index[own.interface_index])
        for own in facts.addresses
        if own.interface_index in by_index and own.address not in floating and not _floats(own)
    ]


@lru_cache(256)
def _network(address: str, prefix: int) -> _Network:
    """The network of an address; a check of many hierarchies asks for the same few each time."""
    return ip_interface(f"{address}/{prefix}").network


def _floats(found: Address) -> bool:
    return found.skip_as_source and not found.persistent


def _outside(node: str, address: str, own: list[tuple[_Network, Adapter]], alias: str | None) -> StandbyError:
    subnets = ", ".join(sorted({f"{network} ({adapter.alias})" for network, adapter in own})) or "none"
    where = f"adapter {alias!r}" if alias is not None else "every adapter"
    return StandbyError(
        f"is outside the subnets of {where}; they are {subnets}",
        node=node,
        resource=f"ip {address}",
        remedy="Use an address of one of them, or give the adapter an address of its own in that subnet",
    )


def dhcp_in_the_way(facts: NodeFacts, address: str, adapter: Adapter) -> StandbyError | None:
    """The error where a floating address would cost a node its own: adding one by hand turns DHCP off.

    For IPv6 only where DHCP gave the adapter an address: Windows shows it as enabled for addresses of routers
    and by hand as well.

    Args:
        facts: the node, with scope NETWORK.
        address: canonical.
        adapter: where it would go.
    """
    family = family_of(address)
    by_dhcp = any(one.dhcp and (one.index, one.family) == (adapter.index, family) for one in facts.interfaces)
    given = any(
        one.from_dhcp and one.interface_index == adapter.index and family_of(one.address) == family
        for one in facts.addresses
    )
    if not by_dhcp or (family == IPV6 and not given):
        return None
    return StandbyError(
        f"its adapter {adapter.alias!r} is configured by DHCP, which an address added by hand turns off: the "
        "node would lose its own address",
        node=facts.name,
        resource=f"ip {address}",
        remedy="Give the adapter a fixed address first (New-NetIPAddress, with gateway and name servers)",
    )


def _special(address: IPAddress) -> str | None:
    """What makes an address unfit, None where nothing does."""
    if str(address) in _LOOPBACK:
        return "the loopback address"
    if address.is_multicast():
        return "a multicast address"
    if int(address) == 0 or (address.version == 4 and address in IPNetwork("0.0.0.0/8")):
        return "the unspecified address"
    if address.is_link_local():
        return "a link-local address"
    if address.version == 4 and address in IPNetwork("240.0.0.0/4"):
        return "a reserved address"
    if address.version == 6 and address.is_ipv4_mapped():
        return "an IPv4 address in IPv6 notation"
    return None


def _unfit(address: str, problem: str, remedy: str) -> StandbyError:
    return StandbyError(problem, resource=f"ip {address}", remedy=remedy)


def _need_netaddr() -> None:
    if NETADDR_MISSING is not None:
        raise StandbyError(
            f"the Python package netaddr is missing on the controller ({NETADDR_MISSING})",
            remedy="Install it for the Python that runs Ansible: python -m pip install netaddr",
        )
