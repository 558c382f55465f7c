# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of a node: keys and values without case, kept in a JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from lab.machine.files import write_atomically


class Kind(IntEnum):
    """Registry value types (winnt.h)."""

    SZ = 1
    EXPAND_SZ = 2
    BINARY = 3
    DWORD = 4
    MULTI_SZ = 7
    QWORD = 11


@dataclass
class Key:
    """A key; both dictionaries go from the name without case to (name as written, content)."""

    keys: dict[str, tuple[str, Key]] = field(default_factory=dict)
    values: dict[str, tuple[str, Kind, Any]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "keys": {name: key.document() for name, key in self.keys.values()},
            "values": {name: [int(kind), data] for name, kind, data in self.values.values()},
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Key:
        """From JSON."""
        made = cls()
        for name, below in document["keys"].items():
            made.keys[name.casefold()] = (name, cls.from_document(below))
        for name, (kind, data) in document["values"].items():
            made.values[name.casefold()] = (name, Kind(kind), data)
        return made


class Registry:
    """HKEY_LOCAL_MACHINE and the other hives by their names; every change is on disk when the call returns.

    Args:
        path: the file; the registry is empty where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._hives = {name: Key.from_document(hive) for name, hive in document.items()}

    def find(self, hive: str, path: str) -> Key | None:
        """The key, None where it does not exist; the root of a hive always does."""
        key = self._hives.setdefault(hive, Key())
        for part in _parts(path):
            if part.casefold() not in key.keys:
                return None
            key = key.keys[part.casefold()][1]
        return key

    def create(self, hive: str, path: str) -> Key:
        """The key, made with all that is above it where it does not exist."""
        key = self._hives.setdefault(hive, Key())
        for part in _parts(path):
            key = key.keys.setdefault(part.casefold(), (part, Key()))[1]
        self._save()
        return key

    def delete(self, hive: str, path: str) -> None:
        """Remove an existing key with all that is below it."""
        *above, last = _parts(path)
        parent = self.find(hive, "\\".join(above))
        if parent is not None:
            del parent.keys[last.casefold()]
            self._save()

    def set_value(self, key: Key, name: str, kind: Kind, data: object) -> None:
        """Set a value; the empty name is the default value."""
        key.values[name.casefold()] = (name, kind, data)
        self._save()

    def delete_value(self, key: Key, name: str) -> bool:
        """Remove a value; False where there is none."""
        if key.values.pop(name.casefold(), None) is None:
            return False
        self._save()
        return True

    def _save(self) -> None:
        document = {name: hive.document() for name, hive in self._hives.items()}
        write_atomically(self._path, json.dumps(document, ensure_ascii=False, indent=1))


def _parts(path: str) -> Iterator[str]:
    return (part for part in path.split("\\") if part)
