# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's home: the one folder that holds all its files, and the lock that keeps a second agent off."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import StandbyError
from . import settings as documents
from .settings import Settings

# How often it is tried to remove the status, and seconds between: a worker that follows has no time to lose.
_FORGETS, _PAUSE = 10, 0.02
# Seconds between two looks whether the agent is asked for something by a file.
_GLANCE = 0.2


class RunsAlready(StandbyError):
    """Another agent holds the lock of a home."""


class Home:
    """A folder with ``agent.json`` and ``cluster.key``, and what the agent makes there.

    Args:
        name: its path, as Windows has it.
        here: where a Windows path is on this machine.
    """

    def __init__(self, name: str, here: Callable[[str], Path] = Path) -> None:
        self.name, self.here = name, here
        self.folder = folder = here(name)
        self.key_file = folder / "cluster.key"
        self.log_file = folder / "logs" / "agent.log"
        self.decisions_file = folder / "logs" / "decisions.log"
        self.status_file = folder / "status.json"
        self.leave_file = folder / "leave"
        self.requests_folder = folder / "requests"
        self.relieve_file = folder / "relieve"
        self.standing_file = folder / "standing.json"
        self.etcd_file = folder / "etcd_cluster.json"
        self.retired_file = folder / "retired.json"

    def settings(self) -> Settings:
        """What ``agent.json`` says.

        Raises:
            StandbyError: it cannot be read, or says what cannot be.
        """
        path = self.folder / "agent.json"
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError) as error:
            raise StandbyError(
                f"the agent's settings {path} cannot be read ({error})",
                remedy="Give the home of an agent, which the monitor role has made",
            ) from error
        return documents.parse(text)

    def former_machine(self) -> str:
        """What an older version wrote here to tell this machine from others; "" where there is nothing."""
        try:
            return (self.folder / "machine").read_text(encoding="ascii").strip()
        except (OSError, UnicodeError):
            return ""

    def take_standing(self) -> bytes:
        """What an agent that was relieved has left to the next one; b"" where there is nothing. Once."""
        try:
            left = self.standing_file.read_bytes()
            self.standing_file.unlink()
        except OSError:
            return b""
        return left

    def write(self, path: Path, document: object) -> None:
        """Replace a file in one step by a JSON document; readers see the old one or the new one."""
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        try:
            new.write_text(json.dumps(document), encoding="utf-8")
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def forget_status(self) -> None:
        """Have no status: it is there only while the worker lives that wrote it. Never raises.

        Windows refuses to remove what somebody reads, for that moment.
        """
        for _attempt in range(_FORGETS):
            with suppress(OSError):
                self.status_file.unlink(missing_ok=True)
                return
            time.sleep(_PAUSE)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of this home; the system lets it go when the process ends, in whichever way.

        Raises:
            RunsAlready: another agent holds it.
        """
        with (self.folder / "agent.lock").open("a+b") as file:
            if not _locked(file):
                raise RunsAlready(
                    f"another agent runs in {self.folder}",
                    remedy="Look at the scheduled tasks of standby.iis",
                )
            yield


def wait_for(sign: Path, say: Callable[[str], None]) -> None:
    """Wait until a file is there that asks for something; a look that is refused is told of and made again.

    Args:
        sign: the file.
        say: is told a sentence at each look that fails; must not raise.
    """
    while True:
        try:
            if sign.exists():
                return
        except OSError as error:  # Windows refuses one at times, and Path.exists raises it up to Python 3.13
            say(f"it cannot be seen whether {sign.name} is asked for: {error}")
        time.sleep(_GLANCE)


def _locked(file: IO[bytes]) -> bool:
    """Take a lock on an open file; False where somebody else has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
