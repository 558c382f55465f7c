# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's log and the decision log, and their readers. Where lines lie is told in ``line_file.py``.

Writing waits for the disk and for nothing else; who must not even do that puts an ``Outbox`` before it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..ha.ownership.decision import Decision
from ..ha.ownership.journal import entry, worth_logging
from ..ha.ownership.snapshot import Snapshot
from .line_file import LineFile, files_of

_CHUNK = 65536


def wall() -> str:
    """The wall clock as ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Log:
    """The agent's log: one JSON object a line, with ``at``, ``level``, ``node``, ``what`` and ``sentence``.

    Args:
        path: see ``LineFile``.
        node: whose log it is.
        wall: the wall clock as ISO 8601; nothing is computed from it.
        size: bytes that a file may have.
        files: that many full ones are kept.
        open_file: see ``LineFile``.
    """

    def __init__(
        self,
        path: Path,
        node: str,
        wall: Callable[[], str],
        *,
        size: int = 4 * 1024 * 1024,
        files: int = 8,
        open_file: Callable[[Path], int] | None = None,
    ) -> None:
        self._node = node
        self._wall = wall
        self._lines = LineFile(path, size, files, self._lost, open_file)

    def write(self, level: str, what: str, sentence: str, /, **more: Any) -> bool:
        """Write an entry; True where it is with the operating system. Never raises.

        Args:
            level: ``info``, ``warning`` or ``error``.
            what: names the kind of entry, for who filters.
            sentence: for people.
            more: further members; what is no JSON is written as its text.
        """
        return self._lines.write(self._line(level, what, sentence, more))

    def close(self) -> None:
        """End the file."""
        self._lines.close()

    def _line(self, level: str, what: str, sentence: str, more: Mapping[str, Any]) -> str:
        known = {
            "at": self._wall(),
            "level": level,
            "node": self._node,
            "what": what,
            "sentence": sentence,
        }
        try:
            return json.dumps({**more, **known} if more else known, default=str)
        except (TypeError, ValueError, RecursionError):
            return json.dumps({**known, "more": repr(more)[:1000]})

    def _lost(self, count: int, reason: str) -> str:
        told = f"{count} {'entry' if count == 1 else 'entries'} of this log could not be written: {reason}."
        return self._line("warning", "log", told, {"lost": count})


class DecisionLog:
    """The decision log: a decision and all that it rests on, wherever it tells something new.

    ``ha/ownership/journal.py`` says what a line holds and reads it. A decision log holds decisions alone:
    how many could not be written is told by ``lost``, and the next one is written whether or not it is new.

    Args:
        path: see ``LineFile``.
        wall: the wall clock as ISO 8601, for people.
        size: bytes that a file may have.
        files: that many full ones are kept.
        open_file: see ``LineFile``.
    """

    def __init__(
        self,
        path: Path,
        wall: Callable[[], str],
        *,
        size: int = 16 * 1024 * 1024,
        files: int = 8,
        open_file: Callable[[Path], int] | None = None,
    ) -> None:
        self._wall = wall
        self._previous: Decision | None = None
        self._lines = LineFile(path, size, files, None, open_file)

    @property
    def lost(self) -> tuple[int, str]:
        """How many decisions could not be written since the log was opened, and the last reason."""
        return self._lines.lost

    def decided(self, snapshot: Snapshot, decision: Decision) -> bool:
        """Take a decision, and log it where it is worth a line; True where it was written."""
        if not worth_logging(self._previous, decision):
            self._previous = decision
            return False
        written = self._lines.write(entry(snapshot, decision, self._wall()))
        self._previous = decision if written else None
        return written

    def close(self) -> None:
        """End the file."""
        self._lines.close()


# Reading


def tail(path: Path, count: int) -> list[str]:
    """The last whole lines of a log, oldest first, over as many of its files as that takes.

    Lines of several writers stand in the order of their files. A file that is removed meanwhile is passed
    over.

    Args:
        path: of the log, as its writer has it.
        count: of lines; fewer where there are no more.

    Raises:
        OSError: the folder cannot be listed, though it is there.
    """
    lines: list[str] = []
    for _number, file in reversed(files_of(path)):
        if len(lines) >= count:
            break
        lines[:0] = _last_lines(file, count - len(lines))
    return lines


def _last_lines(path: Path, count: int) -> list[str]:
    """The last whole lines of a file, read from its end."""
    data = b""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end and data.count(b"\n") <= count:
                begin = max(end - _CHUNK, 0)
                file.seek(begin)
                data = file.read(end - begin) + data
                end = begin
    except OSError:
        return []
    whole = data.split(b"\n")[:-1]
    return _texts(whole[-count:] if count else [])


def _texts(lines: list[bytes]) -> list[str]:
    return [text for text in (line.decode("utf-8", "replace").rstrip("\r") for line in lines) if text]
