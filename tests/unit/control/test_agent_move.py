# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves through the agents: asked once, followed, verified, refused; none of it where no agent is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.agent_course import NotInService
from ansible_collections.standby.iis.plugins.module_utils.control.agents import AgentRefused
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.info import overview
from ansible_collections.standby.iis.plugins.module_utils.control.maintenance import Scope, set_maintenance
from ansible_collections.standby.iis.plugins.module_utils.control.result import failure_of
from ansible_collections.standby.iis.plugins.module_utils.errors import AccessDenied, StandbyError
from tests.support.agent_world import AgentWorld
from tests.support.ha_world import Ticks
from tests.support.hierarchy_moves import held, out, put, whole


@pytest.fixture
def world(monkeypatch):
    return AgentWorld(monkeypatch)


def forced(world, to="server2"):
    with world.fleet() as fleet:
        return put_in_service(fleet, "Wiki", to, False, force=True, clock=Ticks())


def test_the_agent_of_the_target_is_asked_and_the_module_touches_nothing_itself(world):
    moved = put(world, "server2", reason="patch day", name="Wiki")
    assert world.asked == [("server2", "switchover", "--because=patch day", "Shop", "server2")]
    assert world.done == []
    assert held(world) == whole("server2")
    assert moved.changed
    assert (moved.data["owner_before"], moved.data["owner"]) == ("server1", "server2")
    assert [step["sentence"] for step in moved.data["steps"]] == [
        "the agent of server2 is asked",
        "Ada moves it to server2",
        "it serves",
    ]
    assert "in service on server2, through the agents" in moved.message
    assert world.stored("server1").intents[0].reason == "patch day, through the agents"


def test_a_second_run_asks_nothing(world):
    put(world, "server2")
    world.asked.clear()
    world.changes.clear()
    again = put(world, "server2")
    assert (again.changed, world.asked, world.changes) == (False, [], [])


def test_check_mode_asks_nothing_and_predicts_the_owner(world):
    predicted = put(world, "server2", check=True)
    assert (world.asked, world.changes, held(world)) == ([], [], whole("server1"))
    done = put(world, "server2")
    assert (predicted.changed, predicted.before, predicted.after) == (done.changed, done.before, done.after)
    assert predicted.data["plan"] == done.data["plan"]


def test_the_primary_by_its_role_and_where_it_is_already(world):
    world._move("server2")
    assert put(world).data["owner"] == "server2"
    assert world.asked == []
    assert put(world, "primary").data["owner"] == "server1"


def test_out_of_service_and_back(world):
    gone = out(world, reason="moving house")
    assert (gone.changed, gone.data["owner"], gone.data["outage"]) == (True, None, None)
    assert world.asked == [("server1", "out", "--because=moving house", "Shop")]
    assert not out(world).changed
    assert put(world).data["owner"] == "server1"


def test_what_the_agents_bring_up_by_themselves_is_waited_for(world):
    world.reasons = {"server1": ("starting", "server1 brings it into service")}
    looks = []

    def shown(node, name, arguments):
        looks.append(node)
        if len(looks) > 6:
            world.reasons = {}
        return AgentWorld.command(world, node, name, arguments)

    world.command = shown
    assert put(world).changed
    assert world.asked == []


def test_what_they_do_not_bring_up_is_a_failure_with_their_reason(world):
    world.reasons = {"server1": ("failed", "it failed 3 times"), "server2": ("unfit", "no disk")}
    with pytest.raises(
        NotInService, match="not brought it into service within 60 s: it failed 3 times; no disk"
    ):
        put(world)


def test_a_refusal_of_the_agents_is_theirs_and_nothing_is_done(world):
    world.refuse = "server2: no disk; force overrules this"
    with pytest.raises(AgentRefused) as refused:
        put(world, "server2")
    told = failure_of(refused.value)
    assert (told["reason"], told["node"]) == ("agent_refused", "server2")
    assert "server2: no disk; force overrules this" in told["msg"]
    assert world.changes == []


@pytest.mark.parametrize("check", [True, False])
def test_what_can_be_foreseen_is_refused_before_anything_is_asked(world, check):
    world.unfit = {"Shop": "it failed there twice"}
    with pytest.raises(AgentRefused, match="it cannot take it: it failed there twice"):
        put(world, "server2", check=check)
    world.unfit, world.problems = {}, ["the witness cannot be read: gone."]
    with pytest.raises(AgentRefused, match="the witness cannot be read: gone"):
        put(world, "server2", check=check)
    assert world.asked == []


def test_what_the_target_lacks_is_seen_from_outside_and_force_overrules_it(world):
    world.facts_of["server2"] = replace(world.servers["server2"].facts(), services={})
    with pytest.raises(StandbyError, match="W3SVC"):
        put(world, "server2")
    del world.facts_of["server2"]
    world.unfit = {"Shop": "it failed there twice"}
    assert forced(world).data["owner"] == "server2"
    assert world.asked == [("server2", "switchover", "--force", "Shop", "server2")]


def test_one_that_goes_back_is_a_failure_that_tells_where_it_is(world):
    world.fails_on = "server2"
    with pytest.raises(NotInService, match="server1 has it again") as failed:
        put(world, "server2")
    told = failure_of(failed.value)
    assert told["reason"] == "not_in_service"
    assert told["steps"][0]["sentence"] == "the agent of server2 is asked"
    assert held(world) == whole("server1")


def test_agents_are_not_believed_where_nodes_and_clients_show_something_else(world):
    world.command = lambda node, name, arguments: (
        AgentWorld.command(world, node, name, arguments) if name == "status" else _pretend(world)
    )
    with pytest.raises(
        NotInService, match="says that it has it in service, and the nodes show: Out of service"
    ):
        put(world, "server2")


def _pretend(world):
    world._move("server2")
    world.servers["server2"].addresses = world.servers["server2"].sites = world.servers["server2"].disks = (
        set()
    )
    return 0, "", ""


def test_a_mixture_is_refused_with_the_node_before_anything_is_read_of_the_witness(world):
    del world.agents["server2"]
    with pytest.raises(StandbyError, match=r"server2, .*it has no agent, and server1 has one"):
        put(world, "server2")
    world.agents["server2"] = replace(world.agents["server1"], node="server2", running=False)
    with pytest.raises(StandbyError, match=r"server2, .*its agent does not run"):
        out(world)
    assert world.asked == []


def test_a_node_that_answers_and_does_not_show_its_tasks_may_have_an_agent(world):
    world.agents = {"server2": AccessDenied("the account may not read tasks", node="server2")}
    with pytest.raises(AccessDenied):
        put(world, "server2")
    assert (world.asked, world.done) == ([], [])
    world.servers["server2"].unreachable = "no answer."
    assert put(world, "server1").data["owner"] == "server1"


def test_without_agents_the_module_moves_by_itself(world):
    world.agents.clear()
    put(world, "server2")
    assert (world.asked, held(world)) == ([], whole("server2"))
    assert world.done


def test_the_status_has_what_the_agents_say(world):
    out(world)
    with world.fleet() as fleet:
        seen = overview(fleet)
    (one,) = seen.hierarchies
    assert one["reason"] == "Out of service: an operator took it out of service."
    assert [said["node"] for said in one["agents"]] == ["server1", "server2"]
    assert [one["standing"] for one in seen.agents] == ["member", "member"]
    assert seen.maintenance == {"cluster": False, "nodes": [], "hierarchies": []}


# Maintenance


CLUSTER = Scope()
NOTHING = {"cluster": False, "nodes": [], "hierarchies": []}


def maintain(world, scope=CLUSTER, wanted=True, check=False):
    with world.fleet() as fleet:
        return set_maintenance(fleet, scope, wanted, check)


@pytest.mark.parametrize(
    ("scope", "arguments", "after"),
    [
        (Scope(), (), {"cluster": True, "nodes": [], "hierarchies": []}),
        (
            Scope(node="server2"),
            ("--node=server2",),
            {"cluster": False, "nodes": ["server2"], "hierarchies": []},
        ),
        (
            Scope(hierarchy="wiki"),
            ("--hierarchy=Shop",),
            {"cluster": False, "nodes": [], "hierarchies": ["Shop"]},
        ),
    ],
)
def test_maintenance_is_begun_and_ended_once(world, scope, arguments, after):
    foreseen = maintain(world, scope, check=True)
    assert (foreseen.changed, foreseen.after, world.asked) == (True, after, [])
    begun = maintain(world, scope)
    assert (begun.changed, begun.after, world.maintenance) == (True, after, after)
    assert world.asked == [("server1", "maintenance", *arguments, "begin")]
    assert not maintain(world, scope).changed
    assert maintain(world, scope, wanted=False).changed
    assert not maintain(world, scope, wanted=False).changed
    assert len(world.asked) == 2


def test_maintenance_of_what_is_not_there_is_refused(world):
    with pytest.raises(StandbyError, match=r"server9: is no node of the cluster\. Name one of"):
        maintain(world, Scope(node="server9"))
    with pytest.raises(StandbyError, match="no hierarchy is called so"):
        maintain(world, Scope(hierarchy="Blog"))


def test_maintenance_needs_an_agent_that_reaches_the_witness(world):
    world.problems = ["the witness cannot be read: gone."]
    with pytest.raises(AgentRefused, match="the witness cannot be read: gone"):
        maintain(world)
    world.agents = {name: replace(one, running=False) for name, one in world.agents.items()}
    with pytest.raises(StandbyError, match="its agent does not run, nor does any other"):
        maintain(world)
    world.agents = {}
    with pytest.raises(StandbyError, match="no node has an agent"):
        maintain(world)
