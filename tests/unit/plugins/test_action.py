# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where and how the shared action plugin runs a module."""

from __future__ import annotations

import sys

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail

from ansible_collections.standby.iis.plugins.action import site_info

HOST = {"ansible_connection": "winrm", "ansible_user": "Administrator", "ansible_password": "secret-1"}
GIVEN = [{"name": "server9", "host": "192.0.2.19"}]


def test_module_runs_on_the_controller_pipelined_with_the_python_of_ansible(run_task) -> None:
    hosts = {
        "server1": {
            **HOST,
            "ansible_python_interpreter": "/usr/bin/other",
            "ansible_shell_type": "powershell",
        }
    }
    ran = run_task(hosts, play={"become": True, "become_method": "ansible.builtin.runas", "become_user": "x"})
    assert ran.connection.transport == "local"
    assert ran.connection.is_pipelining_enabled()
    assert ran.connection.become is None
    assert ran.connection._shell.SHELL_FAMILY == "sh"
    assert ran.variables["ansible_python_interpreter"] == sys.executable


def test_site_info_concerns_the_host_of_the_task_alone(run_task) -> None:
    ran = run_task({"server1": HOST, "server2": HOST}, action=site_info.ActionModule)
    assert list(ran.elements) == ["server1"]


def test_connections_given_explicitly_are_taken_as_they_are(run_task) -> None:
    ran = run_task({"server1": HOST}, task={"ansible.builtin.ping": {"connections": GIVEN}})
    assert ran.arguments["connections"] == GIVEN


def test_a_task_delegated_to_the_controller_keeps_its_own_options(run_task) -> None:
    task = {"ansible.builtin.ping": {"connections": GIVEN}, "delegate_to": "localhost"}
    ran = run_task({"server1": {**HOST, "ansible_python_interpreter": "/usr/bin/other"}}, task=task)
    assert ran.arguments["connections"] == GIVEN
    assert ran.connection.is_pipelining_enabled()
    assert ran.variables["ansible_python_interpreter"] == "/usr/bin/other"


def test_delegation_to_a_windows_host_is_refused(run_task) -> None:
    with pytest.raises(AnsibleActionFail, match="cannot be delegated to the Windows host server1"):
        run_task({"server1": HOST}, task={"delegate_to": "server1"})


def test_async_is_refused(run_task) -> None:
    with pytest.raises(AnsibleActionFail, match="does not support async"):
        run_task({"server1": HOST}, task={"async": 60, "poll": 0})


def test_keeping_remote_files_is_refused_since_the_module_holds_passwords(
    run_task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", True)
    with pytest.raises(AnsibleActionFail, match="ANSIBLE_KEEP_REMOTE_FILES"):
        run_task({"server1": HOST})
