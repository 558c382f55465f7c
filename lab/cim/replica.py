# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MSFT_WvrAdminTasks: Storage Replica as CIM shows it.

Texts of refusals are those of Microsoft's pages where one is quoted there (storage-replica-known-issues.md:
provisioning of a system drive, unequal sizes); the others are the lab's own, and no client may read them.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from lab.machine.storage import Part, Storage
from lab.replica.engine import Refused, Replication
from lab.replica.groups import ASYNCHRONOUS, DEFAULT_RPO, SYNCHRONOUS, Group, Kept
from lab.replica.peers import NotReached
from lab.topology import Node

from .base import ClassProvider, invalid_parameter, not_emulated, not_found, win32_failure
from .schema import CimFailure, Embedded, Result, Values
from .storage import normal_path

_STANDARD = "Standard"
_STANDARD_LIMIT = 2 << 40  # bytes: one volume of up to 2 TB
_ERROR_NOT_FOUND, _ERROR_NOT_SUPPORTED, _ERROR_DISK_FULL, _ERROR_BAD_NETPATH = 1168, 50, 112, 53
_DEFAULT_LOG = 8 << 30
_LEAST_LOG = 512 << 20
_LEAST_RPO = 30


class WvrAdminTasks(ClassProvider):
    """MSFT_WvrAdminTasks.

    Args:
        replication: of this node.
        storage: its volumes.
        node: what kind of machine it is.
    """

    def __init__(self, replication: Replication, storage: Storage, node: Node) -> None:
        super().__init__("MSFT_WvrAdminTasks")
        self._replication, self._storage, self._node = replication, storage, node

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """The static methods of the class file, on this computer alone."""
        self._refuse_elsewhere(method, arguments.get("ComputerName"))
        methods = {
            "GetGroup": self._get_group,
            "GetPartnership": self._get_partnership,
            "NewSrGroup": self._new_group,
            "CreatePartnership": self._create_partnership,
            "SetPartnershipSetSourcePartnership": self._set_source,
            "SetPartnershipModifyPartnership": self._modify_partnership,
            "RemovePartnership": self._remove_partnership,
            "RemoveSrGroup": self._remove_group,
            "SyncGroup": self._sync,
            "SuspendGroup": self._suspend,
        }
        if method not in methods:
            return await super().invoke(method, keys, arguments)
        try:
            return await methods[method](arguments)
        except NotReached as silent:
            raise win32_failure(1, str(silent), _ERROR_BAD_NETPATH) from silent
        except Refused as refused:
            raise win32_failure(1, str(refused), _ERROR_NOT_SUPPORTED) from refused

    # Reading

    async def _get_group(self, arguments: Values) -> Result:
        name = arguments.get("Name")
        found = list(self._replication.groups.found.values()) if name is None else [self._named(name)]
        return Result(0, {"Output": [self._shown(group) for group in found]})

    async def _get_partnership(self, arguments: Values) -> Result:
        if any(arguments.get(name) for name in arguments):
            raise not_emulated("GetPartnership with names")
        paired = [group for group in self._replication.groups.found.values() if group.kept.partner]
        return Result(0, {"Output": [self._partnership(group) for group in paired]})

    def _partnership(self, group: Group) -> Embedded:
        kept = group.kept
        own, other = (self._node.netbios, kept.name), (kept.partner, kept.partner_group)
        source, destination = (own, other) if kept.primary else (other, own)
        return Embedded(
            "MSFT_WvrReplicationPartnership",
            {
                "SourceComputerName": source[0],
                "SourceRGName": source[1],
                "DestinationComputerName": destination[0],
                "DestinationRGName": destination[1],
                "Id": kept.partnership,
            },
        )

    def _shown(self, group: Group) -> Embedded:
        kept, status = group.kept, int(self._replication.status(group))
        part = self._replication.part(group)
        replica: dict[str, Any] = {
            "PartitionId": part.guid,
            "DataVolume": kept.volume,
            "PartitionSize": part.size,
            "NumOfBytesRecovered": group.recovered,
            "NumOfBytesRemaining": group.remaining,
            "CurrentLsn": kept.lsn,
            "LastKnownPrimaryLsn": kept.lsn,
            "LastInSyncTime": _time(kept.in_sync_at),
            "LastOutOfSyncTime": _time(kept.out_of_sync_at),
            "ReplicationMode": kept.mode,
            "ReplicationStatus": status,
        }
        return Embedded(
            "MSFT_WvrReplicationGroup",
            {
                "Name": kept.name,
                "ComputerName": self._node.netbios,
                "Description": kept.description,
                "Id": kept.id,
                "LogVolume": kept.log_volume,
                "LogSizeInBytes": kept.log_size,
                "Partitions": [part.guid],
                "IsCluster": False,
                "IsAutoFailover": False,
                "IsPrimary": kept.primary,
                "IsSuspended": kept.suspended,
                "IsInPartnership": bool(kept.partner),
                "IsWriteConsistency": False,
                "AsyncRPO": kept.rpo,
                "IsEncrypted": False,
                "AllowVolumeResize": False,
                "NumOfReplicas": 1,
                "ReplicationMode": kept.mode,
                "ReplicationStatus": status,
                "LastInSyncTime": _time(kept.in_sync_at),
                "Replicas": [Embedded("MSFT_WvrReplica", replica)],
            },
        )

    # Changing

    async def _new_group(self, arguments: Values) -> Result:
        unused = ("EnableConsistencyGroups", "EnableEncryption", "MinimumPartnersInSync")
        if used := [name for name in unused if arguments.get(name)]:
            raise not_emulated(f"NewSrGroup with {', '.join(used)}")
        volumes = arguments.get("VolumeName") or []
        if len(volumes) != 1:
            raise not_emulated("NewSrGroup with several volumes")
        name = str(arguments.get("Name") or "")
        if not name or self._replication.groups.named(name):
            raise invalid_parameter(f"NewSrGroup: no name, or one that is in use: {name!r}")
        if not self._node.windows.domain:
            raise win32_failure(1, "The computer is no member of a domain.", _ERROR_NOT_SUPPORTED)
        volume, log = _path(volumes[0]), _path(arguments.get("LogVolumeName"))
        part, log_part = self._part(name, volume), self._part(name, log)
        if part is log_part or self._replication.groups.of_volume(volume):
            raise invalid_parameter(f"NewSrGroup: {volume} is the log volume, or is replicated already")
        size = int(arguments.get("LogSizeInBytes") or _DEFAULT_LOG)
        if size < _LEAST_LOG:  # that there is a minimum is documented, and not how less is refused
            raise invalid_parameter(f"NewSrGroup: LogSizeInBytes {size} is less than {_LEAST_LOG}")
        if size > log_part.size // 2:  # what MSFT_Volume shows as free
            raise win32_failure(1, f"There is not enough space on {log} for the log.", _ERROR_DISK_FULL)
        described = str(arguments.get("Description") or "")
        kept = Kept(name, "{" + str(uuid.uuid4()) + "}", volume, log, size, described)
        return Result(0, {"Output": [self._shown(self._replication.create(kept))]})

    def _part(self, group: str, volume: str) -> Part:
        """The data partition of a path that Storage Replica takes."""
        for disk, part in self._storage.mounted():
            if volume.casefold() in (path.casefold() for path in part.access):
                if disk.spec.system or disk.spec.style != "gpt":
                    problem = f"Failed to provision partition {part.guid.strip('{}')}."
                    text = f"Unable to create replication group {group}, detailed reason: {problem}"
                    raise win32_failure(6, text, _ERROR_NOT_FOUND)
                return part
        raise not_found(f"The specified volume {volume} cannot be found on computer {self._node.netbios}")

    async def _create_partnership(self, arguments: Values) -> Result:
        if arguments.get("EnableEncryption") or arguments.get("PreventReplication"):
            raise not_emulated("CreatePartnership with EnableEncryption or PreventReplication")
        self._refuse_elsewhere("CreatePartnership", arguments.get("SourceComputerName"))
        group = self._named(arguments.get("SourceRGName"))
        if group.kept.partner:
            raise invalid_parameter(f"{group.kept.name} is in a partnership already")
        self._refuse_edition(group)
        mode = int(arguments.get("ReplicationMode") or SYNCHRONOUS)
        if mode not in (SYNCHRONOUS, ASYNCHRONOUS):
            raise invalid_parameter(f"ReplicationMode {mode}")
        rpo = int(arguments.get("AsyncRPO") or DEFAULT_RPO)
        if rpo < _LEAST_RPO:
            raise invalid_parameter(f"CreatePartnership: AsyncRPO {rpo} is less than {_LEAST_RPO}")
        await self._replication.pair(
            group,
            str(arguments["DestinationComputerName"]),
            str(arguments["DestinationRGName"]),
            mode,
            rpo,
        )
        return Result(0, {"Output": [self._partnership(group)]})

    def _refuse_edition(self, group: Group) -> None:
        if self._node.windows.edition != _STANDARD:
            return
        others = [one for one in self._replication.groups.found.values() if one.kept.partner]
        if others or self._replication.part(group).size > _STANDARD_LIMIT:
            text = "The Standard edition replicates one volume of up to 2 TB in one partnership."
            raise win32_failure(1, text, _ERROR_NOT_SUPPORTED)

    async def _set_source(self, arguments: Values) -> Result:
        """Called on the new source, as clients do; elsewhere it is not emulated."""
        self._refuse_elsewhere("SetPartnershipSetSourcePartnership", arguments.get("NewSourceComputerName"))
        group = self._named(arguments.get("SourceRGName"))
        other = (str(arguments["DestinationComputerName"]), str(arguments["DestinationRGName"]))
        if _folded(other) != _folded((group.kept.partner, group.kept.partner_group)):
            raise not_found(f"There is no partnership of {group.kept.name} with {' '.join(other)}")
        await self._replication.reverse(group)
        return Result(0)

    async def _modify_partnership(self, arguments: Values) -> Result:
        """The RPO, on the source; what else may be given has to be as it is."""
        self._refuse_elsewhere("SetPartnershipModifyPartnership", arguments.get("SourceComputerName"))
        group = self._named(arguments.get("SourceRGName"))
        kept = group.kept
        other = (str(arguments["DestinationComputerName"]), str(arguments["DestinationRGName"]))
        if not kept.primary or _folded(other) != _folded((kept.partner, kept.partner_group)):
            raise not_found(f"There is no partnership of {kept.name} with {' '.join(other)}")
        same = {"ReplicationMode": kept.mode, "LogSizeInBytes": kept.log_size, "Encryption": False}
        if used := [name for name, value in same.items() if arguments.get(name, value) != value]:
            raise not_emulated(f"SetPartnershipModifyPartnership with another {', '.join(used)}")
        await self._replication.state_rpo(group, int(arguments["AsyncRPO"]))
        return Result(0)

    async def _remove_partnership(self, arguments: Values) -> Result:
        alone = bool(arguments.get("IgnoreRemovalFailure"))
        own = self._node.netbios.casefold()
        source = str(arguments["SourceComputerName"]).casefold() == own
        mine, theirs = ("Source", "Destination") if source else ("Destination", "Source")
        if not source and not alone:
            raise not_emulated("RemovePartnership on the destination without IgnoreRemovalFailure")
        group = self._named(arguments.get(f"{mine}RGName"))
        other = (str(arguments[f"{theirs}ComputerName"]), str(arguments[f"{theirs}RGName"]))
        if _folded(other) != _folded((group.kept.partner, group.kept.partner_group)):
            raise not_found(f"There is no partnership of {group.kept.name} with {' '.join(other)}")
        await self._replication.unpair(group, alone=alone)
        return Result(0)

    async def _remove_group(self, arguments: Values) -> Result:
        group = self._named(arguments.get("Name"))
        if group.kept.partner:
            raise win32_failure(1, f"{group.kept.name} is in a partnership.", _ERROR_NOT_SUPPORTED)
        self._replication.remove(group)
        return Result(0)

    async def _sync(self, arguments: Values) -> Result:
        self._replication.suspend(self._named(arguments.get("Name")), False)
        return Result(0)

    async def _suspend(self, arguments: Values) -> Result:
        self._replication.suspend(self._named(arguments.get("Name")), True)
        return Result(0)

    # Parts

    def _named(self, name: object) -> Group:
        group = self._replication.groups.named(str(name))
        if group is None:
            raise not_found(f"The replication group {name} was not found.")
        return group

    def _refuse_elsewhere(self, method: str, computer: object) -> None:
        if computer and str(computer).casefold() != self._node.netbios.casefold():
            raise not_emulated(f"{method} for {computer} on {self._node.netbios}")


def _path(text: object) -> str:
    """``e:``, ``E:`` and a final backslash are alike."""
    written = str(text or "")
    path = normal_path(written if re.match(r"[A-Za-z]:\\?\Z", written) else f"{written}\\")
    if path is None:
        raise CimFailure(4, f"{written} is no volume", message_id="Windows System Error 87", error_code=87)
    return path


def _folded(names: tuple[str, str]) -> tuple[str, str]:
    return names[0].casefold(), names[1].casefold()


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
