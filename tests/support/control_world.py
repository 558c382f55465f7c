# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as operations see them: registry values, facts, and steps, in the place of drivers and sessions."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.standby.iis.plugins.module_utils.control import (
    agents,
    dad,
    hierarchy,
    ip,
    perform,
    san_policy,
    store,
    survey,
)
from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.errors import Unreachable
from ansible_collections.standby.iis.plugins.module_utils.ha import definition
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.storage import DiskPolicy
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from tests.support.ha_world import NODES, World


class Shell:
    """Runs anything; a warm session is all that is wanted of it."""

    def run(self, argv, stdin=b"", *, on_output=None):
        return Completed(0, b"", b"")


class ControlWorld(World):
    """A World reached through a Fleet.

    ``values`` are the registries; ``changes`` whatever the operations did to a node outside of steps.
    """

    def __init__(self, monkeypatch) -> None:
        super().__init__()
        self.values = {name: {} for name in NODES}
        self.changes: list[tuple] = []
        self.dad = dict.fromkeys(NODES, 3)
        self.facts_of = {}
        self.agents = {}
        self.drift: list[str] = []
        self.opened: list[str] = []
        registry = SimpleNamespace(
            read_value=self._read, write_value=self._write, delete_key=self._delete_key
        )
        monkeypatch.setattr(store, "registry", registry)
        monkeypatch.setattr(survey, "gather", self._gather)
        monkeypatch.setattr(agents, "find_agent", self._find_agent)
        monkeypatch.setattr(hierarchy, "performer", lambda fleet, clock: self._on_a_session(fleet))
        monkeypatch.setattr(hierarchy, "before_move", lambda fleet, case, target: self.drift)
        monkeypatch.setattr(ip, "remove_address", self._record("remove_address"))
        monkeypatch.setattr(ip, "add_address", self._record("add_address"))
        monkeypatch.setattr(ip, "wait_preferred", self._record("wait_preferred"))
        monkeypatch.setattr(dad, "read_dad_transmits", lambda node, index, family: self.dad[node.name])
        monkeypatch.setattr(dad, "write_dad_transmits", self._write_dad)
        monkeypatch.setattr(perform, "deepcheck", None)
        self.policies = dict.fromkeys(NODES, DiskPolicy.OFFLINE_SHARED)
        monkeypatch.setattr(san_policy, "read_disk_policy", lambda node: self.policies[node.name])
        monkeypatch.setattr(
            san_policy, "lasting_caution", lambda node, _volume: self.lasting.get(node.name, "")
        )
        self.lasting: dict[str, str] = {}

    def fleet(self, *names: str) -> Fleet:
        connections = [Connection(name, f"192.0.2.{n}") for n, name in enumerate(names or NODES, start=1)]
        return Fleet(connections, connect=self._connect)

    def store(self, cluster, *names: str) -> None:
        for name in names or NODES:
            self.values[name] = definition.to_values(cluster)

    def stored(self, name: str = "server1"):
        return definition.from_values(self.values[name], name)

    def _connect(self, connection: Connection) -> Node:
        self.opened.append(connection.name)
        return Node(connection.name, None, Shell())

    def _check(self, node: Node) -> None:
        problem = self.servers[node.name].unreachable
        if problem:
            raise Unreachable(problem.rstrip("."), node=node.name)

    def _find_agent(self, node):
        self._check(node)
        found = self.agents.get(node.name)
        if isinstance(found, Exception):
            raise found
        return found

    def _read(self, node, key, name):
        self._check(node)
        return self.values[node.name].get(name)

    def _write(self, node, key, name, text):
        self._check(node)
        self.changes.append(("write_value", node.name))
        self.values[node.name] = {**self.values[node.name], name: text}

    def _delete_key(self, node, key):
        self._check(node)
        self.values[node.name] = {}

    def _gather(self, node, scope):
        return self.facts_of.get(node.name) or self.servers[node.name].facts()

    def _on_a_session(self, fleet):
        def perform_one(step):
            if step.action.value == "verify":
                self.perform(step)
                return
            with fleet.lease(step.node):
                self.perform(step)

        return perform_one

    def _record(self, name):
        def change(node, *arguments):
            self.changes.append((name, node.name, arguments[0]))

        return change

    def _write_dad(self, node, index, family, count):
        self.changes.append(("dad", node.name, count))
        self.dad[node.name] = count
