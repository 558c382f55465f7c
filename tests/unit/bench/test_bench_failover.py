# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench of failover makes of its runs."""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, predict
from bench import failover


def test_the_99th_percentile_of_few_runs_is_the_worst_of_them():
    assert failover.percentile([3.0, 1.0, 2.0], 99) == 3.0
    assert failover.percentile(list(range(1, 201)), 99) == 198
    assert failover.percentile([5.0], 50) == 5.0


def test_what_is_tried_is_what_timers_predict():
    told = {one.fault for one in predict(PRESETS["lan"])}
    assert {kind.predicted for kind in failover.KINDS if kind.predicted} <= told


def test_runs_outside_of_the_prediction_are_told():
    best = {one.fault: one for one in predict(PRESETS["fast"], start=failover.START)}
    kind = failover.KINDS[0]
    least = best[kind.predicted].best
    assert failover._row("fast", kind.name, [least, least + 0.1])[-1] == "yes"
    assert failover._row("fast", kind.name, [least - 0.1, least])[-1] == "no"


def test_kept_runs_are_read_again(tmp_path):
    path = tmp_path / "runs"
    assert failover._kept(path) == {}
    for value in (4.0, 5.0):
        failover._add(path, "lan", "owner killed", value)
    failover._add(path, "fast", "owner killed", 3.0)
    assert failover._kept(path) == {("lan", "owner killed"): [4.0, 5.0], ("fast", "owner killed"): [3.0]}
