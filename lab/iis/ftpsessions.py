# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP over real sockets: pyftpdlib, driven by the event loop of the node.

pyftpdlib has a loop of its own. Its epoll object can itself be waited for, so that both share one thread.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pyftpdlib.exceptions import AuthenticationFailed
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import Epoll
from pyftpdlib.servers import FTPServer

from lab.iis.ftpmodel import ANONYMOUS, IMPLICIT_PORT, FtpSite

# What IIS answers to a login that has no home directory or no right to it.
NO_HOME = "User cannot log in, home directory inaccessible."
_PERMISSIONS = {"Read": "elr", "Write": "adfmwMT"}
_TICK = 0.1  # seconds between looks at what sessions have to do later
_REFUSAL_DELAY = 0.05  # seconds until a wrong password is answered

logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)

Home = Callable[[FtpSite, str], Path]


class Authorizer:
    """Who may log in to a site, and where he is then; the methods are those that pyftpdlib calls.

    Args:
        site: whose users.
        users: passwords by user name.
        home: folder of the lab machine for a user; raises FileNotFoundError.
    """

    def __init__(self, site: FtpSite, users: Mapping[str, str], home: Home) -> None:
        self._site = site
        self._users = {name.lower(): password for name, password in users.items()}
        self._home = home

    def validate_authentication(self, username: str, password: str, _handler: object) -> None:
        """Raises AuthenticationFailed where the user may not log in."""
        anonymous = username.lower() == ANONYMOUS
        known = (
            self._site.anonymous
            if anonymous
            else self._site.basic and self._users.get(username.lower()) == password
        )
        if not known:
            raise AuthenticationFailed("User cannot log in.")
        try:
            there = self._home(self._site, username).is_dir()
        except FileNotFoundError:
            there = False
        if not there or not self.get_perms(username):
            raise AuthenticationFailed(NO_HOME)

    def get_home_dir(self, username: str) -> str:
        """The folder that is his root."""
        return str(self._home(self._site, username))

    def has_user(self, username: str) -> bool:
        """Somebody of that name may be known."""
        return username.lower() in (*self._users, ANONYMOUS)

    def has_perm(self, username: str, perm: str, _path: str | None = None) -> bool:
        """He may do that."""
        return perm in self.get_perms(username)

    def get_perms(self, username: str) -> str:
        """Everything that he may do, in the letters of pyftpdlib."""
        user = None if username.lower() == ANONYMOUS else username
        return "".join(_PERMISSIONS[one] for one in self._site.allows(user) if one in _PERMISSIONS)

    def get_msg_login(self, _username: str) -> str:
        """What is said after a login."""
        return "User logged in."

    def get_msg_quit(self, _username: str) -> str:
        """What is said at the end."""
        return "Goodbye."

    def impersonate_user(self, username: str, password: str) -> None:
        """Files are the lab's own."""

    def terminate_impersonation(self, username: str) -> None:
        """Files are the lab's own."""


class _OfSite:
    """What every session of a site does, over TLS or not."""

    node = ""
    hangs: Callable[[], bool] = staticmethod(lambda: False)
    auth_failed_timeout = _REFUSAL_DELAY
    use_sendfile = False  # it is nothing for pyOpenSSL, and files are small

    def handle(self) -> None:
        """Greet, unless the site hangs."""
        if not self.hangs():
            super().handle()  # type: ignore[misc]  # pyftpdlib's

    def on_connect(self) -> None:
        """Say first whose greeting it is: the lab's own line, as ``X-Lab-Node`` is over http."""
        self.push(f"220-X-Lab-Node: {self.node}\r\n")  # type: ignore[attr-defined]

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        """Do what was asked, unless the site hangs."""
        if not self.hangs():
            super().pre_process_command(line, cmd, arg)  # type: ignore[misc]


class _Session(_OfSite, TLS_FTPHandler):  # type: ignore[misc]
    """A session of a site with a certificate, which may speak TLS from the first byte on."""

    implicit = False

    def handle(self) -> None:
        """Greet."""
        if self.implicit and not self.hangs():
            self.secure_connection(self.ssl_context)
        super().handle()


class _PlainSession(_OfSite, FTPHandler):  # type: ignore[misc]
    """A session of a site without certificate."""


class PyftpdlibSessions:
    """Everything that speaks FTP on a node.

    Args:
        node: computer name, told in every greeting.
        users: passwords by user name.
        home: folder of the lab machine for a user of a site.
        hangs: whether a site hangs now.
        certificate: files of chain and key; None where sites have none to show.
    """

    def __init__(
        self,
        node: str,
        users: Mapping[str, str],
        home: Home,
        hangs: Callable[[str], bool],
        certificate: tuple[str, str] | None,
    ) -> None:
        self._node, self._users, self._home, self._hangs = node, users, home, hangs
        self._certificate = certificate
        self._ioloop: Any = Epoll()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ioloop.fileno(), self._turn)
        self._tick = self._loop.call_later(_TICK, self._later)

    def open(self, site: FtpSite, address: str, port: int) -> FTPServer:
        """Listen; what comes back is given to ``close`` later.

        Raises:
            OSError: the address and port cannot be had.
        """
        listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, port))
            return FTPServer(listening, self._handler(site, port), self._ioloop)
        except OSError:
            listening.close()
            raise

    def close(self, server: FTPServer) -> None:
        """Listen no more, and cut every session and data connection of that address and port."""
        for channel in list(self._ioloop.socket_map.values()):
            session = getattr(channel, "cmd_channel", channel)
            if getattr(session, "server", None) is server:
                channel.close()
        server.close()

    def end(self) -> None:
        """The machine goes down."""
        self._tick.cancel()
        self._loop.remove_reader(self._ioloop.fileno())
        self._ioloop.close()

    def _turn(self) -> None:
        self._ioloop.loop(timeout=0, blocking=False)

    def _later(self) -> None:
        self._ioloop.sched.poll()
        self._tick = self._loop.call_later(_TICK, self._later)

    def _handler(self, site: FtpSite, port: int) -> type:
        members: dict[str, Any] = {
            "authorizer": Authorizer(site, self._users, self._home),
            "banner": site.banner,
            "node": self._node,
            "hangs": staticmethod(lambda: self._hangs(site.name)),
            "passive_ports": _ports(site.ports),
        }
        if not site.certificate or self._certificate is None:
            return type("PlainSession", (_PlainSession,), members)
        chain, key = self._certificate
        members |= {
            "certfile": chain,
            "keyfile": key,
            "tls_control_required": site.control_required,
            "tls_data_required": site.data_required,
            "implicit": port == IMPLICIT_PORT,
        }
        return type("Session", (_Session,), members)


def _ports(ports: tuple[int, int]) -> Iterable[int] | None:
    low, high = ports
    return range(low, high + 1) if low else None
