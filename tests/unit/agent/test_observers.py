# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the others what they see: in rounds, at once where there is doubt, one question at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.observers import Observers
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import idle_interval
from ansible_collections.standby.iis.plugins.module_utils.ha.outlook import FALL
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View
from tests.support.caller import PlayedCaller

LAN = timers("lan")
IDLE = idle_interval(LAN)
OTHERS = {"Shop": ("server2",), "Wiki": ("server2", "server3")}


class Bench:
    """Observers of server1, whose questions the test answers."""

    def __init__(self) -> None:
        self.caller = PlayedCaller()
        self.questions: list[tuple[str, tuple[str, ...], bool]] = []
        self._answers: list[Callable] = []
        self.observers = Observers(OTHERS, LAN, self.caller, self.ask)
        self._looks = 0

    def ask(self, node, hierarchies, now, done):
        self.questions.append((node, tuple(hierarchies), now))
        self._answers.append(done)

    def asked(self):
        found, self.questions = self.questions, []
        return sorted(found)

    def answer(self, healthy=None, names=("Shop", "Wiki"), age=0.0):
        """All questions that are open; without a word where it is not said how it is."""
        self._looks += 1
        view = View(healthy, "seen", age, look=self._looks)
        answers, self._answers = self._answers, []
        for done in answers:
            done({} if healthy is None else dict.fromkeys(names, view))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_is_not_in_service_here_is_asked_of_nobody(bench):
    bench.observers.begin()
    bench.caller.pass_time(3 * IDLE)
    bench.observers.doubt("Shop")
    assert bench.asked() == []


def test_each_node_is_asked_one_question_a_round_for_all_that_it_shares(bench):
    bench.observers.restarted("Shop")
    bench.observers.restarted("Wiki")
    bench.observers.begin()
    assert bench.asked() == [("server2", ("Shop", "Wiki"), False), ("server3", ("Wiki",), False)]
    bench.answer(True)
    bench.caller.pass_time(IDLE)
    assert len(bench.asked()) == 2
    assert bench.observers.view("Shop").healthy is True


def test_a_node_that_has_not_answered_is_asked_nothing_more(bench):
    bench.observers.restarted("Shop")
    bench.observers.begin()
    bench.caller.pass_time(5 * IDLE)
    bench.observers.doubt("Shop")
    assert len(bench.asked()) == 1
    bench.answer()
    bench.observers.doubt("Shop")
    assert bench.asked() == [("server2", ("Shop",), True)]


def test_who_does_not_reach_it_is_asked_again_soon_until_it_does(bench):
    bench.observers.restarted("Shop")
    bench.observers.begin()
    bench.answer(True)
    bench.caller.pass_time(IDLE)
    bench.asked()
    for looks in (1, 2, 3):
        bench.answer(False)
        view = bench.observers.view("Shop")
        assert (view.healthy, view.sure) == (False, looks >= FALL)
        bench.caller.pass_time(2 * LAN.interval)
        assert bench.asked(), "long before the next round"
    bench.answer(True)
    bench.caller.pass_time(IDLE - 1.0)
    bench.asked()
    bench.caller.pass_time(1.0)
    assert {now for _node, _names, now in bench.asked()} <= {False}


def test_an_answer_that_comes_after_the_stop_counts_no_more(bench):
    bench.observers.restarted("Shop")
    bench.observers.begin()
    bench.observers.stopped("Shop")
    bench.answer(False)
    bench.observers.restarted("Shop")
    assert bench.observers.view("Shop").healthy is None


def test_what_is_told_of_others_is_passed_over(bench):
    bench.observers.restarted("Shop")
    bench.observers.begin()
    bench.answer(True, names=("Elsewhere",))
    assert bench.observers.view("Shop").healthy is None
