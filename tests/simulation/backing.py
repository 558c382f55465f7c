# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind the store in a schedule: bare registers, or the real stores' code over simulated
servers.

- ``registers``: the contract of a store and nothing more, with every liberty that it leaves;
- ``directory``: the real directory store, each of its disk requests a message that may be late or lost, on a
  disk whose listings and absent names lag;
- ``etcd``: the real etcd store, talking the JSON gateway's documents to a simulated server.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ansible_collections.standby.iis.plugins.module_utils.agent.store import etcd_wire, names, record
from ansible_collections.standby.iis.plugins.module_utils.agent.store.directory import Directory
from ansible_collections.standby.iis.plugins.module_utils.agent.store.disk import (
    Listing,
    PublishIfAbsent,
    Read,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd import Etcd
from ansible_collections.standby.iis.plugins.module_utils.agent.store.etcd_requests import Post, Reply
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Operation,
    Store,
    StoreOutage,
    StoreProtocol,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import NODES
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import LISTING_AGE
from tests.simulation.register import Register, Stored
from tests.support.simulated_disk import Disk

if TYPE_CHECKING:
    from tests.simulation.node import Node
    from tests.simulation.world import World

# Store timeouts within which a put of a real store, a few requests long, has its effect or never will.
_SLOWEST_PUT = 12.0
Done = Callable[[Any], None]
# The wall clock when a schedule begins, seconds since 1970.
_EPOCH = 1_700_000_000.0

Watcher = Callable[[str, str | None, str | None], None]


class Client(Protocol):
    """A node's way to the store. ``done`` is called once, if at all, when an answer has come."""

    def list(self, done: Done) -> None:
        """All records, or a StoreOutage."""

    def put(self, write: Write, text: str, done: Done) -> None:
        """The new version, None on a conflict, or a StoreOutage."""


class Backing(Protocol):
    """The store as operators, foreign hands and checks meet it, without a network."""

    watchers: list[Watcher]

    def get(self, key: str) -> Stored | None:
        """The record as it is."""

    def force(self, key: str, value: str | None) -> int:
        """Write whatever is there."""

    def vanish(self, key: str) -> None:
        """Delete a record."""

    def client(self, world: World, node: Node) -> Client:
        """A way to it, for one agent process."""


class Registers(Register):
    """Bare registers."""

    def client(self, world: World, node: Node) -> Client:
        """A way to it, for one agent process."""
        return _Bare(world, node, self)


class _Bare:
    def __init__(self, world: World, node: Node, register: Register) -> None:
        self._world, self._node, self._register = world, node, register

    def list(self, done: Done) -> None:
        lag, chance = self._register.lag, self._world.random

        def listed() -> Mapping[str, Stored]:
            return self._register.listed(lambda: chance.choice((0.0, 0.0, 0.3, 1.0)) * lag)

        self._world.to_store(self._node, listed, done)

    def put(self, write: Write, text: str, done: Done) -> None:
        arrives = self._world.to_store(self._node, lambda: self._world.put(write, text), done)
        self._world.creates(write, arrives)


class _Real:
    """The operations of a real store's protocol, their requests carried by the world's links.

    Like an agent, it has one protocol object for reading, one for the node's own record and one for all else,
    since each does one thing at a time.
    """

    def __init__(
        self, world: World, node: Node, make: Callable[[str], StoreProtocol], perform: Callable[[Any], Any]
    ) -> None:
        self._world, self._node, self._perform = world, node, perform
        life = f"{world.random.getrandbits(64):016x}"
        self._protocols = [make(f"{life}{number}") for number in range(3)]
        self._waiting: list[deque[Callable[[], None]]] = [deque() for _protocol in self._protocols]

    def list(self, done: Done) -> None:
        self._queue(0, lambda protocol: protocol.list(""), done)

    def put(self, write: Write, text: str, done: Done) -> None:
        self._world.creates(write, _SLOWEST_PUT * self._world.timers.store_timeout)
        which = 1 if write.key == NODES + self._node.name else 2

        def finished(result: Any) -> None:
            done(None if isinstance(result, Conflict) else result)

        self._queue(which, lambda protocol: protocol.put(write.key, write.version, text), finished)

    def _queue(self, which: int, begin: Callable[[StoreProtocol], Operation[Any]], done: Done) -> None:
        waiting = self._waiting[which]

        def finished(result: Any) -> None:
            waiting.popleft()
            if waiting:
                waiting[0]()
            done(result)

        waiting.append(lambda: self._step(begin(self._protocols[which]), None, None, finished))
        if len(waiting) == 1:
            waiting[0]()

    def _step(self, operation: Operation[Any], answer: Any, error: OSError | None, done: Done) -> None:
        try:
            request = operation.throw(error) if error is not None else operation.send(answer)
        except StopIteration as end:
            done(end.value)
        except (Conflict, StoreOutage) as end:
            done(end)
        else:
            self._send(operation, request, done)

    def _send(self, operation: Operation[Any], request: Any, done: Done) -> None:
        state = {"open": True}

        def settle(answer: Any, error: OSError | None) -> None:
            if state["open"]:
                state["open"] = False
                self._step(operation, answer, error, done)

        def perform() -> Any:
            try:
                return self._perform(request)
            except OSError as error:
                return error

        def answered(result: Any) -> None:
            failed = isinstance(result, OSError)
            settle(None if failed else result, result if failed else None)

        self._world.to_store(self._node, perform, answered)
        patience = self._world.timers.store_timeout / 2
        self._world.timeline.after(patience, lambda: settle(None, TimeoutError("no answer")))


class DirectoryServer:
    """The real directory store on a simulated disk."""

    def __init__(self, world: World, lag: float) -> None:
        self._world = world
        self._lag = min(lag, LISTING_AGE * 0.9)
        self._disk = Disk()
        self._texts: dict[str, str | None] = {}
        self.watchers: list[Watcher] = []
        self._hands = 0
        self._store = self._foreign_hand()

    def _foreign_hand(self) -> Store:
        """A process that has just begun, and knows nothing of what was there."""
        self._hands += 1
        writer = f"{'f' * 8}{self._hands:08x}"
        line = self._world.timeline
        return Store(Directory("witness", writer, lambda: line.now, lambda: _EPOCH + line.now), self._now)

    def _now(self, request: Any) -> Any:
        """A foreign hand at the server itself: nothing lags."""
        self._disk.now = self._world.timeline.now + 1000.0
        return self._done(request, self._disk(request))

    def _perform(self, request: Any) -> Any:
        self._disk.now = self._world.timeline.now + 1000.0
        lags = isinstance(request, (Listing, Read)) and self._world.random.random() < 0.3
        return self._done(request, self._disk(request, self._lag if lags else 0.0))

    def _done(self, request: Any, result: Any) -> Any:
        if isinstance(request, PublishIfAbsent):
            found = record.decode(self._disk.files[request.target])
            if found is not None:
                before, self._texts[found.key] = self._texts.get(found.key), found.value
                for watch in self.watchers:
                    watch(found.key, before, found.value)
        return result

    def client(self, world: World, node: Node) -> Client:
        """A way to it, for one agent process."""
        clock = node.clock

        def make(writer: str) -> StoreProtocol:
            return Directory("witness", writer[:24], clock.mono, lambda: _EPOCH + clock.wall())

        return _Real(world, node, make, self._perform)

    def get(self, key: str) -> Stored | None:
        """The record as it is."""
        found = self._store.get(key)
        return Stored(found.version, found.value) if found is not None else None

    def force(self, key: str, value: str | None) -> int:
        """Write whatever is there."""
        found = self._store.get(key)
        return self._store.put(key, found.version if found is not None else 0, value or "")

    def vanish(self, key: str) -> None:
        """Delete the folder of a key; those who know its record go on believing in it for ten seconds."""
        self._disk.now = self._world.timeline.now + 1000.0
        self._disk.vanish(names.folder(key))
        self._texts.pop(key, None)
        self._store = self._foreign_hand()


class EtcdServer(Register):
    """The real etcd store, and a server that knows the documents of the JSON gateway that it sends."""

    def client(self, world: World, node: Node) -> Client:
        """A way to it, for one agent process."""

        def make(writer: str) -> StoreProtocol:
            seconds = world.timers.store_timeout
            return Etcd(["http://etcd"], "/", writer, node.clock.mono, seconds=seconds)

        return _Real(world, node, make, self._perform)

    def get(self, key: str) -> Stored | None:
        """The record as it is."""
        found = super().get("/" + key)
        return Stored(found.version, _unwrapped(found.value)) if found is not None else None

    def force(self, key: str, value: str | None) -> int:
        """Write whatever is there."""
        known = super().get("/" + key)
        over = known.version if known is not None else 0
        return super().force("/" + key, etcd_wire.wrap("operator", over, value or "").decode())

    def vanish(self, key: str) -> None:
        """Delete a record."""
        super().vanish("/" + key)

    def changed(self, key: str, old: str | None, new: str | None) -> None:
        """Tell watchers what was put, without its wrapping."""
        super().changed(key[1:], _unwrapped(old), _unwrapped(new))

    def _perform(self, request: Any) -> Any:
        assert isinstance(request, Post)
        document = json.loads(request.body)
        if request.path == etcd_wire.RANGE:
            return self._reply({"kvs": self._range(document)})
        assert request.path == etcd_wire.TXN
        (compare,), (success,) = document["compare"], document["success"]
        assert (compare["target"], compare["result"]) == ("MOD", "EQUAL")
        put = success["request_put"]
        key, value = _text(put["key"]), base64.b64decode(put["value"]).decode()
        known = super().get(key)
        if (known.version if known is not None else 0) == int(compare["mod_revision"]):
            super().force(key, value)
            return self._reply({"succeeded": True})
        (failure,) = document["failure"]
        return self._reply(
            {"responses": [{"response_range": {"kvs": self._range(failure["request_range"])}}]}
        )

    def _range(self, wanted: Mapping[str, str]) -> list[dict[str, str]]:
        first, end = _text(wanted["key"]), wanted.get("range_end")
        last = base64.b64decode(end).decode() if end is not None else first + "\0"
        return [self._item(key) for key in sorted(self.keys()) if first <= key < last]

    def _item(self, key: str) -> dict[str, str]:
        found = super().get(key)
        assert found is not None
        value = base64.b64encode((found.value or "").encode()).decode()
        encoded = base64.b64encode(key.encode()).decode()
        return {"key": encoded, "mod_revision": str(found.version), "value": value}

    def _reply(self, answer: dict[str, Any]) -> Reply:
        header = {"cluster_id": "1", "revision": str(self.version)}
        return Reply(200, json.dumps({"header": header, **answer}).encode())


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def _unwrapped(value: str | None) -> str | None:
    return json.loads(value)["value"] if value is not None else None


def backing(kind: str, world: World, lag: float) -> Backing:
    """What stands behind the store: ``registers``, ``directory`` or ``etcd``."""
    if kind == "directory":
        return DirectoryServer(world, lag)
    return EtcdServer(world.timeline) if kind == "etcd" else Registers(world.timeline, lag)
