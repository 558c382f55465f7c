# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assumptions on floating addresses, tried on a free address that was named for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from ..errors import CimError, StandbyError
from ..ha.addressing import adapter_for, canonical, dhcp_in_the_way
from ..ha.facts import Scope
from ..node import Clock, Node, Value
from ..windows.address import (
    NET_IP_ADDRESS,
    Address,
    AddressState,
    add_address,
    read_addresses,
    remove_address,
    renew_address,
    same_address,
)
from ..windows.waiting import attempts
from .assumption import Assumption, NotCheckable, Refuted
from .store import read_node
from .survey import gather

_USABLE = 20.0  # seconds: three DAD probes one second apart, with room
_SHORT = 6.0  # seconds of the lifetime that is left to end
_LATE = 20.0  # seconds past its end after which Windows is taken not to drop an address


@dataclass(frozen=True)
class SpareAddress:
    """A free address of a node's subnet, and where it would go."""

    node: Node
    address: str
    prefix: int
    index: int
    clock: Clock


def spare_address(node: Node, text: str, clock: Clock) -> SpareAddress:
    """The address, found free as far as the node knows.

    Raises:
        NotCheckable: it is defined in the cluster or held by the node, or its interface is configured by
            DHCP, which a manual address would turn off.
        StandbyError: it is no address of a subnet of the node.
    """
    address = canonical(text)
    defined = read_node(node)
    if defined is not None and any(same_address(one, address) for ip in defined.ips for one in ip.addresses):
        raise NotCheckable(f"{address} is an ip resource of the cluster")
    if _held(node, address):
        raise NotCheckable(f"{node.name} has {address} already")
    facts = gather(node, Scope.NETWORK)
    place = adapter_for(facts, address)
    if dhcp_in_the_way(facts, address, place.adapter) is not None:
        raise NotCheckable(f"{place.adapter.alias} is configured by DHCP, which a manual address turns off")
    return SpareAddress(node, address, place.prefix, place.adapter.index, clock)


def _held(node: Node, address: str) -> list[Address]:
    return [found for found in read_addresses(node) if same_address(found.address, address)]


@contextmanager
def _added(spare: SpareAddress, lifetime: timedelta | None = None) -> Iterator[None]:
    try:
        add_address(spare.node, spare.address, spare.prefix, spare.index, valid_lifetime=lifetime)
        yield
    finally:
        remove_address(spare.node, spare.address)


def _one(spare: SpareAddress) -> Address:
    found = _held(spare.node, spare.address)
    if len(found) != 1:
        raise Refuted(f"{len(found)} instances instead of one")
    return found[0]


def _active_store(spare: SpareAddress) -> str:
    with _added(spare):
        found = _one(spare)
        if found.persistent or not found.skip_as_source:
            raise Refuted(f"persistent {found.persistent}, skip_as_source {found.skip_as_source}")
    return "one instance, in the active store, with SkipAsSource"


def _removed(spare: SpareAddress) -> str:
    with _added(spare):
        remove_address(spare.node, spare.address)
        left = _held(spare.node, spare.address)
    if left:
        raise Refuted(f"{len(left)} instances are left after Delete")
    return "no instance is left after Delete"


def _created_again(spare: SpareAddress) -> str:
    arguments: dict[str, Value] = {
        "InterfaceIndex": spare.index,
        "IPAddress": spare.address,
        "PrefixLength": spare.prefix,
        "PolicyStore": "ActiveStore",
    }
    with _added(spare):
        try:
            spare.node.cim.invoke(NET_IP_ADDRESS, "Create", arguments)
        except CimError as failure:
            if failure.cim_status not in (4, 11):
                raise Refuted(f"CIM status {failure.cim_status}") from None
            return f"CIM status {failure.cim_status}, provider code {failure.provider_code}"
    raise Refuted("Create succeeded a second time")


def _usable(spare: SpareAddress) -> str:
    with _added(spare):
        for elapsed in attempts(spare.clock, _USABLE):
            state = _one(spare).state
            if state is AddressState.DUPLICATE:
                raise NotCheckable(f"another host answers for {spare.address}: name a free address")
            if state is AddressState.PREFERRED:
                return f"Preferred {elapsed:.2f} s after Create"
    raise Refuted(f"{state.name.title()} {_USABLE:g} s after Create")


def _partial_put(spare: SpareAddress) -> str:
    with _added(spare, timedelta(minutes=5)):
        before = _one(spare)
        if before.reference is None:
            raise Refuted("no endpoint reference")
        renew_address(spare.node, before.reference, timedelta(minutes=10))
        after = _one(spare)
        lifetime = _lifetime(spare, after)
        if not timedelta(minutes=9) < lifetime <= timedelta(minutes=10):
            raise Refuted(f"the valid lifetime is {lifetime} after it was set to ten minutes")
        if not after.skip_as_source or after.prefix != before.prefix:
            raise Refuted(f"skip_as_source is {after.skip_as_source}, prefix length {after.prefix}")
    return "the lifetimes changed, SkipAsSource and the prefix length did not"


def _lifetime(spare: SpareAddress, found: Address) -> timedelta:
    item = spare.node.cim.get(found.reference) if found.reference is not None else None
    value = item.get("ValidLifetime") if item is not None else None
    if not isinstance(value, timedelta):
        raise Refuted(f"ValidLifetime came as {value!r}, expected an interval")
    return value


def _dropped(spare: SpareAddress) -> str:
    with _added(spare, timedelta(seconds=_SHORT)):
        for elapsed in attempts(spare.clock, _SHORT + _LATE):
            if not _held(spare.node, spare.address):
                if elapsed < _SHORT - 1:
                    raise Refuted(f"gone {elapsed:.1f} s after it was added with {_SHORT:g} s")
                return f"gone {elapsed:.1f} s after it was added with {_SHORT:g} s"
    raise Refuted(f"still there {_LATE:g} s after its lifetime of {_SHORT:g} s ended")


def _unknown_error(spare: SpareAddress) -> str:
    """Delete of an instance that has just gone."""
    with _added(spare):
        reference = _one(spare).reference
        remove_address(spare.node, spare.address)
        if reference is None:
            raise Refuted("no endpoint reference")
        try:
            gone = not spare.node.cim.delete(reference)
        except StandbyError as failure:
            raise Refuted(str(failure).rstrip(".")) from None
    if not gone:
        raise Refuted("Delete of an address that was gone succeeded")
    return "Delete of an address that was gone is told as not found"


ON_AN_ADDRESS: Sequence[Assumption[SpareAddress]] = (
    Assumption(
        "address-active-store",
        "MSFT_NetIPAddress.Create over WS-Management takes PolicyStore=ActiveStore with SkipAsSource=true",
        "windows/address.py",
        _active_store,
    ),
    Assumption(
        "address-usable",
        "an address that was created becomes Preferred when duplicate address detection has ended",
        "windows/address.py",
        _usable,
    ),
    Assumption(
        "address-exists",
        "Create of an address that exists is refused with CIM status 4 or 11",
        "windows/address.py",
        _created_again,
    ),
    Assumption(
        "address-delete",
        "Delete of every instance removes an address",
        "windows/address.py",
        _removed,
    ),
    Assumption(
        "address-gone",
        "Delete of an address that is gone is refused as not found (CIM status 6 or Windows error 1168)",
        "wsman/faults.py",
        _unknown_error,
    ),
    Assumption(
        "address-renew",
        "Put with ValidLifetime and PreferredLifetime alone changes them and leaves the rest",
        "windows/address.py",
        _partial_put,
    ),
    Assumption(
        "address-lifetime",
        "Windows drops a manual IPv4 address when its ValidLifetime ends",
        "windows/address.py",
        _dropped,
    ),
)
