# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WinRM server of the lab on a thread, with a class of every kind of value and a few small programs."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from lab.certificates import Authority, Pair
from lab.cim.repository import Providers
from lab.cim.schema import CimClass, CimFailure, Member, Method, Result
from lab.shell.table import ProgramTable
from lab.winrm.server import WinRmServer
from lab.winrm.settings import WinRmSettings

NAMESPACE = "root/test"
THINGS = ClassPath(NAMESPACE, "Test_Thing")
PART = CimClass(NAMESPACE, "Test_Part", (Member("Label", "string"), Member("Count", "uint64")), embedded=True)
VALUES = (
    Member("Flag", "boolean", writable=True),
    *(
        Member(f"{sign}{bits}", f"{sign}int{bits}", writable=True)
        for sign in "su"
        for bits in (8, 16, 32, 64)
    ),
    Member("Real", "real64", writable=True),
    Member("Letter", "char16", writable=True),
    Member("Text", "string", writable=True),
    Member("Texts", "string", array=True, writable=True),
    Member("At", "datetime", writable=True),
    Member("For", "interval", writable=True),
    Member("Other", "reference", writable=True),
    Member("Part", "Test_Part", writable=True),
    Member("Parts", "Test_Part", array=True, writable=True),
)
SCHEMA = CimClass(
    NAMESPACE,
    "Test_Thing",
    (Member("Name", "string", key=True), *VALUES),
    (
        Method("Echo", VALUES, VALUES, static=True),
        Method("Touch", (), (), returns=None),
        Method("Fail", (Member("Code", "uint32"),)),
        Method("Wait", (Member("Text", "string"),)),
    ),
)


class Things:
    """A provider with every kind of value."""

    schema = SCHEMA

    def __init__(self) -> None:
        self.kept: dict[str, dict] = {}
        self.calls: list[str] = []

    async def instances(self):
        return [self._complete(values) for values in self.kept.values()]

    def _complete(self, values):
        return {member.name: values.get(member.name) for member in SCHEMA.members}

    def _find(self, keys):
        if keys["Name"] not in self.kept:
            raise CimFailure(6, "Not found", message_id="HRESULT 0x80041002")
        return self.kept[keys["Name"]]

    async def create(self, values):
        self.kept[values["Name"]] = dict(values)
        return {"Name": values["Name"]}

    async def modify(self, keys, values):
        self._find(keys).update(values)

    async def delete(self, keys):
        self._find(keys)
        del self.kept[keys["Name"]]

    async def invoke(self, method, keys, arguments):
        self.calls.append(method)
        if keys is not None:
            self._find(keys)
        if method == "Echo":
            return Result(0, dict(arguments))
        return Result(None) if method == "Touch" else Result(arguments.get("Code") or 0)


class TestProviders(Providers):
    __test__ = False

    def embedded(self, namespace, class_name):
        if class_name.casefold() != "test_part":
            raise CimFailure(5, f"Invalid class {class_name}")
        return PART


class BareHost:
    """A machine without anything but a clock, an environment and the faults a test sets."""

    name = "WINDOWS"

    def __init__(self, drive: Path) -> None:
        self.drive = drive
        self.faults: dict[str, dict[str, object]] = {}
        self.events: list[str] = []

    def environment(self):
        root = {"SystemDrive": "C:", "SystemRoot": "C:\\Windows", "PATH": "C:\\Windows\\System32;C:\\Tools"}
        return {**root, "PATHEXT": ".COM;.EXE", "windir": "C:\\Windows", "Odd": "EXPANDED"}

    def usable_addresses(self):
        return frozenset({"127.0.0.1"})

    def local_path(self, windows_path):
        return self.drive.joinpath(*windows_path.split("\\")[1:])

    def service_running(self, name):
        return True

    def on_change(self, callback):
        pass

    def now(self):
        return time.monotonic()

    def fault(self, name):
        return self.faults.get(name)

    def record(self, event, **details):
        self.events.append(event)


async def arguments(argv, streams, environment):
    """Print each argument on a line of its own."""
    streams.out("\n".join(argv[1:]).encode())
    return len(argv) - 1


async def count(argv, streams, environment):
    """Copy standard input to standard output and its length to standard error."""
    data = await streams.read_all()
    streams.out(data)
    streams.err(str(len(data)).encode())
    return 0


async def ticks(argv, streams, environment):
    """Print twice, with a pause longer than the operation timeout of these tests."""
    streams.out(b"one ")
    await asyncio.sleep(1.5)
    streams.out(b"two")
    return 7


class Lab:
    """A WinRM server on a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.server_pair = Pair.at(folder, "server")
        self.authority.issue_server(self.server_pair, "server1", ["127.0.0.1"])
        self.client_pair = Pair.at(folder, "client")
        self.authority.issue_client(self.client_pair, "operator")
        self.host = BareHost(folder / "C")
        self.things = Things()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server: WinRmServer | None = None

    def start(self, **changes) -> None:
        programs = ProgramTable(self.host)
        for name, program in (("arguments", arguments), ("count", count), ("ticks", ticks)):
            programs.register(f"C:\\Tools\\{name}.exe", program)
        programs.register("C:\\Odd (x86) & Tools\\arguments.exe", arguments)
        settings = WinRmSettings(
            "127.0.0.1",
            http_port=0,
            https_port=0,
            certificate=self.server_pair.certificate,
            key=self.server_pair.key,
            client_ca=self.authority.pair.certificate,
            certificate_users={"operator@localhost": "operator"},
            users={"operator": "pass-word-7"},
        )
        settings = replace(settings, **changes)
        self.server = WinRmServer(TestProviders([self.things]), programs, self.host, settings)
        self.wait(self.server.start())

    def wait(self, work):
        future: Future = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(10)

    def stop(self) -> None:
        if self.server:
            self.wait(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)

    def connection(self, transport="ntlm", scheme="http", **changes) -> Connection:
        assert self.server is not None
        given = {
            "name": "server1",
            "host": "127.0.0.1",
            "port": self.server.http_port if scheme == "http" else self.server.https_port,
            "scheme": scheme,
            "transport": transport,
            "username": "operator",
            "password": "pass-word-7",
            "ca_cert": str(self.authority.pair.certificate),
            "certificate_pem": str(self.client_pair.certificate),
            "certificate_key_pem": str(self.client_pair.key),
            "operation_timeout": 1,
            "read_timeout": 3,
        }
        return Connection(**(given | changes))
