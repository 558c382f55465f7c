# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets: one listener for each address and port, opened and closed with the sites that need it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping

from lab.iis.routing import LOOPBACK, Endpoint
from lab.transport import cut

# Another node of the lab may still hold the address for the instant of a move; packets of the real world
# would simply arrive at whoever has it.
RETRY_SECONDS = 0.01
# The nodes of a lab share one 127.0.0.1: the first one has it, the others wait without haste.
LOOPBACK_RETRY_SECONDS = 1.0
BACKLOG = 256

Serve = Callable[[Endpoint, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Record = Callable[..., None]
ContextOf = Callable[[Endpoint], "ssl.SSLContext | None"]


class Listener:
    """A listening socket and its open connections."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None, serve: Serve) -> None:
        """Bind and listen at once; connections are taken as soon as the event loop runs.

        Raises:
            OSError: the address and port cannot be had.
        """
        self._endpoint = endpoint
        self._context = context
        self._serve = serve
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._closed = False
        self._socket = _bind(endpoint)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        server = await asyncio.start_server(
            self._client, sock=self._socket, ssl=self._context, backlog=BACKLOG
        )
        self._server = server
        if self._closed:
            server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._closed:
                await self._serve(self._endpoint, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away, or the listener was closed under it
        finally:
            self._writers.discard(writer)
            cut(writer.transport) if self._closed else writer.close()

    def close(self) -> None:
        """Stop listening and cut every open connection, as a machine that has lost the address does."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        else:
            self._socket.close()
            self._task.cancel()
        for writer in self._writers:
            cut(writer.transport)


def _bind(endpoint: Endpoint) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setblocking(False)
        listening.bind((endpoint.address, endpoint.port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


class Listeners:
    """Every listener of the node, brought in line with what is wanted."""

    def __init__(self, serve: Serve, context: ContextOf, record: Record) -> None:
        """Prepare.

        Args:
            serve: answers one connection to its end.
            context: what an https endpoint speaks TLS by; None where it cannot be served.
            record: the node's event log.
        """
        self._serve = serve
        self._context_of = context
        self._record = record
        self._open: dict[Endpoint, Listener] = {}
        self._retries: dict[Endpoint, asyncio.TimerHandle] = {}
        self._bare: set[Endpoint] = set()

    @property
    def open(self) -> frozenset[Endpoint]:
        """Where the node listens now."""
        return frozenset(self._open)

    def reconcile(self, wanted: Iterable[Endpoint]) -> dict[Endpoint, OSError]:
        """Close what is no longer wanted, open what is missing.

        Returns:
            Endpoints that can never be had (no right to the port): who owns them has to stop.
        """
        target = frozenset(wanted)
        for endpoint in [one for one in self._open if one not in target]:
            self._open.pop(endpoint).close()
        for endpoint in [one for one in self._retries if one not in target]:
            self._retries.pop(endpoint).cancel()
        self._bare &= target
        refused: dict[Endpoint, OSError] = {}
        for endpoint in sorted(target, key=lambda one: (one.address, one.port)):
            if endpoint not in self._open and endpoint not in self._retries:
                self._try(endpoint, refused)
        return refused

    def _try(self, endpoint: Endpoint, refused: dict[Endpoint, OSError]) -> None:
        context = self._context(endpoint)
        if endpoint.tls and context is None:
            if endpoint not in self._bare:
                self._record("iis.no_certificate", address=endpoint.address, port=endpoint.port)
            self._bare.add(endpoint)
            return
        try:
            self._open[endpoint] = Listener(endpoint, context, self._serve)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                self._record("iis.address_held_elsewhere", address=endpoint.address, port=endpoint.port)
                self._again(endpoint)
            else:
                self._record(
                    "iis.listen_failed", address=endpoint.address, port=endpoint.port, error=str(error)
                )
                refused[endpoint] = error

    def _again(self, endpoint: Endpoint) -> None:
        delay = LOOPBACK_RETRY_SECONDS if endpoint.address in LOOPBACK else RETRY_SECONDS
        self._retries[endpoint] = asyncio.get_running_loop().call_later(delay, self._retry, endpoint)

    def _retry(self, endpoint: Endpoint) -> None:
        self._retries.pop(endpoint, None)
        try:
            self._open[endpoint] = Listener(endpoint, self._context(endpoint), self._serve)
        except OSError:
            self._again(endpoint)
        else:
            self._record("iis.address_taken", address=endpoint.address, port=endpoint.port)

    def _context(self, endpoint: Endpoint) -> ssl.SSLContext | None:
        return self._context_of(endpoint) if endpoint.tls else None


def tls_contexts(certificates: Mapping[str, tuple[str, str]]) -> dict[str, ssl.SSLContext]:
    """Server contexts by host name; the one for "" picks the others by the name a client asks for (SNI).

    Args:
        certificates: files of chain and key by host name; "" for clients that name none.
    """
    contexts: dict[str, ssl.SSLContext] = {}
    for host, (chain, key) in certificates.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        contexts[host.lower()] = context

    def by_name(
        connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext
    ) -> None:
        asked = (name or "").lower()
        chosen = contexts.get(asked) or contexts.get("*." + asked.partition(".")[2])
        if chosen is not None:
            connection.context = chosen

    if "" in contexts:
        contexts[""].sni_callback = by_name
    return contexts
