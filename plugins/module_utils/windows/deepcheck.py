# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deep check: ask a site for a page at its floating address, from where this runs.

The whole exchange (connection, TLS, request, answer) ends within the timeout, whatever the server does. The
search in the body comes after it. The module ``re`` knows no bound on time and lets no other thread run while
it searches: an expression with nested repetitions, as ``(a+)+b``, may take without end, on 64 KiB as well. A
long-lived caller therefore gives ``run_check`` a search of its own that ends, in another process.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, cast
from urllib.parse import SplitResult, urlsplit

from .certificate import read_validity

BODY_LIMIT = 64 * 1024  # bytes of the body that are searched
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Check(Protocol):
    """What is asked, and what is expected in return; ``ha/model.py`` has one."""

    @property
    def url(self) -> str:
        """Absolute http or https URL."""

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


@dataclass(frozen=True)
class Verdict:
    """What a deep check found.

    Attributes:
        healthy: the answer was as wanted.
        sentence: what was seen, without a final full stop.
        seconds: duration of the exchange.
        slow: the answer was as wanted, but later than the check allows.
        certificate_days: days that the certificate shown is still valid for, negative once it has expired;
            None without https, and where no certificate was accepted.
        notices: what somebody has to mend although the site serves, each one clause. No other node would
            serve another certificate, so that one that is about to expire makes nothing unhealthy.
    """

    healthy: bool
    sentence: str
    seconds: float
    slow: bool = False
    certificate_days: float | None = None
    notices: tuple[str, ...] = ()


# Finds an expression in the text of a body; raises TimeoutError where that takes too long.
Search = Callable[[str, str], bool]


@dataclass
class _Answer:
    """What came of one exchange."""

    healthy: bool = False
    seen: str = ""
    slow: bool = False
    certificate_days: float | None = None
    notices: list[str] = field(default_factory=list)


def search_here(expression: str, text: str) -> bool:
    """Search in this process: without a bound, see above."""
    return re.search(expression, text) is not None


def run_check(
    check: Check,
    monotonic: Callable[[], float] = time.monotonic,
    *,
    search: Search = search_here,
    wall: Callable[[], float] = time.time,
) -> Verdict:
    """Ask once. Redirects are not followed: the answer of the address itself counts.

    Args:
        check: what to ask and what to expect.
        monotonic: seconds, for the deadline.
        search: for the check's expression in a body.
        wall: seconds since 1970, for the validity of certificates.

    Returns:
        The verdict; whatever goes wrong on the way is one, never an exception.
    """
    start = monotonic()
    answer = _Answer()
    try:
        status, body, seconds = _exchange(check, _Deadline(start + check.timeout, monotonic), answer, wall)
        _judge(check, status, body, seconds, answer, search)
        healthy, seen = answer.healthy, answer.seen
    except TimeoutError:
        healthy, seen = False, f"did not answer within {check.timeout:g} s"
    except ssl.SSLCertVerificationError as failure:
        healthy, seen = False, f"shows a certificate that is not trusted: {failure.verify_message}"
    except (OSError, http.client.HTTPException) as failure:
        healthy, seen = False, f"gave no answer: {_reason(failure)}"
    except (ValueError, re.error) as failure:
        healthy, seen = False, f"cannot be checked: {failure}"
    seconds = monotonic() - start
    told = f"{check.url} {seen} ({seconds:.3f} s)"
    return Verdict(healthy, told, seconds, answer.slow, answer.certificate_days, tuple(answer.notices))


class _Deadline:
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


class _Reader(io.RawIOBase):
    """Bytes of a socket under one deadline: a byte a second buys a server no more time than silence."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)


class _Readable:
    """The part of a socket that http.client.HTTPResponse uses."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The stream to parse."""
        return io.BufferedReader(self._reader)


def _exchange(
    check: Check, deadline: _Deadline, answer: _Answer, wall: Callable[[], float]
) -> tuple[int, str, float]:
    """The status, as much of the body as is wanted, and the seconds it took from the first packet on."""
    if check.body is not None:
        re.compile(check.body)
    url = urlsplit(check.url)
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        raise ValueError("expected an absolute http or https URL")
    context = _context(check.verify) if url.scheme == "https" else None
    before = deadline.left()
    with _connect(check, url, context, deadline) as connection:
        if isinstance(connection, ssl.SSLSocket):
            _look_at_certificate(check, connection.getpeercert(binary_form=True), answer, wall())
        connection.settimeout(deadline.left())
        connection.sendall(_request(check, url))
        response = http.client.HTTPResponse(cast(socket.socket, _Readable(_Reader(connection, deadline))))
        response.begin()
        wanted = check.body is not None and _expected(check, response.status)
        body = response.read(BODY_LIMIT).decode("utf-8", "replace") if wanted else ""
        return response.status, body, before - deadline.left()


def _judge(check: Check, status: int, body: str, seconds: float, answer: _Answer, search: Search) -> None:
    if not _expected(check, status):
        answer.seen = f"answered {status}, expected {_expectation(check)}"
    elif check.latency is not None and seconds > check.latency:
        answer.slow = True
        answer.seen = f"answered {status}, but after {seconds:.3f} s, later than {check.latency:g} s"
    elif check.body is not None and not _found(check.body, body, search):
        answer.seen = f"answered {status}, but its body does not hold {check.body!r}"
    else:
        answer.healthy, answer.seen = True, f"answered {status}"


def _found(expression: str, body: str, search: Search) -> bool:
    try:
        return search(expression, body)
    except TimeoutError:
        raise ValueError(f"the search for {expression!r} in its body did not end in time") from None


def _look_at_certificate(check: Check, der: bytes | None, answer: _Answer, now: float) -> None:
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


def _connect(
    check: Check, url: SplitResult, context: ssl.SSLContext | None, deadline: _Deadline
) -> socket.socket:
    address = (url.hostname or "", url.port or _DEFAULT_PORTS[url.scheme])
    connection = socket.create_connection(address, deadline.left())
    if context is None:
        return connection
    try:
        connection.settimeout(deadline.left())
        name = urlsplit(f"//{check.host}").hostname if check.host else url.hostname
        return context.wrap_socket(connection, server_hostname=name)
    except BaseException:
        connection.close()
        raise


def _context(verify: bool) -> ssl.SSLContext:
    """Unverified, no authorities are loaded: that takes longer than the check itself, and many run."""
    if verify:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _request(check: Check, url: SplitResult) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    host = check.host or url.netloc.rpartition("@")[2]
    if check.host and url.port not in (None, _DEFAULT_PORTS[url.scheme]) and ":" not in check.host:
        host = f"{check.host}:{url.port}"
    fields = ("User-Agent: standby.iis", "Accept: */*", "Connection: close")
    lines = (f"GET {target} HTTP/1.1", f"Host: {host}", *fields)
    if any(set(line) & {"\r", "\n"} or not line.isascii() for line in lines):
        raise ValueError("the URL and host must be ASCII (percent-encoded path, punycode host)")
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _expected(check: Check, status: int) -> bool:
    return status in check.status if check.status else status < 400


def _expectation(check: Check) -> str:
    return " or ".join(str(status) for status in check.status) if check.status else "a status below 400"


def _reason(failure: Exception) -> str:
    return getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
