# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The folder that stands for a node's drives and shares in real processes: STANDBY_ROOT.

``C``, ``E`` ... lead to the volumes that are there now, ``UNC/server/share`` to the shares of the witnesses.
Programs of the node are small scripts at their places on drive C that relay to the node. A volume without a
letter is not shown.
"""

from __future__ import annotations

import ntpath
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lab.machine.files import write_atomically
from lab.machine.storage import Storage

_REPOSITORY = Path(__file__).resolve().parents[2]


class StandIns:
    """The folder of one node.

    Args:
        root: the folder.
        storage: the node's volumes.
        shares: ``server/share`` -> folder.
    """

    def __init__(self, root: Path, storage: Storage, shares: Mapping[str, Path]) -> None:
        self.root = root
        self._storage = storage
        for name, folder in shares.items():
            place = root / "UNC" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(place, folder)

    def refresh(self) -> None:
        """Show the volumes that are there now, and no other."""
        wanted = dict(self._letters())
        for entry in list(self.root.iterdir()):
            if len(entry.name) == 1 and entry.name not in wanted:
                entry.unlink()
        for letter, folder in wanted.items():
            _link(self.root / letter, folder)

    def install(self, programs: Iterable[str], control: Path) -> None:
        """Put scripts where the node's programs are.

        Args:
            programs: Windows paths.
            control: the node's control socket.
        """
        for path in programs:
            drive, *parts = ntpath.normpath(path).split("\\")
            if (self.root / drive[0]).exists():
                _script(self._folder(self.root / drive[0], parts[:-1]) / parts[-1], path, control)

    def _letters(self) -> Iterator[tuple[str, Path]]:
        for _disk, part in self._storage.mounted():
            for access in part.access:
                if len(access.rstrip("\\")) == 2:
                    yield access[0].upper(), part.folder

    def _folder(self, folder: Path, parts: list[str]) -> Path:
        """The folder, in lower case too: callers spell it in both ways, and Windows does not care."""
        for part in parts:
            same = [entry for entry in folder.iterdir() if entry.name.casefold() == part.casefold()]
            real = next((entry for entry in same if not entry.is_symlink()), folder / part)
            real.mkdir(exist_ok=True)
            for spelling in {part, part.lower()} - {real.name}:
                _link(folder / spelling, Path(real.name))
            folder = real
        return folder


def _link(place: Path, target: Path) -> None:
    if place.is_symlink():
        if place.readlink() == target:
            return
        place.unlink()
    place.symlink_to(target)


def _script(place: Path, program: str, control: Path) -> None:
    """``-S``: the relay needs neither packages nor the faults of the node."""
    relay = shlex.join([sys.executable, "-S", "-m", "lab.relay", str(control), program])
    text = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(_REPOSITORY))} exec {relay} "$@"\n'
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        write_atomically(place, text, 0o755)
