# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents on nodes with network namespaces of their own: what is lost is lost by the kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab import namespaces
from lab.machine.netmodel import adapter_of
from tests.lab.conftest import LabUnderTest
from tests.support.agent_lab import PORT, AgentLab
from tests.support.etcd_members import EtcdMembers
from tests.support.own_network import (
    NETWORK,
    connects,
    holders,
    need_namespaces,
    neighbour,
    pid_of,
    write_topology,
)
from tests.support.server_process import need
from tests.support.witnesses import EtcdWitness

pytestmark = [pytest.mark.alone, pytest.mark.faults]


@pytest.fixture(scope="module")
def agents(tmp_path_factory) -> Iterator[AgentLab]:
    """Two nodes with agents; clients, operators and the witness's etcd are where the controller is."""
    need_namespaces()
    need(EtcdMembers.missing())
    lab = LabUnderTest(tmp_path_factory.mktemp("lab") / "state", NETWORK)
    lab.up(write_topology(tmp_path_factory.mktemp("topology")))
    with lab.switch.inside():
        witness = EtcdWitness(lab, tmp_path_factory.mktemp("etcd"))
        made = AgentLab(lab, witness=witness)
        made.declare()
        made.install()
        yield made
        witness.end()
    lab.down()


@pytest.fixture
def of(agents) -> AgentLab:
    """The cluster, with the site in service on server1."""
    agents.settle()
    return agents


@contextmanager
def served(of: AgentLab) -> Iterator[None]:
    """Clients ask meanwhile, and have been answered once when it begins."""
    with of.watching() as prober:
        of.until(lambda: prober.last_good("site") is not None)
        yield


def answered(of: AgentLab) -> set[str]:
    """Who answered clients while it was watched."""
    assert of.report is not None
    return set(of.report.targets[0].answers)


def test_an_owner_that_loses_its_power_is_replaced_and_clients_go_to_who_has_its_address_then(of):
    address = of.cluster.address(195)
    assert holders(of.lab, address) == ["server1"]
    with served(of):
        of.lab.power_off("server1")
        of.until(of.serves("server2"))
        assert holders(of.lab, address) == ["server2"]
        of.lab.power_on("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert answered(of) == {"SERVER1", "SERVER2"}
    assert neighbour(of.lab, address) == adapter_of("server2", of.lab.topology.node("server2").nics[0]).mac
    assert holders(of.lab, address) == ["server2"]


def test_nodes_that_are_cut_off_from_each_other_alone_go_on_as_they_were(of):
    with served(of):
        of.lab.fault("server1", "partition", peers="server2")
        with namespaces.inside(pid_of(of.lab, "server2")):
            assert not connects(of.lab.topology.node("server1").address, PORT)
        time.sleep(2 * of.timers.ttl)
    assert of.serves("server1")()
    assert not of.refused
    assert answered(of) == {"SERVER1"}


def test_an_owner_whose_cable_is_out_is_replaced_and_comes_back_without_the_address(of):
    with served(of):
        of.lab.fault("server1", "nic")
        of.until(of.serves("server2"))
        of.lab.clear("server1", "nic")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert holders(of.lab, of.cluster.address(195)) == ["server2"]
    assert answered(of) == {"SERVER1", "SERVER2"}


def test_an_owner_that_is_cut_off_from_witness_and_peer_stops_and_is_replaced(of):
    with served(of):
        of.lab.fault("server1", "partition")
        of.until(of.serves("server2"))
        assert holders(of.lab, of.cluster.address(195)) == ["server2"]
        of.lab.clear("server1", "partition")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert answered(of) == {"SERVER1", "SERVER2"}


def test_an_owner_that_hangs_is_replaced_and_gives_the_address_up_when_it_goes_on(of):
    with served(of):
        of.lab.hang("server1")
        of.until(of.serves("server2"))
        of.lab.resume("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert holders(of.lab, of.cluster.address(195)) == ["server2"]
    assert answered(of) == {"SERVER1", "SERVER2"}
