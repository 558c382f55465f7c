# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verification says of an emulated node, and that it leaves the node as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip
from ansible_collections.standby.iis.plugins.module_utils.control.verify import verify
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.address import (
    AddressState,
    read_addresses,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.disk import read_disks
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection

ROOT = Path(__file__).parents[2]
SHARED = "600224806B1D4F1E9A0C2D3E4F506172"
# What needs more than this lab has: a site with very many bindings, FTP sites, SMTP virtual servers.
NOT_THERE = {"iis-many-bindings", "ftp-states", "ftp-rules", "smtp-classes"}


@contextmanager
def fleet(lab, *names: str) -> Iterator[Fleet]:
    nodes = [lab.topology.node(name) for name in names or ("server1",)]
    with Fleet(
        [
            Connection(
                name=node.name,
                host=node.address,
                port=node.winrm.port,
                scheme="http",
                username=node.users[0],
                password=lab.password,
            )
            for node in nodes
        ]
    ) as opened:
        yield opened


def verdicts(outcome) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in outcome.data["assumptions"]}


def seen(outcome, identity: str) -> str:
    return next(one["seen"] for one in outcome.data["assumptions"] if one["id"] == identity)


def snapshot(opened: Fleet) -> tuple[list, list]:
    with opened.lease(opened.names[0]) as node:
        # Not the states: those of the node's own addresses change by themselves after its start.
        return [replace(one, state=AddressState.PREFERRED) for one in read_addresses(node)], read_disks(node)


def test_nothing_is_written_where_nothing_is_named(lab):
    with fleet(lab) as opened:
        before = snapshot(opened)
        outcome = verify(opened, None, None, check=False)
        assert snapshot(opened) == before
    assert not outcome.changed
    assert "does not hold" not in verdicts(outcome).values()
    written = {key for key, verdict in verdicts(outcome).items() if verdict == "not checked"}
    assert {key for key in written if not key.startswith(("address-", "disk-"))} == NOT_THERE
    assert seen(outcome, "address-lifetime") == "no spare address was named"
    assert seen(outcome, "cim-pages").endswith("each once and with its endpoint reference")


def test_everything_is_tried_on_a_spare_address_and_disk_and_put_back(lab):
    with fleet(lab) as opened:
        before = snapshot(opened)
        outcome = verify(opened, lab.address("1.250"), SHARED, check=False)
        assert snapshot(opened) == before
    left = {key for key, verdict in verdicts(outcome).items() if verdict != "holds"}
    assert left == NOT_THERE


def test_check_mode_writes_nothing(lab):
    with fleet(lab) as opened:
        outcome = verify(opened, lab.address("1.250"), SHARED, check=True)
    assert seen(outcome, "address-usable") == seen(outcome, "disk-online") == "check mode writes nothing"


def test_what_is_in_use_is_left_alone(lab):
    with fleet(lab) as opened:
        own = verify(opened, lab.topology.node("server1").address, "no-such-disk", check=False)
    assert seen(own, "address-usable").startswith("server1 has ")
    assert seen(own, "disk-online") == "server1 has no disk no-such-disk"
    with fleet(lab, "server2") as opened:
        away = verify(opened, None, SHARED, check=False)
    assert seen(away, "disk-online") == "the disk is offline on server2: another node may use it"


def test_resources_of_the_cluster_are_left_alone(make_lab):
    lab = make_lab()
    nodes = ("server1", "server2")
    with fleet(lab, *nodes) as both:
        ensure_ip(both, IpRequest(lab.address("1.193"), None, nodes), check=False)
        ensure_volume(both, VolumeRequest("F:", "shared", nodes, disk=SHARED), check=False)
    with fleet(lab) as opened:
        outcome = verify(opened, lab.address("1.193"), SHARED, check=False)
    assert seen(outcome, "address-usable").endswith("is an ip resource of the cluster")
    assert seen(outcome, "disk-online") == "the volume resource F:\\ lies on it"


def test_an_address_of_another_host_is_said_to_be_taken_and_given_back(lab):
    ip = lab.address("1.249")
    lab.alien(ip)
    try:
        with fleet(lab) as opened:
            outcome = verify(opened, ip, None, check=False)
            with opened.lease("server1") as node:
                assert all(found.address != ip for found in read_addresses(node))
    finally:
        lab.alien(ip, there=False)
    assert seen(outcome, "address-usable") == f"another host answers for {ip}: name a free address"


def test_an_address_outside_every_subnet_is_an_error(lab):
    with fleet(lab) as opened, pytest.raises(StandbyError, match=r"10\.99\.0\.1"):
        verify(opened, "10.99.0.1", None, check=False)


def test_the_playbook_prints_each_assumption(lab):
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        "STANDBY_LAB_STATE": str(lab.state.folder),
    }
    playbook = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [playbook, "-i", "inventories/lab", "playbooks/verify_windows.yml", "--limit", "server1"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "holds: net-loopback: the loopback interface is not among" in done.stdout
    assert "not checked: disk-online" in done.stdout
