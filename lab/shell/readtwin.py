# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``read_twin.ps1`` and ``read_folder.ps1`` as powershell.exe of a node runs them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.iis.model import Binding, Site
from lab.machine.acls import Acls
from lab.machine.certstore import CertificateStore
from lab.machine.host import Host
from lab.shell import fixedscript
from lab.shell.program import Streams

# The collection's own files: powershell.exe knows the scripts by their exact text.
_SCRIPTS = Path(__file__).parents[2] / "plugins" / "module_utils" / "windows" / "scripts"
SCRIPTS = (_SCRIPTS / "read_twin.ps1", _SCRIPTS / "read_folder.ps1")

Call = Mapping[str, Any]
_ACCOUNT = re.compile(r"S-1-5-21(?:-\d+)+")


class ReadTwin:
    """Either script as a program.

    Args:
        host: the machine.
        acls: security descriptors of its folders.
        store: its certificates.
        sites: of its IIS; None where none is installed.
    """

    def __init__(
        self, host: Host, acls: Acls, store: CertificateStore, sites: Callable[[], Sequence[Site]] | None
    ) -> None:
        self._host = host
        self._acls = acls
        self._store = store
        self._sites = sites
        self._calls: Mapping[str, Callable[[Call], dict[str, Any]]] = {
            "read": self._read,
            "certificates": lambda call: {"certificates": self._store.certificates(call["stores"])},
            "bindings": self._bindings,
            "folder": self._folder,
        }

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Answer line after line."""
        del argv, environment
        async for call in fixedscript.calls(streams):
            fixedscript.answer(streams, self._answer(call))
        return 0

    def _answer(self, call: Call) -> dict[str, Any]:
        known = self._calls.get(call["do"])
        if known is None:
            self._host.record("unknown-request", kind="read_twin", why=f"the call {call['do']}")
            return {"error": f"there is no call {call['do']}"}
        try:
            return known(call)
        except OSError as error:
            return {"error": str(error)}

    def _place(self, path: str) -> Path | None:
        """What stands for a path; None where no volume carries it."""
        try:
            return self._host.local_path(path)
        except FileNotFoundError:
            return None

    def _read(self, call: Call) -> dict[str, Any]:
        place = self._place(call["path"])
        if place is None or not place.is_file():
            return {}
        return {"data": base64.b64encode(place.read_bytes()).decode()}

    def _bindings(self, call: Call) -> dict[str, Any]:
        del call
        if self._sites is None:
            return {"error": "Cannot add type. The assembly Microsoft.Web.Administration.dll is not there."}
        found = []
        for site in self._sites():
            for binding in site.bindings:
                bound = self._bound(binding)
                if bound is not None:
                    found.append({"site": site.name, "information": binding.information, **bound})
        return {"bindings": found}

    def _bound(self, binding: Binding) -> dict[str, str] | None:
        if binding.protocol != "https" or not binding.is_web:
            return None
        return self._store.bound(*binding.endpoint, binding.ssl_flags)

    def _folder(self, call: Call) -> dict[str, Any]:
        place = self._place(call["path"])
        if place is None or not place.is_dir():
            return {}
        sddl = self._acls.of(call["path"]).sddl
        files = [one for one in sorted(place.rglob("*")) if one.is_file()] if call["files"] else []
        answer: dict[str, Any] = {
            "sddl": sddl,
            "accounts": dict.fromkeys(_ACCOUNT.findall(sddl)),
            "total": len(files),
        }
        if len(files) <= call["most"]:
            answer["files"] = {_below(place, one): _hash(one) for one in files}
        return answer


def _below(place: Path, file: Path) -> str:
    return "\\".join(file.relative_to(place).parts)


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest().upper()
