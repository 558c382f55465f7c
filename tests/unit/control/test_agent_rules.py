# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What agents show: read from their command, judged before anything is asked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.agent_info import (
    Heard,
    agents_told,
    maintenance_told,
    reason_told,
    verdicts_told,
)
from ansible_collections.standby.iis.plugins.module_utils.control.agent_move import _server
from ansible_collections.standby.iis.plugins.module_utils.control.agent_rules import whom_to_ask, why_not
from ansible_collections.standby.iis.plugins.module_utils.control.agent_view import (
    Maintenance,
    Peer,
    Record,
    Verdict,
    View,
    parse_view,
)
from ansible_collections.standby.iis.plugins.module_utils.control.agents import Agent, AgentRefused, Agents
from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.ha.status import HierarchyStatus, State
from tests.support.ha_world import WHOLE

RECORD = Record("server1", "server1 took it", True, None)
ALIVE = {"server1": Peer("alive"), "server2": Peer("alive")}
SERVING = Verdict("in_service", "it is in service on server1")
ELSEWHERE = Verdict("elsewhere", "server1 has it: server1 took it")
DOWN = Unreachable("no answer", node="server2", remedy="Look at it")


def view(node, verdict, **changes):
    made = View(
        node, bound=58.0, standing="member", peers=ALIVE, records={"Shop": RECORD}, verdicts={"Shop": verdict}
    )
    return replace(made, **changes)


ONE, TWO = view("server1", SERVING), view("server2", ELSEWHERE)
BOTH = {"server1": ONE, "server2": TWO}
CUT = replace(TWO, records={}, peers={}, problems=("the witness cannot be read: \\\\files gave no answer.",))

DOCUMENT = {
    "node": "server1",
    "running": True,
    "preset": "lan",
    "bound": 58.0,
    "nodes": {"server1": {"state": "alive", "incarnation": 3, "unfit": {"Shop": "no disk"}}},
    "hierarchies": {
        "Shop": {
            "owner": None,
            "successor": "server2",
            "reason": "Ada",
            "wanted": True,
            "epoch": 4,
            "asked": None,
        }
    },
    "maintenance": {"cluster": False, "nodes": ["server2"], "hierarchies": []},
    "here": {
        "standing": "member",
        "hierarchies": {"Shop": {"state": "up", "reason": "in_service", "sentence": "it is in service"}},
    },
    "problems": [],
}
NEEDED = ("running", "bound", "nodes", "hierarchies", "maintenance", "here", "problems")


def test_what_an_agent_shows_is_read():
    found = parse_view(json.dumps(DOCUMENT), "server1")
    assert found == View(
        "server1",
        bound=58.0,
        standing="member",
        peers={"server1": Peer("alive", {"Shop": "no disk"})},
        records={"Shop": Record(None, "Ada", True, None)},
        verdicts={"Shop": Verdict("in_service", "it is in service")},
        maintenance=Maintenance(nodes=("server2",)),
    )


def test_an_agent_that_has_decided_nothing_yet_is_read_too():
    assert parse_view(json.dumps(DOCUMENT | {"here": {}}), "server1").verdicts == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", json.dumps(DOCUMENT | {"bound": "long"})]
    + [
        json.dumps({k: v for k, v in DOCUMENT.items() if k != left})
        for left in DOCUMENT
        if left not in ("node", "preset")
    ],
)
def test_anything_else_names_node_and_remedy(text):
    with pytest.raises(BadDocument, match="the agent of server1 shows cannot be understood") as refused:
        parse_view(text, "server1")
    assert (refused.value.node, refused.value.remedy is not None) == ("server1", True)


def test_the_first_that_answers_and_reaches_the_witness_is_asked():
    assert whom_to_ask("Shop", BOTH, ("server2", "server1")) is TWO
    assert whom_to_ask("Shop", {"server1": ONE, "server2": CUT}, ("server2",)) is ONE
    assert whom_to_ask("Shop", {"server1": ONE, "server2": DOWN}, ("server2",)) is ONE
    silent = replace(TWO, running=False)
    assert whom_to_ask("Shop", {"server1": ONE, "server2": silent}, ("server2", None)) is ONE


def test_without_a_witness_the_agents_reason_is_told():
    with pytest.raises(AgentRefused) as refused:
        whom_to_ask("Shop", {"server2": CUT, "server1": DOWN}, ())
    assert r"server2, hierarchy " in str(refused.value)
    assert r"the witness cannot be read: \\files gave no answer. What is in service stays so" in str(
        refused.value
    )


def test_a_hierarchy_that_the_witness_does_not_know_is_told():
    with pytest.raises(AgentRefused, match="the witness has no record of it"):
        whom_to_ask("Wiki", BOTH, ())


def test_where_no_agent_answers_the_failure_is_told():
    with pytest.raises(Unreachable):
        whom_to_ask("Shop", {"server2": DOWN}, ())


def refusal(target="server2", views=None, asked=ONE, force=False):
    found = why_not("Shop", views or BOTH, asked, target, force=force)
    return None if found is None else str(found)


def test_nothing_stands_against_a_healthy_node():
    assert refusal() is None
    assert refusal(None) is None


def test_a_request_that_waits_is_not_replaced():
    busy = replace(ONE, records={"Shop": replace(RECORD, asked="switchover by Eve on server2")})
    assert "asked for already (switchover by Eve on server2)" in refusal(asked=busy, force=True)


@pytest.mark.parametrize(
    "reason", ["starting", "stopping", "handing_over", "claiming", "waiting_for_successor"]
)
def test_one_that_is_being_moved_is_left_to_that(reason):
    moving = view("server2", Verdict(reason, "server2 owns it and brings it into service"))
    told = refusal("server1", {"server1": ONE, "server2": moving})
    assert told.startswith('server2, hierarchy "Shop": it is being moved: server2 owns it and brings it')
    assert refusal("server1", {"server1": ONE, "server2": moving}, force=True) is None


@pytest.mark.parametrize(("state", "told"), [("left", "is left"), ("fenced", "is fenced")])
def test_a_node_that_has_ended_takes_nothing_not_even_by_force(state, told):
    asked = replace(ONE, peers={**ALIVE, "server2": Peer(state)})
    assert f"server2 {told} and has to join again first" in refusal(asked=asked, force=True)
    assert "has never joined" in refusal(asked=replace(ONE, peers={"server1": Peer("alive")}))


def test_an_unfit_node_or_one_in_maintenance_is_refused_and_forced():
    unfit = replace(ONE, peers={**ALIVE, "server2": Peer("alive", {"Shop": "it failed there twice"})})
    maintained = replace(ONE, maintenance=Maintenance(nodes=("server2",)))
    assert 'server2, hierarchy "Shop": it cannot take it: it failed there twice. Mend that' in refusal(
        asked=unfit
    )
    assert 'server2, hierarchy "Shop": it is in maintenance. End that' in refusal(asked=maintained)
    assert refusal(asked=unfit, force=True) is None
    assert refusal(asked=maintained, force=True) is None


def test_an_agent_that_does_not_look_after_it_takes_nothing_not_even_by_force():
    views = {"server1": ONE, "server2": replace(TWO, verdicts={"Wiki": ELSEWHERE})}
    assert "the agent of server2 does not look after it yet" in refusal(views=views, force=True)


def test_a_target_that_cannot_be_asked_is_refused_and_forced():
    views = {"server1": ONE, "server2": DOWN}
    assert "no answer" in refusal(views=views)
    assert refusal(views=views, force=True) is None


# What is told of it


def heard(**views):
    agents = {name: Agent(name, one is not None, "", "") for name, one in views.items()}
    return Heard(Agents(agents), {name: one for name, one in views.items() if one is not None})


def observed(state, reason="Out of service: it was never put in service."):
    return HierarchyStatus("Shop", None, state, reason, ())


def test_every_agent_says_something_of_every_hierarchy():
    told = verdicts_told(heard(server1=ONE, server2=DOWN), WHOLE)
    assert told[0] == {"node": "server1", "reason": "in_service", "sentence": SERVING.sentence}
    assert told[1]["sentence"] == "the agent of server2 does not answer: no answer"
    assert verdicts_told(heard(server2=None), WHOLE)[0]["reason"] == "not_running"
    assert verdicts_told(heard(server2=replace(TWO, verdicts={})), WHOLE)[0]["reason"] == "not_taken_up"
    assert verdicts_told(heard(), WHOLE) == []
    assert verdicts_told(heard(server1=ONE), replace(WHOLE, sites=())) == []


def test_out_of_service_is_explained_by_the_agents_that_act():
    failed = Verdict("failed", "it failed 3 times on server1, and no other node can take it")
    told = verdicts_told(heard(server1=view("server1", failed), server2=TWO), WHOLE)
    assert reason_told(observed(State.OUT_OF_SERVICE), told) == f"Out of service: {failed.sentence}."
    assert (
        reason_told(observed(State.PARTIAL, "Only partly."), told)
        == f"Only partly. Its agents: {failed.sentence}."
    )
    assert reason_told(observed(State.IN_SERVICE, "In service."), told) == "In service."
    assert "never put in service" in reason_told(observed(State.OUT_OF_SERVICE), [])


def test_agents_that_all_look_on_are_quoted_once_each():
    told = verdicts_told(heard(server1=None, server2=DOWN), WHOLE)
    reason = reason_told(observed(State.OUT_OF_SERVICE), told)
    assert reason == (
        "Out of service: the agent of server1 does not run; the agent of server2 does not answer: no answer."
    )


def test_agents_and_maintenance_are_told():
    told = agents_told(heard(server1=ONE, server2=None))
    assert told[0] == {
        "node": "server1",
        "running": True,
        "standing": "member",
        "problems": [],
        "certificates": [],
    }
    assert told[1] == {
        "node": "server2",
        "running": False,
        "standing": None,
        "problems": ["it does not run"],
        "certificates": [],
    }
    assert maintenance_told(heard(server2=CUT)) is None
    there = replace(ONE, maintenance=Maintenance(nodes=("server2",)))
    assert maintenance_told(heard(server1=there)) == {
        "cluster": False,
        "nodes": ["server2"],
        "hierarchies": [],
    }


def test_an_agent_whose_worker_shows_nothing_is_told_apart_from_one_that_begins_with_it():
    silent = replace(TWO, standing="", verdicts={})
    assert (
        "its worker begins, or does not stay up" in verdicts_told(heard(server2=silent), WHOLE)[0]["sentence"]
    )
    unknown = replace(TWO, verdicts={})
    assert "has not taken it up yet" in verdicts_told(heard(server2=unknown), WHOLE)[0]["sentence"]


@pytest.mark.parametrize(
    ("records", "server"),
    [
        ({"Shop": RECORD}, "server1"),
        ({"Shop": replace(RECORD, owner="server2")}, "server2"),
        ({}, "server1"),  # while the witness is away there is nothing to compare with
    ],
)
def test_of_two_agents_that_show_the_same_the_one_has_it_that_the_witness_names(records, server):
    """The worker of the other one died before it could say that it lost it."""
    both = {name: view(name, SERVING, records=records) for name in ("server1", "server2")}
    assert _server("Shop", both) == server


def test_old_data_is_told_before_anything_is_asked_and_force_overrules_it():
    old = Verdict("old_data", "server2 has old data; it waits for server1; if that is gone for good: force")
    views = {"server1": DOWN, "server2": view("server2", old)}
    against = why_not("Shop", views, views["server2"], "server2", force=False)
    assert against is not None
    assert (against.node, against.problem) == ("server2", old.sentence)
    assert against.remedy
    assert why_not("Shop", views, views["server2"], "server2", force=True) is None
