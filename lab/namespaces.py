# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces without names: one ends with the last process in it, and all its interfaces end with it.

So nothing is left behind, however the processes of a lab end, and nothing but them is touched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_ATTEMPT = "link add lab-bridge type bridge\nlink add lab-one type veth peer name lab-two\n"
_library = ctypes.CDLL(None, use_errno=True)


def missing() -> str | None:
    """Why there can be none on this machine; None where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "network namespaces need the program ip: install iproute2"
    try:
        ended = subprocess.run(
            ["ip", "-batch", "-"],  # noqa: S607
            input=_ATTEMPT,
            capture_output=True,
            text=True,
            preexec_fn=leave,
            check=False,
        )
    except subprocess.SubprocessError:
        return "this machine refuses network namespaces (unshare)"
    return f"no bridge in a network namespace: {ended.stderr.strip()}" if ended.returncode else None


def leave() -> None:
    """Give this process (its only thread) a network namespace of its own, with a loopback that is down.

    Raises:
        OSError: it may not.
    """
    if _library.unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


@contextmanager
def inside(pid: int) -> Iterator[None]:
    """This thread, and what it starts meanwhile, in the network namespace of a process.

    Raises:
        OSError: the process is gone, or this one may not.
    """
    mine = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(pid)
        yield
    finally:
        _set(mine)
        os.close(mine)


def enter(pid: int) -> None:
    """This thread in the network namespace of a process, from now on.

    Raises:
        OSError: the process is gone, or this one may not.
    """
    theirs = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _set(theirs)
    finally:
        os.close(theirs)


def _set(descriptor: int) -> None:
    if _library.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns(CLONE_NEWNET)")


def ip(commands: Sequence[str]) -> None:
    """Carry out commands of ``ip`` in the namespace of this thread, all in one process.

    Raises:
        RuntimeError: one was refused; those behind it were not tried.
    """
    if not commands:
        return
    ended = subprocess.run(
        ["ip", "-batch", "-"],  # noqa: S607
        input="\n".join((*commands, "")),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"ip refused: {ended.stderr.strip()} (commands: {'; '.join(commands)})")


def has_interface(name: str) -> bool:
    """True where the namespace of this thread has an interface of that name."""
    listed = Path("/proc/thread-self/net/dev").read_text(encoding="utf-8")
    return any(line.strip().startswith(f"{name}:") for line in listed.splitlines())
