# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests handed to the agent: served once, answered, taken back where nobody takes them."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import inbox
from ansible_collections.standby.iis.plugins.module_utils.agent.inbox import (
    Inbox,
    NotServed,
    Told,
    hand_in,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

ASKED = ["switchover", "--home", "C:\\a b", 'Shop "&" 日本', "server2"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "requests"


@pytest.fixture
def agent(folder):
    """Begin to serve with a function."""
    made = []

    def begin(serve):
        made.append(Inbox(folder, serve, lambda sentence: None))
        made[-1].start()

    yield begin
    for one in made:
        one.close()


class Clock:
    """Time that goes on by sleeping."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_a_request_is_served_and_its_outcome_told(folder, agent):
    seen = []

    def serve(arguments, by):
        seen.append((list(arguments), by))
        return Told(1, "so far: 日本\n", "not further\n")

    agent(serve)
    assert hand_in(folder, ASKED, "Ada", 10.0) == Told(1, "so far: 日本\n", "not further\n")
    assert seen == [(ASKED, "Ada")]
    assert list(folder.iterdir()) == []


def test_a_request_that_waits_holds_up_no_other(folder, agent):
    free = threading.Event()
    agent(lambda arguments, by: Told(0, str(free.wait(10))) if arguments else Told(0, "at once"))
    slow = []
    waiting = threading.Thread(target=lambda: slow.append(hand_in(folder, ["wait"], "Ada", 20.0)))
    waiting.start()
    assert hand_in(folder, [], "Eve", 10.0).out == "at once"
    free.set()
    waiting.join()
    assert slow == [Told(0, "True")]


def test_where_no_agent_runs_the_request_is_taken_back(folder):
    with pytest.raises(NotServed, match="took no request within 10 s") as refused:
        hand_in(folder, ASKED, "Ada", 10.0, Clock())
    assert "scheduled task" in str(refused.value.remedy)
    assert list(folder.iterdir()) == []


def test_a_request_whose_outcome_does_not_come_is_not_called_undone(folder, agent):
    free = threading.Event()
    agent(lambda arguments, by: Told(0, str(free.wait(10))))
    with pytest.raises(StandbyError, match="may still be done"):
        hand_in(folder, ASKED, "Ada", 0.2)
    free.set()


def test_a_request_whose_agent_is_gone_is_not_waited_for(folder, agent):
    free = threading.Event()
    agent(lambda arguments, by: Told(0, str(free.wait(10))))
    ended = threading.Timer(0.5, lambda: [one.unlink() for one in folder.glob("*.taken")])
    ended.start()
    with pytest.raises(StandbyError, match="took the request and ended"):
        hand_in(folder, ASKED, "Ada", 60.0)
    free.set()


def test_a_request_that_somebody_left_long_ago_is_not_served(folder):
    folder.mkdir()
    left = folder / "left.ask"
    left.write_text('{"arguments": ["out"], "by": "Ada"}')
    os.utime(left, (time.time() - 60, time.time() - 60))
    served = []
    one = Inbox(folder, lambda arguments, by: served.append(arguments) or Told(0), lambda sentence: None)
    one.look()
    one.close()
    assert (served, list(folder.iterdir())) == ([], [])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"arguments": 3}', '{"arguments": []}'])
def test_what_is_no_request_is_answered_as_such(folder, text):
    folder.mkdir()
    (folder / "x.ask").write_text(text)
    one = Inbox(folder, lambda arguments, by: Told(0), lambda sentence: None)
    one.look()
    answer = folder / "x.answer"
    for _rest in range(100):
        if answer.exists():
            break
        time.sleep(0.02)
    assert "no request" in answer.read_text()
    one.close()


def test_a_failure_of_any_kind_is_an_answer(folder, agent):
    def serve(arguments, by):
        raise KeyError("surprise")

    agent(serve)
    told = hand_in(folder, ASKED, "Ada", 10.0)
    assert told.code == 1
    assert "surprise" in told.err


def test_what_an_earlier_agent_left_is_removed(folder, agent):
    folder.mkdir()
    (folder / "x.taken").write_text("{}")
    (folder / "x.answer").write_text("{}")
    agent(lambda arguments, by: Told(0))
    assert hand_in(folder, [], "Ada", 10.0) == Told(0)
    assert list(folder.iterdir()) == []


@pytest.fixture
def quick(monkeypatch):
    """Looks that follow one another soon."""
    monkeypatch.setattr(inbox, "_PAUSE", 0.01)
    monkeypatch.setattr(inbox, "_SWEEP", 0.2)


def until(holds):
    end = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def begin(folder, said):
    one = Inbox(folder, lambda arguments, by: Told(0, "served"), said.append)
    one.start()
    return one


def test_a_request_that_cannot_be_renamed_is_served_later_however_often(folder, monkeypatch, quick):
    """Windows refuses to rename what a scanner holds open: ERROR_SHARING_VIOLATION, PermissionError."""
    held, rename, said = [10], Path.rename, []

    def refusing(self, to):
        if self.suffix == ".ask" and held[0]:
            held[0] -= 1
            raise PermissionError(13, "The process cannot access the file", str(self))
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refusing)
    one = begin(folder, said)
    assert hand_in(folder, [], "Ada", 10.0).out == "served"
    one.close()
    assert held == [0]
    assert said[0].endswith("cannot be taken: The process cannot access the file")


def test_a_request_for_which_there_is_no_thread_is_said_to_have_no_outcome(folder, monkeypatch, quick):
    said = []
    one = begin(folder, said)

    def refused(*_arguments):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(one._threads, "submit", refused)
        with pytest.raises(StandbyError, match="took the request and ended"):
            hand_in(folder, [], "Ada", 10.0)
    assert hand_in(folder, [], "Ada", 10.0).out == "served"
    one.close()
    assert "can't start new thread" in said[0]


def test_nothing_that_goes_wrong_at_a_look_is_the_last_one(folder, monkeypatch, quick):
    wrong, look, said = (
        [MemoryError(), RuntimeError("no more"), OSError(5, "Access is denied")],
        Inbox.look,
        [],
    )

    def failing(self):
        if wrong:
            raise wrong.pop()
        look(self)

    monkeypatch.setattr(Inbox, "look", failing)
    one = begin(folder, said)
    assert hand_in(folder, [], "Ada", 10.0).out == "served"
    one.close()
    assert len(said) == 3


def test_what_nobody_fetched_does_not_stay_for_good(folder, quick):
    one = begin(folder, [])
    hand_in(folder, [], "Ada", 10.0)
    for name in ("old.answer", "old.ask.new", "old.answer.new", "young.answer", "young.ask.new"):
        (folder / name).write_text("{}")
        if name.startswith("old"):
            os.utime(folder / name, (time.time() - 700, time.time() - 700))
    until(lambda: len(list(folder.iterdir())) == 2)
    one.close()
    assert sorted(left.name for left in folder.iterdir()) == ["young.answer", "young.ask.new"]


def test_of_outcomes_that_nobody_fetched_the_youngest_are_kept(folder, monkeypatch):
    monkeypatch.setattr(inbox, "_MOST", 3)
    folder.mkdir()
    for age in range(6):
        (folder / f"{age}.answer").write_text("{}")
        os.utime(folder / f"{age}.answer", (time.time() - age * 10, time.time() - age * 10))
    one = Inbox(folder, lambda arguments, by: Told(0), lambda sentence: None)
    one.sweep()
    one.close()
    assert sorted(left.name for left in folder.iterdir()) == ["0.answer", "1.answer", "2.answer"]


def test_an_outcome_that_cannot_be_written_leaves_nothing_and_is_said(folder, monkeypatch):
    said, replace = [], Path.replace

    def full(self, to):
        if to.suffix == ".answer":
            raise OSError(28, "No space left on device")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", full)
    one = begin(folder, said)
    with pytest.raises(StandbyError, match="took the request and ended"):
        hand_in(folder, [], "Ada", 10.0)
    one.close()
    assert "No space left" in said[0]
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StandbyError, match="cannot be asked by a file"):
        hand_in(tmp_path / "file" / "requests", [], "Ada", inbox.PATIENCE, Clock())
