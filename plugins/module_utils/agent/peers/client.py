# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A question to another node, at whichever of its addresses it answers."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from ...errors import StandbyError
from . import wire
from .keys import Key
from .stream import Clock, Stream
from .wire import Answer, Malformed, Message, Question, RefusalCode


class Reason(str, Enum):
    """Why a question has no answer; the more telling ones last."""

    SILENT = "silent"
    CLOSED = "closed"
    MALFORMED = "malformed"
    OTHER_NODE = "other_node"
    WRONG_KEY = "wrong_key"
    REFUSED = "refused"


_TELLING = list(Reason)
_REMEDIES = {
    Reason.SILENT: "Check that the node runs, and that its firewall lets the agents' port in",
    Reason.CLOSED: "Check that the agent runs there, and that it listens on this port",
    Reason.MALFORMED: "Check that this is the agents' port, and that all nodes have the same version",
    Reason.OTHER_NODE: "Check the addresses of the nodes in the definition of the cluster",
    Reason.WRONG_KEY: "Give both nodes the same key file",
    Reason.REFUSED: "See the log of the agent there",
}


class PeerError(StandbyError):
    """A node was asked and gave no answer that counts.

    Attributes:
        reason: what kind of failure it is.
    """

    def __init__(self, problem: str, reason: Reason, peer: str) -> None:
        super().__init__(problem, node=peer, remedy=_REMEDIES[reason])
        self.reason = reason


def ask(
    addresses: Sequence[str],
    port: int,
    *,
    node: str,
    peer: str,
    keys: Callable[[], tuple[Key, ...]],
    kind: str,
    payload: Mapping[str, Any],
    timeout: float,
    clock: Clock = time.monotonic,
) -> Mapping[str, Any]:
    """Ask a node a question, and wait for the answer.

    Its addresses are tried one after the other. Each has an equal share of the time that is left to take the
    connection and say hello; who has done so has all of it to answer. A question may reach the node more than
    once. An answer that is refused is final.

    Args:
        addresses: of the node that is asked; IPv4 or IPv6, no names.
        port: that agents listen on.
        node: name of the node that asks.
        peer: name of the node that is asked.
        keys: the keys of the cluster; the first one signs.
        kind: names what answers the question.
        payload: a JSON object.
        timeout: seconds for all of it.
        clock: monotonic, seconds.

    Raises:
        PeerError: no answer that counts; the error names the node that was asked.
        StandbyError: the keys cannot be read, or the question cannot be written.
    """
    deadline = clock() + timeout
    question = Message(node, peer, wire.write_question(Question(kind, payload)))
    key = keys()[0]
    failures: list[tuple[str, Reason]] = []
    for number, address in enumerate(addresses):
        share = clock() + (deadline - clock()) / (len(addresses) - number)
        try:
            return _asked(_Attempt(address, port, clock, share, deadline), key, question)
        except PeerError as error:
            if error.reason is Reason.REFUSED:
                raise
            failures.append((error.problem, error.reason))
    if not failures:
        raise PeerError("it has no address at which it could be asked", Reason.OTHER_NODE, peer)
    worst = max((reason for _told, reason in failures), key=_TELLING.index)
    raise PeerError("; ".join(dict.fromkeys(told for told, _reason in failures)), worst, peer)


class _Attempt:
    """A question at one address.

    Attributes:
        where: address and port, for messages.
    """

    def __init__(self, address: str, port: int, clock: Clock, share: float, deadline: float) -> None:
        self.where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        self._target = (address, port)
        self._clock = clock
        self._share = share
        self._deadline = deadline

    def exchange(self, key: Key, question: Message) -> tuple[bytes, bytes, bytes]:
        """The nonce of the asked node, the request, and what came back."""
        nonce = secrets.token_bytes(wire.NONCE)
        left = self._share - self._clock()
        if left <= 0:
            raise TimeoutError("timed out")
        with self._connected(left) as connection:
            stream = Stream(connection, self._clock, self._share)
            hello_nonce = wire.read_hello(stream.receive())
            stream.deadline = self._deadline
            request = wire.write_request(key, question, hello_nonce, nonce)
            stream.send(request)
            return hello_nonce, request, stream.receive()

    def _connected(self, seconds: float) -> socket.socket:
        """A connection. A name is no address: to look it up could take longer than there is time."""
        family, kind, protocol, _name, target = socket.getaddrinfo(
            *self._target, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )[0]
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(target)
        except BaseException:
            connection.close()
            raise
        return connection


def _asked(attempt: _Attempt, key: Key, question: Message) -> Mapping[str, Any]:
    peer, where = question.receiver, attempt.where
    try:
        hello_nonce, request, data = attempt.exchange(key, question)
        code = wire.read_refusal(data)
        if code is RefusalCode.KEY:
            told = f"at {where} it does not accept the key of {question.sender}"
            raise PeerError(told, Reason.WRONG_KEY, peer)
        if code is not None:
            raise PeerError(f"at {where} it could not read the question", Reason.MALFORMED, peer)
        reply = wire.read_reply(data, key, request, hello_nonce)
        if reply is None:
            told = f"what answers at {where} does not have the key of {question.sender}"
            raise PeerError(told, Reason.WRONG_KEY, peer)
        return _answer(reply, question, where)
    except Malformed as error:
        raise PeerError(f"at {where} {error.problem}", Reason.MALFORMED, peer) from error
    except ConnectionRefusedError as error:
        raise PeerError(f"nothing listens at {where}", Reason.CLOSED, peer) from error
    except OSError as error:
        raise PeerError(f"no answer at {where}: {_told(error)}", Reason.SILENT, peer) from error


def _answer(reply: Message, question: Message, where: str) -> Mapping[str, Any]:
    """The answer of an authentic reply, where it is one by the right node to the right node."""
    peer = question.receiver
    if reply.sender != peer:
        raise PeerError(f"the node at {where} is {reply.sender}", Reason.OTHER_NODE, peer)
    if reply.receiver != question.sender:
        raise PeerError(f"the reply at {where} is for {reply.receiver}", Reason.OTHER_NODE, peer)
    answer: Answer = wire.read_answer(reply.body)
    if answer.refused:
        raise PeerError(f"it refuses: {answer.refused.rstrip('.')}", Reason.REFUSED, peer)
    return answer.payload


def _told(error: OSError) -> str:
    return "it took too long" if isinstance(error, TimeoutError) else error.strerror or str(error)
