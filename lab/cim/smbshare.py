# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""MSFT_SmbShare: shares are kept and shown; nothing is served by them.

Accounts are those of a domain ``LAB``: every name in it exists, and has a SID of its own.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically

from .base import ClassProvider, not_found, require_instance, win32_failure
from .schema import Embedded, Result, Values

_DOMAIN = "LAB\\"
_ENTRY = "MSFT_SmbShareAccessControlEntry"
# AccessRight of an entry -> access mask, as the security descriptor of a share has it.
_MASKS = {0: "0x1f01ff", 1: "0x1301bf", 2: "0x1200a9"}
_OPTIONS = {"FullAccess": 0, "ChangeAccess": 1, "ReadAccess": 2}


class SmbShare(ClassProvider):
    """MSFT_SmbShare.

    Args:
        path: file of the shares: name -> values.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("MSFT_SmbShare")
        self._path = path

    async def instances(self) -> list[Values]:
        """Every share."""
        return [self._values(name, kept) for name, kept in self._read().items()]

    async def modify(self, keys: Values, values: Values) -> None:
        """Change what can be written."""
        with_it = self._read()
        name = str(keys["Name"])
        if name not in with_it:
            raise not_found()
        with_it[name]["values"].update(values)
        self._write(with_it)

    async def delete(self, keys: Values) -> None:
        """Share it no more."""
        kept = self._read()
        if kept.pop(str(keys["Name"]), None) is None:
            raise not_found()
        self._write(kept)

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """CreateShare, and the access to one share."""
        if method == "CreateShare":
            return self._create(arguments)
        if method not in ("GrantAccess", "RevokeAccess", "GetAccessControlEntries"):
            return await super().invoke(method, keys, arguments)
        kept = self._read()
        name = str(require_instance(method, keys)["Name"])
        if name not in kept:
            raise not_found()
        rights: dict[str, int] = kept[name]["rights"]
        for account in arguments.get("AccountName") or ():
            if method == "RevokeAccess":
                rights.pop(_known(account), None)
            else:
                rights[_known(account)] = int(arguments["AccessRight"])
        self._write(kept)
        return Result(0, {"Output": [_entry(name, account, right) for account, right in rights.items()]})

    def _create(self, arguments: Values) -> Result:
        given = {name: value for name, value in arguments.items() if value is not None}
        name, kept = str(given.pop("Name")), self._read()
        if name in kept:
            # NERR_DuplicateShare, 2118.
            raise win32_failure(1, "The name has already been shared.", 2118)
        rights = {
            _known(account): right
            for option, right in _OPTIONS.items()
            for account in given.pop(option, None) or ()
        }
        kept[name] = {"values": given, "rights": rights or {"Everyone": 2}}
        self._write(kept)
        return Result(0, {"CreatedShare": Embedded(self.schema.name, self._values(name, kept[name]))})

    def _values(self, name: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        entries = "".join(f"(A;;{_MASKS[right]};;;{_sid(one)})" for one, right in kept["rights"].items())
        usual = {
            "AvailabilityType": 0,
            "CachingMode": 1,
            "ConcurrentUserLimit": 0,
            "ContinuouslyAvailable": False,
            "CurrentUsers": 0,
            "Description": "",
            "EncryptData": False,
            "FolderEnumerationMode": 1,
            "Name": name,
            "Scoped": False,
            "ScopeName": "*",
            "SecurityDescriptor": f"O:SYG:SYD:{entries}",
            "ShadowCopy": False,
            "ShareState": 1,
            "ShareType": 0,
            "SmbInstance": 0,
            "Special": False,
            "Temporary": False,
        }
        return self.complete({**usual, **kept["values"]})

    def _read(self) -> dict[str, dict[str, Any]]:
        return json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}

    def _write(self, kept: Mapping[str, Any]) -> None:
        write_atomically(self._path, json.dumps(kept))


def _known(account: str) -> str:
    """The account as Windows writes it.

    Raises:
        CimFailure: there is none of that name (ERROR_NONE_MAPPED, 1332).
    """
    if account == "Everyone":
        return account
    if not account.upper().startswith(_DOMAIN):
        told = "No mapping between account names and security IDs was done."
        raise win32_failure(1, told, 1332)
    return account.upper()[: len(_DOMAIN)] + account[len(_DOMAIN) :]


def _sid(account: str) -> str:
    number = 1000 + zlib.crc32(account.casefold().encode()) % 100000
    return "WD" if account == "Everyone" else f"S-1-5-21-1004336348-1177238915-682003330-{number}"


def _entry(share: str, account: str, right: int) -> Embedded:
    values = {
        "AccessControlType": 0,
        "AccessRight": right,
        "AccountName": account,
        "Name": share,
        "ScopeName": "*",
    }
    return Embedded(_ENTRY, values)
