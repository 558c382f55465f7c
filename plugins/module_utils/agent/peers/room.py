# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is answered next, and who gives way: connections that a listener has taken. No I/O, and no lock.

There are so many slots. Who waits for one gets it in this order: addresses of the cluster's nodes, then those
with the fewest slots already, then who came first. Where no slot is free, whoever has shown nothing authentic
for ``proof`` seconds gives its slot to the next one; only an address of the cluster takes one from another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Generic, TypeVar

Connection = TypeVar("Connection")


@dataclass(eq=False)
class Guest(Generic[Connection]):
    """A connection.

    Attributes:
        connection: itself.
        address: where it comes from.
        known: that is an address of the cluster.
        since: when it was given a slot.
        proven: it has sent a message that is signed by a key of the cluster.
        sent_off: it was told to give way.
    """

    connection: Connection
    address: str
    known: bool
    since: float = 0.0
    proven: bool = False
    sent_off: bool = False


class Room(Generic[Connection]):
    """The guests of one listener.

    Args:
        slots: that are answered at once.
        known: addresses of the cluster's nodes.
        proof: seconds in which a guest with a slot is to show something authentic.
        most: that may wait; beyond that those go that come last in the order.
    """

    def __init__(self, slots: int, known: Collection[str], proof: float, most: int = 128) -> None:
        self._slots, self._proof, self._most = slots, proof, most
        self._known = frozenset(map(_plain, known))
        self._waiting: list[Guest[Connection]] = []
        self._answered: list[Guest[Connection]] = []

    @property
    def guests(self) -> list[Guest[Connection]]:
        """All of them."""
        return [*self._answered, *self._waiting]

    @property
    def waiting(self) -> list[Guest[Connection]]:
        """Those without a slot."""
        return [*self._waiting]

    def come(self, connection: Connection, address: str) -> Guest[Connection] | None:
        """A connection was taken; the guest that there is no room for, if it is one too many."""
        self._waiting.append(Guest(connection, address, _plain(address) in self._known))
        if len(self._waiting) <= self._most:
            return None
        last = max(self._waiting, key=self._order)
        self._waiting.remove(last)
        return last

    def admit(self, now: float) -> Guest[Connection] | None:
        """Who gets a slot now; None where no slot is free or nobody waits."""
        if not self._waiting or len(self._answered) >= self._slots:
            return None
        first = min(self._waiting, key=self._order)
        self._waiting.remove(first)
        first.since = now
        self._answered.append(first)
        return first

    def send_off(self, now: float) -> Guest[Connection] | None:
        """Who is to give way to those who wait, once."""
        going = sum(one.sent_off for one in self._answered)
        if len(self._waiting) <= going or len(self._answered) < self._slots:
            return None
        known = any(one.known for one in self._waiting)
        late = (one for one in self._answered if now >= one.since + self._proof)
        idle = [one for one in late if not (one.proven or one.sent_off) and (known or not one.known)]
        if not idle:
            return None
        found = min(idle, key=lambda one: (one.known, one.since))
        found.sent_off = True
        return found

    def leave(self, guest: Guest[Connection]) -> None:
        """A guest has left."""
        for there in (self._answered, self._waiting):
            if guest in there:
                there.remove(guest)

    def _order(self, guest: Guest[Connection]) -> tuple[bool, int]:
        return not guest.known, sum(one.address == guest.address for one in self._answered)


def _plain(address: str) -> str:
    """An address in the form that all of its spellings have."""
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return address
