# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate on a failover: nobody takes a hierarchy from another place before an operator says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.declared import (
    ClusterOptions,
    Failover,
    HierarchyOptions,
    membership,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Ip, Site
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose, Verb
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Request, RequestKind
from tests.support.ownership_chance import stands_at, whatever_is_known, writes_of
from tests.support.ownership_snapshots import (
    cluster,
    down,
    failed,
    fenced,
    free,
    left,
    member,
    node,
    owned,
    rules,
    snapshot,
)

APART = (("server1",), ("server2",))
THREE = ("server1", "server2", "server3")
TWO_PLACES = (("server1", "server2"), ("server3",))
GATED = cluster(rules(places=APART))
PLACES = cluster(rules(nodes=THREE, places=TWO_PLACES))


def said(s):
    (verdict,) = decide(s).verdicts
    return verdict


def claims(s):
    return writes_of(s, Purpose.CLAIM)


def lost_at_server1(me, of, **changes):
    return snapshot(me, of, nodes={"server1": fenced()}, **changes)


def test_a_lost_owner_is_fenced_and_then_an_operator_is_waited_for():
    s = lost_at_server1("server2", GATED)
    assert claims(s) == []
    verdict = said(s)
    assert verdict.reason.value == "waiting_for_confirmation"
    assert "server1 is lost" in verdict.sentence
    assert "playbook switchover for web to server2" in verdict.sentence

    silent = snapshot("server2", GATED, nodes={"server1": node(age=60.0)})
    assert [one.key for one in writes_of(silent, Purpose.FENCE)] == ["nodes/server1"]


def test_what_may_be_lost_is_told_to_who_decides():
    told = said(lost_at_server1("server2", cluster(rules(places=APART, behind=60)))).sentence
    assert told.endswith("; up to 60 s of what was written last on server1 are lost then")
    given = snapshot(
        "server2", cluster(rules(places=APART, behind=60)), records={"web": free(successor="server1")}
    )
    assert "are lost" not in said(given).sentence


def test_without_a_gate_it_is_taken():
    assert len(claims(lost_at_server1("server2", cluster(rules())))) == 1


@pytest.mark.parametrize("kind", [RequestKind.SWITCHOVER, RequestKind.SWITCHBACK])
def test_a_request_lets_it_go(kind):
    target = "server2" if kind is RequestKind.SWITCHOVER else ""
    record = owned(request=Request("r", kind, target, by="an operator"))
    (claim,) = claims(lost_at_server1("server2", GATED, records={"web": record}))
    assert claim.record.owner == "server2"
    assert claim.record.answer.accepted


def test_who_had_it_takes_it_again():
    back = snapshot(
        "server1",
        GATED,
        nodes={"server1": node(incarnation=4)},
        own=member(incarnation=4),
        local={"web": down()},
    )
    assert len(claims(back)) == 1


def test_within_a_place_it_is_taken_and_beyond_it_is_not():
    assert len(claims(lost_at_server1("server2", PLACES))) == 1
    beyond = lost_at_server1("server3", PLACES)
    assert claims(beyond) == []
    assert said(beyond).reason.value == "waiting_for_confirmation"


def test_a_first_start_has_no_gate():
    s = snapshot("server2", GATED, nodes={"server1": None}, records={"web": free(epoch=0, age=600.0)})
    assert len(claims(s)) == 1


def test_what_fails_is_given_to_its_own_place_alone():
    (given,) = writes_of(snapshot("server1", PLACES, local={"web": failed(9)}), Purpose.RELEASE)
    assert given.record.successor == "server2"

    alone = snapshot("server1", GATED, local={"web": failed(9)})
    assert writes_of(alone, Purpose.RELEASE) == []
    verdict = said(alone)
    assert verdict.reason.value == "failed"
    assert "playbook switchover for web to server2" in verdict.sentence


def test_a_node_that_leaves_keeps_the_gate():
    leaving = snapshot("server1", GATED, local={"web": failed(0)}, own=member(leaving=True))
    (given,) = writes_of(leaving, Purpose.RELEASE)
    assert (given.record.owner, given.record.successor) == ("", "server1")

    after = snapshot(
        "server2", GATED, nodes={"server1": left()}, records={"web": free(successor="server1", age=999.0)}
    )
    assert claims(after) == []
    assert "it waits for server1" in said(after).sentence

    near = snapshot("server1", PLACES, local={"web": failed(0)}, own=member(leaving=True))
    (given,) = writes_of(near, Purpose.RELEASE)
    assert given.record.successor == "server2"


def test_a_planned_move_passes_and_so_does_its_switchback():
    record = owned(request=Request("r", RequestKind.SWITCHOVER, "server2", by="an operator"))
    asked = snapshot("server1", GATED, records={"web": record})
    (action,) = [one for one in decide(asked).actions if getattr(one, "verb", None) is Verb.STOP]
    assert "moves it to server2" in action.sentence
    released = snapshot("server2", GATED, records={"web": free(successor="server2")})
    assert len(claims(released)) == 1


def test_a_node_beyond_the_gate_is_not_waited_for():
    # server3 comes first in order, and may not take it from server1.
    of = cluster(rules(nodes=("server3", "server1", "server2"), places=TWO_PLACES))
    s = snapshot(
        "server2", of, nodes={"server1": fenced(steady=1.0)}, records={"web": owned("server1", age=1.0)}
    )
    assert len(claims(s)) == 1


@whatever_is_known("lost", claims=30, kept=10)
def test_whatever_is_known_nobody_takes_it_from_another_place_by_itself(s, met):
    hierarchies = tuple(
        replace(one, places=tuple((name,) for name in one.nodes)) for one in s.cluster.hierarchies
    )
    gated = replace(s, cluster=replace(s.cluster, hierarchies=hierarchies))
    met["kept"] += len(claims(s)) > len(claims(gated))
    for one in claims(gated):
        met["claims"] += 1
        seen = stands_at(s, one.key)
        if seen.problem or seen.record is None:
            continue
        record = seen.record
        home = record.owner or record.successor
        asked = record.request is not None or (record.forced and record.successor == s.node)
        assert asked or home in ("", s.node)


# How the gate is declared


def of(failover=None, *ips):
    nodes = ("near", "far")
    site = Site("Shop", nodes, tuple(ip.address for ip in ips))
    found = Cluster("web", nodes, ips, (), (site,))
    options = ClusterOptions({"Shop": HierarchyOptions(failover=failover)})
    return membership(found, options).hierarchies[0].places


PLAIN = Ip("10.1.0.50", 24, ("near", "far"))
SPREAD = replace(PLAIN, elsewhere=(("far", "10.2.0.50", 24),))


@pytest.mark.parametrize(
    ("failover", "ip", "places"),
    [
        (None, PLAIN, ()),
        (None, SPREAD, (("near",), ("far",))),
        (Failover.AUTOMATIC, SPREAD, ()),
        (Failover.CONFIRM, PLAIN, (("near",), ("far",))),
    ],
)
def test_nodes_in_other_subnets_have_a_gate_unless_it_was_said_otherwise(failover, ip, places):
    assert of(failover, ip) == places
