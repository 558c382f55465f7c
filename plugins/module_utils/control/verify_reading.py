# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assumptions on CIM over WS-Management, network, storage and registry that reading alone can try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import MethodError
from ..node import ClassPath, Instance, Node
from ..windows.adapter import ACTIVE_STORE, NET_ADAPTER, NET_IP_INTERFACE
from ..windows.address import NET_IP_ADDRESS
from ..windows.disk import DISK, read_partitions
from ..windows.environment import read_machine
from ..windows.partition import PARTITION
from ..windows.registry import STD_REG_PROV, read_value
from ..windows.service import WIN32_SERVICE
from ..windows.volume import VOLUME
from .assumption import Assumption, NotCheckable, Refuted

_LOOPBACK = "127.0.0.1"
_WINDOWS_KEY = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
_NO_SUCH = "standby.iis-no-such-name"

# What the drivers read of each class; on the wire a property that is null may also be absent.
_READ: dict[ClassPath, tuple[str, ...]] = {
    NET_ADAPTER: ("Name", "InterfaceIndex", "InterfaceOperationalStatus", "MediaConnectState", "Hidden"),
    NET_IP_ADDRESS: ("IPAddress", "PrefixLength", "InterfaceIndex", "AddressState", "Store", "SkipAsSource"),
    NET_IP_INTERFACE: ("InterfaceIndex", "AddressFamily", "Store", "DadTransmits"),
    DISK: ("Number", "UniqueId", "IsOffline", "IsReadOnly", "IsBoot", "IsSystem"),
    PARTITION: ("DiskNumber", "PartitionNumber"),
    VOLUME: ("Path",),
}


def _pages(node: Node) -> str:
    services = node.cim.enumerate(WIN32_SERVICE)
    names = {service.text("Name").casefold() for service in services}
    if len(names) != len(services) or "winrm" not in names:
        raise Refuted(f"{len(services)} services of {len(names)} names came, or WinRM was not among them")
    if any(service.reference is None for service in services):
        raise Refuted("an instance came without endpoint reference")
    return f"{len(services)} services came, each once and with its endpoint reference"


def _properties(node: Node) -> str:
    missing = []
    for target, names in _READ.items():
        items = node.cim.enumerate(target)
        if not items:
            missing.append(f"{target.name} (no instance)")
        for name in names:
            if items and all(item.get(name) is None for item in items):
                missing.append(f"{target.name}.{name}")
    if missing:
        raise Refuted(f"missing: {', '.join(missing)}")
    return f"{', '.join(target.name for target in _READ)} have all properties that are read"


def _loopback(node: Node) -> str:
    adapters = {item.text("InterfaceIndex") for item in node.cim.enumerate(NET_ADAPTER)}
    addresses = node.cim.enumerate(NET_IP_ADDRESS)
    own = [item.text("InterfaceIndex") for item in addresses if item.text("IPAddress") == _LOOPBACK]
    if not own:
        raise NotCheckable(f"the node has no {_LOOPBACK}")
    if set(own) & adapters:
        raise Refuted(f"an adapter has interface index {own[0]}, that of {_LOOPBACK}")
    return f"no adapter has interface index {own[0]}, that of {_LOOPBACK}"


def _active_interfaces(node: Node) -> str:
    active = [
        item for item in node.cim.enumerate(NET_IP_INTERFACE) if item.number("Store", -1) == ACTIVE_STORE
    ]
    places = {(item.number("InterfaceIndex"), item.number("AddressFamily")) for item in active}
    if not active or len(places) != len(active):
        raise Refuted(f"{len(active)} instances of the active store for {len(places)} interfaces")
    return f"{len(active)} interfaces have one instance of the active store each"


def _selector_filters(node: Node) -> str:
    tried = (
        (NET_IP_ADDRESS, "InterfaceIndex"),
        (NET_IP_INTERFACE, "InterfaceIndex"),
        (PARTITION, "DiskNumber"),
    )
    for target, name in tried:
        everything = node.cim.enumerate(target)
        if not everything:
            raise NotCheckable(f"{target.name} has no instance")
        value = everything[0].text(name)
        wanted = sum(item.text(name) == value for item in everything)
        found = node.cim.enumerate(target, where={name: value})
        if len(found) != wanted or any(item.text(name) != value for item in found):
            raise Refuted(f"{target.name} with {name}={value}: {len(found)} instances instead of {wanted}")
    return "interface index and disk number select exactly the instances that have them"


def _drive_letters(node: Node) -> str:
    raw = {_shown(item.get("DriveLetter")) for item in node.cim.enumerate(PARTITION)}
    for partition in read_partitions(node):
        letters = [path[0] for path in partition.access_paths if len(path) == 3]
        if [partition.drive_letter] != (letters or [""]):
            raise Refuted(
                f"partition {partition.number} of disk {partition.disk_number} has letter "
                f"{partition.drive_letter!r} and access paths {', '.join(partition.access_paths) or 'none'}"
            )
    return f"letters agree with access paths; on the wire: {', '.join(sorted(raw))}"


def _volume_paths(node: Node) -> str:
    volumes = {item.text("Path").casefold() for item in node.cim.enumerate(VOLUME)}
    named = [partition.volume for partition in read_partitions(node) if partition.access_paths]
    strange = [path or "none" for path in named if path.casefold() not in volumes]
    if strange:
        raise Refuted(f"partitions name volumes that MSFT_Volume does not have: {', '.join(strange)}")
    return f"{len(named)} partitions with access paths name their volume's GUID path among them"


def _registry(node: Node) -> str:
    root = read_value(node, _WINDOWS_KEY, "SystemRoot") or ""
    directory = read_machine(node).windows_directory
    if root.casefold() != directory.casefold():
        raise Refuted(f"SystemRoot is {root!r} in the registry, Windows is in {directory!r}")
    return f"SystemRoot is {root!r}, as Win32_OperatingSystem says"


def _registry_absence(node: Node) -> str:
    codes = [_code(node, _WINDOWS_KEY), _code(node, f"SOFTWARE\\{_NO_SUCH}")]
    if codes[0] not in (1, 2) or codes[1] != 2:
        raise Refuted(f"return codes {codes[0]} for a value and {codes[1]} for a key that do not exist")
    return f"return code {codes[0]} for a value and {codes[1]} for a key that do not exist"


def _code(node: Node, key: str) -> int:
    arguments: dict[str, Any] = {"hDefKey": 0x80000002, "sSubKeyName": key, "sValueName": _NO_SUCH}
    try:
        answer: Instance = node.cim.invoke(STD_REG_PROV, "GetStringValue", arguments)
    except MethodError as failure:
        return failure.code
    return answer.number("ReturnValue", 0)


def _variables(node: Node) -> str:
    machine = read_machine(node)
    if len(machine.variables) <= 4:
        raise Refuted("no system variable came beside those of the operating system itself")
    return f"{len(machine.variables)} system variables, windir as {machine.variables['WINDIR']!r}"


def _shown(value: object) -> str:
    return "null" if value is None else repr(value)


READING: Sequence[Assumption[Node]] = (
    Assumption(
        "cim-pages",
        "an enumeration over WS-Management is complete when the last Pull says so, however many items the "
        "first answer holds",
        "wsman/cim.py",
        _pages,
    ),
    Assumption(
        "cim-properties",
        "MSFT_NetAdapter, MSFT_NetIPAddress, MSFT_NetIPInterface, MSFT_Disk, MSFT_Partition and MSFT_Volume "
        "answer over WS-Management with the properties of the published schema, on Windows Server 2016 to "
        "2025",
        "windows/",
        _properties,
    ),
    Assumption(
        "cim-filters",
        "a selector filter may name a property that is no key (InterfaceIndex, DiskNumber)",
        "windows/address.py",
        _selector_filters,
    ),
    Assumption(
        "net-loopback",
        "the loopback interface is not among the instances of MSFT_NetAdapter",
        "windows/adapter.py",
        _loopback,
    ),
    Assumption(
        "net-stores",
        "MSFT_NetIPInterface has one instance of the active store for each interface and address family",
        "windows/adapter.py",
        _active_interfaces,
    ),
    Assumption(
        "disk-letters",
        "a missing drive letter (char16 NUL) comes as null, an empty text, NUL or 0",
        "windows/partition.py",
        _drive_letters,
    ),
    Assumption(
        "disk-volumes",
        "MSFT_Partition.AccessPaths holds the volume's GUID path, spelled as in MSFT_Volume.Path",
        "windows/volume.py",
        _volume_paths,
    ),
    Assumption(
        "registry-wsman",
        "the static methods of StdRegProv in root/cimv2 answer over WS-Management",
        "windows/registry.py",
        _registry,
    ),
    Assumption(
        "registry-absence",
        "StdRegProv returns 1 or 2 for a value that does not exist and 2 for a key that does not exist",
        "windows/registry.py",
        _registry_absence,
    ),
    Assumption(
        "machine-variables",
        "the account may read the system's environment variables from Win32_Environment",
        "windows/environment.py",
        _variables,
    ),
)
