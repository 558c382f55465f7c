# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP as a part of IIS: its service follows the machine, and is controlled by ``iis_control.ps1``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.iis import faults
from lab.iis.failure import IisError
from lab.iis.files import expand
from lab.iis.ftp import FtpService, Sessions
from lab.iis.ftpmodel import ANONYMOUS, FtpSite, ftp_sites
from lab.iis.model import Configuration
from lab.iis.runstate import UNKNOWN
from lab.machine.host import Host

_ISOLATED = ("IsolateRootDirectoryOnly", "IsolateAllDirectories")


class FtpSide:
    """The FTP side of a node's IIS.

    Args:
        host: the machine.
        users: passwords by user name.
        certificate: files of chain and key.
        configuration: the configuration as the file is now, run states brought in line with it.
    """

    def __init__(
        self,
        host: Host,
        users: Mapping[str, str],
        certificate: tuple[str, str] | None,
        configuration: Callable[[], Configuration],
    ) -> None:
        self._host, self._users, self._certificate = host, dict(users), certificate
        self._configuration = configuration
        self._service: FtpService | None = None

    def begin(self) -> None:
        """The machine has booted."""
        self._service = FtpService(self._open_sessions, self._host.record)

    def end(self) -> None:
        """The machine goes down."""
        if self._service is not None:
            self._service.end()
            self._service = None

    def follow(self, configuration: Configuration) -> None:
        """Bring everything in line with the file, the service and the addresses."""
        if self._service is not None:
            running = self._host.service_running("FTPSVC")
            self._service.follow(ftp_sites(configuration), running=running, usable=self._usable())

    def state(self, name: str) -> str:
        """As the attribute ``state`` shows it."""
        return UNKNOWN if self._service is None else self._service.state(name)

    def started(self) -> list[str]:
        """Names of the sites that run."""
        return [] if self._service is None else self._service.started()

    def crash(self, name: str) -> None:
        """A site goes down by itself."""
        if self._service is not None:
            self._service.crash(name, self._usable())

    async def control(self, name: str, verb: str) -> str:
        """What the script does with a site: the state afterwards, ``Missing`` without such a site.

        Raises:
            IisError: as ``FtpService``; a start failure of the lab.
        """
        configuration = self._configuration()
        site, sites = configuration.site(name), ftp_sites(configuration)
        if site is None:
            return "Missing"
        self.follow(configuration)
        if self._service is None or site.name.lower() not in sites:
            return UNKNOWN
        if verb == "start":
            await self._check_start(site.name)
            self._service.start(site.name, self._usable())
        elif verb == "stop":
            self._service.stop(site.name, self._usable())
        return self._service.state(site.name)

    async def _check_start(self, name: str) -> None:
        failure = faults.start_failure(self._host, name)
        if failure is not None:
            self._host.record("iis.start_failure", site=name, hresult=f"{failure:08x}")
            raise IisError(failure)
        await asyncio.sleep(faults.start_seconds(self._host, name))

    def _open_sessions(self) -> Sessions:
        """A lab without FTP sites needs no pyftpdlib, and starts without it."""
        from lab.iis.ftpsessions import PyftpdlibSessions

        return PyftpdlibSessions(
            self._host.name,
            self._users,
            self._home,
            lambda site: faults.hangs(self._host, site),
            self._certificate,
        )

    def _usable(self) -> frozenset[str]:
        return self._host.usable_addresses()

    def _home(self, site: FtpSite, user: str) -> Path:
        """The folder that is the root of a session: IISD ``userIsolation``, home directory syntax.

        Raises:
            FileNotFoundError: no volume carries it, or the mode is none of those that the lab knows.
        """
        root = expand(site.root, self._host.environment()).rstrip("\\")
        anonymous = user.lower() == ANONYMOUS
        if site.isolation in _ISOLATED:
            own = "LocalUser\\Public" if anonymous else f"LocalUser\\{user}"
            return self._host.local_path(f"{root}\\{own}")
        if site.isolation == "StartInUsersDirectory" and not anonymous:
            home = self._host.local_path(f"{root}\\{user}")
            return home if home.is_dir() else self._host.local_path(f"{root}\\")
        if site.isolation not in ("None", "StartInUsersDirectory"):
            self._host.record("unknown-request", kind="ftp", why=f"user isolation {site.isolation}")
            raise FileNotFoundError(site.isolation)
        return self._host.local_path(f"{root}\\")
