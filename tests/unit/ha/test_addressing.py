# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address planning: what can float, where it belongs, and what stands in its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.addressing import (
    adapter_for,
    canonical,
    check_holders,
    check_overlaps,
    dhcp_in_the_way,
    validate,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Ip
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import IPV6, Adapter, Interface
from tests.support.ha_world import NODES, address

LAN, DMZ = Adapter("LAN", 12, True), Adapter("DMZ", 7, True)


def node(*own, name="server1"):
    return NodeFacts(name, adapters=(LAN, DMZ), addresses=own)


def own(text, index=12, prefix=24):
    return address(text, persistent=True, skip=False, index=index, prefix=prefix)


def cluster(*ips):
    return Cluster("web", NODES, ips)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("10.0.0.50", "10.0.0.50"), ("FD00:0:0::00A", "fd00::a"), ("127.77.0.50", "127.77.0.50")],
)
def test_addresses_are_kept_in_canonical_form(written, kept):
    assert canonical(written) == kept


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("10.0.0.500", "not an IP address"),
        ("shop.example.com", "not an IP address"),
        ("", "not an IP address"),
        ("10.1", "IP"),
        ("0.0.0.0", "unspecified"),  # noqa: S104
        ("0.1.2.3", "unspecified"),
        ("0.255.255.255", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.5", "multicast"),
        ("ff02::1", "multicast"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("169.254.3.4", "link-local"),
        ("fe80::1", "link-local"),
        ("255.255.255.255", "reserved"),
        ("::ffff:10.0.0.1", "IPv4"),
    ],
)
def test_what_cannot_float_is_refused_with_a_remedy(written, said):
    with pytest.raises(StandbyError, match=said) as refused:
        canonical(written)

    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "prefix", "said"),
    [
        ("10.0.0.0", 24, "network"),
        ("10.0.0.255", 24, "broadcast"),
        ("10.0.0.50", 0, "prefix length 0"),
        ("10.0.0.50", 33, "prefix length 33"),
        ("fd00::", 64, "network"),
        ("fd00::5", 129, "prefix length 129"),
    ],
)
def test_an_address_that_is_no_host_of_its_subnet_is_refused(text, prefix, said):
    with pytest.raises(StandbyError, match=said):
        validate(text, prefix)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("10.0.0.50", 24),
        ("10.0.0.0", 31),
        ("10.0.0.255", 32),
        ("10.0.1.255", 16),
        ("fd00::ff", 64),
        ("fd00::ffff:ffff:ffff:ffff", 64),
        ("fd00::ff", 120),
    ],
)
def test_hosts_of_a_subnet_are_fine(text, prefix):
    validate(text, prefix)


def test_the_adapter_with_the_longest_fitting_subnet_takes_an_address():
    facts = node(own("10.0.0.11", prefix=8), own("10.0.5.11", index=7, prefix=24))

    assert adapter_for(facts, "10.0.5.50").adapter == DMZ
    assert adapter_for(facts, "10.9.9.9").adapter == LAN
    assert adapter_for(facts, "10.0.5.50").prefix == 24


def test_an_address_outside_every_subnet_names_the_node_and_what_it_has():
    with pytest.raises(StandbyError) as refused:
        adapter_for(node(own("10.0.0.11"), own("192.0.2.11", index=7)), "172.16.0.1")

    message = str(refused.value)
    assert "server1" in message
    assert "10.0.0.0/24 (LAN)" in message
    assert "192.0.2.0/24 (DMZ)" in message
    assert refused.value.remedy


def test_a_named_interface_is_used_whatever_its_case_and_alone():
    facts = node(own("10.0.0.11"), own("10.0.0.12", index=7))

    assert adapter_for(facts, "10.0.0.50", alias="dmz").adapter == DMZ
    with pytest.raises(StandbyError, match=r"no adapter 'WAN'.*'LAN', 'DMZ'"):
        adapter_for(facts, "10.0.0.50", alias="WAN")
    with pytest.raises(StandbyError, match="outside the subnets of adapter 'DMZ'"):
        adapter_for(node(own("10.0.0.11")), "10.0.0.50", alias="DMZ")


def test_two_adapters_in_one_subnet_are_not_guessed_between():
    with pytest.raises(StandbyError, match="DMZ and LAN"):
        adapter_for(node(own("10.0.0.11"), own("10.0.0.12", index=7)), "10.0.0.50")


def test_a_floating_address_is_no_evidence_of_a_subnet():
    with pytest.raises(StandbyError, match="outside"):
        adapter_for(node(address("10.0.0.51")), "10.0.0.50")
    with pytest.raises(StandbyError, match="outside"):
        adapter_for(node(own("10.0.0.51")), "10.0.0.50", floating={"10.0.0.51"})


def test_addresses_of_the_loopback_interface_are_not_an_adapters():
    with pytest.raises(StandbyError, match="outside"):
        adapter_for(node(own("127.0.0.1", index=1, prefix=8)), "127.77.0.50")


def check_free(ip, known, seen, *, adopt=False):
    check_holders(ip, seen, adopt=adopt)
    check_overlaps(ip, known)


IP = Ip("10.0.0.50", 24, NODES)


def facts(**present):
    return {name: node(*present.get(name, ()), name=name) for name in (*NODES, "server3")}


def test_a_free_address_is_free():
    check_free(IP, cluster(), facts())
    check_free(IP, None, facts())


def test_a_floating_address_that_is_up_on_one_of_its_nodes_is_no_obstacle():
    check_free(IP, cluster(IP), facts(server2=[address("10.0.0.50")]))


def test_an_address_in_use_by_another_node_is_refused():
    with pytest.raises(StandbyError, match="in use by server3") as refused:
        check_free(IP, None, facts(server3=[own("10.0.0.50")]), adopt=True)

    assert refused.value.node == "server3"


def test_an_address_on_two_nodes_is_refused_with_both():
    with pytest.raises(StandbyError, match="server1 and server2"):
        check_free(IP, None, facts(server1=[address("10.0.0.50")], server2=[address("10.0.0.50")]))


def test_a_nodes_own_address_is_refused_unless_it_is_adopted():
    mine = facts(server1=[own("10.0.0.50")])

    with pytest.raises(StandbyError, match="persistent") as refused:
        check_free(IP, None, mine)
    assert "adopt" in str(refused.value.remedy)
    check_free(IP, None, mine, adopt=True)


def test_an_address_given_by_dhcp_cannot_be_adopted():
    leased = address("10.0.0.50", persistent=False, skip=False)

    with pytest.raises(StandbyError, match="DHCP"):
        check_free(IP, None, facts(server1=[leased]), adopt=True)


def test_the_same_address_with_another_prefix_is_refused():
    with pytest.raises(StandbyError, match="prefix length 16"):
        check_free(IP, cluster(replace(IP, prefix=16)), facts())


@pytest.mark.parametrize(("text", "prefix"), [("10.0.9.9", 16), ("10.0.0.9", 25)])
def test_resources_whose_subnets_overlap_without_being_equal_are_refused(text, prefix):
    with pytest.raises(StandbyError, match=r"10\.0\.0\.0/24 overlaps"):
        check_free(IP, cluster(Ip(text, prefix, NODES)), facts())


@pytest.mark.parametrize(
    ("text", "prefix"), [("10.0.0.51", 24), ("10.0.0.51", 32), ("10.0.1.51", 24), ("fd00::1", 64)]
)
def test_resources_of_one_subnet_or_of_distinct_ones_live_together(text, prefix):
    check_free(IP, cluster(Ip(text, prefix, NODES)), facts())


@pytest.mark.parametrize(("given", "refused"), [(True, True), (False, False)])
def test_dhcp_for_ipv6_is_in_the_way_only_where_it_gave_the_adapter_an_address(given, refused):
    own = replace(address("2001:db8::11"), from_dhcp=given)
    facts = NodeFacts("server1", interfaces=(Interface(12, IPV6, True),), addresses=(own,))

    error = dhcp_in_the_way(facts, "2001:db8::50", Adapter("Ethernet", 12, True))

    assert (error is not None) == refused
