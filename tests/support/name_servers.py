# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BIND 9, which nobody here wrote: a primary and secondaries of one zone, with a TSIG key, on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.server_process import ServerProcess, need

ZONE = "dr.example"
KEY = "standby-key"
# BIND listens on addresses of interfaces alone, and loopback has this one.
ADDRESS = "127.0.0.1"
_ZONE_FILE = f"""$TTL 300
@ IN SOA ns.{ZONE}. admin.{ZONE}. 1 2 1 86400 60
@ IN NS ns.{ZONE}.
ns IN A 127.0.0.1
"""
_CONFIG = """
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
options {{
  directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key";
  listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify explicit; also-notify {{ {notify} }};
  notify-delay 0; min-refresh-time 1; min-retry-time 1; transfer-source {address}; notify-source {address};
  allow-transfer {{ any; }};
}};
controls {{ }};
zone "{zone}" {{ {kind} file "{folder}/zone"; }};
"""


@dataclass
class NameServer:
    """One server; ``stop`` and ``start`` as often as wanted."""

    folder: Path
    address: str
    port: int
    process: ServerProcess | None = None

    @property
    def name(self) -> str:
        """As a record names it."""
        return self.address if self.port == 53 else f"{self.address}:{self.port}"

    def start(self) -> None:
        command = [str(_program()), "-g", "-n", "1", "-c", str(self.folder / "named.conf")]
        self.process = ServerProcess(command, self.folder / "log")
        self.process.wait_for(self.port, self.address)
        end = time.monotonic() + 20
        while "SOA" not in self.dig(ZONE, "SOA"):
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process = None

    def dig(self, name: str, kind: str = "A", *more: str) -> str:
        """What dig says of a name, asked without recursion."""
        command = ["dig", "+norecurse", "+time=1", "+tries=1", "+noall", "+answer", *more]
        where = [f"@{self.address}", "-p", str(self.port), name, kind]
        return subprocess.run([*command, *where], capture_output=True, text=True, check=False).stdout

    def addresses(self, name: str) -> list[str]:
        return sorted(line.split()[4] for line in self.dig(name).splitlines())


def _port() -> int:
    """One that is free for now: BIND, which listens by SO_REUSEPORT, takes none that is kept for it."""
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        stream.bind((ADDRESS, 0))
        datagrams.bind((ADDRESS, stream.getsockname()[1]))
        return int(stream.getsockname()[1])


def missing() -> str | None:
    """What is missing to run them."""
    if _program() is None or not all(shutil.which(one) for one in ("dig", "nslookup", "nsupdate")):
        return "bind9, bind9-utils and bind9-dnsutils are not installed (.ci/servers installs them)"
    return None


def _program() -> str | None:
    return shutil.which("named") or shutil.which("named", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def name_servers(folder: Path, count: int = 2, policy: str = "") -> Iterator[tuple[list[NameServer], str]]:
    """A primary, secondaries after it; and the secret of the key."""
    need(missing())
    generated = subprocess.run(["tsig-keygen", KEY], capture_output=True, text=True, check=True).stdout
    secret = generated.split('secret "')[1].split('"')[0]
    servers = [_made(folder / f"ns{at}") for at in range(count)]
    allowed = policy or f'update-policy {{ grant "{KEY}" zonesub ANY; }};'
    for server in servers:
        first = server is servers[0]
        kind = f"type primary; {allowed}" if first else _secondary(servers[0])
        notify = "".join(f"{one.address} port {one.port}; " for one in servers[1:]) if first else ""
        config = _CONFIG.format(
            key=KEY,
            secret=secret,
            folder=server.folder,
            address=server.address,
            port=server.port,
            notify=notify,
            zone=ZONE,
            kind=kind,
        )
        (server.folder / "named.conf").write_text(config)
    (servers[0].folder / "zone").write_text(_ZONE_FILE)
    try:
        for server in servers:
            server.start()
        yield servers, secret
    finally:
        for server in servers:
            server.stop()


def _made(folder: Path) -> NameServer:
    folder.mkdir(parents=True)
    return NameServer(folder, ADDRESS, _port())


def _secondary(primary: NameServer) -> str:
    return f"type secondary; primaries {{ {primary.address} port {primary.port}; }};"
