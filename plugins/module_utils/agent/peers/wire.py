# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agents' protocol: what is sent, byte by byte, and what makes it authentic. No I/O.

Nodes ask each other two things: a promise ("do not fence my incarnation N"), and what they see of the asker's
sites from outside. One TCP connection carries one exchange:

====== ===================== ============================================================================
who    message               bytes
====== ===================== ============================================================================
asked  hello                 ``H`` 01, nonce of the asked node (32)
asker  request               ``Q`` 01, length of sender (1), of receiver (1), of body (4, big-endian),
                             nonce of the asker (32), sender, receiver, body, MAC (32)
asked  reply                 ``R`` 01, length of sender (1), of receiver (1), of body (4, big-endian),
                             sender, receiver, body, MAC (32)
asked  refusal               ``X`` 01, code (1): 1 no key of mine made this MAC, 2 this is no request.
                             In the place of a reply, and not authenticated: a hint for the operator
====== ===================== ============================================================================

01 is the version of the protocol. Names are UTF-8, 1 to 255 bytes; a body is JSON, 65,536 bytes at most: a
request has ``{"kind": text, "payload": object}``, a reply ``{"payload": object}`` or ``{"refused":
sentence}``. Lengths are looked at before what they announce is read. The asker closes first; what follows a
message is not read.

MAC is HMAC-SHA256 (RFC 2104, FIPS 180-4) under a key of the cluster, 32 random bytes or more, over

- request: ``standby.iis request 1`` NUL, the asked node's nonce, the request without its MAC;
- reply: ``standby.iis reply 1`` NUL, the asked node's nonce, the whole request with its MAC, the reply
  without its MAC; under the key of the request.

So nobody without a key gets an answer or has one accepted, and

- a recorded request is worth nothing: the nonce of the asked node is another one in each connection;
- a recorded reply is worth nothing, nor is one to another question: the request, with the asker's fresh
  nonce, is under its MAC;
- a message cannot be sent back to where it came from, or on to a third node: direction, sender and receiver
  are under the MAC, and both sides compare them with what they expect.

There is no confidentiality and none is needed: promises and the view from outside are no secrets. No clock is
compared. Who can hold messages back can only make an exchange run into its deadline.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ...errors import StandbyError
from .keys import Key

VERSION = 1
NONCE = 32
MAC = hashlib.sha256().digest_size
LARGEST_BODY = 65536
LARGEST_NAME = 255

_HELLO, _REQUEST, _REPLY, _REFUSAL = (ord(kind) for kind in "HQRX")
_HEAD = 8
# Bytes between the head and the names.
_NONCES = {_REQUEST: NONCE, _REPLY: 0}
_FIXED = {_HELLO: 2 + NONCE, _REFUSAL: 3}
_REQUEST_LABEL = b"standby.iis request 1\0"
_REPLY_LABEL = b"standby.iis reply 1\0"


class Malformed(StandbyError):
    """These bytes are no message of the protocol, or this cannot be made one."""


class RefusalCode(Enum):
    """Why there is no reply: a hint, not authenticated."""

    KEY = 1
    MALFORMED = 2


@dataclass(frozen=True, slots=True)
class Message:
    """What a request or a reply carries.

    Attributes:
        sender: node that says so.
        receiver: node it is for.
        body: JSON.
    """

    sender: str
    receiver: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        kind: names what answers it.
        payload: a JSON object.
    """

    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        payload: a JSON object; empty where the question is refused.
        refused: the sentence why it is, "" where it is answered.
    """

    payload: Mapping[str, Any]
    refused: str = ""


# Messages


def missing(data: bytes) -> int:
    """How many bytes can be read without reading past the message that begins so; 0 where it is complete.

    Raises:
        Malformed: no message begins so; it is known from its first 8 bytes at the latest.
    """
    if len(data) < 2:
        return 2 - len(data)
    kind, version = data[0], data[1]
    if kind not in _FIXED and kind not in _NONCES:
        raise Malformed("it does not speak the protocol of the agents")
    if version != VERSION:
        raise Malformed(f"it speaks version {version} of the agents' protocol, not {VERSION}")
    if kind in _FIXED:
        return max(_FIXED[kind] - len(data), 0)
    if len(data) < _HEAD:
        return _HEAD - len(data)
    sender, receiver, body = _lengths(data)
    return max(_HEAD + _NONCES[kind] + sender + receiver + body + MAC - len(data), 0)


def hello(nonce: bytes) -> bytes:
    """What the asked node says first."""
    return bytes((_HELLO, VERSION)) + nonce


def read_hello(data: bytes) -> bytes:
    """The nonce of the asked node.

    Raises:
        Malformed: it is no hello.
    """
    if missing(data) or data[0] != _HELLO:
        raise Malformed("it does not begin with a hello")
    return data[2:]


def refusal(code: RefusalCode) -> bytes:
    """What the asked node says in the place of a reply."""
    return bytes((_REFUSAL, VERSION, code.value))


def read_refusal(data: bytes) -> RefusalCode | None:
    """Why there is no reply; None where this is no refusal."""
    if missing(data) or data[0] != _REFUSAL:
        return None
    return RefusalCode.KEY if data[2] == RefusalCode.KEY.value else RefusalCode.MALFORMED


def write_request(key: Key, message: Message, hello_nonce: bytes, nonce: bytes) -> bytes:
    """A request.

    Args:
        key: that signs.
        message: what is asked, by whom, of whom.
        hello_nonce: that the asked node has sent.
        nonce: of the asker, fresh.

    Raises:
        Malformed: a name is empty or too long, or the body is too large.
    """
    frame = _frame(_REQUEST, message, nonce)
    return frame + _mac(key, _REQUEST_LABEL, hello_nonce, frame)


def read_request(data: bytes, keys: Iterable[Key], hello_nonce: bytes) -> tuple[Key, Message] | None:
    """The request and the key that signed it; None where none of the keys did.

    Raises:
        Malformed: it is no request.
    """
    if missing(data) or data[0] != _REQUEST:
        raise Malformed("it is no request")
    frame, mac = data[:-MAC], data[-MAC:]
    for key in keys:
        if hmac.compare_digest(mac, _mac(key, _REQUEST_LABEL, hello_nonce, frame)):
            return key, _message(frame)
    return None


def write_reply(key: Key, message: Message, request: bytes, hello_nonce: bytes) -> bytes:
    """A reply to a request, under the key that signed that.

    Raises:
        Malformed: a name is empty or too long, or the body is too large.
    """
    frame = _frame(_REPLY, message, b"")
    return frame + _mac(key, _REPLY_LABEL, hello_nonce, request, frame)


def read_reply(data: bytes, key: Key, request: bytes, hello_nonce: bytes) -> Message | None:
    """The reply to this request; None where the key of the request did not sign it.

    Raises:
        Malformed: it is no reply.
    """
    if missing(data) or data[0] != _REPLY:
        raise Malformed("it is no reply")
    frame, mac = data[:-MAC], data[-MAC:]
    if not hmac.compare_digest(mac, _mac(key, _REPLY_LABEL, hello_nonce, request, frame)):
        return None
    return _message(frame)


def _frame(kind: int, message: Message, nonce: bytes) -> bytes:
    sender, receiver = _named(message.sender), _named(message.receiver)
    if len(message.body) > LARGEST_BODY:
        raise Malformed(f"a message of {len(message.body)} bytes is larger than {LARGEST_BODY}")
    head = bytes((kind, VERSION, len(sender), len(receiver))) + len(message.body).to_bytes(4, "big")
    return head + nonce + sender + receiver + message.body


def _named(name: str) -> bytes:
    text = name.encode("utf-8", "surrogatepass")
    if not 1 <= len(text) <= LARGEST_NAME:
        raise Malformed(f"the name of a node has {len(text)} bytes; it must have 1 to {LARGEST_NAME}")
    return text


def _lengths(data: bytes) -> tuple[int, int, int]:
    sender, receiver, body = data[2], data[3], int.from_bytes(data[4:_HEAD], "big")
    if not sender or not receiver:
        raise Malformed("its message has no names")
    if body > LARGEST_BODY:
        raise Malformed(f"its message announces {body} bytes, more than {LARGEST_BODY}")
    return sender, receiver, body


def _message(frame: bytes) -> Message:
    """What an authentic frame carries."""
    sender, receiver, _body = _lengths(frame)
    first = _HEAD + _NONCES[frame[0]]
    second = first + sender
    third = second + receiver
    names = (frame[first:second], frame[second:third])
    try:
        named = [name.decode("utf-8", "surrogatepass") for name in names]
    except UnicodeDecodeError:
        raise Malformed("its message has names that are no UTF-8") from None
    return Message(named[0], named[1], frame[third:])


def _mac(key: Key, *parts: bytes) -> bytes:
    return hmac.digest(key.secret, b"".join(parts), "sha256")


# Bodies


def write_question(question: Question) -> bytes:
    """The body of a request.

    Raises:
        Malformed: the payload is not JSON.
    """
    return _json({"kind": question.kind, "payload": dict(question.payload)})


def read_question(body: bytes) -> Question:
    """What the body of a request asks.

    Raises:
        Malformed: it asks nothing.
    """
    document = _object(body)
    kind, payload = document.get("kind"), document.get("payload")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        raise Malformed("its request asks nothing")
    return Question(kind, payload)


def write_answer(answer: Answer) -> bytes:
    """The body of a reply.

    Raises:
        Malformed: the payload is not JSON.
    """
    return _json({"refused": answer.refused} if answer.refused else {"payload": dict(answer.payload)})


def read_answer(body: bytes) -> Answer:
    """What the body of a reply says.

    Raises:
        Malformed: it says nothing.
    """
    document = _object(body)
    refused, payload = document.get("refused"), document.get("payload")
    if isinstance(refused, str) and refused:
        return Answer({}, refused)
    if not isinstance(payload, dict):
        raise Malformed("its reply says nothing")
    return Answer(payload)


def _json(document: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise Malformed(f"the message cannot be written as JSON ({error})") from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("its message is no JSON") from None
    if not isinstance(document, dict):
        raise Malformed("its message is no JSON object")
    return document
