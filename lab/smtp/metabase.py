# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a node's SMTP virtual servers: from the topology at first, from a file once changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically
from lab.smtp.spec import SmtpServer

# Defaults of the IIS 6.0 SDK (MaxMessageSize ms525608, MaxSessionSize ms525864, SmartHostType ms525300).
_DEFAULTS: Mapping[str, Any] = {
    "DefaultDomain": "",
    "MaxMessageSize": 33554432,
    "MaxRecipients": 100,
    "MaxSessionSize": 268435456,
    "RelayIpList": [],
    "RelayForAuth": 0,
}


class Metabase:
    """Settings by virtual server, by property.

    Args:
        servers: as the topology has them.
        store: file of what was changed.
    """

    def __init__(self, servers: Iterable[SmtpServer], store: Path) -> None:
        self._store = store
        self.specs = {path_of(one): one for one in servers}
        changed = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
        self._settings: dict[str, dict[str, Any]] = {
            path: _initial(one) | changed.get(path, {}) for path, one in self.specs.items()
        }

    def paths(self) -> list[str]:
        """``SmtpSvc/1`` and so on, in order."""
        return list(self._settings)

    def find(self, path: str) -> str | None:
        """The path as it is written, for one compared without case."""
        return next((known for known in self._settings if known.casefold() == path.casefold()), None)

    def of(self, path: str) -> Mapping[str, Any]:
        """The settings of a virtual server."""
        return self._settings[path]

    def name(self, path: str) -> str:
        """What people call it: its comment, else its path."""
        return str(self._settings[path]["ServerComment"]) or path

    def change(self, path: str, values: Mapping[str, Any]) -> None:
        """Change some, and keep them."""
        self._settings[path].update(values)
        write_atomically(self._store, json.dumps(self._settings, indent=1))


def path_of(server: SmtpServer) -> str:
    """The metabase path of a virtual server below ``/LM``."""
    return f"SmtpSvc/{server.number}"


def _initial(server: SmtpServer) -> dict[str, Any]:
    root = server.mailroot.rstrip("\\")
    return {
        **_DEFAULTS,
        "BadMailDirectory": f"{root}\\Badmail",
        "DropDirectory": f"{root}\\Drop",
        "FullyQualifiedDomainName": server.domain,
        "PickupDirectory": f"{root}\\Pickup",
        "QueueDirectory": f"{root}\\Queue",
        "RemoteSmtpPort": server.remote_port,
        "ServerAutoStart": server.auto_start,
        "ServerBindings": list(server.bindings),
        "ServerComment": server.comment,
        "SmartHost": server.smart_host,
        "SmartHostType": 2 if server.smart_host else 0,
    }
