# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interpreter of a node in a session of WinRM: arguments, streams, exit code, and no second hop."""

from __future__ import annotations

import json

import pytest
from test_drivers_lab import session

PYTHON = "C:\\Python313\\python.exe"
AWKWARD = ["", "a b", 'say "hi"', "50%", "%PATH%", "^&|<>()!", "C:\\folder\\", "Straße 日本"]


@pytest.fixture
def run(lab):
    """Run a program of Python in a session to server1."""
    node = session(lab, "server1")

    def run(text, *arguments, stdin=b""):
        (lab.state.node("server1") / "drives" / "C" / "tried.py").write_text(text, encoding="utf-8")
        return node.shell.run([PYTHON, "-Xutf8", "C:\\tried.py", *arguments], stdin)

    yield run
    node.close()


def test_arguments_arrive_as_they_were_given(run):
    ended = run("import json, sys; print(json.dumps(sys.argv[1:]))", *AWKWARD)
    assert (ended.code, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout) == AWKWARD


def test_streams_and_exit_code_are_those_of_the_program(run):
    ended = run("import sys; sys.stderr.write(sys.stdin.read().upper()); sys.exit(7)", stdin=b"asked")
    assert (ended.code, ended.stdout, ended.stderr) == (7, b"", b"ASKED")


def test_the_share_of_the_witness_refuses_a_session_without_credentials(run):
    text = """
import os
try:
    os.listdir(os.environ["STANDBY_ROOT"] + "/UNC/files/witness$")
except PermissionError as error:
    print("refused", error.errno)
"""
    assert run(text).stdout.startswith(b"refused 13")
