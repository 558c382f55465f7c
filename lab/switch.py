# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch of a lab with network namespaces: ``python -m lab.switch --state FOLDER``.

A process whose namespace has a bridge for every segment. The controller and the servers of the witnesses are
there too, at addresses of the bridges; the nodes plug themselves in (lab/cables.py).
"""

from __future__ import annotations

import argparse
import ipaddress
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from lab import namespaces
from lab.parent import die_with
from lab.process import Process
from lab.state import State
from lab.topology import Node, Topology

Address = ipaddress.IPv4Interface | ipaddress.IPv6Interface


class NoSwitch(RuntimeError):
    """There is none, or none can be had here; the message says why."""


class Switch:
    """The switch of a lab, where its topology wants one; nothing else, and nothing to do, where not.

    Args:
        state: the lab's.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._process = Process(state.switch)
        self._ready = state.switch.with_suffix(".ready")

    def start(self, *, bound: bool) -> None:
        """Start it, and return when it has its bridges; one that runs goes on.

        Raises:
            NoSwitch: there can be none here, or it does not start.
        """
        if not self._state.topology().namespaces or self._process.pid is not None:
            return
        if why := namespaces.missing():
            raise NoSwitch(f"{why}; or set `network: loopback` in the topology")
        self._ready.unlink(missing_ok=True)
        output = self._state.folder / "switch.log"
        self._process.start(["lab.switch", "--state", str(self._state.folder)], output, bound=bound)
        deadline = time.monotonic() + 10.0
        while not self._ready.exists():
            if self._process.pid is None or time.monotonic() > deadline:
                raise NoSwitch(f"the switch does not start: see {output}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it: every cable ends in the air."""
        self._process.kill()

    @property
    def pid(self) -> int:
        """Its process.

        Raises:
            NoSwitch: it does not run.
        """
        pid = self._process.pid
        if pid is None:
            raise NoSwitch("the switch of the lab does not run: `python -m lab down`, then up")
        return pid

    def inside(self) -> AbstractContextManager[None]:
        """This thread, and what it starts meanwhile, where the controller is."""
        return namespaces.inside(self.pid) if self._state.topology().namespaces else nullcontext()

    def plug(self, name: str, *, there: bool) -> None:
        """Let all cables of a node lead to the switch, or to nowhere; a node that is gone has none."""
        topology = self._state.topology()
        if not topology.namespaces or self._process.pid is None:
            return
        with self.inside():
            for port in ports(topology, topology.node(name)).values():
                try:
                    namespaces.ip([f"link set {port} {'up' if there else 'down'}"])
                except RuntimeError:
                    if namespaces.has_interface(port):
                        raise


def ports(topology: Topology, node: Node) -> dict[int, str]:
    """The switch's interface for each adapter of a node, by the adapter's index."""
    number = topology.nodes.index(node)
    return {nic.index: f"node{number}-{nic.index}" for nic in node.nics}


def bridge(topology: Topology, segment: str) -> str:
    """The switch's bridge for a segment."""
    return f"segment{_segments(topology).index(segment)}"


def _hardware(device: str) -> str:
    """A bridge that is given none takes that of a port, and another one when ports come and go."""
    return f"02:00:00:00:01:{int(device.removeprefix('segment')):02x}"


def _segments(topology: Topology) -> list[str]:
    return sorted({nic.segment for node in topology.nodes for nic in node.nics})


def controller_addresses(topology: Topology) -> dict[str, list[Address]]:
    """Where the controller is on each segment: at the last address of each network that no node has."""
    return {segment: list(_last_free(topology, segment)) for segment in _segments(topology)}


def _last_free(topology: Topology, segment: str) -> Iterator[Address]:
    nics = [nic for node in topology.nodes for nic in node.nics if nic.segment == segment]
    held = [ipaddress.ip_interface(text) for nic in nics for text in nic.addresses]
    taken = {one.ip for one in held} | {ipaddress.ip_address(one.address) for one in topology.witnesses}
    for network in sorted({one.network for one in held}, key=str):
        place = 2
        while network[-place] in taken:
            place += 1
        yield ipaddress.ip_interface(f"{network[-place]}/{network.prefixlen}")


def build(topology: Topology) -> None:
    """The bridges, with the addresses of controller and witnesses.

    Raises:
        NoSwitch: a witness has an address that no segment leads to.
    """
    homeless = {witness.address for witness in topology.witnesses}
    namespaces.ip(["link set lo up"])
    for segment, own in controller_addresses(topology).items():
        device = bridge(topology, segment)
        near = {text for text in homeless if any(ipaddress.ip_address(text) in one.network for one in own)}
        homeless -= near
        addresses = [one.with_prefixlen for one in own] + sorted(near)
        namespaces.ip([f"link add {device} address {_hardware(device)} type bridge", f"link set {device} up"])
        namespaces.ip([f"address add {text} dev {device}{nodad(text)}" for text in addresses])
    if homeless:
        raise NoSwitch(f"no segment leads to the witness at {', '.join(sorted(homeless))}")


def nodad(address: str) -> str:
    """The lab detects duplicate addresses itself; for IPv4 the kernel does not."""
    return " nodad" if ":" in address else ""


def main() -> None:
    """Run a switch until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m lab.switch", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--parent", type=int, help="process to end with")
    arguments = parser.parse_args()
    if arguments.parent:
        die_with(arguments.parent)
    state = State(arguments.state)
    namespaces.leave()
    build(state.topology())
    state.switch.with_suffix(".ready").touch()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
