# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of a lab, found again by later commands and never mistaken for another's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.machine.files import write_atomically

_ROOT = Path(__file__).resolve().parent.parent
# Field 22 of /proc/PID/stat, counted after the command name: when the process started.
_START_FIELD = 19
_STATE_FIELD = 0

# The kernel ends a bound process with the thread that started it, so one thread starts them all and stays.
_starter = ThreadPoolExecutor(1, "lab-starter")

# Children of this very process: they must be waited for, or they stay as zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


class Process:
    """A process with a file that remembers its id and its start."""

    def __init__(self, pid_file: Path) -> None:
        self._file = pid_file

    def start(self, arguments: Sequence[str], output: Path, *, bound: bool) -> None:
        """Start ``python -m`` with these arguments.

        Args:
            arguments: module and its arguments.
            output: file that standard output and error are appended to.
            bound: the process ends with this one.
        """
        parent = ["--parent", str(os.getpid())] if bound else []
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(_ROOT), os.environ.get("PYTHONPATH", ""))),
        }
        with output.open("ab") as log:
            child = _starter.submit(
                subprocess.Popen,
                [sys.executable, "-m", *arguments, *parent],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            ).result()
        _children[child.pid] = child
        write_atomically(self._file, f"{child.pid} {_stat(child.pid)[_START_FIELD]}")

    @property
    def pid(self) -> int | None:
        """The id of the process while it lives, else None."""
        try:
            pid, started = (int(text) for text in self._file.read_text(encoding="utf-8").split())
        except (OSError, ValueError):
            return None
        if child := _children.get(pid):
            child.poll()
        fields = _stat(pid)
        alive = bool(fields) and fields[_STATE_FIELD] != "Z" and int(fields[_START_FIELD]) == started
        return pid if alive else None

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; False where the process does not live."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)
        return pid is not None

    def stop(self) -> None:
        """Let it stand still, and return when it does."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGSTOP)
            await_standstill(pid)

    def kill(self) -> bool:
        """End it at once, whatever state it is in, and wait for that; False where it was gone already."""
        killed = self.signal(signal.SIGKILL)
        self.wait(5.0)
        return killed

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the process; False where it still lives after that many seconds."""
        deadline = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True


def await_standstill(pid: int) -> None:
    """Wait until every thread of a process is stopped, or gone; some run on after SIGSTOP was sent."""
    while not _stands_still(pid):
        time.sleep(0.001)


def _stands_still(pid: int) -> bool:
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(fields[_STATE_FIELD] in "TZ" for path in threads if (fields := _fields(path)))


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command name; none where there is no such process."""
    return _fields(Path(f"/proc/{pid}/stat"))


def _fields(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
