# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The supervisor: keeps one worker process at work, and hands its standing to the next one.

The worker tells after every tick what a next process could go on from, one JSON line on its standard output.
One that dies is replaced at once; one that says nothing for too long hangs, and is killed first. The next one
is given the last line on its standard input. So what is in service stays so, as long as the new process
renews before the lease ends.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import IO, Any

from ..ha.codec import Codec, MisfitError
from ..ha.ownership.succession import Standing

# Seconds after which a worker that was begun counts as one that works: it has read the witness by then.
_SETTLED = 10.0
# Seconds that a worker may take to its first line: Python and PowerShell start, the definition is read.
BEGINNING = 60.0
# Pauses before a worker that does not stay up is begun again, seconds; the last one is repeated.
PAUSES = (0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 10.0)
# Seconds between two looks whether a worker has spoken.
_LOOK = 0.25
# What a worker ends with when it has left the cluster and is not to be begun again.
LEFT = 10


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
        self._failures = 0

    def run(self) -> int:
        """Work until a worker has left, or ``end`` is called; the last worker's exit code."""
        while True:
            begun = self._monotonic()
            code = self._one()
            if code == LEFT or self._ending.is_set():
                return code
            self._failures = 0 if self._monotonic() - begun >= _SETTLED else self._failures + 1
            pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
            self._say(f"the worker ended with code {code}; another one goes on in {pause:g} s")
            if self._ending.wait(pause):
                return code

    @property
    def ended(self) -> bool:
        """``end`` was called: what the worker had in service stays so, for the next one to go on from."""
        return self._ending.is_set()

    def end(self) -> None:
        """Kill the worker and return from ``run``; from any thread."""
        self._ending.set()

    def _one(self) -> int:
        self._gone()
        # The command is this very program.
        worker = subprocess.Popen(  # noqa: S603
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **_HIDDEN
        )
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(worker.stdout, lines), daemon=True).start()
        try:
            _give(worker.stdin, self.last)
            self._follow(lines)
        finally:
            worker.kill()
            code = worker.wait()
            self._gone()
        return code

    def _follow(self, lines: queue.SimpleQueue[bytes]) -> None:
        """Take the worker's lines until it ends, hangs, or is to be ended.

        Where this process itself stood still, as the whole machine may have, the worker did so too, and has
        as much longer.
        """
        heard, patience = self._monotonic(), max(self._patience, BEGINNING)
        looked, pause = heard, min(_LOOK, self._patience)
        while not self._ending.is_set():
            try:
                text = lines.get(timeout=pause)
            except queue.Empty:
                now = self._monotonic()
                late, looked = now - looked - pause, now
                heard += late if late > pause else 0.0
                if now - heard > patience:
                    self._say(f"the worker has said nothing for {patience:g} s, and is replaced")
                    return
                continue
            if not text:
                return
            heard = looked = self._monotonic()
            patience, self.last = self._patience, text


# No console window for the worker on Windows.
_HIDDEN: dict[str, Any] = (
    {"creationflags": subprocess.CREATE_NO_WINDOW} if hasattr(subprocess, "CREATE_NO_WINDOW") else {}
)


def _give(stdin: IO[bytes] | None, text: bytes) -> None:
    if stdin is not None:
        try:
            stdin.write(text)
            stdin.flush()
        except OSError:  # it has ended already, as will be seen
            return


def _read(stdout: IO[bytes] | None, lines: queue.SimpleQueue[bytes]) -> None:
    """Every line of a worker, and an empty one when it has ended."""
    if stdout is not None:
        for text in stdout:
            lines.put(text)
    lines.put(b"")
