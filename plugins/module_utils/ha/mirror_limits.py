# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Storage Replica needs, checked before anything is created: each limit with its message. Pure.

Sources: WindowsServerDocs, storage/storage-replica: server-to-server, overview, FAQ, known issues; see
``docs/windows_contracts.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import StandbyError
from ..windows.mirror import Role
from ..windows.mirror_ground import Ground, Room
from .facts import NodeFacts
from .mirror import side_of
from .model import AGENTS, Mirror, MirrorEnd, Volume

# OperatingSystemSKU (GetProductInfo): the Datacenter editions, and those of Standard; full, core, without
# Hyper-V, of the Semi-Annual Channel and for evaluation. docs/windows_contracts.md names each.
DATACENTER = frozenset({8, 12, 37, 39, 80, 145, 159})
STANDARD = frozenset({7, 13, 36, 40, 79, 146, 160})
FIRST_BUILD = 14393  # Windows Server 2016
FIRST_STANDARD_BUILD = 17763  # Windows Server 2019
STANDARD_LIMIT = 2 << 40
GIB = 1 << 30
# Beside the log itself: a log of 8 GB needs 9 GB.
LOG_MARGIN = GIB


def check_pair(volume: Volume) -> None:
    """Whether a mirror can be what was asked for at all.

    Raises:
        StandbyError: it has another number of nodes than two.
    """
    if len(volume.nodes) != 2:
        raise StandbyError(
            f"a mirror has exactly two nodes, and there are {len(volume.nodes)} ({', '.join(volume.nodes)}): "
            "it is copied from one server to one other, and a third node would never have the data",
            resource=volume.id,
            remedy="Name two nodes, for this volume and all that moves with it; a shared disk takes more",
        )


def limits(volume: Volume, facts: Mapping[str, NodeFacts], log_size: int) -> Iterator[StandbyError]:
    """Everything that keeps a mirror from being made on its nodes.

    A node that has its end already has been found fit before: of it only what can change is looked at.

    Args:
        volume: the mirrored volume.
        facts: of its nodes, with scopes MIRRORS and GROUND.
        log_size: bytes.
    """
    mirror = volume.mirror
    if mirror is None:
        return
    if mirror.provider == AGENTS:
        yield from _of_copies(volume, facts)
        return
    data: dict[str, Room] = {}
    logs: dict[str, Room] = {}
    for name in volume.nodes:
        seen, end = facts[name], mirror.end(name)
        if seen.ground is None or end is None:
            continue
        found = list(_of_machine(volume, seen, seen.ground))
        if side_of(volume, seen) is None:
            found += _of_volume(volume, name, seen.ground, data)
            found += _of_log(volume, end, seen.ground, log_size, logs)
        yield from found
    yield from _unequal(volume, data, "data")
    yield from _unequal_sectors(volume, logs)


def _of_copies(volume: Volume, facts: Mapping[str, NodeFacts]) -> Iterator[StandbyError]:
    """Robocopy is part of Windows, and any volume will do that is none of Windows itself."""
    for name in volume.nodes:
        ground = facts[name].ground
        if ground is None or side_of(volume, facts[name]) is not None:
            continue
        room = ground.room(volume.path)
        if room is None:
            yield _absent(volume, name, volume.path, "data", ground)
        elif room.system:
            yield StandbyError(
                f"the disk of {volume.path} is the system disk",
                node=name,
                resource=volume.id,
                remedy="Use a volume on a disk that holds nothing of Windows itself",
            )


def _of_machine(volume: Volume, seen: NodeFacts, ground: Ground) -> Iterator[StandbyError]:
    """Edition, version, domain, feature."""

    def error(problem: str, remedy: str) -> StandbyError:
        return StandbyError(problem, node=seen.name, resource=volume.id, remedy=remedy)

    if ground.build < FIRST_BUILD:
        yield error(
            f"Storage Replica came with Windows Server 2016, and this is build {ground.build}",
            "Use a shared disk, or a later version of Windows Server",
        )
        return
    if ground.edition in STANDARD:
        yield from _of_standard(volume, seen, ground)
    elif ground.edition not in DATACENTER:
        yield error(
            f"this edition of Windows (OperatingSystemSKU {ground.edition}) is none that Storage Replica is "
            "documented for",
            "Use Windows Server Datacenter, or Standard from 2019 on",
        )
    if not ground.domain:
        yield error(
            "the node is in no domain, which Storage Replica needs (it authenticates by Kerberos)",
            "Join both nodes to one forest; in a workgroup use a shared disk, or deploy content to each node",
        )
    if not ground.installed and ground.edition in DATACENTER | STANDARD:
        yield error(
            "Storage Replica is not installed",
            "Install-WindowsFeature Storage-Replica -IncludeManagementTools -Restart",
        )


def _of_standard(volume: Volume, seen: NodeFacts, ground: Ground) -> Iterator[StandbyError]:
    def error(problem: str) -> StandbyError:
        return StandbyError(
            problem,
            node=seen.name,
            resource=volume.id,
            remedy="Use the Datacenter edition, or a shared disk",
        )

    if ground.build < FIRST_STANDARD_BUILD:
        yield error("Windows Server 2016 has Storage Replica in its Datacenter edition alone")
        return
    own = side_of(volume, seen)
    others = [side.group for side in seen.mirrors if side != own and side.role is not Role.UNPAIRED]
    if others:
        yield error(
            f"the Standard edition has one partnership, and replicates {', '.join(others)} already",
        )
    room = ground.room(volume.path)
    if room is not None and room.size > STANDARD_LIMIT:
        yield error(f"the Standard edition replicates up to 2 TB, and this volume has {_size(room.size)}")


def _of_volume(volume: Volume, node: str, ground: Ground, data: dict[str, Room]) -> Iterator[StandbyError]:
    room = ground.room(volume.path)
    if room is None:
        yield _absent(volume, node, volume.path, "data", ground)
        return
    data[node] = room
    yield from _of_disk(volume, node, volume.path, room)


def _of_log(
    volume: Volume, end: MirrorEnd, ground: Ground, log_size: int, logs: dict[str, Room]
) -> Iterator[StandbyError]:
    room = ground.room(end.log)
    if end.log.casefold() == volume.path.casefold():
        yield StandbyError(
            "its log is on the volume itself",
            node=end.node,
            resource=volume.id,
            remedy="Give a log volume of its own, on a faster disk, that nothing else uses",
        )
        return
    if room is None:
        yield _absent(volume, end.node, end.log, "log", ground)
        return
    logs[end.node] = room
    yield from _of_disk(volume, end.node, end.log, room)
    needed = log_size + LOG_MARGIN
    if room.free is not None and room.free < needed:
        yield StandbyError(
            f"the log volume {end.log} has {_size(room.free)} free, and a log of {_size(log_size)} needs "
            f"{_size(needed)}",
            node=end.node,
            resource=volume.id,
            remedy="Make room there, use a larger volume, or give a smaller log_size",
        )


def _of_disk(volume: Volume, node: str, path: str, room: Room) -> Iterator[StandbyError]:
    def error(problem: str, remedy: str) -> StandbyError:
        return StandbyError(f"the disk of {path} {problem}", node=node, resource=volume.id, remedy=remedy)

    if room.system:
        yield error("is the system disk", "Use a volume on a disk that holds nothing of Windows itself")
    if room.clustered:
        yield error("is managed by failover clustering", "Remove it from the failover cluster first")
    if not room.gpt:
        yield error(
            "is not partitioned by GPT",
            "Convert it (mbr2gpt, or Clear-Disk and Initialize-Disk: data is lost)",
        )


def _absent(volume: Volume, node: str, path: str, what: str, ground: Ground) -> StandbyError:
    known = ", ".join(sorted(path for room in ground.rooms for path in room.paths)) or "none"
    return StandbyError(
        f"there is no {what} volume {path}; there are {known}",
        node=node,
        resource=volume.id,
        remedy="Create it there, with this access path on both nodes",
    )


def _unequal(volume: Volume, rooms: Mapping[str, Room], what: str) -> Iterator[StandbyError]:
    sizes = {name: room.size for name, room in rooms.items()}
    if len(set(sizes.values())) > 1:
        told = " and ".join(f"{size} bytes on {name}" for name, size in sizes.items())
        yield StandbyError(
            f"its {what} partitions are of unequal size: {told}",
            resource=volume.id,
            remedy="Make them equal to the byte (Resize-Partition; New-Partition instead of New-Volume)",
        )
    yield from _unequal_sectors(volume, rooms, what)


def _unequal_sectors(volume: Volume, rooms: Mapping[str, Room], what: str = "log") -> Iterator[StandbyError]:
    sectors = {name: room.sector for name, room in rooms.items()}
    if len(set(sectors.values())) > 1:
        told = " and ".join(f"{size} bytes on {name}" for name, size in sectors.items())
        yield StandbyError(
            f"the sectors of its {what} disks are of unequal size: {told}",
            resource=volume.id,
            remedy="Use disks with the same sector size on both nodes",
        )


def _size(count: int) -> str:
    """In GB of 1024 MB, as Windows shows it."""
    return f"{count / GIB:.1f} GB"


def other_logs(volume: Volume, facts: Mapping[str, NodeFacts], log_size: int) -> list[str]:
    """One sentence for every node whose log has another size than is asked for: it is made with the mirror.

    Args:
        volume: the mirrored volume.
        facts: of its nodes, with scope MIRRORS.
        log_size: bytes; compared in GB, as it is asked for.
    """
    asked = round(log_size / GIB)
    sides = {name: side_of(volume, seen) for name, seen in facts.items()}
    return [
        f"the log of {volume.id} on {name} has {_size(side.log_size)}, not {asked} GB: log_size counts when "
        f"a mirror is made. Set-SRGroup -Name {side.group} -LogSizeInBytes {asked}GB there changes it"
        for name, side in sides.items()
        if side is not None and side.log_size is not None and round(side.log_size / GIB) != asked
    ]


def default_group(path: str, node: str) -> str:
    r"""The name of a node's replication group, ``standby-R-server1`` for ``R:\``."""
    plain = "-".join(part for part in path.replace(":", "").split("\\") if part)
    return f"standby-{plain}-{node}"


def copy_alike(one: Mirror, other: Mirror) -> bool:
    """Whether two mirrors copy in the same way between the same groups, whatever they state and allow."""
    return (one.mode, one.provider, one.ends) == (other.mode, other.provider, other.ends)
