# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS of a lab node: a real applicationHost.config, run state in memory, sites that really listen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.iis import faults, files, http
from lab.iis.appcmd import AppCmd
from lab.iis.failure import ACCESS_DENIED, INVALID_DATA, NOT_FOUND, IisError
from lab.iis.ftpside import FtpSide
from lab.iis.handshake import Handshakes, Present
from lab.iis.listener import ContextOf, Listeners, tls_contexts
from lab.iis.model import Configuration, Pool, Site
from lab.iis.readiness import Readiness
from lab.iis.routing import Endpoint, Route, choose, endpoints
from lab.iis.runstate import STARTED, STARTING, STOPPED, RunState
from lab.iis.schema import SCHEMA_DEFAULTS, Defaults
from lab.iis.store import Store
from lab.machine.host import Host
from lab.shell.program import Program

APPCMD = "C:\\Windows\\System32\\inetsrv\\appcmd.exe"
# How long WAS takes to read a changed file (seconds). Reports of 800710d8 right after "add site" show that it
# is not zero; the length is the lab's own.
READ_SECONDS = 0.05


class Iis:
    """The web server of one node; reacts to every change the host reports."""

    def __init__(
        self,
        host: Host,
        config_file: Path,
        *,
        schema_defaults: Defaults = SCHEMA_DEFAULTS,
        localized: bool = False,
        certificates: Mapping[str, tuple[str, str]] | None = None,
        read_seconds: float = READ_SECONDS,
        users: Mapping[str, str] | None = None,
        present: Present | None = None,
    ) -> None:
        """Prepare; nothing runs before ``start``.

        Args:
            host: the machine.
            config_file: the applicationHost.config, on the node's drive.
            schema_defaults: attribute defaults that ``/config:*`` shows.
            localized: appcmd speaks another language than English.
            certificates: files of chain and key by host name, "" for clients that send none; without that one
                https bindings are not served.
            read_seconds: how long WAS takes to read a change.
            users: passwords of the accounts that FTP knows, by name.
            present: files of chain and key for an address, a port and the name that a client asks for, in the
                place of ``certificates`` for https; None where the handshake fails.
        """
        self.host = host
        self.store = Store(config_file)
        self.state = RunState(host.record)
        self.schema_defaults = schema_defaults
        self.localized = localized
        self._read_seconds = read_seconds
        self._certificates = dict(certificates or {})
        self._present = present
        self._listeners: Listeners | None = None
        self._crash = faults.Crash(host)
        self._readiness = Readiness(host)
        self._routes: list[Route] = []
        self._running = False
        self.ftp = FtpSide(host, users or {}, self._certificates.get(""), self.configuration)
        host.on_change(self.refresh)

    def programs(self) -> dict[str, Program]:
        """The programs IIS installs, by their Windows paths."""
        return {APPCMD: AppCmd(self)}

    async def start(self) -> None:
        """Boot: sites with serverAutoStart and pools with autoStart start where the services run."""
        self._listeners = Listeners(self._serve, await self._contexts(), self.host.record)
        self.state = RunState(self.host.record)
        self.ftp.begin()
        self._running = True
        self.refresh()

    async def _contexts(self) -> ContextOf:
        if self._present is not None:
            return Handshakes(self._present, self.host.record).context
        contexts = await asyncio.to_thread(tls_contexts, self._certificates)
        return lambda _endpoint: contexts.get("")

    async def stop(self) -> None:
        """The machine goes down: every listener and connection is closed, run state is forgotten."""
        self._running = False
        self.state = RunState(self.host.record)
        self._readiness = Readiness(self.host)
        if self._listeners is not None:
            self._listeners.reconcile(())
        self.ftp.end()
        await asyncio.sleep(0)

    def configuration(self) -> Configuration:
        """The configuration as the file is now; run state follows where it has changed.

        Raises:
            IisError: the file is not there or not well-formed.
        """
        try:
            configuration, fresh = self.store.current()
        except OSError as error:
            raise IisError(NOT_FOUND, "Cannot read configuration file {0}", str(self.store.name)) from error
        except ValueError as error:
            raise IisError(
                INVALID_DATA,
                "Configuration error\r\nFilename: {0}\r\nDescription: {1}",
                self.store.name,
                str(error),
            ) from error
        if fresh and self._running:
            self.state.follow(configuration, self.host.now(), self._read_seconds)
            self._wake()
        return configuration

    def refresh(self) -> None:
        """Bring run state and listeners in line with file, services, addresses and faults."""
        if not self._running:
            return
        try:
            configuration = self.configuration()
        except IisError as error:
            self.host.record("iis.configuration_error", error=str(error))
            return
        running = self.host.service_running
        self.state.services(configuration, was=running("WAS"), w3svc=running("W3SVC"))
        self.state.settle(configuration, self.host.now())
        self.ftp.follow(configuration)
        self._strike(configuration)
        self._listen(configuration)

    def _wake(self) -> None:
        """Let listeners follow a changed file soon, and new sites when WAS has read them."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self.refresh)
        if self.state.unread:
            loop.call_later(self._read_seconds + 0.001, self.refresh)

    def _strike(self, configuration: Configuration) -> None:
        web = [one.name for one in self.state.started(configuration)]
        ftp = self.ftp.started()
        for name in self._crash.strikes(list(dict.fromkeys([*web, *ftp]))):
            if name in web:
                self.state.sites[name.lower()] = STOPPED
                self.host.record("iis.site_crashed", site=name)
            if name in ftp:
                self.ftp.crash(name)

    def _listen(self, configuration: Configuration) -> None:
        """Open and close listeners; a site whose port the machine may not have goes back to Stopped."""
        if self._listeners is None:
            return
        self._readiness.follow(configuration, self.state)
        self._routes = self._readiness.heard(self.state.started(configuration))
        refused = self._listeners.reconcile(endpoints(self._routes, self.host.usable_addresses()))
        hit = {route.site.name for route in self._routes if any(_needs(route, one) for one in refused)}
        for name in hit:
            self.state.sites[name.lower()] = STOPPED
            self.host.record(
                "iis.site_not_started", site=name, errors=[str(error) for error in refused.values()]
            )
        if hit:
            self._listen(configuration)

    async def start_site(self, site: Site) -> None:
        """Start a site and listen.

        Raises:
            IisError: as ``RunState.start_site``; a start failure of the lab; or no right to a port of the
            site.
        """
        configuration = self.configuration()
        failure = faults.start_failure(self.host, site.name)
        if failure is not None:
            self.host.record("iis.start_failure", site=site.name, hresult=f"{failure:08x}")
            raise IisError(failure)
        self.state.check_start(configuration, site)
        seconds = faults.start_seconds(self.host, site.name)
        if seconds and self.state.site_state(site) != STARTED:
            self.state.sites[site.name.lower()] = STARTING
            await asyncio.sleep(seconds)
        self.state.start_site(configuration, site)
        self.host.record("iis.site_started", site=site.name)
        self.refresh()
        if self.state.sites.get(site.name.lower()) != STARTED:
            raise IisError(ACCESS_DENIED)

    def stop_site(self, site: Site) -> None:
        """Stop a site and close what nobody else listens on.

        Raises:
            IisError: as ``RunState.stop_site``.
        """
        self.state.stop_site(site)
        self.host.record("iis.site_stopped", site=site.name)
        self.refresh()

    def recycle_pool(self, pool: Pool) -> None:
        """Have the worker of a pool replaced: its applications are loaded anew.

        Raises:
            IisError: as ``RunState.need_running``.
        """
        self.state.need_running(pool)
        self._readiness.forget(self.configuration(), pool)
        self.refresh()

    def edit(self, change: Callable[[bytes], bytes]) -> None:
        """Change the file's bytes, and follow."""
        self.store.write(change(self.store.content()))
        self.refresh()

    async def _serve(
        self, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the requests of one connection."""
        keep = True
        while keep:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:
                return
            try:
                request = http.parse_head(head)
                await reader.readexactly(request.body_length)
            except http.BadRequestError:
                await self._send(writer, http.kernel_answer(400, http.INVALID_URL), keep_alive=False)
                return
            keep = request.keep_alive
            answer = await self._answer(endpoint, request)
            if answer is None:
                while await reader.read(http.MAX_HEAD):
                    continue
                return
            await self._send(writer, answer, keep_alive=keep, head_only=request.method == "HEAD")

    async def _send(
        self, writer: asyncio.StreamWriter, answer: http.Answer, *, keep_alive: bool, head_only: bool = False
    ) -> None:
        writer.write(http.to_bytes(answer, self.host.name, keep_alive=keep_alive, head_only=head_only))
        await writer.drain()

    async def _answer(self, endpoint: Endpoint, request: http.Request) -> http.Answer | None:
        """The answer to a request; None: never (the site hangs)."""
        route = choose(self._routes, endpoint.address, endpoint.port, request.host)
        if route is None:
            return http.kernel_answer(400, http.INVALID_HOSTNAME)
        if faults.hangs(self.host, route.site.name):
            return None
        status = faults.forced_status(self.host, route.site.name)
        if status is not None:
            return http.error_answer(status)
        await self._readiness.loaded(route.site)
        try:
            return self._from_pool(route.site, request)
        except http.BadRequestError:
            return http.kernel_answer(400, http.INVALID_URL)

    def _from_pool(self, site: Site, request: http.Request) -> http.Answer:
        place = files.locate(site, http.safe_path(request.target))
        configuration = self.configuration()
        pool = configuration.pool(place.application.pool) if place else None
        if place is None:
            return http.error_answer(404)
        if pool is None or self.state.pool_state(pool) != STARTED:
            return http.kernel_answer(503, http.UNAVAILABLE)
        if request.method not in ("GET", "HEAD"):
            return http.error_answer(405)
        return files.serve(
            place, configuration.default_documents, self.host.environment(), self.host.local_path
        )


def _needs(route: Route, endpoint: Endpoint) -> bool:
    return route.port == endpoint.port and route.address in ("*", endpoint.address)
