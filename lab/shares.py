# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Shares of other nodes as a node reaches them: ``\\COMPUTER\share\folder`` as a folder of the lab.

The node presents its computer account of the domain LAB. What is behind a share has to be on a volume with a
letter.
"""

from __future__ import annotations

import errno
import json
import ntpath
import socket
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

from lab.state import State
from lab.topology import Node


class Shares:
    """What one node reaches.

    Args:
        state: of the lab.
        node: the node that asks.
        nodes: all nodes.
        cut: says whether it is cut off from another node now.
    """

    def __init__(self, state: State, node: Node, nodes: tuple[Node, ...], cut: Callable[[str], bool]) -> None:
        self._state, self._node, self._cut = state, node, cut
        self._names = {one.netbios.casefold(): one for one in nodes}

    def folder(self, path: str) -> Path:
        """The folder behind a UNC path.

        Raises:
            OSError: nobody answers, there is no such share, or it does not let this node in.
        """
        parsed = PureWindowsPath(path)
        computer, _backslash, share = parsed.drive.strip("\\").partition("\\")
        other = self._names.get(computer.casefold())
        if other is None or not self._reached(other):
            raise OSError(errno.EHOSTUNREACH, "The network path was not found.")
        kept = self._shares(other).get(share.casefold())
        if kept is None:
            raise OSError(errno.ENOENT, "The network name cannot be found.")
        account = f"LAB\\{self._node.netbios}$".casefold()
        rights = {name.casefold(): right for name, right in kept["rights"].items()}
        if account not in rights and "everyone" not in rights:
            raise OSError(errno.EACCES, "Access is denied.")
        letter, rest = ntpath.splitdrive(kept["values"]["Path"])
        folder = self._state.node(other.name) / "drives" / letter[0].upper()
        return folder.joinpath(*PureWindowsPath(rest).parts[1:], *parsed.parts[1:])

    def _shares(self, other: Node) -> dict[str, dict[str, dict[str, str]]]:
        file = self._state.node(other.name) / "shares.json"
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return {name.casefold(): values for name, values in kept.items()}

    def _reached(self, other: Node) -> bool:
        """It is on, and nothing is cut, seen from either end."""
        if self._cut(other.name):
            return False
        try:
            table = json.loads(self._state.links(other.name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        if table.get("off") or self._node.name in table.get("cut", {}):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._state.control(other.name).resolve()))
            except OSError:
                return False
        return True
