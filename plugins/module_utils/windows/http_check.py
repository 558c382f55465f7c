# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deep check of a web site: ask it for a page."""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
from collections.abc import Callable
from typing import cast
from urllib.parse import SplitResult

from .exchange import (
    PORTS,
    Answer,
    Check,
    Deadline,
    Reader,
    Search,
    connect,
    look_at_certificate,
    secured,
    tls_context,
)

BODY_LIMIT = 64 * 1024  # bytes of the body that are searched


class _Readable:
    """The part of a socket that http.client.HTTPResponse uses."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The stream to parse."""
        return io.BufferedReader(self._reader)


def ask(
    check: Check,
    url: SplitResult,
    deadline: Deadline,
    answer: Answer,
    *,
    wall: Callable[[], float],
    search: Search,
) -> None:
    """Ask for the page; what comes of it goes into the answer.

    Raises:
        OSError, http.client.HTTPException, ValueError, re.error: there is none, or it cannot be asked for.
    """
    status, body, seconds = _exchange(check, url, deadline, answer, wall)
    _judge(check, status, body, seconds, answer, search)


def _exchange(
    check: Check, url: SplitResult, deadline: Deadline, answer: Answer, wall: Callable[[], float]
) -> tuple[int, str, float]:
    """The status, as much of the body as is wanted, and the seconds it took from the first packet on."""
    if check.body is not None:
        re.compile(check.body)
    context = tls_context(check.verify) if url.scheme == "https" else None
    before = deadline.left()
    plain = connect(url, deadline)
    with plain if context is None else secured(plain, check, url, deadline, context) as connection:
        if isinstance(connection, ssl.SSLSocket):
            look_at_certificate(check, connection.getpeercert(binary_form=True), answer, wall())
        connection.settimeout(deadline.left())
        connection.sendall(_request(check, url))
        response = http.client.HTTPResponse(cast(socket.socket, _Readable(Reader(connection, deadline))))
        response.begin()
        wanted = check.body is not None and _expected(check, response.status)
        body = response.read(BODY_LIMIT).decode("utf-8", "replace") if wanted else ""
        return response.status, body, before - deadline.left()


def _judge(check: Check, status: int, body: str, seconds: float, answer: Answer, search: Search) -> None:
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


def _request(check: Check, url: SplitResult) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    host = check.host or url.netloc.rpartition("@")[2]
    if check.host and url.port not in (None, PORTS[url.scheme]) and ":" not in check.host:
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
