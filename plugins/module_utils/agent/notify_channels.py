# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ways of a notification: an HTTP request, or a command."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import StandbyError
from . import commands
from .notifications import URL, url_problem
from .watched_http import NoRedirection, Watch

_LARGEST_FILE = 65536
# Bytes that are read of an answer.
_LARGEST_ANSWER = 4096
# One try has so many of the waits on the network, whatever the server does meanwhile.
_WHOLE = 3
# HTTP status codes that pass by themselves (RFC 9110 15.5.9, RFC 6585 4), beside all from 500 on.
_PASSING = (408, 429)
_BROKEN = 500


class Webhook:
    """Posts the document to a URL, with ``Content-Type: application/json``.

    A status from 200 to 299 counts as delivered. No answer, and a status that passes by itself, are tried
    again after pauses. Redirections are not followed: a POST would become a GET, and secrets would go
    elsewhere.

    Args:
        url: http or https; https where headers come from a file.
        headers_file: text file with a header a line, ``Authorization: Bearer ...``, read for each request, so
            that a secret can be changed; only the agent's account may be allowed to read it.
        ca_file: PEM file of the authorities that sign the server; None for those of the system.
        timeout: seconds for each wait on the network; a try has three times as many.
        pauses: seconds before each further try.

    Raises:
        StandbyError: the URL or the authorities cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        headers_file: Path | None = None,
        ca_file: str | None = None,
        timeout: float = 10.0,
        pauses: Sequence[float] = (1.0, 5.0, 25.0),
    ) -> None:
        if problem := url_problem(url):
            raise StandbyError(f"the URL of a webhook {problem}", remedy=URL)
        parts = urlsplit(url)
        if headers_file is not None and parts.scheme != "https":
            raise StandbyError(
                f"the webhook at {parts.hostname} would be sent its secret headers unprotected",
                remedy="Give an https URL, or no headers file",
            )
        self.name = f"the webhook at {parts.hostname}"
        self._url = url
        self._headers_file = headers_file
        self._timeout = timeout
        self._pauses = tuple(pauses)
        self._trusted = self._trust(ca_file)

    def deliver(self, content: dict[str, Any], pause: Callable[[float], bool]) -> None:
        """See ``notify.Channel``."""
        body = json.dumps(content).encode("ascii")
        for seconds in self._pauses:
            problem, passing = self._post(body)
            if not problem:
                return
            if not passing or pause(seconds):
                raise StandbyError(problem, remedy=_WEBHOOK_REMEDY)
        problem, _passing = self._post(body)
        if problem:
            raise StandbyError(problem, remedy=_WEBHOOK_REMEDY)

    def _trust(self, ca_file: str | None) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise StandbyError(
                f"the authorities of {self.name} cannot be used: {error.strerror or error}",
                remedy=f"Check that {ca_file} is a PEM file that the agent can read",
            ) from error

    def _post(self, body: bytes) -> tuple[str, bool]:
        """What went wrong, "" where nothing did; and whether it may pass by itself."""
        headers = {"Content-Type": "application/json", "User-Agent": "standby.iis"} | self._headers()
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310 - see __init__
        whole = _WHOLE * self._timeout
        with Watch(whole) as watch:
            opener = urllib.request.build_opener(NoRedirection(), *watch.handlers(self._trusted))
            try:
                with opener.open(request, timeout=self._timeout) as answer:
                    answer.read(_LARGEST_ANSWER)
            except urllib.error.HTTPError as error:
                error.close()
                return f"it answers with status {error.code}", error.code in _PASSING or error.code >= _BROKEN
            except (OSError, http.client.HTTPException, ValueError) as error:
                if watch.over:
                    return f"it did not answer within {whole:g} s", True
                return f"it gives no answer: {_reason(error)}", True
        return "", True

    def _headers(self) -> dict[str, str]:
        if self._headers_file is None:
            return {}
        try:
            with self._headers_file.open("rb") as file:
                lines = file.read(_LARGEST_FILE).decode("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise StandbyError(
                f"the headers file {self._headers_file} cannot be read: {why}",
                remedy="Write a header a line, and let the agent's account read it",
            ) from None
        return dict(self._header(number, line) for number, line in enumerate(lines, start=1) if line.strip())

    def _header(self, number: int, line: str) -> tuple[str, str]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip().replace("-", "").isalnum() or not line.isascii():
            raise StandbyError(
                f"line {number} of the headers file {self._headers_file} is no header",
                remedy="Write it as Name: value",
            )
        return name.strip(), value.strip()


def _reason(error: Exception) -> str:
    """Why, without what other libraries say of it: that may be the path, which holds the secret."""
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, OSError):
        return reason.strerror or str(reason)
    return f"{type(reason).__name__}, which is no HTTP" if isinstance(reason, Exception) else str(reason)


_WEBHOOK_REMEDY = "Check the URL, its server, and the headers file"


class Command:
    """Runs a program with the document on standard input; see ``commands.run``.

    Args:
        argv: program and arguments, as the configuration has them.
        timeout: seconds until it is killed.
        environment: variables; None for those of the agent.
    """

    def __init__(
        self, argv: Sequence[str], *, timeout: float = 30.0, environment: Mapping[str, str] | None = None
    ) -> None:
        if not argv:
            raise StandbyError("the command of a notification is empty", remedy="Name a program")
        self.name = f"the command {argv[0]}"
        self._argv = list(argv)
        self._timeout = timeout
        self._environment = environment

    def deliver(self, content: dict[str, Any], pause: Callable[[float], bool]) -> None:  # noqa: ARG002
        """See ``notify.Channel``; a command is run once."""
        document = json.dumps(content).encode("ascii") + b"\n"
        commands.run(self._argv, document, self._timeout, self._environment)
