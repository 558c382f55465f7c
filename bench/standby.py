# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outage with warm standby beside cold, of a planned switchover and of a failover, as clients see it.

Warm standby saves the start of the site, and that of its application where Windows loads that before the
first request (AlwaysRunning with preloadEnabled). The lab loads applications at once unless told otherwise:
the time that is assumed is part of every line. Before each run the worker of the node that takes over is
recycled and given that time, since a backup that has served nobody for long has no application loaded
(idleTimeout), unless Windows loads it by itself.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import put_in_service
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest
from ansible_collections.standby.iis.plugins.module_utils.ha.model import StandbyMode
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_command import appcmd
from lab.probe_report import Gap
from lab.prober import Prober, Target
from lab.runner import Lab

from .agents import AgentCluster, agents
from .cluster import NODES, SITE, URL, BenchCluster, cluster
from .conditions import table

RATE_HZ = 100.0
PATIENCE = 0.25  # seconds in which a request must be answered to count
LOADING = (0.0, 2.0)  # seconds that the application takes to be loaded: assumed
_CONFIG = "drives/C/Windows/System32/inetsrv/config/applicationHost.config"


@dataclass(frozen=True)
class Way:
    """How the backups stand by."""

    name: str
    mode: StandbyMode
    preload: bool


WAYS = (
    Way("cold", StandbyMode.COLD, preload=False),
    Way("warm", StandbyMode.WARM, preload=False),
    Way("warm, preloaded", StandbyMode.WARM, preload=True),
)


def run(presets: Sequence[str] = ("fast",), runs: int = 3) -> str:
    """The figures as text.

    Args:
        presets: of the agents.
        runs: of each kind.
    """
    found: dict[tuple[str, float], dict[str, list[float]]] = {}
    for way in WAYS:
        with cluster(dad_transmits=0, **_options(way)) as bench:
            _measure(found, way, runs, bench.lab, {"switchover, no agents": partial(_moved, bench)})
        for preset in presets:
            with agents(preset, **_options(way)) as agent:
                kinds = {
                    f"switchover, agents, {preset}": partial(_moved_by_agents, agent, way),
                    f"failover, agents, {preset}": partial(_failed_over, agent, way),
                }
                _measure(found, way, runs, agent.lab, kinds)
    head = ("what", "application loads in s", *(way.name for way in WAYS), "cold / warm", "cold / preloaded")
    return "\n".join(
        [
            table(head, [_row(*key, found[key]) for key in sorted(found)]),
            f"median of {runs} runs, seconds without an answer within {PATIENCE:g} s to clients that ask "
            f"{RATE_HZ:g} times a second; of a failover from the loss of power on",
            f"which shows no less than {1 / RATE_HZ:g} s; address detection off; the loading time is assumed",
            "appcmd is the lab's: it starts at once, but as a process of its own where agents run it",
            "preloaded: AlwaysRunning with preloadEnabled; else OnDemand, so that the first request loads it",
        ]
    )


Work = Callable[[float], float]


def _measure(
    found: dict[tuple[str, float], dict[str, list[float]]],
    way: Way,
    runs: int,
    lab: Lab,
    kinds: Mapping[str, Work],
) -> None:
    for loading in LOADING:
        for name in NODES:
            lab.fault(name, "application_start", seconds=loading)
        for what, work in kinds.items():
            seconds = found.setdefault((what, loading), {}).setdefault(way.name, [])
            seconds.extend(work(loading) for _run in range(runs))


def _row(what: str, loading: float, seconds: Mapping[str, Sequence[float]]) -> tuple[object, ...]:
    medians = [statistics.median(seconds[way.name]) for way in WAYS]
    ratios = [f"{medians[0] / median:.1f}" if median else "-" for median in medians[1:]]
    return (what, f"{loading:g}", *(f"{median:.2f}" for median in medians), *ratios)


def _options(way: Way) -> dict[str, Any]:
    """Of the cluster."""
    site = SiteRequest(SITE, NODES, standby_mode=way.mode)
    return {"site": site, "prepare": _preload if way.preload else None}


def _preload(lab: Lab) -> None:
    """Have Windows load the application before anybody asks for it; twins are made like this."""
    file = lab.state.node(NODES[0]) / _CONFIG
    text = file.read_text(encoding="utf-8-sig")
    pool, root = f'<add name="{SITE}" ', f'<application path="/" applicationPool="{SITE}"'
    if text.count(pool) != 1 or text.count(root) != 1:
        raise RuntimeError(f"{SITE} is not declared in {file} as it was")
    text = text.replace(pool, f'{pool}startMode="AlwaysRunning" ')
    file.write_text(text.replace(root, f'{root} preloadEnabled="true"'), encoding="utf-8")


def _rest(bench: BenchCluster, name: str, loading: float) -> None:
    """Have a backup as it is after long: its worker has ended, and began anew where Windows sees to that."""
    with Fleet(bench.connections) as fleet, fleet.lease(name) as node:
        node.shell.run(appcmd("recycle", "apppool", f"/apppool.name:{SITE}"))
    time.sleep(loading + 0.3)


# One run each


def _moved(bench: BenchCluster, loading: float) -> float:
    """A switchover without agents, to wherever the site is not."""
    with Fleet(bench.connections) as fleet:
        (found,) = (one for one in hierarchies_of(fleet) if one["name"] == SITE)
        target = next(name for name in NODES if name != found["owner"])
        _rest(bench, target, loading)
        with _Clients(loading) as clients:
            put_in_service(fleet, SITE, target, check=False)
    return clients.gap.seconds


def _moved_by_agents(agent: AgentCluster, way: Way, loading: float) -> float:
    _owner, other = _steady(agent, way, loading)
    with _Clients(loading) as clients:
        agent.move(other)
    return clients.gap.seconds


def _failed_over(agent: AgentCluster, way: Way, loading: float) -> float:
    owner, other = _steady(agent, way, loading)
    with _Clients(loading) as clients:
        clients.mark()
        agent.lab.power_off(owner)
        agent.until(lambda: agent.record.owner == other and agent.reason(other) == "in_service", "failover")
    agent.lab.power_on(owner)
    agent.until(lambda: agent.reason(owner) == "elsewhere", f"the return of {owner}")
    return clients.gap.end - clients.at


def _steady(agent: AgentCluster, way: Way, loading: float) -> tuple[str, str]:
    """At rest, the backup ready; owner and backup."""
    owner, other = agent.steady()
    agent.acknowledge()
    if way.mode is StandbyMode.WARM:
        agent.until(lambda: agent.standby(other) == "warm: ready", f"{other} standing by")
    _rest(agent.bench, other, loading)
    return owner, other


class _Clients:
    """Clients that ask while something happens; ``gap`` is what they felt of it.

    Args:
        loading: seconds for which the application may make them wait once the move has ended.
    """

    gap: Gap

    def __init__(self, loading: float) -> None:
        self._loading, self.at = loading, 0.0

    def __enter__(self) -> _Clients:
        self._prober = Prober([Target(SITE, URL)], rate_hz=RATE_HZ, timeout=PATIENCE)
        self._prober.start()
        time.sleep(0.3)
        return self

    def mark(self) -> None:
        """Now it happens."""
        self.at = self._prober.now()

    def __exit__(self, kind: object, *_rest: object) -> None:
        time.sleep(self._loading + 0.5)
        seen = self._prober.stop().targets[0]
        if kind is not None:
            return
        if seen.overlaps:
            raise RuntimeError(f"two nodes answered for {SITE} at once: {seen.overlaps}")
        gaps = sorted(seen.gaps, key=lambda gap: gap.seconds)
        if not gaps or gaps[-1].open:
            raise RuntimeError(f"clients saw {'no end of the' if gaps else 'no'} outage")
        self.gap = gaps[-1]
