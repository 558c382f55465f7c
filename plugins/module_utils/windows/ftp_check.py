# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deep check of an FTP site: its greeting, TLS, a login, a listing; as far as the check says.

RFC 959 (replies, PASV), RFC 2428 (EPSV), RFC 4217 (AUTH TLS, PBSZ, PROT). Whatever is sent is a fixed word,
or a user, password or path without line ends.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, unquote

from .exchange import (
    Answer,
    Check,
    Deadline,
    Reader,
    Search,
    connect,
    look_at_certificate,
    secured,
    server_name,
    tls_context,
)
from .replies import Control, UnexpectedReply

GREETING, SECURED, LOGGED_IN, GIVE_PASSWORD, LOGGED_OUT = 220, 234, 230, 331, 221
EXTENDED_PASSIVE, PASSIVE, OPENED, ALREADY_OPEN, TRANSFERRED = 229, 227, 150, 125, 226
_LISTING_LIMIT = 1024 * 1024  # bytes of a listing that are read; more is no reason to take a site for down
_PASSIVE = re.compile(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)")
_EXTENDED = re.compile(r"\((.)\1\1(\d+)\1\)")


def ask(
    check: Check,
    url: SplitResult,
    deadline: Deadline,
    answer: Answer,
    *,
    wall: Callable[[], float],
    search: Search,  # noqa: ARG001 - no body is searched; the signature is that of all protocols
) -> None:
    """Talk to the site; what comes of it goes into the answer.

    Raises:
        OSError, EOFError, ValueError: it does not answer, or the check cannot be made.
    """
    before = deadline.left()
    context = tls_context(check.verify) if check.starttls or url.scheme == "ftps" else None
    try:
        with _Talk(check, url, deadline, answer, context) as talk:
            seen = talk.go(wall)
    except UnexpectedReply as unexpected:
        answer.seen = str(unexpected)
        return
    seconds = before - deadline.left()
    if check.latency is not None and seconds > check.latency:
        answer.slow = True
        answer.seen = f"{seen}, but after {seconds:.3f} s, later than {check.latency:g} s"
    else:
        answer.healthy, answer.seen = True, seen


class _Talk:
    """One conversation, from the greeting to QUIT."""

    def __init__(
        self,
        check: Check,
        url: SplitResult,
        deadline: Deadline,
        answer: Answer,
        context: ssl.SSLContext | None,
    ) -> None:
        self._check, self._url, self._deadline, self._answer = check, url, deadline, answer
        self._context = context
        self._control = Control(connect(url, deadline), deadline, "FTP")

    def __enter__(self) -> _Talk:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._control.connection.close()

    def go(self, wall: Callable[[], float]) -> str:
        """As far as the check says; what was seen on the way."""
        control, seen = self._control, []
        if self._url.scheme == "ftps":
            self._secure(wall)
        control.hear("the connection", GREETING)
        seen.append("greeted with 220")
        if self._check.starttls and self._url.scheme == "ftp":
            control.say("AUTH TLS", SECURED)
            self._secure(wall)
        if self._context is not None:
            seen.append("speaks TLS")
        if self._check.login is not None:
            self._log_in(self._check.login)
            seen.append(f"took the login of {self._check.login}")
        if self._check.listing:
            seen.append(self._list())
        control.say("QUIT", LOGGED_OUT, GREETING)
        return ", ".join(seen)

    def _secure(self, wall: Callable[[], float]) -> None:
        """TLS over the control connection, where the check asks for it."""
        if self._context is None:
            return
        secure = secured(self._control.connection, self._check, self._url, self._deadline, self._context)
        self._control.change(secure)
        look_at_certificate(self._check, secure.getpeercert(binary_form=True), self._answer, wall())

    def _log_in(self, user: str) -> None:
        if self._control.say(f"USER {user}", LOGGED_IN, GIVE_PASSWORD).code == GIVE_PASSWORD:
            self._control.say(f"PASS {_password(self._check.password_file)}", LOGGED_IN)

    def _list(self) -> str:
        """The names in the folder of the URL, over a passive data connection."""
        if self._context is not None:
            self._control.say("PBSZ 0", 200)
            self._control.say("PROT P", 200)
        port = self._passive()
        host = self._control.connection.getpeername()[0]
        data = socket.create_connection((host, port), self._deadline.left())
        with data:
            path = unquote(self._url.path)
            self._control.say(f"NLST {path}" if path.strip("/") else "NLST", OPENED, ALREADY_OPEN)
            names = self._read(data)
        self._control.hear("NLST", TRANSFERRED, 250)
        return f"listed {names} names over its port {port}"

    def _passive(self) -> int:
        """The port of the data connection.

        The address is that of the control connection, whatever PASV says: a site behind a firewall names the
        firewall's.
        """
        if self._control.connection.family == socket.AF_INET6:
            reply = self._control.say("EPSV", EXTENDED_PASSIVE)
            if found := _EXTENDED.search(reply.text):
                return int(found[2])
        else:
            reply = self._control.say("PASV", PASSIVE)
            if found := _PASSIVE.search(reply.text):
                return int(found[5]) * 256 + int(found[6])
        raise UnexpectedReply(f"named no port: {reply.text[:120]}")

    def _read(self, data: socket.socket) -> int:
        """How many names come."""
        if self._context is not None:
            control = self._control.connection
            session = control.session if isinstance(control, ssl.SSLSocket) else None
            data.settimeout(self._deadline.left())
            name = server_name(self._check, self._url)
            data = self._context.wrap_socket(data, server_hostname=name, session=session)
        with data:
            stream = io.BufferedReader(Reader(data, self._deadline))
            return stream.read(_LISTING_LIMIT).count(b"\n")


def _password(file: str | None) -> str:
    """What is in a file, without its final line end; what anonymous users give (RFC 1635) without a file."""
    if file is None:
        return "standby.iis@"
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as failure:
        raise ValueError(f"its password file {file} cannot be read: {failure.strerror or failure}") from None
