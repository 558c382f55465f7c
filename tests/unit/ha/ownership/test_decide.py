# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node decides as a whole; what holds whatever it knows is in test_whatever_is_known.py."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import ROLES, Reason
from tests.support.ownership_snapshots import (
    NOW,
    TIMERS,
    cluster,
    decided,
    down,
    free,
    member,
    rules,
    up,
)

# A node that is not in the cluster


def test_a_node_that_is_not_in_the_cluster_stops_what_it_has_and_says_so():
    found = decided("server9", local={"web": up()})

    told = "server9 is no node of this cluster (server1, server2): check its name"
    assert found.work == [("stop", "web")]
    assert found.writes == []
    assert (found.reason, found.sentence) == ("not_a_member", told)


def test_with_everything_down_it_does_nothing():
    assert decided("server9", local={"web": down()}).decision.actions == ()


# Verdicts


def test_there_is_one_verdict_for_each_hierarchy_of_the_node_in_their_order():
    of = cluster(rules("b"), rules("a"), rules("c", ("server2", "server3")))

    assert [one.hierarchy for one in decided(of=of).decision.verdicts] == ["b", "a"]


def test_hierarchies_are_decided_one_by_one():
    of = cluster(rules("a"), rules("b"), rules("c", ("server2", "server1")))
    found = decided(of=of, records={"b": free(name="b")})

    assert [found.verdict(name).reason.value for name in "abc"] == ["in_service", "claiming", "elsewhere"]


def test_the_own_record_comes_before_all_else():
    found = decided("server2", own=member(renewed=NOW - TIMERS.interval), records={"web": free(age=900.0)})

    assert found.purposes == [("renew", "nodes/server2"), ("claim", "hierarchies/web")]


def test_every_reason_is_part_of_a_role():
    assert set(ROLES) == set(Reason)


def test_the_builders_own_snapshot_is_a_cluster_at_rest():
    assert (decided().reason, decided().decision.actions) == ("in_service", ())
    assert (decided("server2").reason, decided("server2").decision.actions) == ("elsewhere", ())
