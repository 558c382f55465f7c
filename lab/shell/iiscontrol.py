# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``iis_control.ps1`` as powershell.exe of a node runs it: run states, JSON lines there, base64 back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from lab.iis.failure import IisError
from lab.machine.host import Host
from lab.shell import fixedscript
from lab.shell.program import Streams

# The collection's own file: powershell.exe knows the script by its exact text.
SCRIPT = Path(__file__).parents[2] / "plugins" / "module_utils" / "windows" / "scripts" / "iis_control.ps1"
_VERBS = ("state", "start", "stop")

# Name and verb -> the state afterwards; raises IisError.
Control = Callable[[str, str], Awaitable[str]]


class IisControl:
    """The script as a program.

    Args:
        host: the machine.
        kinds: what can be controlled.
    """

    def __init__(self, host: Host, kinds: Mapping[str, Control]) -> None:
        self._host = host
        self._kinds = kinds

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Answer line after line."""
        del argv, environment
        async for call in fixedscript.calls(streams):
            fixedscript.answer(streams, await self._answer(call), ascii_alone=False)
        return 0

    async def _answer(self, call: Mapping[str, str]) -> dict[str, str]:
        known, verb = self._kinds.get(call["kind"]), call["verb"].lower()  # PowerShell compares without case
        if known is None or verb not in _VERBS:
            self._host.record("unknown-request", kind="iis_control", why=f"the call {dict(call)}")
            return {"error": f"there is no verb {call['verb']} of {call['kind']}"}
        try:
            return {"state": await known(call["name"], verb)}
        except IisError as error:
            return {"error": f"{error} (0x{error.hresult:08X})"}
