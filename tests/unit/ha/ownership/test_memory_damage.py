# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that are damaged, newer or gone: what was known is kept, and said to be old."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    Maintenance,
    NodeRecord,
    encode,
)
from tests.support.ownership_memory import NEWER, PEER, WEB, Node, Stored

# Records that cannot be understood


@pytest.mark.parametrize("text", ["{", "", None, "[]", '{"format":0}', encode(NodeRecord("server9", 1, "p"))])
def test_a_damaged_record_keeps_what_was_known_and_says_why(text):
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0, server2=(8, text))

    seen = node.look(103.0).nodes["server2"]
    assert (seen.version, seen.record, seen.since, seen.newer) == (8, PEER, 102.1, False)
    assert seen.problem


def test_a_record_that_was_never_understood_is_a_record_all_the_same():
    node = Node()
    node.read(100.0, web=(1, "{"))

    seen = node.look(101.0).hierarchies["web"]
    assert (seen.version, seen.record) == (1, None)
    assert "the record of hierarchy web is damaged" in seen.problem


def test_a_newer_record_is_told_apart():
    node = Node()
    node.read(100.0, web=(7, WEB))
    node.read(102.0, web=(8, NEWER))

    seen = node.look(103.0).hierarchies["web"]
    assert seen.newer
    assert seen.record == WEB
    assert "has format 2, and this version knows 1" in seen.problem


def test_an_incarnation_that_goes_back_is_damage():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0, server2=(8, replace(PEER, incarnation=1)))

    seen = node.look(103.0).nodes["server2"]
    assert seen.record == PEER
    assert "older than what was known" in seen.problem


@pytest.mark.parametrize("text", ["{", NEWER, None])
def test_what_is_wrong_with_a_record_is_one_clause_that_sentences_are_made_of(text):
    node = Node()
    node.read(100.0, web=(8, text))

    assert "." not in node.look(101.0).hierarchies["web"].problem.replace("standby.iis", "")


def test_an_epoch_that_goes_back_is_damage():
    node = Node()
    node.read(100.0, web=(7, WEB))
    node.read(102.0, web=(8, HierarchyRecord("web", "server2", 8, 3)))

    seen = node.look(103.0).hierarchies["web"]
    assert seen.record == WEB
    assert "older than what was known" in seen.problem


def test_foreign_keys_are_left_alone():
    node = Node()
    node.memory.read(100.0, 100.1, {"leader": Stored(1, "server9"), "nodes": Stored(1, "{")})

    s = node.look(101.0)
    assert (s.nodes, s.hierarchies) == ({}, {})
    assert s.reachable


# Records that vanish


def test_a_record_that_vanishes_is_watched_as_missing():
    node = Node()
    node.read(100.0, web=(7, WEB))
    node.read(102.0)

    seen = node.look(103.0).hierarchies["web"]
    assert (seen.version, seen.record, seen.since, seen.problem) == (0, WEB, 102.1, "its record has vanished")


def test_a_vanished_record_is_watched_on():
    node = Node()
    node.read(100.0, server2=(7, PEER))
    node.read(102.0)
    node.read(104.0)

    assert node.look(105.0).nodes["server2"].since == 102.1


def test_a_vanished_record_that_is_back_counts_whatever_its_version():
    node = Node()
    node.read(100.0, web=(7, WEB))
    node.read(102.0)
    node.read(104.0, web=(1, replace(WEB, epoch=5)))

    seen = node.look(105.0).hierarchies["web"]
    assert (seen.version, seen.record.epoch, seen.problem) == (1, 5, "")


def test_a_record_is_not_missing_in_a_read_that_began_before_it_was_written():
    node = Node()
    node.write(Purpose.CLAIM, WEB, 0, at=100.0, took=0.5, becomes=1)
    node.read(100.4)

    assert node.look(101.0).hierarchies["web"].problem == ""


# Maintenance

WORK = Maintenance(nodes=("server2",))


def test_a_damaged_record_of_maintenance_leaves_what_it_said_last():
    node = Node()
    node.read(100.0, maintenance=(3, WORK))
    node.read(102.0, maintenance=(4, "{"))

    s = node.look(103.0)
    assert s.maintenance == WORK
    assert "the record of maintenance is damaged" in s.maintenance_problem


def test_where_there_was_no_maintenance_a_damaged_record_of_it_is_none():
    node = Node()
    node.read(100.0)
    node.read(102.0, maintenance=(1, "{"))

    assert node.look(103.0).maintenance == Maintenance()


@pytest.mark.parametrize("known", [True, False])
def test_a_newer_record_of_maintenance_counts_as_maintenance_of_the_cluster(known):
    node = Node()
    if known:
        node.read(100.0, maintenance=(3, WORK))
    node.read(102.0, maintenance=(4, NEWER))

    s = node.look(103.0)
    assert s.maintenance.cluster
    assert s.maintenance_problem.endswith("update standby.iis on this node")


def test_a_damaged_record_of_maintenance_that_was_never_read_counts_as_maintenance_of_the_cluster():
    node = Node()
    node.read(100.0, maintenance=(4, "{"))

    assert node.look(101.0).maintenance.cluster


def test_a_record_of_maintenance_that_is_written_again_holds():
    node = Node()
    node.read(100.0, maintenance=(4, "{"))
    node.read(102.0, maintenance=(5, WORK))

    s = node.look(103.0)
    assert (s.maintenance, s.maintenance_problem) == (WORK, "")
