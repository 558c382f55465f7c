# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""N+1: what is missed if any one or any two nodes die, and why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.log import DecisionLog
from ansible_collections.standby.iis.plugins.module_utils.agent.looking_back import rehearsed
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.capacity import Lack, capacity, told
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Rules,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.what_if import Fate, foresee_all
from tests.support.ownership_world import Situation

THREE = ("a", "b", "c")
SPARE = (Rules("A", ("a", "c")), Rules("B", ("b", "c")))


def n_plus_one(*rules, limits=None, fences=()):
    situation = Situation(*(rules or SPARE), names=THREE, limits=limits or {}, fences=fences)
    return situation.owned("A", "a").owned("B", "b")


def gaps(found):
    return [(gap.dead, gap.hierarchy, gap.lack) for gap in found.gaps]


def test_a_spare_node_stands_for_any_one():
    found = capacity(n_plus_one().snapshot())
    assert found.gaps == ()
    assert told(found) == ["Nothing is missed if one node dies."]


def test_any_two_nodes_are_too_many_and_each_pair_says_what_is_missed():
    found = capacity(n_plus_one().snapshot(), 2)
    assert gaps(found) == [
        (("a", "c"), "A", Lack.TARGET),
        (("b", "c"), "B", Lack.TARGET),
    ]
    assert told(found)[0].startswith("If a and c die: A, which a has, is taken by nobody")


def test_a_limit_is_what_lacks_where_the_spare_is_full():
    found = capacity(n_plus_one(limits={"c": 1}).snapshot(), 2)
    assert (("a", "b"), "B", Lack.LIMIT) in gaps(found)


@pytest.mark.parametrize(
    ("rules", "fences", "lack"),
    [
        (Rules("A", ("a", "c"), places=(("a",), ("c",))), (), Lack.CONFIRMATION),
        (Rules("A", ("a", "c"), exclusive=True), (), Lack.FENCE),
        (Rules("A", ("a", "c"), exclusive=True), ("a", "c"), Lack.FENCE),
        (Rules("A", ("a", "b")), (), None),
    ],
)
def test_what_waits_for_a_person_or_a_fence_is_a_gap(rules, fences, lack):
    found = capacity(n_plus_one(rules, SPARE[1], fences=fences).snapshot())
    assert [gap.lack for gap in found.gaps if gap.dead == ("a",)] == ([lack] if lack else [])


def test_what_is_missed_by_one_death_is_not_told_again_for_every_pair():
    alone = (Rules("A", ("a", "c"), places=(("a",), ("c",))), SPARE[1])
    found = capacity(n_plus_one(*alone).snapshot(), 2)
    assert [gap.dead for gap in found.gaps if gap.hierarchy == "A"] == [("a",)]


def test_what_another_hierarchy_misses_by_a_pair_is_told_although_one_of_the_pair_is_missed_alone():
    rules = (Rules("A", ("a", "c"), places=(("a",), ("c",))), Rules("B", ("b", "a")))
    found = capacity(n_plus_one(*rules).snapshot(), 2)
    assert gaps(found) == [(("a",), "A", Lack.CONFIRMATION), (("a", "b"), "B", Lack.TARGET)]


def test_a_pair_without_the_node_that_is_missed_alone_is_told():
    situation = Situation(Rules("A", THREE, exclusive=True), names=THREE, fences=THREE).owned("A", "a")
    situation.local["A"] = Local(LocalState.DOWN, healthy=False, blocked="its volume is offline")
    found = capacity(situation.snapshot(), 2)
    assert gaps(found) == [(("a",), "A", Lack.FENCE), (("b", "c"), "A", Lack.TARGET)]


def test_old_data_is_what_lacks():
    rules = Rules("A", ("a", "c"), replicated=True)
    situation = Situation(rules, names=THREE).owned("A", "a", current=("a",))
    assert gaps(capacity(situation.snapshot())) == [(("a",), "A", Lack.DATA)]


def test_what_nobody_has_anyhow_is_no_gap_of_a_death():
    situation = Situation(*SPARE, names=THREE).owned("A", "", wanted=False).owned("B", "b")
    assert [gap.hierarchy for gap in capacity(situation.snapshot()).gaps] == []


def test_two_that_die_at_once_are_not_those_that_die_one_after_the_other():
    answer = foresee_all(n_plus_one().snapshot(), ("a", "b"))
    assert {one.hierarchy: (one.fate, one.node) for one in answer.outcomes} == {
        "A": (Fate.TAKEN, "c"),
        "B": (Fate.TAKEN, "c"),
    }
    assert answer.dead == "a and b"
    assert "x is no node" in foresee_all(n_plus_one().snapshot(), ("a", "x")).doubts[0]


def logged(folder, snapshot):
    """The home of an agent whose last decision is of a snapshot."""
    asked = Settings("a", "web", directory="D:/witness", addresses={"a": ("10.0.0.1",)})
    (folder / "agent.json").write_text(settings.write(asked))
    home = Home(str(folder))
    log = DecisionLog(home.decisions_file, lambda: "2026-01-01T00:00:00+00:00")
    assert log.decided(snapshot, decide(snapshot))
    log.close()
    return home


def test_the_command_gives_a_document(tmp_path):
    home = logged(tmp_path, n_plus_one().snapshot())
    found = json.loads(json.dumps(rehearsed(home, (), 2)))
    pairs = [(gap["dead"], gap["lack"]) for gap in found["gaps"]]
    assert pairs == [(["a", "c"], "target"), (["b", "c"], "target")]
    named = rehearsed(home, ("a",), None)
    assert named["gaps"] == []
    assert named["told"][0].startswith("A, which a has, is taken by c")
    assert (named["decided"], named["node"]) == ("2026-01-01T00:00:00+00:00", "a")


@pytest.mark.parametrize("nodes", [("a",), ()])
def test_what_the_answer_cannot_know_is_told_before_it(tmp_path, nodes):
    cut_off = replace(n_plus_one().snapshot(), reachable=False, outage="the share is gone")
    found = rehearsed(logged(tmp_path, cut_off), nodes, None if nodes else 1)
    assert found["doubts"]
    assert found["told"][0] == f"{found['doubts'][0]}."
    assert "cannot read the witness (the share is gone)" in found["told"][0]
