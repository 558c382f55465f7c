# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are on the switch of a lab with network namespaces."""

from __future__ import annotations

import pytest

from lab import namespaces, switch
from lab.topology import Nic, Node, Topology, Witness


def node(name: str, *nics: Nic) -> Node:
    return Node(name, nics[0].addresses[0].partition("/")[0], nics=nics)


TWO = Topology(
    "two",
    (
        node(
            "a", Nic("Lan", 3, ("10.0.0.1/24", "fd00::1/64")), Nic("San", 4, ("10.0.1.1/30",), segment="san")
        ),
        node("b", Nic("Lan", 3, ("10.0.0.254/24",))),
    ),
    witnesses=(Witness("files", "10.0.0.253"),),
)


def test_the_controller_is_at_the_last_address_of_each_network_that_nobody_has():
    found = {
        segment: sorted(str(one) for one in addresses)
        for segment, addresses in switch.controller_addresses(TWO).items()
    }
    assert found == {"lan": ["10.0.0.252/24", "fd00::ffff:ffff:ffff:fffe/64"], "san": ["10.0.1.2/30"]}


def test_every_adapter_has_a_port_of_its_own_and_every_segment_a_bridge():
    names = [port for one in TWO.nodes for port in switch.ports(TWO, one).values()]
    assert names == ["node0-3", "node0-4", "node1-3"]
    assert {switch.bridge(TWO, segment) for segment in ("lan", "san")} == {"segment0", "segment1"}
    assert all(len(name) <= 15 for name in names)  # IFNAMSIZ


def test_a_witness_that_no_segment_leads_to_is_refused(monkeypatch):
    monkeypatch.setattr(namespaces, "ip", lambda commands: None)
    lost = Topology("lost", TWO.nodes, witnesses=(Witness("files", "10.9.0.1"),))
    with pytest.raises(switch.NoSwitch, match=r"no segment leads to the witness at 10\.9\.0\.1"):
        switch.build(lost)
