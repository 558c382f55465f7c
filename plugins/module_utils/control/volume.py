# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volume resources: declared, checked against the disks of every node, removed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import StandbyError
from ..ha.facts import NodeFacts, Scope, scope_of
from ..ha.graph import hierarchies, users_of
from ..ha.mirror_limits import limits
from ..ha.model import Cluster, Volume, VolumeKind
from ..ha.observe import disk
from ..windows.disk import Disk
from . import store
from .agent_guard import refuse_disturbance
from .fleet import Fleet
from .membership import check_nodes, cluster_with, names_of
from .mirror_left import refuse_mirrored
from .mirror_request import MirrorWanted, check_same_mirror, mirrored, refuse_all, with_computers
from .outcome import Outcome
from .san_policy import cautions
from .survey import read_all

# A drive letter, or a folder below one; no UNC path, no volume GUID path.
_PATH = re.compile(r'[A-Za-z]:\\(?:[^\\/:*?"<>|]+\\)*')


@dataclass(frozen=True)
class VolumeRequest:
    r"""What an operator asks of a volume.

    Attributes:
        path: ``E:``, ``E:\`` or a mount point such as ``D:\mounts\web``.
        kind: ``local``, ``shared`` or ``mirror``.
        nodes: inventory names in order of priority.
        disk: UniqueId or GPT Guid of a shared disk.
        mirror: of a mirrored volume.
    """

    path: str
    kind: str
    nodes: tuple[str, ...]
    disk: str | None = None
    mirror: MirrorWanted | None = None

    @property
    def scope(self) -> Scope:
        """What is read of the nodes to declare it."""
        more = scope_of(self.mirror.provider) | Scope.GROUND if self.mirror is not None else Scope(0)
        return Scope.DISKS | Scope.MACHINE | more


def ensure_volume(fleet: Fleet, request: VolumeRequest, check: bool) -> Outcome:
    """Have a volume resource as requested. No disk is touched: a shared one comes online with its hierarchy.

    Args:
        fleet: all nodes of the cluster.
        request: what is wanted.
        check: only say what would be done.

    Raises:
        StandbyError: a node cannot be read, or its disks do not fit; nothing was changed.
    """
    check_request(fleet, request)
    cluster = store.read_cluster(fleet)
    facts = read_all(fleet, request.scope, names_of(cluster, request.nodes))
    declared = declare_volume(fleet, request, cluster, facts)
    refuse_disturbance(fleet, cluster, declared.cluster)
    outcome = _outcome(declared.existing, declared.volume, declared.online)
    told = cautions(fleet, declared.volume, declared.online)
    outcome = replace(outcome, data={**outcome.data, "cautions": told})
    if check or not outcome.changed:
        return outcome
    notes = store.write_cluster(fleet, cluster, declared.cluster)
    return replace(outcome, data={**outcome.data, "notes": notes})


def check_request(fleet: Fleet, request: VolumeRequest) -> None:
    """Whether a request makes sense by itself.

    Raises:
        StandbyError: its path, its disk or its nodes do not.
    """
    check_nodes(fleet, _resource(request).id, request.nodes)


@dataclass(frozen=True)
class DeclaredVolume:
    """A volume that fits.

    Attributes:
        existing: as it was defined, None where it is new.
        volume: as it is to be defined.
        online: the node its shared disk is online on, if any.
        cluster: the definition with it.
    """

    existing: Volume | None
    volume: Volume
    online: str | None
    cluster: Cluster


def declare_volume(
    fleet: Fleet, request: VolumeRequest, cluster: Cluster | None, facts: Mapping[str, NodeFacts]
) -> DeclaredVolume:
    """What a request makes of a definition; nothing is changed.

    Args:
        fleet: all nodes of the cluster.
        request: what is wanted.
        cluster: the definition before.
        facts: of all nodes, with the scope of the request: DISKS and MACHINE, for a mirror MIRRORS or COPIES
            and GROUND as well.

    Raises:
        StandbyError: the volume does not fit on the nodes, or beside what is defined.
    """
    volume = with_computers(_resource(request), facts)
    existing = existing_volume(cluster, volume.path)
    if existing is not None:
        _check_redefined(volume, existing)
        volume = replace(volume, disk=existing.disk)  # a disk's identity may be written in several ways
    for name in volume.nodes:
        _check_system(volume, facts[name])
    online = None
    if volume.kind is VolumeKind.LOCAL:
        _check_local(volume, facts)
    elif volume.kind is VolumeKind.MIRROR:
        refuse_all(volume, list(limits(volume, facts, request.mirror.log_size if request.mirror else 0)))
    else:
        online = _check_shared(volume, facts)
    after = cluster_with(cluster, fleet.names, volume.nodes, volume)
    hierarchies(after)
    return DeclaredVolume(existing, volume, online, after)


def remove_volume(fleet: Fleet, path: str, check: bool, *, mirror_ends: bool = False) -> Outcome:
    """Have no volume resource of a path. Its disk stays as it is, online where it is.

    Args:
        fleet: all nodes of the cluster.
        path: access path.
        check: only say what would be done.
        mirror_ends: whoever calls ends its mirror, which is no reason to refuse then.

    Raises:
        StandbyError: a site depends on it, or its mirror is there; nothing was changed.
    """
    cluster = store.read_cluster(fleet)
    wanted = normal_path(path)
    existing = existing_volume(cluster, wanted)
    if cluster is None or existing is None:
        return Outcome(
            False, f"volume {wanted} is not defined", data={"resource": f"volume {wanted}", "notes": []}
        )
    users = users_of(cluster, existing)
    if users:
        raise StandbyError(
            f"{', '.join(site.id for site in users)} depends on it",
            resource=existing.id,
            remedy="Remove the protection of the site first (module site, state: absent)",
        )
    copied = existing.kind is VolumeKind.MIRROR and not mirror_ends
    notes = refuse_mirrored(fleet, existing) if copied else []
    data: dict[str, Any] = {"resource": existing.id, "notes": notes}
    outcome = Outcome(True, f"{existing.id} is removed", _described(existing), {}, data)
    if check:
        return outcome
    left = replace(
        cluster,
        volumes=tuple(volume for volume in cluster.volumes if volume != existing),
        intents=tuple(intent for intent in cluster.intents if intent.hierarchy != existing.id),
    )
    notes = [*notes, *store.write_cluster(fleet, cluster, left)]
    return replace(outcome, data={**outcome.data, "notes": notes})


def _resource(request: VolumeRequest) -> Volume:
    path = normal_path(request.path)
    kind = VolumeKind(request.kind)
    if kind is VolumeKind.SHARED and not request.disk:
        raise StandbyError(
            "a shared volume needs its disk",
            resource=f"volume {path}",
            remedy="Give disk: the UniqueId or the Guid that Get-Disk shows",
        )
    if kind is VolumeKind.LOCAL and request.disk:
        raise StandbyError(
            "a local volume has no disk in common",
            resource=f"volume {path}",
            remedy="Leave disk out, or declare kind: shared",
        )
    if kind is VolumeKind.MIRROR or request.mirror is not None:
        return mirrored(path, kind, request.nodes, request.disk, request.mirror)
    return Volume(path, kind, request.nodes, request.disk or None)


def normal_path(path: str) -> str:
    """The path with an upper-case drive letter and its final backslash."""
    whole = path.strip().rstrip("\\") + "\\"
    if not _PATH.fullmatch(whole):
        raise StandbyError(
            "is not a drive letter or a folder on one",
            resource=f"volume {path}",
            remedy="Give an access path such as E:\\ or D:\\mounts\\web\\; a share can be no volume resource",
        )
    return whole[0].upper() + whole[1:]


def existing_volume(cluster: Cluster | None, path: str) -> Volume | None:
    """The volume resource of a path, None where there is none."""
    volumes = cluster.volumes if cluster is not None else ()
    return next((volume for volume in volumes if volume.path.lower() == path.lower()), None)


def _check_redefined(volume: Volume, existing: Volume) -> None:
    was = f"{existing.kind.value} on disk {existing.disk}" if existing.disk else existing.kind.value
    same_disk = _bare(existing.disk) == _bare(volume.disk)
    if existing.kind is not volume.kind or not same_disk:
        raise StandbyError(
            f"is defined already, {was}",
            resource=volume.id,
            remedy="Remove the resource first (state: absent) to define it anew",
        )
    check_same_mirror(volume, existing)


def _bare(identity: str | None) -> str:
    return (identity or "").strip("{} ").lower()


def _check_system(volume: Volume, seen: NodeFacts) -> None:
    drive = seen.machine.system_drive.rstrip("\\") if seen.machine is not None else ""
    if volume.path.lower() == f"{drive}\\".lower():
        raise StandbyError(
            "is the system volume, which belongs to its node and can be no resource",
            node=seen.name,
            resource=volume.id,
            remedy="Content on the system volume needs no resource; keep it equal on the nodes yourself",
        )


def _check_local(volume: Volume, facts: Mapping[str, NodeFacts]) -> None:
    for name in volume.nodes:
        if volume.path.lower() not in facts[name].paths:
            raise StandbyError(
                f"no volume has this access path; there are {_paths(facts[name])}",
                node=name,
                resource=volume.id,
                remedy="A local volume is on every node; create it there, or mount it at this path",
            )


def _check_shared(volume: Volume, facts: Mapping[str, NodeFacts]) -> str | None:
    """Check the disk on every node.

    Returns:
        The node it is online on, None where it is offline on all.
    """
    for name in volume.nodes:  # what a disk is comes before whether every node has it
        one = _known_disk(volume, facts[name])
        _check_disk(volume, name, one)
        _check_path(volume, facts[name], one)
    seen_as = {name: disk(seen, volume) for name, seen in facts.items()}
    online = [name for name, found in seen_as.items() if found is not None and not found.offline]
    if len(online) > 1:
        raise StandbyError(
            f"its disk is online on {' and '.join(online)} at once: two nodes that write to one disk destroy "
            "what is on it",
            resource=volume.id,
            remedy="Take it offline on all but one of them now (Set-Disk -IsOffline $true) then check it",
        )
    strangers = [name for name in online if name not in volume.nodes]
    if strangers:
        raise StandbyError(
            f"its disk is online on {strangers[0]}, which is not one of its nodes",
            node=strangers[0],
            resource=volume.id,
            remedy=f"Take it offline there, or add {strangers[0]} to its nodes",
        )
    return online[0] if online else None


def _known_disk(volume: Volume, seen: NodeFacts) -> Disk:
    found = disk(seen, volume)
    if found is None:
        ids = [one.unique_id or one.guid for one in seen.disks if not (one.boot or one.system)]
        raise StandbyError(
            f"there is no disk {volume.disk}; known are {', '.join(ids) or 'none but the system disk'}",
            node=seen.name,
            resource=volume.id,
            remedy="Give the UniqueId or Guid that Get-Disk shows, and connect the disk to every node",
        )
    return found


def _check_disk(volume: Volume, node: str, found: Disk) -> None:
    if found.boot or found.system:
        raise StandbyError(
            f"disk {volume.disk} is the system disk",
            node=node,
            resource=volume.id,
            remedy="Use a disk that holds nothing of Windows itself",
        )
    if found.clustered:
        raise StandbyError(
            f"disk {volume.disk} is managed by failover clustering",
            node=node,
            resource=volume.id,
            remedy="Remove it from the failover cluster first",
        )


def _check_path(volume: Volume, seen: NodeFacts, found: Disk) -> None:
    """The path leads to this disk where it is online, and to no other one anywhere."""
    wanted = volume.path.lower()
    owners = {
        partition.disk_number
        for partition in seen.partitions
        for path in partition.access_paths
        if path.lower().rstrip("\\") + "\\" == wanted
    }
    if owners - {found.number}:
        raise StandbyError(
            "this access path belongs to another disk there",
            node=seen.name,
            resource=volume.id,
            remedy="Give the other volume another path; the shared one needs the same path on every node",
        )
    if not found.offline and not owners:
        raise StandbyError(
            f"its disk is online without a volume at this access path; paths are {_paths(seen)}",
            node=seen.name,
            resource=volume.id,
            remedy="Declare the path it has, or mount its volume at this path",
        )


def _paths(seen: NodeFacts) -> str:
    paths = {path for partition in seen.partitions for path in partition.access_paths}
    return ", ".join(sorted(path for path in paths if path[1:2] == ":")) or "none"


def _described(volume: Volume) -> dict[str, Any]:
    """As modules show it: a mirror where there is one."""
    shown: dict[str, Any] = json.loads(json.dumps(asdict(volume)))
    return {name: value for name, value in shown.items() if name != "mirror" or value is not None}


def _outcome(existing: Volume | None, volume: Volume, online: str | None) -> Outcome:
    changed = existing != volume
    before = _described(existing) if existing is not None else {}
    data: dict[str, Any] = {
        "resource": volume.id,
        "volume": _described(volume),
        "online_on": online,
        "notes": [],
    }
    message = f"{volume.id} is {'defined' if changed else 'as defined'}"
    return Outcome(changed, message, before, _described(volume), data)
