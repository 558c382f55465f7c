# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules: from a seed to a cluster, its faults, and what must have become of it at the end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    NODES,
    Maintenance,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Rules
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import (
    CLOCK_ERROR,
    LISTING_AGE,
    bound,
)
from tests.simulation.checks import Violation
from tests.simulation.declared import some_cluster, some_timers
from tests.simulation.foreign import ForeignHand
from tests.simulation.liveness import Liveness
from tests.simulation.mirror_faults import MirrorFaults
from tests.simulation.node import SLOWEST_DEVICE, Node
from tests.simulation.world import STORE, World

# The real stores cost several times as much as bare registers: they take part in some schedules.
_KINDS = ("registers",) * 38 + ("directory", "etcd")


@dataclass(frozen=True)
class Outcome:
    """What became of a schedule.

    Attributes:
        seconds: simulated.
        coverage: (standing or reason, from, to) -> how often.
        exposures: overlaps that a suspension excuses.
        mirrors: see ``runs.Summary``.
        account: what happened, where a trace was asked for.
        worst: the longest way back into service after the faults were over, as a fraction of the bound.
    """

    seconds: float
    coverage: Counter[tuple[str, str, str]]
    exposures: int
    worst: float
    mirrors: Counter[str]
    account: str = ""


class Schedule:
    """One seed."""

    def __init__(self, seed: int, *, trace: bool = False) -> None:
        self.seed = seed
        self.random = random.Random(seed ^ 0x5EED)
        self.timers = some_timers(self.random)
        self.cluster = some_cluster(self.random)
        kind = self.random.choice(_KINDS)
        lag = 0.0 if kind == "etcd" else self.random.choice((0.0, 0.0, LISTING_AGE))
        self.world = World(seed, self.cluster, self.timers, kind=kind, lag=lag, trace=trace)
        self.mirrors = MirrorFaults(seed, self.world)
        self._hand = ForeignHand(self.world)
        self._requests = 0
        self._devices_failed = self._over = False
        self._liveness = Liveness(self.world, self._hand)

    def run(self) -> Outcome:
        """Play it.

        Raises:
            Violation: an invariant does not hold.
        """
        world, chance = self.world, self.random
        for node in world.nodes.values():
            world.timeline.at(chance.uniform(0, self.timers.interval), node.power_on)
        chaos = chance.uniform(0.8, 3.0) * self.timers.ttl
        for _fault in range(chance.choice((0, 1, 1, 2, 2, 3, 4, 6))):
            world.timeline.at(chance.uniform(0, chaos), self._fault())
        self._devices(chaos)
        world.timeline.run(self.mirrors.begin(chaos))
        self._heal()
        longest = max(len(rules.nodes) for rules in self.cluster.hierarchies)
        limit = bound(self.timers, nodes=longest, lag=world.lag)
        limit += self.timers.damaged if self._hand.damaged else 0.0
        if self._devices_failed:  # one that failed is tried again after a ttl
            limit += self.timers.ttl * (1 + CLOCK_ERROR) + SLOWEST_DEVICE
        took = self._recover(limit)
        world.timeline.run(world.timeline.now + chance.choice((0.0, 0.0, 0.0, 1.0)) * self.timers.ttl)
        exposures, account = world.checks.exposures, world.account
        return Outcome(world.timeline.now, world.coverage, exposures, took / limit, world.mirrors, account)

    def _recover(self, limit: float) -> float:
        """Run until nothing is waited for any more.

        Returns:
            How long that took; 0 where nothing was waited for, or where nobody looked for a while.
        """
        line, chance = self.world.timeline, self.random
        healed = line.now
        if chance.random() < 0.2:  # what was up by then may only have been going down
            line.run(healed + self.timers.ttl)
        if self._hand.damaged and chance.random() < 0.3:  # doubt is written down, and dealt with
            line.run(healed + 3 * self.timers.damaged)
        begun = line.now
        settled = line.run(max(begun, healed + limit), self._liveness.settled)
        if not settled:
            self._liveness.require(limit)
        return line.now - healed if settled and begun == healed else 0.0

    # What happens to it

    def _fault(self) -> Callable[[], None]:
        faults = (
            self._power_loss,
            self._power_loss,
            self._agent_crash,
            self._pause,
            self._worker_crash,
            self._suspend,
            self._suspend,
            self._cut_store,
            self._cut_store,
            self._cut_peers,
            self._store_outage,
            self._late,
            self._late,
            self._loss,
            self._slow_stop,
            self._slow_start,
            self._broken,
            self._site_failure,
            self._request,
            self._request,
            self._maintenance,
            self._wall_step,
            self._power_cut,
            self._vanish,
            self._torn,
            self._leave,
        )
        return self.random.choice(faults)

    def _node(self) -> Node:
        return self.world.nodes[self.random.choice(self.cluster.nodes)]

    def _hierarchy(self) -> Rules:
        return self.random.choice(self.cluster.hierarchies)

    def _while(self) -> float:
        return self.random.choice((0.2, 0.6, 1.0, 1.5, 2.5)) * self.random.uniform(0.5, 1.5) * self.timers.ttl

    def _then(self, seconds: float, work: Callable[[], None]) -> None:
        self.world.timeline.after(seconds, work)

    def _power_loss(self) -> None:
        node = self._node()
        if node.powered:
            self.world.note(node, "loses power")
            node.power_off()
            self.world.checks.restarted(node)
            if self.random.random() < 0.7:
                self._then(self._while(), lambda: self._boot(node))

    def _boot(self, node: Node) -> None:
        if not node.powered:
            self.world.note(node, "boots")
            node.power_on()

    def _power_cut(self) -> None:
        self.world.note(None, "the power of everything is cut")
        for node in self.world.nodes.values():
            if node.powered:
                node.power_off()
                self.world.checks.restarted(node)
            self._then(self._while(), lambda node=node: self._boot(node))  # type: ignore[misc]

    def _agent_crash(self) -> None:
        node = self._node()
        if node.running:
            self.world.note(node, "its agent dies")
            node.stop_agent()
            self.world.checks.restarted(node)
            self._then(self.random.uniform(0, 1) * self._while(), lambda: self._restart(node))

    def _worker_crash(self) -> None:
        node = self._node()
        if node.running:
            node.tell()
            pause = self.random.choice((0.0, 0.1, 1.0)) * self.timers.interval
            self._then(self.random.uniform(0, self.timers.tick), lambda: self._take_over(node, pause))

    def _leave(self) -> None:
        """Its agent is asked to leave, as at a shutdown; now and then its process dies over it."""
        node = self._node()
        if node.running:
            self.world.note(node, "its agent is asked to leave")
            node.leave()
            if self.random.random() < 0.3:
                self._then(self.random.uniform(0, 4) * self.timers.tick, lambda: self._take_over(node, 0.0))
            self._then(self._while(), lambda: self._restart(node))

    def _take_over(self, node: Node, pause: float) -> None:
        if node.running:
            self.world.note(node, "the process of its agent dies, and another one takes over")
            self.world.checks.restarted(node)
            node.lose_worker(pause)

    def _restart(self, node: Node) -> None:
        if node.powered and not node.running:
            self.world.note(node, "its agent starts")
            node.start_agent()

    def _pause(self) -> None:
        """At any moment, or while a write is on its way, whose answer it hears when it goes on."""
        node, chance, line = self._node(), self.random, self.world.timeline
        seconds = self._while()
        if chance.random() < 0.5:
            self._stand_still(node, seconds)
        else:
            within = chance.uniform(0.0, 3.0) * self.world.latency
            node.at_write = lambda: line.after(within, lambda: self._stand_still(node, seconds))

    def _stand_still(self, node: Node, seconds: float) -> None:
        if self._over:
            return
        self.world.note(node, f"its agent stands still for {seconds:.2f} s")
        node.pause(seconds)

    def _suspend(self) -> None:
        node = self._node()
        if node.powered:
            seconds = self._while()
            self.world.note(node, f"is suspended with its clocks for {seconds:.2f} s")
            node.suspend(seconds, wall=self.random.random() < 0.2)
            if self.random.random() < 0.5:  # nothing tells it that it has lost everything meanwhile
                links = {(node.name, STORE), (STORE, node.name)}
                self._then(seconds, lambda: None if self._over else self._cut_links(links))

    def _cut_links(self, links: set[tuple[str, str]]) -> None:
        self.world.note(None, f"cut: {sorted(links)}")
        self.world.cut |= links
        self._then(self._while(), lambda: self.world.cut.difference_update(links))

    def _cut_store(self) -> None:
        name = self._node().name
        there, back = (name, STORE), (STORE, name)
        self._cut_links(self.random.choice(({there, back}, {there}, {back})))

    def _cut_peers(self) -> None:
        one, other = self._node().name, self._node().name
        self._cut_links(self.random.choice(({(one, other), (other, one)}, {(one, other)})))

    def _store_outage(self) -> None:
        self.world.note(None, "the store is gone")
        self.world.up = False

        def back() -> None:
            self.world.up = True
            self.world.note(None, "the store is back")

        self._then(self._while(), back)

    def _late(self) -> None:
        self.world.late = self.random.uniform(0.05, 0.5)
        self.world.note(None, f"messages are late: {self.world.late:.2f}")
        self._then(self._while(), lambda: setattr(self.world, "late", 0.0))

    def _loss(self) -> None:
        self.world.loss = self.random.uniform(0.1, 0.6)
        self.world.note(None, f"messages are lost: {self.world.loss:.2f}")
        self._then(self._while(), lambda: setattr(self.world, "loss", 0.0))

    def _slow_stop(self) -> None:
        node = self._node()
        node.slow_stop = self.random.uniform(1.0, 5.0)
        self._then(self._while(), lambda: setattr(node, "slow_stop", 1.0))

    def _slow_start(self) -> None:
        self.world.slow_start = self.random.uniform(1.0, 6.0)

    def _broken(self) -> None:
        rules = self._hierarchy()
        node = self.world.nodes[self.random.choice(rules.nodes)]
        self.world.note(node, f"cannot serve {rules.name} any more")
        node.services[rules.name].broken = True
        node.fail(rules.name)
        if self.random.random() < 0.5:
            service = node.services[rules.name]
            self._then(self._while(), lambda: setattr(service, "broken", False))

    def _site_failure(self) -> None:
        rules = self._hierarchy()
        for name in rules.nodes:
            self.world.nodes[name].fail(rules.name)

    def _wall_step(self) -> None:
        node = self._node()
        node.clock.step += self.random.choice((-3600.0, -2.0, 2.0, 3600.0))
        self.world.note(node, "its wall clock is set")

    def _request(self) -> None:
        rules = self._hierarchy()
        self._requests += 1
        kind = self.random.choice(
            (RequestKind.SWITCHOVER, RequestKind.SWITCHOVER, RequestKind.SWITCHBACK, RequestKind.OUT,
             RequestKind.ACKNOWLEDGE)
        )  # fmt: skip
        target = self.random.choice((*rules.nodes, *rules.nodes, "nowhere"))
        force = self.random.random() < 0.15
        wanted = target if kind is RequestKind.SWITCHOVER else ""
        self.world.ask(rules.name, Request(f"r{self._requests}", kind, wanted, force))

    def _maintenance(self) -> None:
        kind = self.random.randrange(3)
        chosen = Maintenance(
            cluster=kind == 0,
            nodes=(self._node().name,) if kind == 1 else (),
            hierarchies=(self._hierarchy().name,) if kind == 2 else (),
        )
        self.world.maintain(chosen)
        if self.random.random() < 0.8:
            self._then(self._while(), lambda: self.world.maintain(Maintenance()))

    def _devices(self, chaos: float) -> None:
        """The device that cuts the power of a node with a disk does not work from some time on."""
        of_disks = {name for rules in self.cluster.hierarchies if rules.exclusive for name in rules.nodes}
        for name in sorted(of_disks & self.cluster.fences):
            if self.random.random() < 0.3:
                when = self.random.uniform(0, chaos)
                self.world.timeline.at(when, lambda name=name: self._dead_device(name))  # type: ignore[misc]

    def _dead_device(self, name: str) -> None:
        self.world.note(None, f"the fence of {name} does not work")
        self.world.dead_devices.add(name)
        self._devices_failed = True
        if self.random.random() < 0.6:
            self._then(self._while(), lambda: self._repair_device(name))

    def _repair_device(self, name: str) -> None:
        if not self._over:
            self.world.note(None, f"the fence of {name} works again")
            self.world.dead_devices.discard(name)

    def _vanish(self) -> None:
        self._hand.delete(self._any_key())

    def _torn(self) -> None:
        self._hand.tear(self._any_key())

    def _any_key(self) -> str:
        return self.random.choice((NODES + self._node().name, HIERARCHIES + self._hierarchy().name))

    # The end

    def _heal(self) -> None:
        """All faults are over, but machines without power may stay so, and what is broken may stay broken."""
        world = self.world
        world.note(None, "all faults are over")
        self._over = True
        self.mirrors.heal()
        world.cut.clear()
        world.late = world.loss = 0.0
        world.slow_start = 1.0
        world.up = True
        now = world.timeline.now
        for node in world.nodes.values():
            node.slow_stop = 1.0
            node.paused_until = min(node.paused_until, now)
            if node.suspended_until > now:
                node.end_suspension()
            if node.powered and not node.running:
                node.start_agent()


def play(seed: int, *, trace: bool = False) -> Outcome:
    """Play one schedule.

    Raises:
        Violation: an invariant does not hold; the message begins with the seed.
    """
    schedule = Schedule(seed, trace=trace)
    try:
        return schedule.run()
    except Violation as violation:
        account = f"\n{schedule.world.account}" if trace else ""
        raise Violation(f"seed {seed}: {violation}{account}") from None
