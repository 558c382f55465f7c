# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FTP service of a node: run states, which no file keeps, and where its sites listen.

Unlike http.sys, it has sockets of its own. What becomes of the socket of a started site whose address goes
away and comes back is not confirmed; the lab takes the stricter way: such a site answers again only once it
was stopped and started.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from lab.iis.failure import ALREADY_EXISTS, NOT_ACTIVE, IisError
from lab.iis.ftpmodel import FtpSite
from lab.iis.runstate import STARTED, STOPPED, UNKNOWN

# WSAEADDRNOTAVAIL as HRESULT (winerror.h); that the FTP service gives it is not confirmed.
NO_ADDRESS = 0x80072741
_RETRY_SECONDS = 0.01  # another node of the lab may still hold the address for the instant of a move
_LOOPBACK = frozenset({"127.0.0.1", "::1"})

Place = tuple[str, str, int]  # lower-case name, address, port


class Sessions(Protocol):
    """What speaks FTP; ``ftpsessions.py`` has it."""

    def open(self, site: FtpSite, address: str, port: int) -> Any:
        """Listen; what comes back is given to ``close`` later. Raises OSError."""

    def close(self, server: Any) -> None:
        """Listen no more, and cut every session of that address and port."""

    def end(self) -> None:
        """The machine goes down."""


class FtpService:
    """What FTPSVC runs.

    Args:
        open_sessions: makes what speaks FTP; called once something is to listen.
        record: the node's event log.
    """

    def __init__(self, open_sessions: Callable[[], Sessions], record: Callable[..., None]) -> None:
        self._open_sessions, self._record = open_sessions, record
        self._made: Sessions | None = None
        self._running = False
        self._known: dict[str, FtpSite] = {}
        self._states: dict[str, str] = {}
        # Named addresses a started site was bound to: they are not bound anew while it stays started.
        self._lost: set[Place] = set()
        self._open: dict[Place, Any] = {}
        self._retries: dict[Place, asyncio.TimerHandle] = {}

    def follow(self, sites: Mapping[str, FtpSite], *, running: bool, usable: frozenset[str]) -> None:
        """Bring states and sockets in line with the configuration, the service and the addresses."""
        started = running and not self._running
        self._running = running
        fresh = sites.keys() - self._known.keys()
        self._states = {name: self._states.get(name, STOPPED) for name in sites}
        changed = {name for name, site in sites.items() if self._known.get(name, site) != site}
        self._known = dict(sites)
        if not running:
            self._states = dict.fromkeys(self._states, STOPPED)
        for name in self._states if started else fresh if running else ():
            if sites[name].auto_start and self._can_start(name, usable) is None:
                self._states[name] = STARTED
                self._record("ftp.site_started", site=sites[name].name)
        self._listen(usable, anew=changed)

    def state(self, name: str) -> str:
        """As the attribute ``state`` shows it; Unknown while the service is stopped."""
        return self._states.get(name.lower(), UNKNOWN) if self._running else UNKNOWN

    def started(self) -> list[str]:
        """Names of the sites that run."""
        return [self._known[name].name for name, state in self._states.items() if state == STARTED]

    def start(self, name: str, usable: frozenset[str]) -> None:
        """Start a site; one that is started stays so.

        Raises:
            IisError: the service is stopped, another started site has its address and port, or no address
                of it is there.
        """
        key = name.lower()
        if self._running and self._states.get(key) == STARTED:
            return
        refusal = self._can_start(key, usable)
        if refusal is not None:
            raise IisError(refusal)
        self._lost -= {place for place in self._lost if place[0] == key}
        self._states[key] = STARTED
        self._record("ftp.site_started", site=name)
        self._listen(usable)

    def stop(self, name: str, usable: frozenset[str]) -> None:
        """Stop a site and cut its sessions; one that is stopped stays so.

        Raises:
            IisError: the service is stopped.
        """
        if not self._running:
            raise IisError(NOT_ACTIVE)
        self._states[name.lower()] = STOPPED
        self._record("ftp.site_stopped", site=name)
        self._listen(usable)

    def crash(self, name: str, usable: frozenset[str]) -> None:
        """A site goes down by itself."""
        self._states[name.lower()] = STOPPED
        self._record("ftp.site_crashed", site=name)
        self._listen(usable)

    def end(self) -> None:
        """The machine goes down."""
        for handle in self._retries.values():
            handle.cancel()
        if self._made is not None:
            self._made.end()

    @property
    def _sessions(self) -> Sessions:
        if self._made is None:
            self._made = self._open_sessions()
        return self._made

    def _can_start(self, name: str, usable: frozenset[str]) -> int | None:
        """The HRESULT that starting it fails with."""
        if not self._running:
            return NOT_ACTIVE
        site = self._known[name]
        taken = {
            endpoint
            for other, state in self._states.items()
            if state == STARTED and other != name
            for endpoint in self._known[other].endpoints
        }
        if taken & set(site.endpoints):
            return ALREADY_EXISTS
        there = [address for address, _port in site.endpoints if address == "*" or address in usable]
        return None if there else NO_ADDRESS

    def _wanted(self, usable: frozenset[str]) -> Iterator[Place]:
        for name, state in self._states.items():
            if state != STARTED:
                continue
            for address, port in self._known[name].endpoints:
                for one in usable - _LOOPBACK if address == "*" else {address} & usable:
                    if (name, one, port) not in self._lost or address == "*":
                        yield name, one, port

    def _listen(self, usable: frozenset[str], anew: set[str] | frozenset[str] = frozenset()) -> None:
        wanted = set(self._wanted(usable))
        for place in [one for one in self._open if one not in wanted or one[0] in anew]:
            self._sessions.close(self._open.pop(place))
            if self._states.get(place[0]) == STARTED and place not in wanted:
                self._lost.add(place)
        for place in [one for one in self._retries if one not in wanted]:
            self._retries.pop(place).cancel()
        for place in sorted(wanted - self._open.keys() - self._retries.keys()):
            self._try(place)

    def _try(self, place: Place) -> None:
        self._retries.pop(place, None)
        name, address, port = place
        try:
            self._open[place] = self._sessions.open(self._known[name], address, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                self._record("ftp.listen_failed", address=address, port=port, error=str(error))
                self._states[name] = STOPPED
                return
            loop = asyncio.get_running_loop()
            self._retries[place] = loop.call_later(_RETRY_SECONDS, self._try, place)
