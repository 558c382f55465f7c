# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy that a node owns is moved, taken out or acknowledged as asked, and moved back by itself."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Answer,
    Maintenance,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Switchback,
)
from tests.support.ownership_snapshots import (
    NOW,
    SICK,
    START,
    STOP,
    TIMERS,
    UNFIT,
    cluster,
    decided,
    down,
    fenced,
    member,
    node,
    owned,
    request,
    rules,
    unreadable,
    up,
    wants,
)

SILENT = node("server2", age=TIMERS.ttl)


# Requests to move it


@pytest.mark.parametrize("local", [up(), SICK, Local(LocalState.UNKNOWN), Local(LocalState.STARTING)])
def test_a_switchover_stops_it_first(local):
    found = decided(records=wants(target="server2"), local={"web": local})

    assert (found.work, found.writes) == (STOP, [])
    assert (found.reason, found.sentence) == (
        "handing_over",
        "Ada moves it to server2; it is stopped on server1 first",
    )


def test_once_it_is_down_it_is_released_for_its_successor():
    found = decided(records=wants(target="server2", failovers=2), local={"web": down()})

    record = found.record("release")
    assert (record.owner, record.successor, record.epoch) == ("", "server2", 4)
    assert (record.request, record.answer) == (None, Answer("r1", True, "Ada moves it to server2"))
    assert (record.wanted, record.failovers) == (True, 0)


def test_who_gave_no_name_is_an_operator():
    found = decided(records=wants(target="server2", by=""), local={"web": down()})

    assert found.record("release").reason == "an operator moves it to server2"


def test_a_switchover_to_where_it_is_is_done_already():
    found = decided(records=wants(target="server1", failovers=2))

    record = found.record("answer")
    assert (record.owner, record.request, record.failovers) == ("server1", None, 0)
    assert record.answer == Answer("r1", True, "it is on server1")
    assert found.work == []


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("server9", "server9 is none of its nodes (server1, server2)"),
        ("", "no node is none of its nodes (server1, server2)"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_it_is_not_moved_to_a_node_that_is_none_of_its_own(target, told, force):
    found = decided(records=wants(target=target, force=force))

    record = found.record("answer")
    assert (record.owner, record.request, record.answer) == ("server1", None, Answer("r1", False, told))
    assert found.work == []


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("target", [SILENT, fenced("server2"), None], ids=["silent", "fenced", "none"])
def test_it_is_not_moved_to_a_node_that_is_away_not_even_by_force(target, force):
    found = decided(records=wants(target="server2", force=force), nodes={"server2": target})

    told = "server2 does not renew its record; it has to be back first"
    assert found.record("answer").answer == Answer("r1", False, told)


OBSTACLES = {
    "unfit": ({"nodes": {"server2": UNFIT}}, "server2: there is no disk E:"),
    "maintenance": ({"maintenance": Maintenance(nodes=("server2",))}, "server2 is in maintenance"),
    "old data": (
        {"of": cluster(rules(replicated=True)), "current": ("server1",)},
        "server2 has old data (server1 had all of it)",
    ),
    "limit": ({"of": cluster(rules(), limits={"server2": 0})}, "server2 has 0 hierarchies, its limit"),
}
obstacles = pytest.mark.parametrize(("how", "told"), OBSTACLES.values(), ids=OBSTACLES)


@obstacles
def test_a_switchover_is_refused_with_what_stands_against_it(how, told):
    how = dict(how)
    found = decided(records=wants(target="server2", current=how.pop("current", None)), **how)

    assert found.record("answer").answer == Answer("r1", False, f"{told}; force overrules this")
    assert found.work == []


@obstacles
def test_force_overrules_it(how, told):
    how = dict(how)
    records = wants(target="server2", force=True, current=how.pop("current", None))

    assert decided(records=records, **how).work == STOP
    assert decided(records=records, local={"web": down()}, **how).record("release").successor == "server2"


def test_a_move_by_force_makes_nobodys_data_old_before_the_successor_takes_it():
    of = cluster(rules(replicated=True))
    found = decided(
        of=of, records=wants(target="server2", force=True, current=("server1",)), local={"web": down()}
    )

    assert found.record("release").current == ("server1",)
    assert found.record("release").forced


def test_a_move_without_force_leaves_who_has_the_newest_data():
    of = cluster(rules(replicated=True))
    found = decided(
        of=of, records=wants(target="server2", current=("server1", "server2")), local={"web": down()}
    )

    assert found.record("release").current == ("server1", "server2")


def test_a_switchback_goes_to_the_first_node_that_can_take_it():
    of = cluster(rules(nodes=("server1", "server2", "server3")))
    records = {"web": owned("server3", request=request(RequestKind.SWITCHBACK))}

    found = decided("server3", of=of, records=records, local={"web": down()})
    assert found.record("release").successor == "server1"

    found = decided(
        "server3",
        of=of,
        records=records,
        local={"web": down()},
        nodes={"server1": node("server1", unfit={"web": "there is no disk E:"})},
    )
    assert found.record("release").successor == "server2"


def test_a_switchback_by_force_passes_what_may_be_overruled():
    records = {"web": owned("server2", request=request(RequestKind.SWITCHBACK, force=True))}
    unfit = node("server1", unfit={"web": "there is no disk E:"})

    found = decided("server2", records=records, local={"web": down()}, nodes={"server1": unfit})
    assert found.record("release").successor == "server1"


def test_a_switchback_where_it_is_at_its_best_is_done_already():
    found = decided(records=wants(RequestKind.SWITCHBACK))

    assert found.record("answer").answer == Answer("r1", True, "it is on server1")


def test_a_switchback_with_nobody_better_in_reach_is_done_already():
    records = {"web": owned("server2", request=request(RequestKind.SWITCHBACK))}

    found = decided("server2", records=records, nodes={"server1": node("server1", age=TIMERS.ttl)})
    assert found.record("answer").answer == Answer("r1", True, "it is on server2")


# Requests to take it out, and to acknowledge


def test_what_is_to_be_out_is_stopped_and_then_released_for_nobody():
    records = wants(RequestKind.OUT)

    found = decided(records=records)
    assert (found.work, found.writes) == (STOP, [])

    record = decided(records=records, local={"web": down()}).record("release")
    assert (record.owner, record.successor, record.wanted) == ("", "", False)
    assert record.answer == Answer("r1", True, "Ada took it out of service")


def test_what_is_no_more_wanted_is_stopped_and_released():
    records = {"web": owned(wanted=False, reason="Ada took it out of service")}

    found = decided(records=records)
    assert (found.work, found.reason, found.sentence) == (STOP, "taken_out", "Ada took it out of service")

    found = decided(records=records, local={"web": down()})
    record = found.record("release")
    assert (record.owner, record.wanted, record.reason) == ("", False, "Ada took it out of service")
    assert found.reason == "taken_out"


def test_a_switchover_to_where_it_is_wants_it_again():
    record = decided(records=wants(target="server1", wanted=False)).record("answer")

    assert record.wanted


def test_acknowledged_failures_count_no_more():
    found = decided(records=wants(RequestKind.ACKNOWLEDGE, failovers=2))

    record = found.record("answer")
    assert (record.failovers, record.owner, record.request) == (0, "server1", None)
    assert record.answer == Answer("r1", True, "2 unplanned moves are acknowledged")
    assert found.work == []


@pytest.mark.parametrize(
    "kind", [RequestKind.ACKNOWLEDGE, RequestKind.SWITCHBACK], ids=["acknowledge", "switchback"]
)
def test_what_is_down_is_not_said_to_be_in_service_while_a_request_is_answered(kind):
    assert decided(records=wants(kind), local={"web": down()}).reason != "in_service"


def test_a_record_that_is_being_written_is_not_written_again():
    found = decided(
        records=wants(target="server2"), local={"web": down()}, busy=frozenset({"hierarchies/web"})
    )

    assert found.writes == []
    assert found.reason == "handing_over"


# Switchback by itself

BACK = {"server1": node("server1", steady=TIMERS.stability)}


def switches_back(*, minute=0, window=None, nodes=None, switchback=Switchback.AUTOMATIC, since=NOW, **how):
    """server2 has it; True where it is given to server1."""
    of = cluster(rules(switchback=switchback, window=window))
    records = {"web": owned("server2", **how)}
    local = {"web": up(since=since)}
    found = decided("server2", of=of, records=records, local=local, nodes=nodes or BACK, minute=minute)
    assert found.work == []
    return any(one.purpose is Purpose.MARK and one.record.successor == "server1" for one in found.writes)


def test_it_goes_back_to_a_node_that_has_been_steady_for_long_enough():
    assert switches_back()
    assert not switches_back(nodes={"server1": node("server1", steady=TIMERS.stability - 1.0)})


def test_it_names_who_it_goes_back_to():
    of = cluster(rules(switchback=Switchback.AUTOMATIC))
    found = decided("server2", of=of, records={"web": owned("server2")}, local={"web": down()})
    assert found.work == START  # what is down is brought up where it is

    found = decided("server2", of=of, records={"web": owned("server2")})
    assert found.sentence == "server1 is back and comes first"


def test_once_it_is_marked_for_a_successor_it_is_stopped_and_then_released():
    marked = {"web": owned("server2", successor="server1")}
    found = decided("server2", records=marked, nodes=BACK)
    assert found.work == STOP
    assert found.sentence == "server1 is back and comes first; it is stopped on server2 first"

    found = decided("server2", records=marked, nodes=BACK, local={"web": down()})
    assert found.work == []
    assert [(one.purpose, one.record.successor) for one in found.writes] == [(Purpose.RELEASE, "server1")]


def test_a_mark_for_a_successor_that_cannot_take_it_any_more_is_taken_back():
    marked = {"web": owned("server2", successor="server1")}
    gone = {"server1": fenced("server1")}
    found = decided("server2", records=marked, nodes=gone, local={"web": down()})
    assert [(one.purpose, one.record.successor) for one in found.writes] == [(Purpose.MARK, "")]


def test_without_being_told_it_stays():
    assert not switches_back(switchback=Switchback.MANUAL)


def test_it_does_not_go_back_while_unplanned_moves_are_counted():
    assert not switches_back(failovers=1)


@pytest.mark.parametrize(
    "better",
    [
        node("server1", age=TIMERS.ttl),
        node("server1", unfit={"web": "there is no disk E:"}),
        fenced("server1"),
        unreadable(),
        None,
    ],
    ids=["silent", "unfit", "fenced", "unreadable", "none"],
)
def test_it_does_not_go_back_to_a_node_that_cannot_take_it(better):
    assert not switches_back(nodes={"server1": better})


def test_it_never_goes_to_a_node_of_lower_priority():
    of = cluster(rules(switchback=Switchback.AUTOMATIC))

    assert decided(of=of).work == []


@pytest.mark.parametrize(
    ("window", "minute", "open_"),
    [
        (None, 700, True),
        ((120, 240), 119, False),
        ((120, 240), 120, True),
        ((120, 240), 239, True),
        ((120, 240), 240, False),
        ((1380, 60), 1379, False),
        ((1380, 60), 1380, True),
        ((1380, 60), 1439, True),
        ((1380, 60), 0, True),
        ((1380, 60), 59, True),
        ((1380, 60), 60, False),
    ],
)
def test_it_goes_back_within_its_window_also_over_midnight(window, minute, open_):
    assert switches_back(window=window, minute=minute) is open_


# Going


def test_on_the_way_out_it_is_stopped_and_then_released_for_anybody():
    found = decided(own=member(leaving=True))
    assert (found.work, found.writes) == (STOP, [])

    found = decided(own=member(leaving=True), local={"web": down()})
    record = found.record("release")
    assert (record.owner, record.successor, record.wanted) == ("", "", True)
    assert record.reason == "server1 is being shut down"
    assert found.purposes == [("release", "hierarchies/web")]


@pytest.mark.parametrize(
    ("maintenance", "why"),
    [
        (Maintenance(cluster=True), "the cluster is in maintenance"),
        (Maintenance(hierarchies=("web",)), "it is in maintenance"),
        (Maintenance(nodes=("server1",)), "server1 is in maintenance"),
    ],
)
def test_on_the_way_out_in_maintenance_it_is_stopped_and_then_left_to_its_node(maintenance, why):
    found = decided(own=member(leaving=True), maintenance=maintenance)
    assert (found.work, found.writes) == (STOP, [])

    found = decided(own=member(leaving=True), maintenance=maintenance, local={"web": down()})
    record = found.record("release")
    assert (record.owner, record.successor, record.wanted) == ("", "server1", True)
    assert record.reason == f"server1 is being shut down, and {why}"


def test_a_planned_release_is_no_unplanned_move():
    found = decided(own=member(leaving=True), records={"web": owned(failovers=1)}, local={"web": down()})

    assert found.record("release").failovers == 1
