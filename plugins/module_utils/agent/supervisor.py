# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The supervisor: keeps one worker process at work, and hands its standing to the next one.

The worker tells after every tick what a next process could go on from, one JSON line on its standard output.
One that dies is replaced at once; one that says nothing for too long hangs, and is killed first. The next one
is given the last line on its standard input. So what is in service stays so, as long as the new process
renews before the lease ends.

Nothing but being told to ends it: a worker that cannot be started or followed is told of, and tried again. So
is one that ends, with what it wrote to standard error last; of a row of them fewer and fewer are told.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any

from ..ha.codec import Codec, MisfitError
from ..ha.ownership.succession import Standing
from .platform import creation_flags

# Seconds after which a worker that was begun counts as one that works: it has read the witness by then.
_SETTLED = 10.0
# Seconds that a worker may take to its first line: Python and PowerShell start, the definition is read.
BEGINNING = 60.0
# Pauses before a worker that does not stay up is begun again, seconds; the last one is repeated.
PAUSES = (0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 10.0)
# A worker that lives so long is well, seconds: with the next one that ends another row begins.
_WELL = 600.0
# Of a row of workers that end, those are told of whose number is a power of two, and every so many.
_EVERY = 256
# Seconds between two looks whether a worker has spoken.
_LOOK = 0.25
# Bytes that are kept of what a worker writes to standard error, and characters that are told of it.
_KEPT, _TOLD = 4096, 600
# Seconds that the last of it may take to come once the worker has ended, and between two tries to kill it.
_LAST = 1.0
# What a worker ends with when it has left the cluster and is not to be begun again.
LEFT = 10
# What stands for the exit code of a worker that cannot be started.
_NOT_STARTED = 1


def line(standing: Standing | None) -> bytes:
    """What a worker writes after a tick."""
    told = None if standing is None else asdict(standing)
    return json.dumps({"standing": told}).encode("ascii") + b"\n"


def standing_in(text: bytes) -> Standing | None:
    """The standing in such a line; None where there is none, or where the line is damaged."""
    try:
        document = json.loads(text)
        told = document["standing"]
        found: Standing | None = None if told is None else Codec().unpack(Standing, told, "standing")
    except (ValueError, KeyError, TypeError, MisfitError):
        return None
    return found


class Supervisor:
    """Keeps a worker at work.

    Args:
        command: program and arguments of the worker.
        patience: seconds of silence after which a worker hangs that has spoken; until then it has BEGINNING.
        say: told what happens, as sentences.
        monotonic: seconds.
        last: what the first worker goes on from, as ``last`` of the supervisor before this one.
        gone: called where no worker lives, before one is begun and once it has ended.

    Attributes:
        last: the line that the last worker spoke last.
    """

    def __init__(
        self,
        command: Sequence[str],
        patience: float,
        say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
        last: bytes = b"",
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._gone = gone
        self._command, self._patience, self._say, self._monotonic = tuple(command), patience, say, monotonic
        self._ending = threading.Event()
        self.last = last if standing_in(last) is not None else line(None)
        self._failures = self._row = 0

    def run(self) -> int:
        """Work until a worker has left, or ``end`` is called; the last worker's exit code."""
        while True:
            begun = self._monotonic()
            code, problem, words = self._one()
            if code == LEFT or self._ending.is_set():
                return code
            lived = self._monotonic() - begun
            self._failures = 0 if lived >= _SETTLED else self._failures + 1
            pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._row = 1 if lived >= _WELL else self._row + 1
            if not self._row & (self._row - 1) or not self._row % _EVERY:
                self._say(_sentence(problem, self._row, pause, words))
            if self._ending.wait(pause):
                return code

    @property
    def ended(self) -> bool:
        """``end`` was called: what the worker had in service stays so, for the next one to go on from."""
        return self._ending.is_set()

    def end(self) -> None:
        """Kill the worker and return from ``run``; from any thread."""
        self._ending.set()

    def _one(self) -> tuple[int, str, str]:
        """Have one worker work: its exit code, what became of it, and what it said last."""
        self._gone()
        try:
            # The command is this very program.
            worker = subprocess.Popen(  # noqa: S603
                self._command, **_PIPES, creationflags=creation_flags(prompt=True)
            )
        except Exception as error:  # no memory, no handles, the program is locked: all of it may pass
            return _NOT_STARTED, f"cannot be started: {error}", ""
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        words = _LastWords()
        problem = ""
        try:
            threading.Thread(target=words.read, args=(worker.stderr,), daemon=True).start()
            threading.Thread(target=_read, args=(worker.stdout, lines), daemon=True).start()
            _give(worker.stdin, self.last)
            problem = self._follow(worker, lines)
        except Exception as error:
            problem = f"cannot be followed, and was killed: {error}"
        finally:
            code = _killed(worker)
            self._gone()
        return code, problem or f"ended with code {code}", words.text()

    def _follow(self, worker: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> str:
        """Take the worker's lines until it ends, hangs, or is to be ended; why it is to be killed, or "".

        Where this process itself stood still, as the whole machine may have, the worker did so too, and has
        as much longer.
        """
        heard, patience = self._monotonic(), max(self._patience, BEGINNING)
        looked, pause = heard, min(_LOOK, self._patience)
        while not self._ending.is_set():
            try:
                text = lines.get(timeout=pause)
            except queue.Empty:
                if worker.poll() is not None:  # a child of it holds its standard output open
                    return ""
                now = self._monotonic()
                late, looked = now - looked - pause, now
                heard += late if late > pause else 0.0
                if now - heard > patience:
                    return f"said nothing for {patience:g} s, and was killed"
                continue
            if not text:
                return ""
            heard = looked = self._monotonic()
            patience, self.last = self._patience, text
        return ""


def _sentence(problem: str, row: int, pause: float, words: str) -> str:
    often = f" ({row} in a row)" if row > 1 else ""
    said = f". It said last: {words}" if words else ""
    return f"the worker {problem}{often}; another one goes on in {pause:g} s{said}"


class _LastWords:
    """The last that a worker writes to standard error, however much that is."""

    def __init__(self) -> None:
        self._kept = b""
        self._complete = threading.Event()

    def read(self, stderr: IO[bytes]) -> None:
        """Read it to its end; on a thread."""
        with suppress(OSError, ValueError):
            while part := os.read(stderr.fileno(), _KEPT):
                self._kept = (self._kept + part)[-_KEPT:]
        self._complete.set()

    def text(self) -> str:
        """What it was, once the worker has ended; what a child of it still holds open is not waited for."""
        self._complete.wait(_LAST)
        return " ".join(self._kept.decode("utf-8", "replace").split())[-_TOLD:]


def _killed(worker: subprocess.Popen[bytes]) -> int:
    """Kill a worker, and wait until it has ended: two never work at once. Its exit code."""
    while True:
        with suppress(OSError):
            worker.kill()
        with suppress(subprocess.TimeoutExpired):
            return worker.wait(_LAST)


_PIPES: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)


def _give(stdin: IO[bytes] | None, text: bytes) -> None:
    if stdin is not None:
        try:
            stdin.write(text)
            stdin.flush()
        except OSError:  # it has ended already, as will be seen
            return


def _read(stdout: IO[bytes] | None, lines: queue.SimpleQueue[bytes]) -> None:
    """Every line of a worker, and an empty one when it has ended."""
    with suppress(OSError, ValueError):
        for text in stdout or ():
            lines.put(text)
    lines.put(b"")
