# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents that copy a mirrored volume themselves: nodes of the Standard edition, in no domain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.standby.iis.plugins.module_utils.control.mirror import (
    MirrorOrder,
    ensure_mirror,
)
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest
from tests.support.agent_lab import AgentLab
from tests.support.mirror_lab import SITE, mirrored_node, topology

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

RPO = 8
READERS = ("LAB\\SERVER1$", "LAB\\SERVER2$")
WANTED = MirrorWanted(None, "async", RPO, "within_rpo", provider="robocopy", readers=READERS)
PLAIN = {"edition": "Standard", "domain": "", "storage_replica": False}


def plain_topology(folder: Path) -> Path:
    """Nodes on which Storage Replica is not to be had."""
    return topology(folder, [mirrored_node(number, windows=PLAIN) for number in (1, 2)])


class CopiedAgents(AgentLab):
    """Two nodes with agents, and a site on a volume that these copy."""

    site = SITE

    def __init__(self, lab: LabUnderTest, wanted: MirrorWanted = WANTED, **more: Any) -> None:
        super().__init__(lab, **more)
        self.wanted = wanted

    def declare(self) -> None:
        """The mirror, of which nothing is copied yet, and the site on it."""
        self.cluster.ip(self.last, 16, dad_transmits=0)
        self.order()
        self.cluster.protect(self.site, self.deep_check)
        self.witness.start()

    def order(self, *, check: bool = False, **options: Any) -> Outcome:
        """The module ``mirror``."""
        with self.cluster.fleet() as fleet:
            request = VolumeRequest("R:", "mirror", self.cluster.nodes, mirror=self.wanted)
            return ensure_mirror(fleet, request, MirrorOrder(**options), check)

    def mirror(self) -> dict[str, Any]:
        """How it stands."""
        return dict(self.order(check=True).data["mirror"])

    @property
    def current(self) -> tuple[str, ...]:
        """Who may take over, by the witness."""
        return self.record.current or ()

    def put(self, name: str, file: str, text: str) -> None:
        """Deploy a file to a node."""
        path = self.lab.state.node(name) / "drives/R/web" / file
        path.write_text(text)

    def has(self, name: str, file: str) -> str | None:
        """What a node's volume holds."""
        path = self.lab.state.node(name) / "drives/R/web" / file
        return path.read_text() if path.exists() else None

    def sentence(self, name: str) -> str:
        """What the agent of a node says of the site."""
        return str(self.here(name).get("sentence", ""))

    def both(self) -> bool:
        """Either node may take over."""
        named = set(self.current) == set(self.cluster.nodes)
        return named and self.mirror()["condition"] == "within_rpo"
