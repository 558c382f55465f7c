# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes with network namespaces of their own: addresses, cuts and cables are the kernel's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import take_out_of_service
from lab import namespaces
from lab.machine.netmodel import adapter_of
from lab.process import Process
from lab.runner import Lab, LabError
from lab.state import State
from tests.lab.conftest import LabUnderTest
from tests.support.cluster_lab import ClusterLab
from tests.support.own_network import (
    NETWORK,
    addresses,
    connects,
    holders,
    need_namespaces,
    neighbour,
    pid_of,
    write_topology,
)

pytestmark = pytest.mark.long

WINRM = 5986


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[LabUnderTest]:
    """One lab for the tests of the module, which run where its controller is."""
    need_namespaces()
    made = LabUnderTest(tmp_path_factory.mktemp("lab") / "state", NETWORK)
    made.up(write_topology(tmp_path_factory.mktemp("topology")))
    with made.switch.inside():
        yield made
    assert made.down() == []


@pytest.fixture
def cluster(lab) -> ClusterLab:
    return ClusterLab(lab)


def reaches(address: str, port: int = WINRM) -> bool:
    """From where this thread is; a cable that is put in may take its time."""
    end = time.monotonic() + 5.0
    while not (found := connects(address, port)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def is_lost(address: str, port: int = WINRM) -> bool:
    """From where this thread is, nothing answers, not even by a refusal."""
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return False


def on(lab: Lab, name: str) -> AbstractContextManager[None]:
    """This thread where a node is."""
    return namespaces.inside(pid_of(lab, name))


def test_every_node_has_its_own_address_and_no_other(lab):
    assert addresses(lab, "server1") == {"lo": {"127.0.0.1/8"}, "nic12": {f"{lab.address('0.11')}/16"}}
    assert addresses(lab, "server2") == {"lo": {"127.0.0.1/8"}, "nic7": {f"{lab.address('0.12')}/16"}}
    assert reaches(lab.address("0.11"))
    with on(lab, "server1"):
        assert reaches(lab.address("0.12"))


def test_nothing_of_it_is_seen_outside(lab):
    command = [sys.executable, "-c", "print(open('/proc/net/dev').read())"]
    with namespaces.inside(os.getppid()):
        seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "node0" not in seen
    assert "segment0" not in seen


def test_a_floating_address_is_on_the_node_that_has_it_and_is_announced_when_it_moves(lab, cluster):
    address = cluster.address(193)
    cluster.volume("E:")
    cluster.ip(193, 16)
    cluster.protect("shop.example.net")
    for name in ("server1", "server2", "server1"):
        cluster.put("shop.example.net", name)
        assert holders(lab, address) == [name]
        assert reaches(address, 8080)
        node = lab.topology.node(name)
        assert neighbour(lab, address) == adapter_of(name, node.nics[0]).mac.upper()
    with cluster.fleet() as fleet:
        take_out_of_service(fleet, "shop.example.net", False)
    assert holders(lab, address) == []
    assert is_lost(address, 8080)


def test_a_cable_that_is_out_cuts_the_node_off_from_everybody(lab):
    lab.fault("server1", "nic")
    assert is_lost(lab.address("0.11"))
    with on(lab, "server1"):
        assert is_lost(lab.address("0.12"))
    assert addresses(lab, "server1")["nic12"] == set()
    lab.clear("server1", "nic")
    lab.wait_ready("server1")
    assert reaches(lab.address("0.11"))


def test_nodes_that_are_cut_off_from_each_other_are_reached_by_the_controller(lab):
    lab.fault("server1", "partition", peers="server2")
    with on(lab, "server1"):
        assert is_lost(lab.address("0.12"))
    with on(lab, "server2"):
        assert is_lost(lab.address("0.11"))
    assert reaches(lab.address("0.11"))
    assert reaches(lab.address("0.12"))
    lab.clear("server1", "partition")
    with on(lab, "server1"):
        assert reaches(lab.address("0.12"))
    with on(lab, "server2"):
        assert reaches(lab.address("0.11"))


def test_not_even_the_kernel_of_a_node_answers_that_hangs_or_is_off(lab):
    lab.hang("server2")
    assert is_lost(lab.address("0.12"))
    lab.resume("server2")
    assert reaches(lab.address("0.12"))
    lab.power_off("server2")
    assert is_lost(lab.address("0.12"))
    lab.power_on("server2")
    assert reaches(lab.address("0.12"))


def test_a_restart_gives_back_the_persistent_addresses_alone(lab, cluster):
    cluster.ip(195, 16)
    cluster.put(cluster.address(195), "server2")
    assert holders(lab, cluster.address(195)) == ["server2"]
    lab.reboot("server2")
    assert addresses(lab, "server2")["nic7"] == {f"{lab.address('0.12')}/16"}
    assert reaches(lab.address("0.12"))


def test_what_it_does_not_have_is_refused(lab):
    with pytest.raises(LabError, match="no second network"):
        lab.fault("server1", "nic", management="true")


def test_without_the_right_to_it_the_lab_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="network namespaces need root; or set `network: loopback`"):
        LabUnderTest(tmp_path / "state", NETWORK).up(write_topology(tmp_path))


def test_nothing_is_left_of_a_lab_whose_starter_is_killed(tmp_path):
    need_namespaces()
    state = State(tmp_path / "state")
    program = (
        "import sys, time; from pathlib import Path; from lab.runner import Lab;"
        f"Lab(Path({str(state.folder)!r}), bound=True).up(Path({str(write_topology(tmp_path))!r}));"
        "print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"up\n"
        pids = [Process(path).pid for path in (state.switch, *map(state.pid_file, ("server1", "server2")))]
        networks = {Path(f"/proc/{pid}/ns/net").readlink() for pid in pids}
        assert len(networks) == 3
        starter.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10.0
    while (left := networks & _networks()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left


def _networks() -> set[Path]:
    """Network namespaces in which a process is."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(path.readlink())
        except OSError:
            continue
    return found
