# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run states by script: what is sent, that names are data, and what is made of the answers."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, CimError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import iis_control, program
from ansible_collections.standby.iis.plugins.module_utils.windows.calls import ScriptFailed
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_control import (
    Answer,
    Call,
    control,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_control_text import TEXT
from ansible_collections.standby.iis.plugins.module_utils.wsman.commandline import LINE_LIMIT, command_line

SCRIPT = Path(iis_control.__file__).parent / "scripts" / "iis_control.ps1"
STUBS = Path(__file__).parent / "iis_control_stubs.ps1"
# Everything that the script may call, beside its own functions.
CMDLETS = {"add-type", "convertfrom-json", "convertto-json", "join-path", "new-object", "set-strictmode"}
TYPES = {"[Convert]", "[System.DirectoryServices.DirectoryEntry]", "[Text.Encoding]", "[string]"}


class Shell:
    """A shell that answers with what it was told to, and remembers what it ran."""

    def __init__(self, *lines: bytes, code: int = 0, stderr: bytes = b"") -> None:
        self.ended = Completed(code, b"\r\n".join(lines), stderr)
        self.runs: list[tuple[list[str], bytes]] = []

    def run(self, argv, stdin=b"", *, on_output=None):
        self.runs.append((list(argv), stdin))
        return self.ended


def line(answer: object) -> bytes:
    return base64.b64encode(json.dumps(answer).encode())


def over(shell: Shell) -> Node:
    return Node("server1", None, shell)


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def test_modules_have_the_very_text_of_the_file():
    assert SCRIPT.read_text(encoding="ascii") == TEXT


def test_the_script_parses_calls_nothing_but_what_is_listed_and_runs_no_text():
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    nodes = list(walk(parser.parse(SCRIPT.read_bytes()).root_node))
    assert [node.start_point for node in nodes if node.type == "ERROR" or node.is_missing] == []
    own = {node.text.decode().casefold() for node in nodes if node.type == "function_name"}
    called = {
        node.child_by_field_name("command_name").text.decode().casefold()
        for node in nodes
        if node.type == "command"
    }
    assert called - own <= CMDLETS
    assert {node.text.decode() for node in nodes if node.type == "type_literal"} <= TYPES
    assert re.findall(r"New-Object .*", TEXT) == [
        "New-Object -TypeName Microsoft.Web.Administration.ServerManager",
        "New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList $path",
    ]


def test_the_script_fits_on_a_command_line_and_goes_there_whole():
    shell = Shell(line({"state": "Started"}))
    control(over(shell), [Call("ftp", "Files", "state")])
    argv, _stdin = shell.runs[0]
    assert len(command_line(argv)) < LINE_LIMIT
    assert base64.b64decode(argv[-1]).decode("utf-16-le") == TEXT


def test_names_are_data_on_the_input_and_one_start_answers_all():
    shell = Shell(line({"state": "1"}), line({"error": "Käse."}))
    calls = [Call("ftp", "a & b'\"$x", "state"), Call("ftp", "東京", "start")]
    assert control(over(shell), calls) == [Answer("1"), Answer(error="Käse.")]
    ((_argv, stdin),) = shell.runs
    assert [json.loads(one) for one in stdin.decode("ascii").splitlines()] == [
        {"kind": "ftp", "name": "a & b'\"$x", "verb": "state"},
        {"kind": "ftp", "name": "東京", "verb": "start"},
    ]


def test_powershell_is_called_by_its_whole_path_wherever_windows_is(monkeypatch):
    found = Machine("SERVER1", "D:", "D:\\WinNT", {})
    monkeypatch.setattr(program, "read_machine", lambda _node: found)
    shell = Shell(line({"state": "Started"}))
    absent, run = Completed(1, b"", b"The system cannot find the path specified.\r\n"), shell.run
    shell.run = lambda argv, stdin=b"": run(argv, stdin) if argv[0].startswith("D:") else absent
    assert control(over(shell), [Call("ftp", "Files", "state")]) == [Answer("Started")]
    ((argv, _stdin),) = shell.runs
    assert argv[0] == "D:\\WinNT\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"


@pytest.mark.parametrize("code", [0x80070002, 0x80070003])
def test_a_node_without_powershell_says_so(monkeypatch, code):
    class Gone(Shell):
        def run(self, argv, stdin=b"", *, on_output=None):
            raise CimError("no such file", provider_code=code)

    monkeypatch.setattr(program, "read_machine", lambda _node: Machine("S", "C:", "C:\\Windows", {}))
    with pytest.raises(ScriptFailed, match=r"powershell\.exe was not found"):
        control(over(Gone()), [Call("ftp", "Files", "state")])


def test_without_calls_nothing_is_started():
    shell = Shell()
    assert control(over(shell), []) == []
    assert shell.runs == []


@pytest.mark.parametrize(
    ("shell", "failure", "text"),
    [
        (Shell(code=1, stderr=b"not allowed"), ScriptFailed, r"0 answers to 1 calls .* 1 \(not allowed\)"),
        (Shell(), ScriptFailed, "Look whether powershell.exe runs"),
        (Shell(b"?"), BadDocument, "expected base64 of JSON"),
        (Shell(line([])), BadDocument, "expected a state or an error"),
        (Shell(line({"other": 1})), BadDocument, "expected a state or an error"),
    ],
)
def test_answers_that_are_none_are_named(monkeypatch, shell, failure, text):
    monkeypatch.setattr(program, "read_machine", lambda _node: Machine("S", "C:", "C:\\Windows", {}))
    with pytest.raises(failure, match=text) as raised:
        control(over(shell), [Call("ftp", "Files", "state")])
    assert raised.value.node == "server1"


# --- with PowerShell, where there is one


def run(tmp_path: Path, *calls: dict[str, str]) -> list[dict[str, str]]:
    shell = shutil.which("pwsh")
    if shell is None:
        pytest.skip("there is no pwsh on this machine: the script was only parsed")
    script = tmp_path / "control.ps1"
    script.write_bytes(STUBS.read_bytes() + b"\n" + SCRIPT.read_bytes())
    done = subprocess.run(
        [shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(script)],
        input="".join(json.dumps(one) + "\n" for one in calls).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(base64.b64decode(one)) for one in done.stdout.split()]


def test_each_call_is_answered_and_an_error_ends_nothing(tmp_path):
    def call(name: str, verb: str, kind: str = "ftp") -> dict[str, str]:
        return {"kind": kind, "name": name, "verb": verb}

    answers = run(
        tmp_path,
        call("Files & Co", "state"),
        call("Refuses", "start"),
        call("Files & Co", "start"),
        call("Files & Co", "state"),
        call("Nobody", "stop"),
        call("Files & Co", "delete"),
        call("Files & Co", "state", "nntp"),
    )
    assert answers[0] == {"state": "3"}
    assert "refused: ä" in answers[1]["error"]
    assert set(answers[2]) == {"state"}
    assert answers[3] == {"state": "1"}
    assert answers[4] == {"state": "Missing"}
    assert answers[5] == {"error": "there is no verb delete"}
    assert answers[6] == {"error": "there is no kind nntp"}
