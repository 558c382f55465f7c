# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor as a process: what goes wrong is told where people look, and ends it not."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import (
    eventlog,
    settings,
    supervising,
)
from ansible_collections.standby.iis.plugins.module_utils.agent import (
    home as homes,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.cli import main
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.notifications import Notifications
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.supervising import supervise
from ansible_collections.standby.iis.plugins.module_utils.agent.telling import Telling, last_told
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

# Begins, and ends with a sentence.
DEAD = """
import sys
sys.stdin.buffer.readline()
sys.stderr.write("server1: the node has no definition of a cluster. Run the configure playbook\\n")
sys.exit(1)
"""
# Speaks once, and works until it is killed.
WELL = """
import sys, time
sys.stdin.buffer.readline()
sys.stdout.write('{"standing": null}\\n'); sys.stdout.flush()
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path) -> Home:
    told = Settings("server1", "web", "C:\\witness", addresses={"server1": ("127.0.0.1",)})
    (tmp_path / "agent.json").write_text(settings.write(told))
    return Home(str(tmp_path))


@pytest.fixture
def events(monkeypatch):
    """What is written to the event log."""
    told = []
    monkeypatch.setattr(
        eventlog, "report", lambda severity, sentence: told.append((severity.value, sentence))
    )
    return told


@pytest.fixture
def agent(home):
    """Begin an agent with a worker; it is relieved in the end. Gives its exit codes, once it has ended."""
    threads = []

    def begin(worker):
        codes = []

        def run():
            codes.append(supervise(home, [sys.executable, "-c", worker], nothing))

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return codes

    yield begin
    for thread in threads:
        until(lambda thread=thread: home.relieve_file.touch() or not thread.is_alive())


def nothing(*_arguments):
    raise AssertionError("nobody asks for anything")


def until(holds, seconds=20.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def logged(home):
    """Sentences of the supervisor in the log."""
    files = sorted((home.folder / "logs").glob("agent.*.log"))
    entries = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [one["sentence"] for one in entries if one["what"] == "supervisor"]


def test_a_worker_that_cannot_live_is_told_of_in_both_logs(home, agent, events):
    agent(DEAD)
    until(lambda: len(events) >= 2)
    first = (
        "the worker ended with code 1; another one goes on in 0 s. It said last: "
        "server1: the node has no definition of a cluster. Run the configure playbook"
    )
    assert logged(home)[0] == first
    assert events[0] == ("error", f"server1: {first}")
    assert "(2 in a row)" in events[1][1]


def test_the_event_log_is_left_alone_where_the_settings_say_so(home, agent, events):
    told = Settings(
        "server1",
        "web",
        "C:\\witness",
        addresses={"server1": ("127.0.0.1",)},
        notifications=Notifications(event_log=False),
    )
    (home.folder / "agent.json").write_text(settings.write(told))
    agent(DEAD)
    until(lambda: len(logged(home)) >= 2)
    assert events == []


def test_who_runs_it_by_hand_is_told_what_the_other_one_told(home, agent, events, capsys):
    agent(DEAD)
    until(lambda: events)
    assert main(["run", "--home", home.name], Home, None, [sys.executable, "-c", DEAD]) == 1
    said = capsys.readouterr().err
    assert "another agent runs" in said
    assert "the node has no definition of a cluster" in said
    assert "playbook. Mend that; to see it by hand, end the task first" in said


def test_beside_one_that_has_told_nothing_it_is_said_that_it_runs(home, agent):
    agent(WELL)
    until((home.folder / "agent.lock").exists)
    with pytest.raises(StandbyError, match=r"another agent runs in \S+ Look at") as refused:
        supervise(home, [], nothing)
    assert "told at" not in str(refused.value)


def test_one_that_cannot_begin_tells_that_once_an_hour(home, events, monkeypatch):
    (home.folder / "agent.json").write_text("{")
    for _minute in range(3):
        with pytest.raises(StandbyError):
            supervise(home, [], nothing)
    assert len(events) == 1
    assert events[0][1].startswith("the agent cannot begin: ")
    monkeypatch.setattr(
        "ansible_collections.standby.iis.plugins.module_utils.agent.log.wall", lambda: "never"
    )
    Telling(home).tell("something else")
    until(lambda: len(events) == 2)
    with pytest.raises(StandbyError):
        supervise(home, [], nothing)
    assert len(events) == 3


def test_what_was_told_last_is_found_whatever_lies_in_the_log(home):
    logs = home.folder / "logs"
    logs.mkdir()
    assert last_told(home) == ("", "")
    entry = {"at": "2026-01-01T00:00:00+00:00", "what": "supervisor", "sentence": "it was so"}
    (logs / "agent.000001.log").write_text(json.dumps(entry) + "\n")
    later = (
        '{"what": "agent", "sentence": "a supervisor"}\nno JSON of a supervisor\n"supervisor"\n["supervisor"'
    )
    (logs / "agent.000002.log").write_text(later)
    assert last_told(home) == ("2026-01-01T00:00:00+00:00", "it was so")


def test_a_relief_on_a_full_disk_still_ends_in_order(home, agent, events, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(supervising, "_PAUSE", 0.01)
    codes = agent(WELL)
    time.sleep(0.5)
    home.relieve_file.touch()
    until(lambda: codes)
    assert codes == [0]
    assert "the next agent is left nothing to go on from" in events[0][1]


def test_a_standing_that_is_refused_for_a_moment_is_left_all_the_same(home, monkeypatch):
    refused, write = [1, 1], Path.write_bytes

    def refusing(self, data):
        if refused:
            refused.pop()
            raise PermissionError(13, "The process cannot access the file")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", refusing)
    monkeypatch.setattr(supervising, "_PAUSE", 0.01)
    supervising._leave(home, b"x", pytest.fail)
    assert home.take_standing() == b"x"


def test_a_look_that_is_refused_is_told_and_made_again(monkeypatch):
    monkeypatch.setattr(homes, "_GLANCE", 0.01)
    sign, said = Mock(), []
    sign.name = "relieve"
    sign.exists.side_effect = [PermissionError(13, "Access is denied"), False, True]
    homes.wait_for(sign, said.append)
    assert said == ["it cannot be seen whether relieve is asked for: [Errno 13] Access is denied"]
