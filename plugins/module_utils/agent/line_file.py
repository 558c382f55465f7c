# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of a log, and who writes them.

A log ``agent.log`` stands in files ``agent.000001.log``, ``agent.000002.log`` and so on; the highest number
is the newest. Nothing is ever renamed: Windows refuses to rename a file that another program has open
without FILE_SHARE_DELETE, and Python opens files so (learn.microsoft.com, "CreateFileW function",
dwShareMode; bugs.python.org, issue 14243). ``logging.handlers.RotatingFileHandler`` renames, so that there
it neither rotates nor writes while somebody reads along, and loses each line meanwhile (CPython,
``Lib/logging/handlers.py``, ``emit`` and ``doRollover``). Here a reader can only keep an old file from
being removed, until the next rotation.

A writer begins a new file when it starts, and never writes to one that it did not make. So several writers
never share a file, and a line that a loss of power or a full disk cut short is always the last of its file,
where readers know it by its missing line break. What is cut short while the writer lives is taken back.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# Restarts make files that are small; beyond this many for each that was asked for, the oldest go early.
_SMALL_FILES = 20
# Numbers that are tried for a new file: as many writers may begin one at the same time.
_TRIES = 100


class LineFile:
    r"""Writes lines to the numbered files of a log. Never raises, and never waits but for the disk.

    Lines that cannot be written are counted. Safe to call from several threads.

    Args:
        path: of the log, such as ``C:\ProgramData\standby.iis\agent.log``; its folder is made.
        size: bytes that a file may have.
        files: that many full ones are kept.
        lost: makes the line that is written before the first one that can be written again, of how many were
            lost and why; None where the log can have no such line.
        open_file: opens a new file for writing, gives its descriptor; FileExistsError where it is there.
    """

    def __init__(
        self,
        path: Path,
        size: int,
        files: int,
        lost: Callable[[int, str], str] | None = None,
        open_file: Callable[[Path], int] | None = None,
    ) -> None:
        self._path = path
        self._size = size
        self._files = files
        self._lost_line = lost
        self._open_file = open_file or _new_file
        self._lock = threading.Lock()
        self._file: tuple[Path, int] | None = None
        self._written = 0
        self._lost = (0, "")

    @property
    def lost(self) -> tuple[int, str]:
        """How many lines were lost that no line tells of, and the last reason."""
        return self._lost

    def write(self, line: str) -> bool:
        """Write a line that has no line break; True where it is with the operating system."""
        with self._lock:
            try:
                if self._lost[0] and self._lost_line is not None:
                    self._append(self._lost_line(*self._lost))
                    self._lost = (0, "")
                self._append(line)
            except OSError as error:
                self._lost = (self._lost[0] + 1, error.strerror or str(error))
                return False
            return True

    def close(self) -> None:
        """End the file; the next line begins a new one."""
        with self._lock:
            self._leave()

    def _append(self, line: str) -> None:
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        if self._file is not None and (self._full(len(data)) or _removed(self._file[1])):
            self._leave()
        descriptor = self._opened()
        try:
            _write_all(descriptor, data)
        except OSError:
            self._take_back(descriptor)
            raise
        self._written += len(data)

    def _full(self, more: int) -> bool:
        return self._written > 0 and self._written + more > self._size

    def _opened(self) -> int:
        if self._file is None:
            self._file = self._begun()
            self._written = 0
            self._prune()
        return self._file[1]

    def _begun(self) -> tuple[Path, int]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        number = max((number for number, _path in files_of(self._path)), default=0)
        for following in range(number + 1, number + 1 + _TRIES):
            path = numbered(self._path, following)
            with suppress(FileExistsError):
                return path, self._open_file(path)
        raise FileExistsError(f"no free number after {number}")

    def _take_back(self, descriptor: int) -> None:
        """Let the file end with a whole line again; where that fails, it is written to no more."""
        try:
            os.ftruncate(descriptor, self._written)
            os.lseek(descriptor, self._written, os.SEEK_SET)
        except OSError:
            self._leave()

    def _leave(self) -> None:
        if self._file is None:
            return
        path, descriptor = self._file
        self._file = None
        with suppress(OSError):
            os.close(descriptor)
        if not self._written:
            with suppress(OSError):
                path.unlink()

    def _prune(self) -> None:
        """Remove the oldest files; one that is open elsewhere on Windows stays until the next time."""
        present = files_of(self._path)[:-1]
        sizes = [(path, size_of(path)) for _number, path in present]
        total = sum(size for _path, size in sizes)
        for index, (path, size) in enumerate(sizes):
            if total <= self._size * (self._files - 1) and len(sizes) - index < self._files * _SMALL_FILES:
                return
            with suppress(OSError):
                path.unlink()
            total -= size


def _new_file(path: Path) -> int:
    # Text mode of the Windows runtime would make two bytes of a line break.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
    return os.open(path, flags, 0o640)


def _removed(descriptor: int) -> bool:
    """Whether another writer has removed this file as its oldest. On Windows it cannot, since it is open."""
    return os.name != "nt" and os.fstat(descriptor).st_nlink == 0


def _write_all(descriptor: int, data: bytes) -> None:
    """Write all of it; a full disk takes a part and then refuses."""
    while data:
        data = data[os.write(descriptor, data) :]


def size_of(path: Path) -> int:
    """Bytes that a file has; 0 where it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def numbered(path: Path, number: int) -> Path:
    """The file of a log with a number."""
    return path.with_name(f"{path.stem}.{number:06}{path.suffix}")


def files_of(path: Path) -> list[tuple[int, Path]]:
    """The files of a log that are there, with their numbers, oldest first.

    Raises:
        OSError: the folder cannot be listed, though it is there.
    """
    form = re.compile(rf"{re.escape(path.stem)}\.([0-9]{{6,}}){re.escape(path.suffix)}")
    try:
        names = os.listdir(path.parent)  # noqa: PTH208 - names alone, and all of them at one time
    except FileNotFoundError:
        return []
    found = ((form.fullmatch(name), name) for name in names)
    return sorted((int(match[1]), path.with_name(name)) for match, name in found if match)
