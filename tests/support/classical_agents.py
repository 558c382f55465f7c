# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical cluster with the real agents: two web sites, an FTP site, and an SMTP virtual server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from lab.probe_report import Report
from lab.prober import Prober
from tests.support.agent_lab import AgentLab
from tests.support.classical import SERVICES, targets
from tests.support.cluster_lab import SHARED
from tests.support.fence_programs import give_fences, power_off

FENCE_SECONDS = 12.0


class ClassicalAgents(AgentLab):
    """All four are on server1 when the agents are installed; the mail is on a shared disk, behind fences."""

    site = "WebSite1"
    last = SERVICES["WebSite1"][1]

    def __init__(self, lab) -> None:
        fences = give_fences(lab, ("server1", "server2"), power_off(lab))
        super().__init__(lab, settings={"fences": fences, "fence_timeout": FENCE_SECONDS})

    def declare(self) -> None:
        super().declare()
        self.cluster.volume("F:", SHARED)
        for name, (_home, last, _url) in SERVICES.items():
            if name != self.site:
                self.cluster.ip(last, 16, dad_transmits=0)
                self.cluster.protect(name)

    def install(self) -> None:
        super().install()
        self.until(self.on(dict.fromkeys(SERVICES, "server1")))

    def on(self, where: Mapping[str, str]) -> Callable[[], bool]:
        """Services are in service on those nodes, as their agents show."""

        def hold() -> bool:
            shown = {node: self._shown(node).get("hierarchies", {}) for node in self.cluster.nodes}
            return all(
                shown[node].get(name, {}).get("reason") == "in_service" for name, node in where.items()
            )

        return hold

    def move(self, name: str, node: str, *, force: bool = False) -> None:
        """Ask the agents for a switchover, and wait for its end."""
        desk = self._desk()
        answer = desk.follow(name, desk.ask(name, RequestKind.SWITCHOVER, node, force=force), self.bound)
        assert answer.accepted, answer
        self.until(self.on({name: node}))

    def bring_home(self, name: str, node: str) -> None:
        """Move it to a node on which it may have failed before, and have that forgotten."""
        self.move(name, node, force=True)
        desk = self._desk()
        desk.follow(name, desk.ask(name, RequestKind.ACKNOWLEDGE), self.bound)

    @contextmanager
    def clients(self) -> Iterator[list[Report]]:
        """Clients use all four; what they saw is in the list in the end."""
        seen: list[Report] = []
        prober = Prober(targets(self.cluster), rate_hz=25)
        prober.start()
        time.sleep(0.5)
        try:
            yield seen
            time.sleep(0.5)
        finally:
            seen.append(prober.stop())
            self.judge.judge()
