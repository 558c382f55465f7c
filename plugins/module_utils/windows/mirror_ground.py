# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node brings along for a mirror: edition, domain, and its volumes with their room and their disks."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BadDocument
from ..node import ClassPath, Instance, Node
from .disk import DISK
from .environment import OPERATING_SYSTEM
from .failure import about
from .partition import PARTITION, normal_path
from .storage_replica import installed
from .volume import VOLUME

COMPUTER_SYSTEM = ClassPath("root/cimv2", "Win32_ComputerSystem")
_GPT = 2  # MSFT_Disk.PartitionStyle
_VOLUME_NAME = "\\\\?\\Volume{"


@dataclass(frozen=True)
class Room:
    """A volume with what lies below it.

    Attributes:
        paths: its access paths, each with its final backslash.
        size: of its partition, bytes.
        free: bytes; None where its file system cannot be asked.
        sector: bytes of a logical sector of its disk.
        gpt: its disk is partitioned by GPT.
        system: its disk is the boot or system disk.
        clustered: failover clustering manages its disk.
    """

    paths: tuple[str, ...]
    size: int
    free: int | None
    sector: int
    gpt: bool
    system: bool
    clustered: bool


@dataclass(frozen=True)
class Ground:
    """A node as a mirror needs it.

    Attributes:
        computer: its computer name.
        edition: OperatingSystemSKU.
        build: of Windows.
        domain: name of its domain, "" where it is in none.
        installed: the provider is installed.
        rooms: its volumes.
    """

    computer: str
    edition: int
    build: int
    domain: str
    installed: bool
    rooms: tuple[Room, ...] = ()

    def room(self, path: str) -> Room | None:
        """The volume with this access path."""
        wanted = normal_path(path).casefold()
        return next((one for one in self.rooms if wanted in (p.casefold() for p in one.paths)), None)


def read_ground(node: Node) -> Ground:
    """What a node brings along.

    Raises:
        BadDocument: Windows describes no operating system or no computer.
    """
    with about(node, "what a mirror needs"):
        systems, computers = node.cim.enumerate(OPERATING_SYSTEM), node.cim.enumerate(COMPUTER_SYSTEM)
        if not systems or not computers:
            raise BadDocument("Win32_OperatingSystem, Win32_ComputerSystem: expected one instance each")
        system, computer = systems[0], computers[0]
        return Ground(
            computer=system.text("CSName"),
            edition=system.number("OperatingSystemSKU", 0),
            build=system.number("BuildNumber", 0),
            domain=computer.text("Domain") if computer.flag("PartOfDomain") else "",
            installed=installed(node),
            rooms=_rooms(node),
        )


def _rooms(node: Node) -> tuple[Room, ...]:
    disks = {item.number("Number"): item for item in node.cim.enumerate(DISK)}
    free = {
        item.text("Path").casefold(): item.number("SizeRemaining", 0) for item in node.cim.enumerate(VOLUME)
    }
    found = (
        _room(item, disks.get(item.number("DiskNumber")), free) for item in node.cim.enumerate(PARTITION)
    )
    return tuple(room for room in found if room is not None)


def _room(partition: Instance, disk: Instance | None, free: dict[str, int]) -> Room | None:
    paths = [str(path) for path in partition.items("AccessPaths") if path]
    letters = tuple(normal_path(path) for path in paths if not path.startswith(_VOLUME_NAME))
    if disk is None or not letters:
        return None
    volume = next((path.casefold() for path in paths if path.startswith(_VOLUME_NAME)), "")
    return Room(
        paths=letters,
        size=partition.number("Size", 0),
        free=free.get(volume),
        sector=disk.number("LogicalSectorSize", 0),
        gpt=disk.number("PartitionStyle", 0) == _GPT,
        system=disk.flag("IsBoot") or disk.flag("IsSystem"),
        clustered=disk.flag("IsClustered"),
    )
