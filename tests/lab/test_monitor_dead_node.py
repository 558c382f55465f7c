# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents of a cluster one of whose nodes is gone for good: taken off those that are left."""

from __future__ import annotations

import json

import pytest

from playbooks import play
from tests.support.agent_lab import AgentLab

pytestmark = [pytest.mark.alone, pytest.mark.faults]


def test_agents_are_removed_from_the_nodes_that_are_left_and_the_site_stays(make_lab):
    lab = make_lab()
    lab.expected = True
    of = AgentLab(lab)
    of.declare()
    of.install()
    lab.power_off("server1")
    of.until(of.serves("server2"))
    with of.watching():
        absent = json.dumps({"monitor_state": "absent"})
        played = play(lab.state.folder, "standby.iis.monitor", "-e", absent, "--limit", "!server1")
    assert played.code == 0, played.text
    assert not of.refused
    assert not of.home("server2").exists()
