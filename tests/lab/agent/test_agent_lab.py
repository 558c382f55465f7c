# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents on lab nodes: what each fault ends in, while clients ask.

A web site over each kind of witness; an FTP site and an SMTP virtual server over a directory.
"""

from __future__ import annotations

import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from ansible_collections.standby.iis.plugins.module_utils.windows.address import (
    add_address,
    remove_address,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.agent_hold import until_held

pytestmark = pytest.mark.alone
BOTH = ("server1", "server2")


def test_a_second_node_that_had_the_address_would_be_seen(of):
    """What all tests here rest on: nothing but the agents keeps the other node from having it."""
    node, address = connect(of.cluster.connection("server2")), of.cluster.address(of.last)
    index = of.lab.topology.node("server2").nics[0].index
    with pytest.raises(AssertionError, match="held by server1 and server2 at once"), of.watching():
        add_address(node, address, 16, index)
    remove_address(node, address)
    node.close()


# Nodes


def test_a_node_that_loses_its_power_is_replaced_and_comes_back_as_a_backup(of):
    with of.watching():
        of.lab.power_off("server1")
        of.until(of.serves("server2"))
        of.lab.power_on("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.faults
def test_a_node_that_hangs_is_replaced_and_stands_down_when_it_goes_on(of):
    with of.watching():
        of.lab.hang("server1")
        of.until(of.serves("server2"))
        of.lab.resume("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.faults
def test_a_machine_that_was_suspended_with_its_clocks_gives_way_within_what_is_promised(of):
    with of.watching(of.timers.exposure):
        of.lab.pause("server1", of.timers.ttl + 3 * of.timers.interval)
        of.until(of.serves("server2"))
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.faults
def test_a_machine_that_was_suspended_for_a_moment_renews_and_serves_on(of):
    epoch = of.record.epoch
    with of.watching():
        of.lab.pause("server1", 2 * of.timers.interval)
        time.sleep(of.timers.ttl)
    assert of.serves("server1")()
    assert of.record.epoch == epoch
    assert of.said("server1", "its clocks jumped")


@pytest.mark.faults
def test_a_node_that_is_shut_down_gives_its_site_away_at_once(of):
    with of.watching():
        of.lab.reboot("server1", wait=False)
        of.until(of.serves("server2"))
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert "server1 is being shut down" in of.record.reason  # given away, not taken from a lost node


@pytest.mark.faults
def test_a_network_that_fails_is_left_for_one_that_works(of):
    with of.watching():
        of.lab.fault("server1", "nic")
        of.until(of.serves("server2"))
        of.lab.clear("server1", "nic")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.faults
@pytest.mark.parametrize("order", [BOTH, BOTH[::-1]], ids=["owner first", "owner last"])
def test_after_a_power_cut_of_everything_the_first_node_that_is_back_serves(of, order):
    with of.watching():
        for name in BOTH:
            of.lab.power_off(name)
        first, second = order
        of.lab.power_on(first)
        of.until(of.serves(first))
        of.lab.power_on(second)
        of.until(lambda: of.reason(second) == "elsewhere")
    assert of.owner() == first


# Agents and their PowerShell


@pytest.mark.faults
@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_a_short_standstill_of_an_agent_changes_nothing(of, seconds):
    with of.watching():
        of.lab.fault("server1", "agent", action="hang")
        time.sleep(seconds)
        of.lab.fault("server1", "agent", action="resume")
        time.sleep(of.timers.ttl)
    assert of.serves("server1")()
    assert not of.refused


@pytest.mark.faults
def test_an_agent_that_is_killed_is_started_again_and_begins_anew(of):
    with of.watching():
        of.lab.fault("server1", "agent", action="kill")
        of.until(lambda: not of.serves("server1")())
        of.until(lambda: any(of.serves(name)() for name in BOTH))


@pytest.mark.faults
def test_a_node_whose_agent_hangs_loses_its_site_to_the_other_one(of):
    with of.watching():
        of.lab.fault("server1", "agent", action="hang")
        of.until(of.serves("server2"))
        of.lab.fault("server1", "agent", action="resume")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.faults
@pytest.mark.parametrize("action", ["kill", "hang"])
def test_an_agent_whose_bridge_is_gone_gets_another_one_and_serves_on(of, action):
    with of.watching():
        of.lab.fault("server1", "bridge", action=action)
        time.sleep(of.timers.ttl)
        of.until(lambda: any(of.serves(name)() for name in BOTH))


# Links and the witness


@pytest.mark.faults
def test_cut_from_the_witness_alone_a_node_serves_on_as_its_peer_promises(of):
    time.sleep(of.timers.ttl)  # an agent that has just started promises nothing
    with of.watching():
        of.lab.fault("server1", "witness", action="cut")
        time.sleep(2 * of.timers.ttl)
        assert of.owner() == "server1"
        assert "promised" in of.here("server1")["sentence"]
    assert not of.refused


@pytest.mark.faults
def test_cut_from_its_peer_alone_a_node_serves_on(of):
    with of.watching():
        of.lab.fault("server1", "link", to="server2")
        of.lab.fault("server2", "link", to="server1")
        time.sleep(2 * of.timers.ttl)
    assert of.serves("server1")()
    assert not of.refused


@pytest.mark.faults
def test_cut_from_witness_and_peer_a_node_stops_and_is_replaced(of):
    with of.watching():
        of.lab.fault("server1", "partition")
        of.until(of.serves("server2"))
        assert of.reason("server1") in ("store_outage", "no_standing")
        of.lab.clear("server1", "partition")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.owner() == "server2"


@pytest.mark.faults
def test_a_witness_that_is_slow_costs_nothing(of):
    with of.watching():
        for name in BOTH:
            of.lab.fault(name, "witness", action="slow", seconds=0.01)
        time.sleep(2 * of.timers.ttl)
    assert of.serves("server1")()
    assert not of.refused


@pytest.mark.faults
def test_without_its_witness_a_cluster_serves_on_and_fails_over_only_when_that_is_back(of):
    time.sleep(of.timers.ttl)
    with of.watching():
        of.witness.down()
        time.sleep(2 * of.timers.ttl)
        assert of.owner() == "server1"
    assert not of.refused
    with of.watching():
        of.lab.power_off("server1")
        time.sleep(2 * of.timers.ttl)
        assert of.owner() is None
        assert of.reason("server2") == "store_outage"
        of.witness.up()
        of.until(of.serves("server2"))


# Sites


@pytest.mark.faults
@pytest.mark.parametrize("fault", ["site_crash", "site_hang"])
def test_a_site_that_fails_is_mended_where_it_is(of, fault):
    epoch, mended = of.record.epoch, of.said("server1", "is restarted there")
    with of.watching():
        of.lab.fault("server1", fault)
        of.until(lambda: of.said("server1", "is restarted there") > mended)
        of.lab.clear("server1", fault)
        of.until(of.serves("server1"))
    assert of.reason("server2") == "elsewhere"
    assert of.record.epoch == epoch


@pytest.mark.faults
def test_without_local_recovery_a_site_is_given_away_at_its_first_failure(of):
    with of.configured(recovery=False):
        mended = of.said("server1", "is restarted there")
        with of.watching():
            of.crash("server1")
            of.until(of.serves("server2"))
        assert of.said("server1", "is restarted there") == mended
        assert "it failed once on server1" in of.here("server2")["sentence"] + of.record.reason


@pytest.mark.faults
def test_a_site_that_does_not_start_is_given_away_when_all_attempts_have_failed(of):
    tried = of.said("server1", "it did not start")
    with of.watching():
        of.lab.fault("server1", "start_failure")
        of.crash("server1")
        of.until(of.serves("server2"))
    assert of.said("server1", "it did not start") - tried >= of.timers.recovery_attempts


@pytest.mark.faults
def test_a_site_that_starts_nowhere_stays_down_and_says_why(of):
    with of.watching():
        for name in BOTH:
            of.lab.fault(name, "start_failure")
        of.crash("server1")
        of.until(lambda: "failed" in {of.reason(name) for name in BOTH}, 2 * of.bound)
    told = {of.here(name)["sentence"] for name in BOTH}
    assert any("no other node can take it" in one for one in told)


@pytest.mark.faults
def test_a_site_that_fails_again_and_again_goes_to_the_other_node_once_and_not_in_circles(of):
    epoch = of.record.epoch
    with of.watching():
        for name in BOTH:
            for _attempt in range(of.timers.recovery_attempts + 1):
                of.until(of.serves(name))
                of.crash(name)
        of.until(lambda: of.reason("server2") == "failed")
        assert "no other node can take it" in of.here("server2")["sentence"]
    assert (of.record.owner, of.record.epoch) == ("server2", epoch + 1)


@pytest.mark.faults
def test_a_site_whose_networks_fail_in_turn_is_held_until_that_is_acknowledged(of):
    with of.watching():
        until_held(of)
        of.ask(RequestKind.ACKNOWLEDGE)
        of.until(lambda: any(of.serves(name)() for name in BOTH))
