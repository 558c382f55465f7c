# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that are gone: what other records tell of them is not forgotten."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    NODES,
    HierarchyRecord,
    NodeRecord,
    encode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Own
from tests.support.ownership_snapshots import (
    CLAIM,
    FENCE,
    FENCED,
    NOW,
    SILENT,
    TIMERS,
    cluster,
    decided,
    down,
    fenced,
    look,
    member,
    node,
    owned,
    rules,
    seen,
    unreadable,
)

HAD = {"server1": fenced("server1", owned={"web": 7})}


def without(of=None, *, first_read=NOW - 100.0, nodes=None):
    """What server2 decides where the record of web is not there."""
    return look(of=of, records={"web": None}, nodes=HAD if nodes is None else nodes, first_read=first_read)


def test_a_hierarchy_that_no_record_names_is_new_and_taken_at_once():
    assert without(nodes={"server1": fenced("server1")}, first_read=NOW - 6.0).purposes == CLAIM


def test_one_that_a_node_had_is_taken_only_when_its_owner_would_have_written_it_again():
    assert without(first_read=NOW - TIMERS.damaged + 0.1).reason == "unreadable"

    claim = without(first_read=NOW - TIMERS.damaged)
    assert claim.purposes == CLAIM
    assert claim.record("claim").epoch == 8
    assert claim.write("claim").version == 0


@pytest.mark.parametrize(
    ("declared", "reason"),
    [({"exclusive": True}, "waiting_for_confirmation"), ({"replicated": True}, "old_data")],
    ids=["disk", "data"],
)
def test_neither_disks_nor_data_are_taken_because_a_record_is_missing(declared, reason):
    found = without(of=cluster(rules(**declared)))

    assert CLAIM[0] not in found.purposes
    assert found.reason == reason


@pytest.mark.parametrize("record", [None, unreadable(age=TIMERS.damaged)], ids=["missing", "damaged"])
@pytest.mark.parametrize(("server1", "reason"), [(SILENT, "unreadable"), (FENCED, "claiming")])
def test_a_silent_node_that_may_have_what_has_no_record_is_fenced_first(record, server1, reason):
    found = look(records={"web": record}, nodes={"server1": server1}, first_read=NOW - TIMERS.damaged)

    assert found.purposes == (FENCE if server1 is SILENT else CLAIM)
    assert found.reason == reason
    if server1 is SILENT:
        assert "server1 may have it and is silent, and is fenced first" in found.sentence


class Stored:
    def __init__(self, version, value):
        self.version = version
        self.value = value


def joined(incarnation):
    """A memory of server1, joined as that; and a function that shows it records."""
    memory = Memory("server1", "p1", cluster(), TIMERS)
    own = NodeRecord("server1", incarnation, "p1")

    def read(at, **records):
        found = {NODES + "server1": Stored(10, encode(own))}
        found |= {
            HIERARCHIES + name: Stored(version, encode(one)) for name, (version, one) in records.items()
        }
        memory.read(at, at + 0.1, found)

    memory._lease.join(incarnation, 100.0)
    return memory, read


@pytest.mark.parametrize(("named", "over"), [(3, False), (4, True)])
def test_a_record_that_names_a_later_incarnation_of_this_node_ends_the_one_it_has(named, over):
    memory, read = joined(3)
    read(100.2, web=(20, HierarchyRecord("web", "server1", named, 5)))

    assert bool(memory.snapshot(100.4).own.lost) is over


def test_who_had_what_has_no_record_tells_it_again_when_it_joins_anew():
    alone = {"web": None}
    own = fenced("server1", owned={"web": 7})
    found = decided("server1", own=Own(), nodes={"server1": own}, records=alone, local={"web": down()})

    assert found.record("join").owned == {"web": 7}


def test_and_goes_on_telling_it_until_there_is_one():
    joined = node("server1", owned={"web": 7})
    renewal = member(renewed=NOW - TIMERS.interval)
    how = {"own": renewal, "nodes": {"server1": joined}, "local": {"web": down()}}

    assert decided("server1", records={"web": None}, **how).record("renew").owned == {"web": 7}
    assert decided("server1", records={"web": owned("server2")}, **how).record("renew").owned == {}


def test_and_leaves_it_behind_when_it_leaves():
    joined = node("server1", owned={"web": 7, "gone": 3})
    how = {"own": member(leaving=True), "nodes": {"server1": joined}, "local": {"web": down()}}

    assert decided("server1", records={"web": None}, **how).record("leave").owned == {"web": 7}
    assert decided("server1", records={"web": owned("server2")}, **how).record("leave").owned == {}


@pytest.mark.parametrize(("me", "reason"), [("server1", "claiming"), ("server2", "old_data")])
def test_data_whose_record_is_missing_is_that_of_who_had_it_last(me, reason):
    how = {
        "of": cluster(rules(replicated=True)),
        "records": {"web": None},
        "first_read": NOW - TIMERS.damaged,
        "local": {"web": down()},
    }
    mine = {"server1": node("server1", owned={"web": 7})}
    gone = {"server1": fenced("server1", owned={"web": 7}, confirmed=True)}

    assert decided(me, nodes=mine if me == "server1" else gone, **how).reason == reason


@pytest.mark.parametrize(("mine", "claims"), [(7, False), (9, True)])
def test_of_two_that_had_it_the_later_one_takes_it(mine, claims):
    found = look(
        records={"web": None},
        first_read=NOW - TIMERS.damaged,
        nodes={"server1": node("server1", owned={"web": 8}), "server2": node("server2", owned={"web": mine})},
    )

    assert (CLAIM[0] in found.purposes) is claims


def at_its_limit(me, *, server1=(), server2=(), web=None):
    """What a node decides where server2 has all that it may have, and web has no record."""
    return decided(
        me,
        of=cluster(rules(), rules("shop"), limits={"server2": 1}),
        records={"web": web, "shop": owned("server2", name="shop")},
        nodes={
            "server1": node("server1", owned=dict(server1)),
            "server2": node("server2", owned={"shop": 4, **dict(server2)}),
        },
        first_read=NOW - TIMERS.damaged,
    )


def test_who_had_it_and_cannot_take_it_writes_it_again_for_the_others():
    found = at_its_limit("server2", server2={"web": 7})

    again = found.record("repair")
    assert (found.reason, again.owner, again.epoch) == ("limit", "", 7)
    assert found.sentence.endswith("server1 is to take it")

    taken = at_its_limit("server1", server2={"web": 7}, web=seen(again))
    assert taken.record("claim").epoch == 8
    assert taken.record("claim").reason == "server1 takes it: its record is missing, and server2 had it"


def test_who_did_not_have_it_leaves_that_to_who_had_it():
    found = at_its_limit("server2", server1={"web": 7})

    assert not found.writes
    assert found.sentence == "it has no record that can be read; server1 had it, and is to write it again"


def test_what_nobody_had_is_not_written_by_who_cannot_take_it():
    assert not at_its_limit("server2").writes
