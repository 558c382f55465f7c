# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's memory, and what a test lets it see."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Purpose, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.memory import Memory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    MAINTENANCE,
    NODES,
    HierarchyRecord,
    NodeRecord,
    encode,
)
from tests.support.ownership_snapshots import TIMERS, cluster

Stored = namedtuple("Stored", "version value")

OWN = NodeRecord("server1", 3, "p1", 5)
PEER = NodeRecord("server2", 8, "p2", 40)
WEB = HierarchyRecord("web", "server1", 3, 4, "server1 took it")
NEWER = '{"format":2}'


class Node:
    """A memory, and what a test lets it see; a read takes a tenth of a second."""

    def __init__(self, name="server1", of=None):
        self.memory = Memory(name, "p1", of or cluster(), TIMERS)

    def read(self, at, **found):
        """Read records by name: (version, record or text)."""
        stored = {}
        for name, (version, record) in found.items():
            key = MAINTENANCE if name == "maintenance" else HIERARCHIES + name
            key = NODES + name if name.startswith("server") else key
            text = record if isinstance(record, str | None) else encode(record)
            stored[key] = Stored(version, text)
        return self.memory.read(at, at + 0.1, stored)

    def look(self, at):
        return self.memory.snapshot(at)

    def write(self, purpose, record, version, *, at, took=0.1, becomes):
        write = write_of(purpose, record, version)
        self.memory.writing(write, at)
        self.memory.written(write, at, at + took, becomes)
        return write

    def join(self, at=100.0, version=10):
        """The own record, joined."""
        self.write(Purpose.JOIN, OWN, version - 1, at=at, becomes=version)
        return self


def write_of(purpose, record, version=0):
    key = HIERARCHIES + record.hierarchy if isinstance(record, HierarchyRecord) else NODES + record.node
    return Write(purpose, key, version, record, "as a test wants it")


def beat(record, more=1):
    return replace(record, beat=record.beat + more)
