# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``receive_file.ps1`` as powershell.exe of a node runs it: calls on files, JSON lines there, base64 back."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.machine.acls import Acls
from lab.machine.host import Host
from lab.shell import fixedscript
from lab.shell.program import Streams

# The collection's own file: powershell.exe knows the script by its exact text.
SCRIPT = Path(__file__).parents[2] / "plugins" / "module_utils" / "windows" / "scripts" / "receive_file.ps1"

Call = Mapping[str, str]


class ReceiveFile:
    """The script as a program.

    Args:
        host: the machine.
        acls: security descriptors of its folders.
    """

    def __init__(self, host: Host, acls: Acls) -> None:
        self._host = host
        self._acls = acls
        self._calls: Mapping[str, Callable[[Call, Path], dict[str, Any]]] = {
            "look": self._look,
            "read": lambda _call, place: {"data": base64.b64encode(place.read_bytes()).decode()},
            "make": _make,
            "write": _write,
            "move": self._move,
            "expand": self._expand,
            "remove": self._remove,
        }

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Answer line after line."""
        del argv, environment
        async for call in fixedscript.calls(streams):
            fixedscript.answer(streams, self._answer(call))
        return 0

    def _answer(self, call: Call) -> dict[str, Any]:
        known = self._calls.get(call["do"])
        if known is None:
            self._host.record("unknown-request", kind="receive_file", why=f"the call {call['do']}")
            return {"error": f"there is no call {call['do']}"}
        try:
            return known(call, self._host.local_path(call["path"]))
        except (OSError, zipfile.BadZipFile) as error:
            return {"error": f"{error} ({call['path']})"}

    def _look(self, call: Call, place: Path) -> dict[str, Any]:
        if place.is_file():
            return {"sha256": hashlib.sha256(place.read_bytes()).hexdigest().upper()}
        if place.is_dir():
            names = [entry.name for entry in place.iterdir()]
            return {"sddl": self._acls.of(call["path"]).sddl, "names": names, "link": place.is_symlink()}
        return {}

    def _move(self, call: Call, place: Path) -> dict[str, Any]:
        target = self._host.local_path(call["to"])
        if target.is_dir():
            raise FileExistsError("Cannot create a file when that file already exists.")
        place.replace(target)
        self._acls.move(call["path"], call["to"])
        return {}

    def _expand(self, call: Call, place: Path) -> dict[str, Any]:
        with zipfile.ZipFile(place) as packed:
            packed.extractall(self._host.local_path(call["to"]))
        return {}

    def _remove(self, call: Call, place: Path) -> dict[str, Any]:
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        self._acls.forget(call["path"])
        return {}


def _make(_call: Call, place: Path) -> dict[str, Any]:
    place.mkdir(parents=True, exist_ok=True)
    return {}


def _write(call: Call, place: Path) -> dict[str, Any]:
    modes = {"Create": "wb", "Append": "ab"}
    with place.open(modes[call["mode"]]) as file:
        file.write(base64.b64decode(call["data"]))
    return {}
