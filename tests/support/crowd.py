# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that use one store at once, and what must hold of everything they have recorded."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.support.linearizability import Kind, Operation, is_linearizable
from tests.support.store_worker import KEYS, Place


class Crowd:
    """Recording processes."""

    def __init__(self, places: Sequence[Place], seconds: float) -> None:
        self._processes = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.support.store_worker",
                    place.text(),
                    secrets.token_hex(4),
                    str(seconds),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for place in places
        ]

        # All begin at once, however long each takes to start.
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def history(self) -> list[dict[str, Any]]:
        """All lines, once all have ended."""
        lines: list[dict[str, Any]] = []
        for process in self._processes:
            output, _none = process.communicate(timeout=60)
            assert process.returncode == 0
            lines += map(json.loads, output.splitlines())
        return lines


def check(lines: Sequence[dict[str, Any]]) -> None:
    """Each key is one register, and each version is one value and rises."""
    for key in KEYS:
        own = [line for line in lines if line["key"] == key and line["kind"] != "failed"]
        history = [
            Operation(
                Kind(line["kind"]), line["invoked"], line["returned"], line["expected"], line.get("value")
            )
            for line in own
        ]
        assert is_linearizable(history), "\n".join(map(str, sorted(own, key=lambda line: line["invoked"])))
        _check_versions(own)


def _check_versions(lines: Sequence[dict[str, Any]]) -> None:
    versions: dict[str | None, int] = {None: 0}
    for line in lines:
        if "version" in line:
            value = line.get("value", line["expected"])
            assert versions.setdefault(value, line["version"]) == line["version"]
    assert len(set(versions.values())) == len(versions)
    for line in lines:
        if line["kind"] == "swapped":
            assert versions[line["value"]] > versions[line["expected"]]


def count(lines: Sequence[dict[str, Any]], kind: str) -> int:
    """How many operations ended so."""
    return sum(line["kind"] == kind for line in lines)
