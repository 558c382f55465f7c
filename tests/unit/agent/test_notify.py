# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications: what is news, who is held up by whom, and what becomes of what cannot be delivered."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.notify import Event, Notifier
from ansible_collections.standby.iis.plugins.module_utils.agent.outbox import Outbox
from ansible_collections.standby.iis.plugins.module_utils.agent.severity import Severity
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError

PATIENCE = 20.0
OUT = Event(
    "2026-01-01T12:00:00Z", "server1", "WebSite1", "out_of_service", "It is out since 5 s.", Severity.ERROR
)
IN = replace(OUT, what="in_service", sentence="It is in service.", severity=Severity.INFO)


class Ear:
    """A channel that keeps what it is given, as slowly and as badly as it is told to."""

    name = "the ear"

    def __init__(self) -> None:
        self.heard: list[dict] = []
        self.fails = 0
        self.open = threading.Event()
        self.open.set()
        self.busy = threading.Event()
        self.pauses: list[bool] = []

    def deliver(self, content, pause) -> None:
        self.busy.set()
        assert self.open.wait(PATIENCE)
        if self.fails:
            self.fails -= 1
            self.pauses.append(pause(0))
            raise StandbyError("it is deaf", remedy="Speak up")
        self.heard.append(content)

    def told(self, *members: str) -> list[tuple]:
        return [tuple(one[member] for member in members) for one in self.heard]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def told(events, ear: Ear, clock: Clock, **options) -> list[str]:
    problems: list[str] = []
    notifier = Notifier([ear], problems.append, clock, **options)
    for event in events:
        if isinstance(event, float):
            clock.now += event
        else:
            notifier.tell(event)
    assert notifier.close(PATIENCE)
    return problems


def test_a_channel_is_given_all_of_an_event(clock: Clock):
    ear = Ear()
    assert told([OUT], ear, clock) == []
    assert ear.heard == [
        {
            "format": 1,
            "at": "2026-01-01T12:00:00Z",
            "node": "server1",
            "hierarchy": "WebSite1",
            "what": "out_of_service",
            "sentence": "It is out since 5 s.",
            "severity": "error",
            "repeated": 0,
            "dropped": 0,
        }
    ]


def test_the_same_is_told_once_and_counted_until_it_was_quiet_for_long_enough(clock: Clock):
    ear = Ear()
    later = replace(OUT, sentence="It is out since 7.5 s.", at="2026-01-01T12:00:03Z")
    told([OUT, later, 299.0, OUT, 1.0, later, OUT], ear, clock)
    assert ear.told("sentence", "repeated") == [(OUT.sentence, 0), (later.sentence, 2)]


def test_a_change_back_and_forth_is_told_each_time(clock: Clock):
    ear = Ear()
    told([OUT, IN, OUT, IN, IN], ear, clock)
    assert [what for (what,) in ear.told("what")] == ["out_of_service", "in_service"] * 2


def test_another_sentence_is_news_though_the_kind_is_the_same(clock: Clock):
    ear = Ear()
    told([OUT, replace(OUT, sentence="It is out: no answer on port 80.")], ear, clock)
    assert len(ear.heard) == 2


def test_hierarchies_and_nodes_do_not_silence_each_other(clock: Clock):
    ear = Ear()
    others = [replace(OUT, hierarchy="WebSite2"), replace(OUT, node="server2"), replace(OUT, hierarchy="")]
    told([OUT, *others, OUT], ear, clock)
    assert len(ear.heard) == 4


def test_a_channel_that_hangs_holds_up_neither_the_caller_nor_another_channel(clock: Clock):
    stuck, well = Ear(), Ear()
    stuck.open.clear()
    notifier = Notifier([stuck, well], [].append, clock, size=3)
    for number in range(50):
        notifier.tell(replace(OUT, hierarchy=str(number)))
        stuck.busy.wait(PATIENCE)
    assert not notifier.close(0.05)
    stuck.open.set()
    assert notifier.close(PATIENCE)
    assert stuck.told("hierarchy", "dropped") == [("0", 0), ("47", 46), ("48", 0), ("49", 0)]
    assert len(well.heard) + sum(one for (one,) in well.told("dropped")) == 50


def test_what_could_not_be_delivered_is_a_problem_and_is_counted_with_the_next(clock: Clock):
    ear = Ear()
    ear.fails = 2
    problems = told([OUT, IN, OUT], ear, clock)
    assert problems == ["A notification was not delivered by the ear: it is deaf. Speak up."] * 2
    assert ear.told("what", "dropped") == [("out_of_service", 2)]


def test_a_channel_with_an_error_of_its_own_is_survived(clock: Clock):
    class Broken(Ear):
        def deliver(self, content, pause) -> None:
            raise KeyError("content")

    problems: list[str] = []
    ear = Ear()
    notifier = Notifier([Broken(), ear], problems.append, clock)
    notifier.tell(OUT)
    notifier.tell(IN)
    assert notifier.close(PATIENCE)
    assert len(ear.heard) == 2
    assert len(problems) == 2
    assert "an unexpected KeyError" in problems[0]


def test_a_problem_that_cannot_be_told_ends_no_thread():
    delivered: list[int] = []

    def deliver(item: int, _dropped: int) -> None:
        if not item:
            raise KeyError("item")
        delivered.append(item)

    def fail(_sentence: str) -> None:
        raise OSError("disk full")

    outbox: Outbox[int] = Outbox(deliver, 10, fail)
    for item in (0, 1):
        outbox.put(item)
    assert outbox.close(PATIENCE)
    assert delivered == [1]


def test_after_the_end_there_are_no_further_tries_and_nothing_is_taken(clock: Clock):
    ear = Ear()
    ear.open.clear()
    ear.fails = 1
    notifier = Notifier([ear], [].append, clock)
    notifier.tell(OUT)
    assert not notifier.close(0)
    ear.open.set()
    assert notifier.close(PATIENCE)
    assert ear.pauses == [True]
    notifier.tell(IN)
    assert notifier.close(PATIENCE)
    assert ear.heard == []
