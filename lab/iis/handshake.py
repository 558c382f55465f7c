# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS handshakes as http.sys makes them: the certificate is looked for anew in every one.

It takes connections whether there is a certificate or not; without one, or without its key, the handshake
fails.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from lab.iis.routing import Endpoint

# Files of chain and key for an address, a port and the name that a client asks for; None: there are none.
Present = Callable[[str, int, str], "tuple[str, str] | None"]
Record = Callable[..., None]


class Handshakes:
    """The handshakes of one node.

    Args:
        present: chooses the certificate.
        record: the node's event log.
    """

    def __init__(self, present: Present, record: Record) -> None:
        self._present, self._record = present, record
        self._contexts: dict[tuple[str, str], ssl.SSLContext] = {}

    def context(self, endpoint: Endpoint) -> ssl.SSLContext:
        """What an endpoint speaks TLS by: a context without certificate, which each handshake gives one."""

        def by_name(
            connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext
        ) -> int | None:
            files = self._present(endpoint.address, endpoint.port, (name or "").lower())
            if files is None:
                self._record(
                    "iis.handshake_failed", address=endpoint.address, port=endpoint.port, name=name or ""
                )
                return int(ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE)
            connection.context = self._of(files)
            return None

        base = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        base.sni_callback = by_name
        return base

    def _of(self, files: tuple[str, str]) -> ssl.SSLContext:
        if files not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*files)
            self._contexts[files] = context
        return self._contexts[files]
