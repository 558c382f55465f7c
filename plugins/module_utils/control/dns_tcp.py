# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A message to a name server and its answer, over TCP (RFC 1035 4.2.2), within a bound of time.

Never UDP: an answer that was made up by somebody else is not accepted, and none is lost without being told.
"""

from __future__ import annotations

import socket
import time
from contextlib import closing

from ..errors import Unreachable
from ..ha.dns import endpoint

_LENGTH = 2


def exchange(server: str, message: bytes, timeout: float) -> bytes:
    """Send a message; the answer.

    Args:
        server: as it is declared.
        message: without its length.
        timeout: seconds for all of it.

    Raises:
        Unreachable: there is no answer in that time.
    """
    end = time.monotonic() + timeout
    try:
        with closing(socket.create_connection(endpoint(server), timeout=timeout)) as stream:
            stream.sendall(len(message).to_bytes(_LENGTH, "big") + message)
            length = int.from_bytes(_read(stream, _LENGTH, end), "big")
            return _read(stream, length, end)
    except OSError as error:
        told = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise Unreachable(
            f"the name server {server} cannot be reached ({told})",
            remedy="Start it, or open the way to its TCP port; another of the servers takes the update "
            "meanwhile",
        ) from None


def _read(stream: socket.socket, length: int, end: float) -> bytes:
    found = bytearray()
    while len(found) < length:
        stream.settimeout(max(0.001, end - time.monotonic()))
        part = stream.recv(length - len(found))
        if not part:
            raise OSError("the connection was closed")
        found += part
    return bytes(found)
