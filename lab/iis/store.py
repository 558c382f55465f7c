# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applicationHost.config on disk: read again whenever it has changed, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from lab.iis.document import parse
from lab.iis.model import Configuration, read


class Store:
    """One configuration file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int, int] | None = None
        self._current: Configuration | None = None

    @property
    def name(self) -> str:
        """The file as IIS's messages name it."""
        return "\\\\?\\C:\\Windows\\system32\\inetsrv\\config\\applicationHost.config"

    def content(self) -> bytes:
        """The file as it is.

        Raises:
            OSError: it cannot be read.
        """
        return self._file.read_bytes()

    def current(self) -> tuple[Configuration, bool]:
        """What the file says, and whether it has changed since the last call.

        Raises:
            OSError: it cannot be read.
            ValueError: it is not well-formed, or a site in it lacks what it needs.
        """
        status = self._file.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp != self._stamp or self._current is None:
            self._current = read(parse(self.content()))
            self._stamp = stamp
            return self._current, True
        return self._current, False

    def write(self, data: bytes) -> None:
        """Replace the file in one step.

        Raises:
            ValueError: the new text is not a configuration; the file is unchanged.
            OSError: it cannot be written.
        """
        read(parse(data))
        beside = self._file.with_name(self._file.name + ".tmp")
        beside.write_bytes(data)
        beside.replace(self._file)
        self._current = None
