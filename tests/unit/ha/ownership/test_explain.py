# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A decision in plain words: what an operator has to read there, whatever the situation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.explain import explain
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Answer,
    Maintenance,
    NodeState,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Own,
    Power,
    PowerState,
    Rules,
    Seen,
    Snapshot,
    Switchback,
)
from tests.support.ownership_world import NOW, STRANGE, Situation, snapshots

NODES = ("server1", "server2")


def told(snapshot: Snapshot, hierarchy: str | None = None) -> str:
    return "\n".join(explain(snapshot, decide(snapshot), hierarchy))


def mine(**record: object) -> Situation:
    return Situation().owned("Shop", "server1", **record)


def theirs(rules: Rules | None = None, **record: object) -> Situation:
    return Situation(rules or Rules("Shop", NODES)).owned("Shop", "server2", **record)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots())
def test_whatever_a_node_knows_can_be_explained(snapshot: Snapshot) -> None:
    decision = decide(snapshot)
    lines = explain(snapshot, decision)
    assert all(any(one.sentence in line for line in lines) for one in decision.verdicts)
    assert all(any(one.sentence in line for line in lines) for one in decision.actions if one.sentence)


# The node


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (Own(1, NOW + 6.2, NOW - 2.3), ["(member)", "serve for 6.2 s more", "renewal confirmed 2.3 s ago"]),
        (
            Own(1, NOW + 4, NOW - 9, NOW - 1.5, asked=NOW - 2, promised=True),
            [
                "(promised)",
                "server2 promised not to fence it",
                "4.0 s more",
                "tried to write its record 1.5 s",
            ],
        ),
        (Own(1, NOW + 0.5, NOW - 3, jumped=True), ["(doubt)", "its clocks jumped", "0.5 s more"]),
        (Own(1, NOW - 2, NOW - 12), ["(lapsed)", "not renewed in time", "ended 2.0 s ago"]),
        (Own(1, lost="server2 has fenced it"), ["(ended)", "server2 has fenced it", "must not serve"]),
        (Own(), ["(out)", "has not joined yet", "must not serve"]),
        (Own(1, NOW + 5, NOW - 1, leaving=True), ["being shut down"]),
    ],
)
def test_a_nodes_standing_is_told_by_its_name_with_its_reason_and_its_end(own: Own, words: list[str]) -> None:
    found = told(replace(mine().snapshot(), own=own))
    assert [word for word in words if word not in found] == []


def test_a_node_that_is_none_of_the_cluster_must_not_serve() -> None:
    found = told(mine().snapshot(node="server9"))
    assert "server9 is no node of this cluster (server1, server2): it must not serve" in found
    assert "Shop (not a member)" in found


def test_an_outage_and_the_promises_that_still_bind_are_told() -> None:
    situation = theirs()
    situation.given = {"server2": NOW + 7.5, "server1": NOW - 1}
    found = told(
        situation.snapshot(reachable=False, outage="it does not answer", busy=frozenset({"nodes/server1"}))
    )
    assert "The witness cannot be reached: it does not answer." in found
    assert "server1 has promised server2 not to fence it for 7.5 s more." in found
    assert "has promised server1" not in found
    assert "A write of its own record is under way" in found
    assert "last read more than 2.0 s ago" in told(theirs().snapshot(reachable=False))


# A hierarchy


def failing(*failures: float) -> Situation:
    situation = mine()
    situation.local["Shop"] = Local(
        LocalState.UP, healthy=False, since=NOW - 90, failures=failures, problem="status 500"
    )
    return situation


def blocked() -> Situation:
    situation = Situation().owned("Shop", "")
    situation.local["Shop"] = Local(LocalState.DOWN, blocked="IIS is not running")
    return situation


def unreached() -> Situation:
    situation = mine()
    situation.local["Shop"] = Local(
        LocalState.DOWN, given_up="server2: no answer", unreached=NOW - 5, notice="the certificate ends"
    )
    return situation


def unreadable() -> Situation:
    situation = theirs()
    situation.hierarchies["Shop"] = replace(
        situation.hierarchies["Shop"], problem="it is damaged", since=NOW - 3
    )
    return situation


def maintained() -> Situation:
    situation = theirs()
    situation.maintenance = Maintenance(nodes=("server2",), hierarchies=("Shop",))
    return situation


def cutting(state: PowerState) -> Callable[[], Situation]:
    def make() -> Situation:
        situation = theirs(Rules("Shop", NODES, exclusive=True))
        situation.node_record("server2", state=NodeState.FENCED, by="server1", silent=2)
        situation.power = {"server2": Power(1, state)}
        return situation

    return make


def asked() -> Situation:
    request = Request("r7", RequestKind.SWITCHOVER, "server2", force=True, by="anna")
    return mine(request=request, answer=Answer("r6", False, "server2 was away"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            mine,
            [
                "Shop (in service): it is in service on server1.",
                "Epoch 3, owned by server1 (this node), incarnation 1; unchanged for 1 min",
                "On server1 it is up, for 50.0 s.",
                "Candidate 1, server1, this node: has it.",
                "Candidate 2, server2: nothing stands against it.",
                "server1 now: nothing is to be done.",
            ],
        ),
        (
            lambda: theirs().node_record("server2", silent=7),
            ["Shop (elsewhere)", "server2 is unchanged for 7.0 s; after 7.8 s it counts as lost"],
        ),
        (
            lambda: theirs().node_record("server2", silent=16),
            ["Shop (fencing)", "unchanged for 16.0 s; it is lost", "server2 does not renew its record",
             "server1 itself: fences a lost node's record (server2 has not renewed its record for 16.0 s)"],
        ),
        (
            lambda: theirs().node_record("server2", state=NodeState.FENCED, by="server1", silent=2),
            ["Shop (claiming)", "Incarnation 1 of server2 was fenced by server1 2.0 s ago", "now: claims it"],
        ),
        (
            lambda: theirs().node_record("server2", state=NodeState.LEFT),
            ["Incarnation 1 of server2 has left 0.0 s ago"],
        ),
        (
            lambda: theirs().node_record("server2", incarnation=4),
            ["server2 has joined anew since, as incarnation 4"],
        ),
        (
            lambda: failing(NOW - 30, NOW - 4),
            ["Shop (recovering)", "up, not healthy, for 2 min", "failed on server1 2 times, last 4.0 s ago",
             "server1 now: stop it (it failed on server1 (status 500) and is restarted there)"],
        ),
        (lambda: failing(NOW - 4), ["It failed on server1 once, last 4.0 s ago: status 500."]),
        (
            lambda: Situation(limits={"server2": 0}).owned("Shop", "server1", successor="server2"),
            ["server1 now: notes in its record (it stays on server1: server2 has 0 hierarchies, its limit)"],
        ),
        (
            unreached,
            ["Stopping and starting it on server1 does not mend what was found there: server2: no answer.",
             "That other nodes do not reach it here was found 5.0 s ago.",
             "To be mended, although it serves: the certificate ends."],
        ),
        (blocked, ["cannot be brought up on server1: IIS is not running", "this node: server1: IIS"]),
        (Situation, ["No record of it has been seen"]),
        (unreadable, ["Its record cannot be read since 3.0 s: it is damaged", "Last known: epoch 3"]),
        (maintained, ["Maintenance: it is in maintenance.", "In maintenance: server2."]),
        (
            lambda: theirs(failovers=2),
            ["2 unplanned moves since it was last stable", "from 3 on it is held for 10 min"],
        ),
        (
            lambda: theirs(Rules("Shop", NODES, replicated=True), current=("server2",)),
            ["Its newest data is on server2.", "server1 has old data (server2 had all of it)"],
        ),
        (
            asked,
            ["anna asks: switchover to server2, by force (request r7)", "(r6) was refused: server2 was"],
        ),
        (lambda: Situation().owned("Shop", "", wanted=False), ["Shop (taken out)", "took it out of service"]),
        (lambda: Situation().owned("Shop", "", successor="server2"), ["released for server2"]),
        (cutting(PowerState.RUNNING), ["Shop (waiting for confirmation)", "its power is being cut"]),
        (cutting(PowerState.FAILED), ["cutting its power failed"]),
        (
            lambda: Situation(Rules("Shop", NODES, switchback=Switchback.AUTOMATIC)),
            ["moved back by itself to a better node that is back for 5 min"],
        ),
        (
            lambda: Situation(limits={"server1": 0}).owned("Shop", ""),
            ["Candidate 1, server1, this node: server1 has 0 hierarchies, its limit"],
        ),
    ],
)  # fmt: skip
def test_a_hierarchy_is_told_with_what_its_owner_and_each_candidate_can_do(
    make: Callable[[], Situation], words: list[str]
) -> None:
    found = told(make().snapshot())
    assert [word for word in words if word not in found] == [], found


def test_a_disk_without_a_fence_says_so_and_a_confirmed_one_too() -> None:
    situation = theirs(Rules("Shop", NODES, exclusive=True))
    situation.node_record("server2", state=NodeState.FENCED, by="server1")
    assert "nobody has confirmed that it is off (a fence is not declared)" in told(situation.snapshot())
    situation.node_record("server2", confirmed=True)
    assert "Its disk is safe from server2" in told(situation.snapshot())


def test_an_owner_that_was_never_seen_or_cannot_be_read_is_told_so() -> None:
    situation = theirs()
    situation.nodes["server2"] = Seen(8, None, NOW - 5, problem="it is damaged")
    assert "The record of server2 cannot be read since 5.0 s: it is damaged." in told(situation.snapshot())
    del situation.nodes["server2"]
    assert "Of server2 no record has been seen." in told(situation.snapshot())


def test_one_hierarchy_is_told_without_the_others_and_an_unknown_one_is_named() -> None:
    situation = Situation(Rules("Shop", NODES), Rules("Wiki", NODES), Rules("Far", ("server2",)))
    snapshot = situation.owned("Shop", "server1").owned("Wiki", "server2").snapshot()
    assert "Shop (" not in told(snapshot, "Wiki")
    assert "Wiki (elsewhere)" in told(snapshot, "Wiki")
    assert "Far: it is none of this node's; its nodes are server2." in told(snapshot, "Far")
    assert "Blog: there is no such hierarchy; there are Shop, Wiki and Far." in told(snapshot, "Blog")


@pytest.mark.parametrize("name", STRANGE)
def test_names_of_any_kind_stand_in_sentences_as_they_are(name: str) -> None:
    snapshot = Situation(Rules(name, NODES)).owned(name, "server1").snapshot()
    assert f"{name} (in service): it is in service on server1." in explain(snapshot, decide(snapshot))


@pytest.mark.parametrize(
    ("holds", "told"),
    [
        (Maintenance(cluster=True), "nothing is done by itself until it is written again"),
        (Maintenance(nodes=("server2",)), "what it said last holds until it is written again"),
    ],
)
def test_a_record_of_maintenance_that_cannot_be_read_is_told(holds, told):
    known = mine().snapshot(maintenance=holds, maintenance_problem="its record is damaged")
    assert f"Maintenance: its record is damaged; {told}." in explain(known, decide(known))
