# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Floating addresses: MSFT_NetIPAddress of ``root/StandardCimv2``.

Created in the active store only, so that a reboot never brings one back, and with SkipAsSource, so that it is
neither a source of outgoing connections nor registered in DNS. A change on the interface that carries the
management connection may lose the answer: what happened is then read, never guessed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Union

from ..errors import BadDocument, CimError, StandbyError, Unreachable
from ..node import ClassPath, Clock, Given, Instance, Node, Reference, Value
from . import effect
from .adapter import IPV4, IPV6
from .effect import await_effect, may_take_effect
from .failure import about
from .waiting import attempts

NET_IP_ADDRESS = ClassPath("root/StandardCimv2", "MSFT_NetIPAddress")

_PERSISTENT_STORE = 0
_ORIGIN_DHCP = 3  # PrefixOrigin
_STORES = {False: "active", True: "persistent"}
# CIM status codes (DSP0200) after which the address may be there all the same: 4 (invalid parameter) is what
# Windows answers for an address that exists, and for a DHCP race that is gone on the second try; 11 is the
# standard's own.
_LOOK_AGAIN = (4, 11)
# How long an address is to live. A function gives that last thing before the call is sent, and raises
# StandbyError where the address must not be there any more.
Lifetime = Union[timedelta, Callable[[], timedelta]]  # noqa: UP007 - read by older Pythons too
# Seconds for which an address that was created may not be seen: after that it is gone, as after a restart.
_ABSENCE = 2.0
_RECREATIONS = 3  # a duplicate is sticky: Windows never tests an address again, only a new one


class AddressState(IntEnum):
    """MSFT_NetIPAddress.AddressState."""

    INVALID = 0
    TENTATIVE = 1
    DUPLICATE = 2
    DEPRECATED = 3
    PREFERRED = 4


@dataclass(frozen=True)
class Address:
    """One instance of an address; an address kept in both stores has two.

    Attributes:
        address: canonical text without a zone.
        prefix: prefix length in bits.
        interface_index: InterfaceIndex of its interface.
        interface_alias: alias of its interface.
        state: usable only when PREFERRED.
        persistent: kept in the persistent store, thus back after a reboot.
        skip_as_source: not used for outgoing connections, not registered in DNS.
        reference: the instance.
        from_dhcp: a DHCP server gave it.
    """

    address: str
    prefix: int
    interface_index: int
    interface_alias: str
    state: AddressState
    persistent: bool
    skip_as_source: bool
    reference: Reference | None
    from_dhcp: bool = False


def read_addresses(node: Node) -> list[Address]:
    """Every address instance of a node, of both stores and all interfaces.

    Raises:
        BadDocument: an instance holds no address.
    """
    with about(node, "IP addresses"):
        return [_address(item) for item in node.cim.enumerate(NET_IP_ADDRESS)]


def add_address(
    node: Node,
    address: str,
    prefix: int,
    interface_index: int,
    *,
    valid_lifetime: Lifetime | None = None,
    clock: Clock = time,
) -> None:
    """Add a floating address to an interface; success too where it is already on that interface.

    Args:
        node: where.
        address: IPv4 or IPv6 text.
        prefix: prefix length in bits.
        interface_index: InterfaceIndex.
        valid_lifetime: Windows drops the address after it; None keeps it until removal or restart.
        clock: for waiting on a call that did not end.

    Raises:
        StandbyError: Windows refused, or the address is on another interface or with another prefix. Where
            ``may_take_effect`` says so of it, the address may come later.
    """
    arguments = _create_arguments(address, prefix, interface_index, valid_lifetime)
    remedy = f"Look at Get-NetIPAddress and the system event log on {node.name}"
    with about(node, f"ip {address}", remedy):
        for last in (False, True):
            try:
                node.cim.invoke(NET_IP_ADDRESS, "Create", arguments)
                return
            except (CimError, Unreachable) as failure:
                if may_take_effect(failure):
                    _await_address(node, address, prefix, interface_index, failure, clock)
                    return
                if isinstance(failure, CimError) and failure.cim_status not in _LOOK_AGAIN:
                    raise
                if _has(node, address, prefix, interface_index):
                    return
                if last:
                    raise


def remove_address(node: Node, address: str, *, clock: Clock = time) -> bool:
    """Remove every instance of an address, on any interface and in both stores.

    Args:
        node: where.
        address: IPv4 or IPv6 text; compared as an address.
        clock: for waiting on a call that did not end.

    Returns:
        False where there was none.

    Raises:
        StandbyError: Windows refused, or an instance of the address is left.
    """
    remedy = f"Remove it on {node.name}: Remove-NetIPAddress -IPAddress {address}"
    with about(node, f"ip {address}", remedy):
        found = _instances(node, address)
        try:
            _delete(node, found)
        except (CimError, Unreachable) as failure:
            if isinstance(failure, CimError) and not may_take_effect(failure):
                raise
            _delete_again(node, address, clock)
        left = _instances(node, address) if found else []
        if left:
            raise StandbyError(f"is still there after it was removed, on {_where(left)}")
        return bool(found)


def wait_preferred(
    node: Node,
    address: str,
    prefix: int,
    interface_index: int,
    clock: Clock,
    timeout: float,
    *,
    lifetime: Callable[[], timedelta] | None = None,
) -> None:
    """Wait until an address is usable. A duplicate is removed and created again, a bounded number of times.

    Args:
        node: where.
        address: IPv4 or IPv6 text.
        prefix: prefix length in bits, for a new creation.
        interface_index: InterfaceIndex.
        clock: time.
        timeout: seconds in all.
        lifetime: gives the lifetime of an address that is created again, right before that; raises
            StandbyError where it must not be.

    Raises:
        StandbyError: another host answers for the address, or it was not usable in time.
    """
    recreated = 0
    state: AddressState | None = None
    seen = elapsed = 0.0
    with about(node, f"ip {address}"):
        for elapsed in attempts(clock, timeout):
            state = _state(node, address, interface_index)
            if state is AddressState.PREFERRED:
                return
            if state is not None:
                seen = elapsed
            elif elapsed - seen >= _ABSENCE:
                break
            if state is AddressState.DUPLICATE:
                if recreated == _RECREATIONS:
                    break
                recreated += 1
                remove_address(node, address, clock=clock)
                add_address(node, address, prefix, interface_index, valid_lifetime=lifetime, clock=clock)
        raise _not_usable(address, state, elapsed)


def renew_address(node: Node, reference: Reference, valid_lifetime: timedelta) -> None:
    """Give an address a new lifetime, counted from now.

    Args:
        node: where.
        reference: the instance, from read_addresses.
        valid_lifetime: until Windows drops it; the preferred lifetime is set to the same.
    """
    with about(node, "ip address"):
        node.cim.modify(reference, {"ValidLifetime": valid_lifetime, "PreferredLifetime": valid_lifetime})


def renew_addresses(
    node: Node, references: Sequence[Reference], valid_lifetime: Lifetime
) -> list[StandbyError | None]:
    """Give several addresses a new lifetime, counted from now; one that fails does not stop the others.

    Args:
        node: where.
        references: the instances, from read_addresses.
        valid_lifetime: until Windows drops them; the preferred lifetime is set to the same.

    Returns:
        For each address its failure, None where it was renewed.
    """
    if not references:
        return []

    def lifetimes() -> Mapping[str, Value]:
        rest = valid_lifetime() if callable(valid_lifetime) else valid_lifetime
        return {"ValidLifetime": rest, "PreferredLifetime": rest}

    failures = node.cim.modify_each([(reference, lifetimes) for reference in references])
    for failure in failures:
        if failure is not None:
            failure.node = failure.node or node.name
            failure.resource = failure.resource or "ip address"
    return failures


def same_address(one: str, other: str) -> bool:
    """Whether two texts name the same address; a zone (``%12``) is ignored."""
    return _parse(one) == _parse(other)


def family_of(address: str) -> int:
    """The AddressFamily of an address: IPV4 or IPV6."""
    return IPV4 if _parse(address).version == 4 else IPV6


def _parse(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text.partition("%")[0])


def _create_arguments(
    address: str, prefix: int, interface_index: int, valid_lifetime: Lifetime | None
) -> Given:
    arguments: dict[str, Value] = {
        "InterfaceIndex": interface_index,
        "IPAddress": address,
        "AddressFamily": family_of(address),
        "PrefixLength": prefix,
        "SkipAsSource": True,
        "PolicyStore": "ActiveStore",
    }
    if valid_lifetime is None:
        return arguments

    def bounded() -> Mapping[str, Value]:
        rest = valid_lifetime() if callable(valid_lifetime) else valid_lifetime
        return {**arguments, "ValidLifetime": rest, "PreferredLifetime": rest}

    return bounded


def _address(item: Instance) -> Address:
    text = item.text("IPAddress")
    try:
        address = str(_parse(text))
    except ValueError:
        raise BadDocument(f"MSFT_NetIPAddress.IPAddress: expected an address, found {text!r}") from None
    return Address(
        address=address,
        prefix=item.number("PrefixLength", 0),
        interface_index=item.number("InterfaceIndex"),
        interface_alias=item.text("InterfaceAlias"),
        state=_state_of(item),
        persistent=item.number("Store", 1) == _PERSISTENT_STORE,
        skip_as_source=item.flag("SkipAsSource"),
        reference=item.reference,
        from_dhcp=item.number("PrefixOrigin", 0) == _ORIGIN_DHCP,
    )


def _state_of(item: Instance) -> AddressState:
    """The state; what no table names counts as not usable."""
    number = item.number("AddressState", 0)
    return AddressState(number) if number in AddressState._value2member_map_ else AddressState.INVALID


def _instances(node: Node, address: str) -> list[Address]:
    return [found for found in read_addresses(node) if same_address(found.address, address)]


def _delete(node: Node, found: list[Address]) -> None:
    for instance in found:
        if instance.reference is not None:
            node.cim.delete(instance.reference)


def _where(found: list[Address]) -> str:
    places = (f"interface {one.interface_alias!r} ({_STORES[one.persistent]} store)" for one in found)
    return ", ".join(dict.fromkeys(places))


def _delete_again(node: Node, address: str, clock: Clock) -> None:
    """Remove what is left: a removal may be asked for twice. One that does not end is awaited."""
    try:
        _delete(node, _instances(node, address))
    except (CimError, Unreachable) as failure:
        if not may_take_effect(failure):
            raise
        await_effect(lambda: not _instances(node, address), failure, clock, effect.EFFECT_TIMEOUT)


def _await_address(
    node: Node, address: str, prefix: int, interface_index: int, failure: StandbyError, clock: Clock
) -> None:
    def there() -> bool:
        return _has(node, address, prefix, interface_index)

    await_effect(there, failure, clock, effect.EFFECT_TIMEOUT)


def _has(node: Node, address: str, prefix: int, interface_index: int) -> bool:
    """Whether the address is already where it is wanted.

    Raises:
        StandbyError: it is there in another way, which no further attempt would change.
    """
    found = [instance for instance in _instances(node, address) if not instance.persistent]
    for instance in found:
        if (instance.interface_index, instance.prefix) != (interface_index, prefix):
            raise StandbyError(
                f"is already on interface {instance.interface_alias!r} with prefix length {instance.prefix}",
                remedy=f"Remove it there first: Remove-NetIPAddress -IPAddress {address}",
            )
    return bool(found)


def _state(node: Node, address: str, interface_index: int) -> AddressState | None:
    """State of the active instance on the interface; asks for that interface alone, to keep a poll small."""
    for item in node.cim.enumerate(NET_IP_ADDRESS, where={"InterfaceIndex": str(interface_index)}):
        found = _address(item)
        if same_address(found.address, address) and not found.persistent:
            return found.state
    return None


def _not_usable(address: str, state: AddressState | None, elapsed: float) -> StandbyError:
    if state is AddressState.DUPLICATE:
        return StandbyError(
            "another host answers for this address (duplicate address)",
            remedy=f"Find it by its hardware address: ping {address} from a third host, read its neighbours "
            "(arp -a, or netsh interface ipv6 show neighbors), take the address from that host and run again",
        )
    if state is None:
        return StandbyError(
            f"was not usable within {elapsed:.1f} s: it is absent",
            remedy="Look whether the node restarted, which removes floating addresses, then run again",
        )
    return StandbyError(
        f"was not usable within {elapsed:.0f} s: it is {state.name.title()}",
        remedy="Check that the adapter is connected, and allow more time or fewer DAD probes (dad_transmits)",
    )
