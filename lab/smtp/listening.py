# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of an SMTP virtual server, and its conversation by aiosmtpd.

SMTPSVC has sockets of its own. What they do when their address comes late or goes is not documented; the lab
takes the harsher reading: a binding with an address that is not usable when the virtual server starts is deaf
until the next start, and so is one whose address has gone.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from lab.smtp.mail import Message
from lab.transport import cut

# Another node may still hold the address for the instant of a move.
_RETRY_SECONDS = 0.01
_RETRIES = 200
IDENT = "Microsoft ESMTP MAIL Service (lab) ready"

_LOCAL = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Talk:
    """How a virtual server talks.

    Attributes:
        node: the computer's name.
        greeting: the domain it shows.
        limit: MaxMessageSize.
        relay: it takes mail for everybody.
        context: for STARTTLS, or None.
        accept: keeps a message; raises OSError where it cannot.
        mute: whether it takes connections and says nothing.
        status: what it greets with in place of 220, or None.
    """

    node: str
    greeting: str
    limit: int
    relay: bool
    context: ssl.SSLContext | None
    accept: Callable[[Message], str]
    mute: Callable[[], bool]
    status: Callable[[], int | None]


class _Handler:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Relaying is refused to everybody where it is refused."""
        if not self._talk.relay:
            return f"550 5.7.1 Unable to relay for {address}"
        envelope.rcpt_tos.append(address)
        return f"250 2.1.5 {address}"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """A message is taken once it lies in the queue."""
        content = envelope.original_content or b""
        try:
            kept = self._talk.accept(Message(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        except OSError as error:
            return f"452 4.3.1 The message cannot be kept: {error.strerror}"
        return f"250 2.6.0 <{kept}> Queued mail for delivery"


class _Conversation(SMTP):
    def __init__(self, talk: Talk, opened: set[asyncio.WriteTransport]) -> None:
        super().__init__(
            _Handler(talk),
            hostname=talk.greeting,
            ident=IDENT,
            data_size_limit=talk.limit,
            tls_context=talk.context,
            loop=asyncio.get_running_loop(),
        )
        self._talk = talk
        self._opened = opened
        self._wire: asyncio.WriteTransport | None = None

    def connection_made(self, transport: Any) -> None:
        if self._wire is None:
            self._wire = transport
            self._opened.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._wire is not None:
            self._opened.discard(self._wire)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """What is said, unless the virtual server hangs or greets with something else."""
        while self._talk.mute():
            await asyncio.sleep(0.05)
        if str(status).startswith("220 ") and IDENT in str(status):
            status = self._greeting()
        await super().push(status)

    def _greeting(self) -> str:
        """With the node that answers, for the view from outside."""
        code = self._talk.status() or 220
        said = IDENT if code == 220 else "Service not available"
        return f"{code}-X-Lab-Node: {self._talk.node}\r\n{code} {self.hostname} {said}"


class Ears:
    """The listeners of one virtual server while it runs.

    Args:
        bindings: address (None for every one) and port.
        talk: how it talks.
        record: the node's event log.
    """

    def __init__(
        self, bindings: list[tuple[str | None, int]], talk: Talk, record: Callable[..., None]
    ) -> None:
        self._bindings = bindings
        self._talk = talk
        self._record = record
        self._servers: dict[tuple[str, int], asyncio.Server] = {}
        self._opened: dict[tuple[str, int], set[asyncio.WriteTransport]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def open(self) -> frozenset[tuple[str, int]]:
        """Where it listens."""
        return frozenset(self._servers)

    async def start(self, usable: frozenset[str]) -> None:
        """Listen on every address that is usable now.

        Raises:
            PermissionError: the machine does not give a port to this user.
        """
        for address, port in self._bindings:
            if address is None:
                self.follow(usable)
            elif address in usable:
                await self._listen(address, port)
            else:
                self._record("smtp.deaf", address=address, port=port)

    def follow(self, usable: frozenset[str]) -> None:
        """Close what has lost its address; bindings without an address hear new ones too."""
        for place in [place for place in self._servers if place[0] not in usable]:
            self._close(place)
        ports = [port for address, port in self._bindings if address is None]
        wanted = {(address, port) for port in ports for address in usable - _LOCAL}
        for address, port in wanted - set(self._servers):
            task = asyncio.get_running_loop().create_task(self._listen(address, port))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self._closed = True
        for place in list(self._servers):
            self._close(place)

    async def _listen(self, address: str, port: int) -> None:
        opened: set[asyncio.WriteTransport] = set()
        for left in reversed(range(_RETRIES)):
            try:
                bound = _bind(address, port)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or not left:
                    self._record("smtp.not_listening", address=address, port=port, error=str(error))
                    if isinstance(error, PermissionError):
                        raise
                    return
                await asyncio.sleep(_RETRY_SECONDS)
        if self._closed or (address, port) in self._servers:
            bound.close()
            return
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Conversation(self._talk, opened), sock=bound)
        self._servers[address, port], self._opened[address, port] = server, opened
        if self._closed:
            self._close((address, port))

    def _close(self, place: tuple[str, int]) -> None:
        self._servers.pop(place).close()
        for transport in self._opened.pop(place):
            cut(transport)


def _bind(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setblocking(False)
        listening.bind((address, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening
