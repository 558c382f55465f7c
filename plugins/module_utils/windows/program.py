# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A program of Windows, run by its whole path, so that no other program of that name is found first."""

from __future__ import annotations

import ntpath
from collections.abc import Sequence

from ..errors import CimError, StandbyError
from ..node import Completed, Node
from . import iis_command
from .environment import read_machine

_NO_FILE = (0x80070002, 0x80070003)  # ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND


class ProgramMissing(StandbyError):
    """Windows does not have the program."""


def run(node: Node, path: str, arguments: Sequence[str], stdin: bytes = b"") -> Completed:
    r"""Run a program, wherever Windows is; on the node itself a bare name may be found nowhere.

    Args:
        node: where.
        path: of it below the Windows directory, such as ``System32\netsh.exe``.
        arguments: to it.
        stdin: what it reads.

    Raises:
        ProgramMissing: there is no such program.
    """
    ended = start(node, (f"{iis_command.WINDOWS}\\{path}", *arguments), stdin)
    if ended is None or iis_command.program_missing(ended):
        windows = read_machine(node).windows_directory
        if windows.casefold() != iis_command.WINDOWS.casefold():
            ended = start(node, (f"{windows}\\{path}", *arguments), stdin)
    if ended is None:
        name = ntpath.basename(path)
        raise ProgramMissing(
            f"{name} was not found", remedy=rf"Look whether {path} is in the Windows directory of the node"
        )
    return ended


def start(node: Node, argv: Sequence[str], stdin: bytes = b"") -> Completed | None:
    """None where there is no such program; a shell that finds none may also answer as one that fails does."""
    try:
        return node.shell.run(argv, stdin)
    except CimError as failure:
        if {failure.wsman_code, failure.provider_code}.isdisjoint(_NO_FILE):
            raise
        return None
