# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab cluster with agents and a site on a shared disk, whose nodes have management controllers."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.audit import corruption
from lab.machine.sharing import Claims
from lab.runner import LabError
from tests.support.agent_lab import HOME, PYTHON, SITE, AgentLab
from tests.support.cluster_lab import SHARED, node, site, write_topology
from tests.support.lying_controllers import LyingControllers
from tests.support.sushy_emulator import PASSWORD, USER, Emulator

if TYPE_CHECKING:
    from tests.lab.conftest import LabFactory

NODES = ("server1", "server2")
_PASSWORD, _AUTHORITY = "fence.password", "fence_ca.pem"


class ControlledLab(AgentLab):
    """Two nodes; the power of each is held by a controller of the emulator.

    Args:
        make: starts a lab.
        folder: for files of the emulator and of the topology.
        preset: of the timers.
        controllers: makes what holds their power.
        fence_timeout: seconds that a fence may take.
    """

    def __init__(
        self,
        make: LabFactory,
        folder: Path,
        preset: str = "lan",
        controllers: type[Emulator | LyingControllers] = Emulator,
        fence_timeout: float = 60.0,
    ) -> None:
        lab = make(shared_topology(folder))
        self.controllers = controllers(folder, NODES, self._cut)
        self._authority = self.controllers.authority.read_bytes()
        bmcs = {
            name: Bmc(
                self.controllers.url,
                self.controllers.system(name),
                USER,
                f"{HOME}\\{_PASSWORD}",
                ca_file=f"{HOME}\\{_AUTHORITY}",
            )
            for name in NODES
        }
        super().__init__(lab, preset, settings={"bmcs": bmcs, "fence_timeout": fence_timeout})

    def declare(self) -> None:
        self.cluster.volume("F:", SHARED)
        super().declare()

    def _tell(self, name: str, **options: object) -> None:
        super()._tell(name, **options)
        (self.home(name) / _PASSWORD).write_text(f"{PASSWORD}\n")
        (self.home(name) / _AUTHORITY).write_bytes(self._authority)

    def recover(self) -> None:
        """See ``AgentLab``; the controllers are on as well."""
        for name in NODES:
            if self.controllers.state(name) != "On":
                self.controllers.switch_on(name)
                self.until(lambda name=name: self.controllers.state(name) == "On")
        super().recover()

    def _cut(self, name: str) -> None:
        """Take the power of a node, as a device beside it; it may be without already."""
        with suppress(LabError):
            self.lab.power_off(name)

    def online(self) -> list[str]:
        """The nodes on which the shared disk is online, those that hang among them."""
        return Claims(self.lab.state.folder / "shared" / "web.claims", "the test", print).others()

    def command(self, name: str, *words: str) -> str:
        """Run a command of the agent of a node, as an operator does there; what it says."""
        node = connect(self.cluster.connection(name))
        program = [PYTHON, "-Xutf8", f"{HOME}\\standby.pyz", words[0], "--home", HOME, *words[1:]]
        ended = node.shell.run(program)
        node.close()
        return (ended.stdout + ended.stderr).decode()

    @property
    def corrupted(self) -> list[str]:
        """Every time the shared disk was ever online on two nodes."""
        return corruption(self.lab.state)

    def evidence(self, name: str, of: str) -> dict[str, object]:
        """How the fence of a node ended last, as the agent of another one shows it."""
        return dict(self._shown(name).get("fences", {}).get(of, {}).get("last") or {})

    def end(self) -> None:
        """Stop the controllers."""
        self.controllers.end()


def shared_topology(folder: Path) -> Path:
    """Two nodes, with a site on a disk that both can reach, and a witness."""
    nodes = [
        node(number, programs={PYTHON: "python"}, **more)
        for number, more in ((1, {"content": True}), (2, {}))
    ]
    topology = write_topology(folder, [site(SITE, 1, "127.77.1.195", folder=r"F:\web")], nodes)
    described = yaml.safe_load(topology.read_text())
    described["witnesses"] = [{"name": "files", "address": "127.77.0.20", "share": "witness$"}]
    topology.write_text(yaml.safe_dump(described))
    return topology
