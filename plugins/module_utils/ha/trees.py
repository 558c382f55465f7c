# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a folder holds, as one digest, and what makes one folder the same as another. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

# Relative path with "/" -> SHA-256 of a file, "" of a folder.
Tree: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Changes:
    """What is to be done to a folder, in this order.

    Attributes:
        removed: files and folders that are not wanted, the deepest first.
        folders: to be made, the highest first.
        files: to be written.
    """

    removed: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[str, ...]


def digest_of(tree: Tree) -> str:
    """One digest of names and contents. Windows takes names that differ in case alone for the same one."""
    whole = hashlib.sha256()
    for path, digest in sorted((path.casefold(), digest) for path, digest in tree.items()):
        whole.update(f"{path}\0{digest}\0".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def changes(wanted: Tree, there: Tree) -> Changes:
    """What makes a folder the same as another one.

    Args:
        wanted: what the other one holds.
        there: what it holds.
    """
    kept = {path.casefold(): digest for path, digest in there.items()}
    new = {path.casefold(): digest for path, digest in wanted.items()}
    # What is a file on one side and a folder on the other goes, with all that is below it.
    removed = [
        path
        for path, digest in there.items()
        if path.casefold() not in new or bool(new[path.casefold()]) != bool(digest)
    ]
    return Changes(
        tuple(sorted(removed, key=lambda path: (-path.count("/"), path))),
        tuple(sorted(path for path, digest in wanted.items() if not digest and _differs(kept, path, digest))),
        tuple(sorted(path for path, digest in wanted.items() if digest and _differs(kept, path, digest))),
    )


def _differs(kept: Mapping[str, str], path: str, digest: str) -> bool:
    return kept.get(path.casefold()) != digest
