# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node remembers: only news count, nothing goes back, and what is not known is not believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    Maintenance,
    NodeRecord,
    NodeState,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from tests.support.ownership_memory import NEWER, OWN, PEER, WEB, Node, beat, write_of
from tests.support.ownership_snapshots import TIMERS, cluster, rules

# Before anything is known


def test_before_the_first_read_the_store_is_out_of_reach():
    s = Node().look(1.0)

    assert not s.reachable
    assert s.outage == "the witness has not been read yet"


def test_a_hierarchy_may_be_up_before_the_hands_have_looked():
    assert Node().look(1.0).local == {"web": Local(LocalState.UNKNOWN)}


def test_only_hierarchies_of_this_node_are_its_own_matter():
    node = Node(of=cluster(rules("web"), rules("db", ("server2", "server3"))))

    assert set(node.memory.local) == {"web"}
    assert node.look(1.0).peers == ("server2",)


# Watching


def test_a_record_is_watched_from_the_end_of_the_read():
    node = Node()
    node.read(100.0, server2=(7, PEER))

    seen = node.look(101.0).nodes["server2"]
    assert (seen.version, seen.record, seen.since) == (7, PEER, 100.1)


def test_an_unchanged_version_is_watched_on():
    node = Node()
    for at in (100.0, 101.0, 102.0):
        node.read(at, server2=(7, PEER))

    assert node.look(103.0).nodes["server2"].since == 100.1


def test_a_new_version_starts_the_watch_anew():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0, server2=(8, beat(PEER)))

    seen = node.look(103.0).nodes["server2"]
    assert (seen.version, seen.since) == (8, 102.1)


def test_a_new_version_starts_the_watch_anew_whatever_stands_in_it():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0, server2=(8, PEER))

    assert node.look(103.0).nodes["server2"].since == 102.1


def test_a_refused_fence_starts_the_watch_anew():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    tombstone = write_of(Purpose.FENCE, replace(PEER, state=NodeState.FENCED, by="server1"), 7)
    node.memory.writing(tombstone, 107.0)
    node.memory.refused(tombstone, 107.5)

    assert node.look(108.0).nodes["server2"].since == 107.5


def test_a_refused_claim_starts_the_watch_anew():
    node = Node()
    node.read(100.0, web=(7, WEB))
    claim = write_of(Purpose.CLAIM, WEB, 7)
    node.memory.writing(claim, 107.0)
    node.memory.refused(claim, 107.5)

    assert node.look(108.0).hierarchies["web"].since == 107.5


def test_an_older_version_is_ignored():
    node = Node()
    node.read(100.0, web=(7, WEB))
    node.read(102.0, web=(6, HierarchyRecord("web")))

    seen = node.look(103.0).hierarchies["web"]
    assert (seen.version, seen.record, seen.since) == (7, WEB, 100.1)


def test_a_listing_from_before_an_own_write_is_ignored():
    node = Node()
    node.read(100.0, web=(7, HierarchyRecord("web")))
    node.write(Purpose.CLAIM, WEB, 7, at=101.0, becomes=8)
    node.read(101.5, web=(7, HierarchyRecord("web")))

    assert node.look(102.0).hierarchies["web"].record == WEB


def test_an_own_write_is_known_from_its_answer_on():
    node = Node()
    node.write(Purpose.CLAIM, WEB, 0, at=101.0, took=0.5, becomes=8)

    seen = node.look(102.0).hierarchies["web"]
    assert (seen.version, seen.record, seen.since) == (8, WEB, 101.5)


# Steadiness


def test_renewals_leave_a_node_steady():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0, server2=(8, beat(PEER)))

    assert node.look(103.0).nodes["server2"].steady == 100.1


@pytest.mark.parametrize(
    "change",
    [{"incarnation": 9}, {"unfit": {"web": "no disk"}}, {"state": NodeState.FENCED}],
    ids=str,
)
def test_a_node_that_has_changed_is_steady_from_then_on(change):
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0, server2=(8, replace(PEER, **change)))

    assert node.look(103.0).nodes["server2"].steady == 102.1


def test_a_record_that_was_damaged_is_steady_from_its_repair_on():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(101.0, server2=(8, "{"))
    node.read(102.0, server2=(9, beat(PEER)))

    seen = node.look(103.0).nodes["server2"]
    assert (seen.problem, seen.steady) == ("", 102.1)


# The end of an owner


def test_an_owner_that_joins_and_crashes_again_and_again_does_not_begin_its_end_anew():
    node, taken = Node("server1"), replace(WEB, owner="server2", incarnation=8)
    node.read(100.0, server2=(7, PEER), web=(20, taken))
    assert not node.look(101.0).over

    node.read(102.0, server2=(8, replace(PEER, state=NodeState.FENCED)), web=(20, taken))
    for again in range(1, 4):
        joined = replace(PEER, incarnation=8 + again)
        node.read(102.0 + 10 * again, server2=(8 + 2 * again, joined), web=(20, taken))
        fenced = replace(joined, state=NodeState.FENCED)
        node.read(107.0 + 10 * again, server2=(9 + 2 * again, fenced), web=(20, taken))

    assert node.look(140.0).over == {"web": 102.1}


def test_an_owner_that_was_seen_to_join_anew_only_is_over_from_then_on():
    node, taken = Node("server1"), replace(WEB, owner="server2", incarnation=8)
    node.read(100.0, server2=(7, PEER), web=(20, taken))
    node.read(102.0, server2=(9, replace(PEER, incarnation=9)), web=(20, taken))
    assert node.look(103.0).over == {"web": 102.1}


def test_ends_that_no_record_of_a_hierarchy_names_are_forgotten():
    node = Node("server1")
    for again in range(100):
        joined = replace(PEER, incarnation=9 + again)
        node.read(100.0 + again, server2=(8 + again, joined), web=(20, WEB))
    assert sum(len(ends) for ends in node.memory._seen._over.values()) == 1
    assert not node.look(300.0).over


# News


def test_the_first_read_is_news():
    assert Node().read(100.0)


def test_renewals_alone_are_no_news():
    node = Node().join()
    node.read(100.2, server1=(10, OWN), server2=(7, PEER))

    assert not node.read(101.2, server1=(10, OWN), server2=(8, beat(PEER)))


@pytest.mark.parametrize(
    "found",
    [
        {"server2": (8, replace(PEER, state=NodeState.FENCED))},
        {"server2": (8, "{")},
        {"server2": (7, PEER), "server3": (1, NodeRecord("server3", 1, "p"))},
        {"server2": (7, PEER), "web": (1, WEB)},
        {"server2": (7, PEER), "maintenance": (1, Maintenance())},
        {},
    ],
    ids=["fenced", "damaged", "another node", "hierarchy", "maintenance", "vanished"],
)
def test_everything_else_is_news(found):
    node = Node()
    node.read(100.0, server2=(7, PEER))

    assert node.read(101.0, **found)


def test_a_read_after_an_outage_is_news():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.memory.unreachable("it does not answer")

    assert node.read(102.0, server2=(7, PEER))


# Maintenance


def test_maintenance_is_what_its_record_says():
    node = Node()
    node.read(100.0, maintenance=(1, Maintenance(nodes=("server2",))))

    assert node.look(101.0).maintenance == Maintenance(nodes=("server2",))


@pytest.mark.parametrize("text", ["{", None, NEWER])
def test_maintenance_that_cannot_be_read_holds_everywhere(text):
    node = Node()
    node.read(100.0, maintenance=(1, text))

    assert node.look(101.0).maintenance.cluster


def test_maintenance_goes_on_where_its_record_vanishes():
    node = Node()
    node.read(100.0, maintenance=(5, Maintenance(cluster=True)))
    node.read(102.0)

    assert node.look(103.0).maintenance.cluster


def test_maintenance_that_vanished_and_was_written_again_counts():
    node = Node()
    node.read(100.0, maintenance=(5, Maintenance(cluster=True)))
    node.read(102.0)
    node.read(104.0, maintenance=(1, Maintenance()))

    assert not node.look(105.0).maintenance.cluster


# Reachable or not


def test_the_store_is_in_reach_for_two_intervals_after_a_read():
    node = Node()
    node.read(100.0)

    assert node.look(100.1 + 2 * TIMERS.interval).reachable
    assert not node.look(100.2 + 2 * TIMERS.interval).reachable


def test_a_failed_read_is_an_outage_until_the_next_that_succeeds():
    node = Node()
    node.read(100.0)
    node.memory.unreachable("it does not answer")

    s = node.look(100.5)
    assert (s.reachable, s.outage) == (False, "it does not answer")

    node.read(101.0)
    s = node.look(101.5)
    assert (s.reachable, s.outage) == (True, "")


# Keys that are busy


def test_a_key_is_busy_while_a_write_is_under_way():
    node = Node()
    claim = write_of(Purpose.CLAIM, WEB)
    node.memory.writing(claim, 100.0)

    assert node.look(100.1).busy == {"hierarchies/web"}

    node.memory.written(claim, 100.0, 100.5, 1)
    assert node.look(100.6).busy == set()


def test_a_key_is_free_again_after_a_write_without_an_answer():
    node = Node()
    claim = write_of(Purpose.CLAIM, WEB)
    node.memory.writing(claim, 100.0)
    node.memory.unanswered(claim, 100.0)

    assert node.look(101.1).busy == set()


def test_a_refused_key_is_busy_until_a_read_that_began_later():
    node = Node()
    claim = write_of(Purpose.CLAIM, WEB)
    node.memory.writing(claim, 100.0)
    node.memory.refused(claim, 100.5)
    assert node.look(100.6).busy == {"hierarchies/web"}

    node.read(100.4)
    assert node.look(100.6).busy == {"hierarchies/web"}

    assert node.read(100.6)
    assert node.look(100.8).busy == set()


# After a time without reading


@pytest.mark.parametrize(
    ("gap", "spared"), [(2 * TIMERS.interval + 0.2, True), (2 * TIMERS.interval - 0.2, False)]
)
def test_who_could_not_read_gives_others_time_to_renew(gap, spared):
    node = Node()
    node.read(100.0, server2=(7, PEER))
    for at in (101.0, 102.0, 103.0):
        node.read(at, server2=(7, PEER))
    node.read(103.1 + gap, server2=(7, PEER))

    ended = 103.1 + gap + 0.1
    least = ended - TIMERS.ttl + TIMERS.grace
    assert node.look(ended).nodes["server2"].since == (max(100.1, least) if spared else 100.1)


def test_who_renewed_meanwhile_is_spared_for_that_alone():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(120.0, server2=(8, beat(PEER)))

    assert node.look(120.1).nodes["server2"].since == 120.1


# Answers that come late


def test_a_late_answer_does_not_replace_newer_knowledge():
    node = Node()
    node.read(100.0, web=(7, WEB))
    mark = write_of(Purpose.MARK, WEB, 7)
    node.memory.writing(mark, 100.2)
    asked_for = replace(WEB, request=Request("r1", RequestKind.SWITCHOVER, "server2"))
    node.read(101.0, web=(9, asked_for))
    node.memory.written(mark, 100.2, 101.2, 8)

    seen = node.look(101.3).hierarchies["web"]
    assert (seen.version, seen.record) == (9, asked_for)


def test_a_late_answer_to_its_own_write_extends_nothing_where_others_have_written_since():
    node = Node().join()
    renewal = write_of(Purpose.RENEW, beat(OWN), 10)
    node.memory.writing(renewal, 101.0)
    node.read(101.5, server1=(12, replace(OWN, state=NodeState.FENCED, by="server2")))
    node.memory.written(renewal, 101.0, 101.7, 11)

    assert node.look(101.8).own.lost == "server2 has fenced it"
    assert not node.memory.serves(101.8)


def test_what_is_claimed_begins_with_all_its_attempts():
    node = Node().join()
    node.read(100.5, server1=(10, OWN), web=(20, replace(WEB, owner="", epoch=3)))
    node.memory.local["web"] = Local(LocalState.DOWN, failures=(90.0, 95.0, 99.0), problem="no answer")
    node.read(101.5, server1=(10, OWN), web=(21, replace(WEB, owner="server2", epoch=4)))
    assert node.memory.local["web"].failures == (90.0, 95.0, 99.0)

    node.read(102.5, server1=(10, OWN), web=(22, replace(WEB, epoch=5)))
    assert node.memory.local["web"] == Local(LocalState.DOWN)
