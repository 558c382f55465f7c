# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages of ``wire`` over a socket, with one deadline for all of an exchange."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

from . import wire

Clock = Callable[[], float]


class Stream:
    """One connection.

    Attributes:
        deadline: on the clock; no wait goes beyond it.
    """

    def __init__(self, connection: socket.socket, clock: Clock, deadline: float) -> None:
        """Take a connection; it is left to whoever made it to close it."""
        self.deadline = deadline
        self._connection = connection
        self._clock = clock

    def receive(self) -> bytes:
        """The next message, complete, and nothing of what follows it.

        Raises:
            Malformed: what came is no message.
            OSError: it did not come before the deadline, or the connection ended; EOFError is not raised.
        """
        data = b""
        while count := wire.missing(data):
            self._limit()
            part = self._connection.recv(count)
            if not part:
                raise ConnectionError("it closed the connection")
            data += part
        return data

    def send(self, data: bytes) -> None:
        """Send a message.

        Raises:
            OSError: not all of it was taken before the deadline.
        """
        self._limit()
        self._connection.sendall(data)

    def finish(self) -> None:
        """Tell the other side that nothing follows, and let it close first, in the time that is left.

        With SO_EXCLUSIVEADDRUSE an address is free again only when no connection is left on it
        (learn.microsoft.com, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").
        """
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._limit()
            while self._connection.recv(4096):
                self._limit()

    def _limit(self) -> None:
        left = self.deadline - self._clock()
        if left <= 0:
            raise TimeoutError("timed out")
        self._connection.settimeout(left)
