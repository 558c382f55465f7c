# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MSFT_SmbClientConfiguration: the settings as Windows is delivered, of which the cache lifetimes can be set.

Defaults are those that the page of Get-SmbClientConfiguration shows (MicrosoftDocs/windows-powershell-docs).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically

from .base import ClassProvider
from .schema import Embedded, Result, Values

_DEFAULTS: dict[str, Any] = {
    "ConnectionCountPerRssNetworkInterface": 4,
    "DirectoryCacheEntriesMax": 16,
    "DirectoryCacheEntrySizeMax": 65536,
    "DirectoryCacheLifetime": 10,
    "DormantFileLimit": 1023,
    "EnableBandwidthThrottling": True,
    "EnableByteRangeLockingOnReadOnlyFiles": True,
    "EnableLargeMtu": True,
    "EnableMultiChannel": True,
    "EnableSecuritySignature": True,
    "ExtendedSessionTimeout": 1000,
    "FileInfoCacheEntriesMax": 64,
    "FileInfoCacheLifetime": 10,
    "FileNotFoundCacheEntriesMax": 128,
    "FileNotFoundCacheLifetime": 5,
    "KeepConn": 600,
    "MaxCmds": 50,
    "MaximumConnectionCountPerServer": 32,
    "OplocksDisabled": False,
    "RequireSecuritySignature": False,
    "SessionTimeout": 60,
    "UseOpportunisticLocking": True,
    "WindowSizeThreshold": 1,
}


class SmbClientConfiguration(ClassProvider):
    """MSFT_SmbClientConfiguration.

    Args:
        path: file of what was changed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("MSFT_SmbClientConfiguration")
        self._path = path

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """GetConfiguration and SetConfiguration."""
        changed = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        if method == "GetConfiguration":
            return Result(0, {"Output": Embedded(self.schema.name, _DEFAULTS | changed)})
        if method == "SetConfiguration":
            given = {name: value for name, value in arguments.items() if value is not None}
            write_atomically(self._path, json.dumps({**changed, **given}))
            return Result(0)
        return await super().invoke(method, keys, arguments)
