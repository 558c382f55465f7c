# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent's status names of what it works by, and that it is what the role has put there."""

from __future__ import annotations

import hashlib
import sys

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import cli, program, supervising
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import EtcdSettings, Settings, write
from ansible_collections.standby.iis.plugins.module_utils.agent.works_by import program_digest, works_by

TOLD = Settings("a", "web", "E:\\witness", timers={"stability": 400.0}, addresses={"a": ("10.0.0.1",)})


@pytest.fixture
def home(tmp_path):
    (tmp_path / "agent.json").write_text(write(TOLD))
    return Home(str(tmp_path))


def test_the_digest_of_the_settings_is_that_of_their_file(home):
    file = hashlib.sha256((home.folder / "agent.json").read_bytes()).hexdigest()
    assert works_by(home.settings(), "", "")["settings"] == file


def test_the_witness_is_named_without_what_is_secret_about_it():
    named = works_by(TOLD, "p", "d")
    assert (named["program"], named["definition"]) == ("p", "d")
    assert named["told"] == {"cluster": "web", "directory": "E:\\witness", "etcd": None}
    etcd = EtcdSettings(("https://10.0.0.1:2379",), user="standby", password_file="C:\\password")
    told = works_by(Settings("a", "web", etcd=etcd), "p", "d")["told"]
    assert told["etcd"] == {"endpoints": ["https://10.0.0.1:2379"], "prefix": None}


def test_what_is_no_archive_has_no_digest(tmp_path):
    assert program_digest(str(tmp_path)) == program_digest("\0") == program_digest("x" * 5000) == ""
    (tmp_path / "a").write_bytes(b"program")
    assert program_digest(str(tmp_path / "a")) == hashlib.sha256(b"program").hexdigest()


def test_a_worker_is_told_what_its_supervisor_was_started_from(home, monkeypatch):
    """A worker that is begun later runs what lies there by then; its supervisor does not."""
    archive = home.folder / "standby.pyz"
    archive.write_bytes(b"old")
    commands, told = [], []
    monkeypatch.setattr(
        supervising, "supervise", lambda _home, command, _serve: commands.append(command) or 0
    )
    monkeypatch.setattr(cli, "_require_supervisor", lambda _home: None)
    monkeypatch.setattr(program, "work", lambda _home, _open, digest: told.append(digest) or 0)
    cli.main(["run", "--home", home.name], Home, None, [sys.executable, str(archive)])
    archive.write_bytes(b"new")
    (command,) = commands
    cli.main(command[2:], Home, None, ())
    cli.main(["work", "--home", home.name], Home, None, ())  # by a supervisor of an earlier version
    assert told == [hashlib.sha256(b"old").hexdigest(), ""]
