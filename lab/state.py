# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a lab keeps its things on disk."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab.certificates import Pair
from lab.machine.files import write_atomically
from lab.machine.machine import Folders
from lab.topology import Topology, load

DEFAULT_STATE = Path(".lab")


class NoLab(RuntimeError):
    """The folder holds no lab."""


@dataclass(frozen=True)
class State:
    """The folder of one lab.

    Attributes:
        folder: ``topology.yml`` (its copy), ``password``, ``ca.pem``, ``nodes/<name>/``, ``shared/<disk>/``.
    """

    folder: Path

    @property
    def password_file(self) -> Path:
        """The password of every user, readable by its owner alone."""
        return self.folder / "password"

    @property
    def password(self) -> str:
        """The password of every user of the lab."""
        return self.password_file.read_text(encoding="utf-8").strip()

    @property
    def ca(self) -> Path:
        """Certificate of the lab's authority."""
        return self.folder / "ca.pem"

    @property
    def client(self) -> Pair:
        """Client certificate of the first user."""
        return Pair.at(self.folder, "client")

    @property
    def sites(self) -> Pair:
        """Certificate of all https sites."""
        return Pair.at(self.folder, "sites")

    @property
    def corruption(self) -> Path:
        """Where shared disks that two nodes had online are written down."""
        return self.folder / "shared" / "corruption.jsonl"

    @property
    def settings(self) -> Path:
        """Where the lab came from."""
        return self.folder / "lab.json"

    @property
    def runtime(self) -> Path:
        """The folder of the sockets: short, because socket paths are limited to 108 bytes."""
        digest = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        if len(str(base)) > 40 or not os.access(base, os.W_OK):
            base = Path(tempfile.gettempdir())
        return base / f"standby-lab-{os.getuid()}-{digest}"

    def node(self, name: str) -> Path:
        """A node's folder."""
        return self.folder / "nodes" / name

    def folders(self, name: str) -> Folders:
        """A node's folders, as its machine takes them."""
        return Folders(self.node(name), self.folder / "shared")

    def events(self, name: str) -> Path:
        """A node's event log."""
        return self.node(name) / "events.jsonl"

    def certificates(self, name: str) -> Path:
        """A node's certificate stores, as lab/machine/certstore.py has them."""
        return self.node(name) / "certificates.json"

    def mark(self, name: str) -> str:
        """What a node's real processes carry in their environment."""
        return str(self.node(name).resolve())

    def clock(self, name: str) -> Path:
        """The page of a node's clocks."""
        return self.node(name).resolve() / "clock"

    def links(self, name: str) -> Path:
        """A node's file of the link table."""
        return self.folder.resolve() / "links" / f"{name}.json"

    def root(self, name: str) -> Path:
        """What stands for the drives and shares of a node in its real processes."""
        return self.node(name).resolve() / "root"

    def share(self, witness: str) -> Path:
        """The folder behind the share of a witness."""
        return self.folder.resolve() / "witnesses" / witness

    def stopped(self, name: str) -> Path:
        """The real processes that stand still because their node hangs."""
        return self.runtime / f"{name}.stopped"

    def control(self, name: str) -> Path:
        """A node's control socket."""
        return self.runtime / f"{name}.ctl"

    def pid_file(self, name: str) -> Path:
        """The process id of a node or an alien host."""
        return self.runtime / f"{name}.pid"

    @property
    def switch(self) -> Path:
        """The process id of the switch, where nodes have network namespaces."""
        return self.runtime / "switch"

    def server(self, name: str) -> Pair:
        """Certificate of a node's WinRM listener."""
        return Pair.at(self.node(name), "server")

    def write_settings(self, topology: Path, network: str | None) -> None:
        """Remember what the lab was made from."""
        document = {"topology": str(topology.resolve()), "network": network}
        write_atomically(self.settings, json.dumps(document))

    @property
    def network(self) -> str | None:
        """The network that stands for 127.77, None for that itself."""
        network: str | None = json.loads(self.settings.read_text(encoding="utf-8"))["network"]
        return network

    def topology(self) -> Topology:
        """The lab's topology.

        Raises:
            NoLab: there is no lab here.
        """
        if not self.settings.exists():
            raise NoLab(f"there is no lab in {self.folder}: start one with `python -m lab up`")
        document = json.loads(self.settings.read_text(encoding="utf-8"))
        return load(Path(document["topology"]), document["network"])
