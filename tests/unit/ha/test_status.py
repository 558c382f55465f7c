# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a hierarchy is, from what its nodes show; and never without a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha.model import Intent
from ansible_collections.standby.iis.plugins.module_utils.ha.status import State, intent_of, status
from ansible_collections.standby.iis.plugins.module_utils.windows.address import AddressState
from tests.support.ha_world import CLUSTER, WHOLE, World, address


def intent(owner, reason="put in service", moving_from=None, name="Shop"):
    return replace(CLUSTER, intents=(Intent(name, owner, reason, "now", moving_from),))


def look(world, cluster=CLUSTER):
    return status(WHOLE, world.facts(), cluster)


@pytest.mark.parametrize(("node", "role"), [("server1", "primary"), ("server2", "backup")])
def test_all_members_up_on_one_node_is_in_service_there(node, role):
    found = look(World().up(node))

    assert (found.state, found.owner) == (State.IN_SERVICE, node)
    assert role in found.reason


def test_nothing_up_that_was_never_asked_for_says_so():
    found = look(World())

    assert (found.state, found.owner) == (State.OUT_OF_SERVICE, None)
    assert "never put in service" in found.reason


def test_nothing_up_because_an_operator_wanted_it_gives_his_reason():
    assert "data centre moves" in look(World(), intent(None, "data centre moves")).reason


def test_nothing_up_although_it_should_be_names_what_is_missing_where():
    found = look(World(), intent("server1"))

    assert found.state is State.OUT_OF_SERVICE
    assert 'site "Shop" is stopped' in found.reason
    assert "ip 10.0.0.50 is absent" in found.reason
    assert "server1" in found.reason


def test_a_stopped_site_makes_it_partial_and_is_named():
    world = World().up("server1")
    world.servers["server1"].sites = {"Shop"}

    found = look(world)

    assert (found.state, found.owner) == (State.PARTIAL, "server1")
    assert 'site "Wiki" is stopped' in found.reason


def test_a_duplicate_address_makes_it_partial():
    world = World().up("server1")
    facts = world.facts()
    kept = tuple(one for one in facts["server1"].addresses if one.address != "10.0.0.50")
    duplicate = address("10.0.0.50", AddressState.DUPLICATE)
    facts["server1"] = replace(facts["server1"], addresses=(*kept, duplicate))

    found = status(WHOLE, facts, CLUSTER)

    assert found.state is State.PARTIAL
    assert "ip 10.0.0.50 is duplicate" in found.reason


def test_up_on_two_nodes_is_said_loudly_with_both_named():
    world = World().up("server1").up("server2")

    found = look(world)

    assert (found.state, found.owner) == (State.CONFLICT, None)
    assert "MORE THAN ONE NODE" in found.reason
    assert "server1" in found.reason
    assert "server2" in found.reason


def test_one_address_on_two_nodes_is_a_conflict_too():
    world = World().up("server1")
    world.servers["server2"].addresses = {"10.0.0.50"}

    assert look(world).state is State.CONFLICT


def test_members_scattered_over_nodes_are_partial_with_no_owner():
    world = World()
    world.servers["server1"].addresses = {"10.0.0.50"}
    world.servers["server2"].sites = {"Shop"}

    found = look(world)

    assert (found.state, found.owner) == (State.PARTIAL, None)
    assert "server1 has ip 10.0.0.50" in found.reason
    assert 'server2 has site "Shop"' in found.reason


def test_an_interrupted_move_is_told():
    world = World()
    world.servers["server2"].addresses = {"10.0.0.50"}

    found = look(world, intent("server2", moving_from="server1"))

    assert "move from server1 to server2" in found.reason


def test_seen_nowhere_while_a_node_does_not_answer_is_unknown_and_not_out_of_service():
    world = World()
    world.servers["server2"].unreachable = "The node did not answer."

    found = look(world, intent("server2"))

    assert found.state is State.UNKNOWN
    assert "server2 could not be read: The node did not answer." in found.reason
    assert found.unread == (("server2", "The node did not answer."),)


def test_in_service_stays_so_while_the_backup_does_not_answer_but_that_is_said():
    world = World().up("server1")
    world.servers["server2"].unreachable = "The node did not answer."

    found = look(world)

    assert (found.state, found.owner) == (State.IN_SERVICE, "server1")
    assert "server2 could not be read" in found.reason


def test_members_are_told_node_by_node():
    world = World().up("server1")
    world.servers["server2"].unreachable = "The node did not answer."

    seen = {member.id: dict(member.seen) for member in look(world).members}

    assert seen["ip 10.0.0.50"] == {"server1": "preferred", "server2": "unknown"}
    assert seen["volume F:\\"] == {"server1": "online", "server2": "unknown"}


def test_an_intent_is_found_under_another_site_of_the_hierarchy():
    cluster = intent("server1", name="Wiki")

    assert intent_of(cluster, WHOLE) == cluster.intents[0]


@given(
    st.sets(st.sampled_from(["10.0.0.50", "10.0.0.51"])),
    st.sets(st.sampled_from(["Shop", "Wiki"])),
    st.sets(st.sampled_from(["server1", "server2"])),
    st.sampled_from([None, "server1", "server2"]),
)
def test_every_status_has_a_reason_that_ends_as_a_sentence(addresses, sites, lost, owner):
    world = World()
    world.servers["server1"].addresses = addresses
    world.servers["server2"].sites = sites
    for name in lost:
        world.servers[name].unreachable = "It is away."

    reason = look(world, intent(owner)).reason

    assert reason
    assert reason.endswith(".")
    assert ".." not in reason


def twins(facts, name, *, offline):
    """A node with two disks of the identity of the shared one."""
    one = facts[name].disks[1]
    disks = (facts[name].disks[0], replace(one, offline=True), replace(one, number=7, offline=offline))
    return facts | {name: replace(facts[name], disks=disks)}


def test_two_disks_of_one_identity_are_a_state_with_its_reason_and_its_node():
    facts = twins(World().up("server1").facts(), "server1", offline=False)

    seen = status(WHOLE, facts, CLUSTER)

    assert (seen.state, seen.owner) == (State.PARTIAL, "server1")
    assert "server1" in seen.reason
    assert "volume F:\\ is unclear (disks 2, 7 have the same identity)" in seen.reason


def test_two_disks_of_one_identity_that_are_both_offline_are_not_up():
    facts = twins(World().up("server1").facts(), "server2", offline=True)

    seen = status(WHOLE, facts, CLUSTER)

    assert (seen.state, seen.owner) == (State.IN_SERVICE, "server1")
    told = dict(next(member for member in seen.members if member.id == "volume F:\\").seen)
    assert told["server2"] == "unclear (disks 2, 7 have the same identity)"
