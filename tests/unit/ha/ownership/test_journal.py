# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision log: what is read is what was written, and gives the same decision again."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import journal
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import (
    Action,
    Ask,
    CutPower,
    Decision,
    Do,
    Purpose,
    Reason,
    Verb,
    Verdict,
    Write,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    NodeState,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Own, Rules, Snapshot
from tests.simulation.schedule import Schedule
from tests.support.ownership_world import (
    NOW,
    STRANGE,
    Situation,
    clusters,
    hierarchy_records,
    names,
    node_records,
    sentences,
    small,
    snapshots,
)

SEEDS = 36


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Decisions that no snapshot needs to give: every kind of action, with anything in it."""
    cluster = draw(clusters())
    node, rules = draw(st.sampled_from(cluster.nodes)), draw(st.sampled_from(cluster.hierarchies))
    records = node_records(node, cluster) | hierarchy_records(rules, cluster)
    action: st.SearchStrategy[Action] = st.one_of(
        st.builds(Write, st.sampled_from(Purpose), names, small, records, sentences),
        st.builds(Do, st.sampled_from(Verb), names, small, st.sampled_from(Reason), sentences),
        st.builds(Ask, st.lists(names, max_size=2).map(tuple), sentences),
        st.builds(CutPower, names, small, sentences),
    )
    verdict = st.builds(Verdict, names, st.sampled_from(Reason), sentences)
    return Decision(tuple(draw(st.lists(action, max_size=3))), tuple(draw(st.lists(verdict, max_size=3))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), decisions())
def test_what_is_read_is_what_was_written(snapshot: Snapshot, decision: Decision) -> None:
    line = journal.entry(snapshot, decision)
    assert journal.read(line) == (snapshot, decision)
    assert journal.entry(*journal.read(line)) == line
    assert line.isascii()
    assert line.splitlines() == [line]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots())
def test_whatever_a_node_knows_is_decided_alike_from_its_line(snapshot: Snapshot) -> None:
    assert journal.replay(journal.entry(snapshot, decide(snapshot))) is None


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_log_of_simulated_agents_replays(seed: int) -> None:
    """Faults of every kind, two to nine nodes, all presets: each decision that a log would keep."""
    schedule, lines, last = Schedule(seed), [], {}
    looks_on = schedule.world.decided

    def decided(node, snapshot: Snapshot, decision: Decision) -> None:
        if journal.worth_logging(last.get(node.name), decision):
            lines.append(journal.entry(snapshot, decision, "2026-01-01T03:00:00Z"))
        last[node.name] = decision
        looks_on(node, snapshot, decision)

    with patch.object(schedule.world, "decided", decided):
        schedule.run()
    assert lines
    assert [line for line in lines if journal.replay(line)] == []
    assert [journal.entry(one.snapshot, one.decision, one.at) for one in journal.read_log(lines)] == lines


@pytest.mark.parametrize("name", STRANGE)
def test_names_of_any_kind_are_read_back_from_one_line(name: str) -> None:
    snapshot = Situation(Rules(name, ("server1", "server2"))).owned(name, "server2").snapshot()
    line = journal.entry(snapshot, decide(snapshot))
    assert journal.read(line) == (snapshot, decide(snapshot))
    assert line.splitlines() == [line]


def test_a_line_begins_with_its_format_and_records_stand_in_it_as_in_the_store() -> None:
    snapshot = Situation().owned("Shop", "server2").snapshot(own=Own())
    line = journal.entry(snapshot, decide(snapshot), "2026-01-01T03:00:00Z")
    document = json.loads(line)
    assert line.startswith('{"format":1,"at":"2026-01-01T03:00:00Z",')
    assert document["snapshot"]["hierarchies"]["Shop"]["record"]["format"] == 1
    assert document["snapshot"]["own"]["until"] == "-inf"


def test_the_order_in_which_a_decision_looks_at_things_is_kept() -> None:
    """A node that is no member stops what it has in the order in which it has it."""
    situation = Situation(Rules("z", ("a", "b")), Rules("a", ("a", "b")), names=("a", "b"), node="a")
    snapshot = situation.owned("z", "a").owned("a", "a").snapshot(node="elsewhere")
    decision = decide(snapshot)
    assert [action.hierarchy for action in decision.actions] == ["z", "a"]
    assert journal.replay(journal.entry(snapshot, decision)) is None


# Differences


def test_what_would_be_decided_otherwise_is_told() -> None:
    snapshot = Situation().owned("Shop", "").snapshot()
    decision = decide(snapshot)
    logged = Decision((CutPower("server2", 4, "it is lost"),), (Verdict("Shop", Reason.HELD, "held"),))
    difference = journal.replay(journal.entry(snapshot, logged))
    assert difference is not None
    assert (difference.logged, difference.now) == (logged, decision)
    assert difference.sentences == (
        "Shop: logged was held (held); now it would be claiming (server1 takes it:  takes it)",
        "was done, and would not be now: cut the power of server2, incarnation 4: it is lost",
        "was not done, and would be now: write hierarchies/Shop over version 9 (claim): "
        "server1 takes it:  takes it",
    )


def test_another_order_is_a_difference() -> None:
    situation = Situation(Rules("A", ("server1", "server2")), Rules("B", ("server1", "server2")))
    snapshot = situation.owned("A", "").owned("B", "").snapshot()
    decision = decide(snapshot)
    assert len(decision.actions) == 2
    difference = journal.replay(journal.entry(snapshot, replace(decision, actions=decision.actions[::-1])))
    assert difference is not None
    assert difference.sentences == ("the same would be done in another order",)


# What is worth a line


def quiet(**changes: object) -> Decision:
    return decide(Situation().owned("Shop", "server2").snapshot(**changes))


def test_the_first_decision_is_worth_a_line() -> None:
    assert journal.worth_logging(None, quiet())


def test_a_renewal_and_nothing_else_is_not_worth_a_line() -> None:
    renewal = quiet(own=Own(1, NOW + 5, NOW - 3, NOW - 3))
    assert [action.purpose for action in renewal.actions] == [Purpose.RENEW]
    assert not journal.worth_logging(quiet(), renewal)
    assert not journal.worth_logging(renewal, quiet())


def test_seconds_that_go_by_are_not_worth_a_line_and_another_name_is() -> None:
    def silent(seconds: str, node: str) -> Decision:
        return Decision((), (Verdict("Shop", Reason.WATCHING, f"{node} is silent for {seconds} s"),))

    assert not journal.worth_logging(silent("3.1", "server2"), silent("12", "server2"))
    assert journal.worth_logging(silent("3.1", "server2"), silent("3.1", "server3"))


def test_an_action_is_worth_a_line_once() -> None:
    fenced = decide(Situation().owned("Shop", "server2").node_record("server2", silent=20).snapshot())
    assert [action.purpose for action in fenced.actions] == [Purpose.FENCE]
    assert journal.worth_logging(replace(fenced, actions=()), fenced)
    assert not journal.worth_logging(fenced, fenced)


# Lines that are not as they should be


def a_line() -> str:
    asked = Request("r1", RequestKind.SWITCHOVER, "server1")
    situation = Situation().owned("Shop", "server2", request=asked)
    snapshot = situation.node_record("server2", state=NodeState.FENCED, by="server1").snapshot()
    return journal.entry(snapshot, decide(snapshot))


def changed(*path: str, to: object = None) -> str:
    """The line with one member set otherwise, or left out."""
    document = json.loads(a_line())
    part = document
    for name in path[:-1]:
        part = part[name]
    if to is None:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return json.dumps(document)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no JSON object"),
        ("{}", "has format None; this version reads format 1"),
        (changed("format", to=True), "has format True"),
        (changed("format", to="1"), "has format '1'"),
        (changed("snapshot"), "has None at snapshot, where an object was expected"),
        (changed("decision", "verdicts"), "lacks 'verdicts' at decision"),
        (changed("snapshot", "now", to="soon"), "has 'soon' at snapshot.now, where float was expected"),
        (changed("snapshot", "now", to=10**400), "at snapshot.now, where float was expected"),
        (changed("snapshot", "extra", to=1), "has an unknown entry 'extra' at snapshot"),
        (changed("snapshot", "local", to=[]), "at snapshot.local, where an object was expected"),
        (changed("snapshot", "busy", to={}), "at snapshot.busy, where a list was expected"),
        (changed("snapshot", "local", "Shop", "state", to="gone"), "['Shop'].state, which is no LocalState"),
        (changed("snapshot", "nodes", "server1", "record", to=[]), "at snapshot.nodes['server1'].record"),
        (changed("snapshot", "nodes", "server1", "record", "beat"), "KeyError('beat')"),
        (changed("snapshot", "hierarchies", "Shop", "record", "request", "kind", to="x"), "RequestKind"),
        (changed("snapshot", "maintenance", "format", to=2), "format 2"),
        (changed("decision", "actions", to=[{"Run": {}}]), "where one of Write, Do, Ask, CutPower was"),
    ],
)  # fmt: skip
def test_a_damaged_line_says_what_is_wrong_and_where(line: str, told: str) -> None:
    with pytest.raises(BadDocument) as caught:
        journal.read(line)
    assert told in str(caught.value)
    assert caught.value.remedy


def test_a_line_of_a_newer_version() -> None:
    with pytest.raises(
        journal.NewerLine, match=r"has format 2, newer than 1.*version of standby.iis that wrote"
    ):
        journal.read(changed("format", to=2))


@pytest.mark.parametrize(
    ("line", "error"), [("{", BadDocument), (changed("format", to=2), journal.NewerLine)]
)
def test_a_log_names_the_line(line: str, error: type[Exception]) -> None:
    log = journal.read_log([a_line(), "\n", line, a_line()])
    assert isinstance(next(log), journal.Entry)
    with pytest.raises(error, match="line 3 of the decision log"):
        next(log)


def test_a_newer_last_line_is_not_torn() -> None:
    with pytest.raises(journal.NewerLine, match="line 1 "):
        list(journal.read_log([changed("format", to=2)]))


@pytest.mark.parametrize("kept", [1, 10, 200, -1])
def test_a_torn_last_line_is_said_to_be_so(kept: int) -> None:
    log = list(journal.read_log([f"{a_line()}\n", a_line()[:kept], "\n"]))
    assert [type(one) for one in log] == [journal.Entry, journal.Torn]
    assert log[1].number == 2
    assert "line 2, the last of the decision log, was not written to its end" in log[1].sentence


def test_an_empty_log() -> None:
    assert list(journal.read_log([])) == []
