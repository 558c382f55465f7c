# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP for tests: virtual servers of the lab on a fake machine, a next hop, servers that misbehave."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.controller import Controller

from lab.smtp.metabase import Metabase
from lab.smtp.service import Smtp
from lab.smtp.spec import SmtpServer
from tests.support.iis_bench import SUBNET, FakeHost

ADDRESS = f"{SUBNET}.11"


class NextHop:
    """A server that takes mail and keeps it; ``answer`` is what it says to each message."""

    def __init__(self, address: str, port: int) -> None:
        self.messages: list[bytes] = []
        self.answer = "250 2.0.0 taken"
        self._controller = Controller(self, hostname=address, port=port)

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.messages.append(envelope.content)
        return self.answer

    @property
    def subjects(self) -> list[str]:
        lines = [line for message in self.messages for line in message.decode().splitlines()]
        return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]

    def __enter__(self) -> NextHop:
        self._controller.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self._controller.stop()


def send(address: str, port: int, subject: str, *, to: str = "somebody@example.com") -> None:
    """Hand a message to a server, as an application does."""
    with smtplib.SMTP(address, port, local_hostname="client.example.com", timeout=10) as client:
        client.sendmail("shop@example.com", [to], f"Subject: {subject}\r\n\r\nText\r\n")


@dataclass
class SmtpBench:
    """SMTP virtual servers on a fake host."""

    host: FakeHost
    smtp: Smtp

    def file_count(self, folder: str) -> int:
        path = self.host.local_path(folder)
        return len(list(path.iterdir())) if path.is_dir() else 0

    async def until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not done():
                await asyncio.sleep(0.02)


def smtp_bench(host: FakeHost, store: Path, *servers: SmtpServer) -> SmtpBench:
    """A bench whose service is what the host says; starting it makes it run."""

    async def start_service() -> bool:
        if "SMTPSVC" in host.faults:
            return False
        host.services.add("SMTPSVC")
        host.changed()
        return True

    return SmtpBench(host, Smtp(host, Metabase(servers, store), start_service))


@dataclass
class BadServer:
    """A server that says the same to everybody, line by line, and then what ``end`` says."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def bad_server(*answers: bytes, stay: bool = True) -> Iterator[BadServer]:
    """A server that greets with the first answer and gives the next one to every line it hears.

    Args:
        *answers: sent as they are, one a line heard, the first unasked.
        stay: it goes on listening when the answers are used up; else it hangs up.
    """
    listening = socket.create_server((ADDRESS, 0))
    server = BadServer(listening.getsockname()[1])
    closing = threading.Event()

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for answer in answers:
                connection.sendall(answer)
                if answer is not answers[-1] or stay:
                    server.heard.append(lines.readline())
            if stay:
                closing.wait(10)

    def serve() -> None:
        while not closing.is_set():
            try:
                connection, _peer = listening.accept()
            except OSError:
                return
            threading.Thread(target=_quietly, args=(talk, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        closing.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _quietly(talk: Callable[[socket.socket], None], connection: socket.socket) -> None:
    try:
        talk(connection)
    except OSError:
        return
