# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a replicated volume: what there is, what differs, and changes as the other end makes them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

Stamp = tuple[int, int]  # size, time of the last change in nanoseconds


def stamps(folder: Path) -> dict[str, Stamp]:
    """Every file below a folder: relative path -> size and time of its last change."""
    found: dict[str, Stamp] = {}
    for root, _folders, files in os.walk(folder):
        for name in files:
            path = Path(root) / name
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            found[path.relative_to(folder).as_posix()] = (stat.st_size, stat.st_mtime_ns)
    return found


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder: relative path -> digest of its content."""
    return {name: digest(folder / name) for name in stamps(folder)}


def digest(path: Path) -> str:
    """Digest of a file, "" where it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def put(folder: Path, name: str, offset: int, data: bytes, *, end: bool) -> None:
    """Write a part of a file.

    Args:
        folder: of the volume.
        name: relative path.
        offset: where it begins.
        data: the bytes.
        end: nothing follows: what the file has behind it goes.
    """
    path = _below(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, data, offset)
        if end:
            os.ftruncate(descriptor, offset + len(data))
    finally:
        os.close(descriptor)


def delete(folder: Path, name: str) -> None:
    """Remove a file; one that is gone is no error."""
    _below(folder, name).unlink(missing_ok=True)


def _below(folder: Path, name: str) -> Path:
    if ".." in PurePosixPath(name).parts:
        raise ValueError(f"{name} leads out of the volume")
    return folder / name
