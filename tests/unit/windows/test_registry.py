# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry values: what is missing is no failure, what is refused is one."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import MethodError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance
from ansible_collections.standby.iis.plugins.module_utils.windows.registry import (
    delete_key,
    delete_value,
    read_value,
    write_value,
)

KEY = "SOFTWARE\\standby.iis"


@pytest.fixture
def hive(windows):
    """Keys with their values, under StdRegProv's methods and their Win32 codes."""
    keys: dict[str, dict[str, str]] = {"SOFTWARE": {}}

    def values(arguments):
        assert arguments["hDefKey"] == 2147483650
        if arguments["sSubKeyName"] not in keys:
            raise MethodError("no such key", 2)
        return keys[arguments["sSubKeyName"]]

    def get(_target, arguments):
        found = values(arguments)
        if arguments["sValueName"] not in found:
            raise MethodError("no such value", 1)
        return Instance("OUTPUT", {"sValue": found[arguments["sValueName"]], "ReturnValue": "0"})

    def put(_target, arguments):
        values(arguments)[arguments["sValueName"]] = arguments["sValue"]
        return Instance("OUTPUT", {"ReturnValue": "0"})

    def make(_target, arguments):
        keys.setdefault(arguments["sSubKeyName"], {})
        return Instance("OUTPUT", {"ReturnValue": "0"})

    def drop(_target, arguments):
        if values(arguments).pop(arguments["sValueName"], None) is None:
            raise MethodError("no such value", 2)
        return Instance("OUTPUT", {"ReturnValue": "0"})

    def below(_target, arguments):
        values(arguments)
        start = arguments["sSubKeyName"] + "\\"
        names = sorted({key[len(start) :].split("\\")[0] for key in keys if key.startswith(start)})
        return Instance("OUTPUT", {"sNames": names[0] if len(names) == 1 else names or None})

    def remove(_target, arguments):
        start = arguments["sSubKeyName"]
        if any(key.startswith(start + "\\") for key in keys):
            raise MethodError("access denied", 5)
        del keys[start]
        return Instance("OUTPUT", {"ReturnValue": "0"})

    windows.methods |= {
        "GetStringValue": get,
        "SetStringValue": put,
        "CreateKey": make,
        "DeleteValue": drop,
        "EnumKey": below,
        "DeleteKey": remove,
    }
    return keys


def test_the_first_write_makes_the_key_and_the_next_one_does_not(windows, node, hive):
    write_value(node, KEY, "Definition", '{"a":"ü"}')
    write_value(node, KEY, "Definition", "{}")
    assert hive[KEY] == {"Definition": "{}"}
    assert [method for method, _rest in windows.calls].count("CreateKey") == 1


def test_what_is_written_is_read_in_one_round_trip(windows, node, hive):
    write_value(node, KEY, "Definition", "")
    windows.calls.clear()
    assert read_value(node, KEY, "Definition") == ""
    assert len(windows.calls) == 1


def test_a_missing_key_or_value_reads_as_none(node, hive):
    assert read_value(node, KEY, "Definition") is None
    hive[KEY] = {}
    assert read_value(node, KEY, "Definition") is None


def test_removing_what_is_not_there_is_a_success(node, hive):
    delete_value(node, KEY, "Definition")
    delete_key(node, KEY)
    hive[KEY] = {"Definition": "{}"}
    delete_value(node, KEY, "Definition")
    assert hive[KEY] == {}


def test_a_key_goes_with_everything_below_it(node, hive):
    hive.update({KEY: {}, f"{KEY}\\a": {"x": "1"}, f"{KEY}\\a\\b": {}, f"{KEY}\\c": {}})
    delete_key(node, KEY)
    assert list(hive) == ["SOFTWARE"]


def test_a_refusal_names_node_key_and_remedy(windows, node):
    def refuse(_target, _arguments):
        raise MethodError("access denied", 5)

    windows.methods["SetStringValue"] = refuse
    with pytest.raises(MethodError) as caught:
        write_value(node, KEY, "Definition", "{}")
    message = "server1, registry key HKLM\\SOFTWARE\\standby.iis: access denied. Check"
    assert str(caught.value).startswith(message)
