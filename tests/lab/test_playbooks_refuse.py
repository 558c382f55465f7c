# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks that are given what they cannot do, and ways of reaching nodes; nothing is ever declared here."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from playbooks import play

pytestmark = pytest.mark.xdist_group("playbooks that declare nothing")

CHECK = ("--check", "--diff")


def test_the_password_is_nowhere_and_no_module_is_written_to_a_file(lab, tmp_path: Path) -> None:
    playbook = tmp_path / "read.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - standby.iis.site_info:\n    - standby.iis.hierarchy_info:\n"
    )
    played = play(lab.state.folder, str(playbook), "-vvvvv")
    assert played.code == 0
    assert lab.state.password not in played.text
    assert " PUT " not in played.text
    assert "AnsiballZ_" not in played.text
    assert "mkdir" not in played.text


def test_a_node_left_out_by_limit_is_named_with_what_to_do(lab) -> None:
    played = play(lab.state.folder, "standby.iis.configure", "--limit", "server1")
    assert played.code != 0
    assert (
        "server2: a node of this cluster but not a host of this play. Run without --limit or add it"
        in played.text
    )


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            '{"cluster_nodes": ["server1"]}',
            "server2: a node of a volume, an address or a site but not in cluster_nodes",
        ),
        (
            '{"cluster_nodes": ["server1", "server3"]}',
            "server3: a node of this cluster but not a host of this play",
        ),
        ('{"cluster_volumes": [{"path": "E:\\\\"}, {"path": "e:\\\\"}]}', "is declared twice"),
        ('{"cluster_volumes": [{"kind": "mirrored", "path": "E:\\\\"}]}', "value of kind must be one of"),
    ],
)
def test_a_structure_that_cannot_be_meant_is_refused_before_anything_is_read(lab, variables, told) -> None:
    played = play(lab.state.folder, "standby.iis.configure", "-e", variables)
    assert played.code != 0
    assert told in played.text
    assert "Declare the volumes" not in played.text


@pytest.mark.parametrize("mode", [(), CHECK])
@pytest.mark.parametrize(
    ("ips", "told"),
    [
        (
            '[{"address": "NET.1.193/16", "nodes": ["server2", "server1"]}]',
            "Give both the same nodes in the same order",
        ),
        (
            '[{"address": "NET.1.193/16"}, {"address": "NET.1.194/24"}]',
            "Give both addresses the prefix length of the subnet they really are in",
        ),
    ],
)
def test_new_resources_that_do_not_go_together_are_refused_before_any_is_stored(lab, ips, told, mode) -> None:
    sites = '[{"name": "shop.example.net", "nodes": ["server1", "server2"]}]'
    variables = f'{{"cluster_ips": {ips.replace("NET", lab.network)}, "cluster_sites": {sites}}}'
    played = play(lab.state.folder, "standby.iis.configure", "-e", variables, *mode)
    assert played.code != 0
    assert told in played.text
    assert "would be put in service" not in played.text
    assert "The cluster has no hierarchy" in play(lab.state.folder, "standby.iis.status").text


def test_where_nothing_is_known_a_node_that_does_not_answer_is_named(lab) -> None:
    lab.power_off("server2")
    try:
        status, removed = (play(lab.state.folder, f"standby.iis.{name}") for name in ("status", "remove"))
        asked = play(lab.state.folder, "standby.iis.switchback", "-e", "hierarchy=LIBRARY")
    finally:
        lab.power_on("server2")
    assert "No hierarchy is known from the nodes that could be read" in status.text
    assert "nothing is declared" not in status.text
    assert "note: server2 could not be read" in status.text
    assert "Nothing is defined on the nodes that could be read" in removed.text
    assert "server2 could not be read" in removed.text
    assert asked.code != 0
    assert "server2 could not be read" in asked.text


def test_a_wrong_password_ends_in_a_message_with_node_and_remedy(lab) -> None:
    played = play(lab.state.folder, "standby.iis.status", "-e", "ansible_password=wrong-password")
    assert played.code != 0
    assert '"reason": "access_denied"' in played.text
    assert "Traceback" not in played.text
    assert "wrong-password" not in played.text


def test_an_untrusted_certificate_is_refused(lab, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.pem"
    certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not certificates:
        pytest.skip("this system trusts no certificate authority")
    foreign.write_text(ssl.DER_cert_to_PEM_cert(certificates[0]))
    played = play(lab.state.folder, "standby.iis.status", "-e", f"ansible_winrm_ca_trust_path={foreign}")
    assert played.code != 0
    assert "certificate" in played.text
    assert "Traceback" not in played.text


def test_variables_of_the_psrp_connection_serve_as_well(lab) -> None:
    variables = f'{{"ansible_connection": "psrp", "ansible_psrp_ca_cert": "{lab.state.ca}"}}'
    played = play(lab.state.folder, "standby.iis.status", "-e", variables)
    assert played.code == 0, played.text


def test_explicit_connections_serve_a_play_without_windows_hosts(lab, tmp_path: Path) -> None:
    playbook = tmp_path / "explicit.yml"
    playbook.write_text(
        f"""
- hosts: server1
  gather_facts: false
  tasks:
    - standby.iis.site_info:
        name: LIBRARY
        connections:
          - name: web
            host: {lab.address("0.11")}
            username: Administrator
            password: "{{{{ ansible_password }}}}"
            ca_cert: {lab.state.ca}
      delegate_to: localhost
      register: found
    - ansible.builtin.debug:
        msg: "found {{{{ found.sites | standby.iis.query('[].[node, name][]') | join(' ') }}}}"
"""
    )
    played = play(lab.state.folder, str(playbook))
    assert "found web LIBRARY" in played.text
