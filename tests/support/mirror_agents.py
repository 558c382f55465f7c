# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents over a mirrored volume, and a client that writes to it and remembers what was acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.standby.iis.plugins.module_utils.control.mirror import MirrorOrder, ensure_mirror
from ansible_collections.standby.iis.plugins.module_utils.control.mirror_request import MirrorWanted
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest
from lab.control import ControlError
from lab.runner import LabError
from tests.support.agent_lab import AgentLab
from tests.support.mirror_lab import SITE, until

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

FILE = "R:\\web\\written.txt"


class MirrorAgents(AgentLab):
    """Two nodes with agents, and a site on a mirrored volume."""

    site = SITE

    def __init__(self, lab: LabUnderTest, wanted: MirrorWanted | None = None, **more: Any) -> None:
        super().__init__(lab, **more)
        self.wanted = wanted or MirrorWanted("L:")

    def declare(self) -> None:
        """The mirror, in sync, and the site on it."""
        self.cluster.ip(self.last, 16, dad_transmits=0)
        self._order(check=False)
        until(self.in_sync)
        self.cluster.protect(self.site, self.deep_check)
        self.witness.start()

    def _order(self, *, check: bool) -> dict[str, Any]:
        with self.cluster.fleet() as fleet:
            request = VolumeRequest("R:", "mirror", self.cluster.nodes, mirror=self.wanted)
            return dict(ensure_mirror(fleet, request, MirrorOrder(), check).data["mirror"])

    def in_sync(self) -> bool:
        """Both ends show that the copy is complete."""
        return self._order(check=True)["condition"] in ("in_sync", "within_rpo")

    @property
    def current(self) -> tuple[str, ...]:
        """Who may take over, by the witness."""
        return self.record.current or ()

    def sentence(self, name: str) -> str:
        """What the agent of a node says of the site."""
        return str(self.here(name).get("sentence", ""))


@dataclass
class Writer:
    """A client that appends numbered lines by whichever node serves the site.

    Attributes:
        acknowledged: the lines that a node said are written, each with the offset that it named.
        times: when, by number of the line.
    """

    lab: LabUnderTest
    nodes: tuple[str, ...]
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    _number: int = 0
    _ends: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write until the end of the block."""
        thread = threading.Thread(target=self._write, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()

    def _write(self) -> None:
        while not self._ends.is_set():
            for name in self.nodes:
                line = f"{self._number:08} from a client of {name}\n"
                try:
                    offset = self.lab.write(name, FILE, line, timeout=3.0)
                except (ControlError, LabError):
                    continue
                self.times.append(time.monotonic())
                self.acknowledged.append((offset, line))
                self._number += 1
            time.sleep(0.02)

    def goes_on(self, seconds: float) -> None:
        """Wait until something more is acknowledged."""
        before = len(self.acknowledged)
        until(lambda: len(self.acknowledged) > before, seconds)

    def missing(self, name: str) -> list[tuple[int, str]]:
        """The acknowledged lines that a node's volume does not hold where they were written."""
        known = list(self.acknowledged)
        file = self.lab.state.node(name) / "drives" / "R" / "web" / "written.txt"
        content = file.read_bytes() if file.exists() else b""
        return [(at, line) for at, line in known if content[at : at + len(line)] != line.encode()]
