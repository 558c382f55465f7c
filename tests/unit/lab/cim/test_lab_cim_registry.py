# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio

import pytest

from lab.cim.registry import StdRegProv
from lab.cim.schema import CimFailure
from lab.machine.registry import Registry

KEY = "SOFTWARE\\standby.iis\\Ünïcode & <x>"


class Client:
    def __init__(self, file):
        self.file = file
        self.provider = StdRegProv(Registry(file), lambda text: text.replace("%X%", "expanded"))

    def call(self, method, path=KEY, **arguments):
        given = {"hDefKey": 0x80000002, "sSubKeyName": path, **arguments}
        return asyncio.run(self.provider.invoke(method, None, given))


@pytest.fixture
def client(tmp_path):
    made = Client(tmp_path / "registry.json")
    assert made.call("CreateKey").value == 0
    return made


def test_values_come_back_over_a_restart_and_without_case(client):
    assert client.call("SetStringValue", sValueName="Name", sValue="a & <b>\n€").value == 0
    again = Client(client.file)
    found = again.call("GetStringValue", KEY.upper(), sValueName="NAME")
    assert (found.value, found.out) == (0, {"sValue": "a & <b>\n€"})


@pytest.mark.parametrize(
    ("suffix", "parameter", "data", "kind"),
    [
        ("StringValue", "sValue", "", 1),
        ("ExpandedStringValue", "sValue", "plain", 2),
        ("BinaryValue", "uValue", [0, 255], 3),
        ("DWORDValue", "uValue", 4294967295, 4),
        ("MultiStringValue", "sValue", ["a", "", "b"], 7),
        ("QWORDValue", "uValue", 1 << 63, 11),
    ],
)
def test_every_type_keeps_its_value_and_its_number(client, suffix, parameter, data, kind):
    assert client.call(f"Set{suffix}", sValueName="v", **{parameter: data}).value == 0
    assert client.call(f"Get{suffix}", sValueName="v").out == {parameter: data}
    assert client.call("EnumValues").out == {"sNames": ["v"], "Types": [kind]}


def test_expanded_strings_are_expanded_when_read(client):
    client.call("SetExpandedStringValue", sValueName="v", sValue="is %X%")
    assert client.call("GetExpandedStringValue", sValueName="v").out == {"sValue": "is expanded"}


def test_what_is_not_there_has_its_codes(client):
    assert client.call("GetStringValue", sValueName="none").value == 1
    assert client.call("GetStringValue", "SOFTWARE\\none", sValueName="x").value == 2
    assert client.call("SetStringValue", "SOFTWARE\\none", sValueName="x", sValue="y").value == 2
    assert client.call("EnumKey", "SOFTWARE\\none").value == 2
    assert client.call("DeleteValue", sValueName="none").value == 2
    assert client.call("DeleteKey", "SOFTWARE\\none").value == 2


def test_another_type_is_a_mismatch(client):
    client.call("SetDWORDValue", sValueName="v", uValue=1)
    assert client.call("GetStringValue", sValueName="v").value == 0x80041005


def test_a_key_with_keys_below_is_not_deleted(client):
    assert client.call("DeleteKey", "SOFTWARE\\standby.iis").value == 5
    assert client.call("DeleteKey").value == 0
    assert client.call("DeleteKey", "SOFTWARE\\standby.iis").value == 0
    assert client.call("EnumKey", "SOFTWARE").out == {"sNames": None}


def test_the_local_machine_is_the_default_hive(client):
    assert client.call("EnumKey", "SOFTWARE", hDefKey=None).out == {"sNames": ["standby.iis"]}
    assert client.call("EnumKey", "SOFTWARE", hDefKey=0x80000003).value == 2


@pytest.mark.parametrize(("hive", "path"), [(7, "SOFTWARE"), (0x80000002, None)])
def test_a_hive_or_path_that_is_none_is_refused(client, hive, path):
    with pytest.raises(CimFailure) as caught:
        client.call("EnumKey", path, hDefKey=hive)
    assert caught.value.status == 4


def test_values_can_be_deleted(client):
    client.call("SetStringValue", sValueName="", sValue="default")
    assert client.call("GetStringValue", sValueName="").out == {"sValue": "default"}
    assert client.call("DeleteValue", sValueName="").value == 0
    assert client.call("EnumValues").out == {"sNames": None, "Types": None}
