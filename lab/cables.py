# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node in a network namespace of its own: what the machine has of its network, the kernel has there.

An adapter is one end of a veth pair; the other end is a port of the switch. An address is there while it is
Preferred or Deprecated, and is announced (gratuitous ARP) when it comes. A peer that the node is cut off from
has a hardware address that nobody has: packets to it get lost, and no connection comes about either way.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from lab import namespaces
from lab.machine.faults import applies
from lab.machine.machine import Machine
from lab.machine.netmodel import Held, adapter_of
from lab.switch import bridge, controller_addresses, nodad, ports
from lab.topology import Node, Topology

_NOBODY = "02:00:00:00:00:00"
_ARP = 0x0806

# (a kind below, interface, address); the kinds in the order in which they are made, and undone in reverse.
Part = tuple[str, str, str]
_MADE = {
    "link": "link set {device} up",
    "address": "address add {address} dev {device}{nodad}",
    "cut": f"neigh replace {{address}} lladdr {_NOBODY} dev {{device}} nud permanent",
}
_UNDONE = {
    "link": "link set {device} down",
    "address": "address del {address} dev {device}",
    "cut": "neigh del {address} dev {device}",
}


def device_of(index: int) -> str:
    """The interface that is an adapter, by the adapter's index."""
    return f"nic{index}"


class Cables:
    """The interfaces of one node.

    Args:
        topology: the lab.
        node: the node of this process.
        switch: the process of the switch.
    """

    def __init__(self, topology: Topology, node: Node, switch: int) -> None:
        self._topology = topology
        self._others = {other.name: [other.address] for other in topology.witnesses}
        for peer in topology.nodes:
            if peer is not node:
                self._others[peer.name] = [_bare(text) for nic in peer.nics for text in nic.addresses]
        own = controller_addresses(topology).values()
        self._others["controller"] = [str(one.ip) for addresses in own for one in addresses]
        self._is: set[Part] = set()
        namespaces.leave()
        self._plug_in(node, switch)

    def _plug_in(self, node: Node, switch: int) -> None:
        # What shares a prefix with an address that goes must stay (Documentation/networking/ip-sysctl.rst).
        Path("/proc/sys/net/ipv4/conf/all/promote_secondaries").write_text("1", encoding="ascii")
        namespaces.ip(["link set lo up"])
        for nic in node.nics:
            port, device = ports(self._topology, node)[nic.index], device_of(nic.index)
            with namespaces.inside(switch):
                if namespaces.has_interface(port):  # of a process that has only just ended
                    namespaces.ip([f"link del {port}"])
            mac = adapter_of(node.name, nic).mac.replace("-", ":")
            namespaces.ip([f"link add {device} address {mac} type veth peer name {port} netns {switch}"])
            with namespaces.inside(switch):
                namespaces.ip([f"link set {port} master {bridge(self._topology, nic.segment)} up"])

    def follow(self, machine: Machine) -> None:
        """Bring the interfaces in line with what the machine has now."""
        wanted = set(self._wanted(machine))
        kinds = list(_MADE)
        gone = sorted(self._is - wanted, key=lambda part: -kinds.index(part[0]))
        come = sorted(wanted - self._is, key=lambda part: kinds.index(part[0]))
        self._is = wanted
        commands = [_command(_UNDONE, part) for part in gone] + [_command(_MADE, part) for part in come]
        namespaces.ip(commands)
        for kind, device, address in come:
            if kind == "address" and ":" not in address:
                _announce(device, _bare(address))

    def _wanted(self, machine: Machine) -> Iterator[Part]:
        network = machine.network
        up = [index for index, adapter in network.adapters.items() if adapter.up]
        usable = network.usable()
        for index in up:
            yield "link", device_of(index), ""
        for held in network.active.values():
            if held.index in up and held.address in usable:
                yield "address", device_of(held.index), _prefixed(held)
        for address in self._cut_off(machine):
            for index in up:
                yield "cut", device_of(index), address

    def _cut_off(self, machine: Machine) -> Iterator[str]:
        """Addresses that packets do not get to."""
        witness = machine.fault("witness")
        lost = witness is not None and witness["action"] == "cut"
        servers = {one.name for one in self._topology.witnesses}
        for name, addresses in self._others.items():
            if machine.is_cut_off_from(name) or (
                lost and name in servers and applies(witness, "witness", name)
            ):
                yield from addresses


def _command(form: dict[str, str], part: Part) -> str:
    kind, device, address = part
    return form[kind].format(device=device, address=address, nodad=nodad(address))


def _prefixed(held: Held) -> str:
    """SkipAsSource: an address with no network of its own is the source of no connection."""
    alone = 128 if ":" in held.address else 32
    return f"{held.address}/{alone if held.skip_as_source else held.prefix}"


def _bare(text: str) -> str:
    return text.partition("/")[0]


def _announce(device: str, address: str) -> None:
    """RFC 5227 3: an ARP announcement, so that nobody sends to who had the address before."""
    place = socket.inet_aton(address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((device, _ARP))
        own: bytes = raw.getsockname()[4]
        head = b"\xff" * 6 + own + struct.pack("!HHHBBH", _ARP, 1, 0x0800, 6, 4, 1)
        raw.send(head + own + place + bytes(6) + place)
