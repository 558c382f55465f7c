# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a shared disk online: two nodes at once is corruption, and it is written down."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


class Claims:
    """The claims of the nodes on one shared disk.

    A claim is a lock on a file of the node's own: it ends with the process that held it (power loss) and
    lasts while that is stopped (hang), as with a disk that a node still has mounted.

    Args:
        folder: shared by the nodes; one file a node.
        node: the node that claims.
        corrupted: called with the other nodes that have the disk online.
    """

    def __init__(self, folder: Path, node: str, corrupted: Callable[[list[str]], None]) -> None:
        self._folder = folder
        self._node = node
        self._corrupted = corrupted
        self._descriptor: int | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def take(self) -> None:
        """Claim the disk: nothing stops a node, Windows does not either; what it breaks is reported."""
        if self._descriptor is not None:
            return
        self._descriptor = self._open(self._node)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        if others := self.others():
            self._corrupted(others)

    def drop(self) -> None:
        """Give the claim up."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def others(self) -> list[str]:
        """The other nodes that have the disk online now."""
        names = sorted(path.stem for path in self._folder.glob("*.online"))
        return [name for name in names if name != self._node and self._locked(name)]

    def _open(self, node: str) -> int:
        return os.open(self._folder / f"{node}.online", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _locked(self, node: str) -> bool:
        descriptor = self._open(node)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
