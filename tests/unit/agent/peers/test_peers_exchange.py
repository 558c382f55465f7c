# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents on real sockets: who gets an answer, who gets none, and what one client can cost another."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.peers import listener as listener_module
from ansible_collections.standby.iis.plugins.module_utils.agent.peers import wire
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.client import PeerError, Reason, ask
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import Key
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.listener import Listener, listen
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.wire import Message
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.server_process import free_port

HERE = "127.0.0.1"
NEW, OLD = Key(bytes(range(32))), Key(bytes(range(1, 33)))
PROMISE = wire.write_question(wire.Question("promise", {"incarnation": 7}))
# Seconds that a test may wait for what must happen.
PATIENCE = 20.0


class Node:
    """Listeners of a test, and what they were asked and told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.told: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self._open: list[Listener] = []

    def promise(self, asker: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        self.hold.wait(PATIENCE)
        self.asked.append((asker, payload))
        return {"promised": payload.get("incarnation")}

    def break_down(self, asker: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        raise KeyError("site")

    def refuse(self, asker: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        raise StandbyError("it is being fenced", node=asker)

    def start(
        self, *, node: str = "server2", keys: tuple[Key, ...] = (NEW,), port: int = 0, **options
    ) -> int:
        port = port or free_port()
        handlers = {
            "promise": self.promise,
            "broken": self.break_down,
            "refusing": self.refuse,
            "text": lambda _asker, _payload: {"it": object()},
            "much": lambda _asker, _payload: {"it": "x" * 70000},
        }
        options = {"addresses": [HERE], "retry": 0.05} | options
        listener = Listener(
            options.pop("addresses"),
            port,
            node,
            lambda: keys,
            handlers,
            time.monotonic,
            problem=self.told.append,
            **options,
        )
        self._open.append(listener)
        listener.start()
        return port

    def close(self) -> None:
        self.hold.set()
        for listener in self._open:
            listener.close()


@pytest.fixture
def node() -> Iterator[Node]:
    one = Node()
    yield one
    one.close()


def question(port: int, **options) -> Mapping[str, Any]:
    given = {
        "addresses": [HERE],
        "node": "server1",
        "peer": "server2",
        "keys": lambda: (NEW,),
        "kind": "promise",
        "payload": {"incarnation": 7},
        "timeout": PATIENCE,
    } | options
    return ask(given.pop("addresses"), port, **given)


def failure(port: int, **options) -> PeerError:
    with pytest.raises(PeerError) as caught:
        question(port, **options)
    assert caught.value.node == options.get("peer", "server2")
    assert caught.value.remedy
    return caught.value


def until(done: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def raw(port: int) -> tuple[socket.socket, bytes]:
    """A connection of somebody else, and the nonce of the node."""
    connection = socket.create_connection((HERE, port), timeout=PATIENCE)
    return connection, wire.read_hello(receive(connection))


def receive(connection: socket.socket) -> bytes:
    """A message, or what came before the end."""
    data = b""
    while count := wire.missing(data):
        part = connection.recv(count)
        if not part:
            break
        data += part
    return data


def signed(
    nonce: bytes, key: Key = NEW, body: bytes = PROMISE, sender="server1", receiver="server2"
) -> bytes:
    return wire.write_request(key, Message(sender, receiver, body), nonce, b"n" * wire.NONCE)


class Impostor:
    """Listens, and does with each connection what it is told."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.port = free_port()
        self._serve = serve
        self._listening = listen(HERE, self.port)
        self._listening.setblocking(True)
        self._held: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _address = self._listening.accept()
                self._held.append(connection)
                self._serve(connection)
            except OSError:
                return

    def __enter__(self) -> Impostor:
        return self

    def __exit__(self, *_error: object) -> None:
        with socket.socket() as last:
            self._listening.shutdown(socket.SHUT_RDWR)
        for one in (self._listening, *self._held, last):
            one.close()


# Answers


def test_a_question_is_answered_by_its_handler(node: Node):
    assert question(node.start()) == {"promised": 7}
    assert node.asked == [("server1", {"incarnation": 7})]
    assert node.told == []


def test_ipv6_is_answered_beside_ipv4_on_the_same_port(node: Node):
    port = node.start(addresses=[HERE, "::1"])
    assert question(port, addresses=["::1"]) == question(port) == {"promised": 7}


def test_both_families_can_be_listened_on_with_all_their_addresses(node: Node):
    port = node.start(addresses=["::", "0.0.0.0"])  # noqa: S104 - for the time of a test
    assert question(port, addresses=["::1"]) == question(port) == {"promised": 7}
    assert node.told == []


def test_fifty_clients_at_once_all_get_their_own_answer(node: Node):
    port = node.start(slots=4)
    with ThreadPoolExecutor(50) as pool:
        answers = pool.map(lambda number: question(port, payload={"incarnation": number}), range(50))
        assert [answer["promised"] for answer in answers] == list(range(50))
    assert node.told == []


def test_the_next_address_is_asked_where_one_does_not_answer(node: Node):
    port = node.start(addresses=["127.0.0.3"])
    assert question(port, addresses=["127.0.0.2", "127.0.0.3"]) == {"promised": 7}


def test_an_address_that_is_silent_leaves_time_for_the_next_one(node: Node):
    with Impostor(lambda _connection: None) as silent:
        node.start(addresses=["127.0.0.3"], port=silent.port)
        assert question(silent.port, addresses=[HERE, "127.0.0.3"], timeout=2) == {"promised": 7}


# Refusals


def test_an_unknown_kind_is_refused_in_a_sentence(node: Node):
    error = failure(node.start(), kind="gossip")
    assert error.reason is Reason.REFUSED
    assert "this version answers no question of the kind 'gossip'" in str(error)


def test_a_handler_refuses_in_its_own_words(node: Node):
    error = failure(node.start(), kind="refusing")
    assert str(error).startswith("server2: it refuses: server1: it is being fenced.")
    assert node.told == []


@pytest.mark.parametrize(
    ("kind", "told"),
    [("broken", "an unexpected KeyError: 'site'"), ("text", "as JSON"), ("much", "more than 65536")],
)
def test_a_handler_that_fails_costs_its_own_answer_alone(node: Node, kind: str, told: str):
    port = node.start()
    assert told in failure(port, kind=kind).problem
    assert question(port) == {"promised": 7}
    assert len(node.told) == (kind == "broken")


def test_a_question_for_another_node_is_not_answered_and_says_whose_address_it_is(node: Node):
    error = failure(node.start(), peer="server3")
    assert error.reason is Reason.OTHER_NODE
    assert error.problem.endswith("is server2")
    assert node.asked == []


def test_nothing_listens(node: Node):
    error = failure(free_port())
    assert error.reason is Reason.CLOSED
    assert "nothing listens at 127.0.0.1:" in error.problem


def test_names_are_not_looked_up():
    error = failure(1, addresses=["localhost"])
    assert error.reason is Reason.SILENT
    assert error.problem.startswith("no answer at localhost:1: ")


def test_a_node_without_addresses_is_an_error_too():
    assert failure(1, addresses=[]).problem == "it has no address at which it could be asked"


# Keys


def test_a_node_with_another_key_gets_no_answer_and_is_told_so(node: Node):
    port = node.start(keys=(OLD,))
    error = failure(port)
    assert error.reason is Reason.WRONG_KEY
    assert "does not accept the key of server1" in error.problem
    assert "same key file" in str(error)
    until(lambda: len(node.told) == 1)
    assert node.told == ["A question from 127.0.0.1 was refused: no key of this node has signed it."]
    failure(port)
    assert len(node.told) == 1
    assert node.asked == []


def test_a_key_changes_without_a_gap(node: Node):
    added = node.start(keys=(OLD, NEW))
    changed = node.start(keys=(NEW, OLD))
    for keys in ((OLD,), (OLD, NEW), (NEW, OLD)):
        for port in (added, changed):
            assert question(port, keys=lambda keys=keys: keys) == {"promised": 7}


def test_a_reply_for_another_node_is_not_taken():
    def answer(connection: socket.socket) -> None:
        connection.sendall(wire.hello(b"h" * wire.NONCE))
        message = Message("server2", "server3", b'{"payload":{"promised":7}}')
        connection.sendall(wire.write_reply(NEW, message, receive(connection), b"h" * wire.NONCE))

    with Impostor(answer) as impostor:
        error = failure(impostor.port)
    assert error.reason is Reason.OTHER_NODE
    assert error.problem.endswith("is for server3")


def test_who_has_no_key_cannot_answer_for_a_node():
    def answer(connection: socket.socket) -> None:
        connection.sendall(wire.hello(b"h" * wire.NONCE))
        request = receive(connection)
        message = Message("server2", "server1", b'{"payload":{"promised":7}}')
        connection.sendall(wire.write_reply(OLD, message, request, b"h" * wire.NONCE))

    with Impostor(answer) as impostor:
        error = failure(impostor.port)
    assert error.reason is Reason.WRONG_KEY
    assert "does not have the key of server1" in error.problem


# Attacks


def test_a_recorded_request_gets_no_second_answer(node: Node):
    port = node.start()
    connection, nonce = raw(port)
    recorded = signed(nonce)
    with connection:
        connection.sendall(recorded)
        assert receive(connection)[:1] == b"R"
    connection, _nonce = raw(port)
    with connection:
        connection.sendall(recorded)
        assert receive(connection) == wire.refusal(wire.RefusalCode.KEY)
    assert len(node.asked) == 1


def test_a_recorded_reply_is_not_accepted_again(node: Node):
    recorded: list[bytes] = []
    port = node.start()

    def replay(connection: socket.socket) -> None:
        """Pass one exchange on, then play what was seen."""
        if not recorded:
            inner, nonce = raw(port)
            connection.sendall(wire.hello(nonce))
            inner.sendall(receive(connection))
            recorded[:] = [wire.hello(nonce), receive(inner)]
            inner.close()
            connection.sendall(recorded[1])
        else:
            connection.sendall(recorded[0])
            receive(connection)
            connection.sendall(recorded[1])

    with Impostor(replay) as relay:
        assert question(relay.port) == {"promised": 7}
        assert failure(relay.port).reason is Reason.WRONG_KEY


def test_a_request_that_is_sent_back_is_no_reply():
    def reflect(connection: socket.socket) -> None:
        connection.sendall(wire.hello(b"h" * wire.NONCE))
        connection.sendall(receive(connection))

    with Impostor(reflect) as mirror:
        assert failure(mirror.port).reason is Reason.MALFORMED


def test_a_question_that_is_led_back_to_its_asker_is_not_answered_for_the_peer(node: Node):
    port = node.start(node="server1")

    def lead_back(connection: socket.socket) -> None:
        inner, nonce = raw(port)
        connection.sendall(wire.hello(nonce))
        inner.sendall(receive(connection))
        connection.sendall(receive(inner))
        inner.close()

    with Impostor(lead_back) as relay:
        error = failure(relay.port)
    assert error.reason is Reason.OTHER_NODE
    assert node.asked == []


@pytest.mark.parametrize(
    "head",
    [b"Q\x01\x07\x07\x00\x01\x00\x01", b"Q\x01\xff\xff\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b"H\x01"],
)
def test_what_is_no_request_of_an_allowed_size_is_refused_from_its_head(node: Node, head: bytes):
    port = node.start()
    connection, _nonce = raw(port)
    with connection:
        connection.sendall(head + bytes(100) * (head[:1] == b"H"))
        assert receive(connection) == wire.refusal(wire.RefusalCode.MALFORMED)
    assert question(port) == {"promised": 7}


def test_a_question_that_is_cut_off_at_any_byte_is_not_answered(node: Node):
    port = node.start(slots=4)
    for end in range(len(signed(b"h" * wire.NONCE))):
        connection, nonce = raw(port)
        with connection:
            connection.sendall(signed(nonce)[:end])
            connection.shutdown(socket.SHUT_WR)
            assert receive(connection) == b""
    assert node.asked == []
    assert question(port) == {"promised": 7}


def test_a_reply_that_is_cut_off_at_any_byte_is_none():
    length = len(wire.write_reply(NEW, Message("server2", "server1", b'{"payload":{}}'), b"", b"h" * 32))
    ends = iter(range(length))

    def cut(connection: socket.socket) -> None:
        connection.sendall(wire.hello(b"h" * wire.NONCE))
        message = Message("server2", "server1", b'{"payload":{}}')
        answer = wire.write_reply(NEW, message, receive(connection), b"h" * wire.NONCE)
        connection.sendall(answer[: next(ends)])
        connection.shutdown(socket.SHUT_WR)

    with Impostor(cut) as cutting:
        for _end in range(length):
            assert failure(cutting.port).reason is Reason.SILENT


# Time


def test_slow_and_silent_clients_cost_a_slot_for_the_deadline_at_most(node: Node):
    port = node.start(slots=2, deadline=0.4)
    began = time.monotonic()
    silent, _nonce = raw(port)
    slow, nonce = raw(port)
    stop = threading.Event()

    def drip() -> None:
        for byte in signed(nonce):
            if stop.wait(0.02):
                return
            try:
                slow.sendall(bytes([byte]))
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        assert question(port) == {"promised": 7}
        assert 0.3 < time.monotonic() - began < 5
        assert len(node.asked) == 1
        until(lambda: any("broken off: timed out" in one for one in node.told))
    finally:
        stop.set()
        thread.join()
        silent.close()
        slow.close()


def test_silent_connections_keep_no_promise_back(node: Node):
    port = node.start(known=["127.0.0.1"])
    silent = [socket.create_connection((HERE, port), None, ("127.0.0.2", 0)) for _each in range(100)]
    try:
        # Less than the deadline of a connection
        assert question(port, timeout=3.0) == {"promised": 7}
        until(lambda: any("it showed no key, and others waited" in one for one in node.told))
    finally:
        for connection in silent:
            connection.close()


def test_those_that_wait_are_ended_with_the_listener(node: Node):
    port = node.start(slots=1, proof=60.0)
    waiting = [socket.create_connection((HERE, port), timeout=PATIENCE) for _each in range(3)]
    until(lambda: len(node._open[0]._room.waiting) == 2)
    node.close()
    for connection in waiting:
        with connection, contextlib.suppress(ConnectionResetError):
            while connection.recv(100):
                pass


def test_a_client_that_does_not_close_first_is_waited_for_and_then_left_behind(node: Node):
    port = node.start(slots=1, deadline=0.3)
    connection, nonce = raw(port)
    with connection:
        connection.sendall(signed(nonce))
        until(lambda: len(node.asked) == 1)
        began = time.monotonic()
        assert question(port) == {"promised": 7}
        assert 0.1 < time.monotonic() - began < 5


def test_who_takes_the_connection_and_says_nothing_is_given_up_in_time():
    with Impostor(lambda _connection: None) as silent:
        began = time.monotonic()
        error = failure(silent.port, timeout=0.3)
        assert 0.25 < time.monotonic() - began < 3
    assert error.reason is Reason.SILENT
    assert "it took too long" in error.problem


def test_a_reply_byte_by_byte_does_not_outlast_the_deadline():
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(wire.hello(b"h" * wire.NONCE))
        receive(connection)
        for byte in b"R\x01\x01\x01\x00\x00\xff\xff" + bytes(2000):
            connection.sendall(bytes([byte]))
            stop.wait(0.01)

    with Impostor(drip) as dripping:
        began = time.monotonic()
        assert failure(dripping.port, timeout=0.3).reason is Reason.SILENT
        assert time.monotonic() - began < 3


def test_a_handler_that_takes_long_does_not_hold_up_others(node: Node):
    port = node.start(slots=2)
    node.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(question, port)
        assert failure(port, kind="gossip").reason is Reason.REFUSED
        node.hold.set()
        assert first.result(PATIENCE) == {"promised": 7}


# The listener


def test_an_address_that_is_not_to_be_had_is_told_once_and_tried_again(node: Node):
    port = free_port()
    with socket.create_server((HERE, port)):
        node.start(port=port, addresses=[HERE, "127.0.0.3"])
        assert question(port, addresses=["127.0.0.3"]) == {"promised": 7}
        assert len(node.told) == 1
        assert node.told[0].startswith(f"The agent cannot listen at 127.0.0.1, port {port}: ")

    def answered() -> bool:
        try:
            return question(port) == {"promised": 7}
        except PeerError:
            return False

    until(answered)
    assert len(node.told) == 1


def test_a_socket_that_broke_is_made_again(node: Node, monkeypatch: pytest.MonkeyPatch):
    made: list[socket.socket] = []

    def remembered(address: str, port: int) -> socket.socket:
        made.append(listen(address, port))
        return made[-1]

    monkeypatch.setattr(listener_module, "listen", remembered)
    port = node.start()
    assert question(port) == {"promised": 7}
    made[0].shutdown(socket.SHUT_RDWR)
    until(lambda: len(made) == 2)
    assert question(port) == {"promised": 7}
    assert node.told == ["The agent no longer listens at 127.0.0.1: Invalid argument."]


def test_an_address_of_another_machine_does_not_keep_the_others_from_being_listened_on(node: Node):
    port = node.start(addresses=["192.0.2.1", "no address", HERE])
    assert question(port) == {"promised": 7}
    assert len(node.told) == 2


def test_a_closed_listener_answers_no_more_and_leaves_its_port_free(node: Node):
    port = node.start()
    silent, _nonce = raw(port)
    node.close()
    assert receive(silent) == b""
    silent.close()
    assert failure(port).reason is Reason.CLOSED
    node.start(port=port)
    assert question(port) == {"promised": 7}
    assert not any("cannot listen" in one for one in node.told)


def test_a_problem_that_cannot_be_told_does_not_end_the_listener(node: Node):
    def fail(_sentence: str) -> None:
        raise OSError("disk full")

    port = free_port()
    listener = Listener(
        ["192.0.2.1", HERE], port, "server2", lambda: (OLD,), {}, time.monotonic, problem=fail, retry=0.05
    )
    listener.start()
    try:
        for _once in range(3):
            assert failure(port).reason is Reason.WRONG_KEY
    finally:
        listener.close()


def test_keys_that_cannot_be_read_cost_no_thread(node: Node):
    def unreadable() -> tuple[Key, ...]:
        raise StandbyError("the key file peers.key cannot be read")

    listener = Listener(
        [HERE],
        port := free_port(),
        "server2",
        unreadable,
        {},
        time.monotonic,
        problem=node.told.append,
        slots=1,
    )
    listener.start()
    try:
        for _once in range(3):
            assert failure(port).reason is Reason.SILENT
        assert any("peers.key cannot be read" in one for one in node.told)
    finally:
        listener.close()
