# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves together, and the names under which it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.graph import find, hierarchies, users_of
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Cluster,
    Ip,
    Site,
    Volume,
    VolumeKind,
)

NODES = ("server1", "server2")


def ip(number, nodes=NODES):
    return Ip(f"10.0.0.{number}", 24, nodes)


def shared(path, disk=None, nodes=NODES):
    return Volume(path, VolumeKind.SHARED, nodes, disk or f"disk of {path}")


def local(path, nodes=NODES):
    return Volume(path, VolumeKind.LOCAL, nodes)


def site(name, ips=(), volumes=(), nodes=NODES):
    return Site(name, nodes, tuple(f"10.0.0.{number}" for number in ips), tuple(volumes))


def cluster(*members):
    kinds = {Ip: [], Volume: [], Site: []}
    for member in members:
        kinds[type(member)].append(member)
    return Cluster("web", NODES, tuple(kinds[Ip]), tuple(kinds[Volume]), tuple(kinds[Site]))


def shape(found):
    return {h.name: {resource.id for resource in h.resources} for h in found}


def test_sites_on_addresses_of_their_own_move_alone():
    found = hierarchies(cluster(ip(1), ip(2), site("A", [1]), site("B", [2])))

    assert shape(found) == {"A": {"ip 10.0.0.1", 'site "A"'}, "B": {"ip 10.0.0.2", 'site "B"'}}


def test_sites_that_share_an_address_move_together_under_the_first_name():
    found = hierarchies(cluster(ip(1), site("Zoo", [1]), site("Ant", [1])))

    assert [h.name for h in found] == ["Ant"]
    assert [s.name for s in found[0].sites] == ["Ant", "Zoo"]


def test_sites_that_share_a_shared_volume_move_together_with_all_their_addresses():
    found = hierarchies(
        cluster(ip(1), ip(2), shared("E:\\"), site("A", [1], ["E:\\"]), site("B", [2], ["E:\\"]))
    )

    assert shape(found) == {"A": {"ip 10.0.0.1", "ip 10.0.0.2", "volume E:\\", 'site "A"', 'site "B"'}}


def test_a_local_volume_belongs_to_each_hierarchy_on_it_and_ties_none():
    found = hierarchies(
        cluster(ip(1), ip(2), local("E:\\"), site("A", [1], ["E:\\"]), site("B", [2], ["E:\\"]))
    )

    assert shape(found) == {
        "A": {"ip 10.0.0.1", "volume E:\\", 'site "A"'},
        "B": {"ip 10.0.0.2", "volume E:\\", 'site "B"'},
    }


def test_volumes_of_one_disk_move_together_however_its_guid_is_written():
    found = hierarchies(cluster(shared("E:\\", "{ABC}"), shared("F:\\", "abc")))

    assert shape(found) == {"volume E:\\": {"volume E:\\", "volume F:\\"}}


def test_a_volume_mounted_in_a_folder_of_another_moves_with_it():
    found = hierarchies(cluster(shared("E:\\"), shared("e:\\mounts\\web\\")))

    assert len(found) == 1


def test_a_hierarchy_may_be_an_address_alone():
    assert shape(hierarchies(cluster(ip(1)))) == {"ip 10.0.0.1": {"ip 10.0.0.1"}}


def test_members_with_other_nodes_are_refused_with_both_named():
    with pytest.raises(StandbyError) as refused:
        hierarchies(cluster(ip(1, ("server2", "server1")), site("A", [1])))

    assert 'site "A"' in str(refused.value)
    assert "ip 10.0.0.1" in str(refused.value)


def test_a_local_volume_may_lie_on_more_nodes_but_not_on_fewer():
    three = ("server1", "server2", "server3")
    assert hierarchies(cluster(ip(1), local("E:\\", three), site("A", [1], ["E:\\"])))

    with pytest.raises(StandbyError, match=r"volume E:\\.*not on server2"):
        hierarchies(cluster(ip(1), local("E:\\", ("server1",)), site("A", [1], ["E:\\"])))


def test_a_dependency_that_is_not_defined_is_named():
    with pytest.raises(StandbyError, match=r'site "A": depends on ip 10\.0\.0\.9'):
        hierarchies(cluster(site("A", [9])))


@pytest.mark.parametrize(
    "name",
    [
        "Shop",
        "sHOP",
        "Basket",
        "10.0.0.1",
        "fd00::1",
        "FD00:0::1",
        "E:\\",
        "e:",
        'site "Basket"',
        "ip 10.0.0.1",
    ],
)
def test_a_hierarchy_is_found_by_any_member(name):
    basket = Site("Basket", NODES, ("10.0.0.1", "fd00::1"), ("E:\\",))
    shop = Site("Shop", NODES, ("10.0.0.1",))
    other = ip(2)
    known = hierarchies(cluster(ip(1), Ip("fd00::1", 64, NODES), other, shared("E:\\"), basket, shop))

    assert find(known, name).name == "Basket"


def test_an_unknown_name_lists_what_exists():
    known = hierarchies(cluster(ip(1), ip(2), site("A", [1])))

    with pytest.raises(StandbyError) as refused:
        find(known, "B")

    assert refused.value.resource == 'hierarchy "B"'
    assert '"A"' in str(refused.value)
    assert '"ip 10.0.0.2"' in str(refused.value)


def test_a_local_volume_of_two_hierarchies_names_none_of_them():
    known = hierarchies(
        cluster(ip(1), ip(2), local("E:\\"), site("A", [1], ["E:\\"]), site("B", [2], ["E:\\"]))
    )

    with pytest.raises(StandbyError, match="more than one") as refused:
        find(known, "E:\\")
    assert refused.value.resource == '"E:\\"'


def test_users_of_a_resource_are_the_sites_that_depend_on_it():
    whole = cluster(ip(1), ip(2), local("E:\\"), site("A", [1], ["E:\\"]), site("B", [2]))

    assert [s.name for s in users_of(whole, ip(1))] == ["A"]
    assert [s.name for s in users_of(whole, local("E:\\"))] == ["A"]


@given(st.lists(st.sets(st.integers(0, 12), max_size=4), max_size=8))
def test_every_site_and_address_is_in_exactly_one_hierarchy_with_all_it_depends_on(uses):
    sites = [site(f"s{index}", sorted(numbers)) for index, numbers in enumerate(uses)]
    found = hierarchies(cluster(*(ip(number) for number in range(13)), *sites))

    ids = [resource.id for h in found for resource in h.resources]
    assert sorted(ids) == sorted({*ids})
    assert len(ids) == 13 + len(sites)
    for h in found:
        here = {address.address for address in h.ips}
        assert all(set(member.ips) <= here for member in h.sites)
