# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that lose what the links of the lab lose.

A cut link is packet loss: connect, send and receive wait for the socket's own timeout, or go on when the link
is whole again before. A connection leaves from the node's own address, so that the other side knows it.
"""

from __future__ import annotations

import errno
import random
import socket
import time
from collections.abc import Callable
from typing import Any

from .links import Table

_STEP = 0.01  # seconds between two looks at a link that is cut
_monotonic = time.monotonic  # real time: this module is imported before the clocks are replaced
_Socket = socket.socket
_INTERNET = (socket.AF_INET, socket.AF_INET6)

_table: Table | None = None


class GuardedSocket(_Socket):
    """socket.socket over the links of a lab."""

    # Name of the other host, and whether this process opened the connection; None before that is known.
    _lab_peer: tuple[str, bool] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """TLS reads and writes below the methods of a socket (ssl.SSLSocket)."""
        super().__init_subclass__(**options)
        for name in ("read", "write", "do_handshake"):
            if name in cls.__dict__:
                setattr(cls, name, _guarded(cls.__dict__[name], held=name == "read"))

    def connect(self, address: Any) -> None:
        """Connect, or wait in vain."""
        self._lab_meet(address)
        self._lab_pass()
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        """Connect, or wait in vain."""
        try:
            self._lab_meet(address)
            self._lab_pass()
        except TimeoutError:
            return errno.ETIMEDOUT
        except BlockingIOError:
            return errno.EINPROGRESS
        return super().connect_ex(address)

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; one whose link is cut is passed over."""
        while True:
            connection, address = super().accept()
            host = _host(connection.family, address)
            if isinstance(connection, GuardedSocket) and host:
                connection._lab_peer = (host, False)
            if not (host and _table and _table.is_cut(host, asking=False)):
                return connection, address
            connection.close()

    def send(self, *arguments: Any) -> int:
        """Send, or wait in vain."""
        self._lab_pass()
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        """Send, or wait in vain."""
        self._lab_pass()
        super().sendall(*arguments)

    def recv(self, *arguments: Any) -> bytes:
        """Receive; what came over a cut link is held back."""
        received: bytes = self._lab_held(super().recv, *arguments)
        return received

    def recv_into(self, *arguments: Any) -> int:
        """Receive; what came over a cut link is held back."""
        count: int = self._lab_held(super().recv_into, *arguments)
        return count

    def _lab_held(self, receive: Callable[..., Any], *arguments: Any) -> Any:
        self._lab_pass(slow=False)
        received = receive(*arguments)
        self._lab_pass(slow=False)
        return received

    def _lab_meet(self, address: Any) -> None:
        host = _host(self.family, address)
        if host is None or _table is None:
            return
        self._lab_peer = (host, True)
        if self.family == socket.AF_INET and self.getsockname()[1] == 0 and _table.address:
            self.bind((_table.address, 0))

    def _lab_recognise(self) -> None:
        """A TLS socket took the connection over from another one, which knew who is there."""
        if self._lab_peer is None and (host := _host(self.family, self.getpeername())):
            self._lab_peer = (host, not getattr(self, "server_side", False))

    def _lab_pass(self, *, slow: bool = True) -> None:
        """Return when the link is whole.

        Raises:
            TimeoutError: it was not within the socket's timeout.
            BlockingIOError: it is not, and the socket does not wait.
        """
        if self._lab_peer is None or _table is None:
            return
        name, asking = self._lab_peer
        timeout = self.gettimeout()
        started = _monotonic()
        if slow and (delay := _table.delay(name) + _table.resent(name, random.random)):
            time.sleep(delay if timeout is None else min(delay, timeout))
        while _table.is_cut(name, asking=asking):
            if timeout == 0.0:
                raise BlockingIOError(errno.EAGAIN, "the link is cut")
            if timeout is not None and _monotonic() - started >= timeout:
                raise TimeoutError("timed out")
            time.sleep(_STEP)


def _guarded(method: Callable[..., Any], *, held: bool) -> Callable[..., Any]:
    def call(self: GuardedSocket, *arguments: Any, **options: Any) -> Any:
        self._lab_recognise()
        self._lab_pass()
        result = method(self, *arguments, **options)
        if held:
            self._lab_pass(slow=False)
        return result

    return call


def _host(family: int, address: Any) -> str | None:
    if _table is None or family not in _INTERNET or not isinstance(address, tuple):
        return None
    return _table.host_of(str(address[0]))


def install(table: Table) -> None:
    """Let every socket of this process be a guarded one."""
    global _table
    _table = table
    for name in ("socket", "SocketType"):
        setattr(socket, name, GuardedSocket)
