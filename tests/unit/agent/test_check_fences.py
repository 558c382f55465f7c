# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``check --fences``: a line for each fence, an exit code that says whether all would work."""

from __future__ import annotations

import json
import sys

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import cli, settings
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings


@pytest.fixture
def check(tmp_path, capsys):
    def run(*arguments: str, **fences):
        told = Settings("server1", "web", "C:\\w", addresses={"server1": ("10.0.0.1",)}, **fences)
        (tmp_path / "agent.json").write_text(settings.write(told))
        code = cli.main(["check", "--home", str(tmp_path), "--fences", *arguments], Home, pytest.fail, [])
        return code, *capsys.readouterr()

    return run


def test_fences_that_would_work_are_well(check):
    code, out, err = check(fences={"server2": (sys.executable, "x")}, manual=frozenset({"server3"}))
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first == f"well  fence of server2 (command): {sys.executable} is there; it is not run to try it"
    assert second.startswith("well  fence of server3 (manual): a person confirms that it is off")


def test_one_that_would_not_fails_the_command(check):
    code, out, err = check("--json", fences={"server2": ("/nowhere/off", "x")}, manual=frozenset({"server3"}))
    assert code == 1
    assert [(one["check"], one["healthy"]) for one in json.loads(out)] == [
        ("fence of server2 (command)", False),
        ("fence of server3 (manual)", True),
    ]
    assert err == "1 of 2 checks fail on server1\n"


def test_without_fences_there_is_nothing_to_say(check):
    assert check() == (0, "", "")
    assert check("--json") == (0, "[]\n", "")
