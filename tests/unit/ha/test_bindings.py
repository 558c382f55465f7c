# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha.bindings import (
    UnreadableBindingError,
    addresses_of,
    endpoint,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import Binding

ADDRESSES = st.one_of(st.none(), st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
HOSTS = st.from_regex(r"(\*\.)?[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}|", fullmatch=True)


@given(ADDRESSES, st.integers(1, 65535), HOSTS, st.sampled_from(["http", "HTTPS", "Ftp"]))
def test_address_port_and_host_are_taken_apart(
    address: str | None, port: int, host: str, protocol: str
) -> None:
    shown = f"[{address}]" if address and ":" in address else address or "*"
    one = endpoint(Binding(protocol, f"{shown}:{port}:{host}"))
    assert one is not None
    everywhere = address is None or ip_address(address).is_unspecified
    assert one.address == (None if everywhere else address)
    assert (one.port, one.host, one.protocol) == (port, host, protocol.lower())


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        one = endpoint(Binding("http", text))
    except UnreadableBindingError as error:
        assert "expected" in str(error)
    else:
        assert one is not None
        assert 0 < one.port < 65536


@pytest.mark.parametrize(
    ("text", "address", "port", "host"),
    [
        ("*:80:", None, 80, ""),
        (":8080:localhost", None, 8080, "localhost"),
        ("0.0.0.0:80:", None, 80, ""),
        ("[::]:80:", None, 80, ""),
        ("192.0.2.1:80:WWW.Example.com", "192.0.2.1", 80, "www.example.com"),
        ("[::1]:80:", "::1", 80, ""),
        ("[2001:DB8:0:0::50]:443:shop", "2001:db8::50", 443, "shop"),
        ("*:443:*.example.com", None, 443, "*.example.com"),
    ],
)
def test_forms_of_the_reference_are_understood(text: str, address: str | None, port: int, host: str) -> None:
    one = endpoint(Binding("https", text))
    assert one is not None
    assert (one.address, one.port, one.host) == (address, port, host)


@pytest.mark.parametrize(
    "text", ["", "80", "*:80", "host:80:", "*:0:", "*:65536:", "*:８０:", "*:-1:", "[::1:80:"]
)
def test_malformed_bindings_are_refused(text: str) -> None:
    with pytest.raises(UnreadableBindingError):
        endpoint(Binding("http", text))


@pytest.mark.parametrize("protocol", ["net.tcp", "net.pipe", "NET.MSMQ", "msmq.formatname"])
def test_protocols_without_address_are_not_guessed_at(protocol: str) -> None:
    assert endpoint(Binding(protocol, "10.0.0.1:808:*")) is None


def test_addresses_skip_what_cannot_be_read() -> None:
    bindings = [Binding("http", "nonsense"), Binding("http", "10.0.0.1:80:"), Binding("http", "*:80:")]
    assert addresses_of(bindings) == {"10.0.0.1"}
