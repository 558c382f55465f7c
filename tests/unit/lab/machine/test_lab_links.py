# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link table: what a node writes, and what its processes read from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.agent_site.standby_lab.links import Table
from lab.machine.clock import ManualClock
from lab.machine.faults import Faults, UnknownFault, check
from lab.machine.links import LinkFile, mark_off
from lab.machine.machine import Folders, Machine
from lab.machine.wire import Hub
from lab.topology import load

FAST = Path(__file__).parents[3] / "lab" / "topologies" / "fast.yml"


class Lab:
    def __init__(self, folder):
        self.folder = folder / "links"
        self.folder.mkdir()
        topology = load(FAST)
        hub, self.faults, self.files = Hub(), {}, {}
        for node in topology.nodes:
            own = folder / node.name
            own.mkdir()
            faults = Faults(lambda name: None)
            wire = hub.connect(node.name)
            machine = Machine(
                topology,
                node,
                Folders(own, folder / "shared"),
                ManualClock(),
                wire,
                lambda event, **details: None,
                faults,
            )
            machine.network.start()
            self.faults[node.name] = faults, machine
            shares = {"files": folder / "witnesses" / "files"}
            self.files[node.name] = LinkFile(self.folder / f"{node.name}.json", topology, machine, shares)
        self.write()

    def write(self):
        for file in self.files.values():
            file.write()

    def fault(self, node, name, **parameters):
        check(name, parameters)
        faults, machine = self.faults[node]
        faults.set(name, parameters)
        machine.apply_fault(name)
        self.write()

    def cut(self, node, other):
        table = Table(str(self.folder), node)
        return tuple(table.is_cut(other, asking=asking) for asking in (True, False))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def test_whole_links_are_whole(lab):
    assert lab.cut("server1", "server2") == lab.cut("server1", "files") == (False, False)


def test_both_ends_of_a_link_agree_whoever_has_the_fault(lab):
    lab.fault("server1", "link", to="server2")
    assert lab.cut("server1", "server2") == (True, False)
    assert lab.cut("server2", "server1") == (False, True)
    lab.fault("server1", "link", **{"from": "server2"})
    assert lab.cut("server1", "server2") == (False, True)
    assert lab.cut("server2", "server1") == (True, False)
    lab.fault("server1", "link", to="server2", **{"from": "server2"})
    assert lab.cut("server2", "server1") == (True, True)


@pytest.mark.parametrize(
    ("fault", "parameters", "node", "witness"),
    [
        ("nic", {}, True, True),
        ("nic", {"alias": "Ethernet", "management": True}, True, True),
        ("partition", {}, True, True),
        ("partition", {"peers": "server2"}, True, False),
        ("partition", {"peers": "controller"}, False, False),
        ("witness", {"action": "cut"}, False, True),
        ("witness", {"action": "cut", "witness": "other"}, False, False),
        ("witness", {"action": "full"}, False, False),
        ("link", {"to": "server2", "seconds": 1}, False, False),
    ],
)
def test_what_each_fault_cuts(lab, fault, parameters, node, witness):
    lab.fault("server1", fault, **parameters)
    assert lab.cut("server1", "server2")[0] is node
    assert lab.cut("server2", "server1")[1] is node
    assert lab.cut("server1", "files")[0] is witness
    assert lab.cut("server2", "files") == (False, False)


def test_hosts_are_known_by_their_addresses_and_a_node_is_none_to_itself(lab):
    table = Table(str(lab.folder), "server1")
    assert table.host_of("127.77.0.12") == "server2"
    assert table.host_of("127.77.0.20") == "files"
    assert table.host_of("127.77.0.11") is None
    assert table.host_of("127.77.0.99") is None
    assert table.address == "127.77.0.11"


def test_a_cable_that_is_out_does_not_make_a_node_a_stranger(lab):
    lab.fault("server2", "nic")
    assert Table(str(lab.folder), "server1").host_of("127.77.0.12") == "server2"


def test_a_slow_link_adds_up_from_both_ends(lab):
    lab.fault("server1", "link", to="server2", seconds=0.5)
    lab.fault("server2", "link", to="server1", seconds=1)
    assert Table(str(lab.folder), "server1").delay("server2") == 1.5


def test_shares_are_known_by_name_by_address_and_by_folder(lab, tmp_path):
    table = Table(str(lab.folder), "server1")
    lab.fault("server1", "witness", action="slow", seconds=2, timeout=9)
    server = table.server("FILES")
    assert server == table.server("127.77.0.20") == table.share_of(f"{tmp_path}/witnesses/files/record")
    assert (server["name"], server["seconds"], server["timeout"], server["full"]) == ("files", 2, 9, False)
    assert table.delay("files") == 2
    assert table.server("elsewhere") is None
    assert table.share_of(f"{tmp_path}/witnesses/filesystem") is None


def test_a_node_that_is_off_is_cut_from_all_until_it_writes_again(lab):
    mark_off(lab.folder / "server2.json")
    assert lab.cut("server1", "server2") == (True, True)
    assert json.loads((lab.folder / "server2.json").read_text())["addresses"] == ["127.77.0.12"]


def test_an_action_that_a_fault_does_not_have_is_refused():
    with pytest.raises(UnknownFault, match="action is cut, slow, full, not gone"):
        check("witness", {"action": "gone"})
    with pytest.raises(UnknownFault, match="fault agent needs action"):
        check("agent", {})


def test_what_a_lossy_link_loses_is_sent_again_later_and_later(lab):
    lab.fault("server1", "link", to="server2", seconds=0.05, loss=0.5)
    table = Table(str(lab.folder), "server1")
    assert (table.is_cut("server2", asking=True), table.delay("server2")) == (False, 0.05)
    draws = iter((0.6, 0.5, 0.4))
    assert table.resent("server2", lambda: next(draws)) == pytest.approx(0.2 + 0.4)
    assert table.resent("server2", lambda: 0.0) == 0.0
    assert table.resent("server2", lambda: 1.0) < 60
    assert Table(str(lab.folder), "server2").resent("server1", lambda: 0.6) > 0
    lab.fault("server1", "link", to="server2", seconds=0.05)
    assert Table(str(lab.folder), "server1").resent("server2", lambda: 1.0) == 0.0
