# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What answers the other agents: one thread that takes connections, and one for each that is being answered.

A handler answers one kind of question: ``handler(node that asks, payload) -> payload``. It runs on a thread
of the listener and bounds its own time; until it returns, its connection is held. It may raise
``StandbyError`` to refuse, in a sentence.

Each connection has a total deadline, and only so many are answered at once; ``room.py`` says who is next,
and who gives way. A client that is silent or has no key keeps a slot for as long as nobody else wants it, at
the most for the deadline, and else for ``proof`` seconds. So who reaches the port can delay an answer to
another node by about that much. Who floods it from the address of a node of the cluster, for as long as that
lasts, can keep promises back: the firewall is to let in these nodes alone, and they are trusted so far.
"""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from ...errors import StandbyError, foreseen
from . import wire
from .keys import Key
from .room import Guest, Room
from .stream import Clock, Stream
from .told import Told
from .wire import Answer, Malformed, Message, RefusalCode

_Guest: TypeAlias = Guest[socket.socket]
Handler: TypeAlias = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]

# Connections that the system may hold until they are taken.
_BACKLOG = 128
# Seconds between two looks whether there is a free slot for who waits.
_GLANCE = 0.02


class Listener:
    """Answers other agents on the addresses of this node.

    Args:
        addresses: IPv4 or IPv6 addresses of this node, no names. One that is not there is tried again.
        port: to listen on.
        node: name of this node; questions to another one are refused.
        keys: the keys of the cluster.
        handlers: what answers a question, by its kind.
        clock: monotonic, seconds.
        problem: is told what goes wrong, as sentences, on threads of the listener; must not wait. A sentence
            is told once a minute.
        known: addresses of the cluster's nodes, which come first.
        slots: connections that are answered at once.
        proof: seconds after which a connection that has shown no key gives way to another one.
        deadline: seconds from the acceptance of a connection to its end; a handler may exceed it, and then
            its answer is lost.
        retry: seconds until an address that is not there is tried again.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        port: int,
        node: str,
        keys: Callable[[], tuple[Key, ...]],
        handlers: Mapping[str, Handler],
        clock: Clock,
        *,
        problem: Callable[[str], None],
        known: Collection[str] = (),
        slots: int = 16,
        proof: float = 0.3,
        deadline: float = 5.0,
        retry: float = 2.0,
    ) -> None:
        self._addresses = tuple(addresses)
        self._port = port
        self._keys = keys
        self._told = Told(problem, clock)
        self._answers = _Answers(node, handlers, self._told.tell)
        self._clock = clock
        self._room: Room[socket.socket] = Room(slots, known, proof)
        self._deadline = deadline
        self._retry = retry
        self._sockets: dict[str, socket.socket] = {}
        self._try_at = 0.0
        self._stop = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="peers", daemon=True)

    def start(self) -> None:
        """Bind what can be bound, and begin to answer."""
        self._bind()
        self._thread.start()

    def close(self) -> None:
        """End: no connection is taken or answered any more. A handler that runs is not waited for."""
        self._stop.set()
        with suppress(OSError):
            self._wake.send(b"!")
        if self._thread.ident is not None:
            self._thread.join()
        with self._lock:
            for guest in self._room.guests:
                _shut(guest)
            for guest in self._room.waiting:
                guest.connection.close()
        for one in (*self._sockets.values(), self._wake, self._woken):
            one.close()
        self._sockets.clear()

    # Taking connections

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection = self._next()
                if connection is not None:
                    self._come(connection)
            except Exception as error:
                self._told.tell(f"No question of another node can be answered now: {foreseen(error, None)}")
                self._stop.wait(self._retry)
            self._seat()

    def _come(self, connection: socket.socket) -> None:
        with self._lock:
            last = self._room.come(connection, _peer_of(connection))
        if last is not None:
            last.connection.close()

    def _seat(self) -> None:
        """Give the slots that are free to those who wait, and have others give way to the rest."""
        while True:
            with self._lock:
                guest = self._room.admit(self._clock())
            if guest is None:
                break
            self._begin(guest)
        with self._lock:
            while (idle := self._room.send_off(self._clock())) is not None:
                _shut(idle)

    def _begin(self, guest: _Guest) -> None:
        try:
            threading.Thread(target=self._serve, args=(guest,), name="peer", daemon=True).start()
        except RuntimeError as error:
            self._told.tell(f"A question of another node cannot be answered: {error}.")
            self._leave(guest)

    def _next(self) -> socket.socket | None:
        """The next connection; None where there is none before addresses are to be tried again."""
        self._bind()
        ready = self._ready()
        for address, listening in list(self._sockets.items()):
            if listening not in ready:
                continue
            try:
                return listening.accept()[0]
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                continue
            except OSError as error:
                self._drop(address, error)
        return None

    def _ready(self) -> list[object]:
        wait = _GLANCE if self._room.waiting else None
        if wait is None and len(self._sockets) < len(self._addresses):
            wait = max(self._try_at - self._clock(), 0.0)
        with selectors.DefaultSelector() as selector:
            for one in (self._woken, *self._sockets.values()):
                selector.register(one, selectors.EVENT_READ)
            return [key.fileobj for key, _events in selector.select(wait)]

    def _drop(self, address: str, error: OSError) -> None:
        self._sockets.pop(address).close()
        self._try_at = self._clock() + self._retry
        self._told.tell(f"The agent no longer listens at {address}: {error.strerror or error}.")

    def _bind(self) -> None:
        """Try the addresses that are not listened on, where it is time for that."""
        if len(self._sockets) == len(self._addresses) or self._clock() < self._try_at:
            return
        for address in self._addresses:
            if address in self._sockets:
                continue
            try:
                self._sockets[address] = listen(address, self._port)
            except OSError as error:
                told = f"The agent cannot listen at {address}, port {self._port}: {error.strerror or error}."
                self._told.tell(told)
        self._try_at = self._clock() + self._retry

    # Answering

    def _serve(self, guest: _Guest) -> None:
        connection, where = guest.connection, guest.address
        try:
            connection.setblocking(True)
            stream = Stream(connection, self._clock, self._clock() + self._deadline)
            self._answer(stream, secrets.token_bytes(wire.NONCE), guest)
            stream.finish()
        except OSError as error:
            why = "it showed no key, and others waited" if guest.sent_off else error
            self._told.tell(f"An exchange with {where} was broken off: {why}.")
        except Exception as error:
            self._told.tell(f"A question of another node was not answered: {foreseen(error, None)}")
        finally:
            self._leave(guest)

    def _leave(self, guest: _Guest) -> None:
        with self._lock:
            self._room.leave(guest)
            guest.connection.close()

    def _answer(self, stream: Stream, nonce: bytes, guest: _Guest) -> None:
        where = guest.address
        stream.send(wire.hello(nonce))
        try:
            request = stream.receive()
            opened = wire.read_request(request, self._keys(), nonce)
        except Malformed as error:
            self._told.tell(f"A connection from {where} was refused: {error.problem}.")
            stream.send(wire.refusal(RefusalCode.MALFORMED))
            return
        if opened is None:
            self._told.tell(f"A question from {where} was refused: no key of this node has signed it.")
            stream.send(wire.refusal(RefusalCode.KEY))
            return
        guest.proven = True
        key, message = opened
        reply = self._answers.reply(message)
        if not self._stop.is_set():
            stream.send(wire.write_reply(key, reply, request, nonce))


class _Answers:
    """From an authentic question to the reply."""

    def __init__(self, node: str, handlers: Mapping[str, Handler], problem: Callable[[str], None]) -> None:
        self._node = node
        self._handlers = handlers
        self._problem = problem

    def reply(self, message: Message) -> Message:
        try:
            body = wire.write_answer(Answer(self._payload(message)))
            if len(body) > wire.LARGEST_BODY:
                raise Malformed(f"the answer has {len(body)} bytes, more than {wire.LARGEST_BODY}")
        except StandbyError as error:
            body = wire.write_answer(Answer({}, refused=str(error)[:_LONGEST]))
        except Exception as error:
            told = str(foreseen(error, self._node))
            self._problem(f"A question of {message.sender} was not answered: {told}")
            body = wire.write_answer(Answer({}, refused=told[:_LONGEST]))
        return Message(self._node, message.sender, body)

    def _payload(self, message: Message) -> Mapping[str, Any]:
        if message.receiver != self._node:
            raise StandbyError(f"this is {self._node}, not {message.receiver}")
        question = wire.read_question(message.body)
        handler = self._handlers.get(question.kind)
        if handler is None:
            raise StandbyError(
                f"this version answers no question of the kind {question.kind[:100]!r}",
                remedy="Install the same version on all nodes",
            )
        return handler(message.sender, question.payload)


# Characters of a refusal: below what a body may have, whatever JSON makes of them.
_LONGEST = 4000


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens on one address.

    Elsewhere than on Windows SO_REUSEADDR only lets the address be bound again after a restart. On Windows it
    would let any program take the port over, and SO_EXCLUSIVEADDRUSE keeps them from that
    (learn.microsoft.com, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").

    Raises:
        OSError: the address is not there, or the port is taken.
    """
    family, kind, protocol, _name, target = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        option = socket.SO_REUSEADDR if os.name != "nt" else _exclusive()
        listening.setsockopt(socket.SOL_SOCKET, option, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(target)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _shut(guest: _Guest) -> None:
    with suppress(OSError):
        guest.connection.shutdown(socket.SHUT_RDWR)


def _exclusive() -> int:
    return int(socket.SO_EXCLUSIVEADDRUSE)  # type: ignore[attr-defined,unused-ignore]


def _peer_of(connection: socket.socket) -> str:
    with suppress(OSError):
        return str(connection.getpeername()[0])
    return "an unknown address"
