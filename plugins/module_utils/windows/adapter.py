# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Network adapters and the IP settings of their interfaces.

MSFT_NetAdapter and MSFT_NetIPInterface of ``root/StandardCimv2`` (Windows Server 2012 and later).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import StandbyError
from ..node import ClassPath, Instance, Node
from .failure import about

NET_ADAPTER = ClassPath("root/StandardCimv2", "MSFT_NetAdapter")
NET_IP_INTERFACE = ClassPath("root/StandardCimv2", "MSFT_NetIPInterface")

IPV4 = 2  # MSFT_NetIPInterface.AddressFamily and MSFT_NetIPAddress.AddressFamily
IPV6 = 23
ACTIVE_STORE = 1  # .Store of both classes; 0 is the persistent one

_ENABLED = 1  # MSFT_NetIPInterface.Dhcp
_UP = 1  # InterfaceOperationalStatus
_CONNECTED = 1  # MediaConnectState


@dataclass(frozen=True)
class Adapter:
    """A network adapter.

    Attributes:
        alias: its name as operators see it, such as ``Ethernet 2``.
        index: InterfaceIndex; changes when the adapter is replaced, so it is never stored.
        up: operational and with a cable (InterfaceOperationalStatus 1 and MediaConnectState 1).
    """

    alias: str
    index: int
    up: bool


@dataclass(frozen=True)
class Interface:
    """The IP of one family on an adapter, as it is in force now.

    Attributes:
        index: InterfaceIndex.
        family: IPV4 or IPV6.
        dhcp: its addresses are configured by DHCP.
        dad_transmits: probes before a new address is usable; None where it was not told.
    """

    index: int
    family: int
    dhcp: bool
    dad_transmits: int | None = None


def read_adapters(node: Node) -> list[Adapter]:
    """The adapters of a node without hidden ones (tunnels, miniports); the loopback interface is none."""
    with about(node, "network adapters"):
        return [_adapter(item) for item in node.cim.enumerate(NET_ADAPTER) if not item.flag("Hidden")]


def read_interfaces(node: Node) -> list[Interface]:
    """The IP interfaces of a node, of both families, from the active store."""
    with about(node, "IP interfaces"):
        found = node.cim.enumerate(NET_IP_INTERFACE)
        return [_ip(item) for item in found if item.number("Store", ACTIVE_STORE) == ACTIVE_STORE]


def find_adapter(adapters: Iterable[Adapter], alias: str) -> Adapter | None:
    """The adapter of that alias; Windows compares aliases without case."""
    return next((adapter for adapter in adapters if adapter.alias.casefold() == alias.casefold()), None)


def read_dad_transmits(node: Node, index: int, family: int) -> int:
    """How many probes duplicate address detection sends on an interface before an address is usable.

    Args:
        node: where.
        index: InterfaceIndex.
        family: IPV4 or IPV6.

    Raises:
        StandbyError: the interface has no IP of that family.
    """
    with about(node, f"interface {index}"):
        return _interface(node, index, family).number("DadTransmits")


def write_dad_transmits(node: Node, index: int, family: int, count: int) -> None:
    """Set the number of probes in the active store; read back, as a partial Put is not confirmed everywhere.

    Args:
        node: where.
        index: InterfaceIndex.
        family: IPV4 or IPV6.
        count: probes; 0 turns the detection off.

    Raises:
        StandbyError: the interface has no IP of that family, or Windows kept another number.
    """
    with about(node, f"interface {index}"):
        reference = _interface(node, index, family).reference
        if reference is None:
            raise StandbyError("MSFT_NetIPInterface came without an endpoint reference")
        node.cim.modify(reference, {"DadTransmits": count})
        found = _interface(node, index, family).number("DadTransmits")
        if found != count:
            raise StandbyError(
                f"DadTransmits is {found} after it was set to {count}",
                remedy=f"Set it there: Set-NetIPInterface -InterfaceIndex {index} -DadTransmits {count}",
            )


def _adapter(item: Instance) -> Adapter:
    up = item.number("InterfaceOperationalStatus", 0) == _UP
    connected = item.number("MediaConnectState", 0) == _CONNECTED
    return Adapter(item.text("Name"), item.number("InterfaceIndex"), up and connected)


def _ip(item: Instance) -> Interface:
    return Interface(
        item.number("InterfaceIndex"),
        item.number("AddressFamily"),
        item.number("Dhcp", 0) == _ENABLED,
        None if item.get("DadTransmits") is None else item.number("DadTransmits"),
    )


def _interface(node: Node, index: int, family: int) -> Instance:
    """The active-store instance of an interface; the persistent store has one like it."""
    for item in node.cim.enumerate(NET_IP_INTERFACE, where={"InterfaceIndex": str(index)}):
        if item.number("AddressFamily") == family and item.number("Store", ACTIVE_STORE) == ACTIVE_STORE:
            return item
    raise StandbyError(
        f"no {'IPv6' if family == IPV6 else 'IPv4'} interface of that index",
        remedy="Enable the protocol on the adapter, or name another interface",
    )
