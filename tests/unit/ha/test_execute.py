# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan: no further than a failure, back where there is a way, and honest times."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.execute import execute
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, Plan, Step, plan
from tests.support.ha_world import WHOLE, Now, Ticks, World

STOP = 'stop site "Shop" on server1'
START = 'start site "Shop" on server2'
WAIT = "wait until ip 10.0.0.50 is usable on server2"


def move(world):
    return plan(WHOLE, "server1", "server2", world.facts())


def back_to(world, source):
    return lambda report: plan(WHOLE, None, source, world.facts())


def test_a_plan_that_succeeds_reports_every_step_and_the_outage():
    world = World().up("server1")
    wanted = move(world)

    report = execute(wanted, world.perform, Ticks(), Now())

    assert [one.step for one in report.done] == list(wanted.steps)
    assert report.failure is None
    first = report.done[0]
    last = [one for one in report.done if one.step.action is Action.START_SITE][-1]
    assert report.outage == last.start + last.seconds - first.start


def test_bringing_up_alone_has_no_outage_to_report():
    world = World()

    report = execute(plan(WHOLE, None, "server1", world.facts()), world.perform, Ticks(), Now())

    assert report.outage is None


def test_after_a_failure_no_further_stage_begins_but_the_stage_ends():
    world = World().up("server1")
    world.fail = {STOP: StandbyError("appcmd failed", node="server1")}

    report = execute(move(world), world.perform, Ticks(), Now())

    assert report.failure is world.fail[STOP]
    assert world.done == ['stop site "Wiki" on server1']
    assert not report.rolled_back


@pytest.mark.parametrize("sentence", [STOP, "remove ip 10.0.0.50 from server1", WAIT, START])
def test_the_way_back_restores_the_source(sentence):
    world = World().up("server1")
    world.fail = {sentence: StandbyError("no")}

    report = execute(move(world), world.perform, Ticks(), Now(), back_to(world, "server1"))

    assert report.rolled_back
    assert report.rollback_failure is None
    assert world.servers["server1"].held == World().up("server1").servers["server1"].held
    assert world.servers["server2"].held == set()
    assert world.twice == set()


def test_a_way_back_that_fails_itself_is_told_and_not_called_rolled_back():
    world = World().up("server1")
    world.fail = {START: StandbyError("no"), 'start site "Wiki" on server1': StandbyError("neither")}

    report = execute(move(world), world.perform, Ticks(), Now(), back_to(world, "server1"))

    assert not report.rolled_back
    assert "neither" in str(report.rollback_failure)
    assert report.undone


def test_no_safe_way_back_leaves_things_and_says_why():
    def no_way(report):
        raise StandbyError("server2 no longer answers")

    world = World().up("server1")
    world.fail = {START: StandbyError("no")}

    report = execute(move(world), world.perform, Ticks(), Now(), no_way)

    assert not report.rolled_back
    assert "no longer answers" in str(report.rollback_failure)
    assert report.undone == ()


def test_a_node_that_vanishes_in_the_middle_is_known_to_have_been_tried():
    world = World().up("server1")
    world.lost_after = {"add ip 10.0.0.50/24 to server2": "server2"}

    report = execute(move(world), world.perform, Ticks(), Now())

    assert report.failure is not None
    assert report.attempted("server2")


def test_a_node_where_nothing_was_brought_up_counts_as_untouched():
    world = World().up("server1")
    world.fail = {STOP: StandbyError("no")}

    report = execute(move(world), world.perform, Ticks(), Now())

    assert not report.attempted("server2")
    assert not report.attempted("server1")


def test_steps_that_still_run_when_one_fails_are_known_to_the_report_and_to_the_way_back():
    began, failed = threading.Event(), threading.Event()
    quick = Step("server1", Action.STOP_SITE, "a", "quick")
    slow = Step("server2", Action.START_SITE, "b", "slow")
    asked = []

    def perform(step):
        if step is slow:
            began.set()
            assert failed.wait(10)
            return
        assert began.wait(10)
        failed.set()
        raise StandbyError("no")

    def way_back(report):
        asked.append(report.attempted("server2"))
        return Plan("x")

    with ThreadPoolExecutor(2) as pool:
        report = execute(Plan("x", ((quick, slow),)), perform, Ticks(), pool, way_back)

    assert {one.step.sentence: one.error is None for one in report.done} == {"quick": False, "slow": True}
    assert asked == [True]


@pytest.mark.parametrize(
    ("action", "may_be_up"),
    [
        (Action.ONLINE_DISK, True),
        (Action.ADD_ADDRESS, True),
        (Action.START_POOL, True),
        (Action.START_SITE, True),
        (Action.STOP_SITE, False),
        (Action.REMOVE_ADDRESS, False),
        (Action.OFFLINE_DISK, False),
        (Action.VERIFY, False),
    ],
)
def test_whatever_was_to_come_up_may_be_up_though_its_step_failed(action, may_be_up):
    def perform(step):
        raise StandbyError("the answer was lost", node=step.node)

    report = execute(Plan("x", ((Step("server2", action, "a", "b"),),)), perform, Ticks(), Now())

    assert report.attempted("server2") is may_be_up
    assert not report.attempted("server1")


def test_a_move_that_failed_has_no_outage_even_where_every_site_started():
    world = World().up("server1")
    world.fail = {'verify site "Shop" on server2 at http://10.0.0.50/': StandbyError("503")}

    report = execute(move(world), world.perform, Ticks(), Now())

    assert Action.START_SITE in {one.step.action for one in report.done}
    assert report.failure is not None
    assert report.outage is None


def test_the_steps_of_a_stage_run_side_by_side():
    meeting = threading.Barrier(2, timeout=10)
    stage = tuple(Step("server1", Action.STOP_SITE, f"site {n}", f"stop {n}") for n in range(2))

    with ThreadPoolExecutor(2) as pool:
        report = execute(Plan("x", (stage,)), lambda step: meeting.wait(), Ticks(), pool)

    assert report.failure is None


def test_between_the_last_that_goes_down_and_the_first_that_comes_up_is_one_look():
    world = World().up("server1")
    seen = []

    execute(move(world), world.perform, Ticks(), Now(), before_up=lambda: seen.append(list(world.done)))

    assert seen == [[one for one in world.done if one.endswith(("on server1", "from server1"))]]


def test_where_the_look_forbids_it_nothing_comes_up():
    world = World().up("server1")
    refused = StandbyError("overtaken")

    def look():
        raise refused

    report = execute(move(world), world.perform, Ticks(), Now(), before_up=look)

    assert report.failure is refused
    assert world.servers["server2"].held == set()


@pytest.mark.parametrize("error", [KeyError("IsOffline"), RuntimeError("out of order"), ValueError()])
def test_an_exception_nobody_foresaw_ends_a_step_as_any_other_and_the_way_back_is_gone(error):
    world = World().up("server1")
    world.fail = {START: error}

    report = execute(move(world), world.perform, Ticks(), Now(), back_to(world, "server1"))

    assert report.rolled_back
    assert world.servers["server1"].held == World().up("server1").servers["server1"].held
    assert (report.failure.node, report.failure.resource) == ("server2", 'site "Shop"')
    assert type(error).__name__ in str(report.failure)
    assert str(error) in str(report.failure)
    assert report.failure.remedy


def test_an_exception_nobody_foresaw_on_the_way_back_is_told():
    def no_way(_report):
        raise KeyError("adapter")

    world = World().up("server1")
    world.fail = {START: StandbyError("no")}

    report = execute(move(world), world.perform, Ticks(), Now(), no_way)

    assert "unexpected KeyError: 'adapter'" in str(report.rollback_failure)
