# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent at work: the engine on its loop, and what it acts through on a real node."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING

from ..errors import StandbyError, foreseen
from ..ha.health import Verdict
from ..ha.mirror import mirrors
from ..ha.ownership.decision import CutPower, Decision, Do, Reason, Verb, Write
from ..ha.ownership.memory import Memory
from ..ha.ownership.records import NODES
from ..ha.ownership.sightings import Stored
from ..ha.ownership.snapshot import Local, LocalState, Snapshot
from ..ha.ownership.succession import Standing
from ..ha.views import Cause, cause
from .condition import failed, judged
from .copier import Ask, Copier, nobody
from .copies import Ownership
from .engine import Engine
from .hands import Hands
from .lookout import Views, look
from .loop import Loop
from .mirror_doubt import Doubt, tolerance
from .observers import Observers
from .place import Outside, Place
from .probes import Probes
from .store.interface import StoreOutage
from .warm_standby import Still, WarmStandby
from .witness import Witness

if TYPE_CHECKING:
    from .names import Names


# Seconds that an agent which is to leave stays for another one's copies at most: the command ``leave`` waits
# for a minute, and that is not all that it waits for.
LONGEST_STAY = 40.0


class Worker:
    """One process of an agent: the engine's ports.

    Args:
        place: where it is.
        outside: what it has beside node and witness.
        ask_copies: asks the other agent about a mirror that agents copy.
    """

    def __init__(self, place: Place, outside: Outside, ask_copies: Ask = nobody) -> None:
        self._place, self._outside = place, outside
        self._chance = SystemRandom()
        self._leaves = False
        self._leave_by = float("-inf")
        # When what is in service is looked at next, if nothing is heard of it before.
        self._due: dict[str, float] = {}
        self._timers = place.timers
        self.loop = Loop()
        self.memory = Memory(place.name, place.instance, place.cluster, place.timers, machine=place.machine)
        self.engine = Engine(self.memory, self)
        self.memory.awaited = self._awaited
        self._witness = Witness(
            NODES + place.name, place.open_store, self._timers.store_timeout, self.loop.post
        )
        self.copier = Copier(place.node, place.hierarchies.values(), ask_copies, self._owned, self._say)
        self._hands = Hands(
            place.node,
            place.renewals,
            place.hierarchies,
            place.timers,
            self.memory,
            self._told,
            self.loop.post,
            lost=lambda name: self.memory.lost(name, time.monotonic()),
            turn=self.copier.turn,
        )
        self._names = _names(place, self.memory, outside.say)
        hierarchies = place.hierarchies.values()
        self._standby = WarmStandby(place.node, self._stands_by, self.loop.post, outside.say, outside.standby)
        self._probes = Probes(
            place.node,
            hierarchies,
            place.timers,
            self,
            self._seen,
            settings=place.checks,
            idle=self._standby.look,
        )
        self._mirrored = {name for name, one in place.hierarchies.items() if mirrors(one.volumes)}
        self._doubt = Doubt(tolerance(place.timers, self._probes.looks_every))
        others = {
            name: tuple(node for node in one.nodes if node != place.name)
            for name, one in place.hierarchies.items()
        }
        self._observers = Observers(others, place.timers, self, self._ask_views)

    def run(self, standing: Standing | None = None) -> None:
        """Work until ``stop``; from where an earlier process was, if there was one that has time left."""
        if standing is None or not self._resume(standing):
            for name in self.memory.local:
                told = "the agent has just started, and stops what may be left of an earlier life"
                self.do(Do(Verb.STOP, name, 0, Reason.NO_STANDING, told))
        for problem in self._probes.problems:
            self._outside.say(problem)
        self.loop.post(self._probes.begin)
        self.loop.post(self._observers.begin)
        self.loop.post(self.engine.round)
        self.loop.post(self._tick)
        self.copier.begin()
        try:
            self.loop.run()
        finally:
            self._observers.close()
            self.copier.close()
            self._probes.close()
            self._standby.close()
            if self._names is not None:
                self._names.close()
            self._witness.close()
            self._hands.close()

    def stop(self) -> None:
        """End at once; what is up stays up until its addresses end. From any thread."""
        self.loop.stop()

    def leave(self) -> None:
        """Give away what can be given, stop the rest, and leave the cluster; from the loop."""
        self._leaves = True
        self._tell()

    def views(self, hierarchies: Sequence[str], now: bool, answer: Callable[[Views], None]) -> None:
        """Tell a peer what this node sees of its sites, if ``now`` by looking; on the loop, in time."""
        known = [name for name in hierarchies if name in self._place.hierarchies]
        if now and known:
            look(self._probes, self, known, self._timers.store_timeout, answer)
        else:
            answer({name: self._probes.outside(name) for name in known})

    def _resume(self, standing: Standing) -> bool:
        """Take up what an earlier process left; False where there is no time to, or it cannot be seen."""
        until = standing.renewed + self._timers.lease
        surveyed: queue.SimpleQueue[dict[str, LocalState] | StandbyError] = queue.SimpleQueue()
        threading.Thread(target=self._survey, args=(surveyed,), daemon=True).start()
        try:
            found = surveyed.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return False
        now = time.monotonic()
        if isinstance(found, StandbyError):
            self._outside.say(f"what is up cannot be seen, and is stopped first: {found}")
            return False
        if now >= until:
            return False
        for name, state in found.items():
            self.memory.local[name] = Local(state, since=now)
            if state is LocalState.UP:
                self._watch(name)
        self.memory.resume(standing, self._chance.randrange(2, 1 << 31))
        return True

    def _survey(self, answer: queue.SimpleQueue[dict[str, LocalState] | StandbyError]) -> None:
        try:
            answer.put(self._hands.survey())
        except Exception as error:
            answer.put(foreseen(error, self._place.name))

    def _tick(self) -> None:
        self.loop.after(self._timers.tick, self._tick)
        now = time.monotonic()
        for name, local in self.memory.local.items():
            # What is in service is looked at when a check has answered, and when the silence of one counts.
            if local.state is not LocalState.UP or now >= self._due.get(name, now):
                self._look(name)
        self.engine.think()
        self._tell()

    def _tell(self) -> None:
        """Tell what another process could go on from.

        None goes on from one that leaves: what that writes last may be on its way when another one begins. So
        the supervisor knows that before anything of it is decided.
        """
        if self._leaves:
            self._outside.standing(None, lambda: self.loop.post(self._go))
        else:
            self._outside.standing(self.memory.standing(), _nothing)

    def _go(self) -> None:
        if not self.memory.leaving:
            self.memory.leaving = True
            stay = min(self._timers.handover + self._timers.start, LONGEST_STAY)
            self._leave_by = time.monotonic() + stay
            self.engine.think()

    def _awaited(self) -> bool:
        """Whether a node that takes what this one gave away has still to copy the rest, and may yet."""
        now = time.monotonic()
        return now < self._leave_by and any(self._copied_from(name, now) for name in self.copier.sources())

    def _copied_from(self, hierarchy: str, now: float) -> bool:
        """Whether another node that is there takes it, or may: mirrors that agents copy have two nodes."""
        record = self.memory.record(hierarchy)
        if record is None or not record.wanted or self._place.name in (record.owner, record.successor):
            return False
        others = (name for name in self._place.hierarchies[hierarchy].nodes if name != self._place.name)
        return any(not self.memory.lost(name, now) for name in others)

    # The engine's ports

    def monotonic(self) -> float:
        """The machine's monotonic clock."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def minute(self) -> int:
        """Minute of the day, local time."""
        now = time.localtime()
        return now.tm_hour * 60 + now.tm_min

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds."""
        self.loop.after(seconds, call)

    def post(self, call: Callable[[], None]) -> None:
        """Call on the loop; from any thread."""
        self.loop.post(call)

    def spread(self, interval: float) -> float:
        """The interval or up to a tenth less."""
        return interval * self._chance.uniform(0.9, 1.0)

    def list(self, done: Callable[[Mapping[str, Stored] | StoreOutage], None]) -> None:
        """Read all records."""
        self._witness.list(done)

    def put(self, write: Write, text: str, done: Callable[[int | StoreOutage | None], None]) -> None:
        """Write a record."""
        self._witness.put(write, text, done)

    def ask(self, peer: str, incarnation: int, done: Callable[[], None]) -> None:
        """Ask a peer for a promise."""
        self._outside.ask(peer, incarnation, lambda: self.loop.post(done))

    def _ask_views(
        self, peer: str, hierarchies: Sequence[str], now: bool, done: Callable[[Views], None]
    ) -> None:
        self._outside.views(peer, hierarchies, now, lambda views: self.loop.post(partial(done, views)))

    def cut_power(self, action: CutPower, done: Callable[[bool], None]) -> None:
        """Run the fence of a node."""
        self._outside.say(action.sentence)
        self._outside.cut_power(action.node, lambda off: self.loop.post(lambda: done(off)))

    def do(self, action: Do) -> None:
        """Begin to start or stop a hierarchy, unless that is under way."""
        state = self.memory.local[action.hierarchy].state
        if action.verb is Verb.START and state is LocalState.DOWN:
            self._begin(action, LocalState.STARTING)
        elif action.verb is Verb.STOP and state is LocalState.STOPPING and action.urgent:
            self._hands.hurry(action.hierarchy)
        elif action.verb is Verb.STOP and state not in (LocalState.DOWN, LocalState.STOPPING):
            self._begin(action, LocalState.STOPPING)

    def renewed(self) -> None:
        """The lease has become longer."""
        self._hands.renew()

    def jumped(self) -> None:
        """The clocks jumped."""
        self._outside.say("its clocks jumped: the machine was suspended, or its time was set")
        self._probes.woken()

    def decided(self, snapshot: Snapshot, decision: Decision) -> None:
        """Tell it."""
        self._outside.decided(snapshot, decision)

    def begun(self, snapshot: Snapshot) -> None:  # noqa: ARG002
        """Once it has left, and nothing is up any more, it ends."""
        if self.memory.left:
            self.loop.stop()

    # Reports

    def _seen(self, hierarchy: str, _verdict: Verdict) -> None:
        """A check has an answer that counts."""
        if self._probes.doubtful(hierarchy):
            self._observers.doubt(hierarchy)
        if self._look(hierarchy):
            self.engine.think()

    def _look(self, hierarchy: str) -> bool:
        """Take in what the checks say now; True where that is news."""
        local = self.memory.local[hierarchy]
        blocked, up = self._probes.blocked(hierarchy), local.state is LocalState.UP
        found = local if local.blocked == blocked else replace(local, blocked=blocked)
        stale = "" if up else self._stale(hierarchy)
        # Once it is being stopped, what its mirror told last stands: it is released to nobody else.
        kept = None if local.state is LocalState.STARTING else local.current
        current = self._probes.current(hierarchy) if up else kept
        if (found.stale, found.current) != (stale, current):
            found = replace(found, stale=stale, current=current)
        if not up and local.notice:
            found = replace(found, notice="")
        if up:
            quiet = self._probes.quiet_until(hierarchy)
            self._due[hierarchy] = min(quiet, time.monotonic() + self._timers.interval)
            verdict = self._probes.verdict(hierarchy)
            if verdict.healthy and not local.healthy and not self._probes.spoken(hierarchy):
                return False  # an earlier process had found it failed, and nothing is known that is newer
            where = self._cause(hierarchy, verdict)
            found = judged(found, verdict, where, time.monotonic(), self._timers)
        found = self._named(hierarchy, found, up=up)
        self.memory.local[hierarchy] = found
        return found != local

    def _say(self, sentence: str) -> None:
        """From any thread."""
        self.loop.post(lambda: self._outside.say(sentence))

    def _owned(self, hierarchy: str) -> Ownership:
        """What its mirror needs to know; on any thread."""
        record, state = self.memory.record(hierarchy), self.memory.local[hierarchy].state
        owns = record is not None and record.owner == self._place.name
        return Ownership(
            owns,
            owns and state in (LocalState.STARTING, LocalState.UP) and self.memory.serves(time.monotonic()),
            state is LocalState.DOWN,
            record.epoch if record is not None else 0,
            record is not None and record.current == (self._place.name,),
        )

    def _stale(self, hierarchy: str) -> str:
        """Why mirrored data here may be older than what another node has that owns the hierarchy."""
        if hierarchy not in self._mirrored:
            return ""
        mirrored, heard = self._probes.mirrored_at(hierarchy), self.memory.owner_heard(hierarchy)
        return self._doubt.told(hierarchy, mirrored, heard)

    def _named(self, hierarchy: str, found: Local, *, up: bool) -> Local:
        """Its records follow what is up, once every check has found it well; they make nothing unhealthy."""
        names = self._names
        if names is None:
            return found
        if not up:
            names.follow(hierarchy, serving=False)
        elif found.healthy and self._probes.spoken(hierarchy):
            names.follow(hierarchy, serving=True)
        told = names.notice(hierarchy)
        if not told:
            return found
        return replace(found, notice=f"{found.notice}; {told}" if found.notice else told)

    def _cause(self, hierarchy: str, verdict: Verdict) -> Cause:
        """Where the fault lies; of what fails here, only looks that began since then tell more."""
        freshness = self._observers.freshness
        if not verdict.healthy:
            freshness = min(freshness, max(0.0, time.monotonic() - verdict.since))
        return cause(verdict, self._observers.view(hierarchy), freshness)

    def _begin(self, action: Do, state: LocalState) -> None:
        self._outside.say(f"{action.verb.value} {action.hierarchy}: {action.sentence}")
        self._set(action.hierarchy, state)
        self._hands.begin(action)
        if state is LocalState.STARTING:
            since = self.memory.local[action.hierarchy].since
            self.loop.after(self._timers.start, lambda: self._late(action.hierarchy, since))

    def _late(self, hierarchy: str, since: float) -> None:
        """A start that takes too long has failed."""
        local = self.memory.local[hierarchy]
        if local.state is LocalState.STARTING and local.since == since:
            self._told(hierarchy, LocalState.STARTING, f"it did not start within {self._timers.start:g} s")

    def _told(self, hierarchy: str, state: LocalState, problem: str) -> None:
        """The hands report."""
        local = self.memory.local[hierarchy]
        if state is LocalState.STARTING:
            self.memory.local[hierarchy] = failed(local, problem, time.monotonic(), self._timers)
            self.do(Do(Verb.STOP, hierarchy, 0, Reason.RECOVERING, f"it did not start: {problem}"))
        elif problem:
            self._outside.say(f"{hierarchy} does not stop: {problem}")
        else:
            self._set(hierarchy, state)
        self.engine.think()

    def _set(self, hierarchy: str, state: LocalState) -> None:
        local = self.memory.local[hierarchy]
        since = time.monotonic()
        self.memory.local[hierarchy] = replace(local, state=state, healthy=True, since=since, current=None)
        if state is not LocalState.DOWN:
            self._standby.ended(hierarchy)
        if state is LocalState.UP:
            self._watch(hierarchy)
        else:
            self._probes.stopped(hierarchy)
            self._observers.stopped(hierarchy)

    def _stands_by(self, hierarchy: str) -> Still | None:
        """For one that is down here, what tells whether that is still so."""
        down = self.memory.local[hierarchy].state is LocalState.DOWN
        return self._hands.unless_begun(hierarchy) if down else None

    def _watch(self, hierarchy: str) -> None:
        """It is in service here from now on."""
        self._due.pop(hierarchy, None)
        self._probes.restarted(hierarchy)
        self._observers.restarted(hierarchy)


def _names(place: Place, lease: Memory, say: Callable[[str], None]) -> Names | None:
    """What keeps records; None where there are none, which spares the agent dnspython."""
    if not any(one.records for one in place.hierarchies.values()):
        return None
    from .names import Names

    def serves() -> bool:
        return lease.serves(time.monotonic())

    return Names(place.name, place.hierarchies, place.dns_keys, serves, say, time)


def _nothing() -> None:
    """Nobody waits until it is told."""
