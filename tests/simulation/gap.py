# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented limit of a mirror: its copying stops, and its owner is lost before that is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.standby.iis.plugins.module_utils.agent.mirror_doubt import tolerance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import LocalState
from tests.simulation.world import STORE

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World


class Gap:
    """Time in which a source writes alone.

    Args:
        world: the simulated one.
        hierarchy: of the mirror.
        rpo: seconds that may be lost by policy.
    """

    def __init__(self, world: World, hierarchy: str, rpo: float) -> None:
        self._world = world
        self._hierarchy = hierarchy
        self._rpo = rpo
        timers = world.timers
        # A look, a write before that has no answer, and the steps of the mirror.
        self._notice = timers.interval + timers.store_timeout + world.lag + 1.0
        self._worst = tolerance(timers, timers.interval) + timers.ttl + world.lag + 1.0
        self._well_since: float | None = None
        self._seen = False

    def watch(self, source: Node, written: Sequence[tuple[float, int]], *, whole: bool) -> None:
        """Every half second: the source has acknowledged writes that the other node does not have."""
        now = self._world.timeline.now
        if whole:
            self.forget()
        elif not written or not self._well(source):
            self._well_since = None
        elif self._well_since is None:
            self._well_since = now
        elif now - self._well_since > self._notice:
            self._seen = True

    def _well(self, source: Node) -> bool:
        """Its agent could see that it writes alone, and write that down."""
        world, name = self._world, source.name
        if source.memory is None or source.frozen() or not world.up or world.loss or world.late:
            return False
        if (name, STORE) in world.cut or (STORE, name) in world.cut:
            return False
        return source.memory.local[self._hierarchy].state is LocalState.UP

    def forget(self) -> None:
        """What was written alone counts no more."""
        self._well_since, self._seen = None, False

    def excuse(self, first: float, last: float) -> str:
        """What allows the loss of writes that were acknowledged between two times; "" where nothing does."""
        if last - first <= self._rpo:
            return "within the RPO"
        if not self._seen and last - first <= self._rpo + self._worst:
            return "within the limit"
        return ""
