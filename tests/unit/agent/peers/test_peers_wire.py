# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents' protocol: what is authentic is read, and nothing else is, whatever is done to it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent.peers import wire
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import Key
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.wire import (
    Answer,
    Malformed,
    Message,
    Question,
    RefusalCode,
)

KEY, OTHER_KEY = Key(bytes(range(32))), Key(bytes(range(1, 33)))
HELLO, NONCE = b"h" * wire.NONCE, b"n" * wire.NONCE
ASKED = Message("server1", "server2", b'{"kind":"promise","payload":{}}')
REPLIED = Message("server2", "server1", b'{"payload":{"promised":true}}')


def request(key: Key = KEY, message: Message = ASKED, hello: bytes = HELLO, nonce: bytes = NONCE) -> bytes:
    return wire.write_request(key, message, hello, nonce)


def reply(to: bytes, key: Key = KEY, message: Message = REPLIED, hello: bytes = HELLO) -> bytes:
    return wire.write_reply(key, message, to, hello)


names = st.text(min_size=1, max_size=60)
messages = st.builds(Message, names, names, st.binary(max_size=300))


@given(messages, messages)
def test_what_is_written_is_read(asked: Message, answered: Message):
    sent = request(message=asked)
    assert wire.read_request(sent, [OTHER_KEY, KEY], HELLO) == (KEY, asked)
    assert wire.read_reply(reply(sent, message=answered), KEY, sent, HELLO) == answered


def test_the_bytes_are_those_of_the_description():
    sent = request()
    assert sent[:8] == b"Q\x01\x07\x07\x00\x00\x00\x1f"
    assert sent[8:40] == NONCE
    assert sent[40:54] == b"server1server2"
    assert sent[54:-32] == ASKED.body
    assert reply(sent)[:8] == b"R\x01\x07\x07\x00\x00\x00\x1d"
    assert reply(sent)[8:22] == b"server2server1"
    assert wire.hello(HELLO) == b"H\x01" + HELLO
    assert wire.refusal(RefusalCode.KEY) == b"X\x01\x01"


@given(st.data())
@settings(max_examples=300)
def test_a_changed_byte_makes_a_message_no_message(data: st.DataObject):
    sent = request()
    answered = reply(sent)
    place = data.draw(st.integers(0, len(sent) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    assert opened(lambda: wire.read_request(flipped(sent, place, bit), [KEY], HELLO)) is None
    place = place % len(answered)
    assert opened(lambda: wire.read_reply(flipped(answered, place, bit), KEY, sent, HELLO)) is None


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def opened(read):
    try:
        return read()
    except Malformed:
        return None


def test_a_message_is_not_complete_at_any_byte_before_its_end():
    for message in (request(), reply(request()), wire.hello(HELLO), wire.refusal(RefusalCode.KEY)):
        assert wire.missing(message) == 0
        for end in range(len(message)):
            assert 0 < wire.missing(message[:end]) <= len(message) - end
            assert opened(lambda cut=message[:end]: wire.read_request(cut, [KEY], HELLO)) is None
            assert opened(lambda cut=message[:end]: wire.read_reply(cut, KEY, request(), HELLO)) is None


@pytest.mark.parametrize("message", [request(), reply(request()), wire.hello(HELLO)])
def test_no_more_is_asked_for_than_the_message_has(message: bytes):
    data = b""
    while count := wire.missing(data):
        data += message[len(data) :][:count]
    assert data == message


def test_a_request_is_worth_nothing_in_another_connection():
    assert wire.read_request(request(), [KEY], b"i" * wire.NONCE) is None


def test_a_reply_is_worth_nothing_to_any_other_request():
    sent = request()
    answered = reply(sent)
    assert wire.read_reply(answered, KEY, request(nonce=b"m" * wire.NONCE), HELLO) is None
    other = Message("server1", "server2", b'{"kind":"view","payload":{}}')
    assert wire.read_reply(answered, KEY, request(message=other), HELLO) is None
    assert wire.read_reply(answered, KEY, sent, b"i" * wire.NONCE) is None


def test_a_request_is_no_reply_and_a_reply_no_request_even_where_they_claim_to_be():
    sent = request()
    for data in (sent, b"R" + sent[1:]):
        assert opened(lambda data=data: wire.read_reply(data, KEY, sent, HELLO)) is None
    answered = reply(sent)
    for data in (answered, b"Q" + answered[1:]):
        assert opened(lambda data=data: wire.read_request(data, [KEY], HELLO)) is None


def test_without_the_key_nothing_is_read():
    sent = request()
    assert wire.read_request(sent, [OTHER_KEY], HELLO) is None
    assert wire.read_request(sent, [], HELLO) is None
    assert wire.read_reply(reply(sent, key=OTHER_KEY), KEY, sent, HELLO) is None


@pytest.mark.parametrize(
    "head",
    [
        b"Q\x01\x07\x07\x00\x01\x00\x01",
        b"R\x01\x07\x07\xff\xff\xff\xff",
        b"Q\x01\x00\x07\x00\x00\x00\x01",
        b"Q\x01\x07\x00\x00\x00\x00\x01",
        b"Q\x02",
        b"GET / HTTP/1.1",
    ],
)
def test_what_is_too_large_or_of_another_kind_is_refused_from_its_head(head: bytes):
    with pytest.raises(Malformed):
        wire.missing(head)


def test_a_body_may_be_as_large_as_is_said_and_no_larger():
    largest = Message("a", "b", b"x" * wire.LARGEST_BODY)
    assert wire.read_request(request(message=largest), [KEY], HELLO) == (KEY, largest)
    with pytest.raises(Malformed, match="65537 bytes is larger than 65536"):
        request(message=Message("a", "b", b"x" * (wire.LARGEST_BODY + 1)))
    with pytest.raises(Malformed, match="256 bytes"):
        request(message=Message("a" * 256, "b", b""))
    with pytest.raises(Malformed, match="0 bytes"):
        request(message=Message("a", "", b""))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.dictionaries(st.text(), json_values, max_size=4))
def test_bodies_say_what_they_were_given(kind: str, payload: dict):
    assert wire.read_question(wire.write_question(Question(kind, payload))) == Question(kind, payload)
    assert wire.read_answer(wire.write_answer(Answer(payload))) == Answer(payload)
    assert wire.read_answer(wire.write_answer(Answer({}, "No."))) == Answer({}, "No.")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"kind":1,"payload":[]}', b'{"kind":"a"}', b"[" * 60000],
)
def test_bodies_that_say_nothing_are_refused(body: bytes):
    with pytest.raises(Malformed):
        wire.read_question(body)
    with pytest.raises(Malformed):
        wire.read_answer(body)


def test_what_json_cannot_say_is_refused_before_it_is_sent():
    with pytest.raises(Malformed):
        wire.write_question(Question("a", {"b": object()}))
    with pytest.raises(Malformed):
        wire.write_answer(Answer({"b": float("nan")}))
