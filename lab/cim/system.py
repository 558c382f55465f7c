# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services and the operating system: Win32 classes of root/cimv2."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from lab.machine.services import RUNNING, START_PENDING, STOPPED, Service, Services
from lab.releases import SKUS
from lab.topology import Node

from .base import ClassProvider, not_emulated, require_instance
from .schema import CimFailure, Result, Values

# Win32Shutdown flags: 1 shut down, 2 reboot, 8 power off; 4 added forces it.
_FLAGS = {1: "off", 5: "off", 8: "off", 12: "off", 2: "reboot", 6: "reboot"}

Power = Callable[[str], None]  # "reboot" or "off": done once the answer is on its way


class Win32Service(ClassProvider):
    """Win32_Service."""

    def __init__(self, services: Services, computer: str) -> None:
        super().__init__("Win32_Service")
        self._services = services
        self._computer = computer

    async def instances(self) -> list[Values]:
        """Every service."""
        return [self._values(service) for service in self._services.all()]

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """StartService, StopService, ChangeStartMode and InterrogateService."""
        if method not in {found.name for found in self.schema.methods}:
            return await super().invoke(method, keys, arguments)
        service = self._services.find(str(require_instance(method, keys)["Name"]))
        if service is None:
            raise CimFailure(6, "Not found", message_id="HRESULT 0x80041002")
        if method == "StartService":
            return Result(self._services.start(service))
        if method == "StopService":
            return Result(self._services.stop(service))
        if method == "ChangeStartMode":
            return Result(self._services.set_start_mode(service, str(arguments.get("StartMode"))))
        return Result(0 if service.state == RUNNING else 6)

    def _values(self, service: Service) -> dict[str, Any]:
        running = service.state == RUNNING
        name = service.spec.name
        return self.complete(
            {
                "AcceptPause": False,
                "AcceptStop": running,
                "Caption": service.spec.display or name,
                "CheckPoint": 0,
                "CreationClassName": "Win32_Service",
                "DelayedAutoStart": False,
                "Description": service.spec.display or name,
                "DesktopInteract": False,
                "DisplayName": service.spec.display or name,
                "ErrorControl": "Normal",
                "ExitCode": 0
                if running or service.state == START_PENDING
                else 1077
                if not service.generation
                else 0,
                "Name": name,
                "PathName": "C:\\Windows\\system32\\svchost.exe -k lab",
                "ProcessId": 0
                if service.state == STOPPED
                else 1000 + 4 * self._services.all().index(service),
                "ServiceSpecificExitCode": 0,
                "ServiceType": "Share Process",
                "Started": running,
                "StartMode": service.start_mode,
                "StartName": "LocalSystem",
                "State": service.state,
                "Status": "OK",
                "SystemCreationClassName": "Win32_ComputerSystem",
                "SystemName": self._computer,
                "TagId": 0,
                "WaitHint": 0,
            }
        )


class Win32OperatingSystem(ClassProvider):
    """Win32_OperatingSystem.

    Args:
        node: the node.
        booted: time of day of the last boot.
        power: reboots or switches off.
        wall: time of day as the node shows it, seconds since the epoch.
    """

    def __init__(
        self, node: Node, booted: datetime, power: Power, wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__("Win32_OperatingSystem")
        self._node = node
        self._booted = booted
        self._power = power
        self._wall = wall

    async def instances(self) -> list[Values]:
        """The one that runs."""
        return [self._values()]

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Reboot, Shutdown and Win32Shutdown."""
        if method not in ("Reboot", "Shutdown", "Win32Shutdown"):
            return await super().invoke(method, keys, arguments)
        require_instance(method, keys)
        if method == "Win32Shutdown" and arguments.get("Flags") not in _FLAGS:
            raise not_emulated(f"Win32Shutdown with Flags {arguments.get('Flags')}")
        simple = {"Reboot": "reboot", "Shutdown": "off"}
        self._power(simple.get(method) or _FLAGS[arguments["Flags"]])
        return Result(0)

    def _values(self) -> dict[str, Any]:
        windows = self._node.windows
        return self.complete(
            {
                "BootDevice": "\\Device\\HarddiskVolume1",
                "BuildNumber": windows.build,
                "BuildType": "Multiprocessor Free",
                "Caption": windows.caption,
                "CodeSet": "1252",
                "CountryCode": "1",
                "CreationClassName": "Win32_OperatingSystem",
                "CSCreationClassName": "Win32_ComputerSystem",
                "CSName": self._node.netbios,
                "CurrentTimeZone": 0,
                "Description": "",
                "Distributed": False,
                "FreePhysicalMemory": 2 << 20,
                "InstallDate": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
                "LastBootUpTime": self._booted,
                "LocalDateTime": datetime.fromtimestamp(self._wall(), UTC),
                "Locale": "0409",
                "Manufacturer": "Microsoft Corporation",
                "MUILanguages": [windows.locale],
                "Name": f"{windows.caption}|C:\\Windows|\\Device\\Harddisk0\\Partition1",
                "OperatingSystemSKU": SKUS[windows.edition],
                "Organization": "",
                "OSArchitecture": "64-bit",
                "OSLanguage": 1033,
                "OSType": 18,
                "Primary": True,
                "ProductType": 3,
                "RegisteredUser": "",
                "SerialNumber": "00000-00000-00000-AA000",
                "Status": "OK",
                "SystemDevice": "\\Device\\HarddiskVolume1",
                "SystemDirectory": "C:\\Windows\\system32",
                "SystemDrive": "C:",
                "TotalVisibleMemorySize": 4 << 20,
                "Version": windows.version,
                "WindowsDirectory": "C:\\Windows",
            }
        )


class Win32Environment(ClassProvider):
    """Win32_Environment: the system's variables, as they are stored.

    Args:
        stored: name -> value, not expanded.
    """

    def __init__(self, stored: Mapping[str, str]) -> None:
        super().__init__("Win32_Environment")
        self._stored = stored

    async def instances(self) -> list[Values]:
        """One a variable."""
        return [
            self.complete(
                {
                    "Caption": f"<SYSTEM>\\{name}",
                    "Description": f"<SYSTEM>\\{name}",
                    "Name": name,
                    "Status": "OK",
                    "SystemVariable": True,
                    "UserName": "<SYSTEM>",
                    "VariableValue": value,
                }
            )
            for name, value in self._stored.items()
        ]


# A feature that Windows knows of and that is not installed.
_DISABLED = "IIS-CGI"


class Win32OptionalFeature(ClassProvider):
    """Win32_OptionalFeature: InstallState is 1 for enabled, 2 for disabled.

    Args:
        enabled: those that are installed from the first start on.
        path: a JSON list of those that are installed now, where somebody changed it.
    """

    def __init__(self, enabled: tuple[str, ...], path: Path) -> None:
        super().__init__("Win32_OptionalFeature")
        self._enabled = enabled
        self._path = path

    async def instances(self) -> list[Values]:
        """One a feature."""
        enabled = json.loads(self._path.read_text()) if self._path.exists() else self._enabled
        return [
            self.complete({"Caption": name, "InstallState": state, "Name": name})
            for name, state in ({_DISABLED: 2} | dict.fromkeys(enabled, 1)).items()
        ]


class Win32ComputerSystem(ClassProvider):
    """Win32_ComputerSystem."""

    def __init__(self, node: Node) -> None:
        super().__init__("Win32_ComputerSystem")
        self._node = node

    async def instances(self) -> list[Values]:
        """The machine."""
        return [
            self.complete(
                {
                    "Caption": self._node.netbios,
                    "CreationClassName": "Win32_ComputerSystem",
                    "Description": "AT/AT COMPATIBLE",
                    "DNSHostName": self._node.name,
                    "Domain": self._node.windows.domain or "WORKGROUP",
                    "DomainRole": 3 if self._node.windows.domain else 2,
                    "Manufacturer": "standby.iis",
                    "Model": "Lab node",
                    "Name": self._node.netbios,
                    "NumberOfLogicalProcessors": 2,
                    "NumberOfProcessors": 1,
                    "PartOfDomain": bool(self._node.windows.domain),
                    "Status": "OK",
                    "SystemType": "x64-based PC",
                    "TotalPhysicalMemory": 4 << 30,
                    "Workgroup": None if self._node.windows.domain else "WORKGROUP",
                }
            )
        ]


class Win32ComputerSystemProduct(ClassProvider):
    """Win32_ComputerSystemProduct, as the firmware of a virtual machine describes it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("Win32_ComputerSystemProduct")
        # A copy of a lab has folders of its own, as a copied virtual machine has another UUID.
        self._uuid = uuid5(NAMESPACE_URL, folder.resolve().as_uri())

    async def instances(self) -> list[Values]:
        """The machine."""
        return [
            self.complete(
                {
                    "Caption": "Computer System Product",
                    "Description": "Computer System Product",
                    "IdentifyingNumber": str(self._uuid).upper(),
                    "Name": "Lab node",
                    "UUID": str(self._uuid).upper(),
                    "Vendor": "standby.iis",
                    "Version": "1.0",
                }
            )
        ]
