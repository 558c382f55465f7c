# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine is the same one whatever becomes of its agent, and another one than its copy."""

from __future__ import annotations

import uuid

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import machine
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.ha import definition


@pytest.fixture
def firmware(monkeypatch):
    """What it shows, in a list of one."""
    shown = ["4c4c4544003957108052b4c04f384833"]
    monkeypatch.setattr(machine, "read_product_uuid", lambda _node: shown[0])
    return shown


@pytest.fixture
def registry(monkeypatch, firmware):
    """That of one machine."""
    values: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(machine.registry, "read_value", lambda _node, *place: values.get(place))
    monkeypatch.setattr(
        machine.registry, "write_value", lambda _node, key, name, text: values.update({(key, name): text})
    )
    return values


def test_an_agent_that_is_removed_and_installed_again_is_that_of_the_same_machine(registry, tmp_path):
    first = machine.machine_of(None, Home(str(tmp_path / "first")))
    assert machine.machine_of(None, Home(str(tmp_path / "second"))) == first
    registry.clear()
    assert machine.machine_of(None, Home(str(tmp_path / "first"))) != first


def test_a_copy_of_a_machine_is_another_one(registry, firmware, tmp_path):
    first = machine.machine_of(None, Home(str(tmp_path)))
    firmware[0] = "4c4c4544003957108052b4c04f384834"
    assert machine.machine_of(None, Home(str(tmp_path))) != first


def test_a_machine_is_the_same_one_whichever_of_its_adapters_are_there(registry, tmp_path, monkeypatch):
    found = set()
    for address in (0x00155D010203, 0x00155D010204):
        monkeypatch.setattr(uuid, "getnode", lambda address=address: address)
        found.add(machine.machine_of(None, Home(str(tmp_path))))
    assert len(found) == 1


def test_a_firmware_without_a_uuid_is_no_obstacle(registry, firmware, tmp_path):
    firmware[0] = ""
    first = machine.machine_of(None, Home(str(tmp_path)))
    assert machine.machine_of(None, Home(str(tmp_path))) == first
    assert first.endswith("-none")


def test_what_an_older_version_wrote_into_its_home_is_taken_over(registry, tmp_path):
    (tmp_path / "machine").write_text("0123abcd")
    assert machine.machine_of(None, Home(str(tmp_path))).startswith("0123abcd-")
    (tmp_path / "machine").unlink()
    assert machine.machine_of(None, Home(str(tmp_path))).startswith("0123abcd-")


def test_it_does_not_go_with_the_definition():
    """The key of the definition goes with the last resource, and with all that is below it."""
    assert not f"{machine.KEY}\\".startswith(f"{definition.KEY}\\")
