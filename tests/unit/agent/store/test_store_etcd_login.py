# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins to etcd: one at a time, to their end, and for all stores of a process."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd import Etcd
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_login import Logins
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_requests import Post, Reply
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_wire import AUTHENTICATE
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store, StoreOutage
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_etcd
from tests.support.etcd_model import EtcdModel

ENDPOINT = "https://10.0.0.1:2379"
CREDENTIALS = ("standby", "S3cret")
REPLY = Reply(200, b"{}")


class SlowServer:
    """Checks a password until it is let go on.

    Attributes:
        asked: how long it might take, each time that it was asked to.
    """

    def __init__(self, error: OSError | None = None) -> None:
        self.asked: list[float] = []
        self.checked = threading.Event()
        self._error = error

    def __call__(self, request: Post, seconds: float) -> Reply:
        self.asked.append(seconds)
        assert self.checked.wait(20.0)
        if self._error is not None:
            raise self._error
        return REPLY


def login(seconds: float) -> Post:
    return Post(ENDPOINT, AUTHENTICATE, b"{}", None, seconds)


def wait_for(holds) -> None:
    end = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_login_goes_on_when_nobody_waits_and_its_answer_is_for_the_next_who_asks():
    logins, server = Logins(), SlowServer()
    for _attempt in range(3):
        with pytest.raises(TimeoutError):
            logins(login(0.01), server)
    server.checked.set()
    assert logins(login(20.0), server) is REPLY
    assert len(server.asked) == 1
    assert server.asked[0] > 1.0
    assert logins(login(20.0), server) is REPLY
    assert len(server.asked) == 2


def test_all_who_ask_meanwhile_get_the_same_answer():
    logins, server = Logins(), SlowServer()
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(logins, login(20.0), server) for _one in range(3)]
        wait_for(lambda: server.asked)
        time.sleep(0.05)
        server.checked.set()
        assert [one.result() for one in waiting] == [REPLY] * 3
    assert len(server.asked) == 1


def test_a_login_that_fails_is_told_to_who_waits_and_made_anew_for_the_next():
    logins, broken = Logins(), SlowServer(ConnectionResetError("gone"))
    with pytest.raises(TimeoutError):
        logins(login(0.01), broken)
    broken.checked.set()
    wait_for(lambda: not any(thread.name == "login" for thread in threading.enumerate()))
    with pytest.raises(ConnectionResetError, match="gone"):
        logins(login(20.0), broken)
    good = SlowServer()
    good.checked.set()
    assert logins(login(20.0), good) is REPLY


def store(model: EtcdModel, tokens: dict[str, str]) -> Store:
    protocol = Etcd([ENDPOINT], "/", "aa", lambda: 0.0, credentials=CREDENTIALS, tokens=tokens, seconds=3.0)
    return Store(protocol, model)


def logged_in(model: EtcdModel) -> int:
    return [request.path for request in model.requests].count(AUTHENTICATE)


def test_stores_of_one_user_log_in_once():
    model, tokens = EtcdModel(CREDENTIALS), {}
    first, second = store(model, tokens), store(model, tokens)
    version = first.put("nodes/server1", 0, "a")
    assert second.put("nodes/server1", version, "b") > version
    assert logged_in(model) == 1
    model.tokens.clear()
    assert first.get("nodes/server1").value == "b"
    assert second.get("nodes/server1").value == "b"
    assert logged_in(model) == 2


def test_a_token_that_another_store_has_got_meanwhile_is_kept():
    model, tokens = EtcdModel(CREDENTIALS), {}

    def renewing(request):
        """Another store logs in while this request is under way with the old token."""
        reply = model(request)
        if reply.status == 401:
            store(model, tokens).get("nodes/server1") if not model.tokens else None
        return reply

    store(model, tokens).put("nodes/server1", 0, "a")
    model.tokens.clear()
    tokens[ENDPOINT] = "an old one"
    protocol = Etcd([ENDPOINT], "/", "bb", lambda: 0.0, credentials=CREDENTIALS, tokens=tokens, seconds=3.0)
    logins_before = logged_in(model)
    assert Store(protocol, renewing).get("nodes/server1").value == "a"
    assert logged_in(model) == logins_before + 1


class SlowEtcd(ThreadingHTTPServer):
    """An etcd that checks passwords until it is let go on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Gateway)
        self.model, self.checked = EtcdModel(CREDENTIALS), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Gateway(BaseHTTPRequestHandler):
    server: SlowEtcd

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == AUTHENTICATE:
            self.server.checked.wait(20.0)
        reply = self.server.model(Post("", self.path, body, self.headers["Authorization"], 1.0))
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_arguments: object) -> None:
        pass


def test_an_etcd_that_is_slow_to_log_in_is_used_as_soon_as_it_has_for_all_stores_alike():
    with SlowEtcd() as etcd:
        logins = Logins()
        address = f"http://127.0.0.1:{etcd.server_address[1]}"

        def opened(seconds: float) -> Store:
            return open_etcd([address], "web", credentials=CREDENTIALS, logins=logins, seconds=seconds)

        for one in (opened(0.1), opened(0.1)):
            with pytest.raises(StoreOutage, match="in time"):
                one.get("nodes/server1")
        etcd.checked.set()
        for one in (opened(20.0), opened(20.0)):
            assert one.get("nodes/server1") is None
        assert logged_in(etcd.model) == 1
        etcd.shutdown()
