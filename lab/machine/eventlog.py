# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event log of a node: JSON lines with a time that all nodes of a lab share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class EventLog:
    """Appends events; several processes may append to one file.

    ``t`` is CLOCK_MONOTONIC of the lab machine in seconds, comparable between nodes whatever their own clocks
    show; ``at`` is the time of day for people.

    Args:
        path: the file, made where it is missing.
        node: the node the events concern.
        monotonic: the shared clock.
    """

    def __init__(self, path: Path, node: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._node = node
        self._monotonic = monotonic
        path.parent.mkdir(parents=True, exist_ok=True)

    def record(self, event: str, **details: object) -> None:
        """Append one event; it is in the file when this returns."""
        entry = {
            "t": round(self._monotonic(), 6),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "node": self._node,
            "event": event,
            **details,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a log, oldest first; a last line that was cut off by a power loss is left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue
