# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node keeps of its replication groups, and what it shows of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically

SYNCHRONOUS, ASYNCHRONOUS = 1, 2
# Set-SRPartnership's page: the default RPO is 30 seconds, and has an effect on what is reported alone.
DEFAULT_RPO = 30


class Status(IntEnum):
    """ReplicationStatus of MSFT_WvrReplicationGroup and MSFT_WvrReplica."""

    CONTINUOUS = 1
    FAILED = 4
    SUSPENDED = 5
    CONNECTING_TO_SOURCE = 6
    WAITING_FOR_DESTINATION = 7
    LOG_COPY_FROM_SOURCE = 8
    BLOCK_COPY_FROM_SOURCE = 9
    INITIAL_BLOCK_COPY = 10
    OUT_OF_RPO = 11
    IN_RPO = 12
    LOG_COPY_TO_DESTINATION = 13
    BLOCK_COPY_TO_DESTINATION = 14
    NOT_IN_PARTNERSHIP = 15


@dataclass
class Kept:
    """A replication group as it survives a restart.

    Attributes:
        volume: access path of its data volume, final backslash included.
        partner: computer name of the other end, "" where it is in no partnership.
        generation: rises whenever the direction changes: of two that take themselves for the source, the
            higher one is.
        complete: of a destination: it holds a consistent copy, however old.
        ever: it was in sync at some time.
        lsn: number of the last write.
        in_sync_at: time of day of the last moment in sync, seconds since 1970.
    """

    name: str
    id: str
    volume: str
    log_volume: str
    log_size: int
    description: str = ""
    partner: str = ""
    partner_group: str = ""
    partnership: str = ""
    mode: int = SYNCHRONOUS
    rpo: int = DEFAULT_RPO
    primary: bool = False
    suspended: bool = False
    generation: int = 0
    complete: bool = True
    ever: bool = False
    lsn: int = 0
    in_sync_at: float | None = None
    out_of_sync_at: float | None = None


@dataclass
class Group:
    """A replication group at work.

    Attributes:
        live: of a source: every write goes to the other end.
        copying: the status while it copies, None else.
        remaining: bytes still to be copied.
        recovered: bytes copied since the copying began.
        draining: the copying is being turned round: writes wait.
        behind_since: own clock since when a write has not reached the other end; None where all have.
        heard: own clock when the source was last heard of.
        lock: writes and copying take turns.
        sent: files as they were last sent: size and time of change.
    """

    kept: Kept
    live: bool = False
    copying: Status | None = None
    remaining: int = 0
    recovered: int = 0
    behind_since: float | None = None
    draining: bool = False
    heard: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    def status(self, now: float, silence: float) -> Status:
        """What it shows.

        Args:
            now: own clock.
            silence: seconds after which a source counts as not connected.
        """
        kept = self.kept
        if not kept.partner:
            return Status.NOT_IN_PARTNERSHIP
        if kept.suspended:
            return Status.SUSPENDED
        if not kept.primary:
            if now - self.heard > silence:
                return Status.CONNECTING_TO_SOURCE
            return self.copying or (Status.CONTINUOUS if kept.mode == SYNCHRONOUS else self._rpo(now))
        if not self.live:
            return self.copying or Status.WAITING_FOR_DESTINATION
        return Status.CONTINUOUS if kept.mode == SYNCHRONOUS else self._rpo(now)

    def _rpo(self, now: float) -> Status:
        late = self.behind_since is not None and now - self.behind_since > self.kept.rpo
        return Status.OUT_OF_RPO if late else Status.IN_RPO


class Groups:
    """The groups of a node, in a file.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: dict[str, Group] = {}
        if path.exists():
            document: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            self.found = {one["name"]: Group(Kept(**one)) for one in document}

    def named(self, name: str) -> Group | None:
        """The group of that name, without regard to case."""
        return next((one for one in self.found.values() if one.kept.name.casefold() == name.casefold()), None)

    def of_volume(self, volume: str) -> Group | None:
        """The group that has a data volume."""
        return next((g for g in self.found.values() if g.kept.volume.casefold() == volume.casefold()), None)

    def save(self) -> None:
        """Write it down."""
        write_atomically(self._path, json.dumps([asdict(one.kept) for one in self.found.values()], indent=1))
