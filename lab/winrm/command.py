# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command of a WinRM command shell: a running program with its streams, read piece by piece by Receive."""

from __future__ import annotations

import asyncio
import codecs
from collections import deque
from collections.abc import Awaitable, Callable

from lab.shell.builtins import Exit
from lab.shell.program import Streams

# STATUS_CONTROL_C_EXIT ([MS-ERREF] 2.3.1), the exit code of a program that was stopped by ctrl_c.
CONTROL_C_EXIT = 0xC000013A
# A program that fails inside the lab: no exit code of Windows, so that it cannot be taken for one.
CRASHED = 0xE0000001


class Command:
    """One command.

    Args:
        run: runs the program on given streams to its exit code.
        code_page: Python name of the codec of the console; programs write UTF-8.
        failed: told of an exception that escaped from the program.
    """

    def __init__(
        self,
        run: Callable[[Streams], Awaitable[int]],
        code_page: str,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.exit_code: int | None = None
        self.input_ended = False
        self._failed = failed
        self._changed = asyncio.Event()
        self._output: deque[tuple[str, bytes]] = deque()
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._at_end = False
        self._encoders = {name: _transcoder(code_page) for name in ("stdout", "stderr")}
        streams = Streams(
            self._read, lambda data: self._write("stdout", data), lambda data: self._write("stderr", data)
        )
        self._task = asyncio.ensure_future(self._run(run, streams))

    async def _run(self, run: Callable[[Streams], Awaitable[int]], streams: Streams) -> None:
        code = CRASHED
        try:
            code = await run(streams)
        except Exit as leaving:
            code = leaving.code
        except asyncio.CancelledError:
            code = CONTROL_C_EXIT
        except Exception as error:
            self._failed(error)
            self._write("stderr", f"The lab failed while it ran this program: {error!r}\r\n".encode())
        finally:
            for name, encode in self._encoders.items():
                self._keep(name, encode(b"", True))
            self.exit_code = code & 0xFFFFFFFF
            self._changed.set()

    async def _read(self) -> bytes:
        if self._at_end:
            return b""
        piece = await self._input.get()
        self._at_end = not piece
        return piece

    def _write(self, name: str, data: bytes) -> None:
        self._keep(name, self._encoders[name](data, False))

    def _keep(self, name: str, data: bytes) -> None:
        if data:
            self._output.append((name, data))
            self._changed.set()

    def send(self, data: bytes, *, end: bool) -> None:
        """Give the program input, and its end."""
        if data:
            self._input.put_nowait(data)
        if end and not self.input_ended:
            self.input_ended = True
            self._input.put_nowait(b"")

    async def wait(self, timeout: float) -> bool:
        """Wait for output or the end; False where neither came within so many seconds."""
        if self._output or self.exit_code is not None:
            return True
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return False
        return True

    def take(self, names: set[str], limit: int, piece: int) -> list[tuple[str, bytes]]:
        """Output of the streams named, in order: at most ``limit`` bytes, in pieces of at most ``piece``."""
        taken: list[tuple[str, bytes]] = []
        left: deque[tuple[str, bytes]] = deque()
        while self._output:
            name, data = self._output.popleft()
            room = min(limit, piece)
            if name not in names:
                left.append((name, data))
            elif room <= 0:
                left.append((name, data))
                break
            else:
                taken.append((name, data[:room]))
                limit -= min(len(data), room)
                if data[room:]:
                    self._output.appendleft((name, data[room:]))
        self._output.extendleft(reversed(left))
        return taken

    def finished(self) -> bool:
        """True once the program has ended and all its output was taken."""
        return self.exit_code is not None and not self._output

    async def stop(self) -> None:
        """Stop the program and wait until it has gone."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self.exit_code is None:
            # The task was stopped before its first step.
            self.exit_code = CONTROL_C_EXIT
            self._changed.set()


def _transcoder(code_page: str) -> Callable[[bytes, bool], bytes]:
    """UTF-8 to a code page, with ``?`` for what it has not; UTF-8 itself passes unchanged."""
    if code_page == "utf-8":
        return lambda data, _final: data
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return lambda data, final: decoder.decode(data, final).encode(code_page, "replace")
