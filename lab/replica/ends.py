# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's ends of mirrors: their volumes, their roles, and how they speak to the other node."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.machine.clock import Clock
from lab.machine.faults import Faults
from lab.machine.storage import Part, Storage

from .groups import Group, Groups, Status
from .peers import Message, NotReached, Peers

# Seconds without an answer until the other end counts as gone.
PATIENCE = 1.0
# Seconds without a word from the source until a destination shows that it is not connected.
SILENCE = 1.0


class Refused(RuntimeError):
    """What was asked cannot be done; the message says why."""


@dataclass(frozen=True)
class Surroundings:
    """What replication needs of its machine.

    Attributes:
        computer: its name.
        wall: time of day, seconds since 1970.
        record: event log.
        changed: called when a volume came or went.
    """

    computer: str
    clock: Clock
    faults: Faults
    wall: Callable[[], float]
    record: Callable[..., None]
    changed: Callable[[], None]


class Ends(ABC):
    """The ends of one node.

    Args:
        storage: its volumes.
        path: file of its groups.
        peers: the other nodes' replication.
        around: the machine.
    """

    def __init__(self, storage: Storage, path: Path, peers: Peers, around: Surroundings) -> None:
        self._storage, self._peers, self._around = storage, peers, around
        self.groups = Groups(path)

    def part(self, group: Group) -> Part:
        """The data partition of a group.

        Raises:
            Refused: there is none.
        """
        found = self._storage.owner_of(group.kept.volume)
        if found is None:
            raise Refused(f"The volume {group.kept.volume} of {group.kept.name} was not found.")
        return found

    def status(self, group: Group) -> Status:
        """What a group shows."""
        return group.status(self._around.clock.now(), SILENCE)

    async def _ask(self, computer: str, message: Message, patience: float = PATIENCE) -> Message:
        if (self._around.faults.get("mirror") or {}).get("action") == "cut":
            raise NotReached("the mirror's network is cut")
        answer = await self._peers.call(computer, message, patience)
        if "refused" in answer:
            raise Refused(str(answer["refused"]))
        return answer

    def _to_destination(self, group: Group, operation: str, **more: Any) -> dict[str, Any]:
        kept = group.kept
        return {
            "operation": operation,
            "group": kept.partner_group,
            "partnership": kept.partnership,
            "generation": kept.generation,
            "lsn": kept.lsn,
            "remaining": group.remaining,
            "behind": self._behind(group),
            **more,
        }

    def _behind(self, group: Group) -> float | None:
        """Seconds by which the other end may be behind; None where it has everything."""
        return None if group.behind_since is None else self._around.clock.now() - group.behind_since

    # Changes of a group

    def _take(
        self,
        group: Group,
        partner: str,
        partner_group: str,
        partnership: str,
        mode: int,
        rpo: int,
        generation: int,
        *,
        primary: bool,
    ) -> None:
        kept = group.kept
        kept.partner, kept.partner_group, kept.partnership = partner, partner_group, partnership
        kept.mode, kept.rpo, kept.ever, kept.suspended = mode, rpo, False, False
        self._turn(group, generation, primary=primary)

    def _turn(self, group: Group, generation: int, *, primary: bool) -> None:
        kept = group.kept
        kept.primary, kept.generation = primary, generation
        self._save("mirror_source" if primary else "mirror_destination", group)
        current = asyncio.current_task()
        if group.task is not current:
            self._halt(group)
        group.live, group.copying, group.task = False, None, None
        self._place(group)
        self._go_on(group)

    def _state_rpo(self, group: Group, rpo: int) -> None:
        group.kept.rpo = rpo
        self._save("mirror_rpo", group)

    def _part_with(self, group: Group) -> None:
        """A destination stays dismounted until its group is removed."""
        self._halt(group)
        group.kept.partner = group.kept.partner_group = group.kept.partnership = ""
        self._save("mirror_unpaired", group)

    def _place(self, group: Group) -> None:
        kept = group.kept
        self._mount(self.part(group), replica=bool(kept.partner) and not kept.primary)

    def _mount(self, part: Part, *, replica: bool) -> None:
        if part.replica is not replica:
            part.replica = replica
            self._around.changed()

    def _save(self, event: str, group: Group) -> None:
        self.groups.save()
        self._around.record(event, group=group.kept.name, generation=group.kept.generation)

    def _go_on(self, group: Group) -> None:
        """Copy, where this end is a source and nothing keeps it from that."""
        kept = group.kept
        if kept.partner and kept.primary and not kept.suspended:
            group.task = asyncio.get_running_loop().create_task(self._copy(group))

    @abstractmethod
    async def _copy(self, group: Group) -> None:
        """What a source does."""

    @staticmethod
    def _halt(group: Group) -> None:
        group.live, group.copying = False, None
        if group.task is not None:
            group.task.cancel()
            group.task = None

    def _note_in_sync(self, group: Group) -> None:
        group.kept.in_sync_at = self._around.wall()
