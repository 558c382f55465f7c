# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disk of the directory store: requests carried out on a real file system."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from . import placement, samba
from .disk import Inspect, Listing, MakeFolder, PublishIfAbsent, Read, Remove, Unreached, Write
from .interface import Answer, Request

# Bytes that are read of a file: more than any record has, so that what is cut off is no record either.
_LARGEST = 4 * 1024 * 1024
# System error codes of Windows that say that a file or a folder is absent.
_ABSENT = (2, 3)


class FileSystem:
    """Carries out the requests of ``disk`` in one directory."""

    def __init__(self, root: str, *, windows: bool = os.name == "nt") -> None:
        """Take the witness directory; nothing is asked of it yet."""
        self._root = root
        # Every record is looked for once an interval: a Path for each would be half of what that takes.
        self._under = f"{Path(root)}{os.sep}"
        self._windows = windows
        self._actions: dict[type, Callable[[Request], Answer]] = {
            Inspect: lambda _: self._inspect(),
            Listing: lambda request: [entry.name for entry in self._path(request.path).iterdir()],
            Read: lambda request: _read(self._under + request.path.replace("/", os.sep)),
            Write: lambda request: _write(self._path(request.path), request.data),
            PublishIfAbsent: lambda request: self._publish(request.source, request.target),
            Remove: lambda request: self._path(request.path).unlink(),
            MakeFolder: lambda request: self._path(request.path).mkdir(),
        }

    def __call__(self, request: Request) -> Answer:
        """Carry out one request.

        Raises:
            OSError: as the system gives it.
        """
        try:
            return self._actions[type(request)](request)
        except FileNotFoundError as error:
            raise absence(error) from error
        except ValueError as error:
            raise OSError(errno.EINVAL, str(error)) from error

    def _path(self, path: str) -> Path:
        return Path(self._root, path)

    def _inspect(self) -> str | None:
        problem = placement.refusal(self._root) if self._windows else None
        return problem or placement.replicated(self._root)

    def _publish(self, source: str, target: str) -> None:
        """Give a file its name in one step that never replaces.

        ``os.rename`` is that step from Windows to Windows (Python's documentation of ``os.rename``;
        MS-FSCC, FileRenameInformation). POSIX replaces, and so does Samba at times: there a second name for
        the file is the step that fails if the target is there, and the first one is taken away.
        """
        if self._windows and not self._on_samba:
            self._path(source).rename(self._path(target))
            return
        os.link(self._path(source), self._path(target))
        # It is published; what is left behind is removed as any temporary file that is of no use.
        with suppress(OSError):
            self._path(source).unlink()
        if not self._windows:
            _sync(self._path(target).parent)

    @cached_property
    def _on_samba(self) -> bool:
        return samba.is_samba(self._root)


def absence(error: FileNotFoundError) -> OSError:
    """What "not found" means: an absent file or folder is an answer, an absent server is none.

    Python makes FileNotFoundError of more than ERROR_FILE_NOT_FOUND (2) and ERROR_PATH_NOT_FOUND (3), among
    them ERROR_BAD_NETPATH (53) and ERROR_BAD_NET_NAME (67) (CPython, PC/errmap.h).
    """
    if getattr(error, "winerror", None) in (None, *_ABSENT):
        return error
    return Unreached(error.errno, error.strerror)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - see _under
        return file.read(_LARGEST)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Carry the names of a folder through to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
