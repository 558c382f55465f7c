# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on one wire, under one clock: what the tests of the lab's network stand on."""

from __future__ import annotations

from pathlib import Path

from lab.machine.clock import ManualClock
from lab.machine.netmodel import Held, PersistentStore, State
from lab.machine.network import Network
from lab.machine.wire import Hub
from lab.topology import Nic

ADDRESS = "127.77.1.50"


class World:
    """Hosts on one wire, under one clock that tests advance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.hub = Hub()
        self.events: list[tuple[str, str, dict]] = []
        self.cut: set[frozenset[str]] = set()

    def host(self, name: str, *nics: Nic) -> Network:
        nics = nics or (Nic("Ethernet", 12, (f"127.77.0.{10 + len(self.events)}/16",)),)
        network = Network(
            name,
            nics,
            PersistentStore(self.folder / f"{name}.json"),
            self.clock,
            self.hub.connect(name),
            lambda event, **details: self.events.append((name, event, details)),
            lambda: None,
            lambda peer: frozenset((name, peer)) in self.cut,
        )
        network.start()
        self.clock.advance(10)
        return network

    def states(self, name: str, address: str = ADDRESS) -> list[str]:
        return [
            details["state"]
            for host, event, details in self.events
            if (host, event, details.get("address")) == (name, "address", address)
        ]


def take(network: Network, address: str = ADDRESS, *, persistent: bool = False, index: int = 12) -> Held:
    return network.add(Held(address, 16, index), active=True, persistent=persistent)[-1]


def state(network: Network, address: str = ADDRESS, index: int = 12) -> State | None:
    held = network.active.get((index, address))
    return held.state if held else None
