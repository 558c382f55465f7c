# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network of the etcd store: requests carried out over HTTP, with TLS where the endpoint says https."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

from ...errors import StandbyError
from .etcd_login import Logins
from .etcd_requests import Post, Reply, Unsent
from .etcd_wire import AUTHENTICATE

_PORT = 2379
# Bytes that an answer may have: a page of the largest records, in base64.
_LARGEST = 64 * 1024 * 1024


def tls(ca_file: str | None, certificate: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """How endpoints are trusted, and what they are shown.

    Args:
        ca_file: PEM file of the authorities that sign endpoints; None for those of the system.
        certificate: PEM file of the client's certificate, or None.
        key: PEM file of its key, None where the certificate's file has it.

    Raises:
        StandbyError: a file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        named = ", ".join(name for name in (ca_file, certificate, key) if name)
        raise StandbyError(
            f"the certificates of the witness cannot be used: {error.strerror or error}",
            remedy=f"Check that these are PEM files that the agent can read: {named}",
        ) from error
    return context


class EtcdHttp:
    """Carries out ``Post`` requests over one lasting connection per endpoint; for one thread at a time.

    Logins have connections of their own.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        monotonic: Callable[[], float] = time.monotonic,
        logins: Logins | None = None,
    ) -> None:
        """Nothing is connected yet."""
        self._context = context
        self._now = monotonic
        self._logins = logins
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def __call__(self, request: Post) -> Reply:
        """Send one request and wait for its answer.

        Raises:
            Unsent: it did not leave.
            OSError: no answer came.
        """
        if self._logins is not None and request.path == AUTHENTICATE:
            return self._logins(request, self._alone)
        return self._perform(request, self._now() + request.seconds)

    def _alone(self, request: Post, seconds: float) -> Reply:
        """Send one request on a connection that nobody else uses; its answer may take so long."""
        with closing(EtcdHttp(self._context, self._now)) as http:
            http._connected(request)
            return http._perform(request, self._now() + seconds)

    def _perform(self, request: Post, deadline: float) -> Reply:
        connection = self._connected(request)
        try:
            return self._exchange(connection, request, deadline)
        except OSError:
            self._drop(request.endpoint)
            raise
        except (http.client.HTTPException, ValueError) as error:
            self._drop(request.endpoint)
            raise ConnectionError(f"not HTTP: {type(error).__name__}") from error

    def close(self) -> None:
        """End all connections; the next request makes a new one."""
        for endpoint in list(self._connections):
            self._drop(endpoint)

    def _connected(self, request: Post) -> http.client.HTTPConnection:
        if request.endpoint in self._connections:
            return self._connections[request.endpoint]
        connection = self._connection(request.endpoint, request.seconds)
        try:
            connection.connect()
        except (OSError, ValueError) as error:
            connection.close()
            raise Unsent(error if isinstance(error, OSError) else OSError(str(error))) from error
        self._connections[request.endpoint] = connection
        return connection

    def _connection(self, endpoint: str, seconds: float) -> http.client.HTTPConnection:
        url = urlsplit(endpoint)
        host, port = url.hostname or "", url.port or _PORT
        if url.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def _exchange(self, connection: http.client.HTTPConnection, request: Post, deadline: float) -> Reply:
        headers = {"Content-Type": "application/json"}
        if request.token is not None:
            headers["Authorization"] = request.token
        self._limit(connection, deadline)
        connection.request("POST", request.path, request.body, headers)
        self._limit(connection, deadline)
        response = connection.getresponse()
        body = bytearray()
        while part := response.read1(65536):
            body += part
            if len(body) > _LARGEST:
                raise ConnectionError("the answer does not end")
            self._limit(connection, deadline)
        if response.length:
            raise ConnectionError("the answer is cut short")
        # Python 3.11 does not see the end of a body that is read in parts, and keeps the connection busy.
        response.close()
        if response.will_close:
            self._drop(request.endpoint)
        return Reply(response.status, bytes(body))

    def _limit(self, connection: http.client.HTTPConnection, deadline: float) -> None:
        """Let the next wait end at the deadline."""
        left = deadline - self._now()
        if left <= 0:
            raise TimeoutError("timed out")
        if connection.sock is not None:
            connection.sock.settimeout(left)

    def _drop(self, endpoint: str) -> None:
        connection = self._connections.pop(endpoint, None)
        if connection is not None:
            connection.close()
