# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.machine.clock import Clock
from lab.machine.faults import Faults, applies
from lab.machine.files import write_atomically
from lab.topology import ServiceSpec

RUNNING, STOPPED, START_PENDING = "Running", "Stopped", "Start Pending"

# Return values of the methods of Win32_Service.
OK, DEPENDENTS_RUNNING, CANNOT_ACCEPT, TIMEOUT = 0, 3, 5, 7
ALREADY_RUNNING, DEPENDENCY_FAILED, DISABLED, INVALID_PARAMETER = 10, 13, 14, 21

DEFAULT_SERVICES = (
    ServiceSpec("WinRM", "Windows Remote Management (WS-Management)"),
    ServiceSpec("LanmanServer", "Server"),
    ServiceSpec("LanmanWorkstation", "Workstation"),
    ServiceSpec("Schedule", "Task Scheduler"),
)
IIS_SERVICES = (
    ServiceSpec("AppHostSvc", "Application Host Helper Service"),
    ServiceSpec("WAS", "Windows Process Activation Service", "Manual"),
    ServiceSpec("W3SVC", "World Wide Web Publishing Service", depends=("WAS",)),
)
FTP_SERVICES = (ServiceSpec("FTPSVC", "Microsoft FTP Service"),)
# SMTPSVC runs in inetinfo.exe, as does the IIS Admin Service that holds the metabase.
SMTP_SERVICES = (
    ServiceSpec("IISADMIN", "IIS Admin Service"),
    ServiceSpec("SMTPSVC", "Simple Mail Transfer Protocol (SMTP)", depends=("IISADMIN",)),
)


@dataclass
class Service:
    """A service and its state."""

    spec: ServiceSpec
    start_mode: str
    state: str = STOPPED
    generation: int = 0


class Services:
    """All services of a node.

    Args:
        specs: the services; a later one replaces an earlier one of the same name.
        store: file of start modes that were changed.
        clock: the node's clock.
        faults: of the node.
        record: event log.
        changed: called after a service has started or stopped.
    """

    def __init__(
        self,
        specs: Iterable[ServiceSpec],
        store: Path,
        clock: Clock,
        faults: Faults,
        record: Callable[..., None],
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._record = record
        self._changed = changed
        modes = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
        self._all = {
            spec.name.casefold(): Service(spec, modes.get(spec.name, spec.start_mode)) for spec in specs
        }

    def all(self) -> list[Service]:
        """Every service."""
        return list(self._all.values())

    def find(self, name: str) -> Service | None:
        """The service of that name without case."""
        return self._all.get(name.casefold())

    def running(self, name: str) -> bool:
        """True where it exists and runs."""
        service = self.find(name)
        return service is not None and service.state == RUNNING

    def boot(self) -> None:
        """Start every automatic service."""
        for service in self.all():
            if service.start_mode == "Auto":
                self.start(service)

    def shut_down(self) -> None:
        """Stop everything."""
        for service in self.all():
            self._enter(service, STOPPED)

    def start(self, service: Service) -> int:
        """Start a service and what it depends on; it may be pending for a while. Gives the method's code."""
        if service.state != STOPPED:
            return ALREADY_RUNNING
        if service.start_mode == "Disabled":
            return DISABLED
        if applies(self._faults.get("service_start"), "service", service.spec.name):
            return TIMEOUT
        for name in service.spec.depends:
            needed = self.find(name)
            if needed is None or self.start(needed) not in (OK, ALREADY_RUNNING):
                return DEPENDENCY_FAILED
        self._begin(service)
        return OK

    def stop(self, service: Service) -> int:
        """Stop a service; refused while another that runs depends on it."""
        if service.state != RUNNING:
            return CANNOT_ACCEPT
        if any(service.spec.name in other.spec.depends and other.state != STOPPED for other in self.all()):
            return DEPENDENTS_RUNNING
        self._enter(service, STOPPED)
        return OK

    def set_start_mode(self, service: Service, mode: str) -> int:
        """Change the start mode (``Automatic``, ``Manual`` or ``Disabled``, as the method takes it)."""
        known = {"automatic": "Auto", "manual": "Manual", "disabled": "Disabled"}
        if mode.casefold() not in known:
            return INVALID_PARAMETER
        service.start_mode = known[mode.casefold()]
        modes = {each.spec.name: each.start_mode for each in self.all()}
        write_atomically(self._store, json.dumps(modes, indent=1))
        self._record("service", service=service.spec.name, start_mode=service.start_mode)
        return OK

    def _begin(self, service: Service) -> None:
        slow = self._faults.get("service_slow")
        seconds = service.spec.start_seconds
        if slow is not None and applies(slow, "service", service.spec.name):
            seconds = float(str(slow["seconds"]))
        waiting = max((self._pending(name) for name in service.spec.depends), default=False)
        if not seconds and not waiting:
            self._enter(service, RUNNING)
            return
        self._enter(service, START_PENDING)
        generation = service.generation
        self._clock.after(seconds, lambda: self._finish(service, generation))

    def _pending(self, name: str) -> bool:
        needed = self.find(name)
        return needed is not None and needed.state == START_PENDING

    def _finish(self, service: Service, generation: int) -> None:
        if service.generation != generation:
            return
        if any(self._pending(name) for name in service.spec.depends):
            self._clock.after(0.05, lambda: self._finish(service, generation))
        else:
            self._enter(service, RUNNING)

    def _enter(self, service: Service, state: str) -> None:
        if service.state == state:
            return
        service.state = state
        service.generation += 1
        self._record("service", service=service.spec.name, state=state)
        self._changed()
