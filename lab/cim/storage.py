# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and partitions: the MSFT_ classes of root/Microsoft/Windows/Storage but volumes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

from lab.machine.faults import Faults, applies
from lab.machine.paths import local_path
from lab.machine.storage import DRIVE, DiskState, Part, Storage

from .base import ClassProvider, not_emulated, require_instance
from .schema import CimFailure, Embedded, Ref, Result, Values

# PartitionStyle; a basic data partition of GPT has this type.
_STYLES = {"mbr": 1, "gpt": 2}
_BASIC_DATA = "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}"
ONLINE_STATUS, OFFLINE_STATUS, FAILED_STATUS = 0xD010, 0xD013, 0xD014
MIB = 1 << 20


class Code(IntEnum):
    """ReturnValue of the storage methods."""

    OK = 0
    FAILED = 4
    INVALID_PARAMETER = 5
    CACHE_OUT_OF_DATE = 40003
    DISK_OFFLINE = 41003
    CRITICAL_DISK = 41009
    PATH_IN_USE = 42002
    VOLUME_GUID_PATH = 42005
    BOOT_PARTITION = 42006
    INVALID_PATH = 42007


def object_id(kind: str, computer: str, identity: str) -> str:
    r"""An opaque ObjectId in the likeness of ``{1}\\SERVER\root/.../WSP_Disk.ObjectId="..."``."""
    inner = f"{{{identity.strip('{}')}}}:{kind[0:2].upper()}:{identity}"
    return f'{{1}}\\\\{computer}\\root/Microsoft/Windows/Storage/Providers_v2\\WSP_{kind}.ObjectId="{inner}"'


def result(code: Code) -> Result:
    """A ReturnValue with an empty ExtendedStatus."""
    return Result(int(code), {"ExtendedStatus": None})


class StorageClass(ClassProvider):
    """What the storage classes share.

    Args:
        class_name: the class.
        storage: the node's storage.
        computer: its computer name.
        faults: for the stale cache.
        pause: waits as long as a disk takes to change state.
    """

    def __init__(
        self,
        class_name: str,
        storage: Storage,
        computer: str,
        faults: Faults,
        pause: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(class_name)
        self.storage = storage
        self.computer = computer
        self.faults = faults
        self.pause = pause

    def identity(self, kind: str, identity: str) -> dict[str, str]:
        """The key."""
        return {"ObjectId": object_id(kind, self.computer, identity)}

    def is_stale(self, disk: DiskState) -> bool:
        """True while the cache is out of date (fault ``disk_stale``)."""
        return applies(self.faults.get("disk_stale"), "disk", disk.spec.id)

    def missing(self) -> CimFailure:
        """The failure for keys that name nothing."""
        return CimFailure(6, "Not found", message_id="HRESULT 0x80041002")


class DiskProvider(StorageClass):
    """MSFT_Disk."""

    async def instances(self) -> list[Values]:
        """Every disk the node can reach."""
        return [self.values(disk) for disk in self.storage.disks]

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Online, Offline, SetAttributes and Refresh."""
        actions = {
            "Online": self._online,
            "Offline": self._offline,
            "SetAttributes": self._set_attributes,
            "Refresh": self._refresh,
        }
        if method not in actions:
            return await super().invoke(method, keys, arguments)
        wanted = require_instance(method, keys)["ObjectId"]
        disk = next((d for d in self.storage.disks if self.key(d)["ObjectId"] == wanted), None)
        if disk is None:
            raise self.missing()
        if self.is_stale(disk) and method != "Refresh":
            return result(Code.CACHE_OUT_OF_DATE)
        return result(await actions[method](disk, arguments))

    async def _online(self, disk: DiskState, _arguments: Values) -> Code:
        if self.storage.failed(disk.spec.id):
            return Code.FAILED
        if disk.offline:
            await self.pause()
            self.storage.online(disk)
        return Code.OK

    async def _offline(self, disk: DiskState, _arguments: Values) -> Code:
        if disk.spec.system:
            return Code.CRITICAL_DISK
        if not disk.offline:
            await self.pause()
            self.storage.offline(disk)
        return Code.OK

    async def _set_attributes(self, disk: DiskState, arguments: Values) -> Code:
        for name in ("Signature", "Guid"):
            if arguments.get(name) is not None:
                raise not_emulated(f"MSFT_Disk.SetAttributes with {name}")
        if arguments.get("IsReadOnly") is None:
            return Code.INVALID_PARAMETER
        if disk.offline:
            return Code.DISK_OFFLINE
        if disk.spec.system and arguments["IsReadOnly"]:
            return Code.CRITICAL_DISK
        self.storage.set_read_only(disk, arguments["IsReadOnly"])
        return Code.OK

    async def _refresh(self, disk: DiskState, _arguments: Values) -> Code:
        if self.is_stale(disk):
            self.faults.clear("disk_stale")
        return Code.OK

    def key(self, disk: DiskState) -> dict[str, str]:
        """The key of a disk."""
        return self.identity("Disk", disk.guid)

    def values(self, disk: DiskState) -> dict[str, Any]:
        """All properties."""
        failed = self.storage.failed(disk.spec.id)
        used = sum(part.size for part in disk.parts) + MIB
        status = FAILED_STATUS if failed else OFFLINE_STATUS if disk.offline else ONLINE_STATUS
        return self.complete(
            {
                **self.key(disk),
                "UniqueId": disk.unique_id,
                "UniqueIdFormat": 3,
                "AllocatedSize": used,
                "BootFromDisk": disk.spec.system,
                "BusType": 9 if disk.spec.shared else 10,
                "FriendlyName": f"LAB {disk.spec.id}",
                "Guid": disk.guid,
                "HealthStatus": 2 if failed else 0,
                "IsBoot": disk.spec.system,
                "IsClustered": False,
                "IsHighlyAvailable": False,
                "IsOffline": disk.offline,
                "IsReadOnly": disk.read_only,
                "IsScaleOut": False,
                "IsSystem": disk.spec.system,
                "LargestFreeExtent": 0,
                "Location": f"Integrated : Adapter 0 : Port 0 : Target 0 : LUN {disk.number}",
                "LogicalSectorSize": disk.spec.sector,
                "Manufacturer": "LAB",
                "Model": disk.spec.id,
                "Number": disk.number,
                "NumberOfPartitions": len(disk.parts),
                "OfflineReason": disk.reason if disk.offline else None,
                "OperationalStatus": [status],
                "PartitionStyle": _STYLES[disk.spec.style],
                "Path": disk.path,
                "PhysicalSectorSize": 4096,
                "ProvisioningType": 2,
                "SerialNumber": disk.unique_id[-12:],
                "Size": used + MIB,
            }
        )


class PartitionProvider(StorageClass):
    """MSFT_Partition."""

    async def instances(self) -> list[Values]:
        """Every partition, of offline disks too: their layout can be read."""
        return [self.values(disk, part) for disk in self.storage.disks for part in disk.parts]

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """GetAccessPaths, AddAccessPath, RemoveAccessPath, Online and Offline."""
        known = {"GetAccessPaths", "AddAccessPath", "RemoveAccessPath", "Online", "Offline"}
        if method not in known:
            return await super().invoke(method, keys, arguments)
        disk, part = self._find(require_instance(method, keys))
        if self.is_stale(disk):
            return result(Code.CACHE_OUT_OF_DATE)
        if method == "GetAccessPaths":
            return Result(0, {"AccessPaths": self._access_paths(disk, part), "ExtendedStatus": None})
        if disk.offline:
            return result(Code.FAILED)
        if method == "AddAccessPath":
            return result(self._add(part, arguments))
        if method == "RemoveAccessPath":
            return result(self._remove(disk, part, arguments.get("AccessPath")))
        self.storage.set_dismounted(part, method == "Offline")
        return result(Code.OK)

    def _add(self, part: Part, arguments: Values) -> Code:
        path, assign = arguments.get("AccessPath"), bool(arguments.get("AssignDriveLetter"))
        if bool(path) == assign:
            return Code.INVALID_PARAMETER
        wanted = normal_path(str(path)) if path else self._free_letter()
        if wanted is None:
            return Code.INVALID_PATH
        if self.storage.owner_of(wanted) or (DRIVE.match(wanted) and part.letter):
            return Code.PATH_IN_USE
        if not DRIVE.match(wanted) and (refused := self._refuse_folder(wanted)):
            return refused
        self.storage.add_access(part, wanted)
        return Code.OK

    def _refuse_folder(self, path: str) -> Code | None:
        """A mount point must be an empty folder of a mounted volume."""
        folder = folder_of(self.storage, path)
        if folder is None or not folder.is_dir():
            return Code.INVALID_PATH
        return Code.PATH_IN_USE if any(folder.iterdir()) else None

    def _remove(self, disk: DiskState, part: Part, path: object) -> Code:
        if not path:
            return Code.INVALID_PARAMETER
        if str(path).startswith("\\\\?\\Volume"):
            return Code.VOLUME_GUID_PATH
        wanted = normal_path(str(path))
        if wanted is None:
            return Code.INVALID_PATH
        if disk.spec.system and DRIVE.match(wanted):
            return Code.BOOT_PARTITION
        return Code.OK if self.storage.remove_access(part, wanted) else Code.INVALID_PATH

    def _free_letter(self) -> str | None:
        letters = (f"{letter}:\\" for letter in "DEFGHIJKLMNOPQRSTUVWXYZ")
        return next((path for path in letters if not self.storage.owner_of(path)), None)

    def _find(self, keys: Values) -> tuple[DiskState, Part]:
        for disk in self.storage.disks:
            for part in disk.parts:
                if self.key(part)["ObjectId"] == keys["ObjectId"]:
                    return disk, part
        raise self.missing()

    def _access_paths(self, disk: DiskState, part: Part) -> list[str] | None:
        there = part.replica or any(mounted is part for _rest, mounted in self.storage.mounted())
        return [*part.access, part.volume_path] if there and not disk.offline else None

    def key(self, part: Part) -> dict[str, str]:
        """The key of a partition."""
        return self.identity("Partition", part.guid)

    def values(self, disk: DiskState, part: Part) -> dict[str, Any]:
        """All properties."""
        offline = disk.offline or part.dismounted
        paths = self._access_paths(disk, part)
        offset = MIB + sum(earlier.size for earlier in disk.parts if earlier.number < part.number)
        return self.complete(
            {
                **self.key(part),
                "UniqueId": f"{part.guid}{disk.unique_id}",
                "AccessPaths": paths,
                "DiskId": disk.path,
                "DiskNumber": disk.number,
                "DriveLetter": part.letter if paths else None,
                "GptType": _BASIC_DATA,
                "Guid": part.guid,
                "IsActive": None,
                "IsBoot": disk.spec.system,
                "IsDAX": False,
                "IsHidden": False,
                "IsOffline": offline,
                "IsReadOnly": disk.read_only,
                "IsShadowCopy": False,
                "IsSystem": disk.spec.system,
                "NoDefaultDriveLetter": False,
                "Offset": offset,
                "OperationalStatus": 4 if offline else 1,
                "PartitionNumber": part.number,
                "Size": part.size,
                "TransitionState": 1,
            }
        )


class StorageSetting(ClassProvider):
    """MSFT_StorageSetting: NewDiskPolicy, and the refresh of the cache."""

    def __init__(self, storage: Storage, faults: Faults) -> None:
        super().__init__("MSFT_StorageSetting")
        self._storage = storage
        self._faults = faults

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Get, and UpdateHostStorageCache."""
        if method == "Get":
            setting = {"NewDiskPolicy": self._storage.san_policy, "ScrubPolicy": None}
            return Result(0, {"StorageSetting": Embedded(self.schema.name, setting)})
        if method != "UpdateHostStorageCache":
            return await super().invoke(method, keys, arguments)
        self._faults.clear("disk_stale")
        return Result(0)


class DiskToPartition(ClassProvider):
    """MSFT_DiskToPartition."""

    def __init__(self, disks: DiskProvider, partitions: PartitionProvider) -> None:
        super().__init__("MSFT_DiskToPartition")
        self._disks = disks
        self._partitions = partitions

    async def instances(self) -> list[Values]:
        """One a partition."""
        return [
            {
                "Disk": Ref(self.schema.namespace, "MSFT_Disk", self._disks.key(disk)),
                "Partition": Ref(self.schema.namespace, "MSFT_Partition", self._partitions.key(part)),
            }
            for disk in self._disks.storage.disks
            for part in disk.parts
        ]


def normal_path(path: str) -> str | None:
    r"""``E:\`` or ``C:\mounts\web\``, letter in upper case; None where it is no access path."""
    text = path.replace("/", "\\")
    if DRIVE.match(text):
        return f"{text[0].upper()}:\\"
    if len(text) < 4 or text[1:3] != ":\\":
        return None
    return f"{text[0].upper()}{text[1:].rstrip(chr(92))}\\"


def folder_of(storage: Storage, path: str) -> Path | None:
    """The folder behind an access path, None where no online volume carries it."""
    try:
        return local_path(storage, path)
    except FileNotFoundError:
        return None
