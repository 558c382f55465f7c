# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents as threads of a test, each driving its lab node over WinRM."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.standby.iis.plugins.module_utils.agent.declared import ClusterOptions, membership
from ansible_collections.standby.iis.plugins.module_utils.agent.lookout import Views
from ansible_collections.standby.iis.plugins.module_utils.agent.place import Place
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.agent.worker import Worker
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_node
from ansible_collections.standby.iis.plugins.module_utils.ha.disturbance import looked_after
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Decision
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Snapshot
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.succession import Standing
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import Timers
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect


class _Locked:
    """One session for many threads: one call at a time."""

    def __init__(self, inner: Any, lock: threading.Lock) -> None:
        self._inner, self._lock = inner, lock

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **options: Any) -> Any:
            with self._lock:
                return method(*args, **options)

        return call


def shared_node(connection: Connection) -> Node:
    """A node that several threads may use."""
    node, lock = connect(connection), threading.Lock()
    return Node(node.name, _Locked(node.cim, lock), _Locked(node.shell, lock), node.close)


class AgentThread:
    """An agent of a lab node.

    Attributes:
        told: hierarchy -> (reason, sentence) of its last verdict.
        ready: hierarchy -> how it stands by, where it is kept warm.
        said: what it said.
        peers: agents that it can ask, by the name of their node.
    """

    def __init__(self, connection: Connection, witness: Path, timers: Timers) -> None:
        self.name = connection.name
        self.told: dict[str, tuple[str, str]] = {}
        self.ready: dict[str, str] = {}
        self.said: list[str] = []
        self.peers: dict[str, AgentThread] = {}
        self._connection, self._witness, self._timers = connection, witness, timers
        self._standing: Standing | None = None
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None

    def start(self, *, resume: bool = False) -> None:
        """A new agent, or a new process of the one there was."""
        standing = self._standing if resume else None
        node = shared_node(self._connection)
        cluster = read_node(node)
        assert cluster is not None
        own = {one.name: one for one in looked_after(cluster) if self.name in one.nodes}
        instance = standing.instance if standing is not None else secrets.token_hex(8)
        place = Place(
            self.name,
            instance,
            f"machine of {self.name}",
            node,
            shared_node(self._connection),
            own,
            membership(cluster, ClusterOptions()),
            self._timers,
            lambda: open_directory(str(self._witness)),
        )
        self._worker = Worker(place, self)
        self._thread = threading.Thread(target=self._worker.run, args=(standing,), daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """End the process, whatever it is at."""
        assert self._worker is not None
        assert self._thread is not None
        self._worker.stop()
        self._thread.join(10)
        self._worker = None

    def leave(self) -> None:
        """Give everything away."""
        assert self._worker is not None
        self._worker.loop.post(self._worker.leave)

    def restarts(self, hierarchy: str) -> int:
        """How often it was stopped to be started again."""
        return sum(
            one.startswith(f"stop {hierarchy}") and one.endswith("is restarted there") for one in self.said
        )

    # What the worker has outside

    def ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        other = self.peers[peer]._worker
        if other is not None:
            other.loop.post(lambda: done() if other.engine.grant(self.name, incarnation) else None)

    def views(self, peer: str, hierarchies: Sequence[str], now: bool, done: Callable[[Views], None]) -> None:
        other = self.peers[peer]._worker
        if other is None:
            done({})
        else:
            other.loop.post(lambda: other.views(hierarchies, now, done))

    def cut_power(self, node: str, done: Callable[[bool], None]) -> None:
        done(False)

    def decided(self, snapshot: Snapshot, decision: Decision) -> None:
        self.told = {one.hierarchy: (one.reason.value, one.sentence) for one in decision.verdicts}

    def standing(self, standing: Standing | None, told: Callable[[], None]) -> None:
        self._standing = standing
        told()

    def standby(self, hierarchy: str, sentence: str) -> None:
        self.ready[hierarchy] = sentence

    def say(self, sentence: str) -> None:
        self.said.append(sentence)
