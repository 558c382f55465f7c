# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's network consists of, and the file of what survives a reboot."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from lab.machine.clock import Timer
from lab.machine.files import write_atomically
from lab.topology import Nic, guid_for

LOOPBACK_INDEX = 1
LOOPBACK_ALIAS = "Loopback Pseudo-Interface 1"
IPV4, IPV6 = 2, 23


class State(IntEnum):
    """MSFT_NetIPAddress.AddressState."""

    INVALID = 0
    TENTATIVE = 1
    DUPLICATE = 2
    DEPRECATED = 3
    PREFERRED = 4


class Origin(IntEnum):
    """MSFT_NetIPAddress.PrefixOrigin and SuffixOrigin (the values used here)."""

    MANUAL = 1
    WELL_KNOWN = 2
    DHCP = 3


class AlreadyExists(Exception):
    """The interface has the address already."""


@dataclass
class Held:
    """An address in one store; ends are times of the node's clock, None for an infinite lifetime."""

    address: str
    prefix: int
    index: int
    state: State = State.INVALID
    skip_as_source: bool = False
    valid_end: float | None = None
    preferred_end: float | None = None
    prefix_origin: int = Origin.MANUAL
    suffix_origin: int = Origin.MANUAL
    persistent: bool = False
    ends: list[Timer] = field(default_factory=list, repr=False, compare=False)
    test: Timer | None = field(default=None, repr=False, compare=False)
    probes_left: int = 0

    @property
    def family(self) -> int:
        """2 for IPv4, 23 for IPv6."""
        return IPV6 if ":" in self.address else IPV4

    @property
    def key(self) -> tuple[int, str]:
        """Interface and address: unique within a store."""
        return self.index, self.address


@dataclass
class Interface:
    """An IP interface of one family; ``settings`` are the writable properties by their CIM names."""

    index: int
    alias: str
    family: int
    settings: dict[str, int]


@dataclass
class Adapter:
    """A network adapter; ``cable`` is False while the fault ``nic`` is active."""

    nic: Nic
    guid: str
    mac: str
    enabled: bool = True
    cable: bool = True

    @property
    def up(self) -> bool:
        """Packets pass."""
        return self.enabled and self.cable


def adapter_of(host: str, nic: Nic) -> Adapter:
    """An adapter whose GUID and MAC address are always the same for the same host and alias."""
    guid = guid_for(host, nic.alias).upper()
    return Adapter(nic, guid, "-".join(("00-15-5D", guid[1:3], guid[3:5], guid[5:7])))


def interfaces_of(nics: Iterable[Nic]) -> list[Interface]:
    """The interfaces of both families, the loopback pseudo-interface first."""
    loopback = Nic(LOOPBACK_ALIAS, LOOPBACK_INDEX, dad_transmits=0)
    return [
        Interface(nic.index, nic.alias, family, _settings(nic, family))
        for nic in (loopback, *nics)
        for family in (IPV4, IPV6)
    ]


def _settings(nic: Nic, family: int) -> dict[str, int]:
    """The settings an interface begins with: Windows' defaults, detection as the topology says."""
    return {
        "NlMtu": 1500,
        "InterfaceMetric": 25,
        "DadTransmits": nic.dad_transmits if family == IPV4 else min(1, nic.dad_transmits),
        "DadRetransmitTime": nic.dad_retransmit_ms,
        "WeakHostSend": 0,
        "WeakHostReceive": 0,
        "Dhcp": int(nic.dhcp and family == IPV4),
        "AutomaticMetric": 1,
    }


class PersistentStore:
    """The persistent store: a file of addresses and interface settings."""

    _SAVED = ("address", "prefix", "index", "skip_as_source", "prefix_origin", "suffix_origin")

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, nics: Iterable[Nic], interfaces: list[Interface]) -> list[Held]:
        """The addresses; settings go into the interfaces. At the first start they are the topology's."""
        if not self._path.exists():
            first = [_first(nic, text) for nic in nics for text in nic.addresses]
            self.save(first, interfaces)
            return first
        document: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        saved = {(entry["index"], entry["family"]): entry["settings"] for entry in document["interfaces"]}
        for interface in interfaces:
            interface.settings.update(saved[interface.index, interface.family])
        return [Held(**entry, persistent=True) for entry in document["addresses"]]

    def save(self, addresses: Iterable[Held], interfaces: Iterable[Interface]) -> None:
        """Replace the content."""
        entries = [{name: getattr(held, name) for name in self._SAVED} for held in addresses]
        settings = [{"index": i.index, "family": i.family, "settings": i.settings} for i in interfaces]
        write_atomically(self._path, json.dumps({"addresses": entries, "interfaces": settings}, indent=1))


def _first(nic: Nic, text: str) -> Held:
    address = ipaddress.ip_interface(text)
    origin = Origin.DHCP if nic.dhcp else Origin.MANUAL
    held = Held(str(address.ip), address.network.prefixlen, nic.index, persistent=True)
    held.prefix_origin = held.suffix_origin = origin
    return held
