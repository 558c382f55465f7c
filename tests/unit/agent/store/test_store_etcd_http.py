# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP under the etcd store: one lasting connection, an end to every wait, and whatever a server may send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_http import EtcdHttp, tls
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_login import Logins
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_requests import Post, Reply, Unsent
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_wire import AUTHENTICATE

BODY = b'{"key": "YQ=="}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"


class Server:
    """Answers request by request with given bytes; None leaves one without an answer.

    Attributes:
        received: the requests.
        connections: how many were made.
    """

    def __init__(self, answers: list[bytes | None]) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while self._answers:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._held.append(connection)
            while self._answers and (request := _whole(connection)):
                self.received.append(request)
                answer = self._answers.pop(0)
                if answer is not None:
                    connection.sendall(answer)
                if answer not in (GOOD, CHUNKED, None):
                    connection.close()
                    break

    def answer(self, late: bytes) -> None:
        """Answer on the newest connection after all."""
        self._held[-1].sendall(late)

    def close(self) -> None:
        for one in (self._listener, *self._held):
            one.close()


def _whole(connection: socket.socket) -> bytes:
    """A request with its body, nothing where the client is gone."""
    request = b""
    while not request.endswith(BODY):
        part = connection.recv(65536)
        if not part:
            return b""
        request += part
    return request


@contextmanager
def serving(*answers: bytes | None) -> Iterator[Server]:
    server = Server(list(answers))
    yield server
    server.close()


@pytest.fixture
def http() -> Iterator[EtcdHttp]:
    http = EtcdHttp(tls(None))
    yield http
    http.close()


def post(server: Server, seconds: float = 5.0) -> Post:
    return Post(server.endpoint, "/v3/kv/range", BODY, "the token", seconds)


@pytest.mark.parametrize("answer", [GOOD, CHUNKED])
def test_requests_share_one_connection(http, answer):
    with serving(*[answer] * 3) as server:
        assert [http(post(server)) for _request in range(3)] == [Reply(200, b"{}")] * 3
    assert server.connections == 1
    assert server.received[0].startswith(b"POST /v3/kv/range HTTP/1.1\r\n")
    assert b"Authorization: the token\r\n" in server.received[0]


def test_a_connection_that_the_server_ends_is_made_anew(http):
    with serving(CLOSING, CLOSING) as server:
        assert [http(post(server)) for _request in range(2)] == [Reply(200, b"{}")] * 2
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"\0" * 100_000,
    ],
)
def test_what_is_no_answer_is_an_error_of_the_connection_and_the_next_request_is_whole(http, answer):
    with serving(answer, GOOD) as server:
        with pytest.raises(OSError) as error:
            http(post(server))
        assert not isinstance(error.value, Unsent)
        assert http(post(server)) == Reply(200, b"{}")


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_allowed(http):
    with serving(None) as server, pytest.raises(TimeoutError):
        http(post(server, seconds=0.05))


def test_a_host_that_is_no_name_is_a_request_that_did_not_leave(http):
    with pytest.raises(Unsent):
        http(Post("http://a..b:2379", "/", BODY, None, 1.0))


def test_nobody_there_is_a_request_that_did_not_leave(http):
    with serving() as server:
        pass
    with pytest.raises(Unsent) as error:
        http(post(server))
    assert isinstance(error.value.cause, ConnectionRefusedError)


def test_a_login_has_a_connection_of_its_own_and_more_time_for_its_answer_than_who_asks():
    with serving(CLOSING, GOOD) as server:
        logins = Logins()
        http = EtcdHttp(tls(None), logins=logins)
        login = Post(server.endpoint, AUTHENTICATE, BODY, None, 5.0)
        assert http(login) == Reply(200, b"{}")
        assert http(post(server)) == Reply(200, b"{}")
        http.close()
        assert server.connections == 2
        assert b"/v3/auth/authenticate" in server.received[0]


def test_a_login_that_is_late_serves_who_asks_next():
    with serving(None) as server:
        http = EtcdHttp(tls(None), logins=Logins())
        with pytest.raises(TimeoutError):
            http(Post(server.endpoint, AUTHENTICATE, BODY, None, 0.05))
        server.answer(GOOD)
        assert http(Post(server.endpoint, AUTHENTICATE, BODY, None, 5.0)) == Reply(200, b"{}")
        assert len(server.received) == 1
