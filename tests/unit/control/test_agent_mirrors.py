# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A move of mirrored data through agents begins when the target has all of it, and they know."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import agent_mirrors
from ansible_collections.standby.iis.plugins.module_utils.control.agent_mirrors import await_copies
from ansible_collections.standby.iis.plugins.module_utils.control.agent_view import Record, View
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from tests.support.mirror_world import WHOLE, pair


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


CASE = SimpleNamespace(hierarchy=WHOLE, facts=pair(), label='hierarchy "Shop"')
FLEET = SimpleNamespace(lease=nullcontext)


def shows(current, owner="server1"):
    return View("server1", records={"Shop": Record(owner, "", True, None, current)})


@pytest.fixture
def waited(monkeypatch):
    found = []
    monkeypatch.setattr(
        agent_mirrors, "wait_in_sync", lambda node, volume, _clock: found.append((node, volume.id))
    )
    return found


def test_the_copy_is_waited_for_and_then_the_record(waited):
    clock, views = Clock(), [shows(("server1",)), shows(("server1",)), shows(("server1", "server2"))]
    await_copies(FLEET, CASE, "server2", lambda: views.pop(0), clock)
    assert waited == [("server2", "volume R:\\")]
    assert (views, clock.now) == ([], 1.0)


def test_what_is_not_written_down_is_told_and_nothing_is_asked(waited):
    with pytest.raises(StandbyError, match="its agents have not written that down") as told:
        await_copies(FLEET, CASE, "server2", lambda: shows(("server1",)), Clock())
    assert told.value.node == "server2"
    assert told.value.remedy


@pytest.mark.parametrize("view", [shows(None), shows(("server1",), owner=None)])
def test_agents_that_do_not_tell_answer_for_themselves(waited, view):
    await_copies(FLEET, CASE, "server2", lambda: view, Clock())
    assert waited == [("server2", "volume R:\\")]


@pytest.mark.parametrize("mute", [StandbyError("no answer."), View("server1")], ids=["silent", "no record"])
def test_an_agent_that_says_nothing_of_it_is_asked_again(waited, mute):
    clock, views = Clock(), [mute, mute, shows(("server1", "server2"))]
    await_copies(FLEET, CASE, "server2", lambda: views.pop(0), clock)
    assert (views, clock.now) == ([], 1.0)
    with pytest.raises(StandbyError, match="its agents have not written that down"):
        await_copies(FLEET, CASE, "server2", lambda: mute, clock)


def test_the_source_waits_for_nothing(waited):
    await_copies(FLEET, CASE, "server1", lambda: shows(("server1",)), Clock())
    assert waited == []


def test_a_copy_whose_source_is_lost_is_not_waited_for(waited):
    facts = {**pair(), "server1": NodeFacts("server1", problem="no answer.")}
    case = SimpleNamespace(hierarchy=WHOLE, facts=facts, label='hierarchy "Shop"')
    await_copies(FLEET, case, "server2", lambda: shows(("server1",)), Clock())
    assert waited == []
