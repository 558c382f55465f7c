# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition is not changed under the hands of agents; new hierarchies are added beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.agent_guard import refuse_disturbance
from ansible_collections.standby.iis.plugins.module_utils.control.unprotect import remove_site
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Ip, Site
from tests.support.agent_world import AgentWorld
from tests.support.ha_world import CLUSTER, NODES

NEW = Ip("10.0.0.60", 24, NODES)
BLOG = Site("Blog", NODES, ("10.0.0.60",), ("E:\\",))
MORE = replace(CLUSTER, ips=(*CLUSTER.ips, NEW), sites=(*CLUSTER.sites, BLOG))
WITHOUT = replace(CLUSTER, sites=())


@pytest.fixture
def world(monkeypatch):
    return AgentWorld(monkeypatch)


def refuse(world, before, after):
    with world.fleet() as fleet:
        refuse_disturbance(fleet, before, after)


def test_what_is_added_beside_is_allowed_without_asking_anybody(world):
    refuse(world, CLUSTER, MORE)
    refuse(world, None, MORE)
    assert world.opened == []


@pytest.mark.parametrize("check", [True, False])
def test_a_site_that_agents_look_after_stays_protected_until_they_are_removed(world, check):
    with world.fleet() as fleet, pytest.raises(StandbyError) as refused:
        remove_site(fleet, "Shop", False, check)
    assert str(refused.value).startswith(
        'server1, hierarchy "Shop": the agents look after it, and it would be gone, or have another name. '
    )
    assert "remove the agents (role monitor with monitor_state: absent" in str(refused.value)
    assert world.changes == []


def test_without_agents_the_definition_is_changed_as_before(world):
    world.agents = {}
    refuse(world, CLUSTER, WITHOUT)


def test_what_agents_have_not_taken_up_may_still_change(world):
    refuse(world, MORE, CLUSTER)  # the blog is declared, and no agent knows it


def test_an_agent_that_says_nothing_may_look_after_it(world):
    world.agents = {name: replace(one, running=False) for name, one in world.agents.items()}
    with pytest.raises(StandbyError, match="the agents look after it"):
        refuse(world, CLUSTER, WITHOUT)
    world.agents = {}
