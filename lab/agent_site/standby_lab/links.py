# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which links of a lab are cut or slow: one small file a node, replaced as a whole by the node's process.

A file is a JSON object: ``addresses`` (those the node has), ``off`` (nothing answers there), ``cut`` (name of
the other -> ``both``, ``to`` for what this node asks of it, ``from`` for what it asks of this node), ``slow``
(name -> seconds), ``lossy`` (name -> share of messages that are lost), ``witnesses`` (name -> ``address``,
``folder`` of its share, ``seconds`` of delay,
``timeout`` after which the redirector gives up, ``full``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

_SUFFIX = ".json"
# Seconds after which TCP sends again at first (RFC 6298 has a second, Linux and Windows wait less), doubled
# each time.
_FIRST_RESENT, _LAST_RESENT = 0.2, 30.0
# The names of these are replaced later on, see files.py.
_stat = os.stat


class Table:
    """The files of all nodes, read again when they have changed.

    Args:
        folder: where they lie.
        name: the node of this process.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.name = name
        self.folder = folder
        self._known: dict[str, tuple[tuple[int, int], dict[str, Any]]] = {}

    @property
    def address(self) -> str | None:
        """The address that connections of this node come from."""
        found: str | None = self.of(self.name).get("address")
        return found

    def of(self, name: str) -> dict[str, Any]:
        """What a node's file says; nothing where it has none."""
        path = f"{self.folder}/{name}{_SUFFIX}"
        try:
            status = _stat(path)
        except OSError:
            return {}
        stamp = (status.st_mtime_ns, status.st_ino)
        known = self._known.get(name)
        if known is None or known[0] != stamp:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123
                known = (stamp, json.load(file))
            self._known[name] = known
        return known[1]

    def host_of(self, address: str) -> str | None:
        """The node or witness that has an address; None for this node itself and for strangers."""
        own = self.of(self.name)
        if address in own.get("addresses", ()):
            return None
        for name, witness in own.get("witnesses", {}).items():
            if witness["address"] == address:
                return str(name)
        for entry in os.listdir(self.folder):  # noqa: PTH208
            name = entry.removesuffix(_SUFFIX)
            if entry.endswith(_SUFFIX) and address in self.of(name).get("addresses", ()):
                return name if name != self.name else None
        return None

    def is_cut(self, other: str, *, asking: bool) -> bool:
        """True where nothing passes between this node and another.

        Args:
            other: its name.
            asking: this node opened the connection.
        """
        mine, its = ("to", "from") if asking else ("from", "to")
        here = self.of(self.name).get("cut", {}).get(other)
        its_table = self.of(other)
        there = its_table.get("cut", {}).get(self.name)
        return bool(its_table.get("off")) or here in ("both", mine) or there in ("both", its)

    def delay(self, other: str) -> float:
        """Seconds that every message between this node and another takes longer."""
        here = self.of(self.name).get("slow", {}).get(other, 0.0)
        there = self.of(other).get("slow", {}).get(self.name, 0.0)
        return float(here) + float(there)

    def resent(self, other: str, chance: Callable[[], float]) -> float:
        """Seconds by which a message is later because it was lost and sent again: no less than TCP waits for.

        Args:
            other: the other node.
            chance: a number from 0 to 1, each time anew.
        """
        kept = 1.0
        for one, its in ((self.name, other), (other, self.name)):
            kept *= 1.0 - float(self.of(one).get("lossy", {}).get(its, 0.0))
        late, again = 0.0, _FIRST_RESENT
        while kept < 1.0 and chance() >= kept and again < _LAST_RESENT:
            late, again = late + again, again * 2
        return late

    def server(self, name: str) -> dict[str, Any] | None:
        """The witness whose file server has a name or an address."""
        for witness, entry in self.of(self.name).get("witnesses", {}).items():
            if name.casefold() in (text.casefold() for text in (witness, entry["address"])):
                return {"name": witness, **entry}
        return None

    def share_of(self, path: str) -> dict[str, Any] | None:
        """The witness whose share holds a path of this machine."""
        for witness, entry in self.of(self.name).get("witnesses", {}).items():
            if path.startswith(f"{entry['folder']}/"):
                return {"name": witness, **entry}
        return None
