# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``certificates.ps1`` as powershell.exe of a node runs it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.machine.certstore import BadPfx, CertificateStore, described, open_pfx
from lab.machine.host import Host
from lab.machine.registry import Registry
from lab.shell import fixedscript
from lab.shell.program import Streams

# The collection's own file: powershell.exe knows the script by its exact text.
SCRIPT = Path(__file__).parents[2] / "plugins" / "module_utils" / "windows" / "scripts" / "certificates.ps1"

Call = Mapping[str, str]
_CENTRAL = "SOFTWARE\\Microsoft\\IIS\\CentralCertProvider"


class Certificates:
    """The script as a program.

    Args:
        host: the machine.
        store: its certificates.
        registry: its registry.
    """

    def __init__(self, host: Host, store: CertificateStore, registry: Registry) -> None:
        self._host, self._store, self._registry = host, store, registry
        self._calls: Mapping[str, Callable[[Call], dict[str, Any]]] = {
            "look": self._look,
            "import": self._import,
            "remove": self._remove,
            "central": self._central,
        }

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Answer line after line."""
        del argv, environment
        secret: dict[str, str] = {}
        for line in (await streams.read_all()).decode("ascii").splitlines():
            if line.startswith("{"):
                fixedscript.answer(streams, self._answer(json.loads(line) | secret))
            else:
                pfx, password = line.split(":")
                secret = {"pfx": pfx, "password": base64.b64decode(password).decode()}
        return 0

    def _answer(self, call: Call) -> dict[str, Any]:
        known = self._calls.get(call["do"])
        if known is None:
            self._host.record("unknown-request", kind="certificates", why=f"the call {call['do']}")
            return {"error": f"there is no call {call['do']}"}
        try:
            return known(call)
        except (BadPfx, ValueError) as error:
            return {"error": f'Exception calling "Import" with "3" argument(s): "{error}"'}

    def _look(self, call: Call) -> dict[str, Any]:
        opened = open_pfx(base64.b64decode(call["pfx"]), call["password"])
        every = [(opened.cert, True), *((one, False) for one in opened.additional_certs)]
        return {
            "certificates": [
                {**described(one.certificate), "key": key} for one, key in every if one is not None
            ]
        }

    def _import(self, call: Call) -> dict[str, Any]:
        if call["flags"] != "MachineKeySet, PersistKeySet":
            self._host.record("unknown-request", kind="certificates", why=f"the flags {call['flags']}")
        thumbprint = self._store.import_pfx(base64.b64decode(call["pfx"]), call["password"], call["store"])
        self._host.record("certificate.imported", thumbprint=thumbprint, store=call["store"])
        return {}

    def _remove(self, call: Call) -> dict[str, Any]:
        if self._store.remove(call["thumbprint"], call["store"]):
            self._host.record("certificate.removed", thumbprint=call["thumbprint"], store=call["store"])
        return {}

    def _central(self, call: Call) -> dict[str, Any]:
        del call
        key = self._registry.find("HKEY_LOCAL_MACHINE", _CENTRAL)
        if key is None:
            return {}
        values = {name: data for name, _kind, data in key.values.values()}
        location = str(values.get("CertStoreLocation", ""))
        answer = {"enabled": values.get("Enabled"), "location": location}
        try:
            folder = self._host.local_path(location)
            return {**answer, "files": sorted(one.name for one in folder.glob("*.pfx"))}
        except OSError:
            return {**answer, "error": f"Cannot find path '{location}' because it does not exist."}
