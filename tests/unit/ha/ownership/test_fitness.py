# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes could have a hierarchy in service, how many, and what tells that another has ended."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.fitness import confirmed, why_unfit
from tests.support.ownership_snapshots import (
    CLAIM,
    NOW,
    TIMERS,
    cluster,
    decided,
    down,
    fenced,
    free,
    left,
    look,
    node,
    owned,
    rules,
    snapshot,
    unreadable,
)

# How many a node takes


def n_plus_one(*names, limits=None, owners=("server1",)):
    """One standby, server9, for hierarchies of nodes of their own, which are fenced."""
    declared = [rules(name, (f"server{n}", "server9")) for n, name in enumerate(names, 1)]
    of = cluster(*declared, limits=limits)
    nodes = {one.nodes[0]: fenced(one.nodes[0], by="server9") for one in declared}
    return decided("server9", of=of, nodes=nodes)


def test_a_standby_takes_the_hierarchies_of_several_nodes_in_one_decision():
    found = n_plus_one("a", "b", "c")

    assert found.purposes == [("claim", f"hierarchies/{name}") for name in "abc"]


def test_claims_of_one_decision_count_against_the_limit():
    found = n_plus_one("a", "b", "c", limits={"server9": 2})

    assert found.purposes == [("claim", "hierarchies/a"), ("claim", "hierarchies/b")]
    assert found.verdict("c").reason.value == "limit"
    assert "server9 has 2 hierarchies, its limit" in found.verdict("c").sentence


@pytest.mark.parametrize("way", ["a", "b"])
def test_a_claim_under_way_counts_against_the_limit_whatever_the_order(way):
    of = cluster(rules("a"), rules("b"), limits={"server1": 1})
    found = decided(
        "server1",
        of=of,
        records={"a": free(name="a"), "b": free(name="b")},
        busy=frozenset({f"hierarchies/{way}"}),
    )

    assert found.writes == []
    assert {name: found.verdict(name).reason.value for name in "ab"} == {
        **dict.fromkeys("ab", "limit"),
        way: "claiming",
    }


def test_what_a_node_has_counts_against_its_limit():
    of = cluster(rules("a"), rules("b"), limits={"server1": 1})
    found = decided("server1", of=of, records={"b": free(name="b")})

    assert found.writes == []
    assert found.verdict("b").reason.value == "limit"


def test_what_an_earlier_incarnation_had_does_not():
    of = cluster(rules("a"), rules("b", ("server2", "server1")), limits={"server1": 1})
    records = {"a": owned("server1", name="a", incarnation=2), "b": free(name="b", age=900.0)}
    found = decided("server1", of=of, records=records, local={"a": down()})

    assert [key for _purpose, key in found.purposes] == ["hierarchies/a"]


def test_a_better_node_at_its_limit_is_not_waited_for():
    of = cluster(rules("web"), rules("db"), limits={"server1": 1})
    found = look(of=of, records={"web": free(age=0.0), "db": owned(name="db")})

    assert found.purposes == CLAIM


def test_a_node_where_it_was_not_reached_is_unfit_until_the_hold_off_is_over():
    """The same words all the time: a fitness that changes every second would never be steady."""
    of = rules()
    for age, unfit in ((1.0, True), (TIMERS.hold_off - 1.0, True), (TIMERS.hold_off + 1.0, False)):
        s = snapshot("server2", local={"web": down(unreached=NOW - age)})
        told = "it was in service there and not reached from outside"
        assert why_unfit(s, of) == (told if unfit else "")
        alone = snapshot("server2", nodes={"server1": fenced()}, local={"web": down(unreached=NOW - age)})
        assert why_unfit(alone, of) == "", "who would take it else?"


# What is more than a record


@pytest.mark.parametrize(
    ("record", "sure"),
    [
        (node(incarnation=3), False),
        (node(incarnation=4), True),
        (node(incarnation=4, first=4), False),
        (node(incarnation=5, first=4), False),
        (node(incarnation=5, first=3), True),
        (left(incarnation=3), True),
        (left(incarnation=4, first=4), False),
        (fenced(incarnation=3), False),
        (fenced(incarnation=3, confirmed=True), True),
        (fenced(incarnation=4, first=4, confirmed=True), False),
        (fenced(incarnation=3, first=3, confirmed=True), True),
        (unreadable(), False),
        (None, False),
    ],
)
def test_that_incarnation_three_is_over_is_confirmed_by_its_own_machine_or_its_own_fence(record, sure):
    """From ``first`` on another machine has the name: it tells nothing of the former one."""
    assert confirmed(snapshot("server2", nodes={"server1": record}), "server1", 3) is sure
