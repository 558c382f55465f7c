# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the prober says in each protocol, to servers that are not the lab's, and to some that err."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller

from lab.probe_talks import Answer, ask_ftp, ask_http, ask_smtp
from tests.support.talks import server

ADDRESS = "127.91.8.21"


def ask(url: str) -> Answer:
    async def one() -> Answer:
        target = urlsplit(url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        try:
            if target.scheme == "http":
                return await ask_http(reader, writer, target, "")
            return await (ask_ftp if target.scheme == "ftp" else ask_smtp)(reader, writer, target)
        finally:
            writer.transport.abort()

    return asyncio.run(asyncio.wait_for(one(), 5))


@contextmanager
def ftp_server(folder, permissions: str | None) -> Iterator[int]:
    """A server of pyftpdlib's; None lets nobody in."""
    pytest.importorskip("pyftpdlib", reason="pyftpdlib is not installed (requirements-dev.txt)")
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    authorizer = DummyAuthorizer()
    if permissions is not None:
        authorizer.add_anonymous(str(folder), perm=permissions)
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer, "auth_failed_timeout": 0})
    made = FTPServer((ADDRESS, 0), handler)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            made.serve_forever(timeout=0.01, blocking=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield made.address[1]
    finally:
        over.set()
        thread.join()
        made.close_all()


@pytest.mark.parametrize(
    ("permissions", "user", "answer"),
    [
        ("elr", "anonymous@", ("200", True)),
        ("elr", "", ("200", True)),
        ("elr", "somebody:else@", ("530", False)),
        ("er", "anonymous@", ("550", False)),  # he may not list
        (None, "anonymous@", ("530", False)),
        (None, "", ("200", True)),  # a greeting is all that is asked for
    ],
)
def test_a_user_in_an_ftp_url_logs_in_and_lists(tmp_path, permissions, user, answer):
    (tmp_path / "index.html").write_text("page")
    with ftp_server(tmp_path, permissions) as port:
        said = ask(f"ftp://{user}{ADDRESS}:{port}/")
    assert (said.outcome, said.good) == answer


@pytest.mark.parametrize("path", ["", "/", "/client.example.net"])
def test_a_path_in_an_smtp_url_says_ehlo(path):
    seen: list[str] = []

    class Handler:
        async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
            session.host_name = hostname
            seen.append(hostname)
            return responses

    with socket.create_server((ADDRESS, 0)) as one:
        port = one.getsockname()[1]
    controller = Controller(Handler(), hostname=ADDRESS, port=port)
    controller.start()
    try:
        assert ask(f"smtp://{ADDRESS}:{port}{path}") == Answer(True, "200", "")
    finally:
        controller.stop()
    assert seen == ([path.strip("/")] if path.strip("/") else [])


def replies(*lines: bytes):
    """A server that says the first unasked, and each of the others to a line."""

    def talk(connection, over) -> None:
        connection.sendall(lines[0])
        heard = connection.makefile("rb")
        for line in lines[1:]:
            heard.readline()
            connection.sendall(line)
        over.wait(5)

    return talk


@pytest.mark.parametrize(
    ("scheme", "path", "said", "answer"),
    [
        (
            "smtp",
            "/c",
            [b"220-X-Lab-Node: A\r\n220 mail\r\n", b"250-a\r\n250 b\r\n"],
            Answer(True, "200", "A"),
        ),
        ("smtp", "/c", [b"220-X-Lab-Node: A\r\n220 mail\r\n", b"502 what\r\n"], Answer(False, "502", "A")),
        ("smtp", "/c", [b"421 not now\r\n"], Answer(False, "421", "")),
        ("ftp", "", [b"220-X-Lab-Node: A\r\n between\r\n220 files\r\n"], Answer(True, "200", "A")),
        ("ftp", "", [b"421 too many\r\n"], Answer(False, "421", "")),
    ],
)
def test_every_reply_on_the_way_counts(scheme, path, said, answer):
    with server(replies(*said)) as port:
        assert ask(f"{scheme}://127.0.0.1:{port}{path}") == answer


def test_the_code_in_which_a_listing_ends_is_the_answer():
    script = [b"220 files\r\n", b"331 password\r\n", b"230 in\r\n", b"229 Extended (|||%d|)\r\n"]
    with server(lambda connection, over: connection.close()) as data:
        for last, answer in ((b"226 done\r\n", True), (b"426 cut\r\n", False)):
            begun = b"125 opening\r\n" + last
            with server(replies(*script[:3], script[3] % data, begun)) as port:
                said = ask(f"ftp://anonymous@127.0.0.1:{port}")
            assert said == Answer(answer, "200" if answer else "426", "")


@pytest.mark.parametrize("scheme", ["ftp", "smtp", "http"])
def test_what_is_no_answer_is_refused(scheme):
    with (
        server(replies(b"hello\r\n\r\n")) as port,
        pytest.raises(ValueError, match=r"no reply|no HTTP answer"),
    ):
        ask(f"{scheme}://127.0.0.1:{port}/")
