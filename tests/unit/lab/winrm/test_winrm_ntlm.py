# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accepting side of NTLM against pyspnego's client: passwords, channel bindings, sealed messages."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
import spnego
from hypothesis import given
from hypothesis import strategies as st
from spnego.channel_bindings import GssChannelBindings

from lab.winrm import encryption
from lab.winrm.ntlm import Acceptor, Refused

USERS = {"Admin": "pä:ss"}
CHANNEL = b"tls-server-end-point:abc"


def handshake(
    acceptor: Acceptor, protocol: str, user: str, password: str, channel: bytes | None = None
) -> spnego.ContextProxy:
    bindings = GssChannelBindings(application_data=channel) if channel else None
    client = spnego.client(
        user,
        password,
        hostname="x",
        protocol=protocol,
        channel_bindings=bindings,
        options=spnego.NegotiateOptions.use_negotiate
        if protocol == "negotiate"
        else spnego.NegotiateOptions.use_ntlm,
    )
    token = client.step()
    while token and not acceptor.context.complete:
        answer = acceptor.step(token)
        token = client.step(answer) if answer else None
    return client


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
@pytest.mark.parametrize("user", ["Admin", "admin", "DOMAIN\\admin", "admin@domain"])
def test_a_right_password_is_accepted_whatever_the_domain(protocol: str, user: str):
    acceptor = Acceptor(USERS, None)
    handshake(acceptor, protocol, user, "pä:ss")
    assert acceptor.user == "Admin"


@pytest.mark.parametrize(
    ("user", "password"), [("Admin", "wrong"), ("Admin", "pä"), ("none", "x"), ("other", "pä:ss")]
)
def test_others_are_refused(user: str, password: str):
    acceptor = Acceptor(USERS, None)
    with pytest.raises(Refused):
        handshake(acceptor, "ntlm", user, password)
    assert acceptor.user is None


@pytest.mark.parametrize(("channel", "accepted"), [(CHANNEL, True), (None, True), (CHANNEL + b"d", False)])
def test_a_channel_binding_may_be_left_out_but_not_be_wrong(channel: bytes | None, accepted: bool):
    acceptor = Acceptor(USERS, CHANNEL)
    if accepted:
        handshake(acceptor, "negotiate", "admin", "pä:ss", channel)
    else:
        with pytest.raises(Refused):
            handshake(acceptor, "negotiate", "admin", "pä:ss", channel)
    assert (acceptor.user is not None) == accepted


@given(st.binary() | st.binary().map(lambda data: b"NTLMSSP\0\3\0\0\0" + data))
def test_broken_tokens_are_refused_and_leave_no_trace(token: bytes):
    acceptor = Acceptor(USERS, None)
    with suppress(Refused):
        acceptor.step(token)
    assert acceptor.user is None
    assert "NTLM_USER_FILE" not in os.environ


def test_sealed_messages_pass_and_changed_ones_do_not():
    acceptor = Acceptor(USERS, None)
    client = handshake(acceptor, "ntlm", "admin", "pä:ss")
    boundary = b"--Encrypted Boundary in the text\r\n"
    assert encryption.decrypt(acceptor.context, encryption.encrypt(client, boundary)) == boundary
    assert (
        encryption.decrypt(client, encryption.encrypt(acceptor.context, "größe".encode())).decode() == "größe"
    )
    sealed = bytearray(encryption.encrypt(client, b"text"))
    sealed[-26] ^= 1
    with pytest.raises(encryption.BadEnvelope):
        encryption.decrypt(acceptor.context, bytes(sealed))


@pytest.mark.parametrize(
    "body", [b"", b"x", b"--Encrypted Boundary--\r\n", b"\tContent-Type: application/octet-stream\r\n"]
)
def test_bodies_that_are_no_sealed_messages(body: bytes):
    acceptor = Acceptor(USERS, None)
    handshake(acceptor, "ntlm", "admin", "pä:ss")
    with pytest.raises(encryption.BadEnvelope):
        encryption.decrypt(acceptor.context, body)
