# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person says from the controller that a lost node is off: the agents that wait for that go on."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.agents import AgentRefused
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.agent_world import AgentWorld
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, Ticks

WAITS = ("waiting_for_confirmation", "server1 had its disk, and nobody has confirmed that it is off")


UNUSED = "no agent waits for fence_confirmed=server1: nothing was said"


class Waiting(AgentWorld):
    """server1 is lost; the agent of server2 takes what it had once somebody has said that it is off."""

    def __init__(self, monkeypatch) -> None:
        super().__init__(monkeypatch)
        self.reasons = {"server2": WAITS}
        self.servers["server1"].unreachable = "no answer"

    def command(self, node, name, arguments):
        if name == "confirm-off" and not self.refuse:
            self.asked.append((node, name, *arguments))
            self._move("server2")
            return 0, "server1 counts as off\n", ""
        return super().command(node, name, arguments)


@pytest.fixture
def world(monkeypatch):
    return Waiting(monkeypatch)


def put(world, to="server2", confirmed="server1", check=False):
    with world.fleet() as fleet:
        return put_in_service(fleet, "Wiki", to, check, fence_confirmed=confirmed, clock=Ticks())


@pytest.mark.parametrize("to", ["server2", None])
def test_the_agents_that_wait_for_it_go_on(world, to):
    moved = put(world, to)
    assert world.asked == [("server2", "confirm-off", "server1")]
    assert moved.changed
    assert moved.message.startswith("server1 was said to be off; ")
    assert moved.data["owner"] == "server2"
    assert UNUSED not in moved.data["notes"]


def test_a_second_run_says_nothing(world):
    put(world)
    world.asked.clear()
    again = put(world)
    assert (again.changed, world.asked) == (False, [])
    assert again.data["notes"][-1] == UNUSED


def test_check_mode_says_nothing_and_predicts_it(world):
    predicted = put(world, check=True)
    assert (predicted.changed, world.asked) == (True, [])
    assert predicted.message.startswith("server1 would be said to be off; ")


def test_where_nobody_waits_for_it_nothing_is_said(world):
    world.reasons = {}
    world.servers["server1"].unreachable = ""
    for check in (True, False):
        nothing = put(world, "server1", check=check)
        assert not nothing.changed
        assert nothing.data["notes"][-1] == UNUSED
    assert UNUSED not in put(world, "server1", confirmed=None).data["notes"]
    assert world.asked == []


def test_what_the_agent_refuses_is_told(world):
    world.refuse = "node server1: its record is alive"
    with pytest.raises(AgentRefused, match="its record is alive"):
        put(world)


def test_a_node_of_another_hierarchy_is_refused(world):
    with pytest.raises(
        StandbyError, match="fence_confirmed names server9, which is no node of it"
    ) as refused:
        put(world, confirmed="server9")
    assert refused.value.remedy.startswith("Name one of server1, server2")
    assert world.asked == []


def test_without_agents_it_means_nothing_and_is_refused(monkeypatch):
    world = ControlWorld(monkeypatch)
    world.store(CLUSTER)
    with pytest.raises(StandbyError, match="no agents look after it"):
        put(world)
