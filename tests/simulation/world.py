# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world: nodes, links, the store, an operator, and what a client from outside would see.

Everything that happens by chance comes from one seeded generator, so that a seed is a schedule.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import sightings
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Decision, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    MAINTENANCE,
    NODES,
    BadRecord,
    HierarchyRecord,
    Maintenance,
    NodeRecord,
    Request,
    asked,
    encode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Membership, Snapshot
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import Timers
from tests.simulation.backing import backing
from tests.simulation.checks import Checks
from tests.simulation.computer import Computer
from tests.simulation.node import Node
from tests.simulation.register import Register
from tests.simulation.timeline import Clock, Timeline

if TYPE_CHECKING:
    from tests.simulation.replica import Replica

STORE = "store"


class World:
    """One schedule's world.

    Args:
        seed: of everything that happens by chance.
        cluster: what was declared.
        timers: what was declared.
        kind: what stands behind the store, see ``backing``.
        lag: how old what the store lists may be, seconds.
        trace: keep a readable account.

    Attributes:
        timeline: the true time, and what happens when.
        register: what stands behind the store.
        up: the store answers.
        cut: links, as (sender, receiver), over which nothing gets.
        latency: what a message usually takes, seconds; between a fifth and twice of it.
        loss: the share of messages that get lost.
        late: the share of messages that are late, by up to forty store timeouts.
        slow_start: factor by which starting takes longer than usual, on every node.
        coverage, mirrors: see ``runs.Summary``.
        replicas: hierarchy -> its mirror, where that goes on alone.
        peers: of each node: those that share a hierarchy with it.
        dead_devices: nodes whose power cannot be cut, though a device for it is declared.
        creations: key -> until when a put of a node that knew of no record there may have its effect.
    """

    def __init__(
        self,
        seed: int,
        cluster: Membership,
        timers: Timers,
        *,
        kind: str = "registers",
        lag: float = 0.0,
        trace: bool = False,
    ) -> None:
        self.random = random.Random(seed)
        self.cluster = cluster
        self.timers = timers
        self.timeline = Timeline()
        self.lag = lag
        self.register = backing(kind, self, lag)
        self.up = True
        self.cut: set[tuple[str, str]] = set()
        # A read of a directory is one request for every record: only near servers can be asked so often.
        self.latency = timers.store_timeout * (0.002 if kind == "directory" else 0.02)
        self.loss = 0.0
        self.late = 0.0
        self.slow_start = 1.0
        self.dead_devices: set[str] = set()
        self.creations: dict[str, float] = {}
        self.coverage: Counter[tuple[str, str, str]] = Counter()
        self.replicas: dict[str, Replica] = {}
        self.mirrors: Counter[str] = Counter()
        self._trace: list[str] | None = [] if trace else None
        self.peers = {name: cluster.peers(name) for name in cluster.nodes}
        self.nodes = {name: Node(self, name, self._clock()) for name in cluster.nodes}
        self.checks = Checks(self)
        self.register.watchers.append(self.checks.written)

    def _clock(self) -> Clock:
        return Clock(self.timeline, 1.0 + self.random.choice((-0.01, 0.0, 0.0, 0.01)))

    # Links

    def _delay(self) -> float:
        """Of one message, seconds; now and then it is late, in part beyond every timeout."""
        if self.late and self.random.random() < self.late:
            worst = self.random.choice((1.0, 1.0, 6.0, 6.0, 6.0, 40.0))
            return self.random.uniform(0.1, worst) * self.timers.store_timeout
        return self.random.uniform(0.2, 2.0) * self.latency

    def between(self, sender: str, receiver: str, work: Callable[[], None]) -> float:
        """A message from one to the other, if it gets there; after how many seconds, 0 where it does not."""
        if (sender, receiver) in self.cut or self.random.random() < self.loss:
            return 0.0
        delay = self._delay()
        self.timeline.after(delay, work)
        return delay

    def to_store(self, node: Node, work: Callable[[], Any], answer: Callable[[Any], None]) -> float:
        """A request to the store, which has its effect when it arrives, and its answer.

        Returns:
            After how many seconds it arrives, 0 where it never does.
        """

        def arrived() -> None:
            if self.up:
                result = work()
                self.between(STORE, node.name, lambda: answer(result))

        return self.between(node.name, STORE, arrived)

    def put(self, write: Write, text: str) -> int | None:
        """A write arrives at bare registers."""
        assert isinstance(self.register, Register)
        return self.register.put(write.key, write.version, text)

    def creates(self, write: Write, seconds: float) -> None:
        """A write is on its way for so long."""
        if not write.version:
            until = self.timeline.now + seconds
            self.creations[write.key] = max(until, self.creations.get(write.key, 0.0))

    def fence_device(self, node: str) -> bool:
        """Cut a node's power; True where the device works and says so."""
        if node in self.dead_devices:
            self.note(None, f"the power of {node} is not cut: the device does not work")
            return False
        self.nodes[node].power_off()
        self.checks.restarted(self.nodes[node])
        self.note(None, f"the power of {node} is cut")
        return True

    # What happens

    def changed(self, hierarchy: str, node: Node) -> None:
        """Something of a hierarchy on a node is visible now, or no more."""
        if node.visible(hierarchy):
            self.note(node, f"{hierarchy} is visible")
        self.checks.visible(hierarchy, node)

    def turns(self, hierarchy: str, node: Node) -> bool:
        """A mirror is to be turned round, where there is one that has to be."""
        replica = self.replicas.get(hierarchy)
        return replica is None or replica.turn(node)

    def mounted(self, hierarchy: str, node: Node) -> None:
        """The disk of a hierarchy came online on a node."""
        self.checks.mounted(hierarchy, node)

    def suspended(self, node: Node) -> None:
        """A machine goes on after it had stood still with its clocks."""
        self.note(node, "goes on after a suspension")
        self.checks.suspended(node)

    def blind(self, node: Computer) -> None:
        """The agent of a machine sees nothing for a while."""
        self.checks.blind(self.nodes[node.name])

    def decided(self, node: Node, snapshot: Snapshot, decision: Decision) -> None:
        """A node has decided."""
        self.checks.decided(node, snapshot, decision)

    # The operator

    def record(self, hierarchy: str) -> HierarchyRecord:
        """The record of a hierarchy as it is in the store."""
        stored = self.register.get(HIERARCHIES + hierarchy)
        if stored is None:
            return HierarchyRecord(hierarchy)
        try:
            return sightings.decode_hierarchy(stored.value, hierarchy)
        except BadRecord:
            return HierarchyRecord(hierarchy)

    def node_record(self, node: str) -> NodeRecord | None:
        """The record of a node as it is in the store, None where it cannot be read."""
        stored = self.register.get(NODES + node)
        try:
            return sightings.decode_node(stored.value, node) if stored is not None else None
        except BadRecord:
            return None

    def ask(self, hierarchy: str, request: Request) -> None:
        """An operator's tool puts a request on the record."""
        key = HIERARCHIES + hierarchy
        stored = self.register.get(key)
        record = self.record(hierarchy)
        if stored is not None and record.epoch:
            self.note(
                None, f"an operator asks {request.kind.value} {hierarchy} {request.target} {request.force}"
            )
            self.register.force(key, encode(asked(record, request)))

    def maintain(self, maintenance: Maintenance) -> None:
        """An operator sets or ends maintenance."""
        self.note(None, f"maintenance: {maintenance}")
        self.register.force(MAINTENANCE, encode(maintenance))

    @property
    def maintenance(self) -> Maintenance:
        """As it is in the store."""
        stored = self.register.get(MAINTENANCE)
        return sightings.decode_maintenance(stored.value) if stored is not None else Maintenance()

    # The account

    def note(self, node: Node | None, text: str) -> None:
        """A line of the account."""
        if self._trace is not None:
            who = node.name if node is not None else "world"
            mono = f"{node.clock.mono():9.2f}" if node is not None else " " * 9
            self._trace.append(f"{self.timeline.now:9.3f} {who:>9} {mono}  {text}")

    @property
    def account(self) -> str:
        """What happened, line by line: true time, who, its monotonic clock, what."""
        return "\n".join(self._trace or ())
