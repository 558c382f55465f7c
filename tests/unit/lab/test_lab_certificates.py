# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ssl
import stat

import pytest

from lab.certificates import Authority, Pair, names_in_bindings


def handshake(trusted, pair, name):
    """Both ends of TLS in memory; raises what the client raises."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(pair.certificate, pair.key)
    client_context = ssl.create_default_context(cafile=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.version()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.mark.parametrize("name", ["127.77.0.11", "server1"])
def test_a_client_that_trusts_the_authority_trusts_the_server_by_address_and_name(authority, tmp_path, name):
    pair = Pair.at(tmp_path, "server")
    authority.issue_server(pair, "SERVER1", ["127.77.0.11", "server1"])
    assert handshake(authority.pair.certificate, pair, name)


def test_another_name_or_authority_is_refused(authority, tmp_path):
    pair = Pair.at(tmp_path, "server")
    authority.issue_server(pair, "SERVER1", ["127.77.0.11"])
    (tmp_path / "other").mkdir()
    for trusted, name in (
        (authority.pair.certificate, "127.77.0.12"),
        (Authority(tmp_path / "other").pair.certificate, "127.77.0.11"),
    ):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(trusted, pair, name)


def test_a_certificate_can_be_made_that_has_expired(authority, tmp_path):
    pair = Pair.at(tmp_path, "server")
    authority.issue_server(pair, "SERVER1", ["127.77.0.11"], days=-1)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(authority.pair.certificate, pair, "127.77.0.11")


def test_keys_are_for_their_owner_alone(authority):
    assert stat.S_IMODE(authority.pair.key.stat().st_mode) == 0o600


def test_the_authority_stays_the_same(authority, tmp_path):
    before = authority.pair.certificate.read_bytes()
    assert Authority(tmp_path).pair.certificate.read_bytes() == before


def test_names_of_bindings():
    text = """<binding protocol="http" bindingInformation="127.77.1.1:80:" />
    <binding protocol="https" bindingInformation="*:443:shop.example.net" />
    <binding protocol="http" bindingInformation="[::1]:80:*.example.org" />
    <binding protocol="net.tcp" bindingInformation="808:*" />
    <binding protocol="net.pipe" bindingInformation="*" />"""
    assert names_in_bindings(text) == ["127.77.1.1", "shop.example.net", "::1", "*.example.org"]
