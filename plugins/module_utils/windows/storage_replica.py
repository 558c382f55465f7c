# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storage Replica: the static methods of MSFT_WvrAdminTasks in ``root/Microsoft/Windows/StorageReplica``.

Windows Server 2016 and later. Every method is called on the node that it concerns, without ComputerName, so
that no node needs rights on another beyond those that Storage Replica itself needs.
Source: MicrosoftDocs/win32, ``desktop-src/WVRCimProv/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from ..errors import BadDocument, CimError, MethodError, StandbyError
from ..node import ClassPath, Clock, Instance, Node, Value
from .effect import EFFECT_TIMEOUT, await_effect, may_take_effect
from .failure import about
from .mirror import Copy, End, Making, Role, Side

ADMIN_TASKS = ClassPath("root/Microsoft/Windows/StorageReplica", "MSFT_WvrAdminTasks")

# DSP0200 status codes of a namespace and a class that do not exist; WS-Management 0x80338000 says either.
_NO_NAMESPACE, _NO_CLASS, _NOT_FOUND = 3, 5, 6
_RESOURCE_NOT_FOUND = 0x80338000

# MSFT_WvrReplicationGroup.ReplicationMode
SYNCHRONOUS, ASYNCHRONOUS = 1, 2

# MSFT_WvrReplicationGroup.ReplicationStatus
STATUS: Mapping[int, tuple[str, Copy]] = MappingProxyType(
    {
        1: ("ContinuouslyReplicating", Copy.IN_SYNC),
        2: ("WaitingForQuorum", Copy.DISCONNECTED),
        3: ("RecoveringFromReplicationLog", Copy.CATCHING_UP),
        4: ("Failed", Copy.FAILED),
        5: ("ReplicationSuspended", Copy.SUSPENDED),
        6: ("ConnectingToSource", Copy.DISCONNECTED),
        7: ("WaitingForDestination", Copy.DISCONNECTED),
        8: ("LogRecordCopyFromSource", Copy.CATCHING_UP),
        9: ("BlockCopyFromSource", Copy.CATCHING_UP),
        10: ("InitialBlockCopy", Copy.INITIAL),
        11: ("ContinuouslyReplicating_OutOfRPO", Copy.BEHIND),
        12: ("ContinuouslyReplicating_InRPO", Copy.IN_SYNC),
        13: ("LogRecordCopyToDestination", Copy.CATCHING_UP),
        14: ("BlockCopyToDestination", Copy.CATCHING_UP),
        15: ("NotInPartnership", Copy.NONE),
    }
)
# The gravest of several replicas is what counts; the least grave first.
_GRAVITY = (
    Copy.IN_SYNC,
    Copy.BEHIND,
    Copy.CATCHING_UP,
    Copy.INITIAL,
    Copy.DISCONNECTED,
    Copy.SUSPENDED,
    Copy.NONE,
    Copy.UNKNOWN,
    Copy.FAILED,
)


def not_installed(failure: CimError) -> bool:
    """The namespace or its class is not there: the feature Storage-Replica is not installed."""
    missing = failure.cim_status in (_NO_NAMESPACE, _NO_CLASS, _NOT_FOUND)
    return missing or failure.wsman_code == _RESOURCE_NOT_FOUND


def installed(node: Node) -> bool:
    """Whether a node has Storage Replica."""
    try:
        _call(node, "replication groups", "GetGroup", {})
    except CimError as failure:
        if isinstance(failure, MethodError) or not not_installed(failure):
            raise
        return False
    return True


class StorageReplica:
    """Mirrors by Storage Replica."""

    def sides(self, node: Node) -> tuple[Side, ...]:
        """Every replication group of a node; none where Storage Replica is not installed."""
        try:
            answer = _call(node, "replication groups", "GetGroup", {})
        except MethodError:
            raise
        except CimError as failure:
            if not_installed(failure):
                return ()
            raise
        return tuple(_side(item) for item in _output(answer, "GetGroup"))

    def create_end(self, node: Node, own: End, making: Making) -> None:
        """Make the replication group of one end; its log volume needs that much room, and 1 GB more."""
        arguments: dict[str, Value] = {
            "Name": own.group,
            "VolumeName": [own.volume],
            "LogVolumeName": own.log,
            "LogSizeInBytes": making.log_size,
        }
        _call(node, f"replication group {own.group}", "NewSrGroup", arguments)

    def accept(self, node: Node, own: End, other: End, rpo: int | None) -> None:
        """Nothing: CreatePartnership on the source's node makes the destination."""

    def pair(
        self, node: Node, source: End, destination: End, *, synchronous: bool, rpo: int | None, seeded: bool
    ) -> None:
        """Make the partnership; the destination's volume is dismounted, and what it has is overwritten."""
        arguments: dict[str, Value] = {
            **_partnership(source, destination),
            "ReplicationMode": SYNCHRONOUS if synchronous else ASYNCHRONOUS,
            "PreventReplication": False,
            "Seeded": seeded,
        }
        if rpo is not None:
            arguments["AsyncRPO"] = rpo
        _call(node, _named(source, destination), "CreatePartnership", arguments)

    def suspend(self, node: Node, own: End) -> None:
        """SuspendGroup."""
        _call(node, f"replication group {own.group}", "SuspendGroup", {"Name": own.group})

    def resume(self, node: Node, own: End) -> None:
        """SyncGroup."""
        _call(node, f"replication group {own.group}", "SyncGroup", {"Name": own.group})

    def state_rpo(self, node: Node, own: End, other: End, rpo: int) -> None:
        """SetPartnershipModifyPartnership on the source's node, which concerns the groups of both ends.

        Its other parameters are given as they are, as Windows Admin Center does.
        """
        answer = _call(node, f"replication group {own.group}", "GetGroup", {"Name": own.group})
        group = _output(answer, "GetGroup")[0]
        arguments: dict[str, Value] = {
            **_partnership(own, other),
            "ReplicationMode": group.number("ReplicationMode"),
            "LogSizeInBytes": group.number("LogSizeInBytes"),
            "Encryption": group.flag("IsEncrypted"),
            "AsyncRPO": rpo,
        }
        _call(node, _named(own, other), "SetPartnershipModifyPartnership", arguments)

    def reverse(self, node: Node, own: End, other: End) -> None:
        """SetPartnershipSetSourcePartnership, what Set-SRPartnership -NewSourceComputerName calls.

        As the cmdlet is documented: SourceRGName is the group of the new source, the destination is the
        former source.
        """
        arguments: dict[str, Value] = {
            "SourceRGName": own.group,
            "NewSourceComputerName": own.computer,
            "DestinationRGName": other.group,
            "DestinationComputerName": other.computer,
        }
        _call(node, _named(own, other), "SetPartnershipSetSourcePartnership", arguments)

    def promote(self, node: Node, own: End, other: End, clock: Clock) -> None:
        """Have this end be usable although the source is dead.

        The one place for what is not confirmed: whether the direction can be reversed with the other node
        dead, how long that takes and how it fails (``docs/assumptions.md``, hand-mirror-promote). The
        documentation names two ways (WindowsServerDocs, Storage Replica FAQ): Set-SRPartnership, and where
        the node refuses that, Remove-SRPartnership and Remove-SRGroup, after which the volume is mounted
        again and the mirror has to be made anew.
        """
        try:
            self.reverse(node, own, other)
            return
        except StandbyError as failure:
            if may_take_effect(failure):
                await_effect(lambda: self._is_source(node, own), failure, clock, EFFECT_TIMEOUT)
                return
            if not isinstance(failure, CimError):
                raise
            refused = failure
        if self._is_source(node, own):
            return
        try:
            self.unpair(node, other, own, alone=True)
            self.remove_end(node, own)
        except StandbyError as failure:
            raise StandbyError(
                f"the direction cannot be reversed ({refused.problem.rstrip('.')}), nor can the mirror be "
                f"removed ({failure.problem.rstrip('.')})",
                node=node.name,
                resource=_named(own, other),
                remedy=f"Look at it on {node.name} (Get-SRGroup, Get-SRPartnership), run "
                "Remove-SRPartnership and Remove-SRGroup there, and bring the hierarchy into service again",
            ) from failure

    def unpair(self, node: Node, source: End, destination: End, *, alone: bool) -> None:
        """RemovePartnership."""
        arguments: dict[str, Value] = {
            **_partnership(source, destination),
            "IgnoreRemovalFailure": alone,
        }
        _call(node, _named(source, destination), "RemovePartnership", arguments)

    def remove_end(self, node: Node, own: End) -> None:
        """RemoveSrGroup."""
        _call(node, f"replication group {own.group}", "RemoveSrGroup", {"Name": own.group})

    def _is_source(self, node: Node, own: End) -> bool:
        return any(side.group == own.group and side.role is Role.SOURCE for side in self.sides(node))


def _call(node: Node, resource: str, method: str, arguments: Mapping[str, Value]) -> Instance:
    with about(node, resource, f"Look at it on {node.name}: Get-SRGroup, Get-SRPartnership"):
        return node.cim.invoke(ADMIN_TASKS, method, arguments)


def _partnership(source: End, destination: End) -> dict[str, Value]:
    return {
        "SourceComputerName": source.computer,
        "SourceRGName": source.group,
        "DestinationComputerName": destination.computer,
        "DestinationRGName": destination.group,
    }


def _named(source: End, destination: End) -> str:
    return f"mirror {source.computer}/{source.group} to {destination.computer}/{destination.group}"


def _output(answer: Instance, method: str) -> list[Instance]:
    """The embedded instances of an answer.

    Raises:
        BadDocument: there is something else.
    """
    found = answer.items("Output")
    if not all(isinstance(item, Instance) for item in found):
        raise BadDocument(f"{ADMIN_TASKS.name}.{method}: expected embedded instances in Output")
    return [item for item in found if isinstance(item, Instance)]


def _side(group: Instance) -> Side:
    replicas = [item for item in group.items("Replicas") if isinstance(item, Instance)]
    words, copy = _state(group, replicas)
    paired = group.flag("IsInPartnership")
    source = group.flag("IsPrimary")
    synchronous = group.number("ReplicationMode", 0) == SYNCHRONOUS
    return Side(
        group=group.text("Name"),
        role=(Role.SOURCE if source else Role.DESTINATION) if paired else Role.UNPAIRED,
        copy=copy if paired else Copy.NONE,
        words=words,
        synchronous=synchronous,
        remaining=sum(one.number("NumOfBytesRemaining", 0) for one in replicas),
        last_in_sync=_time(group, replicas),
        rpo=None if synchronous else group.number("AsyncRPO", 0) or None,
        log_size=group.number("LogSizeInBytes", 0) or None,
    )


def _state(group: Instance, replicas: list[Instance]) -> tuple[str, Copy]:
    """The gravest state of group and replicas: a group is in sync where everything of it is.

    One that does not tell its mode or its replicas is in no known state: nothing is taken over by it.
    """
    numbers = [one.number("ReplicationStatus", 0) for one in (group, *replicas)]
    known = [STATUS.get(number, (f"status {number}", Copy.UNKNOWN)) for number in numbers]
    if group.number("ReplicationMode", 0) not in (SYNCHRONOUS, ASYNCHRONOUS) or not replicas:
        known.append(("its mode or its replicas are not told", Copy.UNKNOWN))
    if group.flag("IsSuspended"):
        known.append(STATUS[5])
    return max(known, key=lambda one: _GRAVITY.index(one[1]))


def _time(group: Instance, replicas: list[Instance]) -> datetime | None:
    times = [one.get("LastInSyncTime") for one in (*replicas, group)]
    found = [time for time in times if isinstance(time, datetime)]
    return min(found) if found else None
