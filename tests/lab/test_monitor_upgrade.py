# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three nodes whose agents are replaced one after the other under load, and a replacement that goes wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins import module_utils
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound
from ansible_collections.standby.iis.plugins.module_utils.monitor import rollout
from ansible_collections.standby.iis.plugins.module_utils.monitor.ensure import ensure_agents
from ansible_collections.standby.iis.plugins.module_utils.monitor.install import Installer
from ansible_collections.standby.iis.plugins.module_utils.monitor.options import (
    AGENT_SPEC,
    ETCD_SPEC,
    request_from,
    script,
)
from ansible_collections.standby.iis.plugins.module_utils.monitor.wanted import Request
from tests.support.agent_lab import PYTHON, SITE, AgentLab
from tests.support.cluster_lab import ClusterLab
from tests.support.etcd_members import PREFIX, EtcdMembers
from tests.support.server_process import need
from tests.support.witnesses import EtcdWitness, Witness

pytestmark = [pytest.mark.alone, pytest.mark.faults]

THREE = Path(__file__).parent / "topologies" / "three.yml"
NAMES = ("server1", "server2", "server3")


def another_version(program: bytes) -> bytes:
    """The same program with another SHA-256."""
    changed = io.BytesIO(program)
    with zipfile.ZipFile(changed, "a") as packed:
        packed.comment = b"another version"
    return changed.getvalue()


def _asked_of(witness: Witness) -> dict[str, object]:
    """A witness as the module's options name it."""
    if not isinstance(witness, EtcdWitness):
        return witness.settings("")
    access = witness.members.access
    told = {
        "endpoints": list(access.endpoints),
        "prefix": PREFIX,
        "user": access.user,
        "password": access.password,
        "ca_file": access.ca_file,
    }
    return {"etcd": dict.fromkeys(ETCD_SPEC) | told}


class Three:
    """A cluster of three nodes with a site in service on the first one."""

    def __init__(self, of: AgentLab) -> None:
        self.of = of
        given = {
            "cluster": "web",
            **_asked_of(of.witness),
            "interpreter": PYTHON,
            "source": str(Path(module_utils.__path__[0])),
            "addresses": {name: of.lab.topology.node(name).address for name in NAMES},
        }
        self._options = {name: one.get("default") for name, one in AGENT_SPEC.items()} | given
        self.request: Request = request_from(self._options, NAMES)

    def ensure(self, **changes: object) -> Outcome:
        """Have agents on all nodes; what is changed of the request stays changed."""
        self.request = replace(self.request, **changes)
        with self.of.cluster.open() as fleet:
            return ensure_agents(fleet, self.request, script(self._options), rotate=False, check=False)


@pytest.fixture
def three(request, make_lab, tmp_path) -> Iterator[Three]:
    lab = make_lab(THREE)
    lab.expected = True
    etcd = getattr(request, "param", "directory") == "etcd"
    if etcd:
        need(EtcdMembers.missing())
    of = AgentLab(lab, witness=EtcdWitness(lab, tmp_path) if etcd else None)
    of.cluster = ClusterLab(lab, NAMES)
    of.declare()
    of.cluster.put(SITE, "server1")
    made = Three(of)
    made.ensure()
    yield made
    of.witness.end()


@pytest.mark.parametrize("three", ["directory", "etcd"], indirect=True)
def test_three_agents_are_replaced_under_load_without_a_failed_request(three):
    of = three.of
    owner = of.owner()
    with of.watching():
        done = three.ensure(program=another_version(three.request.program))
    swaps = [step for step in done.data["steps"] if "go on from the one that runs" in step]
    assert sorted(step.partition(":")[0] for step in swaps) == list(NAMES)
    assert of.owner() == owner
    assert not of.refused
    assert not three.ensure().changed


def test_what_is_protected_since_is_taken_up_by_all_agents_and_nothing_else_moves(three):
    of = three.of
    owner = of.owner()
    of.cluster.ip(193, 16)
    of.cluster.protect("shop.example.net")
    with of.watching():
        done = three.ensure()
    swaps = [step for step in done.data["steps"] if "the definition of the cluster changed" in step]
    assert sorted(step.partition(":")[0] for step in swaps) == list(NAMES)
    (first,) = (step for step in done.data["steps"] if step not in swaps)
    assert "shop.example.net out of service until the agents take it" in first
    assert of.owner() == owner
    assert not of.refused
    assert not three.ensure().changed


def test_a_program_that_does_not_run_is_found_before_any_agent_is_touched(three):
    of = three.of
    good = three.request.program
    with of.watching(), pytest.raises(StandbyError, match="exit code 1"):
        three.ensure(program=b"no program at all")
    assert not of.refused
    assert {(of.home(name) / "standby.pyz").read_bytes() for name in NAMES} == {good}


def test_the_first_agent_that_is_not_well_ends_the_run_and_the_others_stay_as_they_were(three, monkeypatch):
    of = three.of
    good, other = three.request.program, another_version(three.request.program)
    monkeypatch.setattr(rollout, "_ALLOWANCE", 10.0 - bound(of.timers, nodes=len(NAMES)))
    owner = of.owner()
    victim, later = (name for name in NAMES if name != owner)
    of.lab.fault(victim, "witness", action="cut")
    with of.watching(), pytest.raises(StandbyError, match="it has not read its witness") as failure:
        three.ensure(program=other)
    assert failure.value.node == victim
    assert of.owner() == owner
    assert not of.refused
    assert (of.home(victim) / "standby.pyz").read_bytes() == other
    assert {(of.home(name) / "standby.pyz").read_bytes() for name in (owner, later)} == {good}
    of.lab.clear(victim, "witness")
    of.until(lambda: of.reason(victim) == "elsewhere")
    assert three.ensure().changed
    assert not three.ensure().changed


def test_an_old_agent_that_its_task_started_before_the_exchange_is_found_and_replaced(three, monkeypatch):
    """As the task's repetition may, in the second between the relief and the exchange of the files."""
    of = three.of
    owner = of.owner()
    settle, early = Installer.settle, []

    def late(self, step):
        if not early:
            early.append(self._node.name)
            status = of.home(early[0]) / "status.json"
            assert not status.exists()  # it went with the worker that was relieved
            self.start()
            of.until(status.exists)
        settle(self, step)

    monkeypatch.setattr(Installer, "settle", late)
    monkeypatch.setattr(rollout, "_ALLOWANCE", 10.0 - bound(of.timers, nodes=len(NAMES)))
    with of.watching():
        with pytest.raises(StandbyError, match="started with another program") as failure:
            three.ensure(program=another_version(three.request.program))
        assert failure.value.node == early[0] != owner
        done = three.ensure()
    (step,) = (one for one in done.data["steps"] if "beside files that were replaced" in one)
    assert step.startswith(f"{early[0]}:")
    assert of.owner() == owner
    assert not of.refused
    assert not three.ensure().changed
