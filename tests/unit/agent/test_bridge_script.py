# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the bridge: it parses, builds no commands from data, and does what its stubs see."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

SCRIPT = Path(__file__).parents[3] / "plugins" / "module_utils" / "agent" / "scripts" / "cim_bridge.ps1"
STUBS = Path(__file__).parent / "cim_stubs.ps1"
LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())

# Everything that the script may call, beside its own functions.
CMDLETS = {
    "add-type",
    "convertfrom-json",
    "convertto-json",
    "get-cimassociatedinstance",
    "get-cimclass",
    "get-ciminstance",
    "invoke-cimmethod",
    "join-path",
    "new-ciminstance",
    "new-object",
    "remove-ciminstance",
    "set-ciminstance",
    "set-strictmode",
}
# Members that run text, and types that lead to them.
MEMBERS = {"create", "invokescript", "newscriptblock", "invokecommand", "expandstring", "addscript", "invoke"}
TYPES = ("scriptblock", "powershell", "runspace", "process", "assembly", "activator")


def parse(text: bytes) -> tree_sitter.Node:
    return tree_sitter.Parser(LANGUAGE).parse(text).root_node


def nodes(root: tree_sitter.Node, *kinds: str) -> Iterator[tree_sitter.Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not kinds or node.type in kinds:
            yield node
        waiting += node.children


def text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode().strip()


def problems(script: bytes) -> list[str]:
    """What is wrong with a script: it does not parse, or it could run what it was given."""
    root = parse(script)
    functions = {text(node).casefold() for node in nodes(root, "function_name")}
    found = [
        f"line {node.start_point[0] + 1}: syntax"
        for node in nodes(root)
        if node.type == "ERROR" or node.is_missing
    ]
    for node in nodes(root, "command"):
        name = text(node.child_by_field_name("command_name") or node.children[0])
        if name.casefold() not in CMDLETS | functions:
            found.append(f"line {node.start_point[0] + 1}: calls {name}")
    for node in nodes(root, "member_name"):
        if text(node).casefold() in MEMBERS:
            found.append(f"line {node.start_point[0] + 1}: calls the member {text(node)}")
    for node in nodes(root, "type_literal"):
        if any(word in text(node).casefold().rpartition(".")[2] for word in TYPES):
            found.append(f"line {node.start_point[0] + 1}: uses {text(node)}")
    if re.search(rb"\$input\b|\$executioncontext\b", script, re.IGNORECASE):
        found.append("uses $input, for which powershell.exe would read standard input, or $ExecutionContext")
    return found


def test_the_script_parses_and_runs_no_text():
    assert problems(SCRIPT.read_bytes()) == []


@pytest.mark.parametrize(
    "line",
    [
        "Invoke-Expression $request.query",
        "iex $Line",
        "& $request.calls[0].verb",
        ". $Line",
        "& ('Get-' + $noun)",
        "[scriptblock]::Create($Line)",
        "$ExecutionContext.InvokeCommand.InvokeScript($Line)",
        "[powershell]::Create().AddScript($Line)",
        "Start-Process $Line",
        "Get-WmiObject Win32_Service",
        "$text = @($input)",
        "if ($true { 1 }",
        "cmd.exe /c $Line",
    ],
)
def test_what_must_not_be_in_the_script_is_found(line):
    assert problems(SCRIPT.read_bytes() + f"\n{line}\n".encode())


def test_windows_powershell_reads_the_script_as_it_is():
    """A file without byte order mark is read in the code page of the system: it has to be ASCII."""
    assert SCRIPT.read_bytes().isascii()


def test_the_script_is_strict_and_errors_stop_a_call():
    lines = SCRIPT.read_text().splitlines()
    assert "Set-StrictMode -Version Latest" in lines
    assert "$ErrorActionPreference = 'Stop'" in lines


# --- with PowerShell, where there is one


def run(tmp_path: Path, *requests: dict) -> list[dict]:
    shell = shutil.which("pwsh")
    if shell is None:
        pytest.skip("there is no pwsh on this machine: the script was only parsed")
    script = tmp_path / "bridge.ps1"
    script.write_bytes(STUBS.read_bytes() + SCRIPT.read_bytes().replace(b"#Requires", b"# Requires"))
    lines = "".join(json.dumps(one) + "\n" for one in requests)
    done = subprocess.run(
        [shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(script)],
        input=lines.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_each_line_is_answered_and_an_error_ends_nothing(tmp_path):
    everything = {"verb": "enumerate", "namespace": "root/x", "class": "Things"}
    nothing = {"verb": "enumerate", "namespace": "root/x", "class": "None"}
    bad = {"verb": "enumerate", "namespace": "root/x", "class": "Bad"}
    first, second = run(
        tmp_path, {"id": 1, "calls": [everything, bad, nothing]}, {"id": 2, "calls": [{"verb": "no"}]}
    )
    assert (first["id"], second["id"]) == (1, 2)
    assert [sorted(answer) for answer in first["answers"]] == [["items"], ["error"], ["items"]]
    assert first["answers"][2]["items"] == []
    assert second["answers"][0]["error"]["message"] == "there is no verb no"
    (thing,) = first["answers"][0]["items"]
    assert thing["properties"] == {
        "Name": 'string=Käse "東京"\n',
        "Nothing": None,
        "Flag": "boolean=true",
        "Big": "uint64=18446744073709551615",
        "Small": "sint8=-128",
        "Real": "real64=0.1",
        "Letter": "char16=E",
        "None": {"kind": "array", "value": []},
        "One": {"kind": "array", "value": ["string=a"]},
        "Many": {"kind": "array", "value": ["uint16=1", "uint16=2"]},
        "At": "datetime=2024-01-02T03:04:05.0000000Z",
        "For": "interval=15000000",
    }
    assert thing["reference"] == {
        "namespace": "root/x",
        "class": "Things",
        "keys": [["Name", 'string=Käse "東京"\n']],
    }


def test_values_reach_a_method_with_the_types_of_its_declaration(tmp_path):
    given = [
        ["Text", "=2024-01-02T03:04:05Z"],
        ["Number", "=18446744073709551615"],
        ["Flag", "=false"],
        ["Texts", {"kind": "array", "value": ["=a"]}],
        ["No", {"kind": "array", "value": []}],
        ["For", "interval=15000000"],
        ["At", "datetime=2024-01-02T03:04:05Z"],
    ]
    call = {
        "verb": "invoke", "namespace": "root/x", "class": "Things", "keys": None, "method": "Echo",
        "arguments": given,
    }  # fmt: skip
    (answer,) = run(tmp_path, {"id": 1, "calls": [call]})
    assert answer["answers"][0]["output"] == {
        "Text": "string=2024-01-02T03:04:05Z",
        "Number": "uint64=18446744073709551615",
        "Flag": "boolean=false",
        "Texts": {"kind": "array", "value": ["string=a"]},
        "No": {"kind": "array", "value": []},
        "For": "interval=15000000",
        "At": "datetime=2024-01-02T03:04:05.0000000Z",
        "ReturnValue": "uint32=0",
    }
