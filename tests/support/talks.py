# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback that talk to each connection as told: good, bad, silent, slow."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def server(talk: Talk) -> Iterator[int]:
    """A server on loopback that talks to each connection as told, until the test is over."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _rest = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection, over)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def answering(answer: bytes, seen: list[bytes] | None = None) -> Talk:
    def talk(connection: socket.socket, over: threading.Event) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (piece := connection.recv(4096)):
            request += piece
        if seen is not None:
            seen.append(request)
        connection.sendall(answer)

    return talk


def silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(10)


def dripping(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        connection.sendall(b"X-More: y\r\n")


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nready: green"


def closing(connection: socket.socket, over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def late(seconds: float) -> Talk:
    def talk(connection: socket.socket, over: threading.Event) -> None:
        over.wait(seconds)
        answering(OK)(connection, over)

    return talk


def encrypted(certificate, names: list[str | None]) -> Talk:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _connection, name, _context: names.append(name)

    def talk(connection: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            answering(OK)(secure, over)

    return talk
