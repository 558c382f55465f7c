# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a supervisor tells what goes wrong: the agent's log, the event log of Windows, standard error.

A scheduled task keeps nothing of what its program writes, and webhooks are the worker's, which is what may
not live. What only a supervisor with something to tell needs is imported then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import foreseen
from .home import Home
from .line_file import files_of
from .outbox import Outbox

if TYPE_CHECKING:
    from .log import Log

# The kind of its entries in the log.
SUPERVISOR = "supervisor"
# Sentences that may wait for the disk.
_WAITING = 100
# A supervisor that cannot even begin is started again every minute, and tells the same once in that time.
_QUIET = timedelta(hours=1)


class Telling:
    """What one supervisor tells. Nothing here waits or raises, but for ``close``.

    Args:
        home: of the agent.
        event_log: writes a sentence to the event log; None for that of Windows.

    Attributes:
        node: whose log it is, once that is known.
        events: whether the event log is told, too.
    """

    def __init__(self, home: Home, event_log: Callable[[str], object] | None = None) -> None:
        self.node, self.events = "", True
        self._home, self._event_log = home, event_log or _report
        self._log: Log | None = None
        self._outbox: Outbox[str] = Outbox(self._write, _WAITING, _silent, "telling")

    def tell(self, sentence: str) -> None:
        """Tell a sentence."""
        with suppress(OSError, ValueError, AttributeError):  # closed, or there is none
            sys.stderr.write(f"{sentence}\n")
            sys.stderr.flush()
        self._outbox.put(sentence)

    def failed(self, error: Exception) -> None:
        """Tell why it cannot begin, unless that was told lately; whoever began it shows the error itself."""
        sentence = f"the agent cannot begin: {foreseen(error, None)}"
        at, last = last_told(self._home)
        if last != sentence or _age(at) > _QUIET:
            self._outbox.put(sentence)

    def close(self, seconds: float = 2.0) -> None:
        """Write down what waits."""
        self._outbox.close(seconds)

    def _write(self, sentence: str, dropped: int) -> None:
        self._to_log(sentence, dropped)
        if self.events:
            self._event_log(f"{self.node}: {sentence}" if self.node else sentence)

    def _to_log(self, sentence: str, dropped: int) -> None:
        from .log import Log, wall

        if self._log is None:
            self._log = Log(self._home.log_file, self.node, wall)
        self._log.write("error", SUPERVISOR, sentence, **({"dropped": dropped} if dropped else {}))


def last_told(home: Home) -> tuple[str, str]:
    """When a supervisor of this home told something last, ISO 8601, and what; "" where none did."""
    with suppress(OSError):
        for _number, file in reversed(files_of(home.log_file)):
            for line in reversed(_lines(file)):
                with suppress(ValueError, TypeError, KeyError):
                    entry = json.loads(line)
                    if entry["what"] == SUPERVISOR:
                        return str(entry["at"]), str(entry["sentence"])
    return "", ""


def _lines(file: Path) -> list[bytes]:
    """The lines of a file with something of a supervisor; none where it cannot be read."""
    try:
        return [line for line in file.read_bytes().splitlines() if SUPERVISOR.encode() in line]
    except OSError:
        return []


def _age(at: str) -> timedelta:
    try:
        return abs(datetime.now(UTC) - datetime.fromisoformat(at))
    except (ValueError, TypeError):
        return timedelta.max


def _report(sentence: str) -> bool:
    from .eventlog import report
    from .severity import Severity

    return report(Severity.ERROR, sentence)


def _silent(_sentence: str) -> None:
    """Where the log itself cannot be written, nobody is left to be told."""
