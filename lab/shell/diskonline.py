# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``disk_online.ps1`` as powershell.exe of a node runs it: a disk online until the next boot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.machine.machine import Machine
from lab.machine.storage import OFFLINE, READ_ONLY, DiskState
from lab.shell import fixedscript
from lab.shell.program import Streams

# The collection's own file: powershell.exe knows the script by its exact text.
SCRIPT = Path(__file__).parents[2] / "plugins" / "module_utils" / "windows" / "scripts" / "disk_online.ps1"

_REFUSED = "Cannot add type. Definition of new types is not supported in this language mode."

Answer = dict[str, Any]


class DiskOnline:
    """The script as a program.

    Args:
        machine: whose disks.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def __call__(self, argv: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
        """Answer line after line."""
        del argv, environment
        async for call in fixedscript.calls(streams):
            fixedscript.answer(streams, await self._answer(call))
        return 0

    async def _answer(self, call: Mapping[str, str]) -> Answer:
        machine = self._machine
        if call["do"] != "online":
            machine.record("unknown-request", kind="disk_online", why=f"the call {call['do']}")
            return {"error": f"there is no call {call['do']}"}
        if machine.fault("no_add_type") is not None:
            return {
                "error": "Cannot add type. Definition of new types is not supported in this language mode."
            }
        path = call["path"].casefold()
        disk = next((one for one in machine.storage.disks if one.path.casefold() == path), None)
        if disk is None:
            return {"error": _failed("The system cannot find the file specified")}
        if machine.storage.failed(disk.spec.id):
            return {"error": _failed("The request could not be performed because of an I/O device error")}
        return {"changed": await self._online(disk)}

    async def _online(self, disk: DiskState) -> bool:
        """What its method Online does with the device."""
        if not disk.offline:
            return False
        both, storage = OFFLINE | READ_ONLY, self._machine.storage
        storage.set(disk, OFFLINE, both, persist=True)
        await self._machine.clock.sleep(self._machine.node.windows.disk_seconds)
        storage.set(disk, 0, both, persist=False)
        return True


def _failed(said: str) -> str:
    return f'Exception calling "Online" with "1" argument(s): "{said}"'
