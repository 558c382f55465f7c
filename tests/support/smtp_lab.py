# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab with SMTP virtual servers: what an application does with them, what lies in their queues."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.cluster_lab import SHARED, ClusterLab
from tests.support.smtp_bench import NextHop, send

MAIL, SECOND = "SMTPvs & Co", "Second"
PORT, HOP_PORT = 2525, 2526
OCTETS = {MAIL: 211, SECOND: 212}


class SmtpLab:
    """The cluster of ``topologies/smtp.yml``; MAIL keeps its mail on a shared disk, SECOND on E:."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.cluster = ClusterLab(lab)

    def declare(self) -> None:
        """Both virtual servers with what they depend on."""
        self.cluster.volume("E:")
        self.cluster.volume("F:", SHARED)
        for name, last in OCTETS.items():
            self.cluster.ip(last, 16)
            self.cluster.protect(name)

    def address(self, name: str = MAIL) -> str:
        return self.lab.address(f"1.{OCTETS[name]}")

    def hop(self) -> NextHop:
        """Where both deliver to, from when it is entered on."""
        return NextHop(self.lab.address("0.30"), HOP_PORT)

    def send(self, subject: str, name: str = MAIL) -> None:
        send(self.address(name), PORT, subject)

    def serves(self, name: str = MAIL) -> bool:
        try:
            with smtplib.SMTP(self.address(name), PORT, local_hostname="client.example.com", timeout=3):
                return True
        except OSError:
            return False

    def states(self, name: str = MAIL) -> list[str]:
        return [self.lab.status(node)["smtp"].get(name, "absent") for node in self.cluster.nodes]

    @property
    def shared_queue(self) -> list[Path]:
        """What waits in the queue of MAIL, on whatever node."""
        folder = self.lab.state.folder / "shared" / "web" / "web-1" / "mail" / "Queue"
        return sorted(folder.glob("*.EML")) if folder.is_dir() else []

    def queue(self, node: str) -> list[Path]:
        """What waits in the queue of SECOND on a node."""
        folder = self.lab.state.node(node) / "drives" / "E" / "mail" / "Queue"
        return sorted(folder.glob("*.EML")) if folder.is_dir() else []

    def until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "not in time"
            time.sleep(0.05)
