# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lost node is fenced by exactly those who may, and its power is cut where a disk needs that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import CutPower
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Maintenance,
    NodeRecord,
    NodeState,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Power, PowerState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from tests.support.ownership_snapshots import (
    CLAIM,
    FENCE,
    FENCED,
    NOW,
    SILENT,
    TIMERS,
    cluster,
    fenced,
    free,
    look,
    lost,
    member,
    node,
    owned,
    rules,
    unreadable,
    up,
    wants,
)

DISK = cluster(rules(exclusive=True), fences=("server1",))
CUT = CutPower("server1", 3, "server1 is lost, and has a disk that others take over")


# Fencing


def test_an_owner_is_fenced_after_exactly_a_ttl_of_silence():
    assert lost(node("server1", age=TIMERS.ttl - 1e-3)).writes == []
    assert lost(node("server1", age=TIMERS.ttl)).purposes == FENCE


def test_a_fence_is_put_over_the_very_version_that_was_watched():
    found = lost(node("server1", age=TIMERS.ttl, version=77, beat=41, owned={"web": 4}))

    write = found.write("fence")
    assert write.version == 77
    assert write.record == NodeRecord(
        "server1", 3, "server1-process", 41, NodeState.FENCED, "server2", owned={"web": 4}
    )
    assert write.sentence == f"server1 has not renewed its record for {TIMERS.ttl:.1f} s"


def test_the_hierarchy_is_not_claimed_together_with_the_fence():
    found = lost()

    assert found.purposes == FENCE
    assert (found.reason, found.sentence) == (
        "fencing",
        "server1 had it and is lost; its record is being fenced",
    )


@pytest.mark.parametrize(
    "record",
    [
        unreadable(age=TIMERS.ttl),
        unreadable(NodeRecord("server1", 3, "p"), age=TIMERS.ttl, version=0),
        # What was a tombstone is none any more, and ends nothing.
        unreadable(NodeRecord("server1", 3, "p", state=NodeState.FENCED, by="server2"), age=TIMERS.ttl),
    ],
    ids=["damaged", "vanished", "damaged tombstone"],
)
def test_a_damaged_or_vanished_record_is_fenced_after_a_ttl_too(record):
    found = lost(record)

    tombstone = found.record("fence")
    assert found.write("fence").version == record.version
    assert (tombstone.incarnation, tombstone.state) == (3, NodeState.FENCED)


def test_a_tombstone_ends_every_incarnation_that_a_hierarchy_names():
    found = lost(records={"web": owned(incarnation=12)})

    assert found.record("fence").incarnation == 12


def test_a_fence_takes_no_confirmation_from_an_earlier_one():
    assert lost(node("server1", age=TIMERS.ttl, confirmed=True)).record("fence").confirmed is False


def test_a_promise_is_kept_for_as_long_as_it_binds():
    found = lost(given={"server1": NOW + 0.5})
    assert found.writes == []
    assert (found.reason, found.sentence) == (
        "watching",
        "server1 has it, and may keep it for 0.5 s as promised",
    )

    assert lost(given={"server1": NOW}).purposes == FENCE


def test_a_promise_to_one_is_none_to_another():
    assert lost(given={"server3": NOW + 5.0}).purposes == FENCE


@pytest.mark.parametrize(
    "how",
    [
        {"own": member(until=NOW)},
        {"own": member(jumped=True)},
        {"own": member(lost="server1 has fenced it")},
        {"own": member(incarnation=0)},
        {"reachable": False, "outage": "it does not answer"},
        {"reachable": False},
        {"maintenance": Maintenance(cluster=True)},
        {"maintenance": Maintenance(nodes=("server1",))},
        {"busy": frozenset({"nodes/server1"})},
    ],
    ids=[
        "lapsed",
        "in doubt",
        "ended",
        "not joined",
        "outage",
        "old answers",
        "cluster in maintenance",
        "node in maintenance",
        "being written",
    ],
)
def test_nobody_is_fenced(how):
    assert "fence" not in [purpose for purpose, _key in lost(**how).purposes]


@pytest.mark.parametrize(
    "maintenance",
    [Maintenance(cluster=True), Maintenance(nodes=("server1",)), Maintenance(hierarchies=("web",))],
)
def test_maintenance_does_not_keep_a_person_from_what_a_lost_node_has(maintenance):
    asked = lost(maintenance=maintenance, records=wants(target="server2"))
    assert (asked.purposes, asked.reason) == (FENCE, "fencing")

    taken = lost(FENCED, maintenance=maintenance, records=wants(target="server2"))
    assert taken.purposes == CLAIM


def test_the_owner_of_what_is_in_maintenance_is_not_fenced_for_it():
    found = lost(maintenance=Maintenance(hierarchies=("web",)))

    assert found.reason == "maintenance"
    assert found.writes == []


def test_a_record_of_a_newer_version_is_not_fenced():
    record = unreadable(NodeRecord("server1", 3, "p"), age=TIMERS.ttl, problem="it has format 2", newer=True)
    found = lost(record)

    assert found.writes == []
    assert (found.reason, found.sentence) == ("unreadable", "it has format 2")


@pytest.mark.parametrize("records", [{"web": free()}, {"web": owned("server2")}], ids=["free", "own"])
def test_who_owns_nothing_that_is_shared_is_not_fenced(records):
    found = lost(records=records, local={"web": up()})

    assert "fence" not in [purpose for purpose, _key in found.purposes]


def test_who_is_no_peer_is_not_fenced():
    of = cluster(rules(), rules("db", ("server3", "server4")))
    found = look(of=of, nodes={"server3": node("server3", age=TIMERS.ttl)})

    assert found.writes == []


@pytest.mark.parametrize("web", [None, unreadable()], ids=["none", "unreadable"])
def test_who_may_own_what_has_no_record_is_fenced(web):
    assert ("fence", "nodes/server1") in lost(records={"web": web}).purposes


def test_all_that_are_lost_are_fenced_in_one_decision():
    of = cluster(rules("web"), rules("db", ("server3", "server2")))
    found = look(of=of, nodes={"server1": SILENT, "server3": node("server3", age=TIMERS.ttl)})

    assert found.purposes == [("fence", "nodes/server1"), ("fence", "nodes/server3")]


# An owner that works by another definition


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"peers": ("server3",)}, "its agent does not know server2"),
        ({"terms": timers("wan").digest}, "its agent works by other timers than that of server2"),
    ],
    ids=["peers", "timers"],
)
def test_an_owner_that_does_not_reckon_with_this_node_is_not_fenced_by_it(told, why):
    found = lost(node("server1", age=10_000.0, **told))

    assert found.writes == []
    assert why in found.sentence
    assert "run the role monitor" in found.sentence


def test_an_owner_that_knows_this_node_and_its_timers_is_fenced():
    silent = node("server1", age=TIMERS.ttl, peers=("server2", "server3"), terms=TIMERS.digest)
    assert lost(silent).purposes == FENCE


def test_by_force_an_owner_is_fenced_that_does_not_know_this_node():
    found = lost(
        node("server1", age=10_000.0, peers=("server3",)), records=wants(target="server2", force=True)
    )

    assert found.purposes == FENCE


# An owner that can be fenced by nobody


def test_an_owner_that_has_no_record_at_all_does_not_keep_its_hierarchy_for_ever():
    found = look(nodes={"server1": None}, records={"web": owned(age=10_000.0)})

    assert found.writes


def test_an_owner_that_was_taken_out_of_the_cluster_does_not_keep_its_hierarchy_for_ever():
    found = look(records={"web": owned("server9")}, nodes={"server9": node("server9", age=10_000.0)})

    assert found.writes


# Power


def test_the_power_of_a_fenced_owner_of_a_disk_is_cut():
    found = lost(FENCED, of=DISK)

    assert found.others == [CUT]
    assert found.writes == []
    assert (found.reason, found.sentence) == (
        "waiting_for_confirmation",
        "server1 had its disk, and nobody has confirmed that it is off (its fence comes next)",
    )


@pytest.mark.parametrize(
    ("power", "told"),
    [
        (Power(3, PowerState.RUNNING), "its fence runs"),
        (Power(3, PowerState.CONFIRMED), "its fence runs"),
        (
            Power(3, PowerState.FAILED, NOW),
            "its fence failed and is tried again: switch it off, then "
            "standby.iis.switchover -e hierarchy=web -e to=server2 -e fence_confirmed=server1",
        ),
        (Power(2, PowerState.RUNNING), "its fence comes next"),
    ],
)
def test_how_the_fence_of_the_last_owner_stands_is_told(power, told):
    assert lost(FENCED, of=DISK, power={"server1": power}).sentence.endswith(f"({told})")


def test_a_fence_that_maintenance_keeps_from_running_is_not_said_to_run():
    found = lost(
        FENCED,
        of=DISK,
        maintenance=Maintenance(nodes=("server1",)),
        records={"web": free(doubt=True)},
    )

    assert found.others == []
    assert "maintenance keeps its fence from running" in found.sentence


def test_a_fence_that_runs_for_nobody_is_not_said_to_run():
    # A damaged record, and a node that may have had it and has never joined.
    records = {"web": unreadable(age=10_000.0)}
    found = look(of=DISK, nodes={"server1": None}, records=records)

    assert found.others == []
    assert "its fence does not run without" in found.sentence


def test_power_is_not_cut_before_the_record_is_fenced():
    found = lost(of=DISK)

    assert found.others == []
    assert found.purposes == FENCE


def test_power_that_is_off_is_written_down_first():
    found = lost(fenced("server1", version=12), of=DISK, power={"server1": Power(3, PowerState.CONFIRMED)})

    write = found.write("confirm")
    assert (write.key, write.version) == ("nodes/server1", 12)
    assert (write.record.confirmed, write.record.state) == (True, NodeState.FENCED)
    assert found.purposes == [("confirm", "nodes/server1")]


def test_a_device_that_failed_is_asked_again_after_a_while():
    found = lost(FENCED, of=DISK, power={"server1": Power(3, PowerState.FAILED, NOW - TIMERS.ttl)})

    (cut,) = found.decision.actions
    assert (cut.node, cut.incarnation) == ("server1", 3)


def test_a_later_incarnation_needs_a_confirmation_of_its_own():
    owner = fenced("server1", incarnation=5)
    found = lost(
        owner,
        of=DISK,
        records={"web": owned(incarnation=5)},
        power={"server1": Power(3, PowerState.CONFIRMED)},
    )

    assert found.others == [replace(CUT, incarnation=5)]
    assert found.writes == []


def test_where_no_disk_is_at_stake_no_power_is_cut():
    found = lost(FENCED, of=cluster(rules(), fences=("server1",)))

    assert found.others == []


def test_a_node_that_had_nothing_exclusive_is_not_cut():
    found = lost(FENCED, of=DISK, records={"web": free()})

    assert found.others == []


@pytest.mark.parametrize(("first", "purposes"), [(0, CLAIM), (5, [])], ids=["its machine", "another machine"])
def test_a_later_incarnation_that_never_had_the_disk_is_not_cut(first, purposes):
    """To cut its power would tell nothing of the one that had it."""
    owner = fenced("server1", incarnation=5, first=first)
    found = lost(owner, of=DISK, records={"web": owned(incarnation=3)})

    assert found.others == []
    assert found.purposes == purposes


@pytest.mark.parametrize(("age", "fence"), [(TIMERS.damaged - 0.1, []), (TIMERS.damaged, FENCE)])
def test_an_owner_without_a_record_is_fenced_only_after_it_would_have_been_listed(age, fence):
    found = look(nodes={"server1": None}, records={"web": owned(age=age)})

    assert found.purposes == fence
