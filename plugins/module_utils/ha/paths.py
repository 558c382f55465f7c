# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Windows paths as text: environment variables expanded, the volume found that carries them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath

_VARIABLE = re.compile(r"%([^%]+)%")
_DRIVE = re.compile(r"[A-Za-z]:\\")
# \\?\C:\folder, \\.\C:\folder and \\?\UNC\server\share of the Win32 file namespaces.
_NAMESPACE = re.compile(r"\\\\[?.]\\(UNC\\)?", re.IGNORECASE)
MAX_NESTING = 16  # variables inside variables; Windows' own are nested once


class UnknownVariableError(ValueError):
    """A path names an environment variable that the machine does not have, or that names itself.

    Attributes:
        variable: as written in the path.
    """

    def __init__(self, variable: str) -> None:
        super().__init__(variable)
        self.variable = variable


@dataclass(frozen=True)
class Place:
    r"""Where a path lies.

    Attributes:
        path: absolute, expanded, with backslashes.
        server: of a UNC path, None for local ones.
        relative: not absolute: nothing can be said.
    """

    path: str
    server: str | None = None
    relative: bool = False


def expand(path: str, variables: Mapping[str, str]) -> str:
    """Replace every ``%name%``, case ignored, also inside the values of variables.

    Args:
        path: as written.
        variables: upper-case name -> value.

    Raises:
        UnknownVariableError: there is no such variable, or it leads back to itself.
    """
    for _depth in range(MAX_NESTING):
        found = _VARIABLE.search(path)
        if found is None:
            return path
        path = _VARIABLE.sub(lambda match: _value(match.group(1), variables), path)
    raise UnknownVariableError(found.group(1) if found else path)


def _value(name: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name.upper())
    if value is None:
        raise UnknownVariableError(name)
    return value


def place(path: str) -> Place:
    """Take an expanded path apart; forward slashes count as backslashes, ``..`` is resolved."""
    text = path.strip().replace("/", "\\")
    namespace = _NAMESPACE.match(text)
    if namespace:
        text = ("\\\\" if namespace.group(1) else "") + text[namespace.end() :]
    if text.startswith("\\\\"):
        server = text[2:].partition("\\")[0]
        return Place(text, server=server) if server else Place(text, relative=True)
    if not _DRIVE.match(text + "\\"):
        return Place(text, relative=True)
    return Place(_resolved(text))


def _resolved(text: str) -> str:
    """Drop ``.`` and resolve ``..``: content that climbs out of its mount point lies elsewhere."""
    pure = PureWindowsPath(text if len(text) > 2 else text + "\\")
    kept: list[str] = []
    for part in pure.parts[1:]:
        if part == "..":
            kept = kept[:-1]
        else:
            kept.append(part)
    return str(PureWindowsPath(pure.drive.upper() + "\\", *kept))


def carrier(path: str, access_paths: Iterable[str]) -> str | None:
    r"""The longest access path (``E:\``, ``D:\mounts\web\``) that the path lies on, None where none does."""
    wanted = folder(path).casefold()
    carrying = (access for access in access_paths if wanted.startswith(folder(access).casefold()))
    return max(carrying, key=len, default=None)


def folder(path: str) -> str:
    """The path with its final backslash."""
    return path if path.endswith("\\") else path + "\\"


def drive_root(path: str) -> str:
    r"""``E:\`` of a local path."""
    return f"{path[0].upper()}:\\"
