# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent sees of its mirrors, and what it tells ownership of them."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import probes as probes_module
from ansible_collections.standby.iis.plugins.module_utils.agent.copies import Ownership
from ansible_collections.standby.iis.plugins.module_utils.agent.declared import ClusterOptions, membership
from ansible_collections.standby.iis.plugins.module_utils.agent.hands import Hands
from ansible_collections.standby.iis.plugins.module_utils.agent.place import Outside, Place
from ansible_collections.standby.iis.plugins.module_utils.agent.probes import Probes
from ansible_collections.standby.iis.plugins.module_utils.agent.worker import Worker
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, plan
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy
from tests.support.caller import PlayedCaller
from tests.support.mirror_world import CLUSTER, WHOLE, pair

LAN = timers("lan")
BOTH = ("server1", "server2")


class Eyes:
    """Probes of one node, over facts that the test sets."""

    def __init__(self, monkeypatch, name: str) -> None:
        self.name, self.facts, self.caller = name, pair()[name], PlayedCaller()
        monkeypatch.setattr(probes_module, "gather", lambda _node, _scope: self.facts)
        self.probes = Probes(Node(name, None, None), (WHOLE,), LAN, self.caller, lambda _name, _verdict: None)

    def show(self, *copies: Copy) -> None:
        """Both ends are in these states from now on, and have been looked at."""
        self.facts = pair(*copies)[self.name]
        self.caller.pass_time(self.probes.looks_every)
        self.caller.receive()


@pytest.fixture
def eyes(monkeypatch):
    made: list[Eyes] = []

    def make(name: str) -> Eyes:
        made.append(Eyes(monkeypatch, name))
        return made[-1]

    yield make
    for one in made:
        one.probes.close()


def test_who_has_the_newest_data_is_seen_only_since_it_came_into_service(eyes):
    one = eyes("server1")
    one.probes.begin()
    one.caller.receive()
    assert one.probes.current("Shop") is None
    one.probes.restarted("Shop")
    assert one.probes.current("Shop") is None
    one.show(Copy.IN_SYNC)
    assert one.probes.current("Shop") == BOTH
    one.show(Copy.DISCONNECTED)
    assert one.probes.current("Shop") == ("server1",)
    one.probes.stopped("Shop")
    assert one.probes.current("Shop") is None


def test_what_was_read_before_a_start_says_nothing_of_it(eyes):
    one = eyes("server1")
    one.probes.restarted("Shop")
    read = one.caller.posted.get(timeout=20)
    one.probes.stopped("Shop")
    one.probes.restarted("Shop")
    read()
    assert one.probes.current("Shop") is None


def test_a_copy_is_looked_at_as_often_as_its_source(eyes):
    two = eyes("server2")
    two.probes.begin()
    two.caller.receive()
    seen = two.probes.mirrored_at("Shop")
    assert seen == two.caller.now
    two.show(Copy.IN_SYNC, Copy.IN_SYNC)
    assert two.probes.mirrored_at("Shop") == seen + two.probes.looks_every
    two.show(Copy.IN_SYNC, Copy.DISCONNECTED)
    assert two.probes.mirrored_at("Shop") == seen + two.probes.looks_every


def test_a_hierarchy_on_a_mirror_is_replicated():
    (rules,) = membership(CLUSTER, ClusterOptions()).hierarchies
    assert (rules.replicated, rules.exclusive) == (True, False)


@pytest.fixture
def worker():
    cluster = membership(CLUSTER, ClusterOptions())
    place = Place("server2", "a", "m", Mock(), Mock(), {"Shop": WHOLE}, cluster, LAN, Mock())
    made = Worker(place, Mock(Outside))
    made._hands.close()
    made._probes.close()
    made._hands, made._probes, made.engine, made.memory = Mock(), Mock(problems=()), Mock(), Mock()
    made._probes.blocked.return_value, made._probes.current.return_value = "", None
    made.memory.local = {"Shop": Local(LocalState.DOWN)}
    yield made
    made._witness.close()


def looks(worker, mirrored: float | None, heard: tuple[str, float | None] | None) -> str:
    worker._probes.mirrored_at.return_value = mirrored
    worker.memory.owner_heard.return_value = heard
    worker._look("Shop")
    return worker.memory.local["Shop"].stale


def test_a_copy_that_its_owner_outlived_is_told_as_stale(worker):
    assert looks(worker, 100.0, ("server1", 101.0)) == ""
    assert "server1 was there for 20 s after" in looks(worker, 100.0, ("server1", 120.0))
    assert looks(worker, 119.0, ("server1", 120.0)) == ""
    assert "has not been in sync" in looks(worker, None, ("server1", 120.0))


def test_the_fence_of_an_owner_is_no_sign_of_its_life(worker):
    assert looks(worker, 100.0, ("server1", 101.0)) == ""
    assert looks(worker, 100.0, ("server1", None)) == ""
    assert "20 s" in looks(worker, 100.0, ("server1", 120.0))
    assert "20 s" in looks(worker, 100.0, ("server1", None))


@pytest.mark.parametrize("gone", [True, False])
def test_a_node_that_is_there_is_never_taken_over_from(gone):
    told: list[bool] = []
    hands = Hands(
        Node("server2", Mock(), Mock()),
        Mock(),
        {"Shop": WHOLE},
        LAN,
        Mock(),
        Mock(),
        Mock(),
        lost=lambda name: (told.append(name == "server1"), gone)[1],
    )
    steps = plan(WHOLE, None, "server2", {"server2": pair(up=None)["server2"]}).steps
    turn = hands._bounded(next(step for step in steps if step.action is Action.TURN_MIRROR))
    assert (told, turn.arguments["promote"]) == ([True], gone)
    hands.close()


def test_what_nobody_else_has_is_not_stale(worker):
    assert looks(worker, None, None) == ""


def test_what_was_seen_of_another_time_in_service_is_forgotten(worker):
    worker.memory.local["Shop"] = Local(LocalState.UP, current=BOTH)
    worker._set("Shop", LocalState.STOPPING)
    assert worker.memory.local["Shop"].current is None


@pytest.mark.parametrize("lease", [True, False])
def test_a_node_that_wakes_up_after_its_lease_serves_no_more_for_its_mirror(worker, lease):
    worker.memory.local = {"Shop": Local(LocalState.UP)}
    worker.memory.record.return_value = Mock(owner="server2", epoch=4)
    worker.memory.serves.return_value = lease
    assert worker._owned("Shop") == Ownership(owns=True, serves=lease, epoch=4)
