# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab cluster with the real agents: ``standby.pyz`` under each node's scheduler, on its own bridge."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle, settings, tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.declared import HierarchyOptions
from ansible_collections.standby.iis.plugins.module_utils.agent.desk import Desk
from ansible_collections.standby.iis.plugins.module_utils.agent.notifying import Notifications
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Answer,
    HierarchyRecord,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from ansible_collections.standby.iis.plugins.module_utils.windows import task
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.audit import overlaps, read_logs
from lab.prober import Prober, Report, Target
from tests.support.cluster_lab import ClusterLab

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

SITE = "survey.example.org"
HOME = "C:\\ProgramData\\standby.iis"
PYTHON = "C:\\Python313\\python.exe"
WITNESS = "\\\\files\\witness$\\web"
PORT = 7790


class AgentLab:
    """Two nodes with agents, and one site on one address.

    Attributes:
        report: what clients saw while ``watching`` was last on.
    """

    def __init__(
        self,
        lab: LabUnderTest,
        preset: str = "lan",
        *,
        notifications: Notifications | None = None,
        **options: Any,
    ) -> None:
        self.lab, self.cluster, self.preset = lab, ClusterLab(lab), preset
        self.timers = timers(preset)
        self.bound = bound(self.timers, nodes=2) + 60.0
        self.report: Report | None = None
        self._options = options
        self._notifications = notifications or Notifications()

    # Set-up

    def declare(self) -> None:
        """The site, its address and its volume; a witness."""
        self.cluster.ip(195, 16)
        self.cluster.volume("E:")
        self.cluster.protect(SITE, Check(self.url, timeout=1.0))
        self.witness.mkdir()

    def install(self) -> None:
        """Put an agent on every node, server1 first, so that it has the site."""
        key, program = new_key(), bundle.archive()
        addresses = {name: (self.lab.topology.node(name).address,) for name in self.cluster.nodes}
        for name in self.cluster.nodes:
            home = self.home(name)
            home.mkdir(parents=True)
            told = Settings(
                name,
                "web",
                WITNESS,
                preset=self.preset,
                addresses=addresses,
                port=PORT,
                hierarchies={"": HierarchyOptions(**self._options)},
                notifications=self._notifications,
            )
            (home / "agent.json").write_text(settings.write(told))
            (home / "cluster.key").write_text(key)
            (home / "standby.pyz").write_bytes(program)
            self.register(name)
            first = name == self.cluster.nodes[0]
            self.until(self.serves(name) if first else lambda name=name: self.reason(name) == "elsewhere")

    def register(self, name: str) -> None:
        """Have the tasks of a node's agent, and start it."""
        node = connect(self.cluster.connection(name))
        for title, made in ((tasks.AGENT, tasks.agent), (tasks.SHUTDOWN, tasks.shutdown)):
            task.register_task(node, tasks.PATH, title, made(PYTHON, HOME))
        task.start_task(node, tasks.PATH, tasks.AGENT)
        node.close()

    def settle(self) -> None:
        """Everything as it was: no faults, all nodes and agents up, the site in service on server1."""
        for name in self.cluster.nodes:
            if self.lab.status(name)["power"] == "off":
                self.lab.power_on(name)
            self.lab.resume(name)
            for fault in self.lab.status(name)["faults"]:
                self.lab.clear(name, fault)
            self._run(name)
        for name in self.cluster.nodes:
            self.until(lambda name=name: self.reason(name) in ("in_service", "elsewhere", "failed"))
        if not self.serves("server1")():
            self.ask(RequestKind.SWITCHOVER, "server1", force=True)
            self.until(self.serves("server1"))
        self.ask(RequestKind.ACKNOWLEDGE)

    def _run(self, name: str) -> None:
        node = connect(self.cluster.connection(name))
        task.start_task(node, tasks.PATH, tasks.AGENT)
        node.close()

    # What an operator does

    def ask(self, kind: RequestKind, target: str = "", *, force: bool = False) -> Answer:
        """Ask the agents for something, and wait for their answer."""
        desk = Desk(open_directory(str(self.witness)), "a test")
        return desk.follow(SITE, desk.ask(SITE, kind, target, force=force), self.bound)

    @property
    def record(self) -> HierarchyRecord:
        """What stands in the witness."""
        return Desk(open_directory(str(self.witness)), "a test").board().hierarchies[SITE]

    @property
    def witness(self) -> Path:
        """The folder of the witness."""
        return self.lab.state.share("files") / PureWindowsPath(WITNESS).name

    # Looking

    @property
    def url(self) -> str:
        return f"http://{self.cluster.address(195)}:8080/"

    def home(self, name: str) -> Path:
        """The agent's folder on a node."""
        return self.lab.state.node(name) / "drives" / "C" / "ProgramData" / "standby.iis"

    def here(self, name: str) -> dict[str, Any]:
        """What the agent of a node shows of the site."""
        try:
            shown: dict[str, Any] = json.loads((self.home(name) / "status.json").read_text())
        except (OSError, ValueError):
            return {}
        return dict(shown["hierarchies"].get(SITE, {}))

    def reason(self, name: str) -> str:
        return str(self.here(name).get("reason", ""))

    def owner(self) -> str | None:
        """The node that has the address."""
        for name in self.cluster.nodes:
            held = [one["address"] for one in self.lab.status(name).get("addresses", ())]
            if self.cluster.address(195) in held:
                return name
        return None

    def serves(self, name: str) -> Callable[[], bool]:
        return lambda: self.reason(name) == "in_service" and self.owner() == name

    def until(self, holds: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until something holds."""
        end = time.monotonic() + (self.bound if seconds is None else seconds)
        while not holds():
            assert time.monotonic() < end, {name: self._account(name) for name in self.cluster.nodes}
            time.sleep(0.05)

    def _account(self, name: str) -> object:
        logs = sorted((self.home(name) / "logs").glob("agent.*.log"))
        said = [json.loads(line)["sentence"] for log in logs for line in log.read_text().splitlines()]
        output = sorted((self.lab.state.node(name) / "processes").glob("*.log"))
        return self.here(name), said[-8:], [one.read_text()[-800:] for one in output]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Clients ask meanwhile; nobody is ever answered by two nodes."""
        prober = Prober([Target("site", self.url)])
        prober.start()
        yield
        time.sleep(0.2)
        self.report = prober.stop()
        assert not self.report.targets[0].overlaps
        logs = read_logs(self.lab.state)
        found = [one for one in overlaps(logs, time.monotonic()) if not one.hung]
        assert not found, (
            [str(one) for one in found],
            [
                (round(e["t"], 2), e["node"], e["event"], e.get("state"))
                for events in logs.values()
                for e in events
                if e["event"] in ("hang", "resume") or e.get("address") == self.cluster.address(195)
            ],
        )

    @property
    def refused(self) -> Counter[str]:
        """Requests that failed while it was watched, without those that this busy machine forgot."""
        assert self.report is not None
        failed = Counter(
            outcome for gap in self.report.targets[0].gaps for outcome in Counter(gap.failed).elements()
        )
        if failed["timeout"] <= 2:
            del failed["timeout"]
        return failed
