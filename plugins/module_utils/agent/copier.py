# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mirrors of this node that agents copy: a thread for each, and what passes between the agents."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from ..errors import StandbyError, foreseen
from ..ha.mirror import by_agents, mirrors
from ..ha.model import Hierarchy, Volume
from ..node import Node
from .copies import CopiedVolume, NotReached, Ownership, Told, told_in
from .peers.client import PeerError, Reason

COPIES = "copies"
# Rounds in an RPO, so that a copy may take some of it; seconds between two at the least.
_ROUNDS, _SHORTEST = 4, 0.5
_UNREACHED = (Reason.SILENT, Reason.CLOSED)

# Asks a peer; raises PeerError.
Ask: TypeAlias = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def nobody(peer: str, _payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """An agent that has no way to ask others."""
    raise PeerError("it cannot be asked by this agent", Reason.SILENT, peer)


def copied(hierarchies: Iterable[Hierarchy]) -> list[tuple[Hierarchy, Volume]]:
    """The mirrored volumes that agents copy, each with its hierarchy."""
    return [(one, volume) for one in hierarchies for volume in mirrors(one.volumes) if by_agents(volume)]


class Copier:
    """Those of one node.

    Args:
        node: this machine; used by several threads at once.
        hierarchies: that have this node.
        ask: see Ask.
        ownership: of a hierarchy, now; called on any thread.
        problem: takes sentences, on any thread.
    """

    def __init__(
        self,
        node: Node,
        hierarchies: Iterable[Hierarchy],
        ask: Ask,
        ownership: Callable[[str], Ownership],
        problem: Callable[[str], None],
    ) -> None:
        self._name, self._ask, self._problem = node.name, ask, problem
        self._ended = threading.Event()
        self._volumes: dict[str, tuple[CopiedVolume, float]] = {}
        self._of: dict[str, list[CopiedVolume]] = {}
        for hierarchy, volume in copied(hierarchies):
            one = CopiedVolume(
                node, volume, self._asker(volume), partial(ownership, hierarchy.name), time.time
            )
            rpo = volume.mirror.rpo if volume.mirror is not None and volume.mirror.rpo else 1
            self._volumes[volume.path] = one, max(_SHORTEST, rpo / _ROUNDS)
            self._of.setdefault(hierarchy.name, []).append(one)

    def begin(self) -> None:
        """Copy from now on."""
        for path, (one, interval) in self._volumes.items():
            arguments = (path, one, interval)
            threading.Thread(target=self._run, args=arguments, name=f"copy {path}", daemon=True).start()

    def close(self) -> None:
        """Begin no more copies."""
        self._ended.set()

    def sources(self) -> list[str]:
        """The hierarchies of which this node is the source of a mirror."""
        return [name for name, ends in self._of.items() if any(one.source for one in ends)]

    def answer(self, _peer: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A peer tells of its end of a mirror, and asks for this one.

        Raises:
            StandbyError: there is none, or it cannot be read.
        """
        found = self._volumes.get(str(payload.get("volume")))
        if found is None:
            raise StandbyError(f"{payload.get('volume')} is not mirrored here, as this agent knows")
        return found[0].answer(told_in(payload), payload.get("fresh") is True).document()

    def turn(self, volume: Volume, *, promote: bool) -> None:
        """Have this node be the source of a mirror.

        Raises:
            StandbyError: it does not become one, and why.
        """
        try:
            self._volumes[volume.path][0].turn(promote=promote)
        except StandbyError as failure:
            failure.node, failure.resource = failure.node or self._name, volume.id
            failure.remedy = failure.remedy or "See to the other node, from which the rest is to be copied"
            raise

    def _run(self, path: str, one: CopiedVolume, interval: float) -> None:
        told = ""
        while not self._ended.wait(interval):
            try:
                one.round()
            except Exception as error:
                problem = str(foreseen(error, self._name, f"volume {path}"))
                if problem != told:
                    self._problem(f"The mirror of {path} is not copied: {problem}")
                told = problem
            else:
                told = ""

    def _asker(self, volume: Volume) -> Callable[[Told, bool], Told]:
        peer = next(name for name in volume.nodes if name != self._name)

        def ask(told: Told, fresh: bool) -> Told:
            try:
                answer = self._ask(peer, {**told.document(), "volume": volume.path, "fresh": fresh})
            except PeerError as failure:
                if failure.reason in _UNREACHED:
                    raise NotReached(f"the agent of {peer} does not answer") from failure
                raise
            return told_in(answer)

        return ask
