# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One resource with an address for each subnet: what is there on which node, and what moves where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.addressing import check_holders, check_overlaps
from ansible_collections.standby.iis.plugins.module_utils.ha.definition import from_values, to_values
from ansible_collections.standby.iis.plugins.module_utils.ha.disturbance import disturbed
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Hierarchy,
    Ip,
    Site,
    StandbyMode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.on_node import (
    check_with,
    from_outside,
    groups,
    information,
    on_node,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import plan
from ansible_collections.standby.iis.plugins.module_utils.ha.precheck import obstacles
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import look
from ansible_collections.standby.iis.plugins.module_utils.ha.status import State, status
from ansible_collections.standby.iis.plugins.module_utils.ha.twin import Make, plan_twin
from ansible_collections.standby.iis.plugins.module_utils.ha.twin_documents import site_document
from ansible_collections.standby.iis.plugins.module_utils.ha.warm import warmth
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import Adapter
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import (
    Application,
    Binding,
    IisConfiguration,
    IisSite,
    Pool,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.service import Service
from tests.support.ha_world import address

NODES = ("near", "far")
IP = Ip("10.1.0.50", 24, NODES, elsewhere=(("far", "10.2.0.50", 24),))
SITE = Site(
    "Shop", NODES, ("10.1.0.50",), (), ("shop",), (Check("http://10.1.0.50:8080/a?b=c", "shop.example"),)
)
WHOLE = Hierarchy("Shop", NODES, (IP,), (), (SITE,))
CLUSTER = Cluster("web", NODES, (IP,), (), (SITE,))
MOVED = {"10.1.0.50": "10.2.0.50"}


def seen(name: str, *floating: str, running: bool = False, binding: str | None = None) -> NodeFacts:
    subnet = "10.1.0" if name == "near" else "10.2.0"
    bound = binding or f"{subnet}.50:8080:"
    state = "Started" if running else "Stopped"
    site = IisSite(
        "Shop", 1, False, state, (Binding("http", bound),), (Application("/", "shop", "http", ()),)
    )
    return NodeFacts(
        name,
        adapters=(Adapter("Ethernet", 12, True),),
        addresses=(
            address(f"{subnet}.11", persistent=True, skip=False),
            *(address(text) for text in floating),
        ),
        iis=IisConfiguration((site,), (Pool("shop", True, "Started", "", "Integrated", ""),), None),
        services={one: Service(one, "Running", "Auto") for one in ("W3SVC", "WAS")},
    )


def served_near() -> dict[str, NodeFacts]:
    return {"near": seen("near", "10.1.0.50", running=True), "far": seen("far")}


def test_a_move_takes_one_address_down_and_another_one_up():
    steps = plan(WHOLE, "near", "far", served_near()).sentences

    assert steps == [
        'stop site "Shop" on near',
        "remove ip 10.1.0.50 from near",
        "add ip 10.2.0.50/24 to far",
        "wait until ip 10.2.0.50 is usable on far",
        'start site "Shop" on far',
        'verify site "Shop" on far at http://10.2.0.50:8080/a?b=c',
    ]


def test_nothing_is_to_be_done_where_the_address_of_that_node_is_up():
    facts = {"near": seen("near"), "far": seen("far", "10.2.0.50", running=True)}

    assert plan(WHOLE, "far", "far", facts).steps == ()
    found = status(WHOLE, facts, CLUSTER)
    assert (found.owner, found.state) == ("far", State.IN_SERVICE)
    assert dict(found.members[0].seen) == {"near": "absent", "far": "preferred (10.2.0.50)"}


def test_both_addresses_at_once_are_a_conflict():
    facts = {"near": seen("near", "10.1.0.50"), "far": seen("far", "10.2.0.50")}

    assert status(WHOLE, facts, CLUSTER).state is State.CONFLICT


def test_the_quick_check_asks_for_the_address_of_its_node():
    findings = look(WHOLE, seen("far", "10.2.0.50", running=True))
    assert all(one.healthy for one in findings)

    missing = look(WHOLE, seen("far", "10.1.0.50", running=True))
    assert [one.resource for one in missing if not one.healthy] == ["ip 10.2.0.50"]


def test_a_twin_bound_to_the_address_of_its_node_is_no_obstacle():
    facts = served_near()
    found = status(WHOLE, facts, CLUSTER)
    assert obstacles(WHOLE, "far", facts, found, None) == []

    facts["far"] = seen("far", binding="10.1.0.50:8080:")
    (error,) = obstacles(WHOLE, "far", facts, status(WHOLE, facts, CLUSTER), None)
    assert "missing http/10.2.0.50:8080:" in error.problem


def test_a_twin_is_made_with_the_address_of_its_node():
    near, far = served_near()["near"].iis, seen("far").iis
    assert plan_twin("far", "Shop", near, far, moved=MOVED).site is Make.KEEP
    wrong = plan_twin("far", "Shop", near, far)
    assert (wrong.site, wrong.differences) == (Make.REPLACE, ("bindings",))

    export = (
        b'<appcmd><SITE SITE.NAME="Shop" SITE.ID="1"><site name="Shop" id="1"><bindings>'
        b'<binding protocol="http" bindingInformation="10.1.0.50:8080:" />'
        b'<binding protocol="net.pipe" bindingInformation="*" /></bindings>'
        b'<application path="/" applicationPool="shop" /></site></SITE></appcmd>'
    )
    made = site_document(export, near.site("Shop"), 7, moved=MOVED)
    assert b'bindingInformation="10.2.0.50:8080:"' in made
    assert b'bindingInformation="*"' in made


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("10.1.0.50:80:www", "10.2.0.50:80:www"),
        ("10.1.0.51:80:", "10.1.0.51:80:"),
        ("*:80:", "*:80:"),
        ("*", "*"),
        ("[2001:DB8::1]:443:", "[2001:db8:1::1]:443:"),
    ],
)
def test_bindings_are_moved_by_their_address(text, moved):
    assert information(text, {**MOVED, "2001:db8::1": "2001:db8:1::1"}) == moved


def test_checks_follow_the_address_and_leave_names_alone():
    assert check_with(Check("https://[2001:db8::1]:8443/x"), {"2001:db8::1": "2001:db8::2"}).url == (
        "https://[2001:db8::2]:8443/x"
    )
    named = Check("http://shop.example/")
    assert check_with(named, MOVED) is named


def test_from_outside_a_site_is_asked_where_the_others_have_it():
    assert [one.url for one in from_outside(SITE.checks[0], WHOLE, "far")] == ["http://10.1.0.50:8080/a?b=c"]
    assert [one.url for one in from_outside(SITE.checks[0], WHOLE, "near")] == ["http://10.2.0.50:8080/a?b=c"]
    single = replace(WHOLE, ips=(replace(IP, elsewhere=()),))
    assert [one.url for one in from_outside(SITE.checks[0], single, "far")] == ["http://10.1.0.50:8080/a?b=c"]


def test_nodes_are_grouped_by_the_addresses_they_have():
    three = replace(WHOLE, nodes=("near", "far", "beside"))
    assert groups(three) == (("near", "beside"), ("far",))


def test_a_single_address_is_the_same_everywhere_and_stored_as_before():
    single = replace(WHOLE, ips=(replace(IP, elsewhere=()),))
    assert on_node(single, "far") is single
    cluster = replace(CLUSTER, ips=single.ips)
    text = to_values(cluster)["Definition"]
    assert "elsewhere" not in text
    assert "records" not in text
    assert from_values({"Definition": text}, "near") == cluster


def test_addresses_of_subnets_are_stored_and_read():
    assert from_values(to_values(CLUSTER), "near") == CLUSTER


def test_another_address_for_a_node_disturbs_its_agents():
    changed = replace(CLUSTER, ips=(replace(IP, elsewhere=(("far", "10.2.0.51", 24),)),))
    assert disturbed(CLUSTER, CLUSTER) == {}
    assert disturbed(CLUSTER, changed) == {"Shop": "ip 10.1.0.50 would be another address on far"}


def test_an_address_on_the_wrong_node_is_refused():
    facts = {"near": seen("near", "10.2.0.50"), "far": seen("far")}
    with pytest.raises(StandbyError, match=r"ip 10\.2\.0\.50.*is in use by near"):
        check_holders(IP, facts)


def test_addresses_belong_to_one_resource_alone():
    other = Ip("10.2.0.50", 24, ("far",))
    with pytest.raises(StandbyError, match="is one of ip 10"):
        check_overlaps(other, CLUSTER)
    check_overlaps(replace(IP), CLUSTER)


def test_a_warm_site_of_another_subnet_stands_by_there():
    warm = replace(SITE, standby_mode=StandbyMode.WARM)
    hierarchy, cluster = replace(WHOLE, sites=(warm,)), replace(CLUSTER, sites=(warm,))
    facts = {"near": seen("near", "10.1.0.50", running=True), "far": seen("far", running=True)}

    found = status(hierarchy, facts, cluster)
    assert (found.owner, found.state) == ("near", State.IN_SERVICE)
    assert [one.sentence for one in warmth(hierarchy, facts["far"])] == ["warm: ready"]
    moved = plan(hierarchy, "near", "far", facts).sentences
    assert 'stop site "Shop" on near' not in moved
    assert "remove ip 10.1.0.50 from near" in moved
