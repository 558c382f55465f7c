# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names that follow their owner: the DNS records of what is in service on this node say so, all the time.

Each hierarchy with records has a thread of its own. Nothing waits for it: a server that is silent is told,
and asked again. A record is updated by the owner alone, and no more once the lease is over; whoever is the
owner next looks again, so that an update that came late does not stay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from ..control.dns_record import Done, Keys, ensure
from ..errors import foreseen
from ..ha.dns import settled, shown_somewhere, unsettled, value_on
from ..ha.model import Dns, Hierarchy
from ..node import Clock

# Seconds until a record that is right is looked at again; until one that is not, at first and at most.
LOOK, FIRST, LONGEST = 60.0, 2.0, 30.0
# Seconds that the other servers have to hear of an update before the round ends; the next one looks again.
_SPREADING = 5.0

Ensure = Callable[[Dns, str, Keys, Callable[[], bool]], Done]


class Names:
    """The records of one node's hierarchies.

    Args:
        node: name of this node.
        hierarchies: by name; those without records are left out.
        keys: reads the TSIG keys; raises StandbyError.
        serves: whether this node may serve now.
        say: tells people something; from any thread.
        clock: time.
        ensure_record: has a record say a value; told by what it may ask before it sends an update.
    """

    def __init__(
        self,
        node: str,
        hierarchies: Mapping[str, Hierarchy],
        keys: Callable[[], Keys],
        serves: Callable[[], bool],
        say: Callable[[str], None],
        clock: Clock,
        ensure_record: Ensure | None = None,
    ) -> None:
        self._clock = clock
        self._followers = {
            name: _Follower(node, one, keys, serves, say, clock, ensure_record or self._ensure)
            for name, one in hierarchies.items()
            if one.records
        }

    def follow(self, hierarchy: str, *, serving: bool) -> None:
        """It is in service here and well, or it is not here any more; called as often as one likes."""
        if (follower := self._followers.get(hierarchy)) is not None:
            follower.serving(serving)

    def notice(self, hierarchy: str) -> str:
        """What somebody has to mend about its records, one clause; "" where nothing is known."""
        follower = self._followers.get(hierarchy)
        return follower.notice if follower is not None else ""

    def close(self) -> None:
        """Begin nothing more."""
        for follower in self._followers.values():
            follower.close()

    def _ensure(self, record: Dns, value: str, keys: Keys, allowed: Callable[[], bool]) -> Done:
        return ensure(record, value, keys, self._clock, allowed=allowed, spreading=_SPREADING)


class _Follower:
    """One hierarchy's records, on a thread."""

    def __init__(
        self,
        node: str,
        hierarchy: Hierarchy,
        keys: Callable[[], Keys],
        serves: Callable[[], bool],
        say: Callable[[str], None],
        clock: Clock,
        ensure_record: Ensure,
    ) -> None:
        self._node, self._hierarchy, self._keys = node, hierarchy, keys
        self._serves, self._say, self._clock, self._ensure = serves, say, clock, ensure_record
        self.notice = ""
        self._wanted = self._running = False
        self._number = 0  # of what was wanted: what changed during a round is looked at without a pause
        self._changed = threading.Condition()
        self._pause = FIRST
        self._said: dict[str, str] = {}

    def serving(self, wanted: bool) -> None:
        """See ``Names.follow``. The thread is there from the first time on."""
        with self._changed:
            if wanted != self._wanted:
                self._wanted, self._pause = wanted, FIRST
                self._number += 1
                self._changed.notify()
            if wanted and not self._running:
                self._running = True
                name = f"names {self._hierarchy.name}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
            if not wanted:
                self.notice = ""

    def close(self) -> None:
        """End the thread, at its next pause."""
        with self._changed:
            self._wanted = self._running = False
            self._changed.notify()

    def round(self) -> float:
        """Look at all records once, and update what is to be updated; seconds until the next round."""
        notices = [self._one(record) for record in self._hierarchy.records]
        told = "; ".join(one for one in notices if one)
        with self._changed:
            if self._wanted:
                self.notice = told
        if not told:
            self._pause = FIRST
            return LOOK
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST)
        return pause

    def _run(self) -> None:
        while self._running:
            number = self._number
            rest = self.round() if self._may() else None
            with self._changed:
                # A lease that is just being renewed is asked for again, soon.
                patience = rest if rest is not None else FIRST if self._wanted else None
                if self._running and number == self._number:
                    self._changed.wait(patience)

    def _may(self) -> bool:
        return self._wanted and self._serves()

    def _one(self, record: Dns) -> str:
        """What is to be mended about a record, "" where nothing is."""
        value = value_on(record, self._hierarchy, self._node)
        try:
            done = self._ensure(record, value, self._keys(), self._may)
        except Exception as error:
            told = f"{record.id} is not updated to {value}: {foreseen(error, None, None).problem.rstrip('.')}"
        else:
            told = "; ".join(unsettled(record, value, done.told))
            took = done.updated and shown_somewhere(record, value, done.told)
            if took or settled(record, value, done.told):
                self._tell(record.id, f"{record.id} says {value}")
        self._tell(f"{record.id}, what is wrong", told)
        return told

    def _tell(self, about: str, sentence: str) -> None:
        """What is news, once."""
        if sentence and self._said.get(about) != sentence:
            self._say(sentence)
        self._said[about] = sentence
