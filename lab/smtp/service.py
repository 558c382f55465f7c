# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMTP virtual servers of one node: run state, and what the service and the machine do to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from lab.iis import faults
from lab.iis.failure import ACCESS_DENIED, NOT_ACTIVE, IisError
from lab.machine.host import Host
from lab.smtp.metabase import Metabase

if TYPE_CHECKING:
    from lab.smtp.running import RunningServer

SERVICE = "SMTPSVC"
# ServerState: ms524905.
STARTING, STARTED, STOPPING, STOPPED = 1, 2, 3, 4
STATES = {STARTING: "Starting", STARTED: "Started", STOPPING: "Stopping", STOPPED: "Stopped"}
_PATH_NOT_FOUND = 0x80070003


class Smtp:
    """Every SMTP virtual server of a node; reacts to every change the host reports.

    Args:
        host: the machine.
        metabase: the settings.
        start_service: starts SMTPSVC and waits until it runs; False where it does not.
        context: TLS for those that offer STARTTLS.
    """

    def __init__(
        self,
        host: Host,
        metabase: Metabase,
        start_service: Callable[[], Awaitable[bool]],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.metabase = metabase
        self._start_service = start_service
        self._context = context
        self._states = dict.fromkeys(metabase.paths(), STOPPED)
        self._running: dict[str, RunningServer] = {}
        self._crash = faults.Crash(host)
        self._service_ran = False
        self._on = False
        self._tasks: set[asyncio.Task[None]] = set()
        host.on_change(self.refresh)

    def start(self) -> None:
        """The machine is up: follow the service from now on."""
        self._on = True
        self.refresh()

    async def stop(self) -> None:
        """The machine goes down."""
        self._on = False
        for path in list(self._running):
            await self._end(path)

    def state(self, path: str) -> int:
        """The ServerState of a virtual server."""
        return self._states[path]

    def states(self) -> dict[str, str]:
        """What people call it -> its state."""
        return {self.metabase.name(path): STATES[state] for path, state in self._states.items()}

    def refresh(self) -> None:
        """Follow the service, the addresses, the disks and the faults."""
        if not self._on:
            return
        runs = self.host.service_running(SERVICE)
        if runs and not self._service_ran:
            for path in self.metabase.paths():
                if self.metabase.of(path)["ServerAutoStart"]:
                    self._later(self._begin_quietly(path))
        elif not runs:
            for path in list(self._running):
                self._cut(path)
        self._service_ran = runs
        self._strike()
        for running in self._running.values():
            running.follow(self.host.usable_addresses())

    async def control(self, name: str, verb: str) -> str:
        """What ``iis_control.ps1`` does by ADSI; the state is a number, as in the metabase.

        Raises:
            IisError: it does not start.
        """
        path = self.metabase.find(name)
        if path is None:
            return "Missing"
        if verb == "start":
            await self.start_server(path)
        elif verb == "stop":
            await self.stop_server(path)
        return str(self._states[path])

    async def start_server(self, path: str) -> None:
        """Start a virtual server, and the service where it does not run; success where it runs.

        ServerAutoStart becomes true, so that the state stays over a restart of the service (ms525858).

        Raises:
            IisError: it does not start.
        """
        if not self.host.service_running(SERVICE) and not await self._start_service():
            raise IisError(NOT_ACTIVE)
        await self._begin(path)
        self.metabase.change(path, {"ServerAutoStart": True})

    async def stop_server(self, path: str) -> None:
        """Stop a virtual server; success where it is stopped. ServerAutoStart becomes false (ms525858)."""
        await self._end(path)
        self.metabase.change(path, {"ServerAutoStart": False})

    def change(self, path: str, values: Mapping[str, Any]) -> None:
        """Change settings; a virtual server that runs takes them at its next start."""
        self.metabase.change(path, values)
        self.host.record("smtp.changed", server=self.metabase.name(path), settings=sorted(values))

    # Run state

    async def _begin(self, path: str) -> None:
        if self._states[path] in (STARTED, STARTING):
            return
        name = self.metabase.name(path)
        failure = faults.start_failure(self.host, name)
        if failure is not None:
            self.host.record("smtp.start_failure", server=name, hresult=f"{failure:08x}")
            raise IisError(failure)
        self._states[path] = STARTING
        try:
            await asyncio.sleep(faults.start_seconds(self.host, name))
            await self._run(path, name)
        except BaseException:
            self._states[path] = STOPPED
            raise
        self._states[path] = STARTED
        self.host.record("smtp.started", server=name)

    async def _run(self, path: str, name: str) -> None:
        from lab.smtp.running import RunningServer  # it loads aiosmtpd, which other nodes do without

        spec = self.metabase.specs[path]
        context = self._context if spec.certificate else None
        running = RunningServer(self.host, name, self.metabase.of(path), spec, context)
        try:
            await running.start()
        except FileNotFoundError as error:
            raise IisError(_PATH_NOT_FOUND, "The system cannot find the path {0}", str(error)) from error
        except PermissionError as error:
            raise IisError(ACCESS_DENIED) from error
        self._running[path] = running

    async def _begin_quietly(self, path: str) -> None:
        try:
            await self._begin(path)
        except IisError as failure:
            self.host.record("smtp.not_started", server=self.metabase.name(path), error=str(failure))

    async def _end(self, path: str) -> None:
        running = self._running.pop(path, None)
        if running is None:
            self._states[path] = STOPPED
            return
        self._states[path] = STOPPING
        await running.stop()
        self._states[path] = STOPPED
        self.host.record("smtp.stopped", server=self.metabase.name(path))

    def _cut(self, path: str) -> None:
        """The service has ended under it."""
        running = self._running.pop(path)
        running.cut()
        self._states[path] = STOPPED
        self._later(running.stop())
        self.host.record("smtp.stopped", server=self.metabase.name(path))

    def _strike(self) -> None:
        names = {self.metabase.name(path): path for path in self._running}
        for name in self._crash.strikes(list(names)):
            self._cut(names[name])
            self.host.record("smtp.crashed", server=name)

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
