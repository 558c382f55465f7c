# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fences: what switches a node off. Whoever asked is told how one ended, whatever becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import foreseen
from .fence_providers import fence_of, provider_of
from .log import wall
from .settings import Settings

# Seconds beyond its own time after which a fence has failed: it hangs in starting or in being killed.
_MARGIN = 10.0


@dataclass(frozen=True)
class Evidence:
    """How a fence ended.

    Attributes:
        off: the node is surely off.
        told: what was asked and what was read back, or what went wrong.
        at: when, UTC.
    """

    off: bool
    told: str
    at: str


class Fences:
    """Runs fences, each on a thread of its own, and no node's twice at once.

    Args:
        settings: which declare them.
        here: where a Windows path is on this machine.
        problem: takes sentences on what failed, on any thread.
        tell: takes sentences on what is so, on any thread.
    """

    def __init__(
        self,
        settings: Settings,
        here: Callable[[str], Path],
        problem: Callable[[str], None],
        tell: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._settings, self._here, self._problem, self._tell = settings, here, problem, tell
        self._last: dict[str, Evidence] = {}
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def run(self, node: str, done: Callable[[bool], None]) -> None:
        """Have a node switched off; ``done`` is called once, on a thread, with whether it is surely off."""
        attempt = _Attempt(node, done)
        with self._lock:
            busy = node in self._running
            self._running.add(node)
        if busy:
            self._fail(attempt, f"{node}: its fence of before has not ended")
            return
        seconds = self._settings.fence_timeout + _MARGIN
        late = f"{node}: its fence has told nothing within {seconds:g} s, and counts as failed"
        watch = threading.Timer(seconds, self._fail, (attempt, late))
        watch.daemon = True
        thread = threading.Thread(target=self._cut, args=(node, attempt, watch), name="fence", daemon=True)
        try:
            watch.start()
            thread.start()
        except RuntimeError as error:  # no more threads
            self._ended(node)
            self._fail(attempt, f"{node}: its fence cannot be run: {error}")

    def shown(self) -> dict[str, dict[str, Any]]:
        """By node what confirms that it is off, and how that ended last; None where it was not tried."""
        declared = sorted({*self._settings.fences, *self._settings.bmcs, *self._settings.manual})
        return {
            node: {
                "provider": provider_of(self._settings, node),
                "last": None if (last := self._last.get(node)) is None else asdict(last),
            }
            for node in declared
            if node != self._settings.node
        }

    def _cut(self, node: str, attempt: _Attempt, watch: threading.Timer) -> None:
        try:
            told = fence_of(self._settings, node, self._here).cut()
        except Exception as error:
            self._fail(attempt, str(foreseen(error, node)))
        else:
            self._off(attempt, told)
        finally:
            watch.cancel()
            self._ended(node)

    def _ended(self, node: str) -> None:
        with self._lock:
            self._running.discard(node)

    def _off(self, attempt: _Attempt, told: str) -> None:
        # Kept before it counts: whoever sees the takeover finds its evidence.
        before = self._last.get(attempt.node)
        self._last[attempt.node] = Evidence(True, told, wall())
        if attempt.told(True):
            with suppress(Exception):
                self._tell(f"{attempt.node} is surely off: {told}")
        elif before is not None:  # too late: it had counted as failed
            self._last[attempt.node] = before

    def _fail(self, attempt: _Attempt, problem: str) -> None:
        if attempt.told(False):
            self._last[attempt.node] = Evidence(False, problem, wall())
            with suppress(Exception):
                self._problem(problem)


class _Attempt:
    """One run of a fence: the first that is told of it counts."""

    def __init__(self, node: str, done: Callable[[bool], None]) -> None:
        self.node, self._done = node, done
        self._lock, self._told = threading.Lock(), False

    def told(self, off: bool) -> bool:
        """Pass it on, where nothing was told before; whether that is so."""
        with self._lock:
            if self._told:
                return False
            self._told = True
        self._done(off)
        return True
