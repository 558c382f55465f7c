# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of a node that is a real process of the lab machine, as the command shell of WinRM runs it.

Its session is a network logon without delegated credentials: the share of a witness is a second hop, which
Windows refuses (PowerShell-Docs, "Making the second hop in PowerShell Remoting"), and so does the lab.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.shell.program import Streams

_PIECE = 65536
_KILLED = 1  # exit code of a process that somebody ended (taskkill)


@dataclass(frozen=True)
class NativeProgram:
    """The interpreter.

    Attributes:
        prepare: arguments and variables of the session -> arguments and environment of the process.
    """

    prepare: Callable[[Sequence[str], Mapping[str, str]], tuple[list[str], dict[str, str]]]

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Run it to its end; it ends with the command."""
        arguments, variables = self.prepare(argv[1:], environment)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=variables,
        )
        feeding = asyncio.ensure_future(_feed(child, streams))
        try:
            await asyncio.gather(_drain(child.stdout, streams.out), _drain(child.stderr, streams.err))
            code = await child.wait()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        return code if code >= 0 else _KILLED


async def _feed(child: asyncio.subprocess.Process, streams: Streams) -> None:
    """Give the process what the session reads, up to its end."""
    assert child.stdin is not None  # noqa: S101 - it was started with a pipe
    with contextlib.suppress(ConnectionError):
        while piece := await streams.read():
            child.stdin.write(piece)
            await child.stdin.drain()
        child.stdin.close()


async def _drain(source: asyncio.StreamReader | None, write: Callable[[bytes], None]) -> None:
    assert source is not None  # noqa: S101 - it was started with a pipe
    while piece := await source.read(_PIECE):
        write(piece)
