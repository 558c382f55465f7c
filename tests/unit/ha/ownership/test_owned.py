# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy that a node owns: it is brought up, kept up, and given away only after it is down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    Maintenance,
    NodeState,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
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
    failed,
    fenced,
    member,
    node,
    owned,
    rules,
    unreadable,
    up,
    wants,
)

SILENT = node("server2", age=TIMERS.ttl)


# In service


@pytest.mark.parametrize(
    "maintenance", [Maintenance(), Maintenance(cluster=True)], ids=["usual", "maintenance"]
)
def test_nothing_is_started_while_its_record_is_being_written(maintenance):
    found = decided(local={"web": down()}, busy=frozenset({"hierarchies/web"}), maintenance=maintenance)

    assert found.work == []
    assert found.reason == "handing_over"


def test_what_is_owned_and_down_is_started_under_its_epoch():
    found = decided(local={"web": down()})

    assert found.work == START
    assert found.decision.actions[-1].epoch == 4
    assert (found.reason, found.sentence) == ("starting", "server1 owns it and brings it into service")


def test_what_is_in_service_is_left_alone():
    found = decided()

    assert found.decision.actions == ()
    assert (found.reason, found.sentence) == ("in_service", "it is in service on server1")


def test_what_is_being_started_is_waited_for():
    found = decided(local={"web": Local(LocalState.STARTING)})

    assert found.work == []
    assert found.reason == "starting"


@pytest.mark.parametrize("state", [LocalState.UNKNOWN, LocalState.STOPPING])
def test_what_is_half_down_is_stopped_before_it_is_started(state):
    found = decided(local={"web": Local(state)})

    assert found.work == STOP
    assert found.reason == "stopping"


def test_nothing_is_started_after_a_jump_before_the_lease_is_renewed():
    found = decided(local={"web": down()}, own=member(jumped=True))

    assert found.work == []
    assert (found.reason, found.sentence) == (
        "starting",
        "server1 owns it; its clocks jumped, and its lease comes first",
    )


def test_what_is_in_service_goes_on_after_a_jump_and_says_so():
    found = decided(own=member(jumped=True))

    assert found.work == []
    assert (found.reason, found.sentence) == (
        "in_service",
        "it is in service on server1; its clocks jumped, and its lease is being renewed",
    )


def test_what_rests_on_promises_says_so():
    found = decided(own=member(promised=True), reachable=False, outage="the witness does not answer")

    assert found.work == []
    assert found.sentence == "it is in service on server1, as its peers promised: the witness does not answer"


@pytest.mark.parametrize("incarnation", [2, 4])
def test_what_another_incarnation_owned_is_not_started(incarnation):
    found = decided(records={"web": owned(incarnation=incarnation)}, local={"web": down()})

    assert found.work == []


# Local recovery


def test_what_failed_is_stopped_and_started_here():
    found = decided(local={"web": SICK})

    assert found.work == STOP
    assert (found.reason, found.sentence) == (
        "recovering",
        "it failed on server1 (no answer on port 80) and is restarted there",
    )


@pytest.mark.parametrize("times", range(1, TIMERS.recovery_attempts + 1))
def test_it_is_started_again_as_often_as_attempts_are_allowed(times):
    assert decided(local={"web": failed(times)}).work == START


def test_after_all_attempts_it_is_released_and_counted():
    found = decided(
        local={"web": failed(TIMERS.recovery_attempts + 1)}, records={"web": owned(failovers=1, version=12)}
    )

    write = found.write("release")
    assert (write.key, write.version) == ("hierarchies/web", 12)
    assert (write.record.owner, write.record.successor, write.record.failovers) == ("", "", 2)
    assert write.record.epoch == 4
    assert found.reason == "handing_over"
    assert found.sentence == "it failed 3 times on server1 (no answer on port 80)"


def test_it_is_down_before_it_is_released():
    found = decided(local={"web": failed(TIMERS.recovery_attempts + 1, state=LocalState.UP)})

    assert found.work == STOP
    assert found.writes == []
    assert found.reason == "handing_over"


def test_attempts_long_ago_do_not_count():
    found = decided(local={"web": failed(TIMERS.recovery_attempts + 1, ago=TIMERS.recovery_period)})

    assert found.work == START


def test_what_cannot_be_brought_up_here_is_given_away_at_once():
    found = decided(local={"web": down(blocked="there is no disk E:")})

    assert found.record("release").reason == "there is no disk E:"


def test_what_a_restart_does_not_mend_is_given_away_though_nothing_shows_it_once_it_is_down():
    found = decided(local={"web": down(given_up="server2 does not reach it")})
    assert found.record("release").reason == "server2 does not reach it"
    assert found.record("release").failovers == 1


def test_what_a_restart_does_not_mend_is_started_again_where_nobody_else_can_take_it():
    assert decided(local={"web": down(given_up="the disk")}, nodes={"server2": UNFIT}).work == START


@pytest.mark.parametrize(
    "other",
    [UNFIT, SILENT, fenced("server2", by="server1"), None, unreadable()],
    ids=["unfit", "silent", "fenced", "none", "unreadable"],
)
def test_it_stays_where_nobody_else_can_take_it(other):
    found = decided(local={"web": failed(TIMERS.recovery_attempts + 1)}, nodes={"server2": other})

    assert (found.writes, found.work) == ([], [])
    assert found.reason == "failed"
    assert found.sentence.endswith("and no other node can take it; it is down")


def test_it_is_not_given_to_a_node_with_old_data():
    of = cluster(rules(replicated=True))
    found = decided(
        of=of,
        records={"web": owned(current=("server1",))},
        local={"web": failed(TIMERS.recovery_attempts + 1)},
    )

    assert found.reason == "failed"


def test_it_is_not_given_to_a_node_that_has_its_limit():
    of = cluster(rules("web"), rules("db"), limits={"server2": 1})
    found = decided(
        of=of,
        records={"db": owned("server2", name="db")},
        local={"web": failed(TIMERS.recovery_attempts + 1)},
    )

    assert found.reason == "failed"


# Maintenance

FREEZES = pytest.mark.parametrize(
    ("maintenance", "why"),
    [
        (Maintenance(cluster=True), "the cluster is in maintenance"),
        (Maintenance(hierarchies=("web",)), "it is in maintenance"),
        (Maintenance(nodes=("server1",)), "server1 is in maintenance"),
    ],
    ids=["cluster", "hierarchy", "node"],
)


@FREEZES
@pytest.mark.parametrize(
    "local",
    [
        up(),
        SICK,
        failed(5),
        down(blocked="there is no disk E:"),
        replace(down(), given_up="it is not reached"),
    ],
)
def test_maintenance_leaves_it_as_it_is(maintenance, why, local):
    found = decided(local={"web": local}, maintenance=maintenance)

    assert (found.work, found.writes) == ([], [])
    assert (found.reason, found.sentence) == ("maintenance", f"{why}; it is {local.state.value} on server1")


@FREEZES
def test_maintenance_does_not_keep_down_what_was_up_before_its_agent_restarted(maintenance, why):
    found = decided(local={"web": down()}, maintenance=maintenance)

    assert found.work == START


@FREEZES
def test_maintenance_does_not_keep_half_way_what_its_agent_left_so(maintenance, why):
    local = Local(LocalState.UNKNOWN, since=NOW)
    found = decided(
        local={"web": local}, records={"web": owned(successor="server2")}, maintenance=maintenance
    )

    assert (found.work, found.writes) == (STOP, [])


@FREEZES
def test_maintenance_does_not_keep_a_person_from_moving_it(maintenance, why):
    found = decided(records=wants(target="server2"), maintenance=maintenance)

    assert found.work == STOP


@FREEZES
def test_leases_are_renewed_in_maintenance(maintenance, why):
    found = decided(own=member(renewed=NOW - TIMERS.interval), maintenance=maintenance)

    assert found.purposes == [("renew", "nodes/server1")]


@pytest.mark.parametrize(
    "maintenance", [Maintenance(nodes=("server2",)), Maintenance(hierarchies=("db",)), Maintenance()]
)
def test_maintenance_of_something_else_is_no_matter(maintenance):
    assert decided(local={"web": down()}, maintenance=maintenance).work == START


# Settle, mark, repair


def test_after_a_stable_time_in_service_unplanned_moves_are_forgotten():
    found = decided(records={"web": owned(failovers=2)}, local={"web": up(since=NOW - TIMERS.stability)})

    assert found.record("settle").failovers == 0
    assert found.reason == "in_service"


@pytest.mark.parametrize(
    ("failovers", "local"),
    [(2, up(since=NOW - TIMERS.stability + 1.0)), (0, up(since=NOW - TIMERS.stability))],
    ids=["not stable yet", "nothing to forget"],
)
def test_before_that_they_are_not(failovers, local):
    assert decided(records={"web": owned(failovers=failovers)}, local={"web": local}).writes == []


def test_who_has_the_newest_data_is_marked():
    of = cluster(rules(replicated=True))
    found = decided(
        of=of,
        records={"web": owned(current=("server1",))},
        local={"web": up(current=("server1", "server2"))},
    )

    assert found.record("mark").current == ("server1", "server2")
    assert found.sentence == "it is in service on server1; server1 and server2 have its newest data"


@pytest.mark.parametrize("current", [None, ("server1",)])
def test_nothing_is_marked_that_stands_there_or_is_not_known(current):
    of = cluster(rules(replicated=True))
    found = decided(of=of, records={"web": owned(current=("server1",))}, local={"web": up(current=current)})

    assert found.writes == []


def test_what_is_not_replicated_is_not_marked():
    assert decided(local={"web": up(current=("server1",))}).writes == []


KNOWN = HierarchyRecord("web", "server1", 3, 4, "server1 took it", failovers=1, current=("server1",))


def test_a_damaged_record_is_written_again_as_it_was_known():
    found = decided(records={"web": unreadable(KNOWN, version=12)})

    write = found.write("repair")
    assert (write.key, write.version) == ("hierarchies/web", 12)
    assert replace(write.record, reason=KNOWN.reason) == KNOWN
    assert write.sentence == "its record is damaged; server1 owns it and writes it again"


def test_a_vanished_record_is_written_where_nothing_is():
    found = decided(records={"web": unreadable(KNOWN, version=0, problem="its record has vanished")})

    assert found.write("repair").version == 0


def test_a_record_of_a_newer_version_is_not_written_over():
    found = decided(records={"web": unreadable(KNOWN, newer=True, problem="it has format 2")})

    assert found.writes == []


def test_a_damaged_record_stops_nothing():
    assert decided(records={"web": unreadable(KNOWN)}).work == []


def test_a_lapsed_owner_repairs_nothing():
    found = decided(records={"web": unreadable(KNOWN)}, own=member(until=NOW), local={"web": down()})

    assert found.writes == []


# Without standing

LAPSED = {
    "its time is over": (member(until=NOW), "no renewal was confirmed in time", "no_standing"),
    "fenced": (member(lost="server2 has fenced it"), "server2 has fenced it", "no_standing"),
    "not joined": (member(incarnation=0), "it has not joined yet", "no_standing"),
}


@pytest.mark.parametrize(("own", "why", "reason"), LAPSED.values(), ids=LAPSED)
@pytest.mark.parametrize("local", [up(), SICK, Local(LocalState.UNKNOWN), Local(LocalState.STARTING)])
def test_without_standing_it_is_stopped_whatever_the_record_says(own, why, reason, local):
    found = decided(own=own, local={"web": local})

    assert found.work == STOP
    assert (found.reason, found.sentence) == (reason, f"server1 must not serve: {why}")


@pytest.mark.parametrize(
    "records",
    [wants(target="server2"), {"web": owned(wanted=False)}, {"web": unreadable(KNOWN)}],
    ids=["request", "not wanted", "damaged"],
)
def test_without_standing_nothing_is_written_to_its_record(records):
    found = decided(own=member(until=NOW), local={"web": down()}, records=records)

    assert [key for _purpose, key in found.purposes if key == "hierarchies/web"] == []
    assert found.work == []


def test_without_standing_in_an_outage_the_outage_is_named():
    found = decided(own=member(until=NOW), reachable=False, outage="the witness does not answer")

    assert (found.reason, found.sentence) == (
        "store_outage",
        "server1 must not serve: the witness does not answer",
    )


@FREEZES
def test_without_standing_maintenance_keeps_nothing_up(maintenance, why):
    assert decided(own=member(until=NOW), maintenance=maintenance).work == STOP


def test_what_is_up_here_and_owned_elsewhere_is_stopped():
    found = decided("server2", local={"web": up()})

    assert (found.work, found.reason) == (STOP, "stopping")


def test_the_own_tombstone_is_seen_before_anything_else():
    lost = member(lost="server2 has fenced it")
    found = decided(own=lost, nodes={"server1": fenced("server1")}, local={"web": down()})

    assert found.purposes == [("join", "nodes/server1")]
    assert found.record("join").state is NodeState.ALIVE


@pytest.mark.parametrize(
    ("state", "work", "purposes"), [(LocalState.UP, STOP, []), (LocalState.DOWN, [], ["release"])]
)
def test_without_local_recovery_it_is_given_away_at_its_first_failure(state, work, purposes):
    at_once = cluster(rules(recovery=False))
    found = decided(of=at_once, local={"web": failed(1, state=state)})

    assert (found.work, [purpose for purpose, _key in found.purposes]) == (work, purposes)
    assert (found.reason, found.sentence[:27]) == ("handing_over", "it failed once on server1 (")


def test_without_local_recovery_it_stays_and_is_tried_again_where_nobody_else_can_take_it():
    alone = cluster(rules(recovery=False))
    found = decided(of=alone, local={"web": failed(1)}, nodes={"server2": UNFIT})
    assert (found.work, found.reason) == ([], "failed")

    later = decided(of=alone, local={"web": failed(1, ago=TIMERS.recovery_period)}, nodes={"server2": UNFIT})
    assert later.work == START


def test_what_it_may_have_released_is_not_started_before_its_record_was_written_again():
    found = decided(
        "server1", records={"web": owned("server1")}, local={"web": down()}, unsure=frozenset({"web"})
    )

    assert found.work == []
    assert [(one.purpose, one.record.owner) for one in found.writes] == [(Purpose.REPAIR, "server1")]
