# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WinRM service on a toy machine: a folder as drive C:, three toy classes, users, certificates."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.cim.schema import CimClass, CimFailure, Embedded, Member, Method, Provider, Ref, Result, Values
from lab.shell.table import ProgramTable
from lab.winrm.server import WinRmServer, WinRmSettings

USER, PASSWORD = "admin", 'S3cret: &<"%'

PART = CimClass(
    "root/cimv2",
    "Toy_Part",
    (Member("Label", "string"), Member("Weight", "uint8"), Member("Tags", "string", array=True)),
    embedded=True,
)
ECHOED = (Member("Text", "string"), Member("Many", "uint16", array=True), Member("Part", "Toy_Part"))
THING = CimClass(
    "root/cimv2",
    "Toy_Thing",
    (
        Member("Name", "string", key=True),
        Member("Number", "uint32", key=True),
        Member("Caption", "string", writable=True),
        Member("Enabled", "boolean", writable=True),
        Member("Level", "sint8", writable=True),
        Member("Size", "uint64", writable=True),
        Member("Letter", "char16", writable=True),
        Member("Ratio", "real64", writable=True),
        Member("Since", "datetime", writable=True),
        Member("Lasts", "interval", writable=True),
        Member("Paths", "string", array=True, writable=True),
        Member("Numbers", "uint16", array=True, writable=True),
        Member("Part", "Toy_Part", writable=True),
        Member("Owner", "reference", writable=True),
        Member("Fixed", "string"),
    ),
    (
        Method("Echo", ECHOED, ECHOED),
        Method(
            "Make",
            (Member("Text", "string"), Member("Count", "uint8")),
            (Member("Made", "string"),),
            static=True,
        ),
        Method("Quiet", returns=None, static=True),
        Method("Refuse", static=True),
        Method("Linger", (Member("Seconds", "real32"),), static=True),
    ),
)
ADDRESS = CimClass("root/StandardCimv2", "Toy_Address", (Member("Name", "string", key=True),))


def thing(name: str, number: int = 1, **values: Any) -> dict[str, Any]:
    """An instance of Toy_Thing, null where nothing is given."""
    return {**{member.name: None for member in THING.members}, "Name": name, "Number": number, **values}


FULL = thing(
    "b & <c>",
    7,
    Caption="",
    Enabled=True,
    Level=-5,
    Size=2**64 - 1,
    Letter="E",
    Ratio=1.5,
    Since=datetime.datetime(2024, 1, 2, 3, 4, 5, 500000, UTC),
    Lasts=timedelta(days=1, seconds=3661),
    Paths=["C:\\", "D:\\ü\\"],
    Numbers=[],
    Part=Embedded("Toy_Part", {"Label": "x", "Weight": 3, "Tags": ["one"]}),
    Owner=Ref("root/cimv2", "Toy_Owner", {"Name": "o'\"&"}),
)


class ToyProvider:
    """Toy_Thing and Toy_Address: a list of instances that the tests look into."""

    def __init__(self, schema: CimClass, items: list[dict[str, Any]]) -> None:
        self.schema = schema
        self.items = items
        self.calls: list[tuple[str, Values | None, Values]] = []

    async def instances(self) -> list[Values]:
        return list(self.items)

    async def create(self, values: Values) -> Values:
        if any(item["Name"] == values["Name"] for item in self.items):
            raise CimFailure(11, "Already exists ", message_id="HRESULT 0x80041019", error_code=0x80041019)
        self.items.append({**{member.name: None for member in self.schema.members}, **values})
        return {member.name: values[member.name] for member in self.schema.keys}

    async def modify(self, keys: Values, values: Values) -> None:
        self._find(keys).update(values)

    async def delete(self, keys: Values) -> None:
        self.items.remove(self._find(keys))

    def _find(self, keys: Values) -> dict[str, Any]:
        for item in self.items:
            if all(item[name] == value for name, value in keys.items()):
                return item
        raise CimFailure(6, "Not found ")

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        self.calls.append((method, keys, arguments))
        if method == "Refuse":
            raise CimFailure(4, "Inconsistent parameters ", message_id="HRESULT 0x80070057", error_code=87)
        if method == "Linger":
            await asyncio.sleep(arguments["Seconds"])
        if method == "Echo":
            return Result(0, arguments)
        return (
            Result(None)
            if method == "Quiet"
            else Result(3, {"Made": arguments.get("Text")} if method == "Make" else {})
        )


class ToyRepository:
    """The toy classes."""

    def __init__(self) -> None:
        self.things = ToyProvider(THING, [thing("a"), FULL, thing("d", 9, Caption="last", Enabled=False)])
        self.addresses = ToyProvider(ADDRESS, [{"Name": ""}])

    def provider(self, namespace: str, class_name: str) -> Provider:
        known = [self.things, self.addresses]
        if namespace.casefold() not in {entry.schema.namespace.casefold() for entry in known}:
            raise CimFailure(3, "Invalid namespace ", message_id="HRESULT 0x8004100e", error_code=0x8004100E)
        for entry in known:
            if (namespace.casefold(), class_name.casefold()) == (
                entry.schema.namespace.casefold(),
                entry.schema.name.casefold(),
            ):
                return entry
        raise CimFailure(5, "Invalid class ", message_id="HRESULT 0x80041010", error_code=0x80041010)

    def subclasses(self, namespace: str, class_name: str) -> list[Provider]:
        return [self.provider(namespace, class_name)]

    def embedded(self, namespace: str, class_name: str) -> CimClass:
        if class_name.casefold() == "toy_part":
            return PART
        raise CimFailure(5, "Invalid class ")

    async def associated(
        self, source: Ref, association_class: str | None, result_class: str | None
    ) -> list[tuple[CimClass, Values]]:
        if source.class_name != "Toy_Thing":
            raise CimFailure(6, "Not found ")
        return [(THING, item) for item in self.things.items if item["Name"] != source.keys["Name"]]


class ToyHost:
    """A machine whose C: is a folder; faults, the clock and the event log are in the tests' hands."""

    name = "SERVER1"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[tuple[str, dict[str, object]]] = []
        self.faults: dict[str, dict[str, object]] = {}
        self.clock_offset = 0.0

    def environment(self) -> Mapping[str, str]:
        return {
            "SystemDrive": "C:",
            "SystemRoot": "C:\\Windows",
            "PATH": "C:\\Windows\\System32;C:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\",
            "PATHEXT": ".COM;.EXE;.BAT;.CMD",
        }

    def usable_addresses(self) -> frozenset[str]:
        return frozenset({"127.0.0.1"})

    def local_path(self, windows_path: str) -> Path:
        drive, _rest, rest = windows_path.partition(":")
        if drive.upper() != "C":
            raise FileNotFoundError(windows_path)
        return self.root.joinpath(*[part for part in rest.split("\\") if part])

    def service_running(self, name: str) -> bool:
        return True

    def on_change(self, callback: object) -> None:
        pass

    def now(self) -> float:
        return time.monotonic() + self.clock_offset

    def fault(self, name: str) -> Mapping[str, object] | None:
        return self.faults.get(name)

    def record(self, event: str, **details: object) -> None:
        self.events.append((event, details))

    def unknown_requests(self) -> list[dict[str, object]]:
        """What was recorded as not understood."""
        return [details for event, details in self.events if event == "unknown-request"]


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, a server and a client of it, and a client of nobody."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    foreign: Path
    foreign_key: Path


def make_certificates(folder: Path, address: str = "127.0.0.1") -> Certificates:
    """Certificates for a server at an address and for ``CN=operator``."""
    ca_key, ca = _certificate("Toy CA", None, None)
    for name, issuer, issuer_key in (("server", ca, ca_key), ("client", ca, ca_key), ("foreign", None, None)):
        server = address if name == "server" else None
        key, certificate = _certificate(server or "operator", issuer, issuer_key, server)
        _write(folder / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        _write(
            folder / f"{name}.key",
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    _write(folder / "ca.pem", ca.public_bytes(serialization.Encoding.PEM))
    return Certificates(
        *(
            folder / name
            for name in (
                "ca.pem",
                "server.pem",
                "server.key",
                "client.pem",
                "client.key",
                "foreign.pem",
                "foreign.key",
            )
        )
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def _certificate(
    name: str,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey | None,
    address: str | None = None,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    if issuer is not None:
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return key, builder.sign(issuer_key or key, hashes.SHA256())


T = TypeVar("T")


@dataclass
class Bench:
    """A running server, served by a thread of its own."""

    host: ToyHost
    repository: ToyRepository
    table: ProgramTable
    server: WinRmServer
    certificates: Certificates
    loop: asyncio.AbstractEventLoop

    @property
    def http(self) -> str:
        """Endpoint over HTTP."""
        return f"http://127.0.0.1:{self.server.http_port}/wsman"

    @property
    def https(self) -> str:
        """Endpoint over HTTPS."""
        return f"https://127.0.0.1:{self.server.https_port}/wsman"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)


def settings(certificates: Certificates, **changes: Any) -> WinRmSettings:
    """Settings with one user and both listeners on free ports."""
    base = WinRmSettings(
        address="127.0.0.1",
        http_port=0,
        https_port=0,
        certificate=certificates.server,
        key=certificates.server_key,
        client_ca=certificates.authority,
        certificate_users={"CN=operator": USER},
        users={USER: PASSWORD},
        computer_name="SERVER1",
    )
    return replace(base, **changes)


@contextmanager
def running(folder: Path, certificates: Certificates, **changes: Any) -> Iterator[Bench]:
    """A server with these settings, until the end of the block."""
    (folder / "Windows").mkdir(exist_ok=True)
    host, repository = ToyHost(folder), ToyRepository()
    table = ProgramTable(host)
    server = WinRmServer(repository, table, host, settings(certificates, **changes))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    bench = Bench(host, repository, table, server, certificates, loop)
    bench.run(server.start())
    try:
        yield bench
    finally:
        bench.run(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
