# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volumes: MSFT_Volume of ``root/Microsoft/Windows/Storage``."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import MethodError, StandbyError
from ..node import ClassPath, Node, Reference
from .failure import about
from .partition import Partition, normal_path, read_partitions
from .storage import NAMESPACE, NOT_SUPPORTED, storage_call

VOLUME = ClassPath(NAMESPACE, "MSFT_Volume")
# MSFT_Volume.OperationalStatus: "this indicates full repair is needed". HealthStatus has other values in
# every source, so that nothing rests on it; a scan or a spot fix is done while the volume is used.
_FULL_REPAIR = 0xD00F


def flush_volume(node: Node, path: str) -> None:
    """Write out what is cached of the volume at an access path.

    Raises:
        StandbyError: no volume has this path.
    """
    wanted = normal_path(path).casefold()
    found = [
        partition
        for partition in read_partitions(node)
        if any(own.casefold() == wanted for own in partition.access_paths)
    ]
    if not found:
        raise StandbyError(
            "no volume has this access path",
            node=node.name,
            resource=f"volume {path}",
            remedy="Name a drive letter or mount point that Get-Partition lists on this node",
        )
    flush_volumes(node, found)


def flush_volumes(node: Node, partitions: Iterable[Partition]) -> None:
    """Write out what is cached of the volumes on these partitions; those without a volume are passed over."""
    wanted = {partition.volume.casefold(): partition for partition in partitions if partition.volume}
    if not wanted:
        return
    for item in node.cim.enumerate(VOLUME):
        partition = wanted.get(item.text("Path").casefold())
        if partition is not None and item.reference is not None:
            _flush(node, item.reference, partition)


def require_clean(node: Node, partitions: Iterable[Partition]) -> None:
    """Refuse volumes whose file system has to be repaired before it is used; they must be online.

    Raises:
        StandbyError: the file system of one needs a full repair.
    """
    wanted = {partition.volume.casefold(): partition for partition in partitions if partition.volume}
    for item in node.cim.enumerate(VOLUME) if wanted else ():
        partition = wanted.get(item.text("Path").casefold())
        states = {int(str(state)) for state in item.items("OperationalStatus") if str(state).isdigit()}
        if partition is not None and _FULL_REPAIR in states:
            path = next(iter(partition.access_paths), partition.volume)
            raise StandbyError(
                "its file system needs a full repair before it may be used",
                node=node.name,
                resource=f"volume {path}",
                remedy=f"Bring its disk online on {node.name} alone, run Repair-Volume -OfflineScanAndFix "
                "there (what cannot be repaired comes from the backup), take it offline, then ask again",
            )


def _flush(node: Node, target: Reference, partition: Partition) -> None:
    with about(node, f"volume {next(iter(partition.access_paths), partition.volume)}"):
        try:
            storage_call(node, target, "Flush")
        except MethodError as failure:
            if failure.code != NOT_SUPPORTED:  # a file system without a cache of its own
                raise
