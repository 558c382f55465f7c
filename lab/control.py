# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel to a node's process: one JSON line there, one JSON line back, on a Unix socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

_LARGEST = 1 << 24

Command = Callable[[Mapping[str, Any]], Awaitable[object]]
# A command that keeps the connection for itself.
Stream = Callable[[Mapping[str, Any], asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ControlError(RuntimeError):
    """The node refused a command, or did not answer; the message says which."""


async def serve(
    path: Path, commands: Mapping[str, Command], streams: Mapping[str, Stream] | None = None
) -> asyncio.Server:
    """Answer commands on a socket until the server is closed.

    Args:
        path: of the socket; at most 107 bytes.
        commands: by name; each takes the arguments and returns what JSON can hold. A ValueError is a refusal.
        streams: commands that read and write on the connection after their line, by name.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        stream = _stream(streams or {}, line)
        try:
            if stream is not None:
                await stream(json.loads(line)["arguments"], reader, writer)
            elif line:
                writer.write(json.dumps(await _run(commands, line)).encode() + b"\n")
                await writer.drain()
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    return await asyncio.start_unix_server(answer, str(path), limit=_LARGEST)


def _stream(streams: Mapping[str, Stream], line: bytes) -> Stream | None:
    return streams.get(json.loads(line)["command"]) if line and streams else None


async def _run(commands: Mapping[str, Command], line: bytes) -> dict[str, object]:
    request = json.loads(line)
    command = commands.get(request["command"])
    if command is None:
        return {"error": f"unknown command {request['command']!r}"}
    try:
        return {"result": await command(request["arguments"])}
    except (ValueError, ControlError) as error:
        return {"error": str(error)}


def request(path: Path, command: str, *, timeout: float = 5.0, **arguments: object) -> Any:
    """Ask a node.

    Args:
        path: its socket.
        command: what to do.
        timeout: seconds for the whole exchange.
        arguments: of the command.

    Raises:
        ControlError: the node refused, is off, hangs or did not answer in time.
    """
    line = json.dumps({"command": command, "arguments": arguments}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
            connection.sendall(line)
            with connection.makefile("rb") as file:
                answer = file.readline()
        except OSError as error:
            raise ControlError(f"node {path.stem} does not answer {command}: {error}") from error
    if not answer:
        raise ControlError(f"node {path.stem} went away during {command}")
    document = json.loads(answer)
    if "error" in document:
        raise ControlError(f"node {path.stem} refused {command}: {document['error']}")
    return document["result"]
