# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clocks of a node as a page of memory that its processes share.

Monotonic clock: ``shown + (real - since) * rate``, all in seconds. Time of day: that of this machine plus an
offset. What waits inside the interpreter or the kernel (sleep, a lock's timeout, select) keeps real time.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass

# A number that is odd while somebody writes, then the fields of Reading.
_PAGE = struct.Struct("<Qdddd")
_SEQUENCE = struct.Struct("<Q")

_monotonic, _time = time.monotonic, time.time


@dataclass(frozen=True)
class Reading:
    """What a page says.

    Attributes:
        since: this machine's monotonic clock when the rest was written.
        shown: the node's monotonic clock at that moment.
        rate: how fast it runs.
        offset: of the node's time of day.
    """

    since: float
    shown: float
    rate: float = 1.0
    offset: float = 0.0

    def monotonic(self, real: float) -> float:
        """The node's monotonic clock at a moment of this machine's."""
        return self.shown + (real - self.since) * self.rate


class Page:
    """The page in a file; made where it does not exist."""

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fresh = os.fstat(descriptor).st_size < _PAGE.size
            if fresh:
                os.ftruncate(descriptor, _PAGE.size)
            self._memory = mmap.mmap(descriptor, _PAGE.size)
        finally:
            os.close(descriptor)
        if fresh:
            self.write(Reading(_monotonic(), _monotonic()))

    def read(self) -> Reading:
        """What it says now."""
        while True:
            before, *fields = _PAGE.unpack_from(self._memory)
            if not before % 2 and _SEQUENCE.unpack_from(self._memory)[0] == before:
                return Reading(*fields)

    def write(self, reading: Reading) -> None:
        """Say something else; there is one writer at a time."""
        number = _SEQUENCE.unpack_from(self._memory)[0] | 1
        _SEQUENCE.pack_into(self._memory, 0, number)
        fields = (reading.since, reading.shown, reading.rate, reading.offset)
        self._memory[_SEQUENCE.size :] = _PAGE.pack(0, *fields)[_SEQUENCE.size :]
        _SEQUENCE.pack_into(self._memory, 0, number + 1)


def install(path: str) -> None:
    """Let the module ``time`` show the node's clocks."""
    page = Page(path)

    def monotonic() -> float:
        return page.read().monotonic(_monotonic())

    def now() -> float:
        return _time() + page.read().offset

    time.monotonic = monotonic
    time.monotonic_ns = lambda: int(monotonic() * 1e9)
    time.time = now
    time.time_ns = lambda: int(now() * 1e9)
