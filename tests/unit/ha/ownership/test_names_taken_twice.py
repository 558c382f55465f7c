# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two machines with one name: the second one waits for the first, and is no proof that its power is off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import NodeState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Own
from tests.support.ownership_memory import OWN, Node, write_of
from tests.support.ownership_snapshots import (
    CLAIM,
    NOW,
    TIMERS,
    Decided,
    cluster,
    decided,
    down,
    fenced,
    left,
    look,
    member,
    node,
    owned,
    rules,
    snapshot,
)

DISK = cluster(rules(exclusive=True))
OURS, THEIRS = "machine 1", "machine 2"


def joining(own, *, machine=OURS):
    """What a new agent of server1 decides, with everything stopped, where that is server1's record."""
    situation = snapshot("server1", own=Own(), nodes={"server1": own}, local={"web": down()}, machine=machine)
    return Decided(situation)


@pytest.mark.parametrize("age", [0.5, TIMERS.ttl - 0.01])
def test_a_machine_does_not_join_under_a_name_that_another_one_renews(age):
    found = joining(node("server1", machine=THEIRS, age=age))

    assert found.purposes == []
    assert "another machine runs an agent named server1" in found.sentence


def test_an_agent_that_starts_anew_on_its_machine_joins_at_once():
    found = joining(node("server1", machine=OURS, age=0.1))

    assert found.record("join").incarnation == 4
    assert found.record("join").first == 0


@pytest.mark.parametrize(
    ("record", "first"),
    [
        (fenced("server1", machine=THEIRS), 4),
        (fenced("server1", machine=THEIRS, confirmed=True), 0),
        (left("server1", machine=THEIRS), 0),
        (node("server1", machine=OURS, first=2), 2),
    ],
    ids=["fenced", "surely off", "gone by itself", "this one, after another"],
)
def test_a_machine_tells_from_which_incarnation_on_the_name_is_surely_its_own(record, first):
    assert joining(record).record("join").first == first


def test_a_machine_joins_over_a_silent_one_that_nobody_may_have_promised_anything():
    silent, elsewhere = node("server1", machine=THEIRS, age=TIMERS.ttl), owned("server2")
    situation = snapshot(
        "server1",
        own=Own(),
        nodes={"server1": silent},
        records={"web": elsewhere},
        local={"web": down()},
        machine=OURS,
    )
    assert Decided(situation).record("join").first == 4


def test_a_machine_waits_for_a_silent_one_that_may_serve_on_promises():
    found = joining(node("server1", machine=THEIRS, age=10 * TIMERS.ttl))

    assert found.purposes == []
    assert "waited for until one of them fences it" in found.sentence


@pytest.mark.parametrize(("first", "taken"), [(0, True), (4, False)])
def test_a_disk_is_not_taken_because_another_machine_has_joined_under_the_name_of_its_owner(first, taken):
    found = look(
        of=DISK,
        nodes={"server1": node("server1", incarnation=4, first=first, unfit={"web": "no disk here"})},
        records={"web": owned("server1", incarnation=3)},
    )

    assert (found.purposes == CLAIM) is taken
    if not taken:
        assert "another machine has joined under its name" in found.sentence


def test_every_record_of_a_machine_names_it():
    memory = Memory("server1", "p", cluster(), TIMERS, machine=OURS)
    memory.read(1.0, 1.1, {})
    memory.local["web"] = down()

    assert Decided(memory.snapshot(1.2)).record("join").machine == OURS


@pytest.mark.parametrize(
    ("instance", "writes"), [("server1-process", [("renew", "nodes/server1")]), ("another", [])]
)
def test_only_the_process_that_wrote_a_record_renews_it(instance, writes):
    own = member(renewed=NOW - TIMERS.interval)
    found = decided(own=own, nodes={"server1": node("server1", instance=instance, owned={"web": 4})})

    assert found.purposes == writes


@pytest.mark.parametrize(
    "since",
    [replace(OWN, incarnation=4, instance="p9"), replace(OWN, state=NodeState.FENCED, by="server2")],
    ids=["another has joined", "fenced"],
)
def test_a_join_over_which_others_have_written_before_its_answer_came_gives_no_standing(since):
    joins = Node()
    join = write_of(Purpose.JOIN, OWN, 9)
    joins.memory.writing(join, 100.0)
    joins.read(100.5, server1=(12, since))
    joins.memory.written(join, 100.0, 100.7, 10)

    assert joins.look(100.8).own.incarnation == 0
    assert not joins.memory.serves(100.8)
