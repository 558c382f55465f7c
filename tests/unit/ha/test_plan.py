# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: only what is needed, everything else down first, nothing where all is in place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.execute import execute
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, plan
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import (
    IPV4,
    IPV6,
    Adapter,
    Interface,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import Application, IisSite
from tests.support.ha_world import DISK, IP1, SHARED, WHOLE, Now, Ticks, World, address

members = st.tuples(
    st.sets(st.sampled_from(["10.0.0.50", "10.0.0.51"])),
    st.sets(st.sampled_from(["Shop", "Wiki"])),
    st.sets(st.just(SHARED)),
)


def world_of(*states):
    world = World()
    for server, (addresses, sites, disks) in zip(world.servers.values(), states, strict=True):
        server.addresses, server.sites, server.disks = set(addresses), set(sites), set(disks)
    return world


def test_a_whole_move_is_these_steps_in_this_order():
    world = World().up("server1")
    world.servers["server2"].pools = {"wiki"}

    stages = plan(WHOLE, "server1", "server2", world.facts()).stages

    assert [[step.sentence for step in stage] for stage in stages] == [
        ['stop site "Shop" on server1', 'stop site "Wiki" on server1'],
        [
            "remove ip 10.0.0.50 from server1",
            "remove ip 10.0.0.51 from server1",
            'stop pool "shop" on server1',
            'stop pool "wiki" on server1',
        ],
        ["take the disk of volume F:\\ offline on server1"],
        [
            "bring the disk of volume F:\\ online on server2",
            "add ip 10.0.0.50/24 to server2",
            "add ip 10.0.0.51/24 to server2",
            'start pool "shop" on server2',
        ],
        ["wait until ip 10.0.0.50 is usable on server2", "wait until ip 10.0.0.51 is usable on server2"],
        ['start site "Shop" on server2', 'start site "Wiki" on server2'],
        ['verify site "Shop" on server2 at http://10.0.0.50/'],
    ]


def test_steps_carry_what_their_operation_needs():
    steps = plan(WHOLE, None, "server2", World().facts()).steps

    adding = next(step for step in steps if step.action is Action.ADD_ADDRESS)
    online = next(step for step in steps if step.action is Action.ONLINE_DISK)
    assert adding.arguments == {"address": "10.0.0.50", "prefix": 24, "index": 12}
    assert online.arguments == {"disk": SHARED, "paths": ("F:\\",)}


@pytest.mark.parametrize("name", ["server1", "server2"])
def test_where_everything_is_in_place_there_is_nothing_to_do(name):
    assert plan(WHOLE, name, name, World().up(name).facts()).stages == ()


def test_taking_down_leaves_nothing_up_and_brings_nothing_up():
    world = World().up("server2")

    actions = {step.action for step in plan(WHOLE, "server2", None, world.facts()).steps}

    assert actions == {Action.STOP_SITE, Action.REMOVE_ADDRESS, Action.STOP_POOL, Action.OFFLINE_DISK}


def stopped_pools(facts):
    return [
        s.arguments["name"]
        for s in plan(WHOLE, "server1", "server2", facts).steps
        if "stop pool" in s.sentence
    ]


def with_site(facts, state, pool):
    seen = facts["server1"]
    other = IisSite("Other", 9, True, state, applications=(Application("/", pool),))
    return facts | {"server1": replace(seen, iis=replace(seen.iis, sites=(*seen.iis.sites, other)))}


@pytest.mark.parametrize(
    ("state", "stopped"),
    [("Started", ["wiki"]), ("Starting", ["wiki"]), ("Unknown", ["wiki"]), ("Stopped", ["shop", "wiki"])],
)
def test_a_pool_that_another_running_site_uses_goes_on(state, stopped):
    assert stopped_pools(with_site(World().up("server1").facts(), state, "SHOP")) == stopped


def test_pools_are_left_alone_where_no_disk_goes_offline():
    world = World().up("server1")
    world.servers["server1"].disks = set()

    assert stopped_pools(world.facts()) == []


def test_a_pool_that_is_stopped_is_not_stopped_again():
    world = World().up("server1")
    world.servers["server1"].pools = {"wiki"}

    assert stopped_pools(world.facts()) == ["wiki"]


def test_a_local_volume_is_never_touched():
    world = World().up("server1")

    assert not any("E:\\" in step.sentence for step in plan(WHOLE, "server1", "server2", world.facts()).steps)


def test_only_what_is_missing_is_brought_up():
    world = World().up("server1")
    world.servers["server1"].sites = {"Shop"}

    sentences = plan(WHOLE, "server1", "server1", world.facts()).sentences

    assert sentences == [
        'start site "Wiki" on server1',
        'verify site "Shop" on server1 at http://10.0.0.50/',
    ]


def test_a_leftover_on_a_node_that_is_not_the_source_is_cleaned_before_anything_comes_up():
    world = World().up("server1")
    world.servers["server2"].addresses = {"10.0.0.50"}

    sentences = plan(WHOLE, "server1", "server1", world.facts()).sentences

    assert sentences[0] == "remove ip 10.0.0.50 from server2"


def test_a_site_of_the_same_name_outside_the_hierarchy_is_left_alone():
    world = World().up("server1")
    stranger = World().up("server1").facts()["server1"]
    facts = world.facts() | {"server3": type(stranger)(**{**vars(stranger), "name": "server3"})}

    assert not any(step.node == "server3" for step in plan(WHOLE, "server1", "server2", facts).steps)


@pytest.mark.parametrize("lost", ["server1", "server2"])
def test_a_source_or_target_that_cannot_be_read_is_refused_with_its_problem(lost):
    world = World().up("server1")
    world.servers[lost].unreachable = "The node did not answer."

    with pytest.raises(StandbyError, match="did not answer") as refused:
        plan(WHOLE, "server1", "server2", world.facts())

    assert refused.value.node == lost
    assert refused.value.remedy


def test_the_expected_time_counts_a_stage_as_long_as_its_longest_step():
    move = plan(WHOLE, "server1", "server2", World().up("server1").facts())
    seconds = dict.fromkeys(Action, 1.0) | {Action.ONLINE_DISK: 5.0, Action.VERIFY: 0.0}

    assert move.expected_seconds(seconds) == 1 + 1 + 1 + 5 + (1 + 3) + 1 + 0


def test_width_counts_sessions_of_the_widest_stage_but_none_for_the_controller():
    move = plan(WHOLE, "server1", "server2", World().up("server1").facts())

    assert move.width("server1") == 4
    assert move.width("server2") == 3
    assert move.width("server3") == 0


@given(members, members, st.sampled_from(["server1", "server2"]))
def test_from_any_state_one_run_puts_it_in_service_on_the_target_alone(one, two, target):
    world = world_of(one, two)

    report = execute(plan(WHOLE, None, target, world.facts()), world.perform, Ticks(), Now())

    assert report.failure is None
    complete = World().up(target)
    assert {n: s.held for n, s in world.servers.items()} == {n: s.held for n, s in complete.servers.items()}
    assert plan(WHOLE, target, target, world.facts()).stages == ()


@given(members, members, st.sampled_from(["server1", "server2", None]))
def test_nothing_comes_up_before_everything_elsewhere_is_down(one, two, target):
    world = world_of(one, two)
    already = world.servers["server1"].held & world.servers["server2"].held

    execute(plan(WHOLE, None, target, world.facts()), world.perform, Ticks(), Now())

    assert world.twice <= already


@given(members, members, st.sampled_from(["server1", "server2"]), st.integers(0, 12))
def test_whatever_step_fails_nothing_is_up_twice_and_a_second_run_completes(one, two, target, number):
    world = world_of(one, two)
    already = world.servers["server1"].held & world.servers["server2"].held
    move = plan(WHOLE, None, target, world.facts())
    if number < len(move.steps):
        sentence = move.sentences[number]
        world.fail = {sentence: StandbyError("it does not")}

    report = execute(move, world.perform, Ticks(), Now())

    assert (report.failure is not None) == (number < len(move.steps))
    assert world.twice <= already
    world.fail = {}
    assert execute(plan(WHOLE, None, target, world.facts()), world.perform, Ticks(), Now()).failure is None
    assert world.servers[target].held == World().up(target).servers[target].held


def expected(ip, *interfaces):
    """Seconds expected of bringing up nothing but one address."""
    facts = World().facts()
    own = address("2001:db8::12", persistent=True, skip=False, prefix=64)
    seen = facts["server2"]
    facts["server2"] = replace(seen, addresses=(*seen.addresses, own), interfaces=interfaces)
    return plan(Hierarchy("x", WHOLE.nodes, (ip,), (), ()), None, "server2", facts).expected_seconds()


V4 = WHOLE.ips[0]
V6 = replace(V4, address="2001:db8::50", prefix=64)


@pytest.mark.parametrize(
    ("ip", "interfaces", "probes"),
    [
        (V4, (), 3),
        (V6, (), 1),
        (replace(V4, dad_transmits=0), (), 0),
        (replace(V6, dad_transmits=2), (), 2),
        (V4, (Interface(12, IPV4, False, 5), Interface(12, IPV6, False, 0)), 5),
        (V6, (Interface(12, IPV4, False, 5), Interface(12, IPV6, False, 0)), 0),
        (V4, (Interface(13, IPV4, False, 5), Interface(12, IPV4, False, None)), 3),
    ],
)
def test_an_address_is_expected_to_wait_for_the_probes_of_its_family_and_interface(ip, interfaces, probes):
    assert expected(ip, *interfaces) == pytest.approx(0.1 + 0.1 + probes)


@pytest.mark.parametrize(
    "spelled", [SHARED.upper(), f"{{{SHARED}}}", f" {SHARED.title()} ", f"{{{SHARED.upper()}}}"]
)
def test_volumes_of_one_disk_move_it_once_however_it_is_spelled(spelled):
    other = replace(DISK, path="G:\\", disk=spelled)
    two = replace(WHOLE, volumes=(*WHOLE.volumes, other))

    steps = plan(two, "server1", "server2", World().up("server1").facts()).steps

    assert [step.action for step in steps].count(Action.OFFLINE_DISK) == 1
    (online,) = [step for step in steps if step.action is Action.ONLINE_DISK]
    assert set(online.arguments["paths"]) == {"F:\\", "G:\\"}


@pytest.mark.parametrize(
    ("state", "started"), [("Stopped", 1), ("Started", 0), ("Starting", 0), ("Unknown", 0)]
)
def test_only_a_pool_that_is_known_to_be_stopped_is_started(state, started):
    facts = World().up("server1").facts()
    iis = facts["server2"].iis
    pools = (replace(iis.pools[0], state=state), *iis.pools[1:])
    facts["server2"] = replace(facts["server2"], iis=replace(iis, pools=pools))

    steps = plan(WHOLE, "server1", "server2", facts).steps

    assert [step.action for step in steps].count(Action.START_POOL) == started


@pytest.mark.parametrize(("alias", "index"), [("Ethernet", 12), ("Second", 7)])
def test_an_address_goes_to_the_adapter_that_was_named_for_its_node(alias, index):
    facts = World().up("server1").facts()
    seen = facts["server2"]
    second = address("10.0.0.22", persistent=True, skip=False, index=7)
    facts["server2"] = replace(
        seen, adapters=(*seen.adapters, Adapter("Second", 7, True)), addresses=(*seen.addresses, second)
    )
    named = replace(IP1, interfaces=(("server1", "Elsewhere"), ("server2", alias)))

    steps = plan(replace(WHOLE, ips=(named,)), "server1", "server2", facts).steps

    assert {step.arguments["index"] for step in steps if "index" in step.arguments} == {index}
