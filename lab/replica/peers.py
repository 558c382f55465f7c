# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the replication of two nodes speaks: one JSON line there, one back, on a socket of the other node."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

_LARGEST = 1 << 24
_SUFFIX = ".replica"

Message = Mapping[str, Any]
Handler = Callable[[Message], Awaitable[Message]]


class NotReached(OSError):
    """The other node is off, hangs, is cut off, or did not answer in time."""


class Peers(Protocol):
    """The other nodes' replication."""

    async def serve(self, handler: Handler) -> None:
        """Answer others from now on."""

    async def call(self, computer: str, message: Message, timeout: float) -> Message:
        """Ask the replication of a computer.

        Raises:
            NotReached: no answer.
        """

    async def close(self) -> None:
        """Answer nobody any more."""


class UnixPeers:
    """Peers through sockets in a folder.

    Args:
        folder: short enough for a socket path, shared by the nodes of a lab.
        name: this node.
        names: computer name in lower case -> node.
        cut: says whether this node can neither ask nor be asked by another node now.
    """

    def __init__(self, folder: Path, name: str, names: Mapping[str, str], cut: Callable[[str], bool]) -> None:
        self._folder, self._name, self._names, self._cut = folder, name, names, cut
        self._path = folder / f"{name}{_SUFFIX}"
        self._server: asyncio.Server | None = None

    async def serve(self, handler: Handler) -> None:
        """Listen on this node's socket."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
                line = await reader.readline()
                message = json.loads(line)
                if not self._cut(message["from"]):
                    writer.write(json.dumps(await handler(message)).encode() + b"\n")
                    await writer.drain()
            writer.close()

        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(answer, str(self._path), limit=_LARGEST)

    async def call(self, computer: str, message: Message, timeout: float) -> Message:
        """One connection a message; whatever goes wrong is ``NotReached``."""
        node = self._names.get(computer.casefold())
        if node is None or self._cut(node):
            raise NotReached(f"{computer} cannot be reached")
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(node, {**message, "from": self._name})
        except (OSError, TimeoutError, ValueError) as error:
            raise NotReached(f"{computer} does not answer: {error}") from error

    async def _exchange(self, node: str, message: Message) -> Message:
        path = str(self._folder / f"{node}{_SUFFIX}")
        reader, writer = await asyncio.open_unix_connection(path, limit=_LARGEST)
        try:
            writer.write(json.dumps(message).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.close()
        if not line or self._cut(node):
            raise NotReached(f"{node} went away")
        answer: Message = json.loads(line)
        return answer

    async def close(self) -> None:
        """Close the socket."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._path.unlink(missing_ok=True)
