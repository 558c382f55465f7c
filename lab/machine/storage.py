# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks, partitions and access paths of a node; every volume is a folder of the lab machine.

A disk has attributes that count now, and others that it comes up with at the next boot: see ``Storage.set``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.machine.eventlog import EventLog
from lab.machine.files import write_atomically
from lab.machine.sharing import Claims
from lab.topology import Disk, guid_for

DRIVE = re.compile(r"[A-Za-z]:\\?\Z")
POLICY = 1  # MSFT_Disk.OfflineReason
# Attributes of SET_DISK_ATTRIBUTES (winioctl.h)
OFFLINE, READ_ONLY = 1, 2
_DISK_INTERFACE = "{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"  # GUID_DEVINTERFACE_DISK (ntddstor.h)


@dataclass
class Part:
    """A partition with its volume.

    Attributes:
        access: access paths the mount manager keeps for the volume on this node, final backslash included.
        dismounted: taken offline by MSFT_Partition.Offline or Win32_Volume.Dismount.
        replica: the destination of a replication, which nobody can use; its drive letter is shown.
        folder: where its files lie.
    """

    number: int
    guid: str
    volume_guid: str
    folder: Path
    label: str
    size: int
    access: list[str] = field(default_factory=list)
    dismounted: bool = False
    replica: bool = False

    @property
    def volume_path(self) -> str:
        r"""``\\?\Volume{guid}\``."""
        return f"\\\\?\\Volume{self.volume_guid}\\"

    @property
    def letter(self) -> str | None:
        """The drive letter, None where it has none."""
        return next((path[0] for path in self.access if DRIVE.match(path)), None)


@dataclass
class DiskState:
    """A disk as this node sees it.

    Attributes:
        persisted: its attributes at the next boot; None where nobody has set them, so that the policy counts.
    """

    spec: Disk
    number: int
    unique_id: str
    guid: str
    parts: list[Part]
    claims: Claims | None = None
    offline: bool = False
    reason: int = 0
    read_only: bool = False
    persisted: int | None = None

    @property
    def path(self) -> str:
        """MSFT_Disk.Path: what its device is opened by."""
        return f"\\\\?\\{self.instance.replace(chr(92), '#').lower()}#{_DISK_INTERFACE}"

    @property
    def instance(self) -> str:
        """Its device instance."""
        return f"SCSI\\Disk&Ven_LAB&Prod_{self.spec.id}\\{self.guid.strip('{}')[:8]}&0&{self.number:06}"


class Storage:
    """The storage of one node.

    Args:
        node: its name.
        disks: the disks it can reach.
        folder: where its own volumes lie, and the state that survives a reboot.
        shared: where the shared disks of the lab lie.
        san_policy: MSFT_StorageSetting.NewDiskPolicy.
        record: event log.
        changed: called when volumes came or went.
        failed: says whether a disk has failed.
        persisted: called with a disk whose attributes at the next boot were set.
    """

    def __init__(
        self,
        node: str,
        disks: tuple[Disk, ...],
        folder: Path,
        shared: Path,
        san_policy: int,
        record: Callable[..., None],
        changed: Callable[[], None],
        failed: Callable[[str], bool] = lambda _disk: False,
        persisted: Callable[[DiskState], None] = lambda _disk: None,
    ) -> None:
        self.san_policy = san_policy
        self._node = node
        self._state_file = folder / "disks.json"
        self._drives = folder / "drives"
        self._shared = shared
        self._record = record
        self._changed = changed
        self.failed = failed
        self._persisted = persisted
        self.disks = [self._disk(spec) for spec in disks]

    # Start and end

    def start(self) -> None:
        """Boot: remembered access paths; disks as they were left for good, the others by the SAN policy."""
        saved = self._saved()
        for disk in self.disks:
            disk.persisted = saved.get(disk.spec.id, {}).get("attributes")
            for part in disk.parts:
                part.access = saved.get(disk.spec.id, {}).get(str(part.number), part.access)
                part.folder.mkdir(parents=True, exist_ok=True)
            self._place(disk, first=not saved)
        self._save()

    def stop(self) -> None:
        """Shut down: nothing is online any more."""
        for disk in self.disks:
            if disk.claims:
                disk.claims.drop()
            self._log(disk, online=False, why="shutdown")

    def _place(self, disk: DiskState, first: bool) -> None:
        """Policies 1 to 4 are those of MSFT_StorageSetting.NewDiskPolicy."""
        shared = disk.spec.shared
        online = {1: True, 2: not shared, 3: False, 4: shared}[self.san_policy] or disk.spec.system
        read_only = not online
        if first and shared:
            online = disk.spec.online == self._node
            read_only = not online
        elif disk.persisted is not None:
            online, read_only = not disk.persisted & OFFLINE, bool(disk.persisted & READ_ONLY)
        disk.offline, disk.reason, disk.read_only = not online, 0 if online else POLICY, read_only
        if online and disk.claims:
            disk.claims.take()
        self._log(disk, online=online, why="boot")

    # Reading

    def mounted(self) -> Iterator[tuple[DiskState, Part]]:
        """The partitions whose volume can be used: disk online and not failed, not dismounted."""
        for disk in self.disks:
            if not disk.offline and not self.failed(disk.spec.id):
                yield from ((disk, part) for part in disk.parts if not (part.dismounted or part.replica))

    def owner_of(self, path: str) -> Part | None:
        """The partition that has an access path, mounted or not."""
        wanted = path.casefold()
        parts = (part for disk in self.disks for part in disk.parts)
        return next((part for part in parts if wanted in (kept.casefold() for kept in part.access)), None)

    # Changing

    def online(self, disk: DiskState) -> None:
        """MSFT_Disk.Online: bring a disk online for good; read-only stays as it is."""
        self.set(disk, 0, OFFLINE, persist=True)

    def offline(self, disk: DiskState) -> None:
        """MSFT_Disk.Offline: take a disk offline for good."""
        self.set(disk, OFFLINE, OFFLINE, persist=True)

    def set_read_only(self, disk: DiskState, read_only: bool) -> None:
        """MSFT_Disk.SetAttributes: set or clear read-only for good."""
        self.set(disk, READ_ONLY if read_only else 0, READ_ONLY, persist=True)

    def set(self, disk: DiskState, attributes: int, mask: int, *, persist: bool) -> None:
        """IOCTL_DISK_SET_DISK_ATTRIBUTES: what of a disk counts now, and with ``persist`` after a boot too.

        Whether ``persist`` keeps the attributes of the mask alone, or all that the disk has then, is not
        documented: all of them are kept here, the worse of the two.
        """
        was = (OFFLINE if disk.offline else 0) | (READ_ONLY if disk.read_only else 0)
        now = was & ~mask | attributes & mask
        if persist:
            disk.persisted = now
            self._save()
            self._persisted(disk)
        if (was ^ now) & READ_ONLY:
            disk.read_only = bool(now & READ_ONLY)
            self._record("disk_read_only", disk=disk.spec.id, read_only=disk.read_only)
        if (was ^ now) & OFFLINE:
            self._switch(disk, online=not now & OFFLINE)

    def _switch(self, disk: DiskState, *, online: bool) -> None:
        disk.offline, disk.reason = not online, 0 if online else POLICY
        if disk.claims:
            (disk.claims.take if online else disk.claims.drop)()
        self._log(disk, online=online, why="request")
        self._changed()

    def set_dismounted(self, part: Part, dismounted: bool) -> None:
        """Dismount or mount a volume."""
        part.dismounted = dismounted
        self._record("volume", volume=part.volume_guid, mounted=not dismounted)
        self._changed()

    def add_access(self, part: Part, path: str) -> None:
        """Give a volume an access path (with its final backslash); remembered over reboots."""
        part.access.append(path)
        part.dismounted = False
        self._save()
        self._record("access_path", volume=part.volume_guid, path=path, added=True)
        self._changed()

    def remove_access(self, part: Part, path: str) -> bool:
        """Take an access path away; False where the volume does not have it."""
        kept = [mine for mine in part.access if mine.casefold() != path.casefold()]
        if len(kept) == len(part.access):
            return False
        part.access = kept
        self._save()
        self._record("access_path", volume=part.volume_guid, path=path, added=False)
        self._changed()
        return True

    # Parts

    def _disk(self, spec: Disk) -> DiskState:
        scope = () if spec.shared else (self._node,)
        guid = spec.guid or guid_for(*scope, "disk", spec.id)
        base = self._shared / spec.id if spec.shared else self._drives
        parts = [
            Part(
                number,
                guid_for(*scope, spec.id, "partition", str(number)),
                guid_for(*scope, spec.id, "volume", str(number)),
                base / _folder_name(spec, number),
                partition.label,
                partition.size_gb << 30,
                list(partition.access),
            )
            for number, partition in enumerate(spec.partitions, 1)
        ]
        unique_id = spec.unique_id or guid_for(*scope, "id", spec.id).strip("{}").replace("-", "").upper()
        return DiskState(spec, spec.number_on(self._node), unique_id, guid, parts, self._claims(spec))

    def _claims(self, spec: Disk) -> Claims | None:
        if not spec.shared:
            return None
        return Claims(
            self._shared / f"{spec.id}.claims", self._node, lambda others: self._corrupted(spec.id, others)
        )

    def _corrupted(self, disk: str, others: list[str]) -> None:
        self._record("corruption", disk=disk, also_online_on=others)
        EventLog(self._shared / "corruption.jsonl", self._node).record(
            "corruption", disk=disk, also_online_on=others
        )

    def _log(self, disk: DiskState, *, online: bool, why: str) -> None:
        self._record("disk", disk=disk.spec.id, online=online, why=why)

    def _saved(self) -> dict[str, Any]:
        if not self._state_file.exists():
            return {}
        document: dict[str, Any] = json.loads(self._state_file.read_text(encoding="utf-8"))
        return document

    def _save(self) -> None:
        document = {
            d.spec.id: {"attributes": d.persisted} | {str(part.number): part.access for part in d.parts}
            for d in self.disks
        }
        write_atomically(self._state_file, json.dumps(document, indent=1))


def _folder_name(spec: Disk, number: int) -> str:
    """``C`` for a partition that begins as ``C:``, else ``data-1``."""
    letters = [path[0].upper() for path in spec.partitions[number - 1].access if DRIVE.match(path)]
    return letters[0] if letters and not spec.shared else f"{spec.id}-{number}"
