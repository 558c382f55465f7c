# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fences: programs that switch a node off. Whoever asked is told how one ended, whatever becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import StandbyError, foreseen
from . import commands
from .settings import Settings

# Seconds beyond its own time after which a fence has failed: it hangs in starting or in being killed.
_MARGIN = 10.0


class Fences:
    """Runs fences, each on a thread of its own, and no node's twice at once.

    Args:
        settings: which declare them.
        here: where a Windows path is on this machine.
        problem: takes sentences, on any thread.
    """

    def __init__(
        self, settings: Settings, here: Callable[[str], Path], problem: Callable[[str], None]
    ) -> None:
        self._settings, self._here, self._problem = settings, here, problem
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def run(self, node: str, done: Callable[[bool], None]) -> None:
        """Have a node switched off; ``done`` is called once, on a thread, with whether it is surely off."""
        attempt = _Attempt(done)
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

    def _cut(self, node: str, attempt: _Attempt, watch: threading.Timer) -> None:
        try:
            fence(self._settings, node, self._here)
        except Exception as error:
            self._fail(attempt, str(foreseen(error, node)))
        else:
            attempt.told(True)
        finally:
            watch.cancel()
            self._ended(node)

    def _ended(self, node: str) -> None:
        with self._lock:
            self._running.discard(node)

    def _fail(self, attempt: _Attempt, problem: str) -> None:
        if attempt.told(False):
            with suppress(Exception):
                self._problem(problem)


class _Attempt:
    """One run of a fence: the first that is told of it counts."""

    def __init__(self, done: Callable[[bool], None]) -> None:
        self._done, self._lock, self._told = done, threading.Lock(), False

    def told(self, off: bool) -> bool:
        """Pass it on, where nothing was told before; whether that is so."""
        with self._lock:
            if self._told:
                return False
            self._told = True
        self._done(off)
        return True


def fence(settings: Settings, node: str, here: Callable[[str], Path]) -> None:
    """Run the fence of a node, to its end.

    Args:
        settings: which declare it.
        node: that is to be off.
        here: where a Windows path is on this machine.

    Raises:
        StandbyError: it is not sure that the node is off. Its arguments are not told: one may be a password.
    """
    program, *arguments = settings.fences[node]
    try:
        commands.run([str(here(program)), *arguments], b"", settings.fence_timeout, spare=(node,))
    except StandbyError as error:
        raise StandbyError(
            f"its fence {program}: {error.problem}",
            node=node,
            remedy="Make sure that the node is off, then ask for what it had with force; mend the fence",
        ) from error
