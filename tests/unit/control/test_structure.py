# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A structure is checked as a whole: what is new on both sides is compared too, and nothing is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.structure import Structure, check_structure
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Ip, Volume, VolumeKind
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Application,
    VirtualDirectory,
)
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, NODES, SHARED, SHOP, WIKI

BACK = NODES[::-1]
MACHINE = Machine("WEB", "C:", "C:\\Windows", {})
DISK = VolumeRequest("F:", "shared", NODES, SHARED)
WHOLE = Structure(
    (DISK,),
    (IpRequest("10.0.0.50/24", None, NODES), IpRequest("10.0.0.51", None, NODES)),
    (SiteRequest("Shop", NODES), SiteRequest("Wiki", NODES)),
)


@pytest.fixture
def world(monkeypatch):
    world = ControlWorld(monkeypatch)
    for name in NODES:
        facts = world.servers[name].facts()
        sites = tuple(on_the_disk(site) for site in facts.iis.sites)
        world.facts_of[name] = replace(facts, machine=MACHINE, iis=replace(facts.iis, sites=sites))
    return world


def on_the_disk(site):
    pool = {SHOP.name: "shop", WIKI.name: "wiki"}[site.name]
    content = (VirtualDirectory("/", f"F:\\{pool}", "", ""),)
    return replace(site, applications=(Application("/", pool, "http", content),))


def check(world, structure=WHOLE, **changed):
    with world.fleet() as fleet:
        return check_structure(fleet, replace(structure, **changed))


def test_a_structure_that_fits_says_which_hierarchies_it_forms(world):
    outcome = check(world)
    assert not outcome.changed
    assert outcome.data["hierarchies"][0]["nodes"] == list(NODES)
    assert 'site "Shop"' in outcome.data["hierarchies"][0]["members"]
    assert [ip["prefix"] for ip in outcome.data["ips"]] == [24, 24]
    assert world.values == {name: {} for name in NODES}
    assert world.changes == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ips": (replace(WHOLE.ips[0], nodes=BACK), WHOLE.ips[1])}, "same nodes in the same order"),
        ({"ips": (WHOLE.ips[0], IpRequest("10.0.0.51/25", None, NODES))}, "overlaps"),
        ({"volumes": (replace(DISK, nodes=BACK),)}, "same nodes in the same order"),
        ({"volumes": ()}, "volume"),
        ({"sites": (SiteRequest("Nowhere", NODES),)}, "does not exist"),
        ({"sites": (SiteRequest("Shop", ("server1", "server9")),)}, "server9"),
        (
            {
                "ips": (
                    replace(WHOLE.ips[0], dad_transmits=0),
                    replace(WHOLE.ips[1], dad_transmits=1),
                )
            },
            "wants DadTransmits",
        ),
    ],
)
def test_new_resources_that_do_not_go_together_are_refused_before_anything_is_stored(world, changed, told):
    with pytest.raises(StandbyError, match=told):
        check(world, **changed)
    assert world.values == {name: {} for name in NODES}
    assert world.changes == []


def test_what_is_defined_already_is_part_of_the_structure(world):
    world.store(CLUSTER)
    assert [one["name"] for one in check(world, Structure()).data["hierarchies"]]
    with pytest.raises(StandbyError, match="same nodes in the same order"):
        check(world, Structure(sites=(SiteRequest("Shop", BACK),)))


def test_addresses_as_defined_need_no_node_beside_those_of_the_sites(world):
    with world.fleet() as fleet:
        ensure_ip(fleet, WHOLE.ips[0], False)
    world.servers["server2"].unreachable = "The node did not answer."
    world.facts_of["server2"] = world.servers["server2"].facts()
    assert check(world, Structure(ips=WHOLE.ips[:1])).data["ips"][0]["address"] == "10.0.0.50"


@pytest.mark.parametrize(
    "pending",
    [
        (Ip("10.0.0.50", 24, BACK), Ip("10.0.0.51", 24, NODES)),
        (
            Ip("10.0.0.50", 24, NODES),
            Ip("10.0.0.51", 24, NODES),
            Volume("f:", VolumeKind.SHARED, BACK, SHARED),
        ),
    ],
)
def test_a_site_is_checked_against_pending_resources_as_they_are_declared(world, pending):
    shared = (Volume("f:", VolumeKind.SHARED, NODES, SHARED),)
    with world.fleet() as fleet:
        with pytest.raises(StandbyError, match="same nodes in the same order"):
            ensure_site(fleet, SiteRequest("Shop", NODES, (), (*shared, *pending)), True)
        fitting = (*shared, *(replace(one, nodes=NODES) for one in pending))
        assert ensure_site(fleet, SiteRequest("Shop", NODES, (), fitting), True).changed
