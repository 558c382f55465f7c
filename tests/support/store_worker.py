# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that reads and puts some keys of a store, and writes down what happened.

Run with a place (JSON), a seed and the seconds to run for; prints one JSON line for every operation.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.store.directory import Directory
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Store,
    StoreOutage,
    Versioned,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from tests.support.etcd_access import Access

KEYS = ("nodes/server1", 'hierarchies/Shop & "Co" 日本 100%')


# Operations that each process does, however slow the machine is.
_LEAST = 15


@dataclass(frozen=True)
class Place:
    """Where a store is, as text that goes to another process."""

    kind: str
    where: dict[str, Any]

    def open(self, writer: str) -> Store:
        if self.kind == "directory":
            return open_directory(self.where["path"])
        if self.kind == "samba":
            from tests.support.smb_disk import Share, SmbDisk

            folder = self.where["folder"]
            disk = SmbDisk(Share(**self.where["share"]), folder)
            return Store(Directory(folder, writer, time.monotonic, time.time), disk)
        return Access(**self.where).open()

    def text(self) -> str:
        return json.dumps(asdict(self))


class Recorder:
    """Reads and puts by turns, on what it has seen last."""

    def __init__(self, store: Store, name: str, chance: random.Random) -> None:
        self._store, self._name, self._chance = store, name, chance
        self._seen: dict[str, Versioned | None] = {}
        self._number = 0

    def step(self) -> dict[str, Any]:
        """One operation, as a line of the history."""
        key = self._chance.choice(KEYS)
        read = key not in self._seen or self._chance.random() < 0.4
        line: dict[str, Any] = {"key": key, "invoked": time.monotonic()}
        try:
            line |= self._read(key) if read else self._put(key)
        except StoreOutage as outage:
            self._seen.pop(key, None)
            line |= {"kind": "failed", "said": str(outage)}
        return line | {"returned": time.monotonic()}

    def _read(self, key: str) -> dict[str, Any]:
        found = self._seen[key] = self._store.get(key)
        return {"kind": "read", "expected": found and found.value, "version": found.version if found else 0}

    def _put(self, key: str) -> dict[str, Any]:
        self._number += 1
        before, value = self._seen.pop(key), f"{self._name} {self._number}"
        line: dict[str, Any] = {"expected": before and before.value, "value": value}
        try:
            version = self._store.put(key, before.version if before else 0, value)
        except Conflict:
            return line | {"kind": "refused"}
        except StoreOutage as outage:
            return line | {"kind": "uncertain" if outage.uncertain else "failed", "said": str(outage)}
        self._seen[key] = Versioned(version, value)
        return line | {"kind": "swapped", "version": version}


def main(place: str, name: str, seconds: str) -> None:
    """Say that all is ready, and from the word to go on record until the time is up.

    Some operations are done in any case."""
    recorder = Recorder(Place(**json.loads(place)).open(name), name, random.Random(name))
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    end = time.monotonic() + float(seconds)
    done = 0
    while time.monotonic() < end or done < _LEAST:
        done += 1
        line = recorder.step()
        print(json.dumps(line), flush=True)  # noqa: T201
        if line["kind"] in ("failed", "uncertain"):
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
