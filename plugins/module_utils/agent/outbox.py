# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A bounded queue and the thread that works it off, for what its callers must not wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from ..errors import foreseen

T = TypeVar("T")


class Outbox(Generic[T]):
    """Takes items at once, and has them delivered one after the other on a thread of its own.

    Where it is full, the oldest item is dropped: what is told is where things stand now.

    Args:
        deliver: takes an item and how many were dropped since the one before; may take its time.
        size: items that may wait.
        problem: is told, as a sentence, when ``deliver`` raises.
        name: of the thread.
    """

    def __init__(
        self,
        deliver: Callable[[T, int], None],
        size: int,
        problem: Callable[[str], None],
        name: str = "outbox",
    ) -> None:
        self._deliver = deliver
        self._size = size
        self._problem = problem
        self._waiting: deque[T] = deque()
        self._dropped = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Leave an item; never waits, never raises. What comes after ``close`` is dropped."""
        with self._changed:
            if self._closed:
                return
            self._waiting.append(item)
            if len(self._waiting) > self._size:
                self._waiting.popleft()
                self._dropped += 1
            self._changed.notify()

    def close(self, timeout: float) -> bool:
        """Take nothing more; wait that many seconds for what is there. True where all of it was delivered."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._anything)
                if not self._waiting:
                    return
                item, dropped = self._waiting.popleft(), self._dropped
                self._dropped = 0
            try:
                self._deliver(item, dropped)
            except Exception as error:
                with suppress(Exception):
                    self._problem(str(foreseen(error, None)))

    def _anything(self) -> bool:
        return bool(self._waiting) or self._closed
