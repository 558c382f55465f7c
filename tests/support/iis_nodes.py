# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes without a network: the lab's IIS behind the shell, and as much CIM as describing a machine takes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.errors import MethodError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Instance, Node
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from lab.iis.content import CONFIG_FOLDER, install
from lab.iis.service import Iis
from lab.shell.program import Streams
from tests.support.iis_bench import FakeHost


class Loop:
    """An event loop on a thread of its own, for IIS to serve on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


class Server:
    """One Windows server: IIS, its addresses and volumes, a registry; ``ran`` holds every command line."""

    def __init__(self, name: str, folder: Path, config: bytes, loop: Loop, **options: Any) -> None:
        self.name = name
        self.host = FakeHost(folder, name=name.upper())
        self.file = install(self.host, config)  # type: ignore[arg-type]
        self.iis = Iis(self.host, self.file, **options)  # type: ignore[arg-type]
        self.addresses = [f"10.9.0.{len(name)}"]
        self.volumes = ["C:\\", "E:\\"]
        self.registry: dict[tuple[str, str], str] = {}
        self.ran: list[str] = []
        self.reachable = True
        self._loop = loop
        loop.run(self.iis.start())

    def stop(self) -> None:
        self._loop.run(self.iis.stop())

    def node(self) -> Node:
        return Node(self.name, self, self)  # type: ignore[arg-type]

    @property
    def config(self) -> str:
        return self.file.read_bytes().decode()

    def edit(self, old: str, new: str) -> None:
        """Change the configuration file behind IIS's back, as an administrator with an editor does."""
        assert old in self.config
        self.file.write_bytes(self.config.replace(old, new).encode())
        self._loop.run(self._notice())

    async def _notice(self) -> None:
        self.host.clock += 1.0
        self.host.changed()

    def changed(self) -> list[str]:
        """Commands that changed something."""
        return [line for line in self.ran if line.split()[0] in ("add", "set", "delete", "start", "stop")]

    # Shell

    def run(
        self, argv: Sequence[str], stdin: bytes = b"", *, on_output: Callable[[bytes], None] | None = None
    ) -> Completed:
        if not self.reachable:
            raise Unreachable("no answer", node=self.name)
        self.ran.append(" ".join(argv[1:]))
        if argv[0].endswith("\\cmd.exe"):
            return Completed(
                0, self.host.local_path(f"{CONFIG_FOLDER}\\redirection.config").read_bytes(), b""
            )
        return self._loop.run(self._appcmd(argv, stdin))

    async def _appcmd(self, argv: Sequence[str], stdin: bytes) -> Completed:
        (program,) = self.iis.programs().values()
        out: list[bytes] = []
        pieces = [stdin, b""]

        async def read() -> bytes:
            return pieces.pop(0) if pieces else b""

        code = await program(list(argv), Streams(read, out.append, out.append), {})
        self.host.clock += 1.0  # WAS has read the change by the next command
        return Completed(code, b"".join(out), b"")

    # CIM

    def enumerate(self, target: Any, **_rest: Any) -> list[Instance]:
        if not self.reachable:
            raise Unreachable("no answer", node=self.name)
        rows: dict[str, list[dict[str, Any]]] = {
            "Win32_OperatingSystem": [
                {"CSName": self.name.upper(), "SystemDrive": "C:", "WindowsDirectory": "C:\\Windows"}
            ],
            "Win32_Environment": [],
            "MSFT_Disk": [],
            "MSFT_NetIPAddress": [
                {"IPAddress": text, "PrefixLength": 24, "InterfaceIndex": 1, "AddressState": 4}
                for text in self.addresses
            ],
            "MSFT_Partition": [
                {"DiskNumber": 0, "PartitionNumber": number, "AccessPaths": [path], "DriveLetter": path[0]}
                for number, path in enumerate(self.volumes, 1)
            ],
        }
        rows["MSFT_ScheduledTask"] = []  # no agent
        rows["Win32_Service"] = []  # no SMTP server
        return [Instance(target.name, row) for row in rows[target.name]]

    def invoke(
        self, target: Any, method: str, arguments: Mapping[str, Any] | None = None, **_rest: Any
    ) -> Instance:
        if not self.reachable:
            raise Unreachable("no answer", node=self.name)
        wanted = arguments or {}
        place = (wanted["sSubKeyName"], wanted.get("sValueName", ""))
        if method == "SetStringValue":
            self.registry[place] = wanted["sValue"]
            self.ran.append("set registry")
        elif method == "GetStringValue":
            if place not in self.registry:
                raise MethodError("no such key", 2, node=self.name)
            return Instance("out", {"sValue": self.registry[place]})
        else:
            raise AssertionError(f"unexpected {method}")
        return Instance("out", {})


def fleet_of(servers: Sequence[Server]) -> Fleet:
    """A fleet that reaches these servers."""
    known = {server.name: server for server in servers}
    connections = [Connection(name=name, host=name, username="u", password="p") for name in known]
    return Fleet(connections, connect=lambda connection: known[connection.name].node())
