# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a node: the script that is sent, the calls on its input, and what is made of its answers."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows import acl, files, program
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.wsman.commandline import LINE_LIMIT, command_line
from tests.unit.windows.windows_world import Clock

SCRIPT = Path(files.__file__).parent / "scripts" / files.SCRIPT
# Everything that the script may call.
CMDLETS = {
    "convertfrom-json",
    "convertto-json",
    "expand-archive",
    "foreach-object",
    "get-acl",
    "get-childitem",
    "get-filehash",
    "move-item",
    "remove-item",
    "set-strictmode",
    "test-path",
}


class Shell:
    """A shell that answers with what it was told to, and remembers what it ran."""

    def __init__(self, *answers, code=0, stderr=b""):
        lines = [base64.b64encode(json.dumps(one).encode()) for one in answers]
        self.ended = Completed(code, b"\r\n".join(lines), stderr)
        self.argv, self.stdin = [], b""

    def run(self, argv, stdin=b"", *, on_output=None):
        self.argv, self.stdin = list(argv), stdin
        return self.ended


class Held(Shell):
    """A shell on whose node a file is held open for the first runs."""

    def __init__(self, runs):
        super().__init__({})
        self.runs, self.calls = runs, []

    def run(self, argv, stdin=b"", *, on_output=None):
        calls = [json.loads(line) for line in stdin.splitlines() if not line.startswith(b"=")]
        self.calls += [call["do"] for call in calls]
        self.runs -= 1
        answers = [{"error": "in use"} if call["do"] == "move" and self.runs >= 0 else {} for call in calls]
        lines = [base64.b64encode(json.dumps(one).encode()) for one in answers]
        return Completed(0, b"\r\n".join(lines), b"")


def over(*answers, **ended):
    shell = Shell(*answers, **ended)
    return shell, files.Files(Node("server1", None, shell), SCRIPT.read_text())


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def test_the_script_parses_calls_nothing_but_what_is_listed_and_runs_no_text():
    root = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(
        SCRIPT.read_bytes()
    )
    nodes = list(walk(root.root_node))
    assert [node.start_point for node in nodes if node.type == "ERROR" or node.is_missing] == []
    called = {
        node.child_by_field_name("command_name").text.decode().casefold()
        for node in nodes
        if node.type == "command"
    }
    assert called <= CMDLETS
    types = {node.text.decode() for node in nodes if node.type == "type_literal"}
    assert types == {
        "[Console]",
        "[Convert]",
        "[IO.Directory]",
        "[IO.File]",
        "[IO.FileAttributes]",
        "[IO.FileMode]",
        "[Text.Encoding]",
    }
    assert SCRIPT.read_bytes().isascii()


def test_the_script_fits_on_a_command_line_and_goes_there_whole():
    shell, made = over({})
    made.look(["C:\\x"])
    assert len(command_line(shell.argv)) < LINE_LIMIT
    assert base64.b64decode(shell.argv[-1]).decode("utf-16-le") == SCRIPT.read_text()


def test_paths_and_contents_are_data_on_the_input():
    shell, made = over({}, {}, {})
    made.put({"C:\\a & b\\ä'.txt": b"x" * (files.PIECE + 1)})
    first, create, second, append, move = shell.stdin.decode("ascii").splitlines()
    path = "C:\\a & b\\ä'.txt"
    assert json.loads(create) == {"do": "write", "path": f"{path}.new", "mode": "Create"}
    assert json.loads(append) == {"do": "write", "path": f"{path}.new", "mode": "Append"}
    assert json.loads(move) == {"do": "move", "path": f"{path}.new", "to": path}
    assert {first[0], second[0]} == {"="}
    assert [len(base64.b64decode(one[1:])) for one in (first, second)] == [files.PIECE, 1]


def test_no_cmdlet_is_given_what_a_file_holds():
    text = SCRIPT.read_text()
    assert "ConvertFrom-Json -InputObject $line" in text
    assert text.index("$data = $line.Substring(1); continue") < text.index("ConvertFrom-Json")
    assert "[Console]::Out.WriteLine(" in text.splitlines()[-2]


def test_what_is_there_is_told():
    linked = {"sddl": "O:BA", "names": [], "link": True}
    _shell, made = over({"sha256": "AB"}, {"sddl": "O:BA", "names": ["x"], "link": False}, {}, linked)
    found = made.look(["f", "d", "n", "l"])
    assert found["f"] == files.Found(sha256="ab")
    assert found["d"] == files.Found(sddl="O:BA", names=("x",))
    assert not found["n"].exists
    assert found["l"].link


@pytest.mark.parametrize("runs", [1, 3])
def test_a_file_that_is_held_open_for_a_moment_is_moved_then(runs):
    shell, clock = Held(runs), Clock()
    files.Files(Node("server1", None, shell), "x", clock).put({"C:\\x": b""})
    assert shell.calls == ["write", "move", *["move"] * runs]
    assert clock.now < 2.0


def test_a_file_that_stays_held_open_is_told():
    with pytest.raises(StandbyError, match="in use"):
        files.Files(Node("server1", None, Held(4)), "x", Clock()).put({"C:\\x": b""})


def test_a_call_that_fails_names_its_file():
    _shell, made = over({"error": "Zugriff verweigert."})
    with pytest.raises(StandbyError, match=r"server1, file C:\\x: make: Zugriff verweigert\. Look"):
        made.make_folder("C:\\x")


@pytest.mark.parametrize(
    "ended", [{"code": 1, "stderr": b"#< CLIXML"}, {"stderr": b"constrained language mode"}]
)
def test_answers_that_do_not_come_name_what_powershell_said(ended, monkeypatch):
    monkeypatch.setattr(program, "read_machine", lambda _node: Machine("S", "C:", "C:\\Windows", {}))
    _shell, made = over(**ended)
    with pytest.raises(StandbyError, match="0 answers to 1 calls") as failure:
        made.remove(["C:\\x"])
    assert ended["stderr"].decode() in str(failure.value)


def test_an_answer_that_is_none_is_told():
    shell, made = over({})
    shell.ended = Completed(0, b"hello", b"")
    with pytest.raises(BadDocument, match="hello"):
        made.look(["C:\\x"])


def test_rights_are_set_by_sids_and_a_refusal_is_told():
    shell = Shell(code=5)
    with pytest.raises(StandbyError, match="icacls /setowner ended with exit code 5"):
        acl.make_private(Node("server1", None, shell), "C:\\x")
    assert shell.argv == [r"C:\Windows\System32\icacls.exe", "C:\\x", "/setowner", "*S-1-5-32-544", "/Q"]
