# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker between loop, hands and outside: late starts, local time, the lease of an earlier process."""

from __future__ import annotations

import time
from dataclasses import replace
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import worker as module
from ansible_collections.standby.iis.plugins.module_utils.agent.copies import Ownership
from ansible_collections.standby.iis.plugins.module_utils.agent.place import Outside, Place
from ansible_collections.standby.iis.plugins.module_utils.agent.worker import Worker
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    CutPower,
    Do,
    Reason,
    Verb,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    HierarchyRecord,
    encode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Membership,
    Rules,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.succession import Standing
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS
from tests.support.ownership_memory import Stored

TIMERS = PRESETS["fast"]
START = Do(Verb.START, "Shop", 3, Reason.STARTING, "server1 owns it")


@pytest.fixture
def worker():
    """One with a hierarchy that is down, whose hands are idle and which decides nothing."""
    cluster = Membership(("server1", "server2"), (Rules("Shop", ("server1", "server2")),))
    made = Worker(Place("server1", "a", "m", Mock(), Mock(), {}, cluster, TIMERS, Mock()), Mock(Outside))
    made._hands.close()
    made._hands, made._probes, made._observers, made.engine = Mock(), Mock(problems=()), Mock(), Mock()
    made.memory.local["Shop"] = Local(LocalState.DOWN)
    yield made
    made._witness.close()


def begun(worker) -> list[Verb]:
    return [call.args[0].verb for call in worker._hands.begin.call_args_list]


# Starts


def late(worker, seconds=TIMERS.start):
    """Begin to start it; gives what the loop is to call after that time."""
    worker.loop = Mock()
    worker.do(START)
    (told, call), _more = worker.loop.after.call_args
    assert told == seconds
    return call


def test_a_start_that_never_ends_has_failed_after_its_time_and_is_stopped(worker):
    late(worker)()
    local = worker.memory.local["Shop"]
    assert (local.state, len(local.failures)) == (LocalState.STOPPING, 1)
    assert local.problem == f"it did not start within {TIMERS.start:g} s"
    assert begun(worker) == [Verb.START, Verb.STOP]
    worker.engine.think.assert_called()


def test_a_start_that_has_ended_in_time_is_left_alone(worker):
    call = late(worker)
    worker._told("Shop", LocalState.UP, "")
    call()
    local = worker.memory.local["Shop"]
    assert (local.state, local.failures, begun(worker)) == (LocalState.UP, (), [Verb.START])


def test_a_later_start_has_its_own_time(worker):
    """The first one's time is over while the second one is young."""
    call = late(worker)
    worker._told("Shop", LocalState.STARTING, "the pool does not start")
    worker._told("Shop", LocalState.DOWN, "")
    late(worker)
    call()
    assert worker.memory.local["Shop"].state is LocalState.STARTING
    assert begun(worker) == [Verb.START, Verb.STOP, Verb.START]


# Time


@pytest.fixture
def zone(monkeypatch):
    """Have this machine in a time zone."""

    def be_in(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield be_in
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("name", "ahead"), [("XXX-05:30", 330), ("XXX+08", -480), ("UTC", 0)])
def test_the_window_of_a_switchback_is_in_local_time(worker, zone, name, ahead):
    zone(name)
    before = int(time.time() // 60)
    told = worker.minute()
    assert told in {(minute + ahead) % 1440 for minute in (before, int(time.time() // 60))}


# Processes that go on from one another


class Clock:
    """The monotonic clock of the machine."""

    def __init__(self, monkeypatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(module, "time", Mock(**{"monotonic.side_effect": lambda: self.now}))


def resume(worker, clock, seconds) -> None:
    """Begin from a process that renewed at this moment; to look what is up takes some seconds."""

    def survey():
        clock.now += seconds
        return {"Shop": LocalState.UP}

    worker.memory.local["Shop"] = Local()
    worker._hands.survey.side_effect = survey
    worker.stop()
    worker.run(Standing("a", 7, clock.now, 0.0))


def test_a_process_goes_on_from_an_earlier_one_while_the_lease_runs(worker, monkeypatch):
    clock = Clock(monkeypatch)
    resume(worker, clock, TIMERS.lease / 2)
    assert (worker.memory.local["Shop"].state, worker.memory.incarnation) == (LocalState.UP, 7)
    assert worker.memory.serves(clock.now)
    assert begun(worker) == []


@pytest.mark.parametrize("more", [0.0, 0.1, 60.0])
def test_once_the_lease_is_over_a_process_begins_anew_and_stops_what_is_up(worker, monkeypatch, more):
    """Another node may have it by now."""
    clock = Clock(monkeypatch)
    resume(worker, clock, TIMERS.lease + more)
    assert (worker.memory.local["Shop"].state, worker.memory.incarnation) == (LocalState.STOPPING, 0)
    assert not worker.memory.serves(clock.now)
    assert begun(worker) == [Verb.STOP]


# Fences


@pytest.mark.parametrize("off", [True, False])
def test_what_a_fence_says_reaches_who_waits_for_it(worker, off):
    done = Mock()
    worker._outside.cut_power.side_effect = lambda _node, told: told(off)
    worker.cut_power(CutPower("server2", 3, "server2 has to be off"), done)
    done.assert_not_called()  # it comes on the loop
    worker.stop()
    worker.loop.run()
    done.assert_called_once_with(off)


# Standing by


def test_only_what_is_down_here_stands_by_and_no_longer_once_it_is_begun_with(worker):
    still = worker._stands_by("Shop")
    assert still is worker._hands.unless_begun.return_value
    worker.loop = Mock()
    worker.do(START)
    assert worker._stands_by("Shop") is None
    worker._outside.standby.assert_called_once_with("Shop", "")


# What its mirrors go by


def owned(worker, owner, state, *, leased=True) -> Ownership:
    """What is known of a hierarchy that a node owns under epoch 4."""
    now, record = time.monotonic(), HierarchyRecord("Shop", owner, 7, 4)
    worker.memory.resume(Standing("a", 7, now if leased else now - TIMERS.lease, 0.0), 1)
    worker.memory.read(now, now, {HIERARCHIES + "Shop": Stored(1, encode(record))})
    worker.memory.local["Shop"] = Local(state)
    return worker._owned("Shop")


@pytest.mark.parametrize("owner", ["server1", "server2"])
@pytest.mark.parametrize("state", LocalState)
def test_only_what_is_down_for_sure_gives_way_and_only_what_its_owner_has_up_serves(worker, owner, state):
    """What starts serves already: its volume is turned before anything of it is up."""
    mine = owner == "server1"
    serves = mine and state in (LocalState.STARTING, LocalState.UP)
    assert owned(worker, owner, state) == Ownership(mine, serves, state is LocalState.DOWN, 4)


@pytest.mark.parametrize("state", LocalState)
def test_an_owner_whose_lease_is_over_does_not_serve(worker, state):
    assert owned(worker, "server1", state, leased=False) == Ownership(
        True, False, state is LocalState.DOWN, 4
    )


@pytest.mark.parametrize(
    ("told", "awaited"),
    [
        ({}, True),  # released to whoever can take it
        ({"owner": "server2"}, True),
        ({"owner": "server1"}, False),  # in maintenance, it stays its own
        ({"successor": "server1"}, False),
        ({"wanted": False}, False),
        ({"source": False}, False),
        ({"gone": True}, False),
        ({"late": True}, False),
    ],
)
def test_who_leaves_waits_while_another_node_copies_the_rest_from_it(worker, told, awaited):
    worker._place = replace(worker._place, hierarchies={"Shop": Mock(nodes=("server1", "server2"))})
    record = HierarchyRecord("Shop", told.get("owner", ""), 1, 4, successor=told.get("successor", ""))
    worker.memory.record = lambda _name: replace(record, wanted=told.get("wanted", True))
    worker.memory.lost = lambda name, _now: name == "server2" and told.get("gone", False)
    worker.copier = Mock()
    worker.copier.sources.return_value = ["Shop"] if told.get("source", True) else []
    worker._go()
    if told.get("late"):
        worker._leave_by = 0.0
    assert worker._awaited() is awaited


def test_what_no_record_names_is_owned_by_nobody(worker):
    assert worker._owned("Shop") == Ownership(False, False, True, 0)
