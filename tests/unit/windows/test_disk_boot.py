# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk online until the next boot: the script, what it is called with, what is done where it is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    AccessDenied,
    OutcomeUnknown,
    StandbyError,
)
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Instance, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import calls
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import bring_online, read_disks
from ansible_collections.standby.iis.plugins.module_utils.windows.disk_boot import stays_online
from ansible_collections.standby.iis.plugins.module_utils.windows.disk_online_text import TEXT
from ansible_collections.standby.iis.plugins.module_utils.wsman.commandline import command_line

SCRIPT = Path(__file__).parents[3] / "plugins/module_utils/windows/scripts/disk_online.ps1"
PATH = "\\\\?\\scsi#disk&ven_x&prod_y#5&1982005&0&000000#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"
KEY = (
    "SYSTEM\\CurrentControlSet\\Enum\\scsi\\disk&ven_x&prod_y\\5&1982005&0&000000\\Device Parameters\\Partmgr"
)


def done(*_rest):
    return Instance("OUTPUT", {"ReturnValue": "0"})


class Shell:
    """Answers the script, and does what it does."""

    def __init__(self, said=None, does=lambda: None):
        self.said, self.does, self.lines = said, does, []

    def run(self, _argv, stdin=b""):
        self.lines.append(json.loads(stdin))
        self.does()
        if isinstance(self.said, StandbyError):
            raise self.said
        if isinstance(self.said, Completed):
            return self.said
        return Completed(0, base64.b64encode(json.dumps(self.said).encode()) + b"\r\n", b"")


@pytest.fixture
def shared(windows):
    made = windows.add(
        "MSFT_Disk", Number="2", UniqueId="600A", IsOffline="true", IsReadOnly="true", Path=PATH
    )
    windows.methods["Online"] = lambda *_rest: made.properties.update(IsOffline="false") or done()
    windows.methods["SetAttributes"] = lambda *_rest: made.properties.update(IsReadOnly="false") or done()
    windows.methods["UpdateHostStorageCache"] = lambda *_rest: (
        made.properties.update(IsOffline="false") or done()
    )
    return made


def bring(windows, shell, clock=None):
    node = Node("server1", windows, shell)
    bring_online(node, read_disks(node)[0], **({"clock": clock} if clock else {}))
    return [method for method, _rest in windows.calls]


def test_the_text_is_that_of_the_file_and_fits_on_a_command_line():
    assert SCRIPT.read_text(encoding="utf-8") == TEXT
    whole = r"D:\Windows.Server\System32\WindowsPowerShell\v1.0\powershell.exe"
    assert command_line([whole, *calls.arguments(TEXT)])


def test_the_script_parses_and_compiles_nothing_but_its_own_constant():
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    assert not parser.parse(TEXT.encode()).root_node.has_error
    assert TEXT.count("Add-Type") == 1
    assert "Add-Type -TypeDefinition $code" in TEXT
    assert TEXT.count("$code") == 2  # a constant in single quotes, and its use


def test_it_is_offline_for_good_before_it_is_online_until_the_boot():
    first, then = TEXT.index("Set(disk, true, 1)"), TEXT.index("Set(disk, false, 0)")
    assert TEXT.index("if ((known[8] & 1) == 0) return false") < first < then


def test_a_disk_comes_online_by_the_script_alone(windows, shared):
    shell = Shell({"changed": True}, lambda: shared.properties.update(IsOffline="false", IsReadOnly="false"))
    assert bring(windows, shell) == []
    assert shell.lines == [{"do": "online", "path": PATH}]


def test_storage_classes_that_have_not_seen_it_are_refreshed(windows, shared):
    shell = Shell({"changed": True}, lambda: shared.properties.update(IsReadOnly="false"))
    assert bring(windows, shell) == ["UpdateHostStorageCache"]


@pytest.mark.parametrize(
    "said", [{"error": "Access is denied"}, Completed(0, b"", b"language mode")], ids=["refused", "no script"]
)
def test_where_it_is_refused_the_disk_comes_online_for_good(windows, shared, said):
    assert bring(windows, Shell(said)) == ["Online", "SetAttributes"]


def test_a_call_without_an_answer_is_awaited_and_not_made_another_way(windows, shared, clock):
    def late():
        online = {"IsOffline": "false", "IsReadOnly": "false"}
        clock.at(5.0, lambda: shared.properties.update(online))

    assert bring(windows, Shell(OutcomeUnknown("no answer"), late), clock) == []
    assert 5.0 <= clock.now < 6.0


def test_any_other_failure_is_one(windows, shared):
    with pytest.raises(AccessDenied):
        bring(windows, Shell(AccessDenied("no")))
    assert windows.calls == []


@pytest.mark.parametrize(
    ("kept", "stays"), [("0", True), ("2", True), ("1", False), ("3", False), (None, None)]
)
def test_what_the_partition_manager_keeps_says_whether_it_stays_online(windows, node, kept, stays):
    windows.methods["GetDWORDValue"] = lambda *_rest: Instance(
        "OUTPUT", {"ReturnValue": "0", **({} if kept is None else {"uValue": kept})}
    )
    assert stays_online(node, PATH) is stays
    assert windows.calls[-1][1]["sSubKeyName"] == KEY


@pytest.mark.parametrize("path", ["", "\\\\.\\PhysicalDrive2", PATH.rpartition("#")[0], "\\\\?\\scsi#{1}"])
def test_a_path_that_names_no_device_tells_nothing(windows, node, path):
    assert stays_online(node, path) is None
    assert windows.calls == []
