# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Folders of this machine: what they hold, and one made the same as another one without being half so.

A file counts as unchanged while its size and the time of its last change are: then it is not read again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import StandbyError
from ..ha.trees import Tree, changes
from .platform import WINDOWS, here

_PIECE = 1 << 20


class Folder:
    r"""One folder, whose digests are remembered. Used from any number of threads.

    Args:
        path: Windows path, ``R:\``.
        without: names of folders directly in it that are none of its content.
    """

    def __init__(self, path: str, without: tuple[str, ...] = ()) -> None:
        self.path, self._without = path, frozenset(name.casefold() for name in without)
        # On Windows in the form that takes long paths.
        self.here = Path(f"\\\\?\\{path}" if WINDOWS else here(path))
        self._known: dict[str, tuple[int, int, str]] = {}
        self._lock = threading.Lock()

    def tree(self) -> Tree:
        """What it holds; nothing where it does not exist.

        Raises:
            StandbyError: something in it cannot be read.
        """
        with self._lock:
            known, self._known = self._known, {}
            found: dict[str, str] = {}
            try:
                for path, entry in self._entries(self.here, ""):
                    found[path] = "" if entry.is_dir() else self._digest(path, entry, known)
            except OSError as error:
                self._known = {**known, **self._known}
                raise StandbyError(
                    f"{self.path} cannot be read as a whole: {error.strerror or error}",
                    remedy=f"See whether LocalSystem may read {error.filename or self.path}",
                ) from error
            return found

    def become(self, wanted: Tree, source: Folder, part: Path) -> None:
        """Hold what another folder holds: each file is whole at any time, the old one or the new.

        Args:
            wanted: what the other folder was seen to hold.
            source: the other folder, on the same volume.
            part: file on that volume that is used meanwhile.

        Raises:
            StandbyError: a file cannot be replaced, or is not what was seen; the rest is as it was.
        """
        todo = changes(wanted, self.tree())
        try:
            for name in todo.removed:
                _remove(self.here / name)
            for name in todo.folders:
                _make(self.here / name)
            for name in todo.files:
                _replace(source.here / name, wanted[name], self.here / name, part)
        except OSError as error:
            raise StandbyError(
                f"{error.filename or self.path} cannot be replaced: {error.strerror or error}",
                remedy="See which program holds it open, and whether the disk is full",
            ) from error

    def _entries(self, folder: Path, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        if not below and not folder.exists():
            return
        with os.scandir(folder) as entries:
            for entry in list(entries):
                if entry.is_dir() and _leads_elsewhere(Path(entry.path)):
                    continue
                if not below and entry.name.casefold() in self._without:
                    continue
                yield f"{below}{entry.name}", entry
                if entry.is_dir():
                    yield from self._entries(Path(entry.path), f"{below}{entry.name}/")

    def _digest(self, path: str, entry: os.DirEntry[str], known: dict[str, tuple[int, int, str]]) -> str:
        seen = os.stat(entry.path)  # noqa: PTH116 - that of DirEntry may be old on Windows
        size, changed, digest = known.get(path, (-1, -1, ""))
        if (size, changed) != (seen.st_size, seen.st_mtime_ns):
            digest = _read(Path(entry.path))
        self._known[path] = seen.st_size, seen.st_mtime_ns, digest
        return digest


def _leads_elsewhere(path: Path) -> bool:
    """A link, or a folder that is a junction: no content of a folder, robocopy leaves it out too."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return False
    attributes = getattr(seen, "st_file_attributes", 0)
    junction = getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0) | getattr(stat, "FILE_ATTRIBUTE_DIRECTORY", 0)
    return stat.S_ISLNK(seen.st_mode) or (WINDOWS and attributes & junction == junction)


def _read(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _unlink(path: Path) -> None:
    """Take away what leads elsewhere, and nothing of what it leads to."""
    if _leads_elsewhere(path):
        path.unlink()


def _make(folder: Path) -> None:
    _unlink(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            for entry in path.iterdir():
                _unlink(entry)
            path.rmdir()
            return
        _writable(path)
        path.unlink()


def _replace(source: Path, digest: str, target: Path, part: Path) -> None:
    with suppress(FileNotFoundError):
        _writable(part)
    shutil.copyfile(source, part)
    if _read(part) != digest:
        raise OSError(0, "it has changed since it was seen", str(source))
    shutil.copystat(source, part)
    with suppress(FileNotFoundError):
        if target.is_dir():
            _unlink(target)
        _writable(target)
    part.replace(target)


def _writable(path: Path) -> None:
    """Windows neither replaces nor removes a file that is read-only."""
    mode = path.stat().st_mode
    if not mode & stat.S_IWRITE:
        path.chmod(mode | stat.S_IWRITE)
