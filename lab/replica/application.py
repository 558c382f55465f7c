# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes of an application behind a site, and the account of those that were acknowledged.

The lab serves files; what a real application writes, a client of the lab has written by the node that serves
its site. Whatever was acknowledged is noted where no node's fault reaches it.
"""

from __future__ import annotations

import hashlib
import json
import ntpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.iis.model import Site
from lab.iis.service import Iis
from lab.machine.machine import Machine

from .engine import Replication

ACCOUNT = "acknowledged.jsonl"


class NotServed(RuntimeError):
    """No site that is in service on this node has its content there."""


class Application:
    """What writes on one node.

    Args:
        machine: the node.
        iis: its sites.
        replication: None where Storage Replica is not installed.
        account: file of what was acknowledged, of the whole lab.
    """

    def __init__(self, machine: Machine, iis: Iis, replication: Replication | None, account: Path) -> None:
        self._machine, self._iis, self._replication, self._account = machine, iis, replication, account

    async def write(self, path: str, data: bytes) -> int:
        """Append to a file; the offset, once the write counts as done.

        Raises:
            NotServed: nothing that serves has its content there.
            FileNotFoundError: the volume cannot be used.
        """
        if not any(_covers(root, path) for root in self._roots()):
            raise NotServed(f"no site in service has {path}")
        offset = await self._append(path, data)
        if not any(_covers(root, path) for root in self._roots()):
            raise NotServed(f"the site of {path} went out of service meanwhile")
        entry = {
            "node": self._machine.node.name,
            "path": path,
            "offset": offset,
            "size": len(data),
            "digest": hashlib.sha256(data).hexdigest(),
        }
        with self._account.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        return offset

    async def _append(self, path: str, data: bytes) -> int:
        drive, rest = ntpath.splitdrive(path)
        name = rest.replace("\\", "/").strip("/")
        if self._replication is not None:
            return await self._replication.write(f"{drive.upper()}\\", name, data)
        file = self._machine.local_path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as stream:
            offset = stream.tell()
            stream.write(data)
        return offset

    def _roots(self) -> Iterator[str]:
        """Folders of the sites that a client reaches: started, with an address that can be used."""
        usable = self._machine.usable_addresses()
        for site in self._iis.state.started(self._iis.configuration()):
            if any(one.endpoint[0] in usable for one in site.web_bindings):
                yield from _folders(site)


def _folders(site: Site) -> Iterator[str]:
    for application in site.applications:
        for directory in application.directories:
            yield directory.physical_path


def _covers(root: str, path: str) -> bool:
    return path.casefold().startswith(root.casefold().rstrip("\\") + "\\")


def acknowledged(account: Path) -> list[dict[str, Any]]:
    """Every write that was acknowledged, in order."""
    if not account.exists():
        return []
    return [json.loads(line) for line in account.read_text(encoding="utf-8").splitlines()]


def missing(account: Path, volume: Path) -> list[dict[str, Any]]:
    """The acknowledged writes that a volume's folder does not hold."""
    lost = []
    for entry in acknowledged(account):
        _drive, rest = ntpath.splitdrive(entry["path"])
        file = volume / rest.replace("\\", "/").strip("/")
        content = file.read_bytes() if file.exists() else b""
        found = content[entry["offset"] : entry["offset"] + entry["size"]]
        if hashlib.sha256(found).hexdigest() != entry["digest"]:
            lost.append(entry)
    return lost
