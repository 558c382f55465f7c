# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire between the nodes: what ARP and neighbour discovery are for, without raw sockets.

Every host on the wire has a datagram socket in one folder; a message goes to all of them. A host that is
stopped (SIGSTOP) or dead does not answer, as on a real wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

_SUFFIX = ".wire"
_LARGEST = 4096


@dataclass(frozen=True)
class Message:
    """What one host says to the others.

    Attributes:
        kind: ``probe`` (who has the address? the sender would like it), ``reply`` (the sender has it) or
            ``announce`` (the sender has taken it).
        segment: the segment it is heard on.
        sender: host name.
    """

    kind: str
    segment: str
    address: str
    sender: str


Receiver = Callable[[Message], None]


class Wire(Protocol):
    """A host's connection to the others."""

    def send(self, message: Message) -> None:
        """Let every other host hear a message; those that cannot are not waited for."""

    def listen(self, receiver: Receiver) -> None:
        """Call back with every message heard from now on."""

    def close(self) -> None:
        """Leave the wire."""


class UnixWire:
    """A wire of datagram sockets in a folder.

    Args:
        folder: short enough for a socket path (108 bytes), shared by the hosts of a lab.
        name: this host.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._path = folder / f"{name}{_SUFFIX}"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))

    def send(self, message: Message) -> None:
        """Send to every other socket of the folder; full and dead ones are passed over."""
        data = json.dumps(asdict(message)).encode()
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path != self._path:
                with contextlib.suppress(OSError):
                    self._socket.sendto(data, str(path))

    def listen(self, receiver: Receiver) -> None:
        """Read on the running event loop."""

        def readable() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    receiver(Message(**json.loads(self._socket.recv(_LARGEST))))

        asyncio.get_running_loop().add_reader(self._socket.fileno(), readable)

    def close(self) -> None:
        """Stop reading and remove the socket."""
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)


class Hub:
    """A wire within one process, for tests: messages arrive at once."""

    def __init__(self) -> None:
        self._receivers: dict[str, Receiver] = {}

    def connect(self, name: str) -> HubWire:
        """A host's end."""
        return HubWire(self, name)

    def deliver(self, message: Message) -> None:
        """Let every host but the sender hear it."""
        for name, receiver in list(self._receivers.items()):
            if name != message.sender:
                receiver(message)

    def attach(self, name: str, receiver: Receiver) -> None:
        """Add or replace a host."""
        self._receivers[name] = receiver

    def detach(self, name: str) -> None:
        """Remove a host: power loss."""
        self._receivers.pop(name, None)


class HubWire:
    """One host's end of a Hub."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub = hub
        self._name = name

    def send(self, message: Message) -> None:
        """Deliver at once."""
        self._hub.deliver(message)

    def listen(self, receiver: Receiver) -> None:
        """Join the hub."""
        self._hub.attach(self._name, receiver)

    def close(self) -> None:
        """Leave the hub."""
        self._hub.detach(self._name)
