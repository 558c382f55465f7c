# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What deep checks of all protocols share: one deadline over everything, TLS, and the certificate shown."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from .certificate_validity import read_validity

PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "smtp": 25}
# Finds an expression in the text of a body; raises TimeoutError where that takes too long.
Search = Callable[[str, str], bool]


class Check(Protocol):
    """What is asked, and what is expected in return; ``ha/model.py`` has one."""

    @property
    def url(self) -> str:
        """Absolute URL: http, https, ftp, ftps or smtp."""

    @property
    def host(self) -> str | None:
        """Host header and TLS server name; None for the host of the URL."""

    @property
    def status(self) -> Sequence[int]:
        """Status codes that count as healthy; empty for any below 400."""

    @property
    def body(self) -> str | None:
        """Regular expression to be found in the body, or None."""

    @property
    def timeout(self) -> float:
        """Seconds for the whole exchange."""

    @property
    def verify(self) -> bool:
        """Whether the certificate is verified."""

    @property
    def latency(self) -> float | None:
        """Seconds after which a good answer is too late, or None for any within the timeout."""

    @property
    def certificate_days(self) -> float | None:
        """Days of validity below which a certificate is told of, or None."""

    @property
    def starttls(self) -> bool:
        """Whether to change to TLS after the greeting."""

    @property
    def login(self) -> str | None:
        """User to log in as, or None to go no further than the greeting."""

    @property
    def password_file(self) -> str | None:
        """File with that user's password on this machine, or None."""

    @property
    def listing(self) -> bool:
        """Whether to list the folder of the URL, over a connection of its own."""

    @property
    def sender(self) -> str | None:
        """Address that a mail would come from; None for the empty one, which no answer goes to."""

    @property
    def recipient(self) -> str | None:
        """Address that a mail would go to, or None to begin no mail."""


@dataclass
class Answer:
    """What came of one exchange, filled while it goes on.

    Attributes:
        healthy: it was as wanted.
        seen: what was seen, after the URL in a sentence.
        slow: it was as wanted, but later than the check allows.
        certificate_days: days that the certificate shown is still valid for.
        notices: what somebody has to mend all the same.
    """

    healthy: bool = False
    seen: str = ""
    slow: bool = False
    certificate_days: float | None = None
    notices: list[str] = field(default_factory=list)


class Deadline:
    """A point in time that no socket operation outlives."""

    def __init__(self, at: float, monotonic: Callable[[], float]) -> None:
        self._at = at
        self._monotonic = monotonic

    def left(self) -> float:
        """Seconds left.

        Raises:
            TimeoutError: none.
        """
        left = self._at - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Reader(io.RawIOBase):
    """Bytes of a socket under one deadline: a byte a second buys a server no more time than silence."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """What came, into the buffer."""
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)


def connect(url: SplitResult, deadline: Deadline) -> socket.socket:
    """A connection to the host and port of a URL."""
    address = (url.hostname or "", url.port or PORTS[url.scheme])
    return socket.create_connection(address, deadline.left())


def server_name(check: Check, url: SplitResult) -> str | None:
    """The name that TLS asks for: the check's host without its port, else that of the URL."""
    return urlsplit(f"//{check.host}").hostname if check.host else url.hostname


def secured(
    connection: socket.socket, check: Check, url: SplitResult, deadline: Deadline, context: ssl.SSLContext
) -> ssl.SSLSocket:
    """TLS over a connection, which is closed where that fails."""
    try:
        connection.settimeout(deadline.left())
        return context.wrap_socket(connection, server_hostname=server_name(check, url))
    except BaseException:
        connection.close()
        raise


def tls_context(verify: bool) -> ssl.SSLContext:
    """Unverified, no authorities are loaded: that takes longer than the check itself, and many run."""
    if verify:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def look_at_certificate(check: Check, der: bytes | None, answer: Answer, now: float) -> None:
    """A certificate that cannot be read is no reason to take a site for down: TLS took it."""
    try:
        validity = read_validity(der or b"")
    except ValueError as unreadable:
        answer.notices.append(f"the end of the certificate of {check.url} cannot be read: {unreadable}")
        return
    moment = datetime.fromtimestamp(now, UTC)
    answer.certificate_days = days = validity.days_left(moment)
    if days < 0:
        answer.notices.append(f"the certificate of {check.url} has expired on {validity.ends:%Y-%m-%d}")
    elif moment < validity.begins:
        answer.notices.append(
            f"the certificate of {check.url} is not valid before {validity.begins:%Y-%m-%d}"
        )
    elif check.certificate_days is not None and days < check.certificate_days:
        answer.notices.append(
            f"the certificate of {check.url} expires on {validity.ends:%Y-%m-%d}, in {days:.1f} days"
        )
