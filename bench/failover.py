# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failover by the agents as a client sees it, beside what the timers predict.

``python -m bench failover --preset lan --runs 50 --keep FILE`` adds its runs to those in a file, and prints
the figures of all of them: so many runs can be made in several goes.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import (
    NODE_LOST,
    PRESETS,
    RECOVERED,
    predict,
)
from lab.prober import Prober, Target

from .agents import AgentCluster, agents
from .cluster import SITE, URL
from .conditions import table

RATE_HZ = 50.0
STALL, LOSS = 5.0, 2.0
# What bringing this site into service takes in the lab, seconds: the prediction's share that is not timers.
START = 0.5


@dataclass(frozen=True)
class Kind:
    """What is tried.

    Attributes:
        name: as the table shows it.
        work: makes one run: seconds until clients were answered again, or 1.0 where there was a failover
            that should not have been.
        predicted: the fault in ``timing.predict``; None where no failover is what is expected.
        presets: where it is tried.
    """

    name: str
    work: Callable[[AgentCluster], float]
    predicted: str | None = None
    presets: tuple[str, ...] = tuple(PRESETS)


def run(
    runs: int = 50, presets: Sequence[str] = tuple(PRESETS), kinds: Sequence[str] = (), keep: str = ""
) -> str:
    """The figures as text.

    Args:
        runs: of each kind.
        presets: which.
        kinds: names of what is tried; all where none is given.
        keep: a file to which the runs are added, and whose runs all count.
    """
    known = _kept(Path(keep)) if keep else {}
    for preset in presets:
        wanted = [kind for kind in KINDS if preset in kind.presets and (not kinds or kind.name in kinds)]
        with agents(preset) as cluster:
            for kind in wanted:
                found = known.setdefault((preset, kind.name), [])
                for _number in range(runs):
                    found.append(_one(cluster, kind))
                    if keep:
                        _add(Path(keep), preset, kind.name, found[-1])
    return "\n".join(
        [
            table(_HEAD, [_row(*key, known[key]) for key in known if _kind(key[1]).predicted]),
            f"seconds until clients that ask {RATE_HZ:g} times a second were answered again",
            "directory as witness, without caches; address detection off",
            f"predicted for a start of {START:g} s; best and worst bracket all runs where `within` says so",
            *(_sentence(*key, known[key]) for key in known if not _kind(key[1]).predicted),
        ]
    )


_HEAD = ("fault", "preset", "runs", "least", "p50", "p99", "predicted best", "typical", "worst", "within")


def _row(preset: str, name: str, seconds: Sequence[float]) -> tuple[object, ...]:
    told = {one.fault: one for one in predict(PRESETS[preset], start=START)}[str(_kind(name).predicted)]
    shown = (
        min(seconds),
        statistics.median(seconds),
        percentile(seconds, 99),
        told.best,
        told.typical,
        told.worst,
    )
    within = told.best <= min(seconds) and max(seconds) <= told.worst
    return (name, preset, len(seconds), *(f"{value:.2f}" for value in shown), "yes" if within else "no")


def _sentence(preset: str, name: str, failovers: Sequence[float]) -> str:
    return f"{name}, {preset}: {sum(failovers):g} failovers in {len(failovers)} trials"


def percentile(values: Sequence[float], rank: float) -> float:
    """The nearest rank: of up to a hundred values, the 99th percentile is the greatest."""
    return sorted(values)[max(0, math.ceil(rank / 100 * len(values)) - 1)]


# One run each


def _one(cluster: AgentCluster, kind: Kind) -> float:
    """A run that begins at any moment between two renewals."""
    cluster.steady()
    cluster.acknowledge()
    time.sleep(random.uniform(0, cluster.timers.interval))  # noqa: S311  no secret
    return kind.work(cluster)


def _owner_dies(cluster: AgentCluster) -> float:
    owner, other = cluster.steady()
    with _Clients() as clients:
        clients.mark()
        cluster.lab.power_off(owner)
        cluster.until(
            lambda: cluster.record.owner == other and cluster.reason(other) == "in_service", "failover"
        )
    cluster.lab.power_on(owner)
    cluster.until(lambda: cluster.reason(owner) == "elsewhere", f"the return of {owner}")
    return clients.outage


def _site_crashes(cluster: AgentCluster) -> float:
    owner, other = cluster.steady()
    restarts = cluster.restarts(owner)
    with _Clients() as clients:
        clients.mark()
        cluster.lab.fault(owner, "site_crash")
        cluster.until(lambda: cluster.restarts(owner) > restarts, "local recovery")
        cluster.until(lambda: cluster.reason(owner) == "in_service", "local recovery")
    cluster.lab.clear(owner, "site_crash")
    if cluster.record.owner != owner:
        raise RuntimeError(f"a crash of {SITE} on {owner} ended on {other}")
    cluster.move(other)
    return clients.outage


def _stalls(cluster: AgentCluster) -> float:
    """Everything on the owner stands still; its clocks go on."""
    owner, _other = cluster.steady()
    epoch = cluster.record.epoch
    cluster.lab.hang(owner)
    time.sleep(STALL)
    cluster.lab.resume(owner)
    return _moved(cluster, epoch)


def _loses_packets(cluster: AgentCluster) -> float:
    """Nothing passes between the owner, its peer and the witness."""
    owner, _other = cluster.steady()
    epoch = cluster.record.epoch
    cluster.lab.fault(owner, "partition")
    time.sleep(LOSS)
    cluster.lab.clear(owner, "partition")
    return _moved(cluster, epoch)


def _moved(cluster: AgentCluster, epoch: int) -> float:
    """1.0 where the site was taken meanwhile: by now another node has had the time to."""
    time.sleep(cluster.timers.ttl - LOSS)
    return float(cluster.record.epoch != epoch)


class _Clients:
    """Clients that ask while something happens to a cluster."""

    outage: float

    def __enter__(self) -> _Clients:
        self._prober = Prober([Target(SITE, URL)], rate_hz=RATE_HZ)
        self._prober.start()
        time.sleep(0.2)
        return self

    def mark(self) -> None:
        """Now it happens."""
        self._at = self._prober.now()

    def __exit__(self, kind: object, *_rest: object) -> None:
        time.sleep(0.3)
        seen = self._prober.stop().targets[0]
        if kind is not None:
            return
        if seen.overlaps:
            raise RuntimeError(f"two nodes answered for {SITE} at once: {seen.overlaps}")
        gaps = [gap for gap in seen.gaps if gap.end > self._at]
        if not gaps or gaps[-1].open:
            raise RuntimeError(f"clients saw {'no end of the' if gaps else 'no'} outage")
        self.outage = gaps[-1].end - self._at


KINDS = (
    Kind("owner killed", _owner_dies, NODE_LOST),
    Kind("site crash", _site_crashes, RECOVERED),
    Kind(f"stall of {STALL:g} s", _stalls, presets=("lan",)),
    Kind(f"packet loss of {LOSS:g} s", _loses_packets, presets=("lan",)),
)


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


# Runs that are kept


def _kept(path: Path) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            preset, name, value = json.loads(line)
            found.setdefault((preset, name), []).append(value)
    return found


def _add(path: Path, preset: str, name: str, value: float) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps([preset, name, value]) + "\n")
