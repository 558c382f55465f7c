# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps that the operations of the directory store are made of."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

from . import names
from .disk import Read, Remove
from .interface import Operation

Names: TypeAlias = list[str]


def path_of(key: str, name: str) -> str:
    """The path of a file of a key."""
    return f"{names.folder(key)}/{name}"


def top(files: Iterable[str]) -> int:
    """The highest number in a listing, 0 where there is none."""
    return max((names.number_of(name) or 0 for name in files), default=0)


def read(path: str) -> Operation[bytes | None]:
    """The content of a file, None where there is none."""
    try:
        data: bytes = yield Read(path)
    except FileNotFoundError:
        return None
    return data


def removed(path: str) -> Operation[bool]:
    """Remove a file; False where it was not there."""
    try:
        yield Remove(path)
    except FileNotFoundError:
        return False
    return True


def discard(path: str) -> Operation[None]:
    """Remove a file that is of no use; if that fails, the next listing finds it."""
    with suppress(OSError):
        yield Remove(path)
