# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes: MSFT_Volume (root/Microsoft/Windows/Storage) and Win32_Volume (root/cimv2)."""

from __future__ import annotations

import zlib
from typing import Any

from lab.machine.faults import applies
from lab.machine.storage import DRIVE, DiskState, Part, Storage

from .base import ClassProvider, not_emulated, require_instance
from .schema import CimFailure, Ref, Result, Values
from .storage import Code, PartitionProvider, StorageClass, folder_of, normal_path, result

_FIXED = 3  # DriveType
_NTFS = 14  # MSFT_Volume.FileSystemType
_FULL_REPAIR = 0xD00F  # MSFT_Volume.OperationalStatus


class VolumeProvider(StorageClass):
    """MSFT_Volume: the volumes of online disks."""

    async def instances(self) -> list[Values]:
        """Every mounted volume."""
        return [self._values(disk, part) for disk, part in self.storage.mounted()]

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Flush and SetFileSystemLabel."""
        if method not in ("Flush", "SetFileSystemLabel"):
            return await super().invoke(method, keys, arguments)
        disk, part = self._find(require_instance(method, keys))
        if self.is_stale(disk):
            return result(Code.CACHE_OUT_OF_DATE)
        if method == "SetFileSystemLabel":
            part.label = str(arguments.get("FileSystemLabel") or "")
        return result(Code.OK)

    def key(self, part: Part) -> dict[str, str]:
        """The key of a volume."""
        return self.identity("Volume", part.volume_guid)

    def _find(self, keys: Values) -> tuple[DiskState, Part]:
        for disk, part in self.storage.mounted():
            if self.key(part)["ObjectId"] == keys["ObjectId"]:
                return disk, part
        raise self.missing()

    def _values(self, disk: DiskState, part: Part) -> dict[str, Any]:
        dirty = applies(self.faults.get("dirty"), "disk", disk.spec.id)
        return self.complete(
            {
                **self.key(part),
                "UniqueId": part.volume_path,
                "AllocationUnitSize": 4096,
                "DedupMode": 4,
                "DriveLetter": part.letter,
                "DriveType": _FIXED,
                "FileSystem": "NTFS",
                "FileSystemLabel": part.label,
                "FileSystemType": _NTFS,
                "HealthStatus": 1 if dirty else 0,
                "OperationalStatus": [_FULL_REPAIR if dirty else 2],
                "Path": part.volume_path,
                "Size": part.size,
                "SizeRemaining": part.size // 2,
            }
        )


class PartitionToVolume(ClassProvider):
    """MSFT_PartitionToVolume."""

    def __init__(self, partitions: PartitionProvider, volumes: VolumeProvider) -> None:
        super().__init__("MSFT_PartitionToVolume")
        self._partitions = partitions
        self._volumes = volumes

    async def instances(self) -> list[Values]:
        """One a mounted volume."""
        return [
            {
                "Partition": Ref(self.schema.namespace, "MSFT_Partition", self._partitions.key(part)),
                "Volume": Ref(self.schema.namespace, "MSFT_Volume", self._volumes.key(part)),
            }
            for _rest, part in self._volumes.storage.mounted()
        ]


class Win32Volume(ClassProvider):
    """Win32_Volume: volumes of online disks, dismounted ones too."""

    def __init__(self, storage: Storage, computer: str) -> None:
        super().__init__("Win32_Volume")
        self._storage = storage
        self._computer = computer

    async def instances(self) -> list[Values]:
        """Every volume."""
        return [self._values(disk, part) for disk, part in self._volumes()]

    async def modify(self, keys: Values, values: Values) -> None:
        """Set Label and DriveLetter."""
        disk, part = self._find(keys)
        changed = self.writable(self._values(disk, part), values)
        if "Label" in changed:
            part.label = str(changed["Label"] or "")
        if "DriveLetter" in changed:
            self._set_letter(part, changed["DriveLetter"])

    def _set_letter(self, part: Part, letter: str | None) -> None:
        wanted = normal_path(letter) if letter else None
        if letter and (wanted is None or not DRIVE.match(wanted) or self._storage.owner_of(wanted)):
            raise CimFailure(4, "Invalid parameter", message_id="HRESULT 0x80041008")
        if part.letter:
            self._storage.remove_access(part, f"{part.letter}:\\")
        if wanted:
            self._storage.add_access(part, wanted)

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Mount, Dismount and AddMountPoint, with the return values of the class."""
        if method not in ("Mount", "Dismount", "AddMountPoint"):
            return await super().invoke(method, keys, arguments)
        _rest, part = self._find(require_instance(method, keys))
        if method == "Mount":
            self._storage.set_dismounted(part, False)
            return Result(0)
        if method == "Dismount":
            return Result(self._dismount(part, arguments))
        return Result(self._add_mount_point(part, str(arguments.get("Directory") or "")))

    def _dismount(self, part: Part, arguments: Values) -> int:
        """2: the volume has mount points and should go for good."""
        if arguments.get("Permanent") and part.access:
            return 2
        self._storage.set_dismounted(part, True)
        return 0

    def _add_mount_point(self, part: Part, directory: str) -> int:
        wanted = normal_path(directory)
        folder = folder_of(self._storage, wanted) if wanted else None
        if wanted is None or folder is None or not folder.is_dir() or any(folder.iterdir()):
            raise not_emulated(f"AddMountPoint on {directory}, which is no empty folder")
        self._storage.add_access(part, wanted)
        return 0

    def _volumes(self) -> list[tuple[DiskState, Part]]:
        storage = self._storage
        present = (disk for disk in storage.disks if not disk.offline and not storage.failed(disk.spec.id))
        return [(disk, part) for disk in present for part in disk.parts]

    def _find(self, keys: Values) -> tuple[DiskState, Part]:
        for disk, part in self._volumes():
            if part.volume_path == keys["DeviceID"]:
                return disk, part
        raise CimFailure(6, "Not found", message_id="HRESULT 0x80041002")

    def _values(self, disk: DiskState, part: Part) -> dict[str, Any]:
        name = part.access[0] if part.access else part.volume_path
        return self.complete(
            {
                "Automount": True,
                "BlockSize": 4096,
                "BootVolume": disk.spec.system,
                "Capacity": part.size,
                "Caption": name,
                "Compressed": False,
                "DeviceID": part.volume_path,
                "DirtyBitSet": False,
                "DriveLetter": f"{part.letter}:" if part.letter else None,
                "DriveType": _FIXED,
                "FileSystem": "NTFS",
                "FreeSpace": part.size // 2,
                "IndexingEnabled": True,
                "Label": part.label,
                "MaximumFileNameLength": 255,
                "Name": name,
                "PageFilePresent": disk.spec.system,
                "QuotasEnabled": False,
                "QuotasIncomplete": False,
                "QuotasRebuilding": False,
                "SerialNumber": zlib.crc32(part.volume_guid.encode()),
                "SupportsDiskQuotas": True,
                "SupportsFileBasedCompression": True,
                "SystemName": self._computer,
                "SystemVolume": disk.spec.system,
            }
        )
