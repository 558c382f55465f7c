# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine of one node, from power on to power off: what IIS and the programs see as their Host."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab.machine.clock import Clock, NodeClock
from lab.machine.faults import Faults, applies
from lab.machine.netmodel import PersistentStore
from lab.machine.network import Network
from lab.machine.paths import local_path
from lab.machine.registry import Kind, Registry
from lab.machine.services import DEFAULT_SERVICES, FTP_SERVICES, IIS_SERVICES, SMTP_SERVICES, Services
from lab.machine.storage import DiskState, Storage
from lab.machine.tasks import NOT_FOUND, Launch, Process, Scheduler, TaskFailure
from lab.machine.taskxml import Exec
from lab.machine.wire import Wire
from lab.topology import Node, Topology

# The system variables of every Windows, as they are stored (Win32_Environment shows them so).
_STORED = {
    "ComSpec": "%SystemRoot%\\system32\\cmd.exe",
    "NUMBER_OF_PROCESSORS": "2",
    "OS": "Windows_NT",
    "Path": "%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem;"
    "%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\",
    "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC",
    "PROCESSOR_ARCHITECTURE": "AMD64",
    "TEMP": "%SystemRoot%\\TEMP",
    "TMP": "%SystemRoot%\\TEMP",
    "USERNAME": "SYSTEM",
    "windir": "%SystemRoot%",
}
# Variables that Windows makes at run time; no Win32_Environment instance holds them.
_MADE = {
    "ALLUSERSPROFILE": "C:\\ProgramData",
    "CommonProgramFiles": "C:\\Program Files\\Common Files",
    "ProgramData": "C:\\ProgramData",
    "ProgramFiles": "C:\\Program Files",
    "ProgramFiles(x86)": "C:\\Program Files (x86)",
    "PUBLIC": "C:\\Users\\Public",
    "SystemDrive": "C:",
    "SystemRoot": "C:\\Windows",
}
_VARIABLE = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class Folders:
    """Where a node keeps its things: ``own`` for itself, ``shared`` for what several nodes reach."""

    own: Path
    shared: Path


class Machine:
    """The machine; implements Host.

    Args:
        topology: the lab.
        node: the node this is.
        folders: its folders.
        clock: its clock.
        wire: its connection to the other hosts.
        record: event log.
        faults: those that are active when it is switched on.
    """

    def __init__(
        self,
        topology: Topology,
        node: Node,
        folders: Folders,
        clock: Clock,
        wire: Wire,
        record: Callable[..., None],
        faults: Faults,
    ) -> None:
        self.node = node
        self.folder = folders.own
        self.clock = clock
        self.faults = faults
        self.booted = datetime.now(UTC)
        self.record = record
        self._callbacks: list[Callable[[], None]] = []
        self.registry = Registry(folders.own / "registry.json")
        store = PersistentStore(folders.own / "network.json")
        self.network = Network(
            node.name, node.nics, store, clock, wire, record, self.changed, self.is_cut_off_from
        )
        self.storage = Storage(
            node.name,
            topology.disks_of(node),
            folders.own,
            folders.shared,
            node.windows.san_policy,
            record,
            self.changed,
            lambda disk: applies(faults.get("disk"), "disk", disk),
            self._persist_disk,
        )
        web = IIS_SERVICES if node.windows.iis else ()
        ftp = FTP_SERVICES if node.windows.iis and node.windows.ftp else ()
        smtp = SMTP_SERVICES if node.smtp else ()
        specs = (*DEFAULT_SERVICES, *web, *ftp, *smtp, *node.services)
        services = folders.own / "services.json"
        self.services = Services(specs, services, clock, faults, record, self.changed)
        self.launch: Launch | None = None
        self.tasks = Scheduler(
            folders.own / "tasks.json", clock, self._launch, record, node.windows.task_pace, self.wall
        )

    def _persist_disk(self, disk: DiskState) -> None:
        """The attributes that a disk has at the next boot, where the partition manager keeps them."""
        path = f"SYSTEM\\CurrentControlSet\\Enum\\{disk.instance}\\Device Parameters\\Partmgr"
        key = self.registry.create("HKEY_LOCAL_MACHINE", path)
        self.registry.set_value(key, "Attributes", Kind.DWORD, disk.persisted)

    # Power

    def start(self) -> None:
        """Boot: disks, network, services."""
        self.record("boot", computer=self.node.netbios)
        self._write_version()
        self.storage.start()
        self.network.start()
        for name in self.faults.active():
            self.apply_fault(name)
        self.services.boot()

    def _write_version(self) -> None:
        """What every Windows says of itself in its registry."""
        key = self.registry.create("HKEY_LOCAL_MACHINE", "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion")
        windows = self.node.windows
        shown = {"SystemRoot": "C:\\Windows", "CurrentBuildNumber": windows.build}
        for name, text in shown.items():
            self.registry.set_value(key, name, Kind.SZ, text)

    def stop(self) -> None:
        """Shut down in order."""
        self.services.shut_down()
        self.network.stop()
        self.storage.stop()
        self.record("shutdown")

    def wall(self) -> float:
        """Time of day as the node shows it, seconds since the epoch."""
        return self.clock.wall() if isinstance(self.clock, NodeClock) else time.time()

    def _launch(self, action: Exec, label: str, on_exit: Callable[[int], None]) -> Process:
        """Start an action of a task; the lab's process says how."""
        if self.launch is None:
            raise TaskFailure(NOT_FOUND, "The system cannot find the file specified.")
        command = self.expand(action.command.strip('"'))
        expanded = Exec(command, self.expand(action.arguments), self.expand(action.directory))
        return self.launch(expanded, label, on_exit)

    # Faults

    def apply_fault(self, name: str) -> None:
        """Let a fault that was set or cleared take effect."""
        if name == "nic":
            fault = self.faults.get("nic")
            for index, adapter in self.network.adapters.items():
                self.network.set_link(index, cable=not applies(fault, "alias", adapter.nic.alias))
        elif name == "clock_rate" and isinstance(self.clock, NodeClock):
            fault = self.faults.get("clock_rate")
            self.clock.set_rate(float(str(fault["rate"])) if fault else 1.0)
        elif name == "wall_clock" and isinstance(self.clock, NodeClock):
            fault = self.faults.get("wall_clock")
            self.clock.set_offset(float(str(fault["seconds"])) if fault else 0.0)
        self.changed()

    def is_cut_off_from(self, peer: str) -> bool:
        """True while the fault ``partition`` is between this node and a peer."""
        fault = self.faults.get("partition")
        if fault is None:
            return False
        peers = fault.get("peers")
        if peers is None:
            return peer != "controller"
        return peer in {name.strip() for name in str(peers).split(",")}

    def is_reachable(self) -> bool:
        """True where WinRM can be reached from outside."""
        if self.is_cut_off_from("controller"):
            return False
        nic = self.faults.get("nic")
        if nic is not None and str(nic.get("management", "")).casefold() == "true":
            return True
        own = [held for held in self.network.active.values() if held.address == self.node.address]
        return not own or any(self.network.adapters[held.index].up for held in own)

    # Host

    @property
    def name(self) -> str:
        """Computer name."""
        return self.node.netbios

    def stored_environment(self) -> dict[str, str]:
        """The system variables as they are stored."""
        return {**_STORED, **self.node.environment}

    def environment(self) -> Mapping[str, str]:
        """The system variables, expanded, with those that Windows makes."""
        made = {**_MADE, "COMPUTERNAME": self.name}
        return {**made, **{name: self.expand(text) for name, text in self.stored_environment().items()}}

    def expand(self, text: str) -> str:
        """Environment variables in a text replaced; unknown ones stay."""
        known = {name.upper(): value for name, value in {**_MADE, "COMPUTERNAME": self.name}.items()}
        known |= {name.upper(): value for name, value in self.stored_environment().items()}
        for _rest in range(4):
            text = _VARIABLE.sub(lambda match: known.get(match[1].upper(), match[0]), text)
        return text

    def usable_addresses(self) -> frozenset[str]:
        """Addresses that serve."""
        return self.network.usable()

    def local_path(self, windows_path: str) -> Path:
        """The folder or file that stands for a Windows path; FileNotFoundError where none does."""
        return local_path(self.storage, windows_path)

    def service_running(self, name: str) -> bool:
        """True where the service exists and runs."""
        return self.services.running(name)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after every change."""
        self._callbacks.append(callback)

    def changed(self) -> None:
        """Tell everybody who asked."""
        for callback in self._callbacks:
            callback()

    def now(self) -> float:
        """Seconds on the node's clock."""
        return self.clock.now()

    def fault(self, name: str) -> Mapping[str, object] | None:
        """The parameters of an active fault."""
        return self.faults.get(name)
