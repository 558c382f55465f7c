# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Witnesses of a lab cluster at the address that the lab has for one: a share's directory, or a real etcd."""

from __future__ import annotations

import shutil
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

from ansible_collections.standby.iis.plugins.module_utils.agent.settings import EtcdSettings
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Store
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from lab.runner import Lab
from tests.support.etcd_access import PASSWORD, USER
from tests.support.etcd_members import PREFIX, EtcdMembers

PATH = "\\\\files\\witness$\\web"


class Witness(Protocol):
    """Where a lab cluster keeps who owns what."""

    def start(self) -> None:
        """Make it, empty."""

    def settings(self, home: str) -> dict[str, Any]:
        """What an agent with that home is told of it: arguments of ``Settings``."""

    def furnish(self, folder: Path) -> None:
        """Put the files that those settings name into the folder of an agent's home."""

    def open(self) -> Store:
        """The store, as somebody sees it whom no fault of the lab concerns."""

    def down(self) -> None:
        """Its server is gone."""

    def up(self) -> None:
        """Its server is there."""

    def end(self) -> None:
        """Nothing of it runs any more."""


class DirectoryWitness:
    """A folder of the lab's share. Its server is gone when no node's way leads there."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._folder = lab.state.share("files") / PureWindowsPath(PATH).name

    def start(self) -> None:
        self._folder.mkdir()

    def settings(self, home: str) -> dict[str, Any]:
        return {"directory": PATH}

    def furnish(self, folder: Path) -> None:
        """It needs none."""

    def open(self) -> Store:
        return open_directory(str(self._folder))

    def down(self) -> None:
        for name in self._running():
            self._lab.fault(name, "witness", action="cut")

    def up(self) -> None:
        for name in self._running():
            self._lab.clear(name, "witness")

    def end(self) -> None:
        """Its files go with the lab."""

    def _running(self) -> list[str]:
        names = [node.name for node in self._lab.topology.nodes]
        return [name for name in names if self._lab.status(name)["power"] == "on"]


class EtcdWitness:
    """One etcd, with TLS and a user of its own; where it listens, the faults of the lab's witness reach it.

    Attributes:
        members: its processes.
    """

    def __init__(self, lab: Lab, folder: Path, size: int = 1) -> None:
        (server,) = lab.topology.witnesses
        self.members = EtcdMembers(folder, size=size, address=server.address)

    def start(self) -> None:
        self.members.start()
        self.members.protect()

    def settings(self, home: str) -> dict[str, Any]:
        ca, password = f"{home}\\witness.pem", f"{home}\\witness.password"
        told = EtcdSettings(
            self.members.access.endpoints, PREFIX, user=USER, password_file=password, ca_file=ca
        )
        return {"etcd": told}

    def furnish(self, folder: Path) -> None:
        shutil.copy(self.members.access.ca_file, folder / "witness.pem")
        (folder / "witness.password").write_text(PASSWORD)

    def open(self) -> Store:
        return self.members.access.open()

    def down(self) -> None:
        self.members.kill()

    def up(self) -> None:
        self.members.restore()

    def end(self) -> None:
        self.members.kill()
