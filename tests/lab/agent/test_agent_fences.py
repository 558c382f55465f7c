# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared disk is taken from a lost node only when its fence, a real program, has said that it is off."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator

import pytest
import yaml

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from tests.support.agent_lab import PYTHON, SITE, AgentLab
from tests.support.cluster_lab import SHARED, node, site, write_topology
from tests.support.fence_programs import give_fences, power_off

pytestmark = [pytest.mark.alone, pytest.mark.faults]
SECONDS = 12.0
# A node's processes find no program of the machine by its bare name.
_HANGS = f"exec {shlex.join([sys.executable, '-c', 'import time; time.sleep(60)'])}"


class FencedLab(AgentLab):
    """Two nodes with a site on a disk that both can reach; the fence of each does what the test says."""

    def __init__(self, lab) -> None:
        fences = give_fences(lab, ("server1", "server2"), "exit 1")
        super().__init__(lab, settings={"fences": fences, "fence_timeout": SECONDS})

    def declare(self) -> None:
        self.cluster.volume("F:", SHARED)
        super().declare()

    def fence(self, script: str) -> None:
        """Have the fences of all nodes do this; they are given the name of the lost node."""
        give_fences(self.lab, self.cluster.nodes, script)

    def disk_on(self, name: str) -> bool:
        """The shared disk is online there."""
        return any(one["id"] == "web" and one["online"] for one in self.lab.status(name).get("disks", ()))


@pytest.fixture(scope="module")
def fenced(make_shared_lab, tmp_path_factory) -> Iterator[FencedLab]:
    folder = tmp_path_factory.mktemp("fenced")
    nodes = [
        node(number, programs={PYTHON: "python"}, **more)
        for number, more in ((1, {"content": True}), (2, {}))
    ]
    topology = write_topology(folder, [site(SITE, 1, "127.77.1.195", folder=r"F:\web")], nodes)
    described = yaml.safe_load(topology.read_text())
    described["witnesses"] = [{"name": "files", "address": "127.77.0.20", "share": "witness$"}]
    topology.write_text(yaml.safe_dump(described))
    made = FencedLab(make_shared_lab(topology))
    made.declare()
    made.install()
    yield made
    made.judge.judge()


@pytest.fixture
def of(fenced) -> FencedLab:
    """The cluster, with the site and its disk in service on server1."""
    fenced.fence("exit 1")
    fenced.settle()
    assert fenced.disk_on("server1")
    return fenced


def test_a_disk_is_taken_from_a_node_that_hangs_once_its_fence_has_taken_its_power(of):
    of.fence(power_off(of.lab))
    with of.watching():
        of.lab.hang("server1")
        of.until(of.serves("server2"))
    assert of.lab.status("server1")["power"] == "off"
    assert of.disk_on("server2")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo no answer from the controller >&2; exit 1", "it ended with code 1 and said: no answer"),
        (_HANGS, f"it did not end within {SECONDS:g} s"),
    ],
    ids=["fails", "hangs"],
)
def test_a_disk_stays_with_a_node_that_hangs_until_a_person_says_that_it_is_off(of, script, told):
    of.fence(script)
    before = of.said("server2", told)
    with of.watching():
        of.lab.hang("server1")
        of.until(lambda: of.said("server2", told) > before)
        time.sleep(of.timers.ttl)
        assert (of.reason("server2"), of.disk_on("server2")) == ("waiting_for_confirmation", False)
        of.lab.power_off("server1")
        assert of.ask(RequestKind.SWITCHOVER, "server2", force=True).accepted
        of.until(of.serves("server2"))
    assert of.disk_on("server2")
