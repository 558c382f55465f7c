# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Notifications: what changes is told to the operator outside, by webhook or by a command.

Each channel has a queue and a thread of its own, so that one that is down holds up neither the agent nor the
others. Every channel is given the same document, one JSON object:

=========== ===========================================================================================
member      what it is
=========== ===========================================================================================
format      1
at          when, by the node's wall clock, ISO 8601
node        the node that says so
hierarchy   the hierarchy it is about, "" where it is about none
what        names the kind of change, for who filters
sentence    for people
severity    ``info``, ``warning`` or ``error``
repeated    how many times the same was to be told since it was told last, and was not
dropped     how many notifications this channel lost since the last one it delivered
=========== ===========================================================================================

What says the same as the last one about this hierarchy is not told again for a time, and is counted; seconds
that go by in a sentence make no difference. A change back and forth is told each time: the last thing that
was told is always how things stand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import StandbyError, foreseen
from ..ha.ownership.journal import timeless
from .outbox import Outbox
from .severity import Severity

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Event:
    """A change.

    Attributes:
        at: wall clock, ISO 8601.
        node: that says so.
        hierarchy: it is about, "" where it is about none.
        what: names the kind of change.
        sentence: for people.
        severity: how serious it is.
    """

    at: str
    node: str
    hierarchy: str
    what: str
    sentence: str
    severity: Severity


def document(event: Event, repeated: int, dropped: int) -> dict[str, Any]:
    """What a channel is given to deliver."""
    return {
        "format": FORMAT,
        "at": event.at,
        "node": event.node,
        "hierarchy": event.hierarchy,
        "what": event.what,
        "sentence": event.sentence,
        "severity": event.severity.value,
        "repeated": repeated,
        "dropped": dropped,
    }


class Channel(Protocol):
    """A way to the operator.

    Attributes:
        name: for messages, without secrets.
    """

    name: str

    def deliver(self, content: dict[str, Any], pause: Callable[[float], bool]) -> None:
        """Deliver a document; takes as long as it takes, within bounds of its own.

        Args:
            content: the document.
            pause: waits that many seconds before the next try; True where there is to be none.

        Raises:
            StandbyError: it could not be delivered.
        """


class Notifier:
    """Tells channels of events. ``tell`` never waits and never raises.

    Args:
        channels: where to.
        problem: is told, as a sentence, what could not be delivered; on threads of the channels.
        clock: monotonic, seconds.
        size: notifications that may wait for a channel; beyond that the oldest go.
        quiet: seconds in which the same is told once.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        problem: Callable[[str], None],
        clock: Callable[[], float],
        *,
        size: int = 100,
        quiet: float = 300.0,
    ) -> None:
        self._clock = clock
        self._quiet = quiet
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], _Said] = {}
        self._queues = [_Queue(channel, size, problem, self._stop.wait) for channel in channels]

    def tell(self, event: Event) -> None:
        """Tell all channels, where it is news."""
        with self._lock:
            repeated = self._news(event)
            if repeated is not None:
                for queue in self._queues:
                    queue.put(event, repeated)

    def close(self, timeout: float) -> bool:
        """End: what waits is tried once each, for that many seconds. True where nothing is under way then."""
        self._stop.set()
        end = self._clock() + timeout
        ended = [queue.close(max(end - self._clock(), 0.0)) for queue in self._queues]
        return all(ended)

    def _news(self, event: Event) -> int | None:
        """How often it was kept back before; None where it is no news."""
        now, about = self._clock(), (event.node, event.hierarchy)
        said = timeless(event.sentence), event.what, event.severity
        last = self._last.get(about)
        if last is None or last.said != said:
            self._last[about] = _Said(said, now)
            return 0
        if now - last.at < self._quiet:
            last.repeated += 1
            return None
        repeated, last.repeated, last.at = last.repeated, 0, now
        return repeated


@dataclass(slots=True)
class _Said:
    """What was told last.

    Attributes:
        said: what makes it the same.
        at: when it was told.
        repeated: how often it was kept back since.
    """

    said: tuple[str, str, Severity]
    at: float
    repeated: int = 0


class _Queue:
    """One channel and what waits for it."""

    def __init__(
        self, channel: Channel, size: int, problem: Callable[[str], None], pause: Callable[[float], bool]
    ) -> None:
        self._channel = channel
        self._problem = problem
        self._pause = pause
        self._lost = 0
        self._outbox: Outbox[tuple[Event, int]] = Outbox(self._deliver, size, problem, "notify")

    def put(self, event: Event, repeated: int) -> None:
        self._outbox.put((event, repeated))

    def close(self, timeout: float) -> bool:
        return self._outbox.close(timeout)

    def _deliver(self, item: tuple[Event, int], dropped: int) -> None:
        event, repeated = item
        self._lost += dropped
        try:
            self._channel.deliver(document(event, repeated, self._lost), self._pause)
            self._lost = 0
        except Exception as error:
            self._lost += 1
            failure = error if isinstance(error, StandbyError) else foreseen(error, event.node)
            self._problem(f"A notification was not delivered by {self._channel.name}: {failure}")
