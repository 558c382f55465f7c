# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents on lab nodes: what each fault ends in, while clients ask all the time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.agent_lab import AgentLab

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> AgentLab:
    lab = make_shared_lab()
    lab.expected = True  # nodes that hang keep their addresses, and serve nobody: ``watching`` tells
    made = AgentLab(lab)
    made.declare()
    made.install()
    return made


@pytest.fixture
def of(cluster) -> Iterator[AgentLab]:
    """The cluster, with the site in service on server1."""
    cluster.settle()
    yield cluster


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
def test_a_node_that_is_shut_down_gives_its_site_away_at_once(of):
    with of.watching():
        of.lab.reboot("server1", wait=False)
        of.until(of.serves("server2"))
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert "server1 is being shut down" in of.record.reason  # given away, not taken from a lost node


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
        of.until(lambda: of.serves("server1")() or of.serves("server2")())


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
def test_an_agent_whose_bridge_is_gone_gets_another_one(of, action):
    with of.watching():
        of.lab.fault("server1", "bridge", action=action)
        time.sleep(of.timers.ttl)
    assert of.owner() is not None


@pytest.mark.faults
def test_a_network_that_fails_is_left_for_one_that_works(of):
    with of.watching():
        of.lab.fault("server1", "nic")
        of.until(of.serves("server2"))


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


@pytest.mark.faults
@pytest.mark.parametrize("fault", ["site_crash", "site_hang"])
def test_a_site_that_fails_is_mended_where_it_is(of, fault):
    of.lab.fault("server1", fault)
    of.until(lambda: of.reason("server1") in ("recovering", "starting"))
    of.lab.clear("server1", fault)
    of.until(of.serves("server1"))
    assert of.reason("server2") == "elsewhere"


@pytest.mark.faults
def test_a_site_that_does_not_start_is_given_away(of):
    of.lab.fault("server1", "start_failure")
    of.lab.fault("server1", "site_crash")
    of.until(of.serves("server2"))


@pytest.mark.faults
def test_without_its_witness_a_cluster_serves_on_and_fails_over_only_when_that_is_back(of):
    time.sleep(of.timers.ttl)
    with of.watching():
        for name in ("server1", "server2"):
            of.lab.fault(name, "witness", action="cut")
        time.sleep(2 * of.timers.ttl)
        assert of.owner() == "server1"
    assert not of.refused

    of.lab.power_off("server1")
    time.sleep(2 * of.timers.ttl)
    assert of.owner() is None
    assert of.reason("server2") == "store_outage"
    of.lab.clear("server2", "witness")
    of.until(of.serves("server2"))


@pytest.mark.faults
@pytest.mark.parametrize("order", [("server1", "server2"), ("server2", "server1")])
def test_after_a_power_cut_of_everything_it_serves_again_on_one_node(of, order):
    for name in order:
        of.lab.power_off(name)
    for name in order:
        of.lab.power_on(name)
    of.until(lambda: any(of.serves(name)() for name in order))


@pytest.mark.faults
def test_a_site_that_starts_nowhere_stays_down_and_says_why(of):
    for name in ("server1", "server2"):
        of.lab.fault(name, "start_failure")
    of.lab.fault("server1", "site_crash")
    of.until(lambda: "failed" in (of.reason("server1"), of.reason("server2")), 2 * of.bound)
    told = {of.here(name)["sentence"] for name in ("server1", "server2")}
    assert any("no other node can take it" in one for one in told)
