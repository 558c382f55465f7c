# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's own machine, on a lab node: the same answers as over WinRM, and a child that may die."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.bridge import Bridge, command
from ansible_collections.standby.iis.plugins.module_utils.agent.local import local_node, write_script
from ansible_collections.standby.iis.plugins.module_utils.errors import CimError, OutcomeUnknown, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import (
    address,
    disk,
    environment,
    iis,
    iis_run,
)
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.agent_root import HOME, make_root

INDEX = 12  # of server1's adapter


@pytest.fixture
def root(lab, tmp_path, monkeypatch):
    folder = make_root(tmp_path / "root", lab, "server1")
    monkeypatch.setenv("STANDBY_ROOT", str(folder))
    return folder


@pytest.fixture
def node(root) -> Iterator[Node]:
    node = local_node("server1", HOME)
    yield node
    node.close()


@pytest.fixture
def remote(lab) -> Iterator[Node]:
    described = lab.topology.node("server1")
    node = connect(
        Connection(
            name="server1",
            host=described.address,
            port=described.winrm.port,
            scheme="http",
            username=described.users[0],
            password=lab.password,
        )
    )
    yield node
    node.close()


def held(node: Node, ips: list[str]) -> list[address.Address]:
    return [found for found in address.read_addresses(node) if found.address in ips]


def kill_child(node: Node) -> None:
    process = node.cim._child._process
    process.kill()
    process.wait(10)


def test_iis_and_the_machine_read_alike_both_ways(node, remote):
    assert iis.read_configuration(node) == iis.read_configuration(remote)
    assert environment.read_machine(node) == environment.read_machine(remote)
    assert node.shell.run(["hostname.exe"]).stdout == remote.shell.run(["hostname.exe"]).stdout


def test_exit_codes_of_appcmd_come_whole(node, remote):
    arguments = ["start", "site", "/site.name:none"]
    local, distant = (iis_run.run(way, arguments, "site none", time) for way in (node, remote))
    assert (local.code, local.stdout) == (distant.code, distant.stdout)
    assert local.code > 255


def test_references_outlive_the_child(lab, node):
    ips = [lab.address(f"1.{last}") for last in range(200, 220)]
    try:
        for ip in ips:
            address.add_address(node, ip, 16, INDEX, valid_lifetime=timedelta(minutes=5))
        references = [found.reference for found in held(node, ips)]
        kill_child(node)
        began = time.monotonic()
        assert address.renew_addresses(node, references, timedelta(minutes=9)) == [None] * len(ips)
        assert time.monotonic() - began < 5
        instances = [node.cim.get(reference) for reference in references]
        assert all(timedelta(minutes=8) < one.get("ValidLifetime") for one in instances)
    finally:
        for ip in ips:
            address.remove_address(node, ip)


def test_an_address_that_went_does_not_keep_the_others_from_being_renewed(lab, node):
    ips = [lab.address(f"1.{last}") for last in (221, 222)]
    for ip in ips:
        address.add_address(node, ip, 16, INDEX, valid_lifetime=timedelta(minutes=5))
    references = [found.reference for found in held(node, ips)]
    address.remove_address(node, ips[0])
    failures = address.renew_addresses(node, references, timedelta(minutes=9))
    assert isinstance(failures[0], CimError)
    assert failures[0].cim_status == 6
    assert failures[1:] == [None]
    address.remove_address(node, ips[1])


def test_a_node_that_hangs_ends_no_call_late_and_comes_back(lab, root):
    bridge = Bridge(command(write_script(HOME)), node="server1", timeout=1.0, timeouts={}, greeting=1.0)
    node = Node("server1", bridge, None, bridge.close)
    (first, *_rest) = address.read_addresses(node)
    lab.hang("server1")
    try:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"did not answer within 1 s"):
            address.read_addresses(node)
        with pytest.raises(Unreachable) as raised:
            address.renew_address(node, first.reference, timedelta(minutes=9))
        assert not isinstance(raised.value, OutcomeUnknown), "a child that does not wake was sent nothing"
        assert time.monotonic() - began < 6
    finally:
        lab.resume("server1")
    assert address.read_addresses(node)
    bridge.close()


def test_threads_share_one_child(node):
    found = []
    threads = [threading.Thread(target=lambda: found.append(disk.read_disks(node))) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 6
    assert all(one == found[0] for one in found)


def test_nothing_was_unknown_to_the_lab(lab, node):
    disk.read_disks(node)
    assert "unknown-request" not in lab.state.events("server1").read_text(encoding="utf-8")
