# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab consists of: a YAML file read into frozen dataclasses; unknown keys are refused."""

from __future__ import annotations

import dataclasses
import ipaddress
import types
import typing
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lab.releases import BUILDS, NO_SMTP, SKUS, shown
from lab.smtp.spec import SmtpServer

TOPOLOGIES = Path(__file__).parent / "topologies"
DEFAULT_TOPOLOGY = TOPOLOGIES / "classical.yml"
LOOPBACK, NAMESPACES = "loopback", "namespaces"
# What stands for 127.77 where nothing else is asked for and nodes have namespaces: 127 cannot leave one.
NAMESPACES_NETWORK = "10.77"

# Ten times as fast where PyYAML has libyaml.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What a web server with ASP.NET and the usual ways to log on has.
FEATURES = (
    "IIS-WebServerRole",
    "IIS-WebServer",
    "IIS-StaticContent",
    "IIS-DefaultDocument",
    "IIS-HttpErrors",
    "IIS-RequestFiltering",
    "IIS-WindowsAuthentication",
    "IIS-ASPNET45",
    "IIS-ManagementScriptingTools",
    "NetFx4Extended-ASPNET45",
    "SmbDirect",
)

T = TypeVar("T")


class TopologyError(ValueError):
    """The file does not describe a lab; the message names the file and the place in it."""


@dataclass(frozen=True)
class Nic:
    """A network adapter.

    Attributes:
        addresses: ``address/prefix`` texts, in the persistent store from the first start on.
        segment: adapters on one segment hear each other's address resolution.
        dad_transmits: probes for duplicate address detection; 0 switches it off (Windows: 3 for IPv4).
        dad_retransmit_ms: wait after each probe, milliseconds (Windows: 1000).
    """

    alias: str
    index: int
    addresses: tuple[str, ...] = ()
    dhcp: bool = False
    segment: str = "lan"
    dad_transmits: int = 3
    dad_retransmit_ms: int = 1000


@dataclass(frozen=True)
class Partition:
    r"""A data partition with its NTFS volume.

    Attributes:
        access: access paths it has from the first start on, ``E:\`` or ``C:\mounts\web\``.
    """

    access: tuple[str, ...] = ()
    label: str = ""
    size_gb: int = 40


@dataclass(frozen=True)
class Disk:
    """A disk of one node, or one that several can reach.

    Attributes:
        id: name within the lab; what faults call it.
        number: MSFT_Disk.Number on each node that sees it, or one number for all.
        unique_id: MSFT_Disk.UniqueId.
        guid: GPT disk GUID with braces; made from the id where not given.
        system: boot and system disk.
        online: for a shared disk, the node it is online on from the first start on.
        style: ``gpt`` or ``mbr``.
        sector: bytes of a logical sector.
    """

    id: str
    number: int | dict[str, int]
    unique_id: str = ""
    guid: str = ""
    system: bool = False
    partitions: tuple[Partition, ...] = ()
    nodes: tuple[str, ...] = ()
    online: str | None = None
    style: str = "gpt"
    sector: int = 512

    @property
    def shared(self) -> bool:
        """True where more than one node can reach it."""
        return bool(self.nodes)

    def number_on(self, node: str) -> int:
        """Its number on a node."""
        return self.number[node] if isinstance(self.number, dict) else self.number


@dataclass(frozen=True)
class ServiceSpec:
    """A Windows service; start_mode is ``Auto``, ``Manual`` or ``Disabled``."""

    name: str
    display: str = ""
    start_mode: str = "Auto"
    depends: tuple[str, ...] = ()
    start_seconds: float = 0.0


@dataclass(frozen=True)
class WinRm:
    """The node's WinRM service.

    Attributes:
        first_items: items in the answer to Enumerate: ``one`` as Server 2012, ``all`` as Server 2003.
        basic: Basic authentication is allowed.
        allow_unencrypted: Basic and unencrypted messages are accepted over HTTP.
        max_envelope_kb: MaxEnvelopeSizekb.
        max_shells: MaxShellsPerUser.
    """

    port: int = 5985
    https_port: int = 5986
    first_items: str = "one"
    basic: bool = True
    allow_unencrypted: bool = False
    max_envelope_kb: int = 500
    max_shells: int = 30


@dataclass(frozen=True)
class Windows:
    """The version the node shows, and what kind of machine it is.

    Attributes:
        server: the year of Windows Server; caption, version and build follow it where not given.
        iis: IIS is installed.
        ftp: with it the FTP service.
        localized: messages of programs are in another language than English.
        boot_seconds: from shutdown to a machine that answers.
        disk_seconds: to bring a disk online or take it offline.
        san_policy: MSFT_StorageSetting.NewDiskPolicy; 2 leaves shared disks offline at boot.
        task_pace: what a second in the definition of a scheduled task takes, in seconds.
        shutdown_seconds: what tasks that an orderly shutdown starts are given before processes are ended.
        features: optional features that are installed, by their names in Win32_OptionalFeature.
        edition: ``Standard`` or ``Datacenter``.
        domain: the domain that it is a member of; none where empty.
        storage_replica: Storage Replica is installed.
    """

    server: int = 2022
    caption: str = ""
    version: str = ""
    build: str = ""
    iis: bool = True
    ftp: bool = True
    localized: bool = False
    locale: str = "en-US"
    boot_seconds: float = 1.0
    disk_seconds: float = 0.05
    san_policy: int = 2
    task_pace: float = 1.0
    shutdown_seconds: float = 5.0
    features: tuple[str, ...] = FEATURES
    edition: str = "Standard"
    domain: str = ""
    storage_replica: bool = False

    def __post_init__(self) -> None:
        """Fill in what follows from the year.

        Raises:
            TypeError: no Windows Server of that year, or no such edition.
        """
        if self.server not in BUILDS:
            raise TypeError(f"server: expected one of {', '.join(map(str, BUILDS))}, found {self.server}")
        if self.edition not in SKUS:
            raise TypeError(f"edition: expected {' or '.join(SKUS)}, found {self.edition}")
        for name, text in shown(self.server, self.build, self.edition).items():
            object.__setattr__(self, name, getattr(self, name) or text)


@dataclass(frozen=True)
class Node:
    """One server.

    Attributes:
        name: its inventory name.
        address: its own address; WinRM listens there.
        users: names that may log on with the lab's password; the client certificate is the first one's.
        config: applicationHost.config to start from, relative to the topology file; the shipped one else.
        content: applicationHost.config whose virtual directories get start pages at the first start.
        environment: system environment variables beside those every Windows has.
        programs: Windows path -> ``python``: a program that is a real process of the lab machine.
        smtp: SMTP virtual servers; the feature SMTP-Server is installed where there are any.
    """

    name: str
    address: str
    computer_name: str = ""
    users: tuple[str, ...] = ("Administrator",)
    nics: tuple[Nic, ...] = ()
    disks: tuple[Disk, ...] = ()
    services: tuple[ServiceSpec, ...] = ()
    winrm: WinRm = field(default_factory=WinRm)
    windows: Windows = field(default_factory=Windows)
    config: str | None = None
    content: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    smtp: tuple[SmtpServer, ...] = ()

    @property
    def netbios(self) -> str:
        """Computer name, upper case."""
        return (self.computer_name or self.name).upper()


@dataclass(frozen=True)
class Witness:
    r"""A file server beside the nodes: ``\\name\share`` and ``\\address\share``."""

    name: str
    address: str
    share: str = "witness$"


@dataclass(frozen=True)
class Topology:
    """A lab.

    Attributes:
        network: ``loopback`` for nodes on loopback addresses of this machine, ``namespaces`` for nodes with a
            network namespace each (lab/cables.py), which needs root.
        base: the folder that relative paths start from.
    """

    name: str
    nodes: tuple[Node, ...]
    shared_disks: tuple[Disk, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    network: str = LOOPBACK
    base: Path = Path()

    @property
    def namespaces(self) -> bool:
        """True where every node has a network namespace of its own."""
        return self.network == NAMESPACES

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            TopologyError: there is none; the message lists what there is.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise TopologyError(f"no node {name!r} in lab {self.name}; nodes: {known}")

    def disks_of(self, node: Node) -> tuple[Disk, ...]:
        """Its own disks and the shared ones it can reach."""
        return (*node.disks, *(disk for disk in self.shared_disks if node.name in disk.nodes))


def guid_for(*names: str) -> str:
    """A GUID in braces that is always the same for the same names."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(names))) + "}"


def load(path: Path, network: str | None = None) -> Topology:
    """Read a topology file.

    Args:
        path: the YAML file.
        network: the first two octets to use in place of 127.77, such as ``127.81``: labs side by side.

    Raises:
        TopologyError: the file is not there, is no YAML or does not describe a lab.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(move(text, network), _LOADER)  # noqa: S506  a safe one
    except (OSError, yaml.YAMLError) as error:
        raise TopologyError(f"{path}: {error}") from error
    topology = _build(Topology, {"name": path.stem, **_mapping(document, str(path))}, str(path))
    _check(topology, path)
    return dataclasses.replace(topology, base=path.parent)


def move(text: str, network: str | None) -> str:
    """A text with the lab's addresses moved to another network."""
    return text.replace("127.77.", f"{network}.") if network else text


def _check(topology: Topology, path: Path) -> None:
    names = [node.name for node in topology.nodes]
    if not names or len(set(names)) != len(names):
        raise TopologyError(f"{path}: nodes: expected at least one node and no name twice, found {names}")
    for node in topology.nodes:
        own = [ipaddress.ip_interface(text).ip for nic in node.nics for text in nic.addresses]
        if ipaddress.ip_address(node.address) not in own:
            raise TopologyError(f"{path}: node {node.name}: address {node.address} is on none of its nics")
        if unknown := set(node.programs.values()) - {"python"}:
            raise TopologyError(f"{path}: node {node.name}: programs: unknown {', '.join(sorted(unknown))}")
        if not any(disk.system for disk in node.disks):
            raise TopologyError(f"{path}: node {node.name}: disks: one must be the system disk")
        _check_smtp(node, f"{path}: node {node.name}: smtp")
    if topology.network not in (LOOPBACK, NAMESPACES):
        raise TopologyError(f"{path}: network: expected {LOOPBACK} or {NAMESPACES}, found {topology.network}")
    servers = [witness.name for witness in topology.witnesses]
    if len({*names, *servers}) != len(names) + len(servers):
        raise TopologyError(f"{path}: witnesses: expected names that no node and no other witness has")
    for disk in topology.shared_disks:
        if unknown := set(disk.nodes) - set(names):
            raise TopologyError(f"{path}: shared disk {disk.id}: unknown nodes {', '.join(sorted(unknown))}")


def _check_smtp(node: Node, where: str) -> None:
    numbers = [server.number for server in node.smtp]
    if len(set(numbers)) != len(numbers) or any(number < 1 for number in numbers):
        raise TopologyError(f"{where}: expected numbers from 1 on and none twice, found {numbers}")
    if node.smtp and node.windows.server >= NO_SMTP:
        raise TopologyError(f"{where}: Windows Server {node.windows.server} has no SMTP Server")


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TopologyError(f"{where}: expected a mapping, found {type(value).__name__}")
    return value


def _build(type_: type[T], value: object, where: str) -> T:
    document = _mapping(value, where)
    hints = typing.get_type_hints(type_)
    if unknown := sorted(set(document) - set(hints)):
        raise TopologyError(f"{where}: unknown keys {', '.join(unknown)}; known: {', '.join(sorted(hints))}")
    arguments = {key: _value(hints[key], item, f"{where}: {key}") for key, item in document.items()}
    try:
        return type_(**arguments)
    except TypeError as error:
        raise TopologyError(f"{where}: {error}") from error


def _value(hint: Any, value: object, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise TopologyError(f"{where}: expected a list, found {type(value).__name__}")
        return tuple(_value(arguments[0], item, f"{where}[{place}]") for place, item in enumerate(value))
    if origin is types.UnionType:
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, value, where)
    if origin is dict:
        return dict(_mapping(value, where))
    if hint is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, hint):
        raise TopologyError(f"{where}: expected {hint.__name__}, found {value!r}")
    return value
