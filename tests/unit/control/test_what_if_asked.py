# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which agent is asked what would happen, and what is told where none can answer."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import what_if
from ansible_collections.standby.iis.plugins.module_utils.control.agents import Agent
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER

ANSWER = {"gaps": [], "told": ["fine"], "doubts": [], "decided": "now"}


@pytest.fixture
def world(monkeypatch):
    made = ControlWorld(monkeypatch)
    made.store(CLUSTER)
    monkeypatch.setattr(
        what_if, "run", lambda node, _agent, *_given: json.dumps({**ANSWER, "node": node.name})
    )
    return made


def asked(world, **running: bool):
    world.agents = {name: Agent(name, runs, "python", "home") for name, runs in running.items()}
    with world.fleet() as fleet:
        return what_if.what_if(fleet, (), 1)


def test_the_first_agent_that_runs_is_asked(world):
    assert asked(world, server1=True, server2=True).data["node"] == "server1"
    assert asked(world, server1=False, server2=True).data["node"] == "server2"


def test_agents_that_do_not_run_know_old_things_and_are_named(world):
    with pytest.raises(StandbyError, match="server1: its agent does not run; server2: its agent") as raised:
        asked(world, server1=False, server2=False)
    assert "role monitor" in raised.value.remedy
