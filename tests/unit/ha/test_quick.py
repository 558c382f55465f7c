# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick check: everything that a hierarchy in service needs, and what is at fault where it is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing, blocked, gravest, look
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import Adapter
from ansible_collections.standby.iis.plugins.module_utils.windows.address import AddressState
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import Disk
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import IisConfiguration
from ansible_collections.standby.iis.plugins.module_utils.windows.service import Service
from tests.support.ha_world import IP1, NODES, SHARED, WHOLE, World, address


def up(**changes):
    return replace(World().up("server1").servers["server1"].facts(), **changes)


def bad(facts, hierarchy=WHOLE):
    """What is unhealthy, as (what is at fault, sentence)."""
    return [(one.failing, one.sentence) for one in look(hierarchy, facts) if not one.healthy]


def with_site(facts, name, **changes):
    sites = tuple(replace(one, **changes) if one.name == name else one for one in facts.iis.sites)
    return replace(facts, iis=replace(facts.iis, sites=sites))


def with_pool(facts, name, state):
    pools = tuple(replace(one, state=state) if one.name == name else one for one in facts.iis.pools)
    return replace(facts, iis=replace(facts.iis, pools=pools))


def with_ip(facts, *instances):
    kept = tuple(one for one in facts.addresses if one.address != IP1.address)
    return replace(facts, addresses=(*kept, *instances))


def test_a_hierarchy_in_service_has_everything_in_place_and_each_member_is_told():
    found = look(WHOLE, up())
    assert all(one.healthy and not one.notice and one.failing is Failing.NOTHING for one in found)
    told = {one.resource for one in found}
    assert told >= {one.id for one in WHOLE.resources} | {"service W3SVC", "service WAS"}
    assert "pool 'shop' of site \"Shop\" is started" in {one.sentence for one in found}


def test_a_shared_disk_that_comes_online_at_the_next_boot_too_is_told_with_what_mends_it():
    facts = up()
    known = next(one for one in facts.disks if one.unique_id == SHARED)
    assert not [one for one in look(WHOLE, facts) if one.notice]
    (told,) = [one for one in look(WHOLE, replace(facts, lasting=frozenset({known.unique_id}))) if one.notice]
    assert told.healthy
    assert told.sentence.startswith("volume F:\\ is online for good on server1: ")
    assert "move it to another node once" in told.sentence


def test_a_node_that_cannot_be_read_is_at_fault_itself():
    assert bad(NodeFacts("server1", problem="The node did not answer.")) == [
        (Failing.SYSTEM, "server1 cannot be read: The node did not answer")
    ]


def test_an_adapter_that_is_down_is_at_fault_for_all_its_addresses_whatever_became_of_them():
    down = up(adapters=(Adapter("Ethernet", 12, False),))
    for facts in (down, with_ip(down), with_ip(down, address(IP1.address, AddressState.TENTATIVE))):
        assert bad(facts)[0] == (
            Failing.NIC,
            "adapter 'Ethernet' of ip 10.0.0.50 is down or not connected on server1",
        )
        assert {failing for failing, _sentence in bad(facts)} == {Failing.NIC}


def test_another_adapter_that_is_down_is_nothing_to_it():
    two = (Adapter("Ethernet", 12, True), Adapter("Backup", 13, False))
    assert bad(up(adapters=two)) == []


@pytest.mark.parametrize(
    ("instances", "sentence"),
    [
        ((), "ip 10.0.0.50 is absent on server1"),
        (
            (address(IP1.address, AddressState.DUPLICATE),),
            "ip 10.0.0.50 is in use by another machine of its network (Duplicate on server1)",
        ),
        ((address(IP1.address, AddressState.TENTATIVE),), "ip 10.0.0.50 is tentative on server1"),
        ((address(IP1.address, AddressState.DEPRECATED),), "ip 10.0.0.50 is deprecated on server1"),
        ((address(IP1.address, AddressState.INVALID),), "ip 10.0.0.50 is invalid on server1"),
    ],
)
def test_an_address_that_is_not_usable_is_at_fault_while_its_adapter_is_up(instances, sentence):
    assert bad(with_ip(up(), *instances)) == [(Failing.ADDRESS, sentence)]


def test_a_persistent_address_serves_and_is_told_of():
    facts = with_ip(up(), address(IP1.address), address(IP1.address, persistent=True))
    assert bad(facts) == []
    (notice,) = [one for one in look(WHOLE, facts) if one.notice]
    assert notice.sentence.startswith("ip 10.0.0.50 is persistent on server1, so that a restart brings it")


def with_disk(facts, **changes):
    disks = tuple(replace(one, **changes) if one.unique_id == SHARED else one for one in facts.disks)
    return replace(facts, disks=disks)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (lambda facts: with_disk(facts, offline=True), "volume F:\\ is offline on server1"),
        (lambda facts: with_disk(facts, read_only=True), "volume F:\\ is read-only on server1"),
        (lambda facts: with_disk(facts, unique_id="other"), "volume F:\\ is not visible on server1"),
        (
            lambda facts: replace(facts, partitions=facts.partitions[:2]),
            "volume F:\\ is not mounted on server1, although its disk is online",
        ),
        (
            lambda facts: replace(facts, disks=(*facts.disks, replace(facts.disks[1], number=3))),
            "volume F:\\ is unclear",
        ),
        (
            lambda facts: replace(facts, partitions=(facts.partitions[0], facts.partitions[2])),
            "volume E:\\ is absent on server1",
        ),
        (
            lambda facts: replace(
                facts, disks=(*facts.disks, Disk(1, "data", "", False, True, "", False, False, False, None))
            ),
            "volume E:\\ is read-only on server1",
        ),
    ],
)
def test_a_volume_that_cannot_be_written_or_reached_is_at_fault(changed, sentence):
    ((failing, told),) = bad(changed(up()))
    assert failing is Failing.VOLUME
    assert told.startswith(sentence)


def test_a_site_that_is_stopped_is_at_fault_with_the_state_it_is_in():
    assert bad(with_site(up(), "Shop", state="Stopped")) == [
        (Failing.SITE, 'site "Shop" is stopped on server1')
    ]
    assert bad(with_site(up(), "Shop", state="Starting")) == [
        (Failing.SITE, 'site "Shop" is starting on server1')
    ]


def test_a_stopped_pool_below_a_started_site_is_told_to_be_what_rapid_fail_protection_leaves():
    ((failing, told),) = bad(with_pool(up(), "shop", "Stopped"))
    assert failing is Failing.SITE
    assert told == (
        "pool 'shop' of site \"Shop\" is stopped on server1 while the site is started, "
        "as rapid-fail protection leaves it after repeated crashes"
    )
    both = with_site(with_pool(up(), "shop", "Stopped"), "Shop", state="Stopped")
    assert not any("rapid-fail" in sentence for _failing, sentence in bad(both))
    assert "rapid-fail" not in bad(with_pool(up(), "shop", "Stopping"))[0][1]


@pytest.mark.parametrize("name", ["W3SVC", "WAS"])
def test_a_service_that_does_not_run_is_no_fault_of_the_site(name):
    stopped = {**up().services, name: Service(name, "Stopped", "Auto")}
    assert bad(up(services=stopped)) == [(Failing.SYSTEM, f"service {name} is stopped on server1")]
    del stopped[name]
    assert bad(up(services=stopped)) == [(Failing.SYSTEM, f"service {name} does not exist on server1")]
    assert bad(up(services={}), Hierarchy("ip 10.0.0.50", NODES, (IP1,))) == []


def test_members_that_this_node_does_not_have_need_another_node():
    gone = up(iis=IisConfiguration((), up().iis.pools))
    assert bad(gone)[0] == (Failing.SYSTEM, 'site "Shop" does not exist on server1')
    no_pools = up(iis=IisConfiguration(up().iis.sites, ()))
    assert (Failing.SYSTEM, "pool 'shop' of site \"Shop\" does not exist on server1") in bad(no_pools)


def test_the_gravest_cause_comes_first():
    facts = with_pool(with_ip(up(services={})), "wiki", "Stopped")
    facts = with_disk(facts, offline=True)
    assert [failing for failing, _sentence in bad(facts)] == [
        Failing.SYSTEM,
        Failing.SYSTEM,
        Failing.VOLUME,
        Failing.ADDRESS,
        Failing.SITE,
    ]


def test_local_recovery_may_help_sites_and_addresses_alone():
    assert [one for one in Failing if one.local] == [Failing.SITE, Failing.ADDRESS]
    assert gravest(()) is Failing.NOTHING
    assert gravest((Failing.SITE, Failing.NIC, Failing.ADDRESS)) is Failing.NIC


def standby(**changes):
    return replace(World().up("server1").servers["server2"].facts(), **changes)


def test_a_standby_with_its_twin_is_not_blocked_and_neither_is_the_owner():
    assert blocked(WHOLE, standby()) == ""
    assert blocked(WHOLE, up()) == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "server9"}, "server9 is not a node of it"),
        ({"problem": "appcmd is not there."}, "it cannot be read: appcmd is not there"),
        ({"iis": IisConfiguration((), standby().iis.pools)}, 'site "Shop": does not exist'),
        (
            {"iis": IisConfiguration(standby().iis.sites, ())},
            "site \"Shop\": its application pool 'shop' does not exist",
        ),
        ({"adapters": ()}, "ip 10.0.0.50: is outside the subnets of every adapter"),
        (
            {"adapters": (Adapter("Ethernet", 12, False),)},
            "ip 10.0.0.50: its adapter 'Ethernet' is down or not connected",
        ),
        ({"disks": ()}, "volume F:\\: the disk disk-of-f is not visible"),
        ({"partitions": ()}, "volume E:\\: the volume is not present"),
        ({"services": {}}, "the service W3SVC does not exist; the service WAS does not exist"),
        (
            {
                "services": {
                    "W3SVC": Service("W3SVC", "Stopped", "Disabled"),
                    "WAS": Service("WAS", "Running", "Auto"),
                }
            },
            "the service W3SVC is stopped and disabled, so that no site can start",
        ),
    ],
)
def test_what_keeps_it_from_coming_up_here_is_told_in_one_clause(changes, why):
    told = blocked(WHOLE, standby(**changes))
    assert why in told
    assert not told.endswith(".")


def test_a_node_needs_no_library_to_find_the_adapter_of_an_address(monkeypatch):
    from ansible_collections.standby.iis.plugins.module_utils.ha import addressing

    monkeypatch.setattr(addressing, "NETADDR_MISSING", "No module named 'netaddr'")
    monkeypatch.delattr(addressing, "IPAddress")
    monkeypatch.delattr(addressing, "IPNetwork")
    assert blocked(WHOLE, standby()) == ""
    assert "outside the subnets" in blocked(WHOLE, standby(adapters=()))
