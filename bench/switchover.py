# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outage of a planned switchover as seen from outside, beside the node operations on its critical path."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from lab.prober import Prober, Target

from .cluster import NODES, SITE, URL, BenchCluster, cluster
from .conditions import table

LATENCIES = (0.0, 0.005, 0.05)
MOVES = 6
RATE_HZ = 200.0
# Kinds of steps by stage, as ha/plan.py lays them down: those of a stage run side by side. The checks follow
# the outage and are not on its path.
_STAGES = (
    ("stop_site",),
    ("remove_address", "stop_pool"),
    ("offline_disk",),
    ("online_disk", "add_address", "start_pool"),
    ("wait_address",),
    ("start_site",),
)


def run() -> str:
    """The figures as text."""
    rows: list[tuple[object, ...]] = []
    with cluster(dad_transmits=0) as bench:
        for latency in LATENCIES:
            rows.append(_row("off", latency, bench, MOVES))
    with cluster(dad_transmits=3) as bench:
        rows.append(_row("3 probes", 0.005, bench, 2))
    head = ("address detection", "latency ms", "moves", "outage median s", "worst s", "path s", "ratio")
    return (
        table(head, rows)
        + f"\noutage: longest gap of a prober at {RATE_HZ:g} Hz, each request on a new connection"
        + "\npath: sum of the slowest operation of each stage; ratio: median of outage / path of each move"
    )


def _row(dad: str, latency: float, bench: BenchCluster, moves: int) -> tuple[object, ...]:
    bench.latency(latency)
    found = [_move(bench, NODES[1 - number % 2]) for number in range(moves)]
    outages, paths = [outage for outage, _path in found], [path for _outage, path in found]
    return (
        dad,
        f"{latency * 1000:g}",
        moves,
        f"{statistics.median(outages):.3f}",
        f"{max(outages):.3f}",
        f"{statistics.median(paths):.3f}",
        f"{statistics.median(outage / path for outage, path in found):.2f}",
    )


def _move(bench: BenchCluster, target: str) -> tuple[float, float]:
    """Seconds of outage seen from outside, and seconds of the operations on the critical path."""
    prober = Prober([Target(SITE, URL)], rate_hz=RATE_HZ)
    with Fleet(bench.connections) as fleet:
        prober.start()
        time.sleep(0.2)
        outcome = put_in_service(fleet, SITE, target, check=False)
        time.sleep(0.2)
    report = prober.stop().targets[0]
    if report.overlaps:
        raise RuntimeError(f"two nodes answered for {SITE} at once: {report.overlaps}")
    return report.longest, _critical_path(outcome.data["steps"])


def _critical_path(steps: Sequence[Mapping[str, Any]]) -> float:
    """Seconds of the slowest operation of each stage, together."""
    return sum(
        max((step["seconds"] for step in steps if step["action"] in stage), default=0.0) for stage in _STAGES
    )
