# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent's hands: they bring hierarchies up and down on this node, by the same plan that playbooks use.

Each hierarchy has a thread of its own; what it reports runs on the agent's loop. Two rules keep it safe
whatever is slow: right before anything becomes visible the lease is asked again, and an address lives no
longer than the lease does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Protocol

from ..control.perform import operate
from ..control.survey import gather
from ..errors import StandbyError, foreseen
from ..ha.execute import Report, execute
from ..ha.facts import NodeFacts, Scope, narrowed, with_mirrors
from ..ha.mirror import by_agents
from ..ha.model import Hierarchy, Volume
from ..ha.observe import Presence, presence
from ..ha.on_node import on_node
from ..ha.ownership.decision import Do, Reason, Verb
from ..ha.ownership.snapshot import LocalState
from ..ha.ownership.timing import Timers, lifetime
from ..ha.plan import Action, Plan, Step, plan
from ..node import Clock, Node
from .addresses import Addresses

# Seconds between two attempts to stop what did not stop.
_AGAIN = 0.5
_VISIBLE = (Action.ADD_ADDRESS, Action.START_SITE, Action.WAKE_SITE)
_STATES = {
    Presence.UP: LocalState.UP,
    Presence.DOWN: LocalState.DOWN,
    Presence.PARTIAL: LocalState.UNKNOWN,
}
# Steps of one hierarchy that run side by side.
_WIDTH = 8


class Lease(Protocol):
    """What ``Memory`` tells of the node's lease; read from any thread."""

    @property
    def until(self) -> float:
        """Monotonic clock until which the node may serve."""

    def serves(self, now: float) -> bool:
        """True while it may."""


class Turn(Protocol):
    """Has this node be the source of a mirror that agents copy; raises StandbyError."""

    def __call__(self, volume: Volume, *, promote: bool) -> None:
        """``promote``: without the other node."""


Told = Callable[[str, LocalState, str], None]


class Hands:
    """Works on the hierarchies of one node.

    Args:
        node: the node; used by several threads at once.
        renewals: the node once more, for its addresses alone.
        hierarchies: by name, those that have this node.
        timers: of the cluster.
        lease: of the node.
        told: called on the loop: hierarchy, its state now, and what failed ("" where nothing did).
        post: has a call run on the loop.
        clock: time.
        lost: whether another node is known to be gone. Only then a mirror is taken over without it: a node
            that is there hands it over, or refuses.
        turn: turns mirrors that agents copy.
    """

    def __init__(
        self,
        node: Node,
        renewals: Node,
        hierarchies: Mapping[str, Hierarchy],
        timers: Timers,
        lease: Lease,
        told: Told,
        post: Callable[[Callable[[], None]], None],
        clock: Clock = time,
        lost: Callable[[str], bool] = lambda _node: True,
        turn: Turn | None = None,
    ) -> None:
        self._lost, self._turn = lost, turn
        self._node, self._timers, self._lease = node, timers, lease
        self._hierarchies = {name: on_node(one, node.name) for name, one in hierarchies.items()}
        self._told, self._post, self._clock = told, post, clock
        self._steps: Executor = ThreadPoolExecutor(_WIDTH * max(1, len(hierarchies)), "step")
        self._urgent: Executor = ThreadPoolExecutor(max(1, len(hierarchies)), "urgent")
        self._works: dict[str, ThreadPoolExecutor] = {
            name: ThreadPoolExecutor(1, f"hands {name}") for name in hierarchies
        }
        # The number of what is being done with a hierarchy: what is older goes no further.
        self._number = dict.fromkeys(hierarchies, 0)
        self._dropping: set[str] = set()
        self._lock = threading.Lock()
        self._addresses = Addresses(renewals, self.rest)

    # What the loop asks for

    def begin(self, action: Do) -> None:
        """Begin to start or to stop a hierarchy; whatever is being done with it goes no further."""
        name = action.hierarchy
        number = self._next(name)
        if action.verb is Verb.START:
            self._works[name].submit(self._start, name, number)
            return
        if action.urgent:
            # Beside a start that is under way and may take its time.
            self.hurry(name)
        # What is restarted really stops, a warm site too.
        keep_warm = action.reason is not Reason.RECOVERING
        self._works[name].submit(self._stop, name, number, action.urgent, keep_warm)

    def hurry(self, hierarchy: str) -> None:
        """A stop that is under way has become urgent: its addresses go now, one attempt at a time."""
        with self._lock:
            if hierarchy in self._dropping:
                return
            self._dropping.add(hierarchy)
            number = self._number[hierarchy]
        self._urgent.submit(self._drop_addresses, hierarchy, number)

    def unless_begun(self, hierarchy: str) -> Callable[[], bool]:
        """What tells, on any thread, whether nothing was begun with a hierarchy since now."""
        return partial(self._is, hierarchy, self._number[hierarchy])

    def renew(self) -> None:
        """Give the addresses that are held here the lifetime that the lease allows now."""
        self._addresses.renew()

    def close(self) -> None:
        """Begin nothing more."""
        for name in self._hierarchies:
            self._next(name)
        self._addresses.close()
        for work in (*self._works.values(), self._urgent, self._steps):
            work.shutdown(wait=False, cancel_futures=True)

    # What is there

    def survey(self) -> dict[str, LocalState]:
        """What is up of every hierarchy, as the node shows it.

        Raises:
            StandbyError: the node could not be read.
        """
        facts = self._facts()
        found = {name: _STATES[presence(one, facts)] for name, one in self._hierarchies.items()}
        for name, state in found.items():
            if state is LocalState.UP:
                self._addresses.hold(ip.address for ip in self._hierarchies[name].ips)
        return found

    # On the hierarchy's own thread

    def _start(self, name: str, number: int) -> None:
        try:
            report = self._bring_up(name, number)
        except Exception as error:
            problem = foreseen(error, self._node.name).problem
        else:
            problem = report.failure.problem if report.failure is not None else ""
        if self._is(name, number):
            self._tell(name, number, LocalState.STARTING if problem else LocalState.UP, problem)

    def _bring_up(self, name: str, number: int) -> Report:
        hierarchy = self._hierarchies[name]
        wanted = plan(hierarchy, None, self._node.name, {self._node.name: self._facts()})
        self._addresses.hold(ip.address for ip in hierarchy.ips)
        return self._execute(_without_checks(wanted), name, number)

    def _stop(self, name: str, number: int, urgent: bool, keep_warm: bool) -> None:
        while self._is(name, number):
            problem = ""
            try:
                down = self._bring_down(name, number, urgent, keep_warm)
            except Exception as error:
                down, problem = False, foreseen(error, self._node.name).problem
            if not self._is(name, number):
                return
            if down:
                self._tell(name, number, LocalState.DOWN, "")
                return
            if problem:
                self._tell(name, number, LocalState.STOPPING, problem)
            self._clock.sleep(_AGAIN)

    def _bring_down(self, name: str, number: int, urgent: bool, keep_warm: bool) -> bool:
        """One attempt; True where nothing of it is up any more, but for what is kept warm."""
        hierarchy = self._hierarchies[name]
        self._addresses.release(ip.address for ip in hierarchy.ips)
        facts = {self._node.name: self._facts()}
        wanted = plan(hierarchy, self._node.name, None, facts, addresses_first=urgent, keep_warm=keep_warm)
        if not wanted.steps:
            return True
        report = self._execute(wanted, name, number)
        if report.failure is not None:
            raise report.failure
        facts = {self._node.name: self._facts()}
        return not plan(hierarchy, None, None, facts, keep_warm=keep_warm).steps

    def _execute(self, wanted: Plan, name: str, number: int) -> Report:
        def perform(step: Step) -> None:
            if not self._is(name, number):
                raise StandbyError("it is not wanted any more", node=step.node, resource=step.resource)
            if step.action in _VISIBLE and not self._lease.serves(self._clock.monotonic()):
                raise self._over(step.resource)
            self._operate(self._bounded(step))

        return execute(wanted, perform, self._clock, self._steps)

    def _operate(self, step: Step) -> None:
        volume = step.arguments["volume"] if step.action is Action.TURN_MIRROR else None
        if self._turn is not None and volume is not None and by_agents(volume):
            self._turn(volume, promote=step.arguments["promote"])
        else:
            operate(self._node, step, self._clock)

    def _bounded(self, step: Step) -> Step:
        """A step that adds an address gives it the lifetime that is left at that moment."""
        if step.action is Action.TURN_MIRROR:
            others = [name for name in step.arguments["volume"].nodes if name != self._node.name]
            promote = step.arguments["promote"] and all(self._lost(name) for name in others)
            return replace(step, arguments={**step.arguments, "promote": promote})
        if step.action not in (Action.ADD_ADDRESS, Action.WAIT_ADDRESS):
            return step
        return replace(step, arguments={**step.arguments, "lifetime": self.rest})

    def rest(self) -> timedelta:
        """The lifetime that an address may be given now.

        Raises:
            StandbyError: none.
        """
        seconds = lifetime(self._timers, self._lease.until, self._clock.monotonic())
        if not seconds or not self._lease.serves(self._clock.monotonic()):
            raise self._over(None)
        return timedelta(seconds=seconds)

    def _over(self, resource: str | None) -> StandbyError:
        return StandbyError(
            "the node's lease is over, and nothing may become visible",
            node=self._node.name,
            resource=resource,
        )

    def _drop_addresses(self, name: str, number: int) -> None:
        """Addresses alone, at once; what fails is tried again by the stop that goes on beside this."""
        try:
            for ip in self._hierarchies[name].ips:
                if self._is(name, number):
                    self._addresses.drop(ip.address)
        finally:
            with self._lock:
                self._dropping.discard(name)

    # Parts

    def _facts(self) -> NodeFacts:
        sites = (site for one in self._hierarchies.values() for site in one.sites)
        volumes = (volume for one in self._hierarchies.values() for volume in one.volumes)
        facts = gather(self._node, with_mirrors(narrowed(Scope.MOVE, sites), volumes))
        if facts.problem is not None:
            raise StandbyError(
                f"its state cannot be read ({facts.problem.rstrip('.')})", node=self._node.name
            )
        return facts

    def _next(self, name: str) -> int:
        with self._lock:
            self._number[name] += 1
            return self._number[name]

    def _is(self, name: str, number: int) -> bool:
        return self._number[name] == number

    def _tell(self, name: str, number: int, state: LocalState, problem: str) -> None:
        def tell() -> None:
            if self._is(name, number):
                self._told(name, state, problem)

        self._post(tell)


def _without_checks(wanted: Plan) -> Plan:
    """Health checks look at what is up; a start ends when everything is started."""
    stages = ([step for step in stage if step.action is not Action.VERIFY] for stage in wanted.stages)
    return replace(wanted, stages=tuple(tuple(stage) for stage in stages if stage))
