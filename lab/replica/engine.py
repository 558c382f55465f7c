# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage Replica at work: the source copies its volume to the destination, which nobody can use meanwhile.

What the documentation leaves open is chosen so that a client which relies on the kinder reading fails here:
a destination shows its drive letter; a source whose destination is gone goes on acknowledging writes (its log
is there "to allow an interruption in service between source and destination"); a reversal is refused unless
the copy is complete.
"""

from __future__ import annotations

import uuid

from .destination import Destination
from .ends import Refused, Surroundings
from .groups import Group, Kept, Status
from .peers import NotReached

__all__ = ["Refused", "Replication", "Surroundings"]

# Seconds for a source to send the rest before it is none any more.
_LAST_WRITES = 20.0


class Replication(Destination):
    """The replication of one node: its power, and what operators ask of it."""

    # Power

    async def start(self) -> None:
        """Boot: destinations are not mounted, sources go on copying."""
        for group in self.groups.found.values():
            self._place(group)
            self._go_on(group)
        await self._peers.serve(self._answer)

    async def stop(self) -> None:
        """Shut down."""
        await self._peers.close()
        for group in self.groups.found.values():
            self._halt(group)

    # What an operator asks for

    def create(self, kept: Kept) -> Group:
        """A new group, in no partnership."""
        group = self.groups.found[kept.name] = Group(kept)
        self._save("mirror_group", group)
        return group

    async def pair(self, group: Group, partner: str, other: str, mode: int, rpo: int) -> None:
        """Make a partnership with this node as its source.

        Raises:
            NotReached, Refused: the other node cannot be reached or does not fit.
        """
        size = self.part(group).size
        identity = "{" + str(uuid.uuid4()) + "}"
        generation = group.kept.generation + 1
        message = {
            "operation": "pair",
            "group": other,
            "partner": self._around.computer,
            "partner_group": group.kept.name,
            "partnership": identity,
            "mode": mode,
            "rpo": rpo,
            "generation": generation,
            "size": size,
        }
        await self._ask(partner, message)
        self._take(group, partner, other, identity, mode, rpo, generation, primary=True)

    async def reverse(self, group: Group) -> None:
        """Have this node be the source.

        Raises:
            Refused: the copy is not complete, or was never.
        """
        kept = group.kept
        if not kept.partner:
            raise Refused(f"The replication group {kept.name} is in no partnership.")
        if kept.primary:
            return
        if self.status(group) is Status.INITIAL_BLOCK_COPY or not kept.ever or not kept.complete:
            raise Refused(f"The replication group {kept.name} holds no complete copy of its source.")
        generation = kept.generation + 1
        message = {"operation": "demote", "group": kept.partner_group, "generation": generation}
        try:
            await self._ask(kept.partner, {**message, "partnership": kept.partnership}, _LAST_WRITES)
        except NotReached as silent:
            fault = self._around.faults.get("mirror_promote") or {}
            await self._around.clock.sleep(float(str(fault.get("seconds", 0.3))))
            if fault.get("action") == "refuse":
                raise Refused(f"The source {kept.partner} is not available.") from silent
        self._turn(group, generation, primary=True)

    async def state_rpo(self, group: Group, rpo: int) -> None:
        """Have both groups of a partnership state another RPO.

        Raises:
            NotReached: the other end cannot be reached.
        """
        kept = group.kept
        message = {
            "operation": "rpo",
            "group": kept.partner_group,
            "partnership": kept.partnership,
            "rpo": rpo,
        }
        await self._ask(kept.partner, message)
        self._state_rpo(group, rpo)

    async def unpair(self, group: Group, *, alone: bool) -> None:
        """End a partnership, at both ends or here alone.

        Raises:
            NotReached: the other end cannot be reached, and it was not said that this does not matter.
        """
        kept = group.kept
        try:
            await self._ask(
                kept.partner,
                {"operation": "unpair", "group": kept.partner_group, "partnership": kept.partnership},
            )
        except (NotReached, Refused):
            if not alone:
                raise
        self._part_with(group)

    def remove(self, group: Group) -> None:
        """Remove a group that is in no partnership; its volume is mounted again."""
        self._halt(group)
        part = self.part(group)
        del self.groups.found[group.kept.name]
        self._mount(part, replica=False)
        self._save("mirror_group_removed", group)

    def suspend(self, group: Group, suspended: bool) -> None:
        """Stop copying, or go on."""
        group.kept.suspended = suspended
        group.live = False
        self._save("mirror_suspended" if suspended else "mirror_resumed", group)
        self._halt(group)
        self._go_on(group)
