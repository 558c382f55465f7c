# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What disks, partitions and volumes share: the namespace, its return codes, and its cache.

Namespace ``root/Microsoft/Windows/Storage`` (Windows Server 2012 and later).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from ..errors import BadDocument, MethodError
from ..node import ClassPath, Instance, Node, Reference, Value

NAMESPACE = "root/Microsoft/Windows/Storage"
STORAGE_SETTING = ClassPath(NAMESPACE, "MSFT_StorageSetting")

CACHE_OUT_OF_DATE = 40003
NOT_SUPPORTED = 1
TIMEOUT = 3

# Return codes of the methods of MSFT_Disk, MSFT_Partition and MSFT_Volume.
CODES: Mapping[int, str] = {
    NOT_SUPPORTED: "not supported",
    2: "unspecified error",
    TIMEOUT: "timeout",
    4: "failed",
    5: "invalid parameter",
    6: "the object is in use",
    40001: "access denied",
    40002: "not enough resources",
    CACHE_OUT_OF_DATE: "the storage cache is out of date",
    41000: "the disk has not been initialized",
    41003: "the disk is offline",
    41006: "a parameter is not valid for this type of partition",
    41009: "not supported on a critical disk",
    41018: "the disk is managed by failover clustering",
    42002: "the access path is already in use",
    42004: "hidden partitions have no access paths",
    42005: "the path is the volume's own GUID path",
    42006: "the partition holds the system or a page file",
    42007: "the access path is not valid",
    42011: "possible on data partitions only",
}


class DiskPolicy(IntEnum):
    """MSFT_StorageSetting.NewDiskPolicy: what becomes of a disk that the node has not seen before."""

    UNKNOWN = 0
    ONLINE_ALL = 1
    OFFLINE_SHARED = 2
    OFFLINE_ALL = 3
    OFFLINE_INTERNAL = 4

    @property
    def shared_online(self) -> bool:
        """Disks on a shared bus come online by themselves."""
        return self in (DiskPolicy.ONLINE_ALL, DiskPolicy.OFFLINE_INTERNAL)

    @property
    def label(self) -> str:
        """As Get-StorageSetting shows it."""
        return "".join(word.capitalize() for word in self.name.split("_"))


def read_disk_policy(node: Node) -> DiskPolicy:
    """The SAN policy of a node: MSFT_StorageSetting.Get.

    Raises:
        BadDocument: the answer holds no storage setting.
    """
    output = node.cim.invoke(STORAGE_SETTING, "Get", codes=CODES)
    # The page of the method names the out-parameter StorageSettings, the schema StorageSetting.
    for name in ("StorageSetting", "StorageSettings"):
        found = output.get(name)
        if isinstance(found, Instance):
            value = found.number("NewDiskPolicy", 0)
            return DiskPolicy(value) if value in set(DiskPolicy) else DiskPolicy.UNKNOWN
    raise BadDocument(f"{STORAGE_SETTING.name}.Get: expected StorageSetting", node=node.name)


def refresh_storage(node: Node) -> None:
    """Rescan: MSFT_StorageSetting.UpdateHostStorageCache."""
    node.cim.invoke(STORAGE_SETTING, "UpdateHostStorageCache", codes=CODES)


def storage_call(
    node: Node, target: Reference, method: str, arguments: Mapping[str, Value] | None = None
) -> Instance:
    """Call a method of a storage object; where the cache is out of date, rescan and call it once more.

    Raises:
        MethodError: the return code, with its text.
    """
    try:
        return node.cim.invoke(target, method, arguments, codes=CODES)
    except MethodError as failure:
        if failure.code != CACHE_OUT_OF_DATE:
            raise
    refresh_storage(node)
    return node.cim.invoke(target, method, arguments, codes=CODES)
