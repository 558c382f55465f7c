# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site and its twin as two nodes have them, alike in everything that matters; tests change one of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.compare import compare
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.content import roots_of
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.machine_keys import frameworks_of
from ansible_collections.standby.iis.plugins.module_utils.ha.drift.model import Drift, Side, Subject
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.windows.certificate_reading import (
    Bound,
    StoredCertificate,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.environment import Machine
from ansible_collections.standby.iis.plugins.module_utils.windows.host_config import parse_host
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_config import parse_configuration
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_schema import parse_schema
from ansible_collections.standby.iis.plugins.module_utils.windows.machine_key import parse_machine_keys
from ansible_collections.standby.iis.plugins.module_utils.windows.twin_reading import (
    Folder,
    TwinReading,
)

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = parse_schema((ROOT / "lab/iis/IIS_schema.xml").read_bytes(), "IIS_schema.xml")
CONFIG = (ROOT / "tests/fixtures/iis/twin.applicationHost.config").read_text(encoding="utf-8")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
THUMBPRINT = "AB" * 20
BOUND = Bound(THUMBPRINT, "My")
KEYS = (
    '<configuration><system.web><machineKey validation="HMACSHA256" validationKey="{key}"'
    ' decryptionKey="{key}" /></system.web></configuration>'
)
SECRETS = ("pool-hunter2", "variable-hunter2", "directory-hunter2", "5EC2E7", "c2VydmVyMQ")
_HTTPS = "127.77.1.50:8443:shop.example.net"
_SDDL = (
    "O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;S-1-5-82-3006700770-424185619)"
    "(A;OICI;0x1200a9;;;S-1-5-21-{machine}-1001)(A;OICI;0x1200a9;;;S-1-5-21-77-88-99-1107)"
)


@dataclass(frozen=True)
class Half:
    """One node. Whatever a test wants to be otherwise, it replaces.

    Attributes:
        number: 1 or 2.
        config: its applicationHost.config.
        certificates: in its stores.
        bound: for the https binding; None where nothing is.
        features: installed.
        keys: the root web.config of its framework.
        folders: content, by path.
        media: value of the variable Media; None where it does not exist.
    """

    number: int
    config: str = CONFIG
    certificates: tuple[StoredCertificate, ...] = ()
    bound: Bound | None = BOUND
    features: frozenset[str] = frozenset({"IIS-WebServerRole", "IIS-ASPNET45", "IIS-WindowsAuthentication"})
    keys: str = KEYS.format(key="5EC2E7" * 8)
    folders: dict[str, Folder] = field(default_factory=dict)
    media: str | None = "E:\\media"

    def edited(self, old: str, new: str) -> Half:
        """With a piece of its configuration replaced, which is there once."""
        assert self.config.count(old) == 1, f"{self.config.count(old)} times: {old}"
        return replace(self, config=self.config.replace(old, new))

    def side(self) -> Side:
        """As the comparison takes it."""
        name, document = f"server{self.number}", self.config.encode()
        variables = {"SYSTEMDRIVE": "C:", **({"MEDIA": self.media} if self.media else {})}
        machine = Machine(f"WEB-{self.number}", "C:", "C:\\Windows", variables)
        facts = NodeFacts(name, iis=parse_configuration(document, name), machine=machine)
        bare = Side(facts, TwinReading(schema=SCHEMA))
        key = parse_machine_keys(self.keys.encode(), "web.config")
        bound = {("shop", _HTTPS): self.bound} if self.bound else {}
        reading = TwinReading(
            host=parse_host(document, SCHEMA, name),
            schema=SCHEMA,
            machine_keys=dict.fromkeys(frameworks_of(bare, "Shop"), (key,)),
            certificates=self.certificates,
            bound=bound,
            folders={path: self.folders.get(path, Folder(False)) for path in roots_of(bare, Subject("Shop"))},
        )
        return Side(facts, reading, self.features)


def certificate(thumbprint: str = THUMBPRINT, *, key: bool = True, days: float = 300.0) -> StoredCertificate:
    """One that is valid for so many days from NOW."""
    ends = NOW + timedelta(days=days)
    return StoredCertificate("MY", thumbprint, key, ("shop.example.net",), NOW - timedelta(days=30), ends)


def folder(machine: str, files: dict[str, str] | None = None) -> Folder:
    """A content root; the account of the machine itself has another SID on each."""
    accounts = {
        f"S-1-5-21-{machine}-1001": f"WEB-{machine[0]}\\deploy",
        "S-1-5-21-77-88-99-1107": "EXAMPLE\\editors",
    }
    found = files if files is not None else {"index.html": "A1" * 32, "bin\\shop.dll": "B2" * 32}
    return Folder(True, _SDDL.format(machine=machine), accounts, len(found), found)


def half(number: int) -> Half:
    """A node that is as it should be."""
    machine = "-".join([str(number)] * 3)
    folders = {path: folder(machine) for path in ("E:\\shop", "E:\\media\\shop")}
    return Half(number, certificates=(certificate(),), folders=folders)


def compared(here: Half, there: Half, **subject: object) -> Drift:
    """What the comparison says."""
    return compare(here.side(), there.side(), Subject("Shop", now=NOW, **subject))  # type: ignore[arg-type]
