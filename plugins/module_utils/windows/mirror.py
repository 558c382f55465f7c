# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mirrors of volumes, whatever does the copying: what a node shows of one, and what a provider has to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from ..node import Clock, Node


class Role(str, Enum):
    """What a node's end of a mirror is."""

    SOURCE = "source"  # its volume is in use, and is copied
    DESTINATION = "destination"  # it takes the copy, and its volume cannot be used
    UNPAIRED = "unpaired"  # nothing is copied: the mirror was never made, or was removed


class Copy(str, Enum):
    """How far the copy has come, as one end sees it."""

    IN_SYNC = "in_sync"  # of asynchronous mirrors: within the RPO
    BEHIND = "behind"  # an asynchronous mirror beyond its RPO
    CATCHING_UP = "catching_up"  # what was missed is being copied
    INITIAL = "initial"  # the first copy is being made
    DISCONNECTED = "disconnected"  # the other end cannot be reached
    SUSPENDED = "suspended"
    FAILED = "failed"
    NONE = "none"  # there is no mirror
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Side:
    """One node's end of a mirror, as that node shows it.

    Attributes:
        group: name of its replication group.
        role: see Role.
        copy: see Copy.
        words: the provider's own word for its state.
        synchronous: a write is done once both ends have it.
        rpo: seconds by which the copy of an asynchronous mirror may be behind, as its provider was told; None
            where it is synchronous, or does not tell.
        log_size: of its log, bytes; None where it has none, or that is not told.
        remaining: bytes still to be copied, as this end knows.
        last_in_sync: when the copy was last complete, UTC; None where that is not told.
    """

    group: str
    role: Role
    copy: Copy
    words: str
    synchronous: bool = True
    remaining: int = 0
    last_in_sync: datetime | None = None
    rpo: int | None = None
    log_size: int | None = None


@dataclass(frozen=True)
class End:
    """One end of a mirror, as a provider is told of it.

    Attributes:
        computer: name by which the other end reaches it.
        group: name of the replication group.
        volume: access path of the data volume.
        log: access path of the log volume.
    """

    computer: str
    group: str
    volume: str
    log: str


@dataclass(frozen=True)
class Making:
    """What an end is made with, beside where it is.

    Attributes:
        log_size: of the log, bytes.
        readers: accounts that may read the volume over the network.
    """

    log_size: int = 0
    readers: tuple[str, ...] = ()


class Provider(Protocol):
    """What copies volumes. Every operation runs on the node that it is given, and raises StandbyError."""

    def sides(self, node: Node) -> tuple[Side, ...]:
        """Every end that a node has; none where the provider is not installed there."""

    def create_end(self, node: Node, own: End, making: Making) -> None:
        """Make one end, on its own node."""

    def accept(self, node: Node, own: End, other: End, rpo: int | None) -> None:
        """Be ready to be the destination, on its own node, before the source's node begins to copy."""

    def pair(
        self, node: Node, source: End, destination: End, *, synchronous: bool, rpo: int | None, seeded: bool
    ) -> None:
        """Begin to copy from one end to the other, on the source's node. What the destination has is lost."""

    def suspend(self, node: Node, own: End) -> None:
        """Copy no more for the time being; writes to the source go on."""

    def resume(self, node: Node, own: End) -> None:
        """Copy again."""

    def state_rpo(self, node: Node, own: End, other: End, rpo: int) -> None:
        """Have an asynchronous mirror that is there state another RPO, seconds; see ``ha/mirror_work.py``."""

    def reverse(self, node: Node, own: End, other: End) -> None:
        """Have the node's own end be the source from now on; both ends are there."""

    def promote(self, node: Node, own: End, other: End, clock: Clock) -> None:
        """Have the node's own end be usable although the source is dead or cannot be reached."""

    def unpair(self, node: Node, source: End, destination: End, *, alone: bool) -> None:
        """End the copying, on the source's node; ``alone`` where the other end cannot be reached."""

    def remove_end(self, node: Node, own: End) -> None:
        """Remove an end that nothing is copied from or to; its volume stays, and can be used again."""
