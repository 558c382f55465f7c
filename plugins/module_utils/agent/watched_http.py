# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTTP requests of ``urllib`` that end in time, also where a server gives an answer byte by byte.

The time-out of a socket is for each wait on it, so that such a server is never given up.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any


class Watch:
    """Shuts connections down once the time of a request is over; a context.

    Args:
        seconds: from the beginning of the context.

    Attributes:
        over: the time is over.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def handlers(self, trusted: ssl.SSLContext) -> Sequence[urllib.request.BaseHandler]:
        """What opens connections that are watched; https with this context."""
        return _Http(self), _Https(self, trusted)

    def connect(self, *where: Any, **more: Any) -> socket.socket:
        """As ``socket.create_connection``."""
        made = socket.create_connection(*where, **more)
        with self._lock:
            # Another handle of the same connection: TLS takes the first one for itself.
            self._sockets.append(made.dup())
        if self.over:
            self._end()
        return made

    def _end(self) -> None:
        self.over = True
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def watched(self, connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        """A connection that connects by ``connect``."""
        vars(connection)["_create_connection"] = self.connect  # as tests of CPython replace it
        return connection


class _Http(urllib.request.HTTPHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._made, req)

    def _made(self, host: str, /, **options: Any) -> http.client.HTTPConnection:
        return self._watch.watched(http.client.HTTPConnection(host, **options))


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, watch: Watch, trusted: ssl.SSLContext) -> None:
        super().__init__(context=trusted)
        self._watch, self._trusted = watch, trusted

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._made, req)

    def _made(self, host: str, /, **options: Any) -> http.client.HTTPConnection:
        return self._watch.watched(http.client.HTTPSConnection(host, context=self._trusted, **options))


class NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: secrets would go elsewhere, and a POST would become a GET."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Follow none: the answer is the redirection itself, which is an error."""
