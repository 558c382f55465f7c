# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ip resources: declared once, checked on every node, adopted with care, removed without a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip, remove_ip
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import IPV4, Interface
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, NODES, Ticks, address


@pytest.fixture
def world(monkeypatch):
    return ControlWorld(monkeypatch)


def ensure(world, text="10.0.0.60", prefix=None, check=False, nodes=NODES, **more):
    with world.fleet() as fleet:
        return ensure_ip(fleet, IpRequest(text, prefix, nodes, **more), check, clock=Ticks())


def remove(world, text="10.0.0.60", check=False):
    with world.fleet() as fleet:
        return remove_ip(fleet, text, check)


def give(world, name, *addresses):
    facts = world.servers[name].facts()
    world.facts_of[name] = replace(facts, addresses=(*facts.addresses, *addresses))


def test_a_new_address_is_stored_on_every_node_with_the_prefix_of_their_subnet(world):
    outcome = ensure(world)

    assert outcome.changed
    assert [world.stored(name).ips[0].prefix for name in NODES] == [24, 24]
    assert world.stored().nodes == NODES
    assert outcome.before == {}
    assert outcome.after["address"] == "10.0.0.60"


def test_a_second_run_changes_nothing(world):
    ensure(world)
    world.changes.clear()

    outcome = ensure(world)

    assert not outcome.changed
    assert world.changes == []
    assert outcome.before == outcome.after


def test_check_mode_predicts_and_stores_nothing(world):
    predicted = ensure(world, check=True, dad_transmits=0)

    assert world.changes == []
    assert world.values == {name: {} for name in NODES}
    done = ensure(world, dad_transmits=0)
    assert (predicted.changed, predicted.message, predicted.after) == (done.changed, done.message, done.after)


def test_the_prefix_may_be_written_with_the_address_but_not_twice_differently(world):
    assert ensure(world, "10.0.0.60/25").data["ip"]["prefix"] == 25
    with pytest.raises(StandbyError, match="25 in the address and 24"):
        ensure(world, "10.0.0.60/25", 24)
    with pytest.raises(StandbyError, match="not a number"):
        ensure(world, "10.0.0.60/x")


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("172.16.0.9", {}, "outside the subnets"),
        ("10.0.0.255", {}, "broadcast"),
        ("10.0.0.60", {"interfaces": {"server1": "WAN"}}, "no adapter 'WAN'"),
        ("10.0.0.60", {"interfaces": {"server9": "LAN"}}, "none of its nodes"),
        ("10.0.0.60", {"nodes": ("server1", "server9")}, "no connection to its node server9"),
        ("10.0.0.60", {"nodes": ("server1", "server1")}, "twice"),
        ("192.0.2.1", {}, "controller reaches the node"),
        ("10.0.0.11", {}, "persistent"),
        ("10.0.0.60", {"prefix": 0}, "prefix length 0"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_stored(world, text, more, said):
    with pytest.raises(StandbyError, match=said) as refused:
        ensure(world, text, **more)

    assert refused.value.remedy
    assert world.changes == []


def test_the_address_of_a_session_is_never_taken_from_its_node(world):
    for name in NODES:
        give(world, name, address(f"192.0.2.{name[-1]}", persistent=True, skip=False))

    with pytest.raises(StandbyError, match="controller reaches the node"):
        ensure(world, "192.0.2.1", adopt=True)


def test_a_node_that_does_not_answer_is_named_before_anything_is_stored(world):
    ensure(world)
    world.servers["server2"].unreachable = "The node did not answer."

    with pytest.raises(StandbyError) as refused:
        ensure(world, "10.0.0.61")

    assert refused.value.node == "server2"
    assert [ip.address for ip in world.stored().ips] == ["10.0.0.60"]


def test_nodes_that_differ_from_those_of_the_site_on_it_are_refused(world):
    world.store(CLUSTER)

    with pytest.raises(StandbyError, match='site "Shop"'):
        ensure(world, "10.0.0.50", nodes=("server2", "server1"))


def test_dad_is_set_on_every_node_and_the_old_value_remembered(world):
    world.dad = {"server1": 3, "server2": 0}

    outcome = ensure(world, dad_transmits=0)

    assert ("dad", "server1", 0) in world.changes
    assert ("dad", "server2", 0) not in world.changes
    assert world.stored().ips[0].dad_before == (("server1", 3),)
    assert "DadTransmits" in outcome.message
    assert not ensure(world, dad_transmits=0).changed


def test_dad_is_restored_with_the_last_address_that_wanted_it(world):
    ensure(world, "10.0.0.60", dad_transmits=0)
    ensure(world, "10.0.0.61", dad_transmits=0)

    remove(world, "10.0.0.60")
    assert world.dad == {"server1": 0, "server2": 0}
    remove(world, "10.0.0.61")
    assert world.dad == {"server1": 3, "server2": 3}


def test_dad_is_restored_when_it_is_no_longer_wanted(world):
    ensure(world, dad_transmits=0)

    assert ensure(world).changed
    assert world.dad == {"server1": 3, "server2": 3}
    assert not ensure(world).changed


def test_dad_changed_behind_our_back_is_set_again_without_forgetting_the_old_value(world):
    ensure(world, dad_transmits=0)
    world.dad["server1"] = 1

    assert ensure(world, dad_transmits=0).changed
    assert world.dad["server1"] == 0
    assert dict(world.stored().ips[0].dad_before)["server1"] == 3


def test_two_addresses_cannot_want_different_dad_on_one_interface(world):
    ensure(world, "10.0.0.60", dad_transmits=0)

    with pytest.raises(StandbyError, match=r"ip 10\.0\.0\.60 wants 0"):
        ensure(world, "10.0.0.61", dad_transmits=1)


def test_an_adopted_address_is_removed_and_created_again_where_it_was(world):
    give(world, "server2", address("10.0.0.60", persistent=True, skip=False))

    outcome = ensure(world, adopt=True)

    assert [change for change in world.changes if change[0] != "write_value"] == [
        ("remove_address", "server2", "10.0.0.60"),
        ("add_address", "server2", "10.0.0.60"),
        ("wait_preferred", "server2", "10.0.0.60"),
    ]
    assert "server2" in outcome.message


def test_adopting_what_floats_already_changes_nothing(world):
    ensure(world, adopt=True)
    give(world, "server2", address("10.0.0.60"))
    world.changes.clear()

    assert not ensure(world, adopt=True).changed
    assert world.changes == []


def test_removing_takes_the_address_from_where_it_is(world):
    ensure(world)
    give(world, "server2", address("10.0.0.60"))

    assert remove(world, check=True).changed
    assert world.stored().ips
    outcome = remove(world, "10.0.0.60/24")

    assert outcome.data["removed_from"] == ["server2"]
    assert ("remove_address", "server2", "10.0.0.60") in world.changes
    assert world.stored() is None
    assert not remove(world).changed


def test_an_address_that_a_site_needs_is_not_removed(world):
    world.store(CLUSTER)

    with pytest.raises(StandbyError, match='site "Shop", site "Wiki" depends'):
        remove(world, "10.0.0.51")

    assert world.changes == []


def test_removing_from_a_cluster_without_a_definition_is_no_change(world):
    assert not remove(world).changed


def test_an_address_is_not_declared_where_dhcp_configures_the_adapter_of_a_node(world):
    facts = world.servers["server2"].facts()
    world.facts_of["server2"] = replace(facts, interfaces=(Interface(12, IPV4, True),))

    for check in (True, False):
        with pytest.raises(StandbyError, match="configured by DHCP") as refused:
            ensure(world, check=check)

    assert (refused.value.node, refused.value.resource) == ("server2", "ip 10.0.0.60")
    assert world.changes == []


@pytest.mark.parametrize("check", [True, False])
def test_fewer_than_no_probes_are_refused_before_anything_is_stored(world, check):
    with pytest.raises(StandbyError, match="dad_transmits -1") as refused:
        ensure(world, dad_transmits=-1, check=check)

    assert refused.value.resource == "ip 10.0.0.60"
    assert refused.value.remedy
    assert world.changes == []
    assert world.values == {name: {} for name in NODES}


def in_another_subnet(world):
    facts = world.servers["server2"].facts()
    own = replace(facts.addresses[0], address="10.2.0.12")
    world.facts_of["server2"] = replace(facts, addresses=(own,))


def test_a_node_in_another_subnet_has_an_address_of_its_own(world):
    in_another_subnet(world)

    outcome = ensure(world, addresses={"server2": "10.2.0.60"})

    assert outcome.message.startswith("ip 10.0.0.60/24 (10.2.0.60/24 on server2) is defined")
    assert world.stored("server2").ips[0].on("server2").address == "10.2.0.60"
    again = ensure(world, addresses={"server2": "10.2.0.60"})
    assert not again.changed


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        ({}, "is outside the subnets"),
        ({"server9": "10.2.0.60"}, "server9, which is none of its nodes"),
        ({"server2": "2001:db8::60"}, "of the other family"),
        ({"server1": "10.0.0.61", "server2": "10.2.0.60"}, "of none of its nodes"),
        ({"server2": "10.2.0.60/x"}, "is not a number"),
        ({"server2": "10.2.0.0/24"}, "is the address of the network"),
        ({"server2": "10.3.0.60"}, "is outside the subnets"),
        ({"server2": "nonsense"}, "is not an IP address"),
    ],
)
def test_addresses_that_do_not_fit_their_nodes_are_refused(world, addresses, told):
    in_another_subnet(world)

    with pytest.raises(StandbyError, match=told):
        ensure(world, addresses=addresses)
    assert world.changes == []
