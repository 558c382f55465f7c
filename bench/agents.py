# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench's cluster with agents on both nodes, over a directory as witness, for benches of failover."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle, settings, tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.desk import Desk
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import Timers, bound, timers
from ansible_collections.standby.iis.plugins.module_utils.windows import task
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.runner import Lab

from .cluster import NODES, SITE, BenchCluster, cluster

_HOME = "C:\\ProgramData\\standby.iis"
_PYTHON = "C:\\Python313\\python.exe"
_WITNESS = "\\\\files\\witness$\\web"
_LOOK = 0.05  # seconds between two looks at what is waited for


@dataclass(frozen=True)
class AgentCluster:
    """Two nodes with agents, and a site between them."""

    bench: BenchCluster
    timers: Timers

    @property
    def lab(self) -> Lab:
        """The lab that they are in."""
        return self.bench.lab

    @property
    def record(self) -> HierarchyRecord:
        """Who has the site, as the witness says."""
        return self._desk.board().hierarchies[SITE]

    @property
    def _desk(self) -> Desk:
        return Desk(open_directory(str(_witness(self.lab))), "a bench")

    def acknowledge(self) -> None:
        """Unplanned moves are meant: nothing is held for them."""
        desk = self._desk
        desk.follow(SITE, desk.ask(SITE, RequestKind.ACKNOWLEDGE), self._patience)

    def move(self, to: str) -> None:
        """Have the site on a node, where it begins with all its attempts at local recovery.

        Raises:
            RuntimeError: that was refused; the message is the agents' own.
        """
        desk = self._desk
        answer = desk.follow(SITE, desk.ask(SITE, RequestKind.SWITCHOVER, to), self._patience)
        if not answer.accepted:
            raise RuntimeError(f"the site is not moved to {to}: {answer.sentence}")
        self.until(lambda: self.reason(to) == "in_service", f"the move to {to}")

    def steady(self) -> tuple[str, str]:
        """Wait until the site is in service on one node and the other one stands by; these two."""
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            reasons = {name: self._shown(name).get("reason") for name in NODES}
            for name, other in (NODES, NODES[::-1]):
                if (reasons[name], reasons[other]) == ("in_service", "elsewhere"):
                    return name, other
            time.sleep(_LOOK)
        raise RuntimeError(f"the cluster does not come to rest: {[self._shown(name) for name in NODES]}")

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds.

        Raises:
            RuntimeError: it did not within the bound of the preset and a minute.
        """
        end = time.monotonic() + self._patience
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(f"{what} did not happen: {[self._shown(name) for name in NODES]}")
            time.sleep(_LOOK)

    def restarts(self, name: str) -> int:
        """How often the agent of a node has restarted the site where it was."""
        logs = (_folder(self.lab, name) / "logs").glob("agent.*.log")
        return sum(log.read_text(encoding="utf-8").count("is restarted there") for log in logs)

    def reason(self, name: str) -> str:
        """Why the site is as it is on a node, in a word."""
        return str(self._shown(name).get("reason", ""))

    def standby(self, name: str) -> str:
        """How ready a node is that keeps the site warm, "" where it does not."""
        return str(self._shown(name).get("standby", ""))

    @property
    def _patience(self) -> float:
        return bound(self.timers, nodes=len(NODES)) + 60.0

    def _shown(self, name: str) -> dict[str, Any]:
        try:
            text = (_folder(self.lab, name) / "status.json").read_text(encoding="utf-8")
            return dict(json.loads(text)["hierarchies"].get(SITE, {}))
        except (OSError, ValueError):
            return {}


@contextmanager
def agents(preset: str, **options: Any) -> Iterator[AgentCluster]:
    """Agents at work with a preset; address detection is off, so that it is they who are measured.

    Args:
        preset: theirs.
        options: of ``cluster``.
    """
    with cluster(dad_transmits=0, **options) as bench:
        _witness(bench.lab).mkdir()
        key, program = new_key(), bundle.archive()
        addresses = {name: (bench.lab.topology.node(name).address,) for name in NODES}
        for connection in bench.connections:
            folder = _folder(bench.lab, connection.name)
            folder.mkdir(parents=True)
            told = Settings(connection.name, "web", _WITNESS, preset=preset, addresses=addresses)
            (folder / "agent.json").write_text(settings.write(told), encoding="utf-8")
            (folder / "cluster.key").write_text(key, encoding="ascii")
            (folder / "standby.pyz").write_bytes(program)
            node = connect(connection)
            task.register_task(node, tasks.PATH, tasks.AGENT, tasks.agent(_PYTHON, _HOME))
            task.start_task(node, tasks.PATH, tasks.AGENT)
            node.close()
        made = AgentCluster(bench, timers(preset))
        made.steady()
        yield made


def _folder(lab: Lab, name: str) -> Path:
    return lab.state.node(name) / "drives" / "C" / "ProgramData" / "standby.iis"


def _witness(lab: Lab) -> Path:
    return lab.state.share("files") / "web"
