# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab cluster with the real agents: ``standby.pyz`` under each node's scheduler, on its own bridge."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.standby.iis.plugins.module_utils.agent import bundle, settings, tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.declared import HierarchyOptions
from ansible_collections.standby.iis.plugins.module_utils.agent.desk import Desk
from ansible_collections.standby.iis.plugins.module_utils.agent.notifications import Notifications
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Answer,
    HierarchyRecord,
    NodeRecord,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import bound, timers
from ansible_collections.standby.iis.plugins.module_utils.windows import task
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.control import ControlError
from lab.prober import Prober, Report, Target
from tests.support.address_judge import AddressJudge
from tests.support.cluster_lab import ClusterLab
from tests.support.witnesses import DirectoryWitness, Witness

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

SITE = "survey.example.org"
HOME = "C:\\ProgramData\\standby.iis"
PYTHON = "C:\\Python313\\python.exe"
PORT = 7790


class AgentLab:
    """Two nodes with agents, and one site on one address.

    Their adapters look for no duplicates: those that do would hide that a lease is not kept.

    Attributes:
        judge: reads the address log.
        site: the site.
        last: last octet of its address.
        report: what clients saw while ``watching`` was last on.
        witness: where they keep who owns the site.
    """

    site = SITE
    last = 195

    def __init__(
        self,
        lab: LabUnderTest,
        preset: str = "lan",
        witness: Witness | None = None,
        *,
        notifications: Notifications | None = None,
        settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.lab, self.cluster, self.preset = lab, ClusterLab(lab), preset
        self.witness: Witness = witness or DirectoryWitness(lab)
        self.timers = timers(preset)
        self.bound = bound(self.timers, nodes=2) + 60.0
        self.report: Report | None = None
        self._options = options
        self._settings = {"notifications": notifications or Notifications(), **(settings or {})}
        self.judge = AddressJudge(lab.state)

    # Set-up

    def declare(self) -> None:
        """The site, its address and its volume; a witness."""
        self.cluster.ip(self.last, 16, dad_transmits=0)
        self.cluster.volume("E:")
        self.cluster.protect(self.site, self.deep_check)
        self.witness.start()

    def install(self) -> None:
        """Put an agent on every node, server1 first, so that it has the site."""
        key, program = new_key(), bundle.archive()
        for name in self.cluster.nodes:
            home = self.home(name)
            home.mkdir(parents=True)
            self.witness.furnish(home)
            self._tell(name, **self._options)
            (home / "cluster.key").write_text(key)
            (home / "standby.pyz").write_bytes(program)
            self.register(name)
            first = name == self.cluster.nodes[0]
            self.until(self.serves(name) if first else lambda name=name: self.reason(name) == "elsewhere")

    def _tell(self, name: str, **options: Any) -> None:
        told = Settings(
            name,
            "web",
            **self.witness.settings(HOME),
            preset=self.preset,
            addresses={name: (self.lab.topology.node(name).address,) for name in self.cluster.nodes},
            port=PORT,
            hierarchies={"": HierarchyOptions(**options)},
            **self._settings,
        )
        (self.home(name) / "agent.json").write_text(settings.write(told))

    def register(self, name: str) -> None:
        """Have the tasks of a node's agent, and start it."""
        node = connect(self.cluster.connection(name))
        for title, made in ((tasks.AGENT, tasks.agent), (tasks.SHUTDOWN, tasks.shutdown)):
            task.register_task(node, tasks.PATH, title, made(PYTHON, HOME))
        task.start_task(node, tasks.PATH, tasks.AGENT)
        node.close()

    @contextmanager
    def configured(self, **options: Any) -> Iterator[None]:
        """Agents that are started anew with other options of the hierarchy, and then with the former."""
        self._restart(**options)
        yield
        self.recover()
        self._restart(**self._options)

    def _restart(self, **options: Any) -> None:
        for name in self.cluster.nodes:
            self._tell(name, **options)
            before = self._shown(name)["incarnation"]
            self.lab.fault(name, "agent", action="kill")
            self.recover()
            self.until(lambda name=name, before=before: self._shown(name).get("incarnation", 0) > before)
        self.settle()

    def recover(self) -> None:
        """No faults, all nodes and agents up."""
        for name in self.cluster.nodes:
            if self.lab.status(name)["power"] == "off":
                self.lab.power_on(name)
            self.lab.resume(name)
            self.lab.wait_ready(name)
            for fault in self.lab.status(name)["faults"]:
                self.lab.clear(name, fault)
            with suppress(ControlError):  # nothing of it may run
                self.lab.fault(name, "agent", action="resume")
            self._run(name)
        self.witness.up()

    def settle(self) -> None:
        """Recovered, and the site in service on server1 without a failure behind it."""
        self.recover()
        for name in self.cluster.nodes:
            self.until(lambda name=name: self.reason(name) in ("in_service", "elsewhere", "failed"))
        if any(self.here(name)["problem"] for name in self.cluster.nodes):
            # What is claimed anew begins with all its attempts; who has it cannot claim it.
            first = "server1" if self.record.owner == "server2" else "server2"
            for name in (first, *(one for one in self.cluster.nodes if one != first)):
                self._bring(name)
        self._bring("server1")
        self.ask(RequestKind.ACKNOWLEDGE)

    def _bring(self, name: str) -> None:
        """Ask until it is there: a node that has just come back is refused at first, or gives it back."""
        end = time.monotonic() + self.bound
        while not self.serves(name)():
            assert time.monotonic() < end, self._accounts()
            with suppress(StandbyError):
                if self.ask(RequestKind.SWITCHOVER, name, force=True).accepted:
                    self._comes(self.serves(name), self.timers.ttl)

    def recover_node(self, name: str) -> None:
        """A node that was without power is up again, and its agent runs; faults stay as they are."""
        self.lab.power_on(name)
        self.lab.wait_ready(name)
        self._run(name)

    def _run(self, name: str) -> None:
        node = connect(self.cluster.connection(name))
        task.start_task(node, tasks.PATH, tasks.AGENT)
        node.close()

    # What an operator does

    def ask(self, kind: RequestKind, target: str = "", *, force: bool = False) -> Answer:
        """Ask the agents for something, and wait for their answer."""
        desk = self._desk()
        return desk.follow(self.site, desk.ask(self.site, kind, target, force=force), self.bound)

    def request(self, target: str) -> None:
        """Ask for a switchover, and wait for nothing.

        Raises:
            StandbyError: another request waits there.
        """
        self._desk().ask(self.site, RequestKind.SWITCHOVER, target)

    @property
    def record(self) -> HierarchyRecord:
        """What stands in the witness."""
        return self._desk().board().hierarchies[self.site]

    @property
    def members(self) -> Mapping[str, NodeRecord]:
        """What stands in the witness of nodes."""
        return self._desk().board().nodes

    def _desk(self) -> Desk:
        return Desk(self.witness.open(), "a test")

    def crash(self, name: str) -> None:
        """Stop the site behind the back of a node's agent, and wait until that has noticed."""
        before = self.said(name, f"stop {self.site}")
        self.lab.clear(name, "site_crash")
        self.lab.fault(name, "site_crash")
        self.until(lambda: self.said(name, f"stop {self.site}") > before or self.reason(name) == "failed")

    # Looking

    @property
    def url(self) -> str:
        return f"http://{self.cluster.address(self.last)}:8080/"

    @property
    def deep_check(self) -> Check:
        """Its deep check."""
        return Check(self.url, timeout=1.0)

    def home(self, name: str) -> Path:
        """The agent's folder on a node."""
        return self.lab.state.node(name) / "drives" / "C" / "ProgramData" / "standby.iis"

    def here(self, name: str) -> dict[str, Any]:
        """What the agent of a node shows of the site."""
        return dict(self._shown(name).get("hierarchies", {}).get(self.site, {}))

    def _shown(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads((self.home(name) / "status.json").read_text()))
        except (OSError, ValueError):
            return {}

    def reason(self, name: str) -> str:
        return str(self.here(name).get("reason", ""))

    def owner(self) -> str | None:
        """The node that has the address."""
        for name in self.cluster.nodes:
            held = [one["address"] for one in self.lab.status(name).get("addresses", ())]
            if self.cluster.address(self.last) in held:
                return name
        return None

    def serves(self, name: str) -> Callable[[], bool]:
        return lambda: self.reason(name) == "in_service" and self.owner() == name

    def until(self, holds: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until something holds."""
        assert self._comes(holds, self.bound if seconds is None else seconds), self._accounts()

    def _comes(self, holds: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not (held := holds()) and time.monotonic() < end:
            time.sleep(0.05)
        return held

    def _accounts(self) -> dict[str, object]:
        return {name: self._account(name) for name in self.cluster.nodes}

    def said(self, name: str, part: str) -> int:
        """How many sentences with a part an agent has in its log."""
        return sum(part in one for one in self._sentences(name))

    def _sentences(self, name: str) -> list[str]:
        logs = sorted((self.home(name) / "logs").glob("agent.*.log"))
        return [json.loads(line)["sentence"] for log in logs for line in log.read_text().splitlines()]

    def _account(self, name: str) -> object:
        output = sorted((self.lab.state.node(name) / "processes").glob("*.log"))
        addresses = self.lab.status(name).get("addresses")
        return (
            self.here(name),
            addresses,
            self._sentences(name)[-8:],
            [one.read_text()[-800:] for one in output],
        )

    @contextmanager
    def watching(self, exposure: float = 0.0) -> Iterator[Prober]:
        """Clients ask meanwhile; nobody is ever answered by two nodes, and no two nodes have the address.

        Args:
            exposure: seconds for which they may: where a machine is suspended with its clocks.
        """
        prober = Prober([Target("site", self.url)])
        prober.start()
        try:
            yield prober
        finally:
            time.sleep(0.2)
            self.report = prober.stop()
            self.judge.judge(exposure)  # of what failed meanwhile, this would be the reason
        (seen,) = self.report.targets
        assert seen.samples
        twice = seen.overlaps[-1].end - seen.overlaps[0].start if seen.overlaps else 0.0
        assert twice <= exposure, seen.overlaps

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
