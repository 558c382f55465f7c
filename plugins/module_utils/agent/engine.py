# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's course: read the witness, decide, begin what was decided, and fold answers into memory.

It does no I/O and waits for nothing: ``Ports`` begin what takes time, and call back when an answer is there.
Everything happens on one thread. The simulator runs this very code over simulated ports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..ha.ownership.decide import decide
from ..ha.ownership.decision import Ask, CutPower, Decision, Do, Purpose, Write
from ..ha.ownership.memory import Memory
from ..ha.ownership.records import encode
from ..ha.ownership.sightings import Stored
from ..ha.ownership.snapshot import Power, PowerState, Snapshot
from .store.interface import StoreOutage

# Seconds until the witness is read again after it refused a write: what stands there instead is news.
_SOON = 1e-3


class Ports(Protocol):
    """What an engine acts through. Every callback comes on the engine's thread, at most once, or never."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    def wall(self) -> float:
        """Seconds on the wall clock, since any time that is always the same."""

    def minute(self) -> int:
        """Minute of the day, local time."""

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds of the monotonic clock."""

    def spread(self, interval: float) -> float:
        """How long to wait until the next read: the interval, or a little less, so that nodes differ."""

    def list(self, done: Callable[[Mapping[str, Stored] | StoreOutage], None]) -> None:
        """Read all records."""

    def put(self, write: Write, text: str, done: Callable[[int | StoreOutage | None], None]) -> None:
        """Write a record; ``done`` is given the new version, None where another version is there."""

    def ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        """Ask a peer to promise that it will not fence this incarnation; ``done`` where it does."""

    def cut_power(self, action: CutPower, done: Callable[[bool], None]) -> None:
        """Run the fence of a node; ``done`` is told whether it is surely off."""

    def do(self, action: Do) -> None:
        """Begin to start or stop a hierarchy, unless that is under way; reports go into ``Memory.local``."""

    def renewed(self) -> None:
        """The lease has become longer: so may the lifetimes of addresses."""

    def jumped(self) -> None:
        """The clocks jumped."""

    def decided(self, snapshot: Snapshot, decision: Decision) -> None:
        """What was decided, before any of it begins."""

    def begun(self, snapshot: Snapshot) -> None:
        """All of it has begun."""


class Engine:
    """The course of one agent process.

    Args:
        memory: of this process, new.
        ports: what it acts through.
    """

    def __init__(self, memory: Memory, ports: Ports) -> None:
        self.memory = memory
        self._ports = ports
        # The read that is under way, and whether another one is to follow it.
        self._reading: _Waits | None = None
        self._again = False

    def round(self) -> None:
        """Decide, read the witness, and do so again every interval."""
        self._ports.after(self._ports.spread(self.memory.timers.interval), self.round)
        self.think()
        self._look()

    def think(self) -> None:
        """Decide, and begin what was decided. To be called at least every tick, and after every report."""
        ports = self._ports
        self._look_at_clocks()
        snapshot = self.memory.snapshot(ports.monotonic(), ports.minute())
        decision = decide(snapshot)
        ports.decided(snapshot, decision)
        for action in decision.actions:
            if isinstance(action, Write):
                self._write(action)
            elif isinstance(action, Do):
                ports.do(action)
            elif isinstance(action, Ask):
                self._ask(action)
            else:
                self._cut_power(action)
        ports.begun(snapshot)

    def grant(self, peer: str, incarnation: int) -> bool:
        """A peer asks for a promise; True where it is given."""
        self._look_at_clocks()
        return self.memory.grant(peer, incarnation, self._ports.monotonic())

    # The witness

    def _look(self) -> None:
        """Read the witness; where a read is under way, once that has ended, since it may have seen less."""
        if self._reading is not None:
            self._again = True
            return
        ports, memory = self._ports, self.memory
        started = ports.monotonic()
        waits = self._reading = _Waits()

        def answered(found: Mapping[str, Stored] | StoreOutage) -> None:
            self._read(waits)
            if isinstance(found, StoreOutage):
                waits.outage = found.told
            elif waits.over():
                self._look_at_clocks()
                if memory.read(started, ports.monotonic(), found):
                    self.think()

        def timed_out() -> None:
            self._read(waits)
            if waits.over():
                memory.unreachable(waits.outage or "the witness does not answer in time")
                self.think()

        ports.list(answered)
        ports.after(memory.timers.store_timeout, timed_out)

    def _read(self, waits: _Waits) -> None:
        """A read has ended, or is not waited for any more."""
        if self._reading is waits:
            self._reading = None
            if self._again:
                self._again = False
                self._ports.after(_SOON, self._look)

    def _write(self, write: Write) -> None:
        ports, memory = self._ports, self.memory
        started = ports.monotonic()
        memory.writing(write, started)
        waits = _Waits()

        def answered(version: int | StoreOutage | None) -> None:
            # An outage is told when its time is up: until then the write may take effect.
            if isinstance(version, StoreOutage) or not waits.over():
                return
            self._look_at_clocks()
            if version is None:
                memory.refused(write, ports.monotonic())
                ports.after(_SOON, self._look)
            elif self._written(write, started, version):
                return
            self.think()

        def timed_out() -> None:
            if waits.over():
                memory.unanswered(write, started)
                self.think()

        ports.put(write, encode(write.record), answered)
        ports.after(memory.timers.store_timeout, timed_out)

    def _written(self, write: Write, started: float, version: int) -> bool:
        """Take in a write that took effect; True where it is no news."""
        memory, now = self.memory, self._ports.monotonic()
        sure = memory.serves(now) and not memory.doubts
        memory.written(write, started, now, version)
        self._ports.renewed()
        return write.purpose is Purpose.RENEW and sure

    def _look_at_clocks(self) -> None:
        if self.memory.clocks(self._ports.monotonic(), self._ports.wall()):
            self._ports.jumped()

    # Others

    def _ask(self, action: Ask) -> None:
        asked = self._ports.monotonic()
        self.memory.asked(asked)
        for peer in action.peers:
            self._ports.ask(peer, self.memory.incarnation, self._promised(peer, asked))

    def _promised(self, peer: str, asked: float) -> Callable[[], None]:
        def promised() -> None:
            self._look_at_clocks()
            self.memory.promised(peer, asked, self._ports.monotonic())
            self._ports.renewed()
            self.think()

        return promised

    def _cut_power(self, action: CutPower) -> None:
        def note(state: PowerState) -> None:
            self.memory.power[action.node] = Power(action.incarnation, state, self._ports.monotonic())

        def done(off: bool) -> None:
            note(PowerState.CONFIRMED if off else PowerState.FAILED)
            self.think()

        note(PowerState.RUNNING)
        self._ports.cut_power(action, done)


class _Waits:
    """Whether an answer is still waited for: the first of answer and timeout counts.

    Attributes:
        outage: what has failed meanwhile.
    """

    __slots__ = ("_open", "outage")

    def __init__(self) -> None:
        self._open = True
        self.outage = ""

    def over(self) -> bool:
        """True for the first who asks."""
        was, self._open = self._open, False
        return was
