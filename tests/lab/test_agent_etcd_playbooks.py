# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster over etcd from nothing to nothing, as an operator does it: roles and playbooks alone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from playbooks import Played, play
from tests.support.agent_lab import PYTHON, SITE, AgentLab
from tests.support.etcd_access import USER
from tests.support.server_process import need
from tests.support.witness_members import PASSWORD, Members

pytestmark = [pytest.mark.alone, pytest.mark.faults]


class Operator(AgentLab):
    """Two nodes, and a machine that the role ``witness`` makes the witness.

    Attributes:
        witness_server: that machine.
    """

    def __init__(self, lab, members: Members) -> None:
        super().__init__(lab)
        self.witness_server = members

    def play(self, name: str, **variables: object) -> Played:
        """Run a playbook, which has to succeed and shows no secret."""
        played = play(self.lab.state.folder, f"standby.iis.{name}", "-e", json.dumps(variables))
        assert played.code == 0, played.text
        assert "S3cret" not in played.text
        return played

    def configure(self) -> Played:
        nodes = list(self.cluster.nodes)
        return self.play(
            "configure",
            cluster_volumes=[{"path": "E:\\"}],
            cluster_ips=[{"address": f"{self.cluster.address(195)}/16", "nodes": nodes}],
            cluster_sites=[{"name": SITE, "nodes": nodes, "checks": [{"url": self.url, "timeout": 1.0}]}],
        )

    def monitor(self, account: tuple[str, str] = (USER, PASSWORD), **variables: object) -> Played:
        """Agents that are told of the witness what the role ``witness`` says."""
        user, password = account
        etcd = {
            "endpoints": self.witness_server.endpoints,
            "user": user,
            "password": password,
            "ca_file": self.witness_server.ca_file,
        }
        told = {"monitor_cluster": "web", "monitor_etcd": etcd, "monitor_interpreter": PYTHON}
        return self.play("monitor", **told, **variables)

    def make_witness(self) -> None:
        """The role, with etcd started between its halves: there are no services here."""
        assert self.witness_server.play("member").code == 0
        self.witness_server.start()
        given = self.witness_server.play("access")
        assert given.code == 0, given.text


@pytest.fixture
def operator(make_lab, tmp_path) -> Iterator[Operator]:
    need(Members.missing())
    lab = make_lab()
    (server,) = lab.topology.witnesses
    members = Members(tmp_path, {server.name: server.address})
    yield Operator(lab, members)
    members.end()


def test_the_life_of_a_cluster_over_etcd(operator):
    of = operator
    of.make_witness()
    of.configure()
    assert of.monitor().changed == 1
    assert of.monitor().changed == 0
    of.until(of.serves("server1"))
    assert {"nodes/server1", "nodes/server2"} < set(of.witness_server.open().list(""))

    with of.watching():
        moved = of.play("switchover", hierarchy=SITE, to="server2", reason="patch")
    assert "through the agents" in moved.task("how long the outage was")
    assert of.serves("server2")()
    assert of.play("switchback").changed == 1
    assert of.serves("server1")()

    with of.watching():
        of.lab.power_off("server1")
        of.until(of.serves("server2"))
        of.lab.power_on("server1")
        of.until(lambda: of.reason("server1") == "elsewhere")
    assert "agent of server2: it is in service on server2" in of.play("status").text
    with of.watching():
        assert of.play("switchback").changed == 1
    assert of.serves("server1")()

    # Another user with another password, first at the witness and then at the agents: clients see nothing.
    another = ("standby-2", "S3cret-that-is-new")
    with of.watching():
        of.witness_server.describe(witness_user=another[0], witness_password=another[1])
        assert of.witness_server.play("access").changed > 0
        assert of.monitor(another).changed == 1
    assert of.serves("server1")()
    assert not of.refused

    # Without agents, and at last without protection, the site goes on where it is.
    with of.watching():
        of.monitor(another, monitor_state="absent")
        assert not any(of.home(name).exists() for name in of.cluster.nodes)
        assert of.cluster.status(SITE)["owner"] == "server1"
        of.play("remove")
    assert not of.refused
    assert of.owner() == "server1"
    assert "Nothing was defined" in of.play("remove").text
