# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels of notifications: servers that are down, slow or wrong, and commands that hang."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.notify_channels import Command, Webhook
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from lab.certificates import Authority, Pair
from tests.support.server_process import free_port

CONTENT = {"sentence": "It is \u00e9teint.", "severity": "error"}


class Server:
    """A server of webhooks; each request gets the next of the statuses it is given.

    Attributes:
        received: path, headers, document.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.statuses: list[int] = []
        self.received: list[tuple[str, dict[str, str], dict]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - the name is the method's

            def log_message(self, *_arguments) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def delivered(webhook: Webhook, *, stopped: bool = False) -> list[float]:
    """The pauses that it took."""
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return stopped

    webhook.deliver(CONTENT, pause)
    return pauses


def failure(webhook: Webhook, **options) -> str:
    with pytest.raises(StandbyError) as caught:
        delivered(webhook, **options)
    return caught.value.problem


# Webhooks


def test_the_document_is_posted_as_json(server: Server):
    assert delivered(Webhook(f"http://127.0.0.1:{server.port}/hook?a=b")) == []
    ((path, headers, document),) = server.received
    assert (path, document) == ("/hook?a=b", CONTENT)
    assert headers["Content-Type"] == "application/json"


def test_a_server_that_fails_is_asked_again_after_growing_pauses(server: Server):
    server.statuses = [500, 503, 429]
    assert delivered(Webhook(f"http://127.0.0.1:{server.port}")) == [1.0, 5.0, 25.0]
    assert len(server.received) == 4


def test_a_server_that_goes_on_failing_is_given_up(server: Server):
    server.statuses = [500] * 10
    webhook = Webhook(f"http://127.0.0.1:{server.port}/", pauses=(0.1, 0.2))
    assert failure(webhook) == "it answers with status 500"
    assert len(server.received) == 3


def test_a_refusal_is_not_asked_again(server: Server):
    server.statuses = [404]
    assert failure(Webhook(f"http://127.0.0.1:{server.port}/")) == "it answers with status 404"
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirections_are_not_followed(server: Server, status: int):
    server.statuses = [status]
    assert failure(Webhook(f"http://127.0.0.1:{server.port}/")) == f"it answers with status {status}"
    assert len(server.received) == 1


def test_there_is_no_further_try_when_the_agent_ends(server: Server):
    server.statuses = [500] * 10
    assert failure(Webhook(f"http://127.0.0.1:{server.port}/"), stopped=True) == "it answers with status 500"
    assert len(server.received) == 1


def test_a_server_that_is_down_is_said_to_be():
    webhook = Webhook(f"http://127.0.0.1:{free_port()}/", pauses=(0.1,))
    assert failure(webhook) == "it gives no answer: Connection refused"


def test_a_server_that_says_nothing_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", port := free_port())):
        began = time.monotonic()
        assert (
            failure(Webhook(f"http://127.0.0.1:{port}/", timeout=0.2, pauses=()))
            == "it gives no answer: timed out"
        )
        assert time.monotonic() - began < 5


def test_a_server_that_speaks_no_http_is_said_to_give_no_answer():
    with socket.create_server(("127.0.0.1", port := free_port())) as listening:

        def answer() -> None:
            connection, _address = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert "it gives no answer: " in failure(Webhook(f"http://127.0.0.1:{port}/", pauses=()))
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def https(authority: Authority, tmp_path: Path) -> Iterator[Server]:
    pair = Pair.at(tmp_path, "server")
    authority.issue_server(pair, "127.0.0.1", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    one = Server(context)
    yield one
    one.close()


def test_secret_headers_come_from_a_file_as_it_is_now_over_https(
    https: Server, authority: Authority, tmp_path: Path
):
    file = tmp_path / "headers"
    url, ca_file = f"https://127.0.0.1:{https.port}/", str(authority.pair.certificate)
    webhook = Webhook(url, headers_file=file, ca_file=ca_file)
    for secret in ("one", "two"):
        file.write_text(f"Authorization: Bearer {secret}\r\n\nX-Team:web\n")
        delivered(webhook)
    told = [(headers["Authorization"], headers["X-Team"]) for _path, headers, _document in https.received]
    assert told == [("Bearer one", "web"), ("Bearer two", "web")]


def test_a_certificate_that_is_not_trusted_gets_nothing(https: Server):
    assert "CERTIFICATE_VERIFY_FAILED" in failure(Webhook(f"https://127.0.0.1:{https.port}/", pauses=()))
    assert https.received == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"s3cret", "line 1 of the headers file"),
        (b"A: b\ns3cr\xc3\xa9t: x", "line 2"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_headers_file_that_is_none_is_told_by_its_line_and_not_shown(
    https: Server, authority: Authority, tmp_path: Path, content: bytes, told: str
):
    file = tmp_path / "headers"
    file.write_bytes(content)
    url, ca_file = f"https://127.0.0.1:{https.port}/", str(authority.pair.certificate)
    problem = failure(Webhook(url, headers_file=file, ca_file=ca_file))
    assert told in problem
    assert "s3cr" not in problem
    assert https.received == []


def test_an_absent_headers_file_is_named(tmp_path: Path):
    webhook = Webhook("https://127.0.0.1:1/", headers_file=tmp_path / "headers")
    assert failure(webhook).endswith("headers cannot be read: No such file or directory")


@pytest.mark.parametrize(
    "url", ["ftp://host/", "file:///etc/passwd", "host/path", "https://", "https://a:b@host/"]
)
def test_other_urls_are_refused_without_being_shown(url: str):
    with pytest.raises(StandbyError, match="not of the form") as caught:
        Webhook(url)
    assert "a:b" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/T0/SECRET (prod)",
        "https://hooks.example.com/T0/SECRET\u00e9",
        " https://hooks.example.com/SECRET",
        "https://hooks.example.com/SECRET\n",
        "https://[hooks.example.com/SECRET",
        "https://hooks.example.com:SECRET/",
        "https://hooks.example.com:99999/SECRET",
        "https://hooks.example.com:0/SECRET",
    ],
)
def test_what_is_no_url_is_refused_without_being_shown(url: str):
    with pytest.raises(StandbyError, match="the URL of a webhook") as caught:
        Webhook(url)
    assert "SECRET" not in str(caught.value)


def test_what_other_libraries_say_of_a_request_is_not_told(monkeypatch):
    def refused(*_arguments, **_options):
        raise http.client.InvalidURL("URL can't contain control characters. '/T0/SECRET'")

    monkeypatch.setattr(http.client.HTTPConnection, "request", refused)
    assert failure(Webhook("http://127.0.0.1:1/SECRET", pauses=())) == (
        "it gives no answer: InvalidURL, which is no HTTP"
    )


def _drip(connection: socket.socket, first: bytes) -> None:
    """Answer byte by byte, until nobody listens any more."""
    with connection, contextlib.suppress(OSError):
        connection.recv(65536)
        connection.sendall(first)
        for _each in range(200):
            connection.sendall(b"X")
            time.sleep(0.1)


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 500 No\r\nContent-Length: 900\r\n\r\n"]
)
def test_a_server_that_answers_byte_by_byte_is_given_up(first: bytes):
    with socket.create_server(("127.0.0.1", port := free_port())) as listening:
        threading.Thread(target=lambda: _drip(listening.accept()[0], first), daemon=True).start()
        began = time.monotonic()
        with contextlib.suppress(StandbyError):
            Webhook(f"http://127.0.0.1:{port}/", timeout=0.5, pauses=()).deliver(CONTENT, lambda _pause: True)
        assert time.monotonic() - began < 10.0


def test_a_server_whose_tls_comes_byte_by_byte_is_given_up():
    with socket.create_server(("127.0.0.1", port := free_port())) as listening:
        # A record of a handshake, of 4,096 bytes
        first = b"\x16\x03\x03\x10\x00"
        threading.Thread(target=lambda: _drip(listening.accept()[0], first), daemon=True).start()
        began = time.monotonic()
        hook = Webhook(f"https://127.0.0.1:{port}/", timeout=0.5, pauses=())
        assert "timed out" in failure(hook)
        assert time.monotonic() - began < 10.0


def test_secret_headers_are_not_sent_unprotected(tmp_path: Path):
    with pytest.raises(StandbyError, match="unprotected"):
        Webhook("http://127.0.0.1/", headers_file=tmp_path / "headers")


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path):
    with pytest.raises(StandbyError, match="the authorities of the webhook at host cannot be used"):
        Webhook("https://host/", ca_file=str(tmp_path / "ca.pem"))


# Commands


def ran(*argv: str, timeout: float = 20.0) -> None:
    Command(argv, timeout=timeout).deliver(CONTENT, lambda _seconds: True)


def script(text: str, *arguments: str, **options) -> None:
    ran(sys.executable, "-c", text, *arguments, **options)


def test_a_command_gets_the_document_on_standard_input_and_its_arguments_as_they_are(tmp_path: Path):
    out = tmp_path / "out"
    text = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + chr(10) + sys.stdin.read())"
    script(text, str(out), "$HOME; echo 'a b'")
    argument, document = out.read_text().splitlines()
    assert argument == "$HOME; echo 'a b'"
    assert json.loads(document) == CONTENT


def test_a_command_that_reads_nothing_is_none_the_worse():
    script("pass")
    Command([sys.executable, "-c", "pass"]).deliver({"sentence": "x" * 10**6}, lambda _seconds: True)


def test_a_command_that_fails_is_told_with_its_words():
    with pytest.raises(StandbyError) as caught:
        script("import sys; print('noise'); sys.exit('no such\\n channel.')")
    assert caught.value.problem == "it ended with code 1 and said: no such channel"


def test_a_command_that_is_not_there_is_said_to_be():
    with pytest.raises(StandbyError, match="it cannot be started: No such file"):
        ran("/nonexistent/program")
    with pytest.raises(StandbyError, match="is empty"):
        Command([])


def test_a_command_that_hangs_is_killed_with_all_it_started(tmp_path: Path):
    began = time.monotonic()
    pid = tmp_path / "pid"
    with pytest.raises(StandbyError, match="it did not end within 1 s and was killed"):
        ran("/bin/sh", "-c", 'sleep 60 & echo $! > "$0"; wait', str(pid), timeout=1.0)
    while not gone(int(pid.read_text())):
        assert time.monotonic() - began < 20


def gone(pid: int) -> bool:
    """Whether a process has ended, or is about to."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_whose_children_go_on_is_not_waited_for():
    text = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(10)'])"
    began = time.monotonic()
    script(text)
    assert time.monotonic() - began < 8


def test_no_descriptor_of_the_agent_reaches_a_command():
    reader, writer = os.pipe()
    try:
        script(f"import os, sys\ntry:\n os.fstat({writer})\nexcept OSError:\n sys.exit(0)\nsys.exit('open')")
    finally:
        os.close(reader)
        os.close(writer)
