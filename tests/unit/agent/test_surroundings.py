# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent has outside: only a fence that ends with 0 confirms, only a promise that was given counts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from queue import SimpleQueue
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import commands, surroundings
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.surroundings import Surroundings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

FENCES = {
    "off": (sys.executable, "-c", "raise SystemExit(0)"),
    "failed": (sys.executable, "-c", "raise SystemExit('no answer from the controller')"),
    "hung": (sys.executable, "-c", "import time; time.sleep(60)"),
    "missing": ("/nowhere/fence", "server2"),
}
ADDRESSES = {"server1": ("127.0.0.1",), "server2": ("127.0.0.2",)}
Grant = Callable[[str, int, Callable[[bool], None]], None]


@pytest.fixture
def agent(tmp_path):
    """Make what the agent of server1 has outside, given what its loop says when it is asked for a promise."""
    made = []
    (tmp_path / "cluster.key").write_text(new_key())
    (tmp_path / "logs").mkdir()

    def make(grant: Grant, patience: float = 10.0, fence_timeout: float = 30.0) -> Surroundings:
        told = Settings(
            "server1",
            "web",
            "C:\\witness",
            addresses=ADDRESSES,
            fences=FENCES,
            fence_timeout=fence_timeout,
        )
        made.append(Surroundings(Home(str(tmp_path)), told, patience, grant, Mock(), Mock(), {}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("fence", "seconds", "sure"),
    [("off", 30.0, True), ("failed", 30.0, False), ("hung", 0.2, False), ("missing", 30.0, False)],
)
def test_only_a_fence_that_ends_with_0_confirms_that_a_node_is_off(agent, fence, seconds, sure):
    answers: SimpleQueue[bool] = SimpleQueue()
    agent(Mock(), fence_timeout=seconds).cut_power(fence, answers.put)
    assert answers.get(timeout=20) is sure


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("unforeseen")])
def test_a_fence_that_could_not_run_at_all_is_answered_so_that_it_is_tried_again(monkeypatch, agent, error):
    monkeypatch.setattr(commands.tempfile, "TemporaryFile", Mock(side_effect=error))
    answers: SimpleQueue[bool] = SimpleQueue()
    agent(Mock()).cut_power("off", answers.put)
    assert answers.get(timeout=20) is False


@pytest.mark.parametrize("says", [True, False])
def test_a_promise_is_what_the_loop_says(agent, says):
    asked = []

    def grant(peer, incarnation, answer):
        asked.append((peer, incarnation))
        answer(says)

    assert agent(grant)._promise("server2", {"incarnation": 7}) == {"granted": says}
    assert asked == [("server2", 7)]


def test_a_loop_that_does_not_answer_in_time_has_promised_nothing(agent):
    assert agent(Mock(), patience=0.05)._promise("server2", {"incarnation": 7}) == {"granted": False}


@pytest.mark.parametrize("incarnation", [None, "7", 7.0])
def test_a_promise_is_for_an_incarnation(agent, incarnation):
    grant = Mock()
    with pytest.raises(StandbyError, match="which is a number"):
        agent(grant)._promise("server2", {"incarnation": incarnation})
    grant.assert_not_called()


@pytest.mark.parametrize(
    ("answer", "counts"),
    [({"granted": True}, True), ({"granted": False}, False), ({"granted": "yes"}, False), ({}, False)],
    ids=str,
)
def test_only_a_peer_that_says_yes_has_promised(monkeypatch, agent, answer, counts):
    monkeypatch.setattr(surroundings, "ask", Mock(return_value=answer))
    done = Mock()
    agent(Mock())._ask("server2", 7, done)
    assert done.called is counts


def test_a_peer_that_does_not_answer_has_promised_nothing(monkeypatch, agent):
    monkeypatch.setattr(surroundings, "ask", Mock(side_effect=StandbyError("no answer")))
    done = Mock()
    agent(Mock())._ask("server2", 7, done)
    done.assert_not_called()
