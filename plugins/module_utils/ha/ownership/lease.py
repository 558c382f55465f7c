# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The arithmetic of a node's own lease, all of it on the node's own monotonic clock.

- A renewal counts from the *start* of its write, and only once it is known to have taken effect.
- A promise of the peers counts from the start of the question, and extends an unbroken standing only.
- Nothing that began before the clocks jumped extends anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .timing import Timers

_NEVER = float("-inf")
# Beats without an answer that are remembered: the next beat follows only once the last one was read back.
_UNSURE = 8


@dataclass(frozen=True, slots=True)
class _Unsure:
    """A renewal whose answer was lost: it may have taken effect, or may yet."""

    incarnation: int
    beat: int
    started: float


class Lease:
    """Until when a node may serve, and under which incarnation.

    Attributes:
        incarnation: under which it has joined; 0 where it has not.
        until: past that it must stop everything.
        renewed: start of the last renewal that is known to have taken effect, None before the first.
        lost: why the incarnation is over, else "".
        asked: when peers were last asked for promises, None before that.
        promised: ``until`` rests on promises.
        step: what the next beat adds; see ``resume``.
    """

    def __init__(self, timers: Timers) -> None:
        self.incarnation = 0
        self.until = _NEVER
        self.renewed: float | None = None
        self.lost = ""
        self.asked: float | None = None
        self.promised = False
        self.step = 1
        self._timers = timers
        # When the clocks jumped; None once a renewal that began later is confirmed.
        self._jumped: float | None = None
        self._unsure: list[_Unsure] = []
        # Incarnation and beat that were read back last.
        self._counted = (0, 0)
        # Peer -> when it was asked what it has promised, since all were asked last.
        self._promises: dict[str, float] = {}

    @property
    def jumped(self) -> bool:
        """The clocks have jumped, and no renewal was confirmed since."""
        return self._jumped is not None

    def serves(self, now: float) -> bool:
        """True while the node may serve."""
        return bool(self.incarnation) and not self.lost and now < self.until

    def join(self, incarnation: int, started: float) -> None:
        """A write that began then has made a new incarnation, or renewed the one there is."""
        self.incarnation, self.lost = incarnation, ""
        self.confirm(started)

    def resume(self, incarnation: int, renewed: float, step: int) -> None:
        """Go on from where an earlier process of this agent was.

        Args:
            incarnation: under which that one had joined.
            renewed: of its lease.
            step: more than one, and another number than any other process of this incarnation has: beats of
                those may be under way, and none of them is to be taken for one of this process.
        """
        self.join(incarnation, renewed)
        self.step = step

    def confirm(self, started: float) -> None:
        """A renewal that began then has taken effect."""
        self.step = 1
        self._unsure = [one for one in self._unsure if one.started > started]
        if self._jumped is not None:
            if started < self._jumped:
                return
            self._jumped = None
        self.renewed = max(started, self.renewed if self.renewed is not None else _NEVER)
        until = self.renewed + self._timers.lease
        if until >= self.until:
            self.until, self.promised = until, False

    def unsure(self, incarnation: int, beat: int, started: float) -> None:
        """A renewal that began then has no answer: it extends nothing before it was read back.

        Of several attempts with one beat nobody can tell which took effect: the earliest counts. Where one of
        them was read back already, while this one was under way, this one is none that counts.
        """
        if (incarnation, beat) <= self._counted:
            return
        if any((one.incarnation, one.beat) == (incarnation, beat) for one in self._unsure):
            return
        self._unsure = [*self._unsure[-_UNSURE + 1 :], _Unsure(incarnation, beat, started)]

    def read_back(self, incarnation: int, beat: int) -> bool:
        """The own record is seen with this beat; True where that confirms a renewal without an answer."""
        for one in self._unsure:
            if (one.incarnation, one.beat) == (incarnation, beat):
                self._counted = (incarnation, beat)
                self.confirm(one.started)
                return True
        return False

    def end(self, why: str) -> None:
        """The incarnation is over."""
        self.lost, self.until, self.promised = why, _NEVER, False

    def ask(self, now: float) -> None:
        """Promises are being asked for; those of the last time are forgotten."""
        self.asked, self._promises = now, {}

    def promise(self, peer: str, asked: float, now: float, peers: Iterable[str]) -> bool:
        """A peer has promised not to fence this node until a ttl after the question.

        Args:
            peer: who.
            asked: when this node asked.
            now: when the answer came.
            peers: everybody whose promise is needed.

        Returns:
            True where all of them have promised now, and the lease is the longer for it.
        """
        if self._jumped is not None and asked < self._jumped:
            return False
        self._promises[peer] = asked
        if not self.serves(now) or any(one not in self._promises for one in peers):
            return False
        until = min(self._promises[one] for one in peers) + self._timers.lease
        if until <= self.until:
            return False
        self.until, self.promised = until, True
        return True

    def jump(self, now: float) -> None:
        """Wall clock and monotonic clock have drifted apart: the machine may have been suspended."""
        self._jumped, self._promises = now, {}
        self.until = min(self.until, now + self._timers.doubt)
