# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may say about reaching nodes, and what is refused before anything is sent."""

from __future__ import annotations

import dataclasses

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import (
    CONNECTION_SPEC,
    Connection,
    connections_from,
)

GOOD = {"name": "server1", "host": "10.0.0.11", "username": "admin", "password": "secret-word"}


def params(*elements):
    return {"connections": list(elements)}


def test_defaults_verify_certificates_over_https():
    (connection,) = connections_from(params(GOOD))
    assert connection.url == "https://10.0.0.11:5986/wsman"
    assert connection.validate_certs and connection.send_cbt and connection.proxy is None


def test_ipv6_host_is_bracketed():
    assert Connection("n", "2001:db8::11").url == "https://[2001:db8::11]:5986/wsman"


def test_password_is_in_no_representation():
    (connection,) = connections_from(params(GOOD))
    assert "secret-word" not in repr(connection)


def test_argument_spec_and_dataclass_agree():
    validated = ArgumentSpecValidator(CONNECTION_SPEC).validate(params(GOOD))
    assert validated.error_messages == []
    assert connections_from(validated.validated_parameters) == connections_from(params(GOOD))
    options = CONNECTION_SPEC["connections"]["options"]
    assert set(options) == {one.name for one in dataclasses.fields(Connection)}
    assert [name for name, option in options.items() if option.get("no_log")] == ["password"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "has no name"),
        ({"host": None}, "has no host"),
        ({"port": 0}, "not a TCP port"),
        ({"read_timeout": 20}, "read_timeout 20 s do not fit"),
        ({"operation_timeout": 0}, "do not fit"),
        ({"username": None}, "needs username"),
        ({"password": None, "transport": "basic"}, "needs password"),
        ({"transport": "certificate"}, "needs certificate_pem and certificate_key_pem"),
        ({"transport": "negotiate"}, "transport is 'negotiate'"),
        ({"ca_cert": "/nowhere/ca.pem"}, "/nowhere/ca.pem does not exist"),
        ({"transport": "basic", "scheme": "http"}, "readable to everybody"),
        ({"transport": "basic", "message_encryption": "always"}, "cannot encrypt"),
        ({"colour": "red"}, "unknown connection option colour"),
    ],
)
def test_what_cannot_work_is_refused_by_name(change, said):
    with pytest.raises(StandbyError, match=said) as refusal:
        connections_from(params({**GOOD, **change}))
    assert "secret-word" not in str(refusal.value)


def test_certificate_files_must_exist_and_need_https(tmp_path):
    pem, key = tmp_path / "client.pem", tmp_path / "client.key"
    pem.write_text("")
    element = {
        "name": "n",
        "host": "h",
        "transport": "certificate",
        "certificate_pem": str(pem),
        "certificate_key_pem": str(key),
    }
    with pytest.raises(StandbyError, match=r"certificate_key_pem .* does not exist"):
        connections_from(params(element))
    key.write_text("")
    assert connections_from(params(element))[0].certificate_key_pem == str(key)
    with pytest.raises(StandbyError, match="over https only"):
        connections_from(params({**element, "scheme": "http"}))


def test_clear_text_basic_is_possible_when_it_is_asked_for():
    (connection,) = connections_from(
        params({**GOOD, "transport": "basic", "scheme": "http", "message_encryption": "never"})
    )
    assert connection.transport == "basic"


def test_kerberos_can_use_the_ticket_of_the_controller():
    assert connections_from(params({"name": "n", "host": "h", "transport": "kerberos"}))[0].password is None


def test_a_node_is_given_once():
    with pytest.raises(StandbyError, match="two connections have this name"):
        connections_from(params(GOOD, {**GOOD, "host": "10.0.0.12"}))
    with pytest.raises(StandbyError, match="is the endpoint of server1 too"):
        connections_from(params(GOOD, {**GOOD, "name": "server2"}))


@pytest.mark.parametrize("empty", [{}, {"connections": None}, {"connections": []}])
def test_no_connection_at_all_says_what_to_do(empty):
    with pytest.raises(StandbyError, match="no connection to any node"):
        connections_from(empty)
