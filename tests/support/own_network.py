# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says of the networks of lab nodes that have namespaces of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import namespaces
from lab.process import Process
from lab.runner import Lab
from lab.topology import NAMESPACES_NETWORK
from tests.support.server_process import need

FAST = Path(__file__).parents[1] / "lab" / "topologies" / "fast.yml"
NETWORK = NAMESPACES_NETWORK


def need_namespaces() -> None:
    """Skip where this user may not have any; where root may not, that is for ``need`` to say."""
    why = namespaces.missing()
    if why and os.geteuid() != 0:
        pytest.skip(why)
    need(why)


def write_topology(folder: Path) -> Path:
    """The fast lab with a network namespace for every node."""
    text = FAST.read_text().replace("../../../lab", str(Path(__file__).parents[2] / "lab"))
    path = folder / "namespaces.yml"
    path.write_text(text + "network: namespaces\n")
    return path


def pid_of(lab: Lab, name: str) -> int:
    pid = Process(lab.state.pid_file(name)).pid
    assert pid is not None
    return pid


def addresses(lab: Lab, name: str) -> dict[str, set[str]]:
    """Addresses with prefixes by interface, as the kernel has them on a node."""
    with namespaces.inside(pid_of(lab, name)):
        shown = json.loads(_ip("-json", "address"))
    return {one["ifname"]: set(_held(one["addr_info"])) for one in shown}


def _held(shown: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Those that IPv6 makes for itself on every link left out."""
    for one in shown:
        if one["scope"] != "link" and one["family"] + one["local"] != "inet6::1":
            yield f"{one['local']}/{one['prefixlen']}"


def holders(lab: Lab, address: str) -> list[str]:
    """Nodes whose kernel has an address."""
    running = [node.name for node in lab.topology.nodes if lab.status(node.name)["power"] != "off"]
    return [
        name
        for name in running
        if any(text.startswith(f"{address}/") for held in addresses(lab, name).values() for text in held)
    ]


def connects(address: str, port: int) -> bool:
    """True where a connection from this thread is accepted within a second."""
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def neighbour(lab: Lab, address: str) -> str:
    """The hardware address that the controller sends to for an address; as CIM writes one."""
    with lab.switch.inside():
        (shown,) = json.loads(_ip("-json", "neigh", "show", address))
    return str(shown.get("lladdr", "")).replace(":", "-").upper()


def _ip(*arguments: str) -> str:
    ended = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True)
    return ended.stdout
