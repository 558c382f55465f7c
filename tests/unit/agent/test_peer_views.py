# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question for a view, over real sockets, and its form on the wire."""

from __future__ import annotations

import json
import queue
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import lookout
from ansible_collections.standby.iis.plugins.module_utils.agent.peer_views import VIEWS, PeerViews
from ansible_collections.standby.iis.plugins.module_utils.agent.peers import wire
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import KeyFile, new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.listener import Listener
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View
from tests.support.caller import PlayedCaller
from tests.support.server_process import free_port

SEEN = {"Shop": View(False, "did not answer", 1.5, look=4), "Wiki": View(True, "all sites are reached", 0.25)}


@pytest.fixture
def pair(tmp_path):
    """An agent that asks, and one that answers with what the test puts there."""
    key = tmp_path / "key"
    key.write_text(new_key())
    told = {"server1": ("127.0.0.1",), "server2": ("127.0.0.1",)}
    settings = Settings("server1", "web", "w", addresses=told, port=free_port())
    problems: list[str] = []
    looks: list[tuple] = []
    answers: list[dict | None] = [SEEN]

    def look(hierarchies, now, answer):
        looks.append((tuple(hierarchies), now))
        if answers[0] is not None:
            answer(answers[0])

    keys = KeyFile(key)
    answering = PeerViews(settings, keys, 0.2, look, problems.append)
    asking = PeerViews(settings, keys, 0.2, look, problems.append)
    listener = Listener(
        ("127.0.0.1",),
        settings.port,
        "server2",
        keys,
        {VIEWS: answering.answer},
        time.monotonic,
        problem=problems.append,
    )
    listener.start()
    asking.looks, asking.problems, asking.answers, asking.listener = looks, problems, answers, listener
    yield asking
    listener.close()
    for one in (asking, answering):
        one.close()


def ask(pair, now=True):
    heard: queue.Queue = queue.Queue()
    pair.ask("server2", ("Shop", "Wiki"), now, heard.put)
    return heard.get(timeout=20)


@pytest.mark.parametrize("now", [True, False])
def test_a_peer_tells_what_it_sees(pair, now):
    heard = ask(pair, now)
    assert heard == SEEN
    assert [view.look for view in heard.values()] == [4, 0]
    assert pair.looks == [(("Shop", "Wiki"), now)]


def test_a_peer_that_is_gone_is_told_of_once_and_again_when_it_was_back(pair):
    pair.answers[0] = None
    assert ask(pair) == ask(pair) == {}
    assert len(pair.problems) == 1
    assert "No view from outside: server2: it refuses: the agent is busy" in pair.problems[0]
    pair.answers[0] = SEEN
    assert ask(pair) == SEEN
    pair.listener.close()
    assert ask(pair) == {}
    assert "nothing listens at 127.0.0.1" in pair.problems[1]


@pytest.mark.parametrize(
    "payload", [{}, {"hierarchies": "Shop"}, {"hierarchies": [1]}, {"hierarchies": ["x"] * 1001}]
)
def test_what_is_no_question_is_refused(pair, payload):
    with pytest.raises(StandbyError):
        pair.answer("server1", payload)
    assert pair.looks == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"views": 7},
        {"views": {"Shop": None}},
        {"views": {"Shop": {"healthy": "yes", "sentence": "", "age": 1.0, "look": 1}}},
        {"views": {"Shop": {"healthy": True, "sentence": "", "age": None, "look": 1}}},
        {"views": {"Shop": {"healthy": True, "sentence": "", "age": -1, "look": 1}}},
        {"views": {"Shop": {"healthy": True, "sentence": "", "age": 1.0}}},
    ],
)
def test_what_is_no_view_is_left_out(document):
    assert lookout.heard(document) == {}


def test_views_survive_the_wire_and_those_without_a_look_are_none():
    views = SEEN | {"Blog": View(None, "server2 has not looked yet")}
    assert lookout.heard(json.loads(json.dumps(lookout.told(views)))) == SEEN


LONG = "server2 reaches {}: status 200 within 0.02 s, as wanted by its check 1 " + "é" * 300


@pytest.mark.parametrize("count", [1, 200, 400, 1000])
def test_the_views_of_as_many_as_may_be_asked_for_fit_into_an_answer(count):
    names = [f"www.customer-{number:03}.example.com" for number in range(count)]
    views = {name: View(True, LONG.format(name), 1.0, look=7) for name in names}
    answer = lookout.told(views)
    assert len(wire.write_answer(wire.Answer(answer))) <= wire.LARGEST_BODY
    heard = lookout.heard(json.loads(json.dumps(answer)))
    assert list(heard) == names[: len(heard)]
    assert len(heard) == count or count == 1000
    assert all(LONG.format(name).startswith(view.sentence) for name, view in heard.items())
    assert (heard == views) == (count == 1)


def test_of_many_hierarchies_a_peer_is_asked_several_times(pair):
    names = [f"site{number}" for number in range(450)]
    pair.answers[0] = {name: View(True, "reached", 1.0) for name in names}
    heard: queue.Queue = queue.Queue()
    pair.ask("server2", names, False, heard.put)
    assert heard.get(timeout=20) == pair.answers[0]
    assert [len(asked) for asked, _now in pair.looks] == [200, 200, 50]
    assert pair.problems == []


class Eyes:
    """Probes whose looks the test ends."""

    def __init__(self) -> None:
        self.waiting: dict[str, list] = {}

    def look_outside(self, name, done):
        self.waiting.setdefault(name, []).append(done)

    def outside(self, name):
        return View(True, name, 1.0)


@pytest.mark.parametrize("ended", [("Shop", "Wiki"), ("Shop",), ()])
def test_a_look_is_answered_when_it_ends_or_in_time_and_once(ended):
    eyes, caller, told = Eyes(), PlayedCaller(), []
    lookout.look(eyes, caller, ("Shop", "Wiki"), 1.0, told.append)
    for name in ended:
        eyes.waiting[name][0](View(True, name))
    assert len(told) == (len(ended) == 2)
    caller.pass_time(1.0)
    assert len(told) == 1
    assert set(told[0]) == {"Shop", "Wiki"}
    eyes.waiting["Wiki"][0](View(True, "Wiki"))
    assert len(told) == 1
