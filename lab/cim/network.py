# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, interfaces and adapters: the classes of root/StandardCimv2."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Any

from lab.machine.faults import Faults
from lab.machine.netmodel import IPV4, IPV6, LOOPBACK_INDEX, Adapter, AlreadyExists, Held, Interface, Origin
from lab.machine.network import Network

from .base import ClassProvider, invalid_parameter, not_emulated, not_found, require_instance
from .schema import Embedded, Ref, Result, Values

# A CIM interval has eight digits of days (DSP0004 5.2.4); its largest value stands for an infinite lifetime.
INFINITE = timedelta(days=99999999, hours=23, minutes=59, seconds=59, microseconds=999999)
# RFC 1112 4: class E, with the limited broadcast address.
_RESERVED = ipaddress.ip_network("240.0.0.0/4")
# Lifetimes are 32-bit seconds with 0xffffffff for infinite (MIB_UNICASTIPADDRESS_ROW).
_INFINITE_SECONDS = 0xFFFFFFFF

# Live keys are opaque and hold XML-special characters: ;@C8???8C?8??@55@55;55; or poB:DD;C:@D<n>nD==:@DB=:m/;
_ALPHABET = "?8:;<=>@BCDmnop/"


def opaque(text: str) -> str:
    """A key in the likeness of the live ones: nobody can take it apart, nobody has to."""
    digits = "".join(f"{_ALPHABET[byte >> 4]}{_ALPHABET[byte & 15]}" for byte in text.encode())
    return f"{digits}@55;55;"


def _keys(text: str) -> dict[str, str]:
    return {"CreationClassName": "", "SystemCreationClassName": "", "SystemName": "", "Name": opaque(text)}


def _seconds(value: timedelta | None) -> float | None:
    """None for a lifetime that was not given or is infinite."""
    if value is None or value.total_seconds() >= _INFINITE_SECONDS:
        return None
    return value.total_seconds()


class NetIPAddress(ClassProvider):
    """MSFT_NetIPAddress: one instance an address and store."""

    def __init__(self, network: Network, faults: Faults) -> None:
        super().__init__("MSFT_NetIPAddress")
        self._network = network
        self._faults = faults

    async def instances(self) -> list[Values]:
        """The active store's entries, then the persistent store's."""
        return [self._values(held) for held in self._entries()]

    async def modify(self, keys: Values, values: Values) -> None:
        """Set SkipAsSource and lifetimes."""
        held = self._find(keys)
        changed = self.writable(self._values(held), values)
        if unknown := set(changed) - {"SkipAsSource", "ValidLifetime", "PreferredLifetime"}:
            raise not_emulated(f"Put of MSFT_NetIPAddress with {', '.join(sorted(unknown))}")
        if "ValidLifetime" in values or "PreferredLifetime" in values:
            self._set_lifetimes(held, values)
        if changed.get("SkipAsSource") is not None:
            self._network.set_skip_as_source(held, changed["SkipAsSource"])

    async def delete(self, keys: Values) -> None:
        """Remove the entry from its store."""
        self._network.remove(self._find(keys))

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """The static method Create."""
        if method != "Create":
            return await super().invoke(method, keys, arguments)
        made = [self._values(held) for held in self._create(arguments)]
        embedded = [Embedded(self.schema.name, values) for values in made]
        return Result(0, {"CmdletOutput": embedded if arguments.get("PassThru") else None})

    def _create(self, arguments: Values) -> list[Held]:
        index = self._interface_index(arguments)
        self._refuse_unknown(arguments)
        held = _held(arguments, index)
        valid, preferred = _lifetimes(arguments)
        active, persistent = _stores(arguments.get("PolicyStore"))
        if persistent and valid is not None:
            raise not_emulated("a finite lifetime in the persistent store")
        self._check_dhcp(index, persistent and not active)
        elsewhere = [h for h in self._entries() if h.address == held.address and h.index != index]
        if elsewhere:
            raise not_emulated(f"{held.address} on two interfaces at once")
        try:
            made = self._network.add(held, active=active, persistent=persistent)
        except AlreadyExists:
            raise invalid_parameter("Instance MSFT_NetIPAddress already exists") from None
        self._network.disable_dhcp(index)
        for entry in made:
            if not entry.persistent and valid is not None:
                self._network.set_lifetimes(entry, valid, preferred)
        return made

    def _check_dhcp(self, index: int, persistent_only: bool) -> None:
        """The refusal that is seen while a DHCP or link change is under way."""
        dhcp = self._network.interface(index, IPV4).settings["Dhcp"]
        if self._faults.get("dhcp_race") is not None or (persistent_only and dhcp):
            self._faults.clear("dhcp_race")
            raise invalid_parameter("Inconsistent parameters PolicyStore PersistentStore and Dhcp Enabled")

    def _refuse_unknown(self, arguments: Values) -> None:
        for name in ("DefaultGateway", "AddressState"):
            if arguments.get(name) is not None:
                raise not_emulated(f"MSFT_NetIPAddress.Create with {name}")

    def _interface_index(self, arguments: Values) -> int:
        index, alias = arguments.get("InterfaceIndex"), arguments.get("InterfaceAlias")
        if index is None and not alias:
            raise invalid_parameter("Invalid parameter InterfaceIndex")
        by_alias = self._network.index_of(str(alias)) if alias else index
        if by_alias is None:
            raise invalid_parameter(f"Invalid parameter InterfaceAlias {alias}")
        if index is not None and by_alias != index:
            raise invalid_parameter(
                f"Inconsistent parameters InterfaceIndex {index} and InterfaceAlias {alias}"
            )
        if by_alias != LOOPBACK_INDEX and by_alias not in self._network.adapters:
            raise not_found()
        return int(by_alias)

    def _set_lifetimes(self, held: Held, values: Values) -> None:
        if held.persistent:
            raise not_emulated("lifetimes in the persistent store")
        current = self._values(held)
        valid, preferred = _lifetimes(
            {name: values.get(name) or current[name] for name in ("ValidLifetime", "PreferredLifetime")}
        )
        self._network.set_lifetimes(held, valid, preferred)

    def _entries(self) -> list[Held]:
        return [*self._network.active.values(), *self._network.stored.values()]

    def _find(self, keys: Values) -> Held:
        for held in self._entries():
            if _keys(_identity(held)) == dict(keys):
                return held
        raise not_found()

    def _values(self, held: Held) -> dict[str, Any]:
        v4 = held.family == IPV4
        return self.complete(
            {
                **_keys(_identity(held)),
                "InstanceID": opaque(_identity(held)),
                "ElementName": held.address,
                "RequestedState": 12,
                "EnabledDefault": 2,
                "TransitioningToState": 12,
                "ProtocolIFType": 4096 if v4 else 4097,
                "IPv4Address": held.address if v4 else None,
                "IPv6Address": None if v4 else held.address,
                "AddressOrigin": 0,
                "InterfaceIndex": held.index,
                "InterfaceAlias": self._network.alias(held.index),
                "IPAddress": held.address,
                "AddressFamily": held.family,
                "PrefixLength": held.prefix,
                "Type": 1,
                "Store": 0 if held.persistent else 1,
                "PrefixOrigin": int(held.prefix_origin),
                "SuffixOrigin": int(held.suffix_origin),
                "AddressState": int(held.state),
                "ValidLifetime": self._lifetime(held.valid_end),
                "PreferredLifetime": self._lifetime(held.preferred_end),
                "SkipAsSource": held.skip_as_source,
            }
        )

    def _lifetime(self, end: float | None) -> timedelta:
        left = self._network.remaining(end)
        return INFINITE if left is None else timedelta(seconds=left)


def _identity(held: Held) -> str:
    return f"{held.index} {held.address} {'P' if held.persistent else 'A'}"


def _held(arguments: Values, index: int) -> Held:
    text = arguments.get("IPAddress")
    try:
        address = ipaddress.ip_address(str(text))
    except ValueError:
        raise invalid_parameter(f"Invalid parameter IPAddress {text}") from None
    if address.is_unspecified or address.is_multicast or address in _RESERVED:
        raise not_emulated(f"MSFT_NetIPAddress.Create of {text}, which is no unicast address")
    family = IPV4 if address.version == 4 else IPV6
    if arguments.get("AddressFamily") not in (None, family):
        raise invalid_parameter(f"Inconsistent parameters IPAddress {text} and AddressFamily")
    if arguments.get("Type") not in (None, 1):
        raise not_emulated("anycast addresses")
    prefix = arguments.get("PrefixLength")
    if prefix is None:
        raise not_emulated("Create without PrefixLength")
    if not 0 < prefix <= address.max_prefixlen:
        raise invalid_parameter(f"Invalid parameter PrefixLength {prefix}")
    for name in ("PrefixOrigin", "SuffixOrigin"):
        if arguments.get(name) not in (None, Origin.MANUAL):
            raise not_emulated(f"{name} {arguments[name]}")
    return Held(str(address), prefix, index, skip_as_source=bool(arguments.get("SkipAsSource")))


def _lifetimes(values: Values) -> tuple[float | None, float | None]:
    """Seconds or None for infinite; preferred may not exceed valid."""
    valid, preferred = _seconds(values.get("ValidLifetime")), _seconds(values.get("PreferredLifetime"))
    if valid is not None and values.get("PreferredLifetime") is None:
        raise not_emulated("a finite ValidLifetime without a PreferredLifetime")
    if valid is not None and (preferred is None or preferred > valid):
        raise invalid_parameter("Inconsistent parameters ValidLifetime and PreferredLifetime")
    return valid, preferred


def _stores(policy: object) -> tuple[bool, bool]:
    """(active, persistent); where no store is named an address goes into both."""
    stores = {None: (True, True), "activestore": (True, False), "persistentstore": (False, True)}
    name = None if policy is None else str(policy).casefold()
    if name not in stores:
        raise invalid_parameter(f"Invalid parameter PolicyStore {policy}")
    return stores[name]


class NetIPInterface(ClassProvider):
    """MSFT_NetIPInterface: one instance an interface and family, of the active store."""

    def __init__(self, network: Network) -> None:
        super().__init__("MSFT_NetIPInterface")
        self._network = network

    async def instances(self) -> list[Values]:
        """Every interface, the loopback pseudo-interface too."""
        return [self._values(interface) for interface in self._network.interfaces]

    async def modify(self, keys: Values, values: Values) -> None:
        """Set what the lab acts on."""
        found = [i for i in self._network.interfaces if _keys(f"{i.index} {i.family}") == dict(keys)]
        if not found:
            raise not_found()
        changed = self.writable(self._values(found[0]), values)
        if unknown := set(changed) - set(found[0].settings):
            raise not_emulated(f"Put of MSFT_NetIPInterface with {', '.join(sorted(unknown))}")
        if changed:
            self._network.set_interface(found[0], changed)

    def _values(self, interface: Interface) -> dict[str, Any]:
        adapter = self._network.adapters.get(interface.index)
        return self.complete(
            {
                **_keys(f"{interface.index} {interface.family}"),
                "InstanceID": opaque(f"{interface.index} {interface.family}"),
                "RequestedState": 12,
                "EnabledDefault": 2,
                "TransitioningToState": 12,
                "InterfaceIndex": interface.index,
                "InterfaceAlias": interface.alias,
                "AddressFamily": interface.family,
                "Store": 1,
                "ConnectionState": int(adapter is None or adapter.up),
                "CompartmentId": 1,
                **interface.settings,
            }
        )


class NetAdapter(ClassProvider):
    """MSFT_NetAdapter: adapters only, the loopback pseudo-interface is none."""

    def __init__(self, network: Network, computer_name: str) -> None:
        super().__init__("MSFT_NetAdapter")
        self._network = network
        self._computer_name = computer_name

    async def instances(self) -> list[Values]:
        """Every adapter."""
        return [self._values(adapter) for adapter in self._network.adapters.values()]

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Enable, Disable and Restart."""
        if method not in ("Enable", "Disable", "Restart"):
            return await super().invoke(method, keys, arguments)
        wanted = require_instance(method, keys)
        found = [
            a for a in self._network.adapters.values() if self.key_values(self._values(a)) == dict(wanted)
        ]
        if not found:
            raise not_found()
        if method in ("Disable", "Restart"):
            self._network.set_link(found[0].nic.index, enabled=False)
        if method in ("Enable", "Restart"):
            self._network.set_link(found[0].nic.index, enabled=True)
        return Result(0)

    def _values(self, adapter: Adapter) -> dict[str, Any]:
        link = 1 if adapter.up else 2
        speed = 10_000_000_000
        return self.complete(
            {
                "Caption": "MSFT_NetAdapter 'Lab Ethernet Adapter'",
                "Description": "Lab Ethernet Adapter",
                "Name": adapter.nic.alias,
                "CreationClassName": "MSFT_NetAdapter",
                "DeviceID": adapter.guid,
                "SystemCreationClassName": "CIM_NetworkPort",
                "SystemName": self._computer_name,
                "Speed": speed,
                "PermanentAddress": adapter.mac.replace("-", ""),
                "NetworkAddresses": [adapter.mac.replace("-", "")],
                "FullDuplex": True,
                "ActiveMaximumTransmissionUnit": 1500,
                "InterfaceDescription": "Lab Ethernet Adapter",
                "InterfaceName": f"ethernet_{adapter.nic.index}",
                "InterfaceGuid": adapter.guid,
                "InterfaceIndex": adapter.nic.index,
                "DeviceName": f"\\Device\\{adapter.guid}",
                "Virtual": False,
                "Hidden": False,
                "InterfaceType": 6,
                "HardwareInterface": True,
                "EndPointInterface": False,
                "State": 2 if adapter.enabled else 3,
                "InterfaceOperationalStatus": link,
                "OperationalStatusDownMediaDisconnected": not adapter.cable,
                "InterfaceAdminStatus": 1 if adapter.enabled else 2,
                "MediaConnectState": (1 if adapter.cable else 2) if adapter.enabled else 0,
                "MtuSize": 1500,
                "TransmitLinkSpeed": speed,
                "ReceiveLinkSpeed": speed,
                "ConnectorPresent": True,
                "AdminLocked": False,
            }
        )


def reference(provider: ClassProvider, values: Values) -> Ref:
    """A reference to an instance."""
    keys = {name: str(value) for name, value in provider.key_values(values).items()}
    return Ref(provider.schema.namespace, provider.schema.name, keys)
