# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which links of a node are cut or slow for its real processes: the node's file of the link table.

The format is that of ``lab/agent_site/standby_lab/links.py``, which reads it in those processes.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.machine.faults import applies
from lab.machine.files import write_atomically
from lab.machine.machine import Machine
from lab.topology import Node, Topology, Witness

_SLOW = 1.0
_TIMEOUT = 5.0


class LinkFile:
    """The file of one node.

    Args:
        path: the file; its folder holds those of all nodes.
        topology: the lab.
        machine: the node.
        shares: folder of each witness, by its name.
    """

    def __init__(self, path: Path, topology: Topology, machine: Machine, shares: Mapping[str, Path]) -> None:
        self._path = path
        self._topology = topology
        self._machine = machine
        self._shares = shares
        self._written = ""

    def write(self) -> None:
        """Say how it is now; nothing is written where that has not changed."""
        text = json.dumps(self._table())
        if text != self._written:
            write_atomically(self._path, text)
            self._written = text

    def _table(self) -> dict[str, Any]:
        machine = self._machine
        held = {machine.node.address, *(held.address for held in machine.network.active.values())}
        others: list[Node | Witness] = [n for n in self._topology.nodes if n.name != machine.node.name]
        others += self._topology.witnesses
        real = self._topology.namespaces
        cuts = {other.name: _cut(machine, other, real=real and isinstance(other, Node)) for other in others}
        return {
            "address": machine.node.address,
            "addresses": sorted(held - {"127.0.0.1"}),
            "cut": {name: cut for name, cut in cuts.items() if cut},
            "slow": {**dict(_given(machine, "seconds")), **dict(self._slow_witnesses())},
            "lossy": dict(_given(machine, "loss")),
            "witnesses": {w.name: self._witness(w) for w in self._topology.witnesses},
        }

    def _witness(self, witness: Witness) -> dict[str, Any]:
        fault = self._machine.fault("witness")
        action = self._action(witness)
        return {
            "address": witness.address,
            "folder": str(self._shares[witness.name]),
            "seconds": _number(fault, "seconds", _SLOW) if action == "slow" else 0.0,
            "timeout": _number(fault, "timeout", _TIMEOUT),
            "full": action == "full",
        }

    def _slow_witnesses(self) -> Iterator[tuple[str, float]]:
        """Connections to the address of a witness are as late as calls on its share."""
        for witness in self._topology.witnesses:
            if self._action(witness) == "slow":
                yield witness.name, _number(self._machine.fault("witness"), "seconds", _SLOW)

    def _action(self, witness: Witness) -> object:
        fault = self._machine.fault("witness")
        return fault["action"] if fault and applies(fault, "witness", witness.name) else None


def mark_off(path: Path) -> None:
    """Nothing answers at the addresses of a node that is off, not even by a refusal, until it boots."""
    if path.exists():
        table = json.loads(path.read_text(encoding="utf-8"))
        write_atomically(path, json.dumps({**table, "off": True}))


def _cut(machine: Machine, other: Node | Witness, *, real: bool) -> str:
    """``both``, ``to``, ``from``, or nothing where the link is whole."""
    witness = machine.fault("witness")
    lost = isinstance(other, Witness) and witness is not None and witness["action"] == "cut"
    if lost and applies(witness, "witness", other.name):
        return "both"
    # Where nodes have network namespaces, what is between them is cut there (lab/cables.py).
    if not real and (machine.is_cut_off_from(other.name) or not _is_wired(machine, other.address)):
        return "both"
    link = machine.fault("link")
    if link is None or "seconds" in link or "loss" in link:
        return ""
    to, from_ = (other.name in _names(link, key) for key in ("to", "from"))
    return "both" if to and from_ else "to" if to else "from" if from_ else ""


def _is_wired(machine: Machine, address: str) -> bool:
    """True where an adapter that is up has an address in the same network, or has the node's own."""
    wanted = ipaddress.ip_address(address)
    own = machine.node.address
    for held in machine.network.active.values():
        adapter = machine.network.adapters.get(held.index)
        near = wanted in ipaddress.ip_network(f"{held.address}/{held.prefix}", strict=False)
        if adapter is not None and adapter.up and (near or held.address == own):
            return True
    return False


def _given(machine: Machine, key: str) -> Iterator[tuple[str, float]]:
    """The other ends of links that are slow or lossy, with how much."""
    link = machine.fault("link")
    if link is not None and key in link:
        for name in _names(link, "to") + _names(link, "from"):
            yield name, _number(link, key, 0.0)


def _names(fault: Mapping[str, object], key: str) -> list[str]:
    return [name.strip() for name in str(fault.get(key, "")).split(",") if name.strip()]


def _number(fault: Mapping[str, object] | None, key: str, default: float) -> float:
    return float(str((fault or {}).get(key, default)))
