# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of operators: put where agents see them, followed, refused, taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.desk import Desk
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Conflict
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    MAINTENANCE,
    NODES,
    Answer,
    HierarchyRecord,
    Maintenance,
    NodeRecord,
    RequestKind,
    decode_hierarchy,
    decode_maintenance,
    encode,
)

WEB = HierarchyRecord('Shop "&" 日本', "server1", 3, 4, "server1 took it")
KEY = HIERARCHIES + WEB.hierarchy


class Clock:
    """Time that goes on by sleeping, and what happens meanwhile."""

    def __init__(self):
        self.now = 100.0
        self.meanwhile = lambda: None

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def store(tmp_path):
    made = open_directory(str(tmp_path))
    made.put(KEY, 0, encode(WEB))
    return made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(store, clock):
    return Desk(store, "Ada", clock)


def record(store):
    found = store.get(KEY)
    return decode_hierarchy(found.value, WEB.hierarchy)


def answer(store, accepted=True):
    found = store.get(KEY)
    known = decode_hierarchy(found.value, WEB.hierarchy)
    done = replace(known, request=None, answer=Answer(known.request.id, accepted, "as you wish"))
    store.put(KEY, found.version, encode(done))


def test_a_request_stands_in_the_record_and_changes_nothing_else(desk, store):
    number = desk.ask(WEB.hierarchy, RequestKind.SWITCHOVER, "server2", force=True)
    found = record(store)
    assert (found.request.id, found.request.target, found.request.force, found.request.by) == (
        number,
        "server2",
        True,
        "Ada",
    )
    assert replace(found, request=None) == WEB


def test_a_second_request_is_refused_with_who_asked_first(desk, store):
    desk.ask(WEB.hierarchy, RequestKind.SWITCHOVER, "server2")
    with pytest.raises(StandbyError, match="Ada has asked for a switchover") as refused:
        desk.ask(WEB.hierarchy, RequestKind.OUT)
    assert refused.value.resource == f'hierarchy "{WEB.hierarchy}"'
    assert record(store).request.kind is RequestKind.SWITCHOVER


def test_a_hierarchy_without_a_record_is_not_made_by_asking(desk, store):
    """One that never was in service has none: who asks is told where to look."""
    with pytest.raises(StandbyError, match="has no record of it") as refused:
        desk.ask("none", RequestKind.OUT)
    assert refused.value.remedy.endswith("if none does, the status of its nodes says why")
    assert list(store.list("")) == [KEY]


@pytest.mark.parametrize("accepted", [True, False])
def test_the_answer_is_waited_for(desk, store, clock, accepted):
    number = desk.ask(WEB.hierarchy, RequestKind.SWITCHOVER, "server2")
    clock.meanwhile = lambda: answer(store, accepted) if record(store).request else None
    assert desk.follow(WEB.hierarchy, number, 10.0) == Answer(number, accepted, "as you wish")


def test_a_request_that_nobody_answers_is_taken_back(desk, store, clock):
    number = desk.ask(WEB.hierarchy, RequestKind.SWITCHOVER, "server2")
    with pytest.raises(StandbyError, match="no agent answered the request within 5 s, and it was taken back"):
        desk.follow(WEB.hierarchy, number, 5.0)
    assert record(store) == WEB
    assert clock.now >= 105.0


def test_an_answer_in_the_last_moment_counts(desk, store, clock):
    number = desk.ask(WEB.hierarchy, RequestKind.SWITCHOVER, "server2")
    clock.meanwhile = lambda: answer(store) if clock.now >= 105.0 else None
    assert desk.follow(WEB.hierarchy, number, 5.0).accepted


def test_an_agent_that_writes_at_the_same_moment_does_not_lose_the_request(desk, store, monkeypatch):
    put = store.put
    writes = []

    def interfered(key, version, value):
        if not writes:
            writes.append(put(key, version, encode(replace(WEB, reason="renewed"))))
        return put(key, version, value)

    monkeypatch.setattr(store, "put", interfered)
    desk.ask(WEB.hierarchy, RequestKind.ACKNOWLEDGE)
    assert record(store).request.kind is RequestKind.ACKNOWLEDGE
    assert record(store).reason == "renewed"


def test_a_record_that_never_stands_still_is_given_up(desk, store, monkeypatch):
    def refused(key, version, value):
        raise Conflict(key, version, version + 1)

    monkeypatch.setattr(store, "put", refused)
    with pytest.raises(StandbyError, match="changes all the time"):
        desk.ask(WEB.hierarchy, RequestKind.ACKNOWLEDGE)


def test_maintenance_is_set_and_ended_and_says_what_stands(desk):
    def begin(known):
        return replace(known, nodes=("server1",))

    assert desk.maintain(begin) == Maintenance(nodes=("server1",))
    assert desk.maintain(begin) == Maintenance(nodes=("server1",))
    assert desk.board().maintenance == Maintenance(nodes=("server1",))
    assert desk.maintain(lambda _known: Maintenance()) == Maintenance()


def test_the_board_shows_what_can_be_read_and_names_what_cannot(desk, store):
    store.put(NODES + "server1", 0, encode(NodeRecord("server1", 3, "a")))
    store.put(NODES + "server2", 0, "{")
    board = desk.board()
    assert board.hierarchies == {WEB.hierarchy: WEB}
    assert board.nodes == {"server1": NodeRecord("server1", 3, "a")}
    assert len(board.problems) == 1
    assert "server2" in board.problems[0]


@pytest.mark.parametrize("text", [encode(Maintenance(cluster=True)), "{", '{"format":1}'])
def test_maintenance_is_ended_also_where_its_record_is_damaged(tmp_path, text):
    store = open_directory(str(tmp_path))
    store.put(MAINTENANCE, 0, text)
    Desk(open_directory(str(tmp_path)), "Ada").maintain(lambda _before: Maintenance())
    assert decode_maintenance(store.get(MAINTENANCE).value) == Maintenance()


def test_maintenance_of_a_newer_version_is_left_alone(tmp_path):
    store = open_directory(str(tmp_path))
    store.put(MAINTENANCE, 0, '{"format":99}')
    with pytest.raises(StandbyError):
        Desk(open_directory(str(tmp_path)), "Ada").maintain(lambda _before: Maintenance())
    assert store.get(MAINTENANCE).value == '{"format":99}'
