# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests handed to the agent: served once, answered, taken back where nobody takes them."""

from __future__ import annotations

import os
import threading
import time

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


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StandbyError, match="cannot be asked by a file"):
        hand_in(tmp_path / "file" / "requests", [], "Ada", inbox.PATIENCE, Clock())
