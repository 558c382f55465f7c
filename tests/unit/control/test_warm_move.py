# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves of a site that is kept warm: what is told before, and the checks of a node that stands by."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import checking
from ansible_collections.standby.iis.plugins.module_utils.agent.checking import check_now
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Hierarchy,
    StandbyMode,
)
from tests.support.control_world import ControlWorld
from tests.support.ha_world import DATA, IP2, NODES, WIKI, World
from tests.support.hierarchy_moves import put

WARM = replace(WIKI, standby_mode=StandbyMode.WARM, checks=(Check("http://10.0.0.51/"),))
HIERARCHY = Hierarchy("Wiki", NODES, (IP2,), (DATA,), (WARM,))


def served(world: World, *, ready: bool) -> World:
    """In service on server1; on server2 it is ready or not."""
    world.servers["server1"].addresses, world.servers["server1"].sites = {"10.0.0.51"}, {"Wiki"}
    world.servers["server2"].sites = {"Wiki"} if ready else set()
    return world


@pytest.fixture
def world(monkeypatch):
    one = ControlWorld(monkeypatch)
    one.store(Cluster("web", NODES, (IP2,), (DATA,), (WARM,)))
    return one


@pytest.mark.parametrize("check", [True, False])
def test_a_move_to_a_node_that_is_not_ready_says_so_before_and_after(world, check):
    served(world, ready=False)
    told = put(world, "server2", check=check, name="Wiki").data
    assert 'start site "Wiki" on server2' in told["plan"]
    assert told["notes"] == [
        'server2 does not stand by for site "Wiki", warm: not ready, because the site is not started'
    ]


def test_a_move_to_a_node_that_is_ready_stops_and_starts_no_site(world):
    served(world, ready=True)
    told = put(world, "server2", name="Wiki").data
    assert told["notes"] == []
    assert told["outage"] > 0
    assert [one["action"] for one in told["steps"]] == [
        "remove_address",
        "add_address",
        "wait_address",
        "wake_site",
        "verify",
    ]
    assert not put(world, "server2", name="Wiki").changed


@pytest.mark.parametrize("ready", [True, False])
def test_the_command_check_tells_how_ready_a_node_is(monkeypatch, ready):
    facts = served(World(), ready=ready).facts()["server2"]
    monkeypatch.setattr(checking, "gather", lambda _node, _scope: facts)
    (found,) = check_now(Mock(), [HIERARCHY], lambda _check: Mock(healthy=True, sentence="yes", notices=()))
    assert not found.here
    (line,) = (one for one in found.lines if one.check == 'standby of site "Wiki"')
    assert line.healthy is ready
