# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role monitor, run with another witness or while the witness is away: refused, and nothing moves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins import module_utils
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor.ensure import ensure_agents
from ansible_collections.standby.iis.plugins.module_utils.monitor.options import (
    AGENT_SPEC,
    request_from,
    script,
)
from tests.lab.test_monitor_upgrade import another_version
from tests.support.agent_lab import PYTHON, SITE, AgentLab

pytestmark = [pytest.mark.alone, pytest.mark.faults]
NAMES = ("server1", "server2")


class Two:
    """Two nodes with agents, of which one has a site in service."""

    def __init__(self, of: AgentLab) -> None:
        self.of = of
        given = {
            "cluster": "web",
            **of.witness.settings(""),
            "interpreter": PYTHON,
            "source": str(Path(module_utils.__path__[0])),
            "addresses": {name: of.lab.topology.node(name).address for name in NAMES},
        }
        self._options = {name: one.get("default") for name, one in AGENT_SPEC.items()} | given
        self.request = request_from(self._options, NAMES)

    def ensure(self, **changes):
        """Have agents on both, with some of the request changed this once."""
        asked = replace(self.request, **changes)
        with self.of.cluster.open() as fleet:
            return ensure_agents(fleet, asked, script(self._options), rotate=False, check=False)

    def refused(self, told, **changes):
        """Have them so, which is refused before anything of the nodes is changed."""
        of = self.of
        owner, before = of.owner(), self._files()
        with of.watching(), pytest.raises(StandbyError, match=told) as failure:
            self.ensure(**changes)
        assert of.owner() == owner
        assert not of.refused
        assert self._files() == before
        return failure.value

    def _files(self):
        names = ("agent.json", "standby.pyz", "standby.pyz.new")
        found = [self.of.home(node) / name for node in NAMES for name in names]
        return [one.read_bytes() if one.exists() else None for one in found]


@pytest.fixture
def two(make_lab) -> Iterator[Two]:
    lab = make_lab()
    lab.expected = True
    of = AgentLab(lab)
    of.declare()
    of.cluster.ip(195, 16, dad_transmits=0)  # detection would hide a second owner
    of.cluster.put(SITE, "server1")
    made = Two(of)
    made.ensure()
    of.until(lambda: any(of.serves(name)() for name in NAMES))
    yield made
    of.witness.end()


def test_agents_are_not_replaced_while_their_witness_is_away(two):
    """All serve on by promises, which a successor would not have; when it is back, they are replaced."""
    of, other = two.of, another_version(two.request.program)
    owner = of.owner()
    time.sleep(2 * of.timers.ttl)  # before, a peer that has just begun promises nothing
    of.witness.down()
    of.until(lambda: "promised" in str(of.here(owner).get("sentence")))
    two.refused("does not reach its witness", program=other)
    of.witness.up()
    with of.watching():
        of.until(lambda: "promised" not in str(of.here(owner).get("sentence")))
        assert two.ensure(program=other).changed
    assert of.owner() == owner
    assert not of.refused


def test_another_witness_is_refused_while_agents_run(two):
    (two.of.lab.state.share("files") / "other").mkdir()
    path = "\\\\files\\witness$\\other"
    other = {name: replace(told, directory=path) for name, told in two.request.settings.items()}
    refused = two.refused("is to have .*other for cluster web", settings=other)
    assert refused.node == "server1"
    assert not two.ensure().changed
