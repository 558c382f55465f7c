# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
r"""robocopy.exe: a folder made the same as another one, and what its exit code says.

Sources: MicrosoftDocs, windows-server/administration/windows-commands/robocopy; for the bits of the exit code
see ``docs/windows_contracts.md``. ``/e /purge`` and not ``/mir``, which would overwrite the security settings
of the destination folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import StandbyError
from ..node import Completed, Node
from .failure import about

PROGRAM = "robocopy.exe"

# Without them a file that is held open is tried a million times, every 30 seconds.
_RETRIES, _WAIT = 1, 1
# Folders of Windows itself at the root of every volume.
SYSTEM_FOLDERS = ("System Volume Information", "$RECYCLE.BIN")

COPIED, EXTRA, MISMATCHED, FAILED, FATAL = 1, 2, 4, 8, 16
_WORDS = (
    (FATAL, "nothing was copied, for want of access or of one of the folders"),
    (FAILED, "some files or folders could not be copied"),
    (MISMATCHED, "a file stood where a folder is to be, or the reverse"),
)
_LAST_LINES = 3


@dataclass(frozen=True)
class Run:
    """One run that did not fail.

    Attributes:
        code: exit code, a sum of bits.
    """

    code: int

    @property
    def changed(self) -> bool:
        """Something was copied or removed, or could not be compared."""
        return self.code != 0


def arguments(source: str, destination: str, excluded: Iterable[str] = ()) -> list[str]:
    r"""The command that makes a folder the same as another one.

    Args:
        source: folder or share, ``\\server1\share``.
        destination: folder.
        excluded: folders of the source, by their whole path or by their name, that are left out.

    Raises:
        StandbyError: a path ends with a backslash, which would escape the quote behind it.
    """
    paths = (source, destination, *excluded)
    if any(path.endswith("\\") for path in paths):
        raise StandbyError(f"robocopy is given no path that ends with a backslash: {', '.join(paths)}")
    return [
        PROGRAM,
        source,
        destination,
        *("/e", "/purge", "/copy:DAT", "/xj"),
        *(f"/r:{_RETRIES}", f"/w:{_WAIT}"),
        *("/np", "/nfl", "/ndl", "/njh", "/njs"),
        *("/xd", *SYSTEM_FOLDERS, *excluded),
    ]


def make_same(node: Node, source: str, destination: str, excluded: Iterable[str] = ()) -> Run:
    """Make a folder of a node the same as another one: what it has beside that is deleted.

    Raises:
        StandbyError: not everything could be copied; the folder may hold a part.
    """
    with about(node, f"copy of {source} in {destination}", _remedy(source)):
        done = node.shell.run(arguments(source, destination, excluded))
        if _failed(done.code):
            raise StandbyError(f"robocopy ended with exit code {done.code}: {_told(done)}")
        return Run(done.code)


def words_of(code: int) -> str:
    """The gravest that an exit code says, one clause; "" where nothing is wrong."""
    return next((words for bit, words in _WORDS if code & bit), "")


def _failed(code: int) -> bool:
    """Any value from 8 on; what is no sum of the documented bits is no success either."""
    return not 0 <= code < FAILED


def _told(done: Completed) -> str:
    lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    told = words_of(done.code) if 0 <= done.code < 2 * FATAL else "it was ended, or is none"
    return f"{told} ({'; '.join(lines[-_LAST_LINES:])})" if lines else told


def _remedy(source: str) -> str:
    return (
        f"See whether the account of the agent may read {source} and all that is in it, whether files are "
        "held open, and whether the disk is full"
    )
