# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows paths to folders of the lab machine."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from lab.machine.storage import Storage


def local_path(storage: Storage, windows_path: str) -> Path:
    r"""The folder or file that stands for an absolute Windows path.

    The volume with the longest access path carries it; parts are matched without case and need not exist.

    Raises:
        FileNotFoundError: relative, UNC, or on no online volume.
    """
    parts = absolute_parts(windows_path)
    best: tuple[int, Path] | None = None
    for _rest, part in storage.mounted():
        for access in part.access:
            prefix = absolute_parts(access)
            if _starts_with(parts, prefix) and (best is None or len(prefix) > best[0]):
                best = len(prefix), part.folder
    if best is None:
        raise FileNotFoundError(f"no online volume carries {windows_path}")
    return _descend(best[1], parts[best[0] :])


def absolute_parts(windows_path: str) -> tuple[str, ...]:
    r"""``("C:", "inetpub", "wwwroot")``, ``.`` and ``..`` resolved as Windows does (never above the root).

    Raises:
        FileNotFoundError: the path has no drive letter.
    """
    path = PureWindowsPath(windows_path)
    if len(path.drive) != 2 or not path.root:
        raise FileNotFoundError(f"not an absolute path on a drive: {windows_path}")
    resolved: list[str] = []
    for part in path.parts[1:]:
        if part == "..":
            del resolved[-1:]
        else:
            resolved.append(part)
    return (path.drive.upper(), *resolved)


def _starts_with(parts: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    head = parts[: len(prefix)]
    return [part.casefold() for part in head] == [part.casefold() for part in prefix]


def _descend(folder: Path, parts: tuple[str, ...]) -> Path:
    for part in parts:
        folder = _child(folder, part)
    return folder


def _child(folder: Path, name: str) -> Path:
    exact = folder / name
    if exact.exists() or not folder.is_dir():
        return exact
    return next((entry for entry in folder.iterdir() if entry.name.casefold() == name.casefold()), exact)
