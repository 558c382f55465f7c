# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine and its variables."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import (
    read_machine,
    read_product_uuid,
)


def test_variables_are_as_stored_and_the_ones_of_the_session_manager_are_added(windows, node):
    windows.add(
        "Win32_OperatingSystem",
        CSName="WEB01",
        SystemDrive="C:",
        WindowsDirectory="C:\\Windows",
        Version="10.0.17763",
    )
    windows.add("Win32_Environment", Name="windir", VariableValue="%SystemRoot%")
    windows.add("Win32_Environment", Name="WebRoot", VariableValue="%SystemDrive%\\sites")
    machine = read_machine(node)
    assert (machine.computer_name, machine.system_drive, machine.version) == ("WEB01", "C:", "10.0.17763")
    assert machine.variables == {
        "COMPUTERNAME": "WEB01",
        "SYSTEMDRIVE": "C:",
        "SYSTEMROOT": "C:\\Windows",
        "WINDIR": "%SystemRoot%",
        "WEBROOT": "%SystemDrive%\\sites",
    }
    assert windows.last_query == "SELECT * FROM Win32_Environment WHERE SystemVariable = TRUE"


def test_a_machine_without_an_operating_system_is_named(node):
    with pytest.raises(BadDocument) as caught:
        read_machine(node)
    assert caught.value.node == "server1"


UUID = "4C4C4544-0039-5710-8052-B4C04F384833"


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        (UUID, "4c4c4544003957108052b4c04f384833"),
        (UUID.lower(), "4c4c4544003957108052b4c04f384833"),
        ("00000000-0000-0000-0000-000000000000", ""),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", ""),
        (None, ""),
    ],
)
def test_the_uuid_of_the_firmware_is_read_and_none_is_none(windows, node, shown, read):
    windows.add("Win32_ComputerSystemProduct", UUID=shown)
    assert read_product_uuid(node) == read


def test_something_else_than_a_uuid_is_told(windows, node):
    windows.add("Win32_ComputerSystemProduct", UUID="To be filled by O.E.M.")
    with pytest.raises(BadDocument, match=r"expected a UUID, found 'To be filled by O\.E\.M\.'"):
        read_product_uuid(node)
