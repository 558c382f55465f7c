# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents that are installed again after a removal: no record of the former ones counts a node as lost."""

from __future__ import annotations

from pathlib import PureWindowsPath

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.store import record
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    NODES,
    NodeState,
    decode_node,
)
from tests.lab.test_monitor_role import CHECK, Role
from tests.support.agent_lab import SITE, AgentLab
from tests.support.witnesses import PATH as WITNESS

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def role(make_shared_lab) -> Role:
    lab = make_shared_lab()
    lab.expected = True
    of = AgentLab(lab)
    of.declare()
    of.cluster.put(SITE, "server1")
    return Role(of)


def states(of: AgentLab, name: str) -> set[tuple[int, NodeState]]:
    """What the witness still has of a node's record: incarnations, and how each of them ended."""
    folder = of.lab.state.share("files") / PureWindowsPath(WITNESS).name
    kept = (record.decode(path.read_bytes()) for path in folder.rglob("*") if path.is_file())
    found = (decode_node(one.value, name) for one in kept if one is not None and one.key == NODES + name)
    return {(one.incarnation, one.state) for one in found}


def test_the_records_of_removed_agents_are_closed_before_the_next_ones_begin(role):
    of = role.of
    role.play()
    role.play(monitor_state="absent")
    before, owner = dict(of.members), of.cluster.status(SITE)["owner"]
    assert {one.state for one in before.values()} == {NodeState.ALIVE}
    # Without the witness they cannot be closed: nothing begins, and nothing is left that would begin later.
    of.witness.down()
    refused = role.play(code=2)
    assert "could not be told that the former agent has left" in refused.text
    for name in of.cluster.nodes:
        scheduled = of.lab.state.node(name) / "tasks.json"
        assert tasks.AGENT not in scheduled.read_text()
        assert tasks.RETIRE not in scheduled.read_text()
    of.witness.up()
    assert of.cluster.status(SITE)["owner"] == owner
    role.play()
    assert sorted(map(of.reason, of.cluster.nodes)) == ["elsewhere", "in_service"]
    for name, former in before.items():
        assert (former.incarnation, NodeState.LEFT) in states(of, name)
        assert (former.incarnation, NodeState.FENCED) not in states(of, name)
        assert not (of.home(name) / "retired.json").exists()
    assert role.play(*CHECK).changed == 0
    assert role.play().changed == 0
