# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk under the directory store: in memory, with a clock and caches that lag."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.store.disk import (
    Inspect,
    Listing,
    MakeFolder,
    PublishIfAbsent,
    Read,
    Remove,
    Write,
)


class Disk:
    """Files and folders, each with the times it was there.

    Attributes:
        now: seconds; tests move it on.
        problem: the answer to Inspect.
        requests: all that were carried out.
        born: every content that a file of this path was made with.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.problem: str | None = None
        self.requests: list[Any] = []
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = {""}
        self.born: dict[str, list[bytes]] = {}
        self._spans: dict[str, dict[str, list[list[float]]]] = {}

    def __call__(self, request: Any, lag: float = 0.0) -> Any:
        """Carry a request out; a listing, or the absence of a name, is that of ``lag`` seconds ago."""
        self.requests.append(request)
        return self._actions[type(request)](self, request, self.now - lag)

    def place(self, path: str, data: bytes) -> None:
        """Put a file there, as a foreign hand does."""
        self.files[path] = data
        self.born.setdefault(path, []).append(data)
        self._begin(path)

    def vanish(self, path: str = "") -> None:
        """Take away whatever has a path beginning so, as a foreign hand does."""
        for name in [name for name in self.files if name.startswith(path)]:
            del self.files[name]
            self._end(name)
        for name in [name for name in self.folders if name and name.startswith(path)]:
            self.folders.remove(name)
            self._end(name)

    def names(self, folder: str) -> list[str]:
        return sorted(path.rpartition("/")[2] for path in self.files if path.rpartition("/")[0] == folder)

    def _begin(self, path: str) -> None:
        folder, _slash, name = path.rpartition("/")
        self._spans.setdefault(folder, {}).setdefault(name, []).append([self.now, float("inf")])

    def _end(self, path: str) -> None:
        folder, _slash, name = path.rpartition("/")
        self._spans[folder][name][-1][1] = self.now

    def _was_there(self, path: str, when: float) -> bool:
        folder, _slash, name = path.rpartition("/")
        return not path or _covers(self._spans.get(folder, {}).get(name, ()), when)

    def _list(self, request: Listing, when: float) -> list[str]:
        if not self._was_there(request.path, when):
            raise _missing(request.path)
        kept = self._spans.setdefault(request.path, {})
        for name in [name for name, spans in kept.items() if spans[-1][1] < self.now - 60]:
            del kept[name]
        return [name for name, spans in kept.items() if _covers(spans, when)]

    def _read(self, request: Read, when: float) -> bytes:
        if request.path not in self.files or not self._was_there(request.path, when):
            raise _missing(request.path)
        return self.files[request.path]

    def _write(self, request: Write, _when: float) -> None:
        self._free(request.path)
        self.place(request.path, request.data)

    def _publish(self, request: PublishIfAbsent, _when: float) -> None:
        if request.source not in self.files:
            raise _missing(request.source)
        self._free(request.target)
        self.place(request.target, self.files[request.source])
        self._remove(Remove(request.source), _when)

    def _remove(self, request: Remove, _when: float) -> None:
        if request.path not in self.files:
            raise _missing(request.path)
        del self.files[request.path]
        self._end(request.path)

    def _make(self, request: MakeFolder, _when: float) -> None:
        if request.path in self.folders:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), request.path)
        self.folders.add(request.path)
        self._begin(request.path)

    def _free(self, path: str) -> None:
        if path.rpartition("/")[0] not in self.folders:
            raise _missing(path)
        if path in self.files:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)

    _actions: dict[type, Callable[[Disk, Any, float], Any]] = {  # noqa: RUF012
        Inspect: lambda self, _request, _when: self.problem,
        Listing: _list,
        Read: _read,
        Write: _write,
        PublishIfAbsent: _publish,
        Remove: _remove,
        MakeFolder: _make,
    }


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _covers(spans: Iterable[list[float]], when: float) -> bool:
    return any(born <= when < gone for born, gone in spans)
