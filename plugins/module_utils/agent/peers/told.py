# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sentences that would be told over and over, told once in a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

# Seconds in which a sentence is told once.
_QUIET = 60.0
# Different sentences in that time: whoever sends nonsense from ever new places fills no log.
_MOST = 64
_REST = f"More than {_MOST} different problems within a minute: the rest is not told."


class Told:
    """Passes on a sentence when it was not told within the last minute.

    Args:
        tell: what is told; called on the thread of whoever has something to tell.
        clock: monotonic, seconds.
    """

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._tell = tell
        self._clock = clock
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def tell(self, sentence: str) -> None:
        """Tell it, where it is not too soon."""
        now = self._clock()
        with self._lock:
            self._last = {known: at for known, at in self._last.items() if now - at < _QUIET}
            if sentence not in self._last and len(self._last) >= _MOST:
                sentence = _REST
            if sentence in self._last:
                return
            self._last[sentence] = now
        # Whoever cannot write a sentence down does not end the listener's threads with it.
        with suppress(Exception):
            self._tell(sentence)
