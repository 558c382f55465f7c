# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of a node, through the command shell: the fixed script ``receive_file.ps1``, calls as its input."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import StandbyError
from ..node import Clock, Node
from .calls import Answer, ask

SCRIPT = "receive_file.ps1"
# Bytes of a file on one line. Base64 of it is longer than any other member.
PIECE = 96 * 1024

_REMEDY = "Look at that place on the node: rights, free space, programs that hold it open"
_WHAT = "files"
# Windows refuses these for a file that somebody has open, for a moment mostly: seconds between attempts.
_HELD = ("move", "remove")
_PAUSES = (0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Found:
    """What is at a path.

    Attributes:
        sha256: of a file, lower case hexadecimal; None where it is none.
        sddl: security descriptor of a folder; None where it is none.
        names: of what lies in a folder.
        link: it is a folder that leads to another one, whose descriptor and contents are told.
    """

    sha256: str | None = None
    sddl: str | None = None
    names: tuple[str, ...] = ()
    link: bool = False

    @property
    def exists(self) -> bool:
        """Something is there."""
        return self.sha256 is not None or self.sddl is not None


class Files:
    """The files of one node.

    Args:
        node: where.
        script: text of ``receive_file.ps1``.
        clock: time.
    """

    def __init__(self, node: Node, script: str, clock: Clock = time) -> None:
        self._node, self._script, self._clock = node, script, clock

    def look(self, paths: Sequence[str]) -> dict[str, Found]:
        """What is at each of some paths.

        Raises:
            StandbyError: one of them cannot be read.
        """
        answers = self._run([{"do": "look", "path": path} for path in paths])
        return {path: _found(answer) for path, answer in zip(paths, answers, strict=True)}

    def read(self, path: str) -> bytes:
        """What a file holds.

        Raises:
            StandbyError: it cannot be read.
        """
        (answer,) = self._run([{"do": "read", "path": path}])
        return base64.b64decode(str(answer.get("data") or ""))

    def make_folder(self, path: str) -> None:
        """A folder, with those above it that are missing; one that is there stays as it is."""
        self._run([{"do": "make", "path": path}])

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files: each is written beside its place first, and moved there once all of it has arrived.

        Raises:
            StandbyError: one cannot be written; those before it have been.
        """
        written = [call for path, data in files.items() for call in _writing(path, data)]
        self._run([call for call, _data in written], [data for _call, data in written])

    def move(self, moves: Iterable[tuple[str, str]]) -> None:
        """Move files or folders; a file at the new place is replaced."""
        self._run([{"do": "move", "path": path, "to": to} for path, to in moves])

    def expand(self, archive: str, folder: str) -> None:
        """Unpack a ZIP archive into a folder, which is made where it is missing."""
        self._run([{"do": "expand", "path": archive, "to": folder}])

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders with all that is in them; success too where nothing is there."""
        self._run([{"do": "remove", "path": path} for path in paths])

    def _run(self, calls: Sequence[Mapping[str, str]], data: Sequence[str] = ()) -> list[Answer]:
        if not calls:
            return []
        answers = ask(self._node, self._script, calls, _WHAT, data)
        for pause in _PAUSES:
            held = [n for n, one in enumerate(answers) if "error" in one and calls[n]["do"] in _HELD]
            if not held:
                break
            self._clock.sleep(pause)
            for number, answer in zip(held, self._ask([calls[n] for n in held]), strict=True):
                answers[number] = answer
        for call, answer in zip(calls, answers, strict=True):
            if "error" in answer:
                raise StandbyError(
                    f"{call['do']}: {str(answer['error']).rstrip('.')}",
                    node=self._node.name,
                    resource=f"file {call['path']}",
                    remedy=_REMEDY,
                )
        return answers

    def _ask(self, calls: Sequence[Mapping[str, str]]) -> list[Answer]:
        return ask(self._node, self._script, calls, _WHAT)


def _writing(path: str, data: bytes) -> Iterable[tuple[Mapping[str, str], str]]:
    """Calls, each with the line before it."""
    new = f"{path}.new"
    for start in range(0, max(1, len(data)), PIECE):
        piece = base64.b64encode(data[start : start + PIECE]).decode("ascii")
        yield {"do": "write", "path": new, "mode": "Append" if start else "Create"}, f"={piece}"
    yield {"do": "move", "path": new, "to": path}, ""


def _found(answer: Answer) -> Found:
    sha256, sddl, names = (answer.get(name) for name in ("sha256", "sddl", "names"))
    return Found(
        None if sha256 is None else str(sha256).lower(),
        None if sddl is None else str(sddl),
        tuple(str(name) for name in names or ()),
        bool(answer.get("link")),
    )
