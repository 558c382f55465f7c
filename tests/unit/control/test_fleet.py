# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: one thread at a time, opened once, closed together, never more than the node allows."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import SESSIONS_PER_NODE, Fleet
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection


class Sessions:
    def __init__(self):
        self.opened, self.closed, self.refuse = [], [], {}

    def open(self, connection):
        if connection.name in self.refuse:
            raise self.refuse[connection.name]
        node = Node(connection.name, None, None)
        node.close = lambda: self.closed.append(node)
        self.opened.append(node)
        return node


@pytest.fixture
def sessions():
    return Sessions()


@pytest.fixture
def fleet(sessions):
    with Fleet([Connection("server1", "a"), Connection("server2", "b")], connect=sessions.open) as whole:
        yield whole


def test_every_node_is_asked_and_answers_under_its_name(fleet):
    assert fleet.each(lambda node: node.name.upper()) == {"server1": "SERVER1", "server2": "SERVER2"}
    assert fleet.each(lambda node: 1, ["server2"]) == {"server2": 1}


def test_all_nodes_are_asked_at_the_same_time(fleet):
    meeting = threading.Barrier(2, timeout=10)

    answers = fleet.each(lambda node: meeting.wait() >= 0)

    assert answers == {"server1": True, "server2": True}


def test_an_error_of_one_node_is_its_answer_and_the_others_still_answer(fleet):
    error = StandbyError("no")

    def ask(node):
        if node.name == "server1":
            raise error
        return 1

    assert fleet.each(ask) == {"server1": error, "server2": 1}


def test_a_node_that_cannot_be_opened_answers_with_why(fleet, sessions):
    sessions.refuse["server2"] = Unreachable("refused")

    assert isinstance(fleet.each(lambda node: 1)["server2"], Unreachable)


def test_a_mistake_in_our_own_code_is_not_taken_for_an_answer(fleet):
    with pytest.raises(ZeroDivisionError):
        fleet.each(lambda node: 1 // 0)


def test_a_session_is_used_again_and_never_by_two_at_once(fleet, sessions):
    with fleet.lease("server1") as one:
        pass
    with fleet.lease("server1") as two, fleet.lease("server1") as three:
        assert two is one
        assert three is not two
    assert len(sessions.opened) == 2


def test_a_session_whose_link_was_lost_is_closed_and_not_used_again(fleet, sessions):
    with pytest.raises(Unreachable), fleet.lease("server1") as lost:
        raise Unreachable("gone")

    with fleet.lease("server1") as fresh:
        assert fresh is not lost
    fleet.close()
    assert set(map(id, sessions.closed)) == {id(lost), id(fresh)}


def test_a_session_that_takes_long_to_close_holds_nobody_up(sessions):
    closing = threading.Event()
    with Fleet([Connection("server1", "a")], connect=sessions.open) as fleet:
        with pytest.raises(Unreachable), fleet.lease("server1") as lost:
            lost.close = lambda: closing.wait(10)
            raise Unreachable("gone")

        assert fleet.each(lambda node: 1) == {"server1": 1}
        assert not closing.is_set()
        closing.set()


def test_a_session_survives_an_error_that_is_not_the_links(fleet):
    with pytest.raises(StandbyError), fleet.lease("server1") as one:
        raise StandbyError("appcmd failed")

    with fleet.lease("server1") as two:
        assert two is one


def test_warming_opens_that_many_sessions_and_touches_each_once(fleet, sessions):
    touched = []

    fleet.warm("server1", 3, lambda node: touched.append(id(node)))
    fleet.warm("server1", 3, lambda node: touched.append(id(node)))

    assert len(sessions.opened) == 3
    assert len(set(touched[:3])) == 3
    assert sorted(touched[:3]) == sorted(touched[3:])


def test_warming_never_opens_more_than_a_node_gets(fleet, sessions):
    fleet.warm("server1", SESSIONS_PER_NODE + 5, lambda node: None)

    assert len(sessions.opened) == SESSIONS_PER_NODE


def test_warming_a_node_that_refuses_raises_its_error(fleet, sessions):
    sessions.refuse["server2"] = Unreachable("refused", node="server2")

    with pytest.raises(Unreachable):
        fleet.warm("server2", 3, lambda node: None)


def test_closing_closes_every_session_even_where_one_fails(sessions):
    with Fleet([Connection("server1", "a")], connect=sessions.open) as fleet:
        with fleet.lease("server1") as one, fleet.lease("server1"):
            pass

        def fail():
            raise Unreachable("gone")

        one.close = fail

    assert len(sessions.closed) == 1


def test_an_unknown_node_is_refused_with_those_that_are_known(fleet):
    with pytest.raises(StandbyError, match="server1, server2"):
        fleet.lease("server3")


@pytest.mark.parametrize("names", [(), ("server1", "server1")])
def test_no_node_and_one_node_twice_are_refused(names):
    with pytest.raises(StandbyError):
        Fleet([Connection(name, "a") for name in names], connect=lambda connection: None)


def test_sessions_that_meet_an_exception_nobody_foresaw_do_not_wait_for_each_other(fleet, monkeypatch):
    barrier, touched = threading.Barrier, []
    monkeypatch.setattr(threading, "Barrier", lambda parties: barrier(parties, timeout=10))

    def touch(_node):
        touched.append(True)
        if len(touched) == 1:
            raise KeyError("broken")

    started = time.monotonic()
    with pytest.raises(KeyError):
        fleet.warm("server1", 3, touch)
    fleet.close()
    assert time.monotonic() - started < 5
