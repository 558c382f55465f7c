# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs where the agent does not run on Windows (lab, rehearsals): paths, exit codes of programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath, PureWindowsPath
from typing import Any

from ..errors import StandbyError

ROOT = "STANDBY_ROOT"
# A descriptor to which a program that stands for one of Windows writes its exit code.
EXIT_CODE = "STANDBY_EXIT_CODE"
# Where Windows looks for a program without folder, after the folder of the caller (CreateProcessW).
_PROGRAMS = r"C:\Windows\System32"

WINDOWS = sys.platform == "win32"

# Process creation flags (learn.microsoft.com, "Process Creation Flags", "SetPriorityClass function").
_CREATE_NO_WINDOW, _ABOVE_NORMAL = 0x08000000, 0x00008000


def here(path: str, *, windows: bool = WINDOWS, environment: Mapping[str, str] | None = None) -> str:
    r"""What stands for a Windows path.

    Args:
        path: absolute (``C:\a\b``, ``\\server\share\x``), or the bare name of a program.
        windows: whether this is Windows, where the path is given back as it is.
        environment: that of this process where not given. It holds STANDBY_ROOT elsewhere:
            ``C:\a\b`` is ``$STANDBY_ROOT/C/a/b`` then,
            ``\\server\share\x`` is ``$STANDBY_ROOT/UNC/server/share/x``, and a bare name lies in System32.

    Raises:
        StandbyError: not on Windows, and STANDBY_ROOT is not set or the path is neither.
    """
    if windows:
        return path
    root = (os.environ if environment is None else environment).get(ROOT)
    if not root:
        raise StandbyError(
            f"{path} is a path of Windows, and this is not Windows",
            remedy=f"Run the agent on a Windows node, or set {ROOT} to the folder that stands for its drives",
        )
    return str(PurePath(root, *_parts(path)))


def _parts(path: str) -> Sequence[str]:
    parsed = PureWindowsPath(path)
    if not parsed.anchor and len(parsed.parts) == 1:
        parsed = PureWindowsPath(_PROGRAMS, path)
    if not parsed.is_absolute() or ".." in parsed.parts:
        raise StandbyError(
            f"{path!r} is no absolute path of Windows", remedy="Name it with its drive or share"
        )
    if parsed.drive.startswith("\\\\"):
        return ("UNC", *parsed.drive.strip("\\").split("\\"), *parsed.parts[1:])
    return (parsed.drive[0].upper(), *parsed.parts[1:])


def creation_flags(*, prompt: bool = False) -> int:
    """For subprocess.Popen, which takes flags on Windows alone: a console program gets no window.

    Args:
        prompt: it must not come late, and runs above normal. A process does not leave that class to its
            children ("CreateProcessW function", dwCreationFlags), so that all others run at normal.
    """
    if not WINDOWS:
        return 0
    return _CREATE_NO_WINDOW | _ABOVE_NORMAL if prompt else _CREATE_NO_WINDOW


class WholeCode:
    """The exit code of a program, which has 32 bits on Windows and 8 elsewhere.

    Elsewhere a program that stands for one of Windows is told a descriptor to write the whole code to.
    """

    def __init__(self, *, windows: bool = WINDOWS, environment: Mapping[str, str] | None = None) -> None:
        """Prepare for one program.

        Args:
            windows: whether this is Windows.
            environment: what the program is to have, beside the descriptor; that of this process where not
                given.
        """
        self.options: dict[str, Any] = {}  # for subprocess.Popen
        self._descriptors: tuple[int, int] | None = None
        if not windows:
            known = os.environ if environment is None else environment
            self._descriptors = read, write = os.pipe()
            os.set_blocking(read, False)
            self.options = {"pass_fds": (write,), "env": {**known, EXIT_CODE: str(write)}}

    def of(self, returned: int) -> int:
        """The code of a program that has ended and returned this one."""
        with suppress(OSError, ValueError):
            return int(os.read(self._descriptors[0], 32)) if self._descriptors else returned
        return returned

    def close(self) -> None:
        """Let go of the descriptors."""
        for descriptor in self._descriptors or ():
            os.close(descriptor)
        self._descriptors = None
