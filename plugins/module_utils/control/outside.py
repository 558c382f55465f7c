# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The outside view during a move: a client that asks all the time, and how long it was not answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..ha.model import Check
from ..node import Clock
from ..windows import deepcheck

# Seconds between two requests, and what one may take: an address that is nowhere answers nothing at all.
PACE = 0.1
LIMIT = 1.0
# Seconds that a client without an answer goes on after the end, so that it sees the one that comes now.
SETTLE = 2.0
# Sites that are asked side by side; of a hierarchy with more of them, these stand for the rest.
WIDTH = 8

Ask = Callable[[Check], bool]


@dataclass
class Gap:
    """What one client sees.

    Attributes:
        longest: seconds from the beginning of the first request that failed to the end of the first that did
            not, for the longest such time; None where none failed.
        since: when the first of those that fail now began; None where the last one did not.
    """

    longest: float | None = None
    since: float | None = None

    def see(self, begun: float, ended: float, *, healthy: bool) -> None:
        """Take in one request."""
        if not healthy:
            self.since = begun if self.since is None else self.since
        elif self.since is not None:
            self.longest = max(self.longest or 0.0, ended - self.since)
            self.since = None


class Watch:
    """Asks the sites of a hierarchy from where this runs.

    Args:
        checks: deep checks; bodies and certificates are not looked at.
        clock: for measuring.
        ask: asks once.
    """

    def __init__(self, checks: Sequence[Check], clock: Clock, ask: Ask | None = None) -> None:
        self._checks = [
            replace(check, body=None, verify=False, timeout=min(check.timeout, LIMIT))
            for check in checks[:WIDTH]
        ]
        self._clock, self._ask = clock, ask or ask_once
        self._gaps = [Gap() for _check in self._checks]
        self._end = threading.Event()
        self._until = 0.0
        self._threads = [
            threading.Thread(target=self._run, args=pair, daemon=True)
            for pair in zip(self._checks, self._gaps, strict=True)
        ]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> float | None:
        """End; the longest time without an answer, in seconds.

        None where no request failed, or where one still fails.
        """
        self._until = self._clock.monotonic() + SETTLE
        self._end.set()
        for thread in self._threads:
            thread.join()
        if any(gap.since is not None for gap in self._gaps):
            return None
        return max((gap.longest for gap in self._gaps if gap.longest is not None), default=None)

    def _run(self, check: Check, gap: Gap) -> None:
        while not self._end.is_set() or (gap.since is not None and self._clock.monotonic() < self._until):
            begun = self._clock.monotonic()
            healthy = self._ask(check)
            gap.see(begun, self._clock.monotonic(), healthy=healthy)
            self._clock.sleep(PACE)


def ask_once(check: Check) -> bool:
    """Whether there is a good answer."""
    return deepcheck.run_check(check).healthy
