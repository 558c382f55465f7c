# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The critical path that a measured outage is compared with."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.ha.plan import plan
from bench import switchover
from tests.support.ha_world import WHOLE, World


def test_what_a_plan_does_side_by_side_counts_once():
    world = World().up("server1")
    world.servers["server2"].pools = set()
    stages = plan(WHOLE, "server1", "server2", world.facts()).stages
    steps = [{"action": step.action.value, "seconds": 1.0} for stage in stages for step in stage]

    assert switchover._critical_path(steps) == len(stages) - 1  # the last one verifies, after the outage


def test_the_slowest_step_of_a_stage_counts():
    steps = [
        {"action": "online_disk", "seconds": 3.0},
        {"action": "add_address", "seconds": 1.0},
        {"action": "start_site", "seconds": 0.5},
        {"action": "verify", "seconds": 9.0},
    ]

    assert switchover._critical_path(steps) == 3.5
