# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small programs as real processes of emulated nodes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "windows"))

PATH = "\\lab\\"
_HEAD = """
import errno, json, os, socket, sys, threading, time
ROOT = os.environ["STANDBY_ROOT"]
HERE = f"{ROOT}/C/NAME"
SHARE = f"{ROOT}/UNC/files/witness$"

def tell(key, value):
    with open(f"{HERE}.{key}.new", "w") as file:
        json.dump(value, file)
    os.rename(f"{HERE}.{key}.new", f"{HERE}.{key}")

def asked(key):
    while not os.path.exists(f"{HERE}.{key}"):
        time.sleep(0.01)
    with open(f"{HERE}.{key}") as file:
        return json.load(file)

def failure(act):
    began = time.perf_counter()
    try:
        result = act()
    except OSError as error:
        return [type(error).__name__, error.errno, time.perf_counter() - began]
    return ["fine", result if isinstance(result, (int, str)) else None, time.perf_counter() - began]
"""


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


class Program:
    """A program on a node: what it tells, and what it is told."""

    def __init__(self, lab: Any, node: str, name: str, text: str) -> None:
        from test_drivers_lab import session

        from ansible_collections.standby.iis.plugins.module_utils.windows import task

        self.lab, self.node, self.name = lab, node, name
        self._drive = lab.state.node(node) / "drives" / "C"
        for left in self._drive.glob(f"{name}.*"):
            left.unlink()
        (self._drive / f"{name}.py").write_text(_HEAD.replace("NAME", name) + text)
        xml = (
            '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec>'
            "<Command>C:\\Python313\\python.exe</Command>"
            f"<Arguments>C:\\{name}.py</Arguments></Exec></Actions></Task>"
        )
        connected = session(lab, node)
        task.register_task(connected, PATH, name, xml)
        task.start_task(connected, PATH, name)
        connected.close()

    def told(self, key: str) -> Any:
        file = self._drive / f"{self.name}.{key}"
        try:
            until(file.exists)
        except AssertionError:
            log = self.lab.state.node(self.node) / "processes" / f"lab_{self.name}.log"
            raise AssertionError(log.read_text() if log.exists() else "it never started") from None
        return json.loads(file.read_text())

    def tell(self, key: str, value: Any = None) -> None:
        fresh = self._drive / f"{self.name}.{key}.new"
        fresh.write_text(json.dumps(value))
        fresh.rename(self._drive / f"{self.name}.{key}")

    def has_told(self, key: str) -> bool:
        return (self._drive / f"{self.name}.{key}").exists()

    @property
    def pid(self) -> int:
        return int(self.lab.status(self.node)["processes"][f"{PATH}{self.name}"])

    def stop(self) -> None:
        from test_drivers_lab import session

        from ansible_collections.standby.iis.plugins.module_utils.windows import task

        connected = session(self.lab, self.node)
        task.stop_task(connected, PATH, self.name)
        task.delete_task(connected, PATH, self.name)
        connected.close()


@pytest.fixture
def program(lab) -> Iterator[Callable[..., Program]]:
    """Start a program on a node; it is stopped, and every fault cleared, at the end."""
    started: list[Program] = []

    def start(text: str, node: str = "server1", name: str = "program", other: Any = None) -> Program:
        started.append(Program(other or lab, node, name, text))
        return started[-1]

    yield start
    for node in ("server1", "server2"):
        for fault in lab.status(node)["faults"]:
            lab.clear(node, fault)
    for one in started:
        one.stop()
