# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes that belong together, found by a variable of their environment."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

NODE, TASK = "STANDBY_LAB_NODE", "STANDBY_LAB_TASK"
_STOPPED = "TtZX"


def marked(name: str, value: str) -> list[int]:
    """Processes that live and have a variable in the environment they were started with."""
    wanted = f"{name}={value}".encode()
    return [pid for pid in _all() if wanted in _environment(pid)]


def kill_marked(name: str, value: str) -> None:
    """Kill them, and those they start meanwhile."""
    while found := marked(name, value):
        for pid in found:
            send(pid, signal.SIGKILL)
        time.sleep(0.002)


def stop_marked(name: str, value: str) -> list[int]:
    """Let them stand still, and those they start meanwhile; give those that did not stand still before."""
    stopped: set[int] = set()
    while moving := [pid for pid in marked(name, value) if not stands_still(pid)]:
        for pid in moving:
            send(pid, signal.SIGSTOP)
        stopped.update(moving)
        time.sleep(0.002)
    return sorted(stopped)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; one that is gone needs none."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def stands_still(pid: int) -> bool:
    """True where every thread of a process is stopped, or it is gone."""
    for path in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            state = path.read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in _STOPPED:
            return False
    return True


def command_line(pid: int) -> list[str]:
    """The arguments of a process; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def _all() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208


def _environment(pid: int) -> list[bytes]:
    """Nothing for one that is gone, a zombie or another user's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
