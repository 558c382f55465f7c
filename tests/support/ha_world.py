# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as small as plans need them: what is up where, as facts, and steps that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Hierarchy,
    Ip,
    Site,
    Volume,
    VolumeKind,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import Adapter
from ansible_collections.standby.iis.plugins.module_utils.windows.address import Address, AddressState
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import Disk, Partition
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Binding,
    IisConfiguration,
    IisSite,
    Pool,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.service import Service

NODES = ("server1", "server2")
SHARED = "disk-of-f"
IP1 = Ip("10.0.0.50", 24, NODES)
IP2 = Ip("10.0.0.51", 24, NODES)
DISK = Volume("F:\\", VolumeKind.SHARED, NODES, SHARED)
DATA = Volume("E:\\", VolumeKind.LOCAL, NODES)
SHOP = Site(
    "Shop", NODES, ("10.0.0.50", "10.0.0.51"), ("E:\\", "F:\\"), ("shop",), (Check("http://10.0.0.50/"),)
)
WIKI = Site("Wiki", NODES, ("10.0.0.51",), ("E:\\",), ("wiki",))
WHOLE = Hierarchy("Shop", NODES, (IP1, IP2), (DATA, DISK), (SHOP, WIKI))
CLUSTER = Cluster("web", NODES, WHOLE.ips, WHOLE.volumes, WHOLE.sites)


def address(text, state=AddressState.PREFERRED, *, persistent=False, skip=True, index=12, prefix=24):
    return Address(text, prefix, index, "Ethernet", state, persistent, skip, None)


@dataclass
class Server:
    """The members that are up on a node; ``unreachable`` is what a reader is told instead."""

    name: str
    number: int
    addresses: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    disks: set[str] = field(default_factory=set)
    pools: set[str] = field(default_factory=lambda: {"shop", "wiki"})
    unreachable: str | None = None

    @property
    def held(self) -> set[str]:
        return {
            *(f"ip {text}" for text in self.addresses),
            *(f'site "{name}"' for name in self.sites),
            *(f"disk {name}" for name in self.disks),
        }

    def facts(self) -> NodeFacts:
        if self.unreachable:
            return NodeFacts(self.name, problem=self.unreachable)
        return NodeFacts(
            self.name,
            adapters=(Adapter("Ethernet", 12, True),),
            addresses=(
                address(f"10.0.0.{self.number}", persistent=True, skip=False),
                *(address(text) for text in sorted(self.addresses)),
            ),
            disks=(
                Disk(0, "system", "", False, False, "", True, True, False, None),
                Disk(2, SHARED, "", SHARED not in self.disks, False, "", False, False, False, None),
            ),
            partitions=(
                Partition(0, 1, ("C:\\",), "C", None),
                Partition(1, 1, ("E:\\",), "E", None),
                *([Partition(2, 1, ("F:\\",), "F", None)] if SHARED in self.disks else []),
            ),
            iis=IisConfiguration(
                tuple(self._site(site) for site in (SHOP, WIKI)),
                tuple(
                    Pool(name, True, "Started" if name in self.pools else "Stopped", "", "Integrated", "")
                    for name in ("shop", "wiki")
                ),
                None,
            ),
            services={name: Service(name, "Running", "Auto") for name in ("W3SVC", "WAS")},
            machine=SimpleNamespace(system_drive="C:"),
        )

    def _site(self, site: Site) -> IisSite:
        bindings = tuple(Binding("http", f"{text}:80:") for text in site.ips)
        state = "Started" if site.name in self.sites else "Stopped"
        return IisSite(site.name, 1, False, state, bindings)


class World:
    """Servers, the steps done to them, and whether anything was ever up twice."""

    def __init__(self) -> None:
        self.servers = {name: Server(name, number) for number, name in enumerate(NODES, start=11)}
        self.done: list[str] = []
        self.fail: dict[str, StandbyError] = {}
        self.fail_after: dict[str, StandbyError] = {}
        self.lost_after: dict[str, str] = {}
        self.twice: set[str] = set()

    def up(self, name: str) -> World:
        """Have the whole hierarchy in service on a node."""
        server = self.servers[name]
        server.addresses = {ip.address for ip in WHOLE.ips}
        server.sites = {site.name for site in WHOLE.sites}
        server.disks = {SHARED}
        return self

    def facts(self) -> dict[str, NodeFacts]:
        return {name: server.facts() for name, server in self.servers.items()}

    def perform(self, step) -> None:
        server = self.servers[step.node]
        if server.unreachable:
            raise StandbyError(server.unreachable, node=step.node)
        if step.sentence in self.fail:
            raise self.fail[step.sentence]
        self._change(server, step.action.value, step.arguments)
        self.done.append(step.sentence)
        one, two = self.servers.values()
        self.twice |= one.held & two.held
        if step.sentence in self.fail_after:
            raise self.fail_after[step.sentence]
        if step.sentence in self.lost_after:
            self.servers[self.lost_after[step.sentence]].unreachable = "The node did not answer."

    @staticmethod
    def _change(server: Server, action: str, arguments) -> None:
        if action == "stop_site":
            server.sites.discard(arguments["name"])
        elif action == "start_site":
            server.sites.add(arguments["name"])
        elif action == "remove_address":
            server.addresses.discard(arguments["address"])
        elif action == "add_address":
            server.addresses.add(arguments["address"])
        elif action == "offline_disk":
            server.disks.discard(arguments["disk"])
        elif action == "online_disk":
            server.disks.add(arguments["disk"])
        elif action == "stop_pool":
            server.pools.discard(arguments["name"])
        elif action == "start_pool":
            server.pools.add(arguments["name"])


class Now:
    """A pool that runs everything at once, one after the other."""

    def submit(self, function, *arguments):
        try:
            value = function(*arguments)
        except BaseException as error:
            return SimpleNamespace(result=lambda error=error: (_rest for _rest in ()).throw(error))
        return SimpleNamespace(result=lambda: value)


class Ticks:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
