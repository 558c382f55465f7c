# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm standby: what stays started, what that counts as, and that it is never reached on two nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha import definition
from ansible_collections.standby.iis.plugins.module_utils.ha.execute import execute
from ansible_collections.standby.iis.plugins.module_utils.ha.idle import bindings_not_floating
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Hierarchy,
    SiteType,
    StandbyMode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.observe import Presence, presence, serving
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, plan
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import look
from ansible_collections.standby.iis.plugins.module_utils.ha.status import State, status
from ansible_collections.standby.iis.plugins.module_utils.ha.warm import standing, warmth
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import Binding, IisSite
from tests.support import mirror_world
from tests.support.ha_world import (
    CLUSTER,
    DATA,
    DISK,
    IP1,
    IP2,
    NODES,
    SHARED,
    WIKI,
    Now,
    Ticks,
    World,
    address,
)

WARM_WIKI = replace(WIKI, standby_mode=StandbyMode.WARM, checks=(Check("http://10.0.0.51/"),))
WARM = Hierarchy("Wiki", NODES, (IP2,), (DATA,), (WARM_WIKI,))
ON_DISK = replace(WARM, volumes=(DATA, DISK), sites=(replace(WARM_WIKI, volumes=("E:\\", "F:\\")),))
ADDRESS = "10.0.0.51"


def world(**states: tuple[set, set]) -> World:
    """Nodes with addresses and started sites."""
    made = World()
    for name, (addresses, sites) in states.items():
        made.servers[name].addresses, made.servers[name].sites = set(addresses), set(sites)
    return made


def warm_world() -> World:
    """In service on server1, started on server2."""
    return world(server1=({ADDRESS}, {"Wiki"}), server2=(set(), {"Wiki"}))


def stages(hierarchy, source, target, facts, **options):
    made = plan(hierarchy, source, target, facts, **options)
    return [[step.sentence for step in stage] for stage in made.stages]


def with_bindings(facts, name, *bindings):
    """A node whose site Wiki has other bindings."""
    seen = facts[name]
    sites = tuple(replace(one, bindings=bindings) if one.name == "Wiki" else one for one in seen.iis.sites)
    return facts | {name: replace(seen, iis=replace(seen.iis, sites=sites))}


# The move


def test_a_takeover_costs_an_address_and_a_look():
    assert stages(WARM, "server1", "server2", warm_world().facts()) == [
        ["remove ip 10.0.0.51 from server1"],
        ["add ip 10.0.0.51/24 to server2"],
        ["wait until ip 10.0.0.51 is usable on server2"],
        ['see that site "Wiki", started before its address, answers on server2, else start it again'],
        ['verify site "Wiki" on server2 at http://10.0.0.51/'],
    ]


def test_what_is_not_started_on_the_target_is_started_as_a_cold_one():
    facts = world(server1=({ADDRESS}, {"Wiki"})).facts()
    assert [stage for stage in stages(WARM, "server1", "server2", facts) if "start" in stage[0]] == [
        ['start site "Wiki" on server2']
    ]


def test_out_of_service_a_warm_site_stays_started_and_nothing_more_is_to_be_done():
    facts = warm_world().facts()
    assert stages(WARM, "server1", None, facts) == [["remove ip 10.0.0.51 from server1"]]
    idle = world(server1=(set(), {"Wiki"}), server2=(set(), {"Wiki"})).facts()
    assert stages(WARM, None, None, idle) == []


def test_a_restart_stops_a_warm_site_too():
    facts = {"server1": warm_world().facts()["server1"]}
    assert stages(WARM, "server1", None, facts, keep_warm=False) == [
        ['stop site "Wiki" on server1'],
        ["remove ip 10.0.0.51 from server1"],
    ]


def test_content_on_a_disk_that_moves_makes_it_cold():
    made = warm_world()
    made.servers["server1"].disks = {SHARED}
    facts = made.facts()
    assert (
        stages(ON_DISK, "server1", "server2", facts)[0]
        == [
            'stop site "Wiki" on server1',
            'stop site "Wiki" on server2',
        ][:1]
    )
    assert standing(ON_DISK, facts["server2"]) == (
        "warm: not ready, because its content lies on volume F:\\, which server2 has only while it serves; "
        "it would be started as a cold one",
    )


def test_a_mirror_turns_only_once_the_site_on_its_source_is_stopped():
    ips = (IP1, IP2)
    warm = replace(mirror_world.SITE, standby_mode=StandbyMode.WARM, ips=tuple(ip.address for ip in ips))
    facts = mirror_world.pair()
    there = facts["server1"]
    facts["server1"] = replace(there, addresses=(*there.addresses, address(IP2.address)))
    moved = plan(replace(mirror_world.WHOLE, ips=ips, sites=(warm,)), "server1", "server2", facts)
    steps = [step.action for stage in moved.stages for step in stage]
    assert steps.index(Action.STOP_SITE) < steps.index(Action.TURN_MIRROR)


def test_a_pool_of_a_warm_site_goes_on_where_the_disk_of_another_goes_offline():
    hierarchy = replace(WARM, volumes=(DATA, DISK), sites=(WARM_WIKI, replace(CLUSTER.sites[0])))
    hierarchy = replace(hierarchy, ips=CLUSTER.ips)
    facts = World().up("server1").facts()
    stopped = [s for s in plan(hierarchy, "server1", None, facts).steps if s.action is Action.STOP_POOL]
    assert [step.arguments["name"] for step in stopped] == ["shop"]


# What it counts as


def test_started_without_its_address_it_is_in_service_nowhere_and_no_conflict():
    facts = warm_world().facts()
    cluster = Cluster("web", NODES, (IP2,), (DATA,), (WARM_WIKI,))

    found = status(WARM, facts, cluster)

    assert (found.state, found.owner) == (State.IN_SERVICE, "server1")
    seen = {one.id: dict(one.seen) for one in found.members}
    assert seen['site "Wiki"'] == {"server1": "started", "server2": "started, warm"}
    assert presence(WARM, facts["server2"]) is Presence.DOWN


def test_a_cold_site_that_runs_on_two_nodes_is_a_conflict_as_before():
    cold = replace(WARM, sites=(replace(WARM_WIKI, standby_mode=StandbyMode.COLD),))
    cluster = Cluster("web", NODES, (IP2,), (DATA,), cold.sites)
    assert status(cold, warm_world().facts(), cluster).state is State.CONFLICT


def test_with_its_address_on_both_nodes_it_is_a_conflict():
    facts = world(server1=({ADDRESS}, {"Wiki"}), server2=({ADDRESS}, {"Wiki"})).facts()
    cluster = Cluster("web", NODES, (IP2,), (DATA,), (WARM_WIKI,))
    assert status(WARM, facts, cluster).state is State.CONFLICT


@pytest.mark.parametrize(
    "stray",
    [
        Binding("http", "*:80:wiki.example.com"),
        Binding("https", "10.0.0.12:443:"),
        Binding("http", "127.0.0.1:80:"),
        Binding("net.tcp", "808:*"),
        Binding("http", "nonsense"),
    ],
)
def test_a_site_that_listens_elsewhere_too_is_never_kept_started(stray):
    bindings = (Binding("http", f"{ADDRESS}:80:"), stray)
    facts = with_bindings(warm_world().facts(), "server2", *bindings)

    assert serving(WARM_WIKI, facts["server2"]).presence is Presence.UP
    assert "would be reached without its floating addresses" in standing(WARM, facts["server2"])[0]
    assert 'stop site "Wiki" on server2' in stages(WARM, "server1", "server1", facts)[0]


def test_ftp_bindings_have_a_state_of_their_own():
    site = IisSite("Wiki", 1, False, "Started", (Binding("ftp", "*:21:"), Binding("http", f"{ADDRESS}:80:")))
    assert bindings_not_floating(site, (ADDRESS,)) == []
    both = replace(WARM_WIKI, services=(SiteType.WEB, SiteType.FTP))
    assert (
        "its ftp service is cold"
        in standing(replace(WARM, sites=(both,)), warm_world().facts()["server2"])[0]
    )


def test_the_quick_check_of_the_owner_says_what_is_gone_and_not_that_the_site_is_down():
    facts = world(server1=(set(), {"Wiki"})).facts()["server1"]
    unhealthy = [one.resource for one in look(WARM, facts) if not one.healthy]
    assert unhealthy == ["ip 10.0.0.51"]


# How ready it is


def test_what_is_lacking_is_told_and_to_be_started():
    made = World()
    made.servers["server2"].pools = set()
    (found,) = warmth(WARM, made.facts()["server2"])
    assert (found.pools, found.start, found.lacking) == (("wiki",), True, True)
    assert found.sentence == "warm: not ready, because pool 'wiki' and the site are not started"


def test_ready_where_site_and_pool_are_started():
    (found,) = warmth(WARM, warm_world().facts()["server2"])
    assert (found.lacking, found.sentence) == (False, "warm: ready")


def test_nothing_is_started_beside_an_address_of_it():
    (found,) = warmth(WARM, world(server2=({ADDRESS}, set())).facts()["server2"])
    assert not found.lacking
    assert "has its address 10.0.0.51" in found.sentence


def test_a_stopped_service_or_an_absent_volume_makes_it_cold():
    facts = warm_world().facts()["server2"]
    bare = replace(facts, partitions=facts.partitions[:1])
    assert "volume E:\\, which its content lies on, is not present" in standing(WARM, bare)[0]
    stopped = replace(facts, services={})
    assert standing(WARM, stopped) == ("warm: ready",)  # not read
    gone = {name: one for name, one in facts.services.items() if name != "W3SVC"}
    assert "the service W3SVC does not run" in standing(WARM, replace(facts, services=gone))[0]


# Whatever is found


states = st.tuples(st.booleans(), st.booleans(), st.booleans())


@given(states, states, st.sampled_from([*NODES, None]), st.booleans())
def test_whatever_is_found_it_is_never_reached_on_two_nodes_and_ends_where_it_is_wanted(
    one, two, target, addresses_first
):
    made = world(
        server1=({ADDRESS} if one[0] else (), {"Wiki"} if one[1] else ()),
        server2=({ADDRESS} if two[0] and not one[0] else (), {"Wiki"} if two[1] else ()),
    )
    for server, state in zip(made.servers.values(), (one, two), strict=True):
        server.pools = {"wiki"} if state[2] else set()
    reached = []

    def perform(step):
        made.perform(step)
        facts = made.facts()
        reached.append([name for name in NODES if made.servers[name].addresses and made.servers[name].sites])
        assert len(reached[-1]) <= 1, facts

    wanted = plan(WARM, None, target, made.facts(), addresses_first=addresses_first)
    report = execute(wanted, perform, Ticks(), Now())

    assert report.failure is None
    owners = [name for name in NODES if presence(WARM, made.facts()[name]) is Presence.UP]
    assert owners == ([target] if target else [])
    again = plan(WARM, target, target, made.facts())
    assert not again.steps


# The stored form


def test_a_cold_site_is_stored_as_earlier_versions_read_it():
    text = definition.to_values(CLUSTER)[definition.VALUE]
    assert "standby_mode" not in text
    assert definition.from_values({definition.VALUE: text}, "server1") == CLUSTER


def test_a_warm_site_is_stored_and_read_again():
    cluster = replace(CLUSTER, sites=(WARM_WIKI,))
    values = definition.to_values(cluster)
    assert '"standby_mode":"warm"' in values[definition.VALUE]
    assert definition.from_values(values, "server1") == cluster


def test_an_unknown_mode_is_refused_with_its_place():
    values = definition.to_values(replace(CLUSTER, sites=(WARM_WIKI,)))
    text = values[definition.VALUE].replace('"warm"', '"hot"')
    with pytest.raises(Exception, match="standby_mode"):
        definition.from_values({definition.VALUE: text}, "server1")


# Nodes in different subnets


def test_where_a_node_has_an_address_of_its_own_the_site_is_warm_by_that():
    other = "10.9.0.51"
    spread = replace(WARM, ips=(replace(IP2, elsewhere=(("server2", other, 24),)),))
    facts = warm_world().facts()
    facts = with_bindings(facts, "server2", Binding("http", f"{other}:80:"))
    cluster = Cluster("web", NODES, spread.ips, (DATA,), (WARM_WIKI,))

    assert standing(spread, facts["server2"]) == ("warm: ready",)
    assert presence(spread, facts["server2"]) is Presence.DOWN
    assert (status(spread, facts, cluster).state, status(spread, facts, cluster).owner) == (
        State.IN_SERVICE,
        "server1",
    )
    assert [step.action for step in plan(spread, "server1", None, facts).steps] == [Action.REMOVE_ADDRESS]

    both = with_bindings(facts, "server2", Binding("http", f"{ADDRESS}:80:"))
    assert "would be reached without its floating addresses" in standing(spread, both["server2"])[0]
