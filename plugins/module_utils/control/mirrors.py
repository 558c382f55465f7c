# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mirrored volumes on one node: wait until the copy is complete, and have the node be the source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import StandbyError
from ..ha.mirror import MAKE_AGAIN, look_at, words_of
from ..ha.model import AGENTS, Mirror, MirrorEnd, Volume
from ..node import Clock, Node
from ..windows.copied import Copied
from ..windows.disk import wait_access_path
from ..windows.mirror import Copy, End, Provider, Role, Side
from ..windows.storage_replica import StorageReplica
from ..windows.waiting import attempts

PROVIDERS: Mapping[str, Provider] = MappingProxyType({"storage_replica": StorageReplica(), AGENTS: Copied()})

# Seconds without any progress after which a copy is not waited for any more. A choice: what has not come on
# by a byte for a minute waits for something that somebody has to see to, and nothing was touched yet.
NO_PROGRESS = 60.0
# Seconds until a volume whose node has become the source is mounted. As long as a disk has that comes online
# (perform.MOUNT_TIMEOUT): how long Storage Replica takes is not documented.
TURN_TIMEOUT = 30.0


def provider_of(mirror: Mirror) -> Provider:
    """What copies a mirror.

    Raises:
        StandbyError: this version has no such provider.
    """
    if mirror.provider not in PROVIDERS:
        raise StandbyError(
            f"a mirror is copied by {mirror.provider}, which this version does not know",
            remedy=f"Update the collection and the agents; known are {', '.join(PROVIDERS)}",
        )
    return PROVIDERS[mirror.provider]


def end_of(volume: Volume, end: MirrorEnd) -> End:
    """An end as a provider takes it."""
    return End(end.computer, end.group, volume.path, end.log)


def ends_from(volume: Volume, node: str) -> tuple[End, End]:
    """A node's own end of a mirrored volume, and the other one.

    Raises:
        StandbyError: the volume is not mirrored on that node.
    """
    mirror = volume.mirror
    own, other = (mirror.end(node), mirror.other(node)) if mirror is not None else (None, None)
    if own is None or other is None:
        raise StandbyError("is not mirrored there", node=node, resource=volume.id, remedy=MAKE_AGAIN)
    return end_of(volume, own), end_of(volume, other)


def side_on(node: Node, volume: Volume) -> Side | None:
    """The end that a node shows of a mirrored volume."""
    own, _other = ends_from(volume, node.name)
    sides = provider_of(mirror_of(volume)).sides(node)
    return next((side for side in sides if side.group == own.group), None)


def wait_in_sync(node: Node, volume: Volume, clock: Clock, patience: float = NO_PROGRESS) -> None:
    """Wait until a node's copy is complete, for as long as it gets on.

    Raises:
        StandbyError: it does not get on, or is not being copied at all.
    """
    least: int | None = None
    while True:
        for _elapsed in attempts(clock, patience):
            side = side_on(node, volume)
            if side is not None and side.copy is Copy.IN_SYNC:
                return
            if side is not None and (least is None or side.remaining < least):
                least = side.remaining
                break  # it gets on
            if side is None or side.copy in (Copy.SUSPENDED, Copy.FAILED, Copy.NONE):
                raise _not_in_sync(node, volume, side, "and nothing is copied")
        else:
            raise _not_in_sync(node, volume, side, f"and did not get on for {patience:g} s")


def turn_mirror(node: Node, volume: Volume, clock: Clock, *, promote: bool) -> None:
    """Have a node be the source of a mirrored volume, with the volume in use there.

    Args:
        node: which is to be the source.
        volume: the mirrored volume.
        clock: for waiting.
        promote: also without the other node, where that cannot be asked. Whoever says so knows that this
            node's copy is the newest, or that a person gives up what is newer.

    Raises:
        StandbyError: the copying does not turn round, or the volume does not come.
    """
    own, other = ends_from(volume, node.name)
    provider = provider_of(mirror_of(volume))
    side = side_on(node, volume)
    if side is not None and side.role is Role.DESTINATION:
        if promote:
            provider.promote(node, own, other, clock)
        else:
            provider.reverse(node, own, other)
    for _elapsed in attempts(clock, TURN_TIMEOUT):
        side = side_on(node, volume)
        if side is None or side.role is not Role.DESTINATION:
            break
    else:
        raise StandbyError(
            f"it is still the destination of its mirror {TURN_TIMEOUT:g} s after that was turned round",
            node=node.name,
            resource=volume.id,
            remedy=f"Look at it on {node.name}: Get-SRGroup, Get-SRPartnership",
        )
    wait_access_path(node, volume.path, clock, TURN_TIMEOUT)


def mirror_of(volume: Volume) -> Mirror:
    """The mirror of a volume.

    Raises:
        StandbyError: it has none.
    """
    if volume.mirror is None:
        raise StandbyError("is not mirrored", resource=volume.id, remedy=MAKE_AGAIN)
    return volume.mirror


def _not_in_sync(node: Node, volume: Volume, side: Side | None, why: str) -> StandbyError:
    seen = "has no mirror" if side is None else f"is {words_of(side)}"
    return StandbyError(
        f"its copy {seen}, {why}",
        node=node.name,
        resource=volume.id,
        remedy=f"Nothing was moved. {look_at(volume)}; run again once it is in sync",
    )
