# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine for IIS to run on, without a machine: services, addresses, faults and drives set by hand."""

from __future__ import annotations

import asyncio
import functools
import xml.etree.ElementTree as ET
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.iis.service import Iis
from lab.shell.program import Streams
from tests.support import server_process

SUBNET = "127.91.7"


@dataclass
class FakeHost:
    """A Host whose state tests change directly; ``changed`` tells IIS."""

    drives: Path
    name: str = "NODE1"
    clock: float = 100.0
    addresses: set[str] = field(default_factory=lambda: {"127.0.0.1", f"{SUBNET}.11"})
    services: set[str] = field(default_factory=lambda: {"WAS", "W3SVC"})
    faults: dict[str, dict[str, object]] = field(default_factory=dict)
    online: set[str] = field(default_factory=lambda: {"C", "E"})
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    callbacks: list[Callable[[], None]] = field(default_factory=list)

    def environment(self) -> Mapping[str, str]:
        return {"SystemDrive": "C:", "SystemRoot": "C:\\Windows", "windir": "C:\\Windows"}

    def usable_addresses(self) -> frozenset[str]:
        return frozenset(self.addresses)

    def local_path(self, windows_path: str) -> Path:
        drive, _rest, rest = windows_path.partition(":\\")
        if drive.upper() not in self.online:
            raise FileNotFoundError(windows_path)
        return self.drives / drive.upper() / Path(*rest.lower().split("\\"))

    def service_running(self, name: str) -> bool:
        return name in self.services

    def on_change(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def now(self) -> float:
        return self.clock

    def fault(self, name: str) -> Mapping[str, object] | None:
        return self.faults.get(name)

    def record(self, event: str, **details: object) -> None:
        self.events.append((event, details))

    def changed(self) -> None:
        for callback in self.callbacks:
            callback()


@dataclass
class Bench:
    """IIS on a fake host, and appcmd as a caller sees it."""

    host: FakeHost
    iis: Iis
    file: Path

    async def appcmd(self, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
        """Exit code and standard output; standard error must stay empty."""
        out: list[bytes] = []
        err: list[bytes] = []
        pieces = [stdin, b""]

        async def read() -> bytes:
            return pieces.pop(0) if pieces else b""

        (program,) = self.iis.programs().values()
        code = await program(["appcmd.exe", *arguments], Streams(read, out.append, err.append), {})
        assert err == []
        return code, b"".join(out).decode()

    def settle(self) -> None:
        """Let WAS read what has changed."""
        self.host.clock += 1.0
        self.host.changed()


def read_xml(text: str | bytes) -> ET.Element:
    """What a document says, by another parser than the lab's."""
    return ET.fromstring(text)


def free_port() -> int:
    """A port of the node that nobody listens on."""
    return server_process.free_port(f"{SUBNET}.11")


def config(sites: str = "", pools: str = '<add name="DefaultAppPool" />') -> bytes:
    """An applicationHost.config as Windows writes it: byte order mark and CRLF."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- kept -->\n<configuration>\n'
        "    <system.applicationHost>\n"
        f"        <applicationPools>\n            {pools}\n"
        '            <applicationPoolDefaults managedRuntimeVersion="v4.0" />\n        </applicationPools>\n'
        f"        <sites>\n            {sites}\n            <siteDefaults>\n"
        '                <logFile logFormat="W3C" />\n            </siteDefaults>\n'
        '            <applicationDefaults applicationPool="DefaultAppPool" />\n'
        "        </sites>\n    </system.applicationHost>\n</configuration>\n"
    )
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()


def site(name: str, number: int, *bindings: str, auto: bool = True, folder: str = "E:\\web") -> str:
    """A site element; bindings as ``http/*:80:``."""
    pairs = [one.partition("/") for one in bindings]
    inside = "".join(
        f'<binding protocol="{kind}" bindingInformation="{text}" />' for kind, _rest, text in pairs
    )
    start = "" if auto else ' serverAutoStart="false"'
    return (
        f'<site name="{name}" id="{number}"{start}><application path="/"><virtualDirectory path="/" '
        f'physicalPath="{folder}" /></application><bindings>{inside}</bindings></site>'
    )


async def get(
    address: str, port: int, path: str = "/", host: str = "", method: str = "GET"
) -> tuple[int, str, bytes]:
    """Status, answering node and body of one request on a connection of its own.

    Raises:
        OSError: nobody listens.
    """
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host or address}\r\nConnection: close\r\n\r\n".encode())
    head, _rest, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    lines = head.decode().split("\r\n")
    node = next((one.partition(": ")[2] for one in lines if one.startswith("X-Lab-Node: ")), "")
    return int(lines[0].split(" ")[1]), node, body


def asynchronous(test: Callable[..., Coroutine[object, object, None]]) -> Callable[..., None]:
    """Run a test that is a coroutine to its end, on an event loop of its own."""

    @functools.wraps(test)
    def run(*arguments: object, **keywords: object) -> None:
        asyncio.run(test(*arguments, **keywords))

    return run
