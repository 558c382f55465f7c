# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy that a node does not own: its owner is watched, and followed by one node once it has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Maintenance,
    NodeRecord,
    NodeState,
)
from tests.support.ownership_snapshots import (
    CLAIM,
    FENCED,
    NOW,
    TIMERS,
    Decided,
    cluster,
    decided,
    down,
    failed,
    fenced,
    free,
    left,
    look,
    lost,
    member,
    node,
    owned,
    request,
    rules,
    seen,
    snapshot,
    unreadable,
    up,
)

THREE = cluster(rules(nodes=("server1", "server2", "server3")))


# Watching


def test_an_owner_that_renews_is_left_alone():
    found = look()

    assert found.decision.actions == ()
    assert (found.reason, found.sentence) == ("elsewhere", "server1 has it: server1 took it")


def test_a_silent_owner_has_it_until_its_ttl_is_over():
    found = lost(node("server1", age=TIMERS.ttl - 0.1))

    assert found.decision.actions == ()
    assert found.reason == "elsewhere"


def test_an_owner_with_a_damaged_record_is_watched_and_not_taken_for_lost_at_once():
    found = lost(unreadable(NodeRecord("server1", 3, "p"), age=2.0))

    assert found.writes == []
    assert found.reason == "watching"
    assert (
        found.sentence
        == f"server1 has it and has been silent for 2.0 s; after {TIMERS.ttl:g} s it counts as lost"
    )


# Claiming


def test_a_fenced_owners_hierarchy_is_claimed_under_the_next_epoch():
    found = look(nodes={"server1": FENCED}, records={"web": owned(version=31, failovers=1)})

    write = found.write("claim")
    assert (write.key, write.version) == ("hierarchies/web", 31)
    record = write.record
    assert (record.owner, record.incarnation, record.epoch) == ("server2", 3, 5)
    assert record.reason == write.sentence == found.sentence == "server1 is lost, server2 takes it"
    assert record.failovers == 2
    assert found.reason == "claiming"


@pytest.mark.parametrize(
    "owner",
    [
        node("server1", age=TIMERS.ttl),
        node("server1", age=10_000.0),
        unreadable(NodeRecord("server1", 4, "p", state=NodeState.FENCED), age=10_000.0),
        unreadable(age=10_000.0),
        fenced("server1", incarnation=2),
        None,
    ],
    ids=["silent", "silent for long", "damaged", "never understood", "an earlier one fenced", "no record"],
)
def test_nothing_is_claimed_from_an_incarnation_that_has_not_ended(owner):
    assert "claim" not in [purpose for purpose, _key in lost(owner).purposes]


@pytest.mark.parametrize(
    "owner",
    [
        fenced("server1", by="server3"),
        left("server1"),
        fenced("server1", incarnation=4),
        node("server1", incarnation=4, age=TIMERS.ttl),
    ],
    ids=["fenced", "left", "a later one fenced", "joined anew"],
)
def test_what_ended_may_be_claimed_from(owner):
    assert lost(owner).purposes == CLAIM


def test_a_node_takes_its_own_again_after_it_was_away():
    found = decided("server1", records={"web": owned("server1", incarnation=2)}, local={"web": down()})

    assert found.record("claim").incarnation == 3
    assert found.sentence == "server1 was away, and takes it again"


def test_what_was_released_is_claimed_as_no_unplanned_move():
    found = decided("server1", records={"web": free(failovers=1, reason="Ada moves it to server1")})

    record = found.record("claim")
    assert (record.failovers, record.epoch) == (1, 5)
    assert record.reason == "server1 takes it: Ada moves it to server1"


def test_what_has_no_record_yet_is_put_where_none_is():
    found = decided("server1", records={"web": None})

    write = found.write("claim")
    assert (write.version, write.record.epoch) == (0, 1)


@pytest.mark.parametrize(
    "how",
    [
        {"own": member(jumped=True)},
        {"own": member(until=NOW)},
        {"reachable": False},
        {"own": member(leaving=True)},
        {"busy": frozenset({"hierarchies/web"})},
    ],
    ids=["in doubt", "lapsed", "old answers", "on the way out", "being written"],
)
def test_nobody_claims(how):
    found = decided("server1", records={"web": free()}, **how)

    assert "claim" not in [purpose for purpose, _key in found.purposes]
    assert found.sentence


def test_a_node_claims_nothing_before_it_is_down_here():
    found = decided("server1", records={"web": free()}, local={"web": up()})

    assert (found.work, found.writes) == ([("stop", "web")], [])


def test_without_a_read_nothing_is_known():
    found = look(reachable=False, outage="the witness does not answer")

    assert (found.reason, found.sentence) == (
        "store_outage",
        "server2 cannot see who has it: the witness does not answer",
    )


# Whose turn it is


def test_the_first_in_order_takes_it_at_once():
    assert decided("server1", records={"web": free(age=0.0)}).purposes == CLAIM


def test_a_backup_waits_for_the_first():
    found = look(records={"web": free(age=TIMERS.patience - 0.1)})

    assert found.writes == []
    assert (found.reason, found.sentence) == (
        "waiting_for_better",
        "server1 comes first and is to take it",
    )


def test_its_patience_ends():
    assert look(records={"web": free(age=TIMERS.patience)}).purposes == CLAIM


def test_patience_is_as_long_as_there_are_better_nodes():
    def third(age):
        return decided("server3", of=THREE, records={"web": free(age=age)}).purposes

    assert third(2 * TIMERS.patience - 0.1) == []
    assert third(2 * TIMERS.patience) == CLAIM


@pytest.mark.parametrize(
    "better",
    [
        node("server1", unfit={"web": "there is no disk E:"}),
        node("server1", age=TIMERS.ttl),
        fenced("server1"),
        unreadable(),
        None,
    ],
    ids=["unfit", "silent", "fenced", "unreadable", "none"],
)
def test_who_cannot_take_it_is_not_waited_for(better):
    assert look(records={"web": free(age=0.0)}, nodes={"server1": better}).purposes == CLAIM


def test_patience_begins_when_the_owner_has_ended():
    owner = fenced("server2", by="server1", age=0.2, steady=0.2)
    found = decided(
        "server3", of=THREE, nodes={"server2": owner}, records={"web": owned("server2", age=900.0)}
    )

    assert found.reason == "waiting_for_better"


def test_its_patience_ends_also_where_there_has_never_been_a_record():
    # The first of its nodes renews, and does not take it: its hands hang, say.
    records = {"web": None}
    before = snapshot("server2", records=records)
    later = replace(
        before,
        now=NOW + 600.0,
        nodes={name: replace(one, since=NOW + 599.5) for name, one in before.nodes.items()},
        own=member(until=NOW + 603.0, renewed=NOW + 599.9),
    )

    assert Decided(later).purposes == CLAIM


def test_what_was_never_in_service_waits_for_nodes_that_have_not_joined_yet():
    def second(read):
        before = snapshot("server2", records={"web": None}, nodes={"server1": None})
        return Decided(replace(before, first_read=NOW - read))

    assert second(TIMERS.patience).purposes == CLAIM
    found = second(TIMERS.patience - 0.1)
    assert found.writes == []
    assert (found.reason, found.sentence) == ("waiting_for_better", "server1 comes first and is to join")


# The successor


def test_the_successor_takes_it_before_all_others():
    found = look(records={"web": free(age=0.0, successor="server2", reason="Ada moves it to server2")})

    record = found.record("claim")
    assert (record.owner, record.successor) == ("server2", "")


@pytest.mark.parametrize("me", ["server1", "server3"])
def test_others_wait_for_the_successor(me):
    found = decided(me, of=THREE, records={"web": free(age=TIMERS.handover - 0.1, successor="server2")})

    assert found.writes == []
    assert found.reason == "waiting_for_successor"


def test_a_successor_that_does_not_come_is_not_waited_for_longer():
    assert (
        decided("server1", records={"web": free(age=TIMERS.handover, successor="server2")}).purposes == CLAIM
    )


def test_a_successor_that_is_away_is_not_waited_for():
    found = decided(
        "server1",
        records={"web": free(age=0.0, successor="server2")},
        nodes={"server2": node("server2", age=TIMERS.ttl)},
    )

    assert found.purposes == CLAIM


UNFIT_HERE = {
    "unfit": {"local": {"web": down(blocked="there is no disk E:")}},
    "maintenance": {"maintenance": Maintenance(nodes=("server2",))},
    "limit": {"of": cluster(rules(), limits={"server2": 0})},
}


@pytest.mark.parametrize("how", UNFIT_HERE.values(), ids=UNFIT_HERE)
def test_a_successor_by_force_takes_it_whatever_may_be_overruled(how):
    told = {"unfit": {"web": "there is no disk E:"}} if "local" in how else {}
    giving = {key: value for key, value in how.items() if key != "local"}
    released = decided(
        "server1",
        nodes={"server2": node("server2", **told)},
        records={"web": owned(request=request(target="server2", force=True))},
        local={"web": down()},
        **giving,
    ).record("release")
    assert released.answer.accepted

    assert look(records={"web": seen(released)}, **how).purposes == CLAIM


# What keeps it from being taken


@pytest.mark.parametrize(
    ("maintenance", "why"),
    [
        (Maintenance(cluster=True), "the cluster is in maintenance"),
        (Maintenance(hierarchies=("web",)), "it is in maintenance"),
    ],
)
def test_in_maintenance_nobody_takes_it(maintenance, why):
    found = decided("server1", records={"web": free()}, maintenance=maintenance)

    assert found.writes == []
    assert (found.reason, found.sentence) == ("maintenance", f"nobody has it, and {why}")


def test_what_a_node_in_maintenance_had_is_not_taken():
    found = lost(FENCED, maintenance=Maintenance(nodes=("server1",)))

    assert (found.writes, found.reason) == ([], "maintenance")


def test_a_silent_owner_in_maintenance_keeps_it():
    found = lost(maintenance=Maintenance(nodes=("server1",)))

    assert found.writes == []
    assert found.sentence == ("server1 has it and does not renew its record, but server1 is in maintenance")


@pytest.mark.parametrize("record", [owned(incarnation=2), free(successor="server1")], ids=["lost", "left"])
@pytest.mark.parametrize("limits", [{}, {"server1": 0}])
def test_a_node_in_maintenance_takes_again_what_it_had(record, limits):
    found = decided(
        "server1",
        of=cluster(rules(), limits=limits),
        records={"web": record},
        local={"web": down()},
        maintenance=Maintenance(nodes=("server1",)),
    )
    assert found.purposes == ([] if limits else CLAIM)


def test_what_a_node_in_maintenance_has_left_is_taken_by_another_one():
    for server1, purposes in ((node("server1"), []), (left("server1"), CLAIM)):
        found = look(
            nodes={"server1": server1},
            records={"web": free(successor="server1")},
            maintenance=Maintenance(nodes=("server1",)),
        )
        assert found.purposes == purposes


def test_what_was_left_in_maintenance_of_the_cluster_waits_for_its_node():
    how = {"records": {"web": free(successor="server1")}, "maintenance": Maintenance(cluster=True)}
    assert look(nodes={"server1": left("server1")}, **how).reason == "maintenance"
    assert decided("server1", **how).purposes == CLAIM


def test_a_node_in_maintenance_takes_nothing():
    found = lost(FENCED, maintenance=Maintenance(nodes=("server2",)))

    assert (found.writes, found.reason) == ([], "unfit")


def test_what_was_taken_out_stays_out():
    found = decided("server1", records={"web": free(wanted=False, reason="Ada took it out of service")})

    assert found.writes == []
    assert (found.reason, found.sentence) == ("taken_out", "Ada took it out of service")


def test_what_was_taken_out_stays_out_when_its_last_owner_is_lost():
    assert lost(FENCED, records={"web": owned(wanted=False)}).writes == []


def test_who_is_not_fit_does_not_take_it_and_says_who_is_to():
    found = decided("server1", records={"web": free()}, local={"web": down(blocked="there is no disk E:")})

    assert found.writes == []
    assert (found.reason, found.sentence) == (
        "unfit",
        "server1: there is no disk E:; server2 is to take it",
    )


def test_where_nobody_can_take_it_each_reason_is_given():
    found = lost(FENCED, local={"web": failed(TIMERS.recovery_attempts + 1)})

    assert found.reason == "unfit"
    assert found.sentence == (
        "no node can take it: server2: it failed there 3 times (no answer on port 80); "
        "server1 does not renew its record"
    )


def test_after_too_many_unplanned_moves_it_is_held():
    found = decided("server1", records={"web": free(failovers=TIMERS.hold_after, age=100.0)})

    assert found.writes == []
    assert (found.reason, found.sentence) == (
        "held",
        "it moved 3 times unplanned; held for 200 s more, or until acknowledged",
    )


@pytest.mark.parametrize(
    ("failovers", "age"), [(TIMERS.hold_after - 1, 0.0), (TIMERS.hold_after, TIMERS.hold_off)]
)
def test_a_hold_begins_and_ends(failovers, age):
    assert decided("server1", records={"web": free(failovers=failovers, age=age)}).purposes == CLAIM
