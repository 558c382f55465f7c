# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node over pywinrm: authentication and message encryption are pywinrm's, everything above is ours."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from ..errors import StandbyError
from ..node import Node
from . import failures
from .cim import WsmanCim
from .link import LinkLost, Observer, StaleLink, within
from .options import Connection
from .shell import WsmanShell

try:
    import requests
    from winrm.exceptions import (
        InvalidCredentialsError,
        WinRMError,
        WinRMOperationTimeoutError,
        WinRMTransportError,
        WSManFaultError,
    )
    from winrm.protocol import Protocol

    MISSING: str | None = None
except ImportError as error:
    MISSING = str(error)

# Seconds without traffic after which a link is not trusted any more: Windows closes it after 120, and with
# message encryption the keys die with it.
IDLE_LIMIT = 90.0


# Seconds by which pywinrm may tell the cause of a timeout before we cut it short.
_GRACE = 1.0
# One HTTP session at a time is made.
_BUILDING = threading.Lock()


def connect(connection: Connection, observe: Observer | None = None) -> Node:
    """A node; nothing is sent before its first call.

    Args:
        connection: where and how.
        observe: told of every exchange.

    Raises:
        StandbyError: pywinrm is not installed.
    """
    if MISSING:
        raise StandbyError(
            f"pywinrm is needed on the controller and cannot be imported ({MISSING})",
            node=connection.name,
            remedy=f"Install it for {sys.executable}: pip install pywinrm",
        )
    link = Link(connection, observe)
    cim = WsmanCim(link.exchange, node=connection.name, operation_timeout=connection.operation_timeout)
    shell = WsmanShell(link.exchange, node=connection.name, operation_timeout=connection.operation_timeout)

    def close() -> None:
        shell.close()
        link.close()

    return Node(connection.name, cim, shell, close)


class Link:
    """One authenticated connection, made when needed and made anew after it was lost or long idle."""

    def __init__(
        self,
        connection: Connection,
        observe: Observer | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what is needed to connect; nothing is sent yet."""
        self._connection = connection
        self._observe = observe
        self._monotonic = monotonic
        self._protocol: Protocol | None = None
        self._used_at = 0.0

    def exchange(self, message: str) -> bytes:
        """Send one message and return the answer, faults included.

        Raises:
            AccessDenied: the node refused the credentials, on a new connection too.
            LinkLost: no answer; the request may have been carried out.
            Unreachable: the request did not arrive.
        """
        if self._protocol is not None and self._monotonic() - self._used_at > IDLE_LIMIT:
            self.close()
        reused = self._protocol is not None
        try:
            return self._send(message, reused)
        except StaleLink:
            return self._send(message, reused=False)

    def close(self) -> None:
        """Close the connection; the next exchange makes a new one."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.transport.close_session()

    def _send(self, message: str, reused: bool) -> bytes:
        started = self._monotonic()
        answer = b""
        try:
            if self._protocol is None:
                self._protocol = _protocol(self._connection)
            protocol = self._protocol
            # pywinrm's timeouts bound each wait for a piece; this bounds them all, and name resolution too.
            answer = within(self._connection.read_timeout + _GRACE, lambda: _answer(protocol, message))
            return answer
        except Exception as error:
            self.close()
            raise _translated(error, self._connection, reused) from error
        finally:
            self._used_at = self._monotonic()
            if self._observe:
                self._observe(len(message.encode()), len(answer), self._used_at - started)


def _protocol(connection: Connection) -> Protocol:
    """Make pywinrm's protocol object with our options."""
    return Protocol(
        endpoint=connection.url,
        transport=cast(Any, connection.transport),
        username=connection.username,
        password=connection.password,
        ca_trust_path=cast(str, _authorities(connection)),
        cert_pem=connection.certificate_pem,
        cert_key_pem=connection.certificate_key_pem,
        server_cert_validation="validate" if connection.validate_certs else "ignore",
        kerberos_delegation=connection.kerberos_delegation,
        kerberos_hostname_override=connection.kerberos_hostname_override,
        read_timeout_sec=connection.read_timeout,
        operation_timeout_sec=connection.operation_timeout,
        message_encryption=cast(Any, connection.message_encryption),
        send_cbt=connection.send_cbt,
        proxy=connection.proxy,
    )


def _authorities(connection: Connection) -> str | None:
    """The trusted authorities: ours, those of the variables that requests follows, or None for its own."""
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return connection.ca_cert or next((os.environ[name] for name in variables if os.environ.get(name)), None)


def _build(protocol: Protocol) -> None:
    """Have the HTTP session made, and keep it off the environment from then on.

    To go past proxies pywinrm has requests set ``no_proxy`` in ``os.environ`` for a moment, also while it
    sends: another thread that reads the environment just then fails (``KeyError: 'no_proxy'``).
    """
    with _BUILDING:
        protocol.transport.build_session().trust_env = False


def _answer(protocol: Protocol, message: str) -> bytes:
    """Return the raw answer, also where pywinrm made an exception of it: faults.py reads more of it."""
    _build(protocol)
    try:
        return protocol.send_message(message)
    except WSManFaultError as error:
        return str(error.response).encode()
    except WinRMOperationTimeoutError as error:
        # pywinrm drops the text of this fault; the transport's error that it came from still has it.
        return _text_of(error.__context__, error)
    except WinRMTransportError as error:
        return _text_of(error, error)


def _text_of(holder: object, error: Exception) -> bytes:
    text = getattr(holder, "response_text", "")
    if not str(text).lstrip("\ufeff \r\n").startswith("<"):
        raise error
    return str(text).encode()


def _translated(error: Exception, connection: Connection, reused: bool) -> StandbyError:
    """What an exception of pywinrm, requests or an authentication library means."""
    if isinstance(error, InvalidCredentialsError):
        return failures.stale(connection) if reused else failures.refused(connection)
    if isinstance(error, WinRMTransportError):
        return failures.bad_status(error.code, error.response_text, connection, reused=reused)
    if unproven := failures.unproven(error, connection):
        return unproven
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return failures.connect_timeout(connection)
    if isinstance(error, (requests.exceptions.Timeout, TimeoutError)):
        return failures.read_timeout(connection)
    if isinstance(error, (requests.exceptions.RequestException, OSError)):
        return failures.no_connection(error, connection, reused=reused)
    if isinstance(error, WinRMError) and not reused:
        return StandbyError(
            f"transport {connection.transport} cannot be used: {error}",
            node=connection.name,
            remedy="Install what pywinrm needs for it on the controller: pywinrm[kerberos], pywinrm[credssp]",
        )
    return LinkLost(f"{connection.url}: {type(error).__name__}: {error}", node=connection.name)
