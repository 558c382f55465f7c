# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks: MSFT_Disk of ``root/Microsoft/Windows/Storage``, known by UniqueId or GPT Guid, never by number.

A shared disk is online on one node at a time. Outside failover clustering nothing in Windows prevents two
nodes from mounting one NTFS volume, so that the order of calls is all there is.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import BadDocument, StandbyError
from ..node import ClassPath, Clock, Instance, Node, Reference
from . import effect
from .calls import ScriptFailed
from .disk_boot import NotUntilBoot, online_until_boot, stays_online
from .effect import await_effect, may_take_effect
from .failure import about
from .partition import (
    Partition,
    access_paths,
    add_access_path,
    read_partitions,
    remove_access_path,
    wait_access_path,
)
from .storage import NAMESPACE, refresh_storage, storage_call
from .volume import flush_volume, flush_volumes, require_clean

__all__ = [
    "Disk",
    "Partition",
    "access_paths",
    "add_access_path",
    "bring_online",
    "bring_online_for_good",
    "find_disk",
    "flush_volume",
    "lasting_disks",
    "read_disks",
    "read_partitions",
    "refresh_storage",
    "remove_access_path",
    "require_usable",
    "same_identity",
    "set_read_only",
    "take_offline",
    "wait_access_path",
]

DISK = ClassPath(NAMESPACE, "MSFT_Disk")
_OTHERS = "a node of another cluster"

# MSFT_Disk.OfflineReason
_OFFLINE_REASONS = {
    1: "policy",
    2: "redundant path",
    3: "snapshot",
    4: "signature collision",
    5: "resource exhaustion",
    6: "critical write failures",
    7: "data integrity scan required",
}


@dataclass(frozen=True)
class Disk:
    """A disk as one node sees it.

    Attributes:
        number: for people only; it may change with every restart.
        unique_id: UniqueId, the same on every node that reaches the disk.
        guid: GPT Guid, empty for MBR and uninitialized disks.
        offline: not usable on this node.
        read_only: IsReadOnly; SAN policy leaves it set on a disk that another node used.
        offline_reason: why it is offline, empty where Windows gives no reason.
        boot: Windows started from it.
        system: it holds the boot loader.
        clustered: failover clustering manages it.
        path: of its device; empty where Windows tells none.
        reference: the instance.
    """

    number: int
    unique_id: str
    guid: str
    offline: bool
    read_only: bool
    offline_reason: str
    boot: bool
    system: bool
    clustered: bool
    reference: Reference | None
    path: str = ""

    @property
    def id(self) -> str:
        """``disk 2 (6001...)``: how the disk is named in messages."""
        return f"disk {self.number} ({self.unique_id or self.guid or 'no identity'})"


def read_disks(node: Node) -> list[Disk]:
    """Every disk that the node reaches."""
    with about(node, "disks"):
        return [_disk(item) for item in node.cim.enumerate(DISK)]


def find_disk(disks: Iterable[Disk], identity: str) -> Disk | None:
    """The disk of that UniqueId or GPT Guid; braces, blanks and case are ignored.

    Raises:
        StandbyError: two disks have this identity, so that none of them is safe to touch.
    """
    found = same_identity(disks, identity)
    if len(found) > 1:
        numbers = ", ".join(str(disk.number) for disk in found)
        raise StandbyError(
            f"disks {numbers} have the same identity",
            resource=f"disk {identity}",
            remedy="Set up multipath I/O for this disk, or give the copy an identity of its own",
        )
    return found[0] if found else None


def same_identity(disks: Iterable[Disk], identity: str) -> list[Disk]:
    """Every disk of that UniqueId or GPT Guid."""
    wanted = _plain(identity)
    return [disk for disk in disks if wanted and wanted in (_plain(disk.unique_id), _plain(disk.guid))]


def bring_online(node: Node, disk: Disk, *, clock: Clock = time) -> None:
    """Bring a disk online until the next boot, and make it writable.

    A node that loses its power leaves it offline so, and does not mount at its next boot what another node
    may have by then. Where Windows refuses that way it is brought online for good: what follows from it is
    told by ``disk_boot.stays_online``.

    Raises:
        StandbyError: failover clustering manages the disk, Windows refused, or the disk is still offline.
            Where ``may_take_effect`` says so of it, the disk may come online later.
    """
    with about(node, disk.id, f"Look at the disk on {node.name}: Get-Disk -Number {disk.number}"):
        target = _own_disk(disk)
        if disk.offline and not (disk.path and _online_until_boot(node, disk, target, clock)):
            _switch(node, target, "Online", clock)
        _require_writable(node, target)


def bring_online_for_good(node: Node, disk: Disk, *, clock: Clock = time) -> None:
    """Bring a disk online that is no shared one: it is online at the next boot as well.

    Raises:
        StandbyError: as of ``bring_online``.
    """
    with about(node, disk.id, f"Look at the disk on {node.name}: Get-Disk -Number {disk.number}"):
        target = _own_disk(disk)
        if disk.offline:
            _switch(node, target, "Online", clock)
        _require_writable(node, target)


def _online_until_boot(node: Node, disk: Disk, target: Reference, clock: Clock) -> bool:
    """Whether it was done: a refusal is no failure, a call without an end is awaited and never made twice."""
    try:
        online_until_boot(node, disk.path)
    except (NotUntilBoot, ScriptFailed, BadDocument):
        return False
    except StandbyError as failure:
        if not may_take_effect(failure):
            raise
        await_effect(lambda: _is_offline(node, target) is False, failure, clock, effect.EFFECT_TIMEOUT)
    if _is_offline(node, target):
        refresh_storage(node)  # the disk was switched behind the back of the storage classes
    return True


def _require_writable(node: Node, target: Reference) -> None:
    """SAN policy can leave a disk read-only that another node used."""
    now = node.cim.get(target)
    if now is None or now.flag("IsOffline"):
        raise StandbyError("the disk is not online after it was brought online")
    if now.flag("IsReadOnly"):
        storage_call(node, target, "SetAttributes", {"IsReadOnly": False})
        again = node.cim.get(target)
        if again is None or again.flag("IsReadOnly"):
            raise StandbyError(
                "the disk is still read-only after that was cleared",
                remedy=f"Look at the storage: it may be write-protected there, or reserved by {_OTHERS}",
            )


def lasting_disks(node: Node, disks: Iterable[Disk]) -> frozenset[str]:
    """The unique ids of data disks that are online and come online at the next boot as well."""
    data = (one for one in disks if not (one.offline or one.boot or one.system or one.clustered))
    return frozenset(one.unique_id for one in data if stays_online(node, one.path))


def require_usable(node: Node, disk: Disk) -> None:
    """Refuse a disk that came online with a file system that must not be used.

    Raises:
        StandbyError: a volume on it needs a full repair.
    """
    require_clean(node, read_partitions(node, disk))


def take_offline(node: Node, disk: Disk, *, clock: Clock = time) -> None:
    """Write out what is cached and take a disk offline; nothing to do where it is offline.

    Raises:
        StandbyError: the disk is the boot or system disk, failover clustering manages it, Windows refused, or
            the disk is still online.
    """
    with about(node, disk.id, "Close the programs that use the disk, then run again"):
        target = _own_disk(disk)
        if disk.offline:
            return
        if disk.boot or disk.system:
            raise StandbyError(
                f"it is the {'boot' if disk.boot else 'system'} disk and is never taken offline",
                remedy="Name the UniqueId of the shared data disk",
            )
        flush_volumes(node, read_partitions(node, disk))
        _switch(node, target, "Offline", clock)
        if _is_offline(node, target) is False:
            raise StandbyError("the disk is still online after it was taken offline")


def set_read_only(node: Node, disk: Disk, read_only: bool) -> None:
    """Make a disk read-only or writable; it must be online."""
    with about(node, disk.id):
        storage_call(node, _own_disk(disk), "SetAttributes", {"IsReadOnly": read_only})


def _switch(node: Node, target: Reference, method: str, clock: Clock) -> None:
    """Online or Offline. One that does not end in its time is awaited, since a slow disk ends it later."""
    try:
        storage_call(node, target, method)
    except StandbyError as failure:
        if not may_take_effect(failure):
            raise
        wanted = method == "Offline"
        await_effect(lambda: _is_offline(node, target) is wanted, failure, clock, effect.EFFECT_TIMEOUT)


def _is_offline(node: Node, target: Reference) -> bool | None:
    now = node.cim.get(target)
    return None if now is None else now.flag("IsOffline")


def _own_disk(disk: Disk) -> Reference:
    """The disk to act on.

    Raises:
        StandbyError: the disk belongs to failover clustering.
    """
    if disk.clustered:
        raise StandbyError(
            "failover clustering manages this disk",
            remedy="Remove it from the failover cluster, or leave its site to that cluster",
        )
    if disk.reference is None:
        raise StandbyError("MSFT_Disk came without an endpoint reference")
    return disk.reference


def _plain(identity: str) -> str:
    return identity.strip().strip("{}").casefold()


def _disk(item: Instance) -> Disk:
    reason = item.number("OfflineReason", 0)
    return Disk(
        number=item.number("Number"),
        unique_id=item.text("UniqueId"),
        guid=item.text("Guid"),
        offline=item.flag("IsOffline"),
        read_only=item.flag("IsReadOnly"),
        offline_reason=_OFFLINE_REASONS.get(reason, f"reason {reason}") if reason else "",
        boot=item.flag("IsBoot"),
        system=item.flag("IsSystem"),
        clustered=item.flag("IsClustered"),
        reference=item.reference,
        path=item.text("Path") if item.get("Path") else "",
    )
