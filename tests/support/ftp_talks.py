# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that speaks as much FTP as a check asks for, and errs where it is told to."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

from tests.support.talks import Talk


def speaking(
    said: list[str] | None = None,
    *,
    greeting: str = "220 Files",
    replies: dict[str, str] | None = None,
    names: tuple[str, ...] = ("a.txt", "b.txt"),
    certificate: Path | None = None,
    implicit: bool = False,
    named: str = "10,9,8,7",
) -> Talk:
    """A server.

    Args:
        said: commands are appended to it.
        greeting: its first line; lines are separated by newlines.
        replies: command -> reply, instead of the usual one; "" for none at all.
        names: what it lists.
        certificate: chain and key; TLS is refused without.
        implicit: it begins with TLS.
        named: address that PASV names, with commas.
    """

    def talk(connection: socket.socket, over: threading.Event) -> None:
        session = _Session(connection, over, said if said is not None else [], replies or {})
        session.names, session.certificate, session.named = names, certificate, named
        if implicit:
            session.secure()
        session.reply(greeting)
        session.serve()

    return talk


class _Session:
    """One control connection."""

    names: tuple[str, ...]
    certificate: Path | None
    named: str

    def __init__(
        self, connection: socket.socket, over: threading.Event, said: list[str], replies: dict[str, str]
    ) -> None:
        self.connection, self.over, self.said, self.replies = connection, over, said, replies
        self.listener: socket.socket | None = None
        self.secured = False
        connection.settimeout(5)

    def reply(self, text: str) -> None:
        self.connection.sendall(text.replace("\n", "\r\n").encode() + b"\r\n")

    def serve(self) -> None:
        stream = self.connection.makefile("rb")
        while line := stream.readline():
            command = line.decode().rstrip("\r\n")
            self.said.append(command)
            verb = command.partition(" ")[0]
            if verb in self.replies:
                if not self.replies[verb]:
                    self.over.wait(10)
                    return
                self.reply(self.replies[verb])
                continue
            getattr(self, f"do_{verb.lower()}", self.unknown)()
            if verb == "AUTH" and self.secured:
                stream = self.connection.makefile("rb")
            if verb == "QUIT":
                return

    def unknown(self) -> None:
        self.reply("500 what")

    def do_auth(self) -> None:
        if self.certificate is None:
            self.reply("534 no certificate")
            return
        self.reply("234 go on")
        self.secure()

    def secure(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.secured = True

    def do_user(self) -> None:
        self.reply("331 password")

    def do_pass(self) -> None:
        self.reply("230-hello\n230 User logged in.")

    def do_pbsz(self) -> None:
        self.reply("200 ok")

    def do_prot(self) -> None:
        self.reply("200 ok")

    def do_pasv(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.reply(f"227 Entering Passive Mode ({self.named},{port // 256},{port % 256}).")

    def do_nlst(self) -> None:
        assert self.listener is not None
        self.reply("150 Opening")
        data, _peer = self.listener.accept()
        if self.secured:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            data = context.wrap_socket(data, server_side=True)
        with data, self.listener:
            data.sendall("".join(f"{name}\r\n" for name in self.names).encode())
        self.reply("226 done")

    def do_quit(self) -> None:
        self.reply("221 bye")
