# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent keeps warm sites started where they are down, and says how ready they are."""

from __future__ import annotations

from dataclasses import replace
from queue import SimpleQueue
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import addresses, hands
from ansible_collections.standby.iis.plugins.module_utils.agent import surroundings as surroundings_module
from ansible_collections.standby.iis.plugins.module_utils.agent.hands import Hands
from ansible_collections.standby.iis.plugins.module_utils.agent.warm_standby import WarmStandby
from ansible_collections.standby.iis.plugins.module_utils.control import site_services
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy, StandbyMode
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Reason, Verb
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from tests.support.ha_world import DATA, IP2, NODES, WIKI, World

WARM = Hierarchy("Wiki", NODES, (IP2,), (DATA,), (replace(WIKI, standby_mode=StandbyMode.WARM),))
COLD = replace(WARM, sites=(WIKI,))


class Bench:
    """A node that stands by, whose work is done when ``work`` is called."""

    def __init__(self, monkeypatch) -> None:
        self.world = World()
        self.server = self.world.servers["server2"]
        self.down, self.begun = True, False
        self.failures: list[StandbyError] = []
        self.said: list[str] = []
        self.shown: dict[str, str] = {}
        self.waiting: list = []
        self.before_pool = lambda: None
        monkeypatch.setattr(site_services.iis, "start_pool", self._start_pool)
        monkeypatch.setattr(site_services, "start", self._start)
        self.standby = WarmStandby(
            Node("server2", None, None),
            lambda _name: (lambda: not self.begun) if self.down else None,
            lambda call: call(),
            self.said.append,
            self.shown.__setitem__,
            Mock(),
        )
        self.standby._workers = Mock(submit=self.waiting.append)

    def look(self, hierarchy=WARM) -> str:
        self.standby.look(hierarchy, self.world.facts()["server2"])
        return self.shown.get(hierarchy.name, "")

    def work(self) -> None:
        self.waiting.pop(0)()

    def _start_pool(self, _node, name, *, clock):
        self.before_pool()
        self.server.pools.add(name)

    def _start(self, _node, _service, name, _clock):
        if self.failures:
            raise self.failures[0]
        self.server.sites.add(name)


@pytest.fixture
def bench(monkeypatch):
    return Bench(monkeypatch)


def test_what_is_lacking_is_started_and_then_told_to_be_ready(bench):
    bench.server.pools = set()
    assert bench.look() == "warm: not ready, because pool 'wiki' and the site are not started"
    bench.work()
    assert (bench.server.pools, bench.server.sites) == ({"wiki"}, {"Wiki"})
    assert (bench.look(), bench.waiting) == ("warm: ready", [])


def test_a_cold_site_is_left_alone_and_nothing_is_told(bench):
    assert (bench.look(COLD), bench.waiting) == ("", [])


def test_one_start_at_a_time_however_often_is_looked(bench):
    bench.look()
    bench.look()
    assert len(bench.waiting) == 1


def test_what_is_not_down_here_is_left_alone(bench):
    bench.down = False
    assert (bench.look(), bench.waiting) == ("", [])


def test_beside_an_address_of_it_nothing_is_started(bench):
    bench.server.addresses = {"10.0.0.51"}
    assert "has its address 10.0.0.51" in bench.look()
    assert bench.waiting == []


def test_once_something_else_is_begun_with_it_nothing_more_is_started(bench):
    bench.server.pools = set()
    bench.look()

    def begin():
        bench.begun = True

    bench.before_pool = begin
    bench.work()
    assert (bench.server.pools, bench.server.sites) == ({"wiki"}, set())


def test_a_start_that_fails_is_said_once_shown_and_tried_again(bench):
    failure = StandbyError("the site does not start", resource='site "Wiki"', remedy="Look at its pool")
    bench.failures.append(failure)
    why = 'server2, site "Wiki": the site does not start. Look at its pool.'
    for _number in range(2):
        bench.look()
        bench.work()
    assert bench.said == [f"Wiki cannot be kept warm: {why}"]
    assert bench.look() == f"warm: not ready, because the site is not started; {why}"
    bench.failures.clear()
    bench.work()
    assert bench.look() == "warm: ready"


def test_what_stops_again_and_again_is_started_less_and_less_often(bench):
    def started(looks: int) -> int:
        count = 0
        for _number in range(looks):
            bench.server.sites = set()
            bench.look()
            if bench.waiting:
                bench.work()
                count += 1
        return count

    assert started(4) == 4
    assert 0 < started(400) < 30
    for _number in range(200):  # it was well for long
        bench.server.sites = {"Wiki"}
        bench.look()
    assert started(60) > 4


def test_what_is_brought_up_here_stands_by_no_longer(bench):
    bench.look()
    bench.standby.ended("Wiki")
    assert bench.shown["Wiki"] == ""


def test_status_shows_it_beside_the_reason(monkeypatch):
    monkeypatch.setattr(surroundings_module, "standing_of", lambda _snapshot: "member")
    local = Mock(notice="", problem="", healthy=True)
    snapshot = Mock(local={"Wiki": local, "Shop": local})
    decision = Mock(verdicts=[Mock(hierarchy=name) for name in ("Wiki", "Shop")])
    shown = surroundings_module.status(snapshot, decision, {"Wiki": "warm: ready", "Shop": ""})
    assert shown["hierarchies"]["Wiki"]["standby"] == "warm: ready"
    assert "standby" not in shown["hierarchies"]["Shop"]


# What the hands leave started


class Lease:
    until = 1000.0

    def serves(self, _now):
        return True


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (Reason.HANDING_OVER, {"Wiki"}),
        (Reason.TAKEN_OUT, {"Wiki"}),
        (Reason.NO_STANDING, {"Wiki"}),
        (Reason.RECOVERING, set()),
    ],
)
def test_only_a_restart_stops_a_warm_site(monkeypatch, reason, left):
    world = World()
    server = world.servers["server1"]
    server.addresses, server.sites = {"10.0.0.51"}, {"Wiki"}
    told: SimpleQueue = SimpleQueue()
    monkeypatch.setattr(hands, "gather", lambda node, _scope: world.facts()[node.name])
    monkeypatch.setattr(hands, "operate", lambda _node, step, _clock: world.perform(step))
    monkeypatch.setattr(addresses, "remove_address", lambda _node, one: server.addresses.discard(one))
    node = Node("server1", None, None)
    clock = Mock(**{"monotonic.return_value": 100.0})
    made = Hands(
        node, node, {"Wiki": WARM}, PRESETS["lan"], Lease(), lambda *one: told.put(one), lambda f: f(), clock
    )
    try:
        still = made.unless_begun("Wiki")
        assert still()
        made.begin(Do(Verb.STOP, "Wiki", 3, reason, "it is asked for"))
        assert not still()
        assert told.get(timeout=20) == ("Wiki", LocalState.DOWN, "")
        assert (server.addresses, server.sites) == (set(), left)
        assert made.survey() == {"Wiki": LocalState.DOWN}
    finally:
        made.close()
