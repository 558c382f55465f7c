# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fixed number of threads for work that may hang."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread


class Workers:
    """Threads that take work in the order it comes; their number never grows.

    They are daemons: work that never ends keeps no process from ending, which an executor of
    ``concurrent.futures`` would do.

    Args:
        count: of threads.
        name: theirs, for whoever looks at the process.
    """

    def __init__(self, count: int, name: str) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [Thread(target=self._run, name=f"{name} {at}", daemon=True) for at in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        """Have work done as soon as a thread is free; it must not raise. Returns at once."""
        self._work.put(work)

    def close(self) -> None:
        """Have the threads end after the work that was submitted before; they are not waited for."""
        for _each in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
