# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection variables of hosts become the option ``connections``, as the connection plugins resolve them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.standby.iis.plugins.module_utils.wsman.options import connections_from

WINRM = {"ansible_connection": "winrm", "ansible_user": "Administrator", "ansible_password": "secret-1"}
PSRP = {"ansible_connection": "psrp", "ansible_user": "Administrator", "ansible_password": "secret-1"}


def test_winrm_defaults_are_those_of_the_connection_plugin(run_task) -> None:
    ran = run_task({"server1": WINRM})
    assert ran.elements["server1"] == {
        "host": "server1",
        "port": 5986,
        "scheme": "https",
        "path": "/wsman",
        "username": "Administrator",
        "password": "secret-1",
        "transport": "basic",
        "validate_certs": True,
    }


def test_winrm_variables_all_reach_the_module(run_task, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    pem.touch()
    ran = run_task(
        {
            "server1": {
                "ansible_connection": "ansible.builtin.winrm",
                "ansible_host": "192.0.2.11",
                "ansible_port": 5985,
                "ansible_winrm_user": "CORP\\ops",
                "ansible_winrm_password": "secret-2",
                "ansible_winrm_path": "wsman2",
                "ansible_winrm_transport": "ntlm",
                "ansible_winrm_server_cert_validation": "ignore",
                "ansible_winrm_ca_trust_path": str(pem),
                "ansible_winrm_message_encryption": "always",
                "ansible_winrm_operation_timeout_sec": 40,
                "ansible_winrm_read_timeout_sec": 70,
                "ansible_winrm_send_cbt": False,
                "ansible_winrm_kerberos_delegation": True,
                "ansible_winrm_kerberos_hostname_override": "server1.corp.example",
                "ansible_winrm_proxy": "http://192.0.2.1:3128",
            }
        }
    )
    assert ran.elements["server1"] == {
        "host": "192.0.2.11",
        "port": 5985,
        "scheme": "http",
        "path": "wsman2",
        "username": "CORP\\ops",
        "password": "secret-2",
        "transport": "ntlm",
        "validate_certs": False,
        "ca_cert": str(pem),
        "message_encryption": "always",
        "operation_timeout": 40,
        "read_timeout": 70,
        "send_cbt": False,
        "kerberos_delegation": True,
        "kerberos_hostname_override": "server1.corp.example",
        "proxy": "http://192.0.2.1:3128",
    }
    connections_from(ran.arguments)


@pytest.mark.parametrize(
    ("variables", "transport"),
    [
        ({"ansible_user": "ops@CORP.EXAMPLE"}, "kerberos"),
        ({"ansible_user": "ops@CORP.EXAMPLE", "ansible_winrm_transport": "credssp"}, "credssp"),
        ({"ansible_winrm_transport": ["ntlm", "basic"]}, "ntlm"),
        ({"ansible_winrm_transport": "plaintext", "ansible_winrm_scheme": "http"}, "basic"),
        ({"ansible_winrm_cert_pem": "/c.pem", "ansible_winrm_cert_key_pem": "/k.pem"}, "certificate"),
        ({"ansible_winrm_transport": "certificate"}, "certificate"),
    ],
)
def test_winrm_transport_is_the_one_the_connection_would_use(
    run_task, variables: dict[str, str], transport: str
) -> None:
    assert run_task({"server1": {**WINRM, **variables}}).elements["server1"]["transport"] == transport


def test_winrm_connection_timeout_sets_both_timeouts(run_task) -> None:
    element = run_task({"server1": {**WINRM, "ansible_winrm_connection_timeout": 45}}).elements["server1"]
    assert (element["operation_timeout"], element["read_timeout"]) == (45, 55)


def test_psrp_defaults_are_those_of_the_connection_plugin(run_task) -> None:
    ran = run_task({"server1": PSRP})
    assert ran.elements["server1"] == {
        "host": "server1",
        "port": 5986,
        "scheme": "https",
        "path": "wsman",
        "username": "Administrator",
        "password": "secret-1",
        "transport": "ntlm",
        "validate_certs": True,
        "message_encryption": "auto",
        "operation_timeout": 20,
        "read_timeout": 30,
        "send_cbt": True,
    }
    connections_from(ran.arguments)


def test_psrp_variables_all_reach_the_module(run_task) -> None:
    ran = run_task(
        {
            "server1": {
                **PSRP,
                "ansible_psrp_host": "192.0.2.11",
                "ansible_psrp_protocol": "http",
                "ansible_psrp_path": "wsman2",
                "ansible_psrp_auth": "credssp",
                "ansible_psrp_cert_validation": "ignore",
                "ansible_psrp_ca_cert": "/ca.pem",
                "ansible_psrp_certificate_pem": "/c.pem",
                "ansible_psrp_certificate_key_pem": "/k.pem",
                "ansible_psrp_message_encryption": "never",
                "ansible_psrp_operation_timeout": 50,
                "ansible_psrp_read_timeout": 60,
                "ansible_psrp_negotiate_delegate": True,
                "ansible_psrp_negotiate_hostname_override": "server1.corp.example",
                "ansible_psrp_negotiate_send_cbt": False,
                "ansible_psrp_proxy": "http://192.0.2.1:3128",
            }
        }
    )
    assert ran.elements["server1"] == {
        "host": "192.0.2.11",
        "port": 5985,
        "scheme": "http",
        "path": "wsman2",
        "username": "Administrator",
        "password": "secret-1",
        "transport": "credssp",
        "validate_certs": False,
        "ca_cert": "/ca.pem",
        "certificate_pem": "/c.pem",
        "certificate_key_pem": "/k.pem",
        "message_encryption": "never",
        "operation_timeout": 50,
        "read_timeout": 60,
        "kerberos_delegation": True,
        "kerberos_hostname_override": "server1.corp.example",
        "send_cbt": False,
        "proxy": "http://192.0.2.1:3128",
    }


def test_each_host_is_read_with_its_own_variables_templated(run_task) -> None:
    named = {**WINRM, "ansible_host": "{{ inventory_hostname }}.{{ domain }}"}
    ran = run_task({"server1": {**named, "domain": "a.example"}, "server2": {**named, "domain": "b.example"}})
    assert {name: element["host"] for name, element in ran.elements.items()} == {
        "server1": "server1.a.example",
        "server2": "server2.b.example",
    }


def test_variables_of_the_play_count_for_every_host(run_task) -> None:
    ran = run_task({"server1": {}, "server2": {}}, play={"vars": WINRM})
    assert [element["password"] for element in ran.elements.values()] == ["secret-1", "secret-1"]


def test_keywords_and_the_asked_password_count_for_every_host(run_task) -> None:
    only = {"ansible_connection": "winrm"}
    ran = run_task(
        {"server1": only, "server2": only}, play={"remote_user": "ops", "port": 5985}, password="asked"
    )
    for element in ran.elements.values():
        assert (element["username"], element["password"], element["port"]) == ("ops", "asked", 5985)


def test_the_password_of_one_host_is_never_sent_to_another(run_task) -> None:
    ran = run_task({"server1": WINRM, "server2": {"ansible_connection": "winrm", "ansible_user": "x"}})
    assert "password" not in ran.elements["server2"]


def test_hosts_with_other_connections_are_left_out_and_named_when_a_resource_needs_them(
    run_task,
) -> None:
    answer = {"failed": True, "msg": "server2: no connection.", "node": "server2"}
    ran = run_task({"server1": WINRM, "server2": {"ansible_connection": "ssh"}}, answer=answer)
    assert list(ran.elements) == ["server1"]
    assert "server2 is a node of the cluster, but its connection is ssh" in ran.result["msg"]


def test_a_node_that_is_no_host_of_the_play_is_named_with_what_to_do(run_task) -> None:
    answer = {"failed": True, "msg": "server2: no connection.", "node": "server2", "resource": 'site "Shop"'}
    ran = run_task({"server1": WINRM}, answer=answer)
    expected = 'server2 is a node of site "Shop" but not a host of this play. Run without --limit or add it.'
    assert ran.result["msg"] == expected


def test_a_failure_on_a_host_of_the_play_is_told_as_the_module_tells_it(run_task) -> None:
    answer = {"failed": True, "msg": "server1: refused.", "node": "server1"}
    assert run_task({"server1": WINRM}, answer=answer).result == answer


def test_a_play_without_windows_hosts_is_refused(run_task) -> None:
    with pytest.raises(AnsibleActionFail, match="server1: no Windows host"):
        run_task({"server1": {"ansible_connection": "ssh"}})


def test_a_variable_that_cannot_be_read_names_its_host(run_task) -> None:
    with pytest.raises(AnsibleActionFail, match="server2: its connection variables cannot be read"):
        run_task({"server1": WINRM, "server2": {**WINRM, "ansible_host": "{{ nowhere }}"}})
