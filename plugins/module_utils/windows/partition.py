# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Partitions and their access paths: MSFT_Partition of ``root/Microsoft/Windows/Storage``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import StandbyError
from ..node import ClassPath, Clock, Instance, Node, Reference, Value
from .failure import about
from .storage import NAMESPACE, storage_call
from .waiting import attempts

if TYPE_CHECKING:
    from .disk import Disk

PARTITION = ClassPath(NAMESPACE, "MSFT_Partition")

_VOLUME_NAME = "\\\\?\\Volume{"  # how the volume's own GUID path begins, which is among the access paths


@dataclass(frozen=True)
class Partition:
    r"""A partition.

    Attributes:
        disk_number: number of its disk.
        number: PartitionNumber.
        access_paths: drive letter and folder mount points, each with its final backslash.
        drive_letter: upper-case letter, empty where there is none.
        reference: the instance.
        volume: GUID path of its volume (``\\?\Volume{...}\``), empty where it has none.
    """

    disk_number: int
    number: int
    access_paths: tuple[str, ...]
    drive_letter: str
    reference: Reference | None
    volume: str = ""


def read_partitions(node: Node, disk: Disk | None = None) -> list[Partition]:
    """The partitions of a node, or of one of its disks."""
    where = None if disk is None else {"DiskNumber": str(disk.number)}
    with about(node, "partitions"):
        return [_partition(item) for item in node.cim.enumerate(PARTITION, where=where)]


def access_paths(node: Node) -> list[str]:
    r"""Every access path of a node in alphabetical order: ``C:\``, ``D:\mounts\web\``, ``E:\``."""
    return sorted(path for partition in read_partitions(node) for path in partition.access_paths)


def add_access_path(node: Node, partition: Partition, path: str) -> None:
    r"""Give a partition a drive letter (``E:\``) or a folder mount point.

    Raises:
        StandbyError: the path is in use, or is no empty folder of an NTFS volume.
    """
    _change(node, partition, "AddAccessPath", path)


def remove_access_path(node: Node, partition: Partition, path: str) -> None:
    """Take an access path away; Windows does so even while it is in use."""
    _change(node, partition, "RemoveAccessPath", path)


def wait_access_path(node: Node, path: str, clock: Clock, timeout: float) -> None:
    """Wait until a path is there: volumes are mounted some time after their disk came online.

    Raises:
        StandbyError: it was not there in time.
    """
    wanted = normal_path(path).casefold()
    for _elapsed in attempts(clock, timeout):
        if any(found.casefold() == wanted for found in access_paths(node)):
            return
    raise StandbyError(
        f"the volume was not mounted within {timeout:g} s of its disk coming online",
        node=node.name,
        resource=f"volume {path}",
        remedy=f"Give its partition this access path on {node.name}, or declare the path that it has there",
    )


def normal_path(path: str) -> str:
    """An access path as it is compared and shown: backslashes, a final one, an upper-case drive letter."""
    text = path.replace("/", "\\").rstrip("\\") + "\\"
    return text[0].upper() + text[1:]


def _change(node: Node, partition: Partition, method: str, path: str) -> None:
    arguments: dict[str, Value] = {"AccessPath": normal_path(path)}
    with about(node, f"volume {path}"):
        if partition.reference is None:
            raise StandbyError("MSFT_Partition came without an endpoint reference")
        storage_call(node, partition.reference, method, arguments)


def _partition(item: Instance) -> Partition:
    paths = [str(path) for path in item.items("AccessPaths") if path]
    return Partition(
        disk_number=item.number("DiskNumber"),
        number=item.number("PartitionNumber"),
        access_paths=tuple(normal_path(path) for path in paths if not path.startswith(_VOLUME_NAME)),
        drive_letter=_letter(item.text("DriveLetter")),
        reference=item.reference,
        volume=next((path for path in paths if path.startswith(_VOLUME_NAME)), ""),
    )


def _letter(text: str) -> str:
    """A char16 drive letter; where there is none, Windows gives NUL, in a form on the wire not confirmed."""
    return text.upper() if len(text) == 1 and text.isascii() and text.isalpha() else ""
