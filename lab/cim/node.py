# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repository of a lab node: every class the lab has, on its machine."""

from __future__ import annotations

from lab.machine.machine import Machine
from lab.replica.engine import Replication
from lab.smtp.service import Smtp

from .firewall import firewall
from .network import NetAdapter, NetIPAddress, NetIPInterface
from .registry import StdRegProv
from .replica import WvrAdminTasks
from .repository import Providers
from .smb import SmbClientConfiguration
from .smbshare import SmbShare
from .smtp import IIsSmtpServer, IIsSmtpServerSetting
from .storage import DiskProvider, DiskToPartition, PartitionProvider, StorageSetting
from .system import (
    Power,
    Win32ComputerSystem,
    Win32ComputerSystemProduct,
    Win32Environment,
    Win32OperatingSystem,
    Win32OptionalFeature,
    Win32Service,
)
from .tasks import PsScheduledTask, ScheduledTask
from .volumes import PartitionToVolume, VolumeProvider, Win32Volume


def repository_of(
    machine: Machine, power: Power, smtp: Smtp | None = None, replication: Replication | None = None
) -> Providers:
    """All classes on a machine; ``power`` reboots it or switches it off.

    Without SMTP virtual servers there is no root/MicrosoftIISv2: IIS 6 WMI Compatibility is not installed.
    Without replication there is no root/Microsoft/Windows/StorageReplica: the feature is not installed.
    """

    async def pause() -> None:
        await machine.clock.sleep(machine.node.windows.disk_seconds)

    storage, faults, computer = machine.storage, machine.faults, machine.name
    disks = DiskProvider("MSFT_Disk", storage, computer, faults, pause)
    partitions = PartitionProvider("MSFT_Partition", storage, computer, faults, pause)
    volumes = VolumeProvider("MSFT_Volume", storage, computer, faults, pause)
    tasks = ScheduledTask(machine.tasks)
    return Providers(
        (
            NetIPAddress(machine.network, faults),
            NetIPInterface(machine.network),
            NetAdapter(machine.network, computer),
            disks,
            partitions,
            volumes,
            DiskToPartition(disks, partitions),
            PartitionToVolume(partitions, volumes),
            StorageSetting(storage, faults),
            Win32Volume(storage, computer),
            Win32Service(machine.services, computer),
            Win32OperatingSystem(machine.node, machine.booted, power, machine.wall),
            Win32Environment(machine.stored_environment()),
            Win32OptionalFeature(
                machine.node.windows.features if machine.node.windows.iis else (),
                machine.folder / "features.json",
            ),
            Win32ComputerSystem(machine.node),
            Win32ComputerSystemProduct(machine.folder),
            StdRegProv(machine.registry, machine.expand),
            tasks,
            PsScheduledTask(machine.tasks, tasks),
            SmbClientConfiguration(machine.folder / "smb.json"),
            SmbShare(machine.folder / "shares.json"),
            *firewall(machine.folder / "firewall.json"),
            *((WvrAdminTasks(replication, storage, machine.node),) if replication is not None else ()),
            *((IIsSmtpServer(smtp), IIsSmtpServerSetting(smtp)) if smtp is not None else ()),
        )
    )
