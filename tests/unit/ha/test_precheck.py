# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Obstacles: everything that keeps a hierarchy from its target is found before anything is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.precheck import obstacles
from ansible_collections.standby.iis.plugins.module_utils.ha.status import status
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import (
    IPV4,
    IPV6,
    Adapter,
    Interface,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import Disk
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import Binding
from ansible_collections.standby.iis.plugins.module_utils.windows.service import Service
from tests.support.ha_world import CLUSTER, SHARED, WHOLE, World, address


def found(facts, target="server2", owner=None):
    seen = status(WHOLE, facts, CLUSTER)
    return obstacles(WHOLE, target, facts, seen, owner)


def on_target(**changes):
    facts = World().up("server1").facts()
    facts["server2"] = replace(facts["server2"], **changes)
    return facts


def test_a_healthy_target_with_its_twin_has_no_obstacle():
    assert found(World().up("server1").facts()) == []


def test_an_adapter_configured_by_dhcp_is_refused_before_the_node_loses_its_own_address():
    first, second = found(on_target(interfaces=(Interface(12, IPV4, True),)))

    assert "'Ethernet' is configured by DHCP" in str(first)
    assert (first.node, first.resource, second.resource) == ("server2", "ip 10.0.0.50", "ip 10.0.0.51")
    assert "fixed address" in first.remedy


@pytest.mark.parametrize(
    "interface", [Interface(12, IPV4, False), Interface(13, IPV4, True), Interface(12, IPV6, True)]
)
def test_dhcp_of_another_adapter_or_family_is_no_obstacle(interface):
    assert found(on_target(interfaces=(interface,))) == []


def test_a_node_outside_the_hierarchy_is_refused_with_the_choice():
    (error,) = found(World().up("server1").facts(), target="server9")

    assert "server1, server2" in str(error)


def test_a_target_that_cannot_be_read_is_the_obstacle():
    world = World().up("server1")
    world.servers["server2"].unreachable = "The node did not answer."

    (error,) = found(world.facts())

    assert error.node == "server2"
    assert "did not answer" in str(error)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {
                "services": {
                    "W3SVC": Service("W3SVC", "Stopped", "Manual"),
                    "WAS": Service("WAS", "Running", "Auto"),
                }
            },
            "W3SVC is stopped",
        ),
        ({"services": {"WAS": Service("WAS", "Running", "Auto")}}, "W3SVC does not exist"),
        ({"adapters": (Adapter("Ethernet", 12, False),)}, "'Ethernet' is down"),
        ({"adapters": ()}, "outside the subnets"),
        ({"partitions": ()}, "volume E:\\: the volume is not present"),
        ({"disks": ()}, "disk-of-f is not visible"),
    ],
)
def test_what_the_target_lacks_is_named_with_a_remedy(changes, said):
    errors = found(on_target(**changes))

    assert any(said in str(error) for error in errors)
    assert all(error.remedy and error.node == "server2" for error in errors)


@pytest.mark.parametrize("state", ["Stopped", "Start Pending", "Stop Pending", "Paused", "Unknown"])
def test_a_service_in_any_state_but_running_is_an_obstacle(state):
    services = {"W3SVC": Service("W3SVC", "Running", "Auto"), "WAS": Service("WAS", state, "Auto")}

    (error,) = found(on_target(services=services))

    assert f"WAS is {state.lower()}" in str(error)


def shared_disk(**changes):
    return replace(Disk(2, SHARED, "", True, False, "", False, False, False, None), **changes)


@pytest.mark.parametrize("owned", ["boot", "system", "clustered"])
def test_a_disk_that_belongs_to_windows_or_to_failover_clustering_is_found_before_anything_stops(owned):
    (error,) = found(on_target(disks=(shared_disk(**{owned: True}),)))

    assert (error.node, error.resource) == ("server2", "volume F:\\")
    assert "failover clustering" in str(error)
    assert error.remedy


@pytest.mark.parametrize("read_only", [True, False])
def test_a_disk_that_a_node_outside_the_hierarchy_has_online_is_refused_even_where_it_is_read_only(read_only):
    facts = World().up("server1").facts()
    disks = (shared_disk(offline=False, read_only=read_only),)
    facts["server3"] = replace(facts["server2"], name="server3", disks=disks)

    (error,) = found(facts)

    assert (error.node, error.resource) == ("server3", "volume F:\\")
    assert "online on server3" in str(error)


def test_a_disk_that_is_offline_on_a_node_outside_the_hierarchy_is_no_obstacle():
    facts = World().up("server1").facts()
    facts["server3"] = replace(facts["server2"], name="server3")

    assert found(facts) == []


def twin(change):
    facts = World().up("server1").facts()
    iis = facts["server2"].iis
    facts["server2"] = replace(facts["server2"], iis=change(iis))
    return facts


def test_a_missing_twin_is_named():
    errors = found(twin(lambda iis: replace(iis, sites=iis.sites[1:])))

    assert [str(error).startswith('server2, site "Shop": does not exist') for error in errors] == [True]


def test_a_missing_pool_is_named():
    (error,) = found(twin(lambda iis: replace(iis, pools=iis.pools[:1])))

    assert "pool 'wiki' does not exist" in str(error)


def test_bindings_that_differ_are_shown_both_ways():
    extra = Binding("http", "10.0.0.51:8080:")

    def change(iis):
        return replace(
            iis, sites=(replace(iis.sites[0], bindings=(extra, iis.sites[0].bindings[1])), iis.sites[1])
        )

    (error,) = found(twin(change))

    assert "missing http/10.0.0.50:80:" in str(error)
    assert "additional http/10.0.0.51:8080:" in str(error)


def test_an_address_held_by_a_node_outside_the_hierarchy_is_refused():
    facts = World().up("server1").facts()
    facts["server3"] = replace(facts["server2"], name="server3", addresses=(address("10.0.0.50"),))

    (error,) = found(facts)

    assert error.node == "server3"
    assert "in use by server3" in str(error)


def lost_source(owner, up="server2"):
    world = World()
    world.servers["server1"].unreachable = "The node did not answer."
    if up:
        world.up(up)
    return found(world.facts(), owner=owner)


def test_a_source_that_does_not_answer_and_may_still_serve_blocks_and_says_what_helps():
    for owner in ("server1", None):
        (error,) = lost_source(owner, up=None)

        assert error.node == "server1"
        assert "restart" in str(error.remedy)
        assert "may have" in str(error)


def test_a_lost_node_that_was_not_the_owner_blocks_nothing():
    assert lost_source("server2", up=None) == []


def test_a_lost_node_blocks_nothing_while_the_hierarchy_is_seen_in_service():
    assert lost_source("server1") == []


@pytest.mark.parametrize(("node", "offline"), [("server2", True), ("server2", False), ("server1", False)])
def test_two_disks_of_one_identity_are_refused_by_node_before_anything_stops(node, offline):
    facts = World().up("server1").facts()
    one = facts[node].disks[1]
    disks = (facts[node].disks[0], replace(one, offline=True), replace(one, number=7, offline=offline))
    facts[node] = replace(facts[node], disks=disks)

    (error,) = (error for error in found(facts) if "same identity" in str(error))

    assert error.node == node
    assert error.remedy


@pytest.mark.parametrize("owner", ["server1", None])
@pytest.mark.parametrize("part", [{"addresses": {"10.0.0.50"}}, {"disks": {SHARED}}, {"sites": {"Shop"}}])
def test_a_hierarchy_seen_in_part_does_not_prove_that_a_node_which_cannot_be_read_has_nothing(owner, part):
    world = World()
    world.servers["server1"].unreachable = "The node did not answer."
    vars(world.servers["server2"]).update(part)

    (error,) = found(world.facts(), owner=owner)

    assert error.node == "server1"
    assert "may have" in str(error)
