# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
r"""Mirrors that the agents copy with robocopy: what each node keeps of its end, and its share.

The controller makes and removes ends, and says what it wants of them in a value of its own (``told``). Who is
source, and how far the copy is, only the node's own agent writes (``agent/copies.py``). Neither undoes what
the other has written meanwhile, and a node overwrites nothing but its own volume. Times of a node's clock are
compared with that clock alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..errors import BadDocument, StandbyError
from ..node import Clock, Node
from . import registry, smb_share
from .environment import OPERATING_SYSTEM
from .failure import about
from .mirror import Copy, End, Making, Role, Side

KEY = "SOFTWARE\\standby.iis.mirrors"
_GROUPS, _END, _TOLD, _COPY = "groups", "end ", "told ", "copy "
_DESCRIPTION = "standby.iis: the other node of a mirror reads this volume"
# Seconds by which a clock may go back without a copy being taken for one of the future.
_SLACK = 2.0


@dataclass(frozen=True)
class Kept:
    """An end, as its node keeps it.

    Attributes:
        group: its name.
        volume: access path.
        role: of this end.
        generation: rises whenever the direction turns; of two sources the higher one counts.
        rpo: seconds by which the copy may be behind.
        suspended: nothing is to be copied.
    """

    group: str
    volume: str
    role: Role = Role.UNPAIRED
    generation: int = 0
    rpo: int = 0
    suspended: bool = False


@dataclass(frozen=True)
class Progress:
    """How far the copy is, as one end knows.

    Attributes:
        of: when the source had what the last verified copy holds, by the clock of the node that keeps this;
            None where there is none.
        at: the same moment as the source told it, by its own clock; of destinations alone.
        applying: digest of what the volume is being made to hold at this moment, "" mostly.
        problem: why the last attempt failed, "" where it did not.
        failed: it failed for another reason than that the other node was not there.
    """

    of: float | None = None
    at: float | None = None
    applying: str = ""
    problem: str = ""
    failed: bool = False


def share_name(end: End) -> str:
    """The share through which the other node reads the volume."""
    return f"{end.group}$"


def share_path(end: End) -> str:
    r"""``\\SERVER1\standby-R-server1$``."""
    return f"\\\\{end.computer}\\{share_name(end)}"


def read_end(node: Node, group: str) -> Kept | None:
    """An end, None where the node has none of this name."""
    kept: Kept | None = None
    for name in (_END + group, _TOLD + group):
        text = registry.read_value(node, KEY, name)
        try:
            if text:
                kept = _kept(json.loads(text)) if kept is None else replace(kept, **json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            raise BadDocument(f"HKLM\\{KEY}, {name}: {error}", node=node.name) from error
        if kept is None:
            break
    return kept


def write_end(node: Node, end: Kept) -> None:
    """Keep an end, in the place of what was kept of it."""
    text = json.dumps({**asdict(end), "role": end.role.value})
    registry.write_value(node, KEY, _END + end.group, text)


def _tell(node: Node, group: str, rpo: int, *, suspended: bool) -> None:
    """What the controller wants of an end that is there, whatever becomes of it meanwhile."""
    text = json.dumps({"rpo": rpo, "suspended": suspended})
    registry.write_value(node, KEY, _TOLD + group, text)


def read_progress(node: Node, group: str) -> Progress:
    """How far the copy of an end is."""
    text = registry.read_value(node, KEY, _COPY + group)
    try:
        return Progress(**json.loads(text)) if text else Progress()
    except (ValueError, TypeError) as error:
        raise BadDocument(f"HKLM\\{KEY}, {_COPY}{group}: {error}", node=node.name) from error


def write_progress(node: Node, group: str, progress: Progress) -> None:
    """Keep how far the copy of an end is."""
    registry.write_value(node, KEY, _COPY + group, json.dumps(asdict(progress)))


def side_of(end: Kept, progress: Progress, now: float) -> Side:
    """An end as all providers show it.

    Args:
        end: as it is kept.
        progress: of it.
        now: seconds since 1970 by the clock of its node.
    """
    age = None if progress.of is None else now - progress.of
    copy, words = _copy(end, progress, age)
    return Side(
        group=end.group,
        role=end.role,
        copy=copy,
        words=words,
        synchronous=False,
        last_in_sync=None if progress.of is None else datetime.fromtimestamp(progress.of, UTC),
        rpo=end.rpo or None,
    )


def _copy(end: Kept, progress: Progress, age: float | None) -> tuple[Copy, str]:
    if end.role is Role.UNPAIRED:
        return Copy.NONE, "nothing is copied"
    if end.suspended:
        return Copy.SUSPENDED, "suspended"
    if progress.applying:
        return Copy.CATCHING_UP, progress.problem or "a new copy is being taken over"
    told = f"; {progress.problem}" if progress.problem else ""
    if age is None:
        return Copy.INITIAL, f"no copy has been verified yet{told}"
    words = f"verified copy of {age:.0f} s ago, RPO {end.rpo} s"
    if -_SLACK <= age <= end.rpo:
        return Copy.IN_SYNC, words
    if not progress.problem:
        return Copy.BEHIND, words
    return (Copy.FAILED if progress.failed else Copy.DISCONNECTED), words + told


class Copied:
    """Mirrors that the agents copy."""

    def sides(self, node: Node) -> tuple[Side, ...]:
        """From the registry, compared with the clock of the node."""
        ends = [end for group in _groups(node) if (end := read_end(node, group)) is not None]
        if not ends:
            return ()
        now = _now(node)
        return tuple(side_of(end, read_progress(node, end.group), now) for end in ends)

    def create_end(self, node: Node, own: End, making: Making) -> None:
        """Share the volume with those who may read it, and keep the end."""
        name = share_name(own)
        if smb_share.read_share(node, name) is None:
            folder = own.volume
            smb_share.create_share(
                node, name, folder, making.readers, encrypt=True, description=_DESCRIPTION, right="ReadAccess"
            )
        write_end(node, Kept(own.group, own.volume))
        _write_groups(node, {*_groups(node), own.group})

    def accept(self, node: Node, own: End, other: End, rpo: int | None) -> None:
        """Be the destination."""
        del other
        self._become(node, own, Role.DESTINATION, rpo)

    def pair(
        self, node: Node, source: End, destination: End, *, synchronous: bool, rpo: int | None, seeded: bool
    ) -> None:
        """Be the source. The first copy compares, and needs no seeding."""
        del destination, synchronous, seeded
        self._become(node, source, Role.SOURCE, rpo)

    def suspend(self, node: Node, own: End) -> None:
        """The source says so to whoever wants to copy."""
        _tell(node, own.group, self._kept(node, own).rpo, suspended=True)

    def resume(self, node: Node, own: End) -> None:
        """Copy again."""
        _tell(node, own.group, self._kept(node, own).rpo, suspended=False)

    def state_rpo(self, node: Node, own: End, other: End, rpo: int) -> None:
        """Each end keeps its own."""
        del other
        _tell(node, own.group, rpo, suspended=self._kept(node, own).suspended)

    def reverse(self, node: Node, own: End, other: End) -> None:
        """The node's agent does that, which alone can copy what is missing and verify it."""
        del other
        raise StandbyError(
            "the direction of this mirror is turned by the agents alone, and none has turned it",
            node=node.name,
            resource=f"mirror {own.group}",
            remedy="Install agents (role monitor), and move the hierarchy through them",
        )

    def promote(self, node: Node, own: End, other: End, clock: Clock) -> None:
        """As ``reverse``."""
        del clock
        self.reverse(node, own, other)

    def unpair(self, node: Node, source: End, destination: End, *, alone: bool) -> None:
        """Copy no more, at the end that is this node's."""
        del alone
        for one in (source, destination):
            if (kept := read_end(node, one.group)) is not None:
                write_end(node, replace(kept, role=Role.UNPAIRED))

    def remove_end(self, node: Node, own: End) -> None:
        """Share the volume no more, and keep nothing of the end."""
        share = smb_share.read_share(node, share_name(own))
        if share is not None:
            smb_share.delete_share(node, share)
        _write_groups(node, {*_groups(node)} - {own.group})
        for value in (_END, _TOLD, _COPY):
            registry.delete_value(node, KEY, value + own.group)

    def _become(self, node: Node, own: End, role: Role, rpo: int | None) -> None:
        kept = self._kept(node, own)
        write_progress(node, own.group, Progress())
        _tell(node, own.group, rpo or 0, suspended=False)
        write_end(node, replace(kept, role=role, generation=0))

    def _kept(self, node: Node, own: End) -> Kept:
        found = read_end(node, own.group)
        if found is None:
            raise StandbyError(
                "there is no such end", node=node.name, resource=f"mirror {own.group}", remedy="Make it again"
            )
        return found


def _kept(one: Mapping[str, Any]) -> Kept:
    return Kept(**{**one, "role": Role(one["role"])})


def _groups(node: Node) -> list[str]:
    """The ends that the node has."""
    text = registry.read_value(node, KEY, _GROUPS)
    return [name for name in (text or "").split("\n") if name]


def _write_groups(node: Node, groups: Iterable[str]) -> None:
    registry.write_value(node, KEY, _GROUPS, "\n".join(sorted(groups)))


def _now(node: Node) -> float:
    """Seconds since 1970, by the node's clock."""
    with about(node, "clock"):
        systems = node.cim.enumerate(OPERATING_SYSTEM)
        time = systems[0].get("LocalDateTime") if systems else None
        if not isinstance(time, datetime):
            raise BadDocument("Win32_OperatingSystem.LocalDateTime: expected a time")
        return time.timestamp()
