# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent that is relieved leaves its standing to the next one, once; workers here are small programs."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings, supervisor
from ansible_collections.standby.iis.plugins.module_utils.agent.cli import main
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.supervising import supervise
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Standing

STANDING = Standing("abc", 3, 1234.5, 99.25)
# Writes down what it was given, tells its standing, and works until it is killed.
WORKER = """
import sys, time
open(GIVEN, "ab").write(sys.stdin.buffer.readline())
sys.stdout.write(LINE); sys.stdout.flush()
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(str(tmp_path))
    told = Settings("server1", "web", "C:\\witness", addresses={"server1": ("127.0.0.1",)})
    (tmp_path / "agent.json").write_text(settings.write(told))
    return made


@pytest.fixture
def agent(home, tmp_path):
    """Start an agent; gives what its worker was given and the thread that ends with it."""
    given = tmp_path / "given"

    def start():
        codes = []
        told = f"GIVEN, LINE = {str(given)!r}, {supervisor.line(STANDING).decode()!r}\n"
        command = [sys.executable, "-c", told + WORKER]
        before = given.read_bytes() if given.exists() else b""
        thread = threading.Thread(target=lambda: codes.append(supervise(home, command, nothing)))
        thread.start()
        end = time.monotonic() + 20.0
        while not given.exists() or len(given.read_bytes()) == len(before):
            assert time.monotonic() < end
            time.sleep(0.01)
        return given.read_bytes()[len(before) :], thread, codes

    return start


def nothing(*_arguments):
    raise AssertionError("nobody asks for anything")


def command(home, name, *more):
    return main([name, *more, "--home", home.name], Home, nothing, [])


def test_the_next_agent_goes_on_from_the_one_that_was_relieved(home, agent):
    given, thread, codes = agent()
    assert supervisor.standing_in(given) is None
    time.sleep(0.5)
    assert command(home, "relieve") == 0
    thread.join(20.0)
    assert codes == [0]
    assert not home.relieve_file.exists()

    given, thread, _codes = agent()
    assert supervisor.standing_in(given) == STANDING
    assert not home.standing_file.exists()
    home.relieve_file.touch()
    thread.join(20.0)


def test_what_was_left_is_taken_once(home):
    home.standing_file.write_bytes(b"x")
    assert home.take_standing() == b"x"
    assert home.take_standing() == b""


@pytest.mark.parametrize("left", [b"", b"nonsense", supervisor.line(None)])
def test_a_damaged_standing_is_none(left):
    made = supervisor.Supervisor(["x"], 1.0, lambda _said: None, last=left)
    assert made.last == supervisor.line(None)


def test_a_relief_of_nobody_is_done_at_once(home):
    assert command(home, "relieve") == 0
    assert not Path(home.relieve_file).exists()


def test_the_program_tells_its_interpreter(home, capsys):
    assert command(home, "version") == 0
    assert f'"python": "{sys.version_info[0]}.{sys.version_info[1]}.' in capsys.readouterr().out


def test_the_status_of_a_worker_goes_with_it(home, agent):
    home.status_file.write_text("{}")  # of a worker whose supervisor was killed
    _given, thread, _codes = agent()
    assert not home.status_file.exists()
    home.status_file.write_text("{}")
    home.relieve_file.touch()
    thread.join(20.0)
    assert not home.status_file.exists()


def test_a_status_that_somebody_reads_is_removed_a_moment_later(home, monkeypatch):
    """Windows refuses to remove a file that is open without FILE_SHARE_DELETE."""
    home.status_file.write_text("{}")
    unlink, refusals = Path.unlink, [PermissionError(13, "The process cannot access the file")] * 3

    def held(path, missing_ok=False):
        if refusals:
            raise refusals.pop()
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", held)
    home.forget_status()
    assert not home.status_file.exists()
    refusals.extend([PermissionError(13, "")] * 1000)
    home.forget_status()  # never raises, and never waits for long
