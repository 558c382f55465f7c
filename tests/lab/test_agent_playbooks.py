# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks on nodes with agents: the agents move, and what they refuse is the playbook's failure."""

from __future__ import annotations

import pytest

from playbooks import Played, play
from tests.support.agent_lab import SITE, AgentLab

pytestmark = pytest.mark.alone


class Cluster(AgentLab):
    """Two nodes with agents, and the playbooks of an operator."""

    def play(self, name: str, **variables: str) -> Played:
        given = [part for key, value in variables.items() for part in ("-e", f"{key}={value}")]
        return play(self.lab.state.folder, f"standby.iis.{name}", *given)

    def check(self, name: str, **variables: str) -> Played:
        given = [part for key, value in variables.items() for part in ("-e", f"{key}={value}")]
        return play(self.lab.state.folder, f"standby.iis.{name}", *given, "--check")


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Cluster:
    made = Cluster(make_shared_lab())
    made.declare()
    made.install()
    return made


def test_switchover_and_switchback_go_through_the_agents(cluster):
    checked = cluster.check("switchover", hierarchy=SITE, to="server2")
    assert (checked.code, checked.changed) == (0, 1), checked.text
    assert cluster.serves("server1")()

    with cluster.watching():
        moved = cluster.play("switchover", hierarchy=SITE, to="server2", reason="patch")
    assert (moved.code, moved.changed) == (0, 1), moved.text
    assert cluster.serves("server2")()
    assert "through the agents" in moved.task("how long the outage was")
    assert "as seen from here" in moved.task("how long the outage was")
    assert "(patch) moves it to server2" in moved.text
    again = cluster.play("switchover", hierarchy=SITE, to="server2")
    assert (again.code, again.changed) == (0, 0), again.text

    back = cluster.play("switchback")
    assert (back.code, back.changed) == (0, 1), back.text
    assert cluster.serves("server1")()
