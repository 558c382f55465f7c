# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person is the fence of a shared disk, and says by the playbook that a node is off, rightly or wrongly."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lab.audit import corruption
from lab.machine.sharing import Claims
from playbooks import Played, play
from tests.support.agent_lab import SITE, AgentLab
from tests.support.cluster_lab import SHARED
from tests.support.controlled_lab import shared_topology

pytestmark = [pytest.mark.alone, pytest.mark.faults]


class ManualLab(AgentLab):
    """Two nodes with agents and a site on a shared disk; no fence of them runs by itself."""

    def declare(self) -> None:
        self.cluster.volume("F:", SHARED)
        super().declare()

    def switchover(self, to: str, *arguments: str, **more: object) -> Played:
        told = json.dumps({"hierarchy": SITE, "to": to, **more})
        return play(self.lab.state.folder, "standby.iis.switchover", "-e", told, *arguments)

    def online(self) -> list[str]:
        """The nodes on which the shared disk is online, those that hang among them."""
        return Claims(self.lab.state.folder / "shared" / "web.claims", "the test", print).others()


@pytest.fixture(scope="module")
def manual(make_shared_lab, tmp_path_factory) -> Iterator[ManualLab]:
    made = ManualLab(make_shared_lab(shared_topology(tmp_path_factory.mktemp("manual"))))
    made.declare()
    made.install()
    yield made
    made.judge.judge()
    assert corruption(made.lab.state) == []


@pytest.fixture
def of(manual) -> ManualLab:
    """The cluster, with the site and its disk in service on server1."""
    manual.settle()
    assert manual.online() == ["server1"]
    return manual


def test_a_hierarchy_that_waits_for_a_person_is_taken_over_once_that_one_says_off(of):
    of.lab.power_off("server1")
    of.until(lambda: of.reason("server2") == "waiting_for_confirmation")
    assert of.online() == []
    refused = of.switchover("server2")
    assert refused.code != 0
    assert f'hierarchy "{SITE}"' in refused.text
    assert "server1 had its disk, and nobody has confirmed that it is off" in refused.text
    assert f"-e hierarchy={SITE} -e to=server2 -e fence_confirmed=server1" in refused.text

    checked = of.switchover("server2", "--check", fence_confirmed="server1")
    assert (checked.code, checked.changed) == (0, 1), checked.text
    assert of.reason("server2") == "waiting_for_confirmation"
    wrong = of.switchover("server2", fence_confirmed="server9")
    assert "fence_confirmed names server9, which is no node of it" in wrong.text
    itself = of.switchover("server2", fence_confirmed="server2")
    assert "server1 had its disk, and nobody has confirmed that it is off" in itself.text
    assert [wrong.code != 0, itself.code != 0] == [True, True]
    assert (of.reason("server2"), of.online()) == ("waiting_for_confirmation", [])

    moved = of.switchover("server2", fence_confirmed="server1")
    assert (moved.code, moved.changed) == (0, 1), moved.text
    assert of.serves("server2")()
    assert of.online() == ["server2"]
    again = of.switchover("server2", fence_confirmed="server1")
    assert (again.code, again.changed) == (0, 0), again.text

    of.recover()  # what was confirmed of the node holds no longer once it has joined again
    of.until(lambda: of.reason("server1") == "elsewhere")
    assert of.online() == ["server2"]


def test_saying_off_of_a_node_that_serves_takes_nothing_from_it(of):
    stays = of.switchover("server1", fence_confirmed="server1")
    assert (stays.code, stays.changed) == (0, 0), stays.text
    assert "no agent waits for fence_confirmed=server1: nothing was said" in stays.text
    assert of.serves("server1")()
    with of.watching():
        moved = of.switchover("server2", fence_confirmed="server1")  # handed over, as by any switchover
    assert (moved.code, moved.changed) == (0, 1), moved.text
    assert of.said("server1", f"stop {SITE}")
    assert of.online() == ["server2"]


def test_saying_off_of_a_node_that_has_woken_up_is_nothing_that_lasts(of):
    with of.watching():
        of.lab.hang("server1")
        of.until(lambda: of.reason("server2") == "waiting_for_confirmation")
        assert of.online() == ["server1"]
        of.lab.resume("server1")
        of.until(lambda: any(of.serves(name)() for name in of.cluster.nodes))
        owner = of.owner()
        other = next(name for name in of.cluster.nodes if name != owner)
        said = of.switchover(owner, fence_confirmed=owner)
        assert (said.code, said.changed) == (0, 0), said.text
        of.lab.hang(owner)
        of.until(lambda: of.reason(other) == "waiting_for_confirmation")
        assert of.online() == [owner]
        of.lab.resume(owner)
        of.until(lambda: any(of.serves(name)() for name in of.cluster.nodes))
