# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a node that a relay runs (lab/relay.py): the command ``run`` of the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from lab.machine.host import Host
from lab.relay import ERROR, EXIT, FRAME, INPUT, OUTPUT, REFUSED
from lab.shell.builtins import Context
from lab.shell.cmd import CommandProcessor, start_cmd
from lab.shell.environment import Environment
from lab.shell.program import Find, Streams
from lab.winrm.command import Command

# Where a process of the system account starts.
_FOLDER = "C:\\Windows\\System32"
_KINDS = {"stdout": OUTPUT, "stderr": ERROR}
_PIECE = 65536


class Running:
    """The programs that relays run on a node that is on.

    Args:
        host: the machine.
        find: its programs.
    """

    def __init__(self, host: Host, find: Find) -> None:
        self._host = host
        self._find = find
        self._commands: set[Command] = set()

    async def serve(
        self, arguments: Mapping[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Run one program for one relay, until it has ended or the relay has.

        Args:
            arguments: ``argv``.
            reader: what the relay sends.
            writer: where its answer goes.
        """
        argv = [str(one) for one in arguments["argv"]]
        command = self._start(argv)
        if command is None:
            self._host.record("unknown-request", kind="program", program=argv[0], arguments=argv[1:])
            refuse(writer, f"{argv[0]}: the node has no such program")
            return
        self._commands.add(command)
        listening = asyncio.ensure_future(_listen(reader, command))
        try:
            await _answer(writer, command)
        finally:
            listening.cancel()
            self._commands.discard(command)
            await command.stop()

    async def stop(self) -> None:
        """End every program, as a machine does that goes down."""
        for command in list(self._commands):
            await command.stop()

    def _start(self, argv: Sequence[str]) -> Command | None:
        program = self._find(argv[0])
        if program is None:
            return None
        environment = dict(self._host.environment())

        async def run(streams: Streams) -> int:
            if isinstance(program, CommandProcessor):
                context = Context(self._host, Environment(environment), _FOLDER)
                return await start_cmd(f" {subprocess.list2cmdline(argv[1:])}", context, self._find, streams)
            return await program(argv, streams, environment)

        return Command(run, "utf-8", lambda error: self._host.record("lab-error", error=repr(error)))


def refuse(writer: asyncio.StreamWriter, why: str) -> None:
    """Tell a relay that its program cannot be run."""
    writer.write(_frame(REFUSED, f"{why}\n".encode()))


async def _listen(reader: asyncio.StreamReader, command: Command) -> None:
    """Pass on standard input; a relay that is gone ends its program."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            kind, length = FRAME.unpack(await reader.readexactly(FRAME.size))
            data = await reader.readexactly(length)
            if kind == INPUT:
                command.send(data, end=not data)
    await command.stop()


async def _answer(writer: asyncio.StreamWriter, command: Command) -> None:
    with contextlib.suppress(ConnectionError):
        while not command.finished():
            if not await command.wait(60.0):
                continue
            for name, data in command.take(set(_KINDS), 1 << 24, _PIECE):
                writer.write(_frame(_KINDS[name], data))
            await writer.drain()
        writer.write(_frame(EXIT, str(command.exit_code).encode()))
        await writer.drain()


def _frame(kind: bytes, data: bytes) -> bytes:
    return FRAME.pack(kind, len(data)) + data
