# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ownership costs: a decision at 64 nodes and 500 hierarchies, its memory, and requests to the store."""

from __future__ import annotations

import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.store.directory import Directory
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_wire import PAGE
from ansible_collections.standby.iis.plugins.module_utils.agent.store.file_system import FileSystem
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store, Versioned
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    NODES,
    HierarchyRecord,
    NodeRecord,
    encode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    LocalState,
    Membership,
    Rules,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS

from .conditions import table

NODES_COUNT = 64
HIERARCHIES_COUNT = 500
# How often each piece of work is timed.
RUNS = 200
# Nodes and hierarchies of a usual cluster.
SMALL = (2, 8)

_NAMES = tuple(f"server{number:02}" for number in range(NODES_COUNT))


def cluster() -> Membership:
    """Every hierarchy on three nodes in turn, so that each node is a member of some two dozen."""
    rules = tuple(
        Rules(f"site {number}", tuple(_NAMES[(number + step) % NODES_COUNT] for step in (0, 1, 7)))
        for number in range(HIERARCHIES_COUNT)
    )
    return Membership(_NAMES, rules)


def _records() -> dict[str, Versioned]:
    """Every hierarchy is in service on the first of its nodes."""
    found: dict[str, Versioned] = {}
    for number, rules in enumerate(cluster().hierarchies):
        record = HierarchyRecord(rules.name, rules.nodes[0], 1, 1, f"it is in service on {rules.nodes[0]}")
        found[HIERARCHIES + rules.name] = Versioned(number + 1, encode(record))
    for number, name in enumerate(_NAMES):
        found[NODES + name] = Versioned(1000 + number, encode(NodeRecord(name, 1, name)))
    return found


def _serving(records: dict[str, Versioned]) -> Memory:
    """The memory of a node that has joined and serves what it owns."""
    memory = Memory(_NAMES[0], _NAMES[0], cluster(), PRESETS["lan"])
    for name, local in memory.local.items():
        owned = cluster().hierarchies[int(name.split()[1])].nodes[0] == _NAMES[0]
        memory.local[name] = replace(local, state=LocalState.UP if owned else LocalState.DOWN)
    join = Write(Purpose.JOIN, NODES + _NAMES[0], 0, NodeRecord(_NAMES[0], 1, _NAMES[0]), "")
    memory.writing(join, 0.0)
    memory.written(join, 0.0, 0.0, 1000)
    memory.read(0.0, 0.0, records)
    return memory


def _milliseconds(work: Callable[[], Any]) -> str:
    """The median and the slowest of all runs."""
    took = []
    for _run in range(RUNS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return f"{statistics.median(took) * 1000:.2f} / {max(took) * 1000:.2f}"


def _decisions() -> Iterator[tuple[str, str]]:
    records = _records()
    memory = _serving(records)
    yield "decide, all is well, ms (median / slowest)", _milliseconds(lambda: decide(memory.snapshot(1.0)))
    usual = memory.snapshot(1.0)
    silent = replace(usual, now=16.0, own=replace(usual.own, until=20.0), reachable=True)
    yield "decide, all peers are lost, ms", _milliseconds(lambda: decide(silent))
    yield "read of unchanged records, ms", _milliseconds(lambda: memory.read(1.0, 1.0, records))
    tracemalloc.start()
    kept = _serving(_records()).snapshot(1.0)
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.hierarchies  # noqa: S101 - it is what the memory is measured of
    yield "memory of a node, MB", f"{held / 1e6:.1f}"


class _Counting:
    """A real file system that counts."""

    def __init__(self, root: str) -> None:
        self.requests = 0
        self._disk = FileSystem(root)

    def __call__(self, request: Any) -> Any:
        self.requests += 1
        return self._disk(request)


def _directory(records: int) -> tuple[float, float]:
    """Requests of a read of all records and of a renewal, once everything is known."""
    with tempfile.TemporaryDirectory() as root:
        disk = _Counting(root)
        store = Store(Directory(root, "ab" * 8, time.monotonic, time.time), disk)
        versions = {f"key/{number}": store.put(f"key/{number}", 0, "{}") for number in range(records)}
        store.list("")
        disk.requests = 0
        store.list("")
        reading = disk.requests
        disk.requests = 0
        versions["key/0"] = store.put("key/0", versions["key/0"], "{}")
        return reading, disk.requests


def _requests(nodes: int, hierarchies: int) -> Iterator[tuple[str, str, str]]:
    """A node reads every record and renews its own, once an interval."""
    records = nodes + hierarchies
    reading, writing = _directory(records)
    pages = records // PAGE + 1  # the last one is known by not being full
    for preset, timers in PRESETS.items():
        etcd, directory = (pages + 1) / timers.interval, (reading + writing) / timers.interval
        yield f"{preset}, {nodes} nodes, {hierarchies} hierarchies", f"{etcd:.1f}", f"{directory:.1f}"


def run() -> str:
    """The figures as text."""
    sizes = (SMALL, (NODES_COUNT, HIERARCHIES_COUNT))
    rows = [row for size in sizes for row in _requests(*size)]
    return "\n\n".join(
        (
            table((f"{NODES_COUNT} nodes, {HIERARCHIES_COUNT} hierarchies", "value"), tuple(_decisions())),
            table(
                ("requests to the store, per node and second", "etcd, reckoned", "directory, counted"), rows
            ),
        )
    )
