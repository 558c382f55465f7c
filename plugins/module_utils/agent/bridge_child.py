# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The child process of the bridge: one line there, one line back, never waited for without a bound."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Protocol

from ..errors import StandbyError
from .platform import creation_flags, here

# The longest answer, in bytes: far above what a node with thousands of sites has.
ANSWER_LIMIT = 64 << 20
# Bytes of standard error that are kept for a message.
_KEPT = 2000
_PIECE = 65536
# Seconds for which the end of a process that was killed, and its last words, are awaited; and after which a
# thread that has more to give than was asked for looks whether the process was stopped.
_END = 5.0
_LAST_WORDS = 0.5
_LOOK = 0.2


class ChildLost(Exception):
    """The child gave no answer.

    Attributes:
        why: what happened, to follow the name of the program.
        sent: the line was sent, or part of it may have been.
    """

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class Child(Protocol):
    """A process that answers lines."""

    def exchange(self, line: bytes, timeout: float) -> bytes:
        """Send a line and give the one that comes next, with its end.

        Raises:
            ChildLost: none came within ``timeout`` seconds, or the process has ended.
        """

    def fit(self) -> bool:
        """Whether it can be sent a line: it runs, and has said nothing that it was not asked."""

    def stop(self) -> str:
        """End it, whatever it does; gives the end of what it wrote to standard error, empty for nothing."""


class ChildProcess:
    """A child process. Each pipe has a thread of its own, so that none of them can block the caller."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Start it.

        Args:
            argv: program, a Windows path, and arguments.

        Raises:
            ChildLost: it could not be started.
        """
        try:
            self._process = subprocess.Popen(  # noqa: S603 - argv, no shell
                [here(argv[0]), *argv[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                creationflags=creation_flags(prompt=True),
            )
        except OSError as error:
            raise ChildLost(f"could not be started: {error.strerror or error}", sent=False) from error
        except StandbyError as error:
            raise ChildLost(f"could not be started: {error.problem}", sent=False) from error
        self._answers: queue.Queue[bytes] = queue.Queue(maxsize=1)
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stopped = False
        self._errors = b""
        _start(self._write_requests, self._process.stdin)
        _start(self._read_answers, self._process.stdout)
        self._error_thread = _start(self._read_errors, self._process.stderr)

    def exchange(self, line: bytes, timeout: float) -> bytes:
        """Send a line and give the one that comes next; see Child."""
        self._requests.put(line)
        try:
            answer = self._answers.get(timeout=timeout)
        except queue.Empty:
            raise ChildLost(f"did not answer within {timeout:g} s", sent=True) from None
        if answer.endswith(b"\n"):
            return answer
        if answer:
            raise ChildLost("wrote something that is no line", sent=True)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS)
        raise ChildLost(f"ended with exit code {self._process.returncode}", sent=True)

    def fit(self) -> bool:
        """Whether it can be sent a line; see Child."""
        return self._process.poll() is None and self._answers.empty()

    def stop(self) -> str:
        """Kill it; see Child."""
        self._stopped = True
        with suppress(OSError):
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END)
        self._requests.put(None)
        with suppress(queue.Full):
            self._answers.put_nowait(b"")  # for a thread that waits for an answer
        self._error_thread.join(_LAST_WORDS)
        return " ".join(self._errors.decode("utf-8", "replace").split())

    # The threads; each closes its pipe, which nobody else uses

    def _write_requests(self, pipe: IO[bytes]) -> None:
        """A process that has ended meanwhile is seen by the end of its output."""
        while (line := self._requests.get()) is not None:
            with suppress(OSError):
                while line:
                    line = line[pipe.write(line) :]

    def _read_answers(self, pipe: IO[bytes]) -> None:
        received = bytearray()
        while not self._stopped and (piece := pipe.read(_PIECE)):
            *ends, rest = piece.split(b"\n")
            for end in ends:
                self._give(bytes(received + end + b"\n"))
                received.clear()
            received += rest
            if len(received) > ANSWER_LIMIT:
                break
        self._give(bytes(received))

    def _give(self, answer: bytes) -> None:
        while not self._stopped:
            with suppress(queue.Full):
                self._answers.put(answer, timeout=_LOOK)
                return

    def _read_errors(self, pipe: IO[bytes]) -> None:
        while piece := pipe.read(_PIECE):
            self._errors = (self._errors + piece)[-_KEPT:]


def _start(work: Callable[[IO[bytes]], None], pipe: IO[bytes] | None) -> threading.Thread:
    def run() -> None:
        if pipe is not None:
            with suppress(OSError), pipe:
                work(pipe)

    thread = threading.Thread(target=run, name=f"bridge {work.__name__.strip('_')}", daemon=True)
    thread.start()
    return thread
