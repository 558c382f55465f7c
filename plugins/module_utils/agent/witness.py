# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The witness as the agent uses it: stores on threads of their own, answers on the agent's loop.

A store may block for as long as the operating system makes it wait. So there is a lane for reading, one for
the node's own record and one for everything else, each with a store and a thread; what has waited too long
in front of a lane is never begun, and a lane that does not come back is left behind for a new one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import StandbyError, foreseen
from ..ha.ownership.decision import Write
from .store.interface import Conflict, Store, StoreOutage, Versioned

# Lanes that may be left behind at once before nothing is begun: each holds a thread and a connection until
# what it waits for has ended.
MOST_LEFT = 8

Done = Callable[[Any], None]


class Witness:
    """Reads and writes the witness for one node.

    Args:
        own: key of the node's own record.
        open_store: makes a store that nobody else uses.
        patience: seconds after which an operation that has not begun is not begun any more, and a lane that
            still waits for one is left behind: ``Timers.store_timeout``.
        post: has a call run on the agent's loop.
    """

    def __init__(
        self,
        own: str,
        open_store: Callable[[], Store],
        patience: float,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._own = own
        self._open = open_store
        self._patience = patience
        self._post = post
        self._left: list[_Lane] = []
        self._lanes: dict[str, _Lane] = {}

    def list(self, done: Callable[[Mapping[str, Versioned] | StoreOutage], None]) -> None:
        """Read all records; one read at a time, a further one is not begun and never answered."""
        lane = self._lane("read")
        if lane is not None and lane.idle:
            lane.begin(lambda store: store.list(""), self._answer(done))

    def put(self, write: Write, text: str, done: Callable[[int | StoreOutage | None], None]) -> None:
        """Write a record; ``done`` is given the new version, None where another version is there."""
        lane = self._lane("own" if write.key == self._own else "others")
        if lane is not None:
            lane.begin(lambda store: store.put(write.key, write.version, text), self._answer(done))

    def _answer(self, done: Done) -> Done:
        return lambda result: self._post(lambda: done(result))

    def _lane(self, name: str) -> _Lane | None:
        lane = self._lanes.get(name)
        if lane is not None and lane.stuck(self._patience):
            lane.leave()
            self._left.append(lane)
            lane = None
            del self._lanes[name]
        self._left = [one for one in self._left if one.alive]
        if lane is None and len(self._left) < MOST_LEFT:
            lane = self._lanes[name] = _Lane(name, self._open, self._patience)
        return lane

    def close(self) -> None:
        """Begin nothing more."""
        for lane in self._lanes.values():
            lane.leave()


class _Lane:
    """A store and the thread that waits for it."""

    def __init__(self, name: str, open_store: Callable[[], Store], patience: float) -> None:
        self._open = open_store
        self._patience = patience
        self._jobs: queue.SimpleQueue[tuple[float, Callable[[Store], object], Done] | None]
        self._jobs = queue.SimpleQueue()
        self._since: float | None = None
        # Each is counted by one thread alone.
        self._asked = self._ended = 0
        self._thread = threading.Thread(target=self._run, name=f"witness {name}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Its thread has not ended."""
        return self._thread.is_alive()

    @property
    def idle(self) -> bool:
        """Nothing is under way or waits."""
        return self._asked == self._ended

    def stuck(self, seconds: float) -> bool:
        """One operation has been under way for longer."""
        since = self._since
        return since is not None and time.monotonic() - since > seconds

    def begin(self, work: Callable[[Store], object], done: Done) -> None:
        self._asked += 1
        self._jobs.put((time.monotonic(), work, done))

    def leave(self) -> None:
        """End the thread after what it does now."""
        self._jobs.put(None)

    def _run(self) -> None:
        store: Store | None = None
        while (job := self._jobs.get()) is not None:
            asked, work, done = job
            self._since = time.monotonic()
            if self._since - asked <= self._patience:
                store, outcome = self._outcome(store, work)
                done(outcome)
            self._since = None
            self._ended += 1

    def _outcome(self, store: Store | None, work: Callable[[Store], object]) -> tuple[Store | None, object]:
        """The store, opened where it was not yet, and what came of the work."""
        try:
            store = store or self._open()
            return store, work(store)
        except Conflict:
            return store, None
        except StoreOutage as outage:
            return store, outage
        except StandbyError as error:  # it cannot be opened with these settings
            told = f"the witness cannot be used: {error.problem}"
            return store, StoreOutage(told, remedy=error.remedy, uncertain=True, permanent=True)
        except Exception as error:  # a thread that ends would be an outage that nobody is told of
            problem = foreseen(error, None).problem
            return store, StoreOutage(f"the witness cannot be used: {problem}", uncertain=True)
