# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program on a lab node, as its WinRM command shell (and later its task scheduler) starts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass
class Streams:
    """Standard streams of a running program.

    Attributes:
        read: the next piece of standard input; b"" at its end.
        out: writes standard output.
        err: writes standard error.
    """

    read: Callable[[], Awaitable[bytes]]
    out: Callable[[bytes], None]
    err: Callable[[bytes], None]

    async def read_all(self) -> bytes:
        """All of standard input up to its end."""
        parts: list[bytes] = []
        while piece := await self.read():
            parts.append(piece)
        return b"".join(parts)


class Program(Protocol):
    """An emulated executable.

    ``argv[0]`` is the path it was started by; arguments come split as CommandLineToArgvW does.
    """

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Run to the end and return the exit code."""


# Windows path, or bare name looked up on PATH with PATHEXT -> program; None where there is no such program.
Find = Callable[[str], "Program | None"]
