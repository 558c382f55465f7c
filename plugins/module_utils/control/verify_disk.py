# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assumptions on disks, tried on a spare disk that was named for it and is online on the node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..ha.model import VolumeKind
from ..node import Clock, Node
from ..windows.disk import (
    Disk,
    bring_online_for_good,
    find_disk,
    flush_volume,
    read_disks,
    read_partitions,
    set_read_only,
    take_offline,
)
from ..windows.waiting import attempts
from .assumption import Assumption, NotCheckable, Refuted
from .store import read_node

_MOUNTED = 30.0  # seconds a volume may take to come back


@dataclass(frozen=True)
class SpareDisk:
    """A disk without anything in service on it."""

    node: Node
    identity: str
    clock: Clock

    def now(self) -> Disk:
        """The disk as it is.

        Raises:
            Refuted: it is not there any more.
        """
        found = find_disk(read_disks(self.node), self.identity)
        if found is None:
            raise Refuted("the disk is no longer listed")
        return found


def spare_disk(node: Node, identity: str, clock: Clock) -> SpareDisk:
    """The disk, found online and without a part in the cluster.

    Raises:
        NotCheckable: it is not there, offline here (and perhaps online on another node), the boot or system
            disk, managed by failover clustering, or a volume resource lies on it.
    """
    disk = find_disk(read_disks(node), identity)
    if disk is None:
        raise NotCheckable(f"{node.name} has no disk {identity}")
    if disk.offline:
        raise NotCheckable(f"the disk is offline on {node.name}: another node may use it")
    if disk.boot or disk.system or disk.clustered:
        raise NotCheckable("it is a boot, system or clustered disk")
    defined = read_node(node)
    shared = [one for one in (defined.volumes if defined else ()) if one.kind is VolumeKind.SHARED]
    local = [one for one in (defined.volumes if defined else ()) if one.kind is VolumeKind.LOCAL]
    paths = {path.casefold() for part in read_partitions(node, disk) for path in part.access_paths}
    used = [one.path for one in shared if one.disk and find_disk([disk], one.disk)]
    used += [one.path for one in local if one.path.casefold() in paths]
    if used:
        raise NotCheckable(f"the volume resource {used[0]} lies on it")
    return SpareDisk(node, identity, clock)


@contextmanager
def _back_online(spare: SpareDisk) -> Iterator[None]:
    try:
        yield
    finally:
        bring_online_for_good(spare.node, spare.now())


def _offline_and_online(spare: SpareDisk) -> str:
    with _back_online(spare):
        take_offline(spare.node, spare.now())
        if not spare.now().offline:
            raise Refuted("IsOffline is false after Offline")
    disk = spare.now()
    if disk.offline or disk.read_only:
        raise Refuted(f"after Online: offline {disk.offline}, read-only {disk.read_only}")
    return "Offline and Online took effect, and the disk is writable"


def _access_paths(spare: SpareDisk) -> str:
    before = _paths(spare)
    if not before:
        raise NotCheckable("the disk has no volume with an access path")
    with _back_online(spare):
        take_offline(spare.node, spare.now())
    for elapsed in attempts(spare.clock, _MOUNTED):
        if _paths(spare) == before:
            return f"{', '.join(before)} came back {elapsed:.2f} s after Online"
    raise Refuted(f"{', '.join(_paths(spare)) or 'no access path'} instead of {', '.join(before)}")


def _paths(spare: SpareDisk) -> list[str]:
    parts = read_partitions(spare.node, spare.now())
    return sorted(path for part in parts for path in part.access_paths)


def _read_only(spare: SpareDisk) -> str:
    with _back_online(spare):
        set_read_only(spare.node, spare.now(), True)
        if not spare.now().read_only:
            raise Refuted("IsReadOnly is false after SetAttributes(IsReadOnly=true)")
    if spare.now().read_only:
        raise Refuted("IsReadOnly is true after SetAttributes(IsReadOnly=false)")
    return "IsReadOnly was set and cleared"


def _flush(spare: SpareDisk) -> str:
    paths = _paths(spare)
    if not paths:
        raise NotCheckable("the disk has no volume with an access path")
    for path in paths:
        flush_volume(spare.node, path)
    return f"{', '.join(paths)} was flushed"


ON_A_DISK: Sequence[Assumption[SpareDisk]] = (
    Assumption(
        "disk-flush",
        "MSFT_Volume.Flush answers over WS-Management",
        "windows/volume.py",
        _flush,
    ),
    Assumption(
        "disk-online",
        "MSFT_Disk.Offline and Online answer over WS-Management and take effect before they return",
        "windows/disk.py",
        _offline_and_online,
    ),
    Assumption(
        "disk-read-only",
        "MSFT_Disk.SetAttributes sets and clears IsReadOnly alone",
        "windows/disk.py",
        _read_only,
    ),
    Assumption(
        "disk-access-paths",
        "a disk that comes online again gets the access paths that it had, some time after Online returned",
        "windows/partition.py",
        _access_paths,
    ),
)
