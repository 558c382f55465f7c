# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of a resource alone is forgotten once it is part of a hierarchy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, SHOP, WIKI, Ticks


@pytest.mark.parametrize("alone", ["volume F:\\", "ip 10.0.0.51"])
def test_a_member_that_leaves_its_hierarchy_does_not_go_by_an_older_record_of_its_own(monkeypatch, alone):
    world = ControlWorld(monkeypatch)
    world.store(replace(CLUSTER, sites=()))
    for name in ("10.0.0.50", alone):  # each is a hierarchy of its own as yet
        put(world, name, "server1")
    world.store(replace(world.stored(), sites=CLUSTER.sites, revision=20))
    put(world, "Shop", "server2")
    left = replace(SHOP, ips=("10.0.0.50",), volumes=("E:\\",))
    wiki = replace(WIKI, ips=("10.0.0.50",))
    world.store(replace(world.stored(), sites=(left, wiki), revision=40))
    world.servers["server2"].unreachable = "The node did not answer."

    with pytest.raises(StandbyError, match="may have hierarchy"):
        put(world, alone, "server1")

    assert world.twice == set()


def put(world, name, to):
    with world.fleet() as fleet:
        return put_in_service(fleet, name, to, False, clock=Ticks())
