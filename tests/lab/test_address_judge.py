# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of agents rest on: a second node that has an address is seen, where nothing keeps it off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.adapter import IPV4, write_dad_transmits
from ansible_collections.standby.iis.plugins.module_utils.windows.address import (
    add_address,
    remove_address,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.address_judge import AddressJudge
from tests.support.cluster_lab import ClusterLab

HELD_TWICE = "held by server1 and server2 at once"


class Two:
    """Both nodes of a lab, and what the judge says of them."""

    def __init__(self, lab) -> None:
        self.lab, cluster = lab, ClusterLab(lab)
        self.address = cluster.address(195)
        self.nodes: dict[str, Node] = {name: connect(cluster.connection(name)) for name in cluster.nodes}
        self.judge = AddressJudge(lab.state)

    def index(self, name: str) -> int:
        return self.lab.topology.node(name).nics[0].index

    def probes(self, count: int) -> None:
        for name, node in self.nodes.items():
            write_dad_transmits(node, self.index(name), IPV4, count)

    def take(self, name: str, seconds: float | None = None) -> None:
        lifetime = None if seconds is None else timedelta(seconds=seconds)
        add_address(self.nodes[name], self.address, 16, self.index(name), valid_lifetime=lifetime)

    def state(self, name: str) -> str:
        held = {one["address"]: one["state"] for one in self.lab.status(name)["addresses"]}
        return held.get(self.address, "Gone")

    def until(self, name: str, state: str) -> None:
        end = time.monotonic() + 10.0
        while self.state(name) != state:
            assert time.monotonic() < end, self.state(name)
            time.sleep(0.02)


@pytest.fixture(scope="module")
def pair(make_shared_lab) -> Iterator[Two]:
    lab = make_shared_lab()
    lab.expected = True
    made = Two(lab)
    yield made
    for node in made.nodes.values():
        node.close()


@pytest.fixture
def two(pair) -> Two:
    """Without the address, and with nothing left to judge."""
    for name, node in pair.nodes.items():
        remove_address(node, pair.address)
        pair.until(name, "Gone")
    pair.judge = AddressJudge(pair.lab.state)
    pair.judge._judged = time.monotonic()
    pair.probes(0)
    return pair


def test_a_second_node_is_seen_once(two):
    two.take("server1")
    two.judge.judge()
    two.take("server2")
    with pytest.raises(AssertionError, match=HELD_TWICE):
        two.judge.judge()
    two.judge.judge()


def test_a_second_node_is_seen_afterwards_too(two):
    two.take("server1", 60.0)
    two.take("server2")
    for name in ("server1", "server2"):
        remove_address(two.nodes[name], two.address)
    with pytest.raises(AssertionError, match=HELD_TWICE):
        two.judge.judge()


def test_an_address_that_lives_too_long_is_seen(two):
    two.take("server1", 2.0)
    two.take("server2")
    two.until("server1", "Gone")
    with pytest.raises(AssertionError, match=HELD_TWICE):
        two.judge.judge()


def test_an_address_that_has_ended_in_time_is_nobodys_fault(two):
    two.take("server1", 1.0)
    two.until("server1", "Gone")
    two.take("server2")
    two.judge.judge()


def test_where_duplicates_are_looked_for_a_second_owner_would_not_be_seen(two):
    """The network keeps it off: such a lab says nothing about leases."""
    two.probes(2)
    two.take("server1")
    two.until("server1", "Preferred")
    two.take("server2")
    two.until("server2", "Duplicate")
    two.judge.judge()
