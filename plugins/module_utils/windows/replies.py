# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection over which commands are sent and replies come, of one form in FTP and SMTP: a code, then text.

RFC 959 4.2, RFC 5321 4.2. Whatever is sent is one line.
"""

from __future__ import annotations

import io
import socket
from dataclasses import dataclass

from .exchange import Deadline, Reader

_LINE_LIMIT = 8 * 1024  # bytes of one line of a reply
_REPLY_LIMIT = 200  # lines of a reply


class UnexpectedReply(Exception):
    """The server replied something else than was expected; the text says what."""


@dataclass(frozen=True)
class Reply:
    """One reply: its code, and its text as one line."""

    code: int
    text: str


class Control:
    """The connection.

    Args:
        connection: open; it may become one over TLS.
        deadline: of the whole check.
        protocol: what is spoken, for messages.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline, protocol: str) -> None:
        self.connection = connection
        self._protocol = protocol
        self._deadline = deadline
        self._stream = io.BufferedReader(Reader(connection, deadline))

    def change(self, connection: socket.socket) -> None:
        """Go on over TLS; what was sent in the clear after the answer that led to it is not read."""
        self.connection = connection
        self._stream = io.BufferedReader(Reader(connection, self._deadline))

    def say(self, what: str, *expected: int) -> Reply:
        """Send a command.

        Raises:
            UnexpectedReply: its reply is none of those expected.
            ValueError: it is more than one line.
        """
        if set(what) & {"\r", "\n", "\0"}:
            raise ValueError("a user, password or path has a line end in it")
        self.connection.settimeout(self._deadline.left())
        self.connection.sendall(f"{what}\r\n".encode())
        return self.hear(what.split(" ", 1)[0], *expected)

    def hear(self, what: str, *expected: int) -> Reply:
        """Read a reply; the arguments are as those of ``say``."""
        first = self._line()
        code, rest = first[:3], first[4:]
        if not (code.isascii() and code.isdigit()):
            raise UnexpectedReply(
                f"answered {what} with {first[:60]!r}, which is no reply of {self._protocol}"
            )
        lines = [rest]
        if first[3:4] == "-":
            while len(lines) == 1 or not (lines[-1] == code or lines[-1].startswith(f"{code} ")):
                if len(lines) > _REPLY_LIMIT:
                    raise UnexpectedReply(f"answered {what} without end")
                lines.append(self._line())
        reply = Reply(int(code), " ".join(" ".join(lines).split()))
        if reply.code not in expected:
            raise UnexpectedReply(f"answered {what} with {reply.code} {reply.text[:120]}".rstrip())
        return reply

    def _line(self) -> str:
        line = self._stream.readline(_LINE_LIMIT)
        if not line.endswith(b"\n"):
            raise EOFError("the connection ended" if len(line) < _LINE_LIMIT else "a line of it has no end")
        return line.decode("utf-8", "replace").rstrip("\r\n")
