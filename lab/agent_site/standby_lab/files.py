# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Shares of witnesses, below ``UNC`` of the node's folder, as a redirector without its server shows them.

What has an audit event (open, listdir, scandir, rename, link, remove, mkdir, rmdir, truncate) is stopped
there; what has none (stat, access, fsync, reads and writes through os) is wrapped. Reads and writes of file
objects that are open already are not stopped until they are flushed to a guarded call: an open file of a few
kilobytes is read and written at once, and ``fsync`` of it fails.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from .links import Table

_STEP = 0.01
# Audit event -> how many of its first arguments are paths (Python documentation, "Audit events table").
_PATHS = {
    "open": 1,
    "os.listdir": 1,
    "os.scandir": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.remove": 1,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.truncate": 1,
}
_UNHEARD = ("stat", "lstat", "access", "fsync", "read", "write", "fstat")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_sleep = time.sleep
_real = time.perf_counter


class Guard:
    """The redirector of a node.

    Args:
        table: the links.
        root: the folder of the node that has ``UNC``.
        barred: the process has no credentials for another machine, and every server refuses it.
    """

    def __init__(self, table: Table, root: str, *, barred: bool = False) -> None:
        self._table, self._barred = table, barred
        self._unc = f"{root}/UNC/"

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Stop a call on a share that cannot be reached.

        Raises:
            OSError: ETIMEDOUT, ENOSPC where it would write to a full share, or EACCES without credentials.
        """
        count = _PATHS.get(event)
        if count is None:
            return
        grows = event == "os.mkdir" or (event == "open" and _is_write(arguments))
        for path in arguments[:count]:
            self.reach(path, grows=grows)

    def reach(self, path: Any, *, grows: bool = False) -> None:
        """Return when the server of a path can be reached; at once for every other path."""
        text = _text(path)
        if text is None or text.startswith(self._table.folder):
            return
        server = text[len(self._unc) :].partition("/")[0] if text.startswith(self._unc) else None
        witness = self._table.server(server) if server else self._table.share_of(text)
        if witness is not None:
            self._wait(witness, text, grows)

    def _wait(self, witness: dict[str, Any], path: str, grows: bool) -> None:
        _sleep(float(witness["seconds"]))
        until = _real() + float(witness["timeout"])
        while self._table.is_cut(witness["name"], asking=True):
            if _real() >= until:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), path)
            _sleep(_STEP)
        if self._barred:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        if grows and witness["full"]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def _is_write(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    return bool(flags & _WRITES) if isinstance(flags, int) else any(c in (mode or "") for c in "wxa+")


def _text(path: Any) -> str | None:
    if isinstance(path, int) and not isinstance(path, bool):
        try:
            path = os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115
        except OSError:
            return None
    try:
        text = os.fspath(path)
    except TypeError:
        return None
    text = os.fsdecode(text)
    return text if os.path.isabs(text) else os.path.abspath(text)  # noqa: PTH117, PTH100


def install(table: Table, root: str, *, barred: bool = False) -> None:
    """Let every call on files of this process pass the guard."""
    guard = Guard(table, root, barred=barred)
    for name in _UNHEARD:
        setattr(os, name, _wrapped(getattr(os, name), guard, grows=name == "write"))
    sys.addaudithook(guard.audit)


def _wrapped(call: Callable[..., Any], guard: Guard, *, grows: bool) -> Callable[..., Any]:
    def wrapped(path: Any, *arguments: Any, **options: Any) -> Any:
        guard.reach(path, grows=grows)
        return call(path, *arguments, **options)

    return wrapped
