# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one thread that an agent decides on, as seen by what works for it; and work that comes round on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol


class Caller(Protocol):
    """The thread that everything but slow work happens on."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds."""

    def spread(self, interval: float) -> float:
        """How long to wait until the next round: the interval, or a little less, so that rounds spread."""

    def post(self, call: Callable[[], None]) -> None:
        """Call soon. The only method that other threads use."""


class Rounds:
    """Does something at once, and again after every interval.

    Args:
        caller: whose thread it happens on.
        interval: seconds to the next round, asked for anew in each.
        work: what is done; it must not wait.
    """

    def __init__(self, caller: Caller, interval: Callable[[], float], work: Callable[[], None]) -> None:
        self._caller = caller
        self._interval = interval
        self._work = work
        self._life = 0

    def begin(self) -> None:
        """Begin, or begin anew."""
        self._life += 1
        self._round(self._life)

    def end(self) -> None:
        """Do nothing more until the next begin."""
        self._life += 1

    def _round(self, life: int) -> None:
        if life == self._life:
            self._caller.after(self._caller.spread(self._interval()), partial(self._round, life))
            self._work()
