# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at the controllers of the other nodes from time to time: one that fails is told before its day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import foreseen
from .fence_providers import fence_of
from .log import wall
from .settings import Settings

# Seconds between two looks: a controller is needed once in a long while, and knows few sessions at a time.
EVERY = 3600.0
# Seconds until the first look of a worker, so that one that does not stay up asks for nothing.
FIRST = 60.0


class FenceWatch:
    """Asks for power states on a thread of its own, which ends with the process.

    Args:
        settings: which name the controllers.
        here: where a Windows path is on this machine.
        problem: takes a sentence when one fails that did not before.
        tell: takes a sentence when one answers again.
    """

    def __init__(
        self,
        settings: Settings,
        here: Callable[[str], Path],
        problem: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._settings, self._here, self._problem, self._tell = settings, here, problem, tell
        self._nodes = sorted(set(settings.bmcs) - {settings.node})
        self._looked: dict[str, dict[str, Any]] = {}
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin, where there is anything to look at."""
        if self._nodes:
            threading.Thread(target=self._run, name="fence watch", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def shown(self, node: str) -> dict[str, Any] | None:
        """How a node's controller answered last: ``well``, ``told``, ``at``; None where it was not asked."""
        return self._looked.get(node)

    def look(self) -> None:
        """Ask every controller now, one after the other."""
        for node in self._nodes:
            try:
                well, told = True, fence_of(self._settings, node, self._here).look()
            except Exception as error:
                well, told = False, str(foreseen(error, node))
            before = self._looked.get(node)
            self._looked[node] = {"well": well, "told": told, "at": wall()}
            if not well and (before is None or before["well"]):
                self._problem(f"the fence of {node} would not work: {told}")
            elif well and before is not None and not before["well"]:
                self._tell(f"the fence of {node} would work again: {told}")

    def _run(self) -> None:
        wait = FIRST
        while not self._closed.wait(wait):
            self.look()
            wait = EVERY
