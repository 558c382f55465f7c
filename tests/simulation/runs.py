# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many schedules, over all processors."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, TypeVar
from unittest.mock import patch

from ansible_collections.standby.iis.plugins.module_utils.agent import engine
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import records, sightings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    NodeRecord,
    Record,
)
from tests.simulation.checks import Violation
from tests.simulation.schedule import play

_R = TypeVar("_R", NodeRecord, HierarchyRecord)

# Schedules that a process plays before it tells what came of them.
_CHUNK = 200


@dataclass
class Summary:
    """What became of many schedules.

    Attributes:
        played: how many.
        simulated: seconds of all of them.
        took: seconds of ours.
        processor: seconds of all processors together; what a machine does beside it does not count.
        exposures: overlaps that suspensions excuse.
        worst: the longest way back into service, as a fraction of the bound.
        failures: seed -> what was violated.
        coverage: (standing, role or reason; from; to) -> how often.
        mirrors: what excused that a node took data that was not the newest -> how often.
    """

    played: int = 0
    simulated: float = 0.0
    took: float = 0.0
    processor: float = 0.0
    exposures: int = 0
    worst: float = 0.0
    failures: dict[int, str] = field(default_factory=dict)
    coverage: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    mirrors: Counter[str] = field(default_factory=Counter)

    def add(self, other: Summary) -> None:
        """Take another one in."""
        self.played += other.played
        self.simulated += other.simulated
        self.processor += other.processor
        self.exposures += other.exposures
        self.worst = max(self.worst, other.worst)
        self.failures |= other.failures
        self.coverage += other.coverage
        self.mirrors += other.mirrors


@contextmanager
def quick() -> Iterator[None]:
    """Records are read once for all nodes, or not at all where a node wrote them: that they are read as they
    were written has tests of its own. Garbage is collected now and then."""
    collecting = gc.isenabled()
    gc.disable()
    texts = _Texts()
    try:
        with (
            patch.object(engine, "encode", texts.encode),
            patch.object(sightings, "decode_node", texts.reads(sightings.decode_node)),
            patch.object(sightings, "decode_hierarchy", texts.reads(sightings.decode_hierarchy)),
        ):
            yield
    finally:
        if collecting:
            gc.enable()


class _Texts:
    """Texts of records, and what stands in them."""

    _ENOUGH = 4096

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], Any] = {}

    def encode(self, record: Record) -> str:
        """``records.encode``, which is remembered."""
        text = records.encode(record)
        if isinstance(record, NodeRecord):
            self._keep((record.node, text), record)
        elif isinstance(record, HierarchyRecord):
            self._keep((record.hierarchy, text), record)
        return text

    def reads(self, decode: Callable[[str | None, str], _R]) -> Callable[[str | None, str], _R]:
        """A function that reads records, which does so once."""
        known = self._known

        def read(text: str | None, name: str) -> _R:
            record = known.get((name, text))
            if record is None:
                record = decode(text, name)
                self._keep((name, text), record)
            return record

        return read

    def _keep(self, key: tuple[str, str | None], record: Record) -> None:
        if len(self._known) >= self._ENOUGH:
            self._known.clear()
        self._known[key] = record


def play_many(first: int, count: int) -> Summary:
    """Play so many schedules one after the other."""
    summary, started = Summary(), time.process_time()
    with quick():
        for seed in range(first, first + count):
            summary.played += 1
            try:
                outcome = play(seed)
            except Violation as violation:
                summary.failures[seed] = str(violation)
                continue
            summary.simulated += outcome.seconds
            summary.exposures += outcome.exposures
            summary.worst = max(summary.worst, outcome.worst)
            summary.coverage += outcome.coverage
            summary.mirrors += outcome.mirrors
            if seed % _CHUNK == 0:
                gc.collect()
    summary.processor = time.process_time() - started
    return summary


def play_all(
    first: int,
    count: int,
    *,
    workers: int | None = None,
    seconds: float | None = None,
    progress: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Play schedules on all processors, until so many are played or the time is over."""
    total, started = Summary(), time.monotonic()
    chunks = iter(range(first, first + count, _CHUNK))
    workers = workers or os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:

        def submit() -> None:
            begin = next(chunks, None)
            late = seconds is not None and time.monotonic() - started >= seconds
            if begin is not None and not late:
                waiting.append(pool.submit(play_many, begin, min(_CHUNK, first + count - begin)))

        waiting: list = []  # type: ignore[type-arg]
        for _worker in range(2 * workers):
            submit()
        while waiting:
            total.add(waiting.pop(0).result())
            total.took = time.monotonic() - started
            progress(total)
            submit()
    return total


def table(summary: Summary) -> str:
    """States and transitions, and how often each was reached."""
    lines = []
    for kind in ("standing", "role", "reason"):
        lines.append(f"{kind}:")
        for (what, before, after), count in sorted(summary.coverage.items()):
            if what == kind:
                name = f"{before} -> {after}" if before else after
                lines.append(f"  {name:32} {count:10}")
    return "\n".join(lines)
