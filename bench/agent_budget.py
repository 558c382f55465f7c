# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent costs its node: memory, processor, calls to Windows; 20 sites, each with its own address.

Two lab nodes run the real ``standby.pyz`` at the preset lan; the first has all sites in service, the second
stands by. What stands for Windows, the PowerShell of the bridge and appcmd, are relays of the lab: they have
lines and columns of their own, and say nothing of what those programs take on Windows.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.addresses import Addresses
from ansible_collections.standby.iis.plugins.module_utils.agent.bridge import Bridge
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from lab.runner import Lab

from .conditions import table
from .many_sites import AGENT_NODES, SITES, agents

SECONDS = 60.0
# Aims of the project: MB, and percent of one core.
AIM_MEMORY, AIM_CORE = 60.0, 1.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a process has used.

    Attributes:
        own: processor time of its own, seconds.
        children: that of its children that have ended, and theirs, seconds.
        pss: proportional set size, MB; rss: resident set size, MB.
    """

    own: float
    children: float
    pss: float
    rss: float


def run() -> str:
    """The figures as text."""
    rows: list[tuple[object, ...]] = []
    with agents() as lab:
        found = {name: _processes(lab, name) for name in AGENT_NODES}
        before = {pid: usage(pid) for one in found.values() for pids in one.values() for pid in pids}
        time.sleep(SECONDS)
        after = {pid: usage(pid) for pid in before}
        for name, role in zip(AGENT_NODES, ("in service", "standing by"), strict=True):
            rows.extend(_rows(f"{name}, {SITES} sites {role}", found[name], before, after))
    calls = renewal_calls(SITES)
    return (
        table(("process", "PSS MB", "RSS MB", "% of a core", "children % of a core"), rows)
        + f"\nover {SECONDS:g} s; aims for the agent: {AIM_MEMORY:g} MB, {AIM_CORE:g} % of a core"
        + "\nchildren of the worker: appcmd, as relays of the lab; bridges: PowerShell, as relays of the lab"
        + f"\na renewal of {SITES} addresses: {calls} call{'s' if calls != 1 else ''} of the bridge"
    )


def _rows(
    title: str, pids: dict[str, list[int]], before: dict[int, Usage], after: dict[int, Usage]
) -> list[tuple[object, ...]]:
    def row(name: str, kinds: Sequence[str]) -> tuple[object, ...]:
        own = [pid for kind in kinds for pid in pids[kind]]
        core = sum(after[pid].own - before[pid].own for pid in own) / SECONDS * 100
        # The supervisor's child is the worker, which is counted itself as long as it lives.
        children = sum(after[pid].children - before[pid].children for pid in own) / SECONDS * 100
        pss, rss = sum(after[pid].pss for pid in own), sum(after[pid].rss for pid in own)
        return name, f"{pss:.1f}", f"{rss:.1f}", f"{core:.2f}", f"{children:.2f}"

    return [
        row(f"{title}: agent", ("run", "work")),
        row("  of this the supervisor", ("run",)),
        row("  of this the worker", ("work",)),
        row("  its bridges", ("bridge",)),
    ]


def _processes(lab: Lab, node: str) -> dict[str, list[int]]:
    """Supervisor, worker and bridges of a node's agent, by the lab's folder in their command lines."""
    folder = str(lab.state.node(node))
    found: dict[str, list[int]] = {"run": [], "work": [], "bridge": []}
    lines = {pid: _command(pid) for pid in _pids()}
    for pid, line in lines.items():
        if any(text.startswith(folder) and text.endswith("standby.pyz") for text in line):
            found["run" if "run" in line else "work"].append(pid)
    for pid, line in lines.items():
        if any(text.endswith("cim_bridge.ps1") for text in line) and _parent(pid) in found["work"]:
            found["bridge"].append(pid)
    return found


def _pids() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name, which may hold anything (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def usage(pid: int) -> Usage:
    """What a process of this machine has used so far."""
    fields = _stat(pid)
    own, children = (sum(int(fields[at]) for at in pair) / _TICKS for pair in ((11, 12), (13, 14)))
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {line.split(":")[0]: line.split()[1] for line in rollup.splitlines()[1:]}
    return Usage(own, children, int(sizes["Pss"]) / 1024, int(sizes["Rss"]) / 1024)


class _Counting:
    """A child of a bridge that has some addresses, and counts the lines that it is sent."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self.changes = 0

    def exchange(self, line: bytes, _timeout: float) -> bytes:
        """Addresses to who reads, nothing to who changes them."""
        request = json.loads(line)
        self.changes += any(call["verb"] == "modify" for call in request["calls"])
        answers = [self._items() if call["verb"] == "enumerate" else {} for call in request["calls"]]
        return json.dumps({"id": request["id"], "answers": answers}).encode() + b"\n"

    def _items(self) -> dict[str, Any]:
        return {"items": [_instance(one) for one in self._addresses]}

    def fit(self) -> bool:
        """It always is."""
        return True

    def stop(self) -> str:
        """Nothing to end."""
        return ""


def _instance(address: str) -> dict[str, Any]:
    name = "MSFT_NetIPAddress"
    keys = [["Name", f"string={address}"]]
    properties = {"IPAddress": f"string={address}", "InterfaceIndex": "uint32=6", "Store": "uint8=1"}
    reference = {"namespace": "root/StandardCimv2", "class": name, "keys": keys}
    return {"class": name, "properties": properties, "reference": reference}


def renewal_calls(addresses: int) -> float:
    """Lines that the bridge is sent for one renewal of so many addresses, by the agent's own code."""
    held = [f"10.0.0.{last}" for last in range(1, addresses + 1)]
    child = _Counting(held)
    bridge = Bridge(["powershell.exe"], start=lambda _argv: child)
    renewing = Addresses(Node("server1", bridge, None), lambda: timedelta(seconds=5))  # type: ignore[arg-type]
    renewing.hold(held)
    renewing.renew()
    end = time.monotonic() + 10.0
    while not child.changes and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.2)  # for a second one, if there were one
    renewing.close()
    return child.changes
