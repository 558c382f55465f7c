# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node remembers between two decisions: answers of the store, its lease, promises, its hands' reports.

``Memory`` folds what happens into state and gives snapshots of it. It does no I/O and reads no clock: every
event comes with the own monotonic clock's time, and ``clocks`` is told both clocks before each. A record is
watched from the moment its answer had come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from .decision import Purpose, Write
from .lease import Lease
from .records import HIERARCHIES, NODES, HierarchyRecord, NodeRecord
from .sightings import Sightings, Stored
from .snapshot import Local, LocalState, Membership, Own, Power, Snapshot
from .succession import Standing, taken_over, troubled
from .timing import Timers


class Memory:
    """A node's memory.

    Args:
        node: its name.
        instance: random text, new for every agent process.
        machine: text that no other machine has, and that every agent process on this one gives.
        cluster: what was declared.
        timers: what was declared.
    """

    def __init__(
        self, node: str, instance: str, cluster: Membership, timers: Timers, *, machine: str = ""
    ) -> None:
        self.node = node
        self.instance = instance
        self.machine = machine
        self.cluster = cluster
        self.timers = timers
        self.local: dict[str, Local] = {
            rules.name: Local() for rules in cluster.hierarchies if node in rules.nodes
        }
        self.power: dict[str, Power] = {}
        self.leaving = False
        self.awaited: Callable[[], bool] = lambda: False
        self._key = NODES + node
        self._peers = cluster.peers(node)
        self._lease = Lease(timers)
        # Start of the last write of the own record, own monotonic clock.
        self._attempted: float | None = None
        # What the wall clock was ahead of the monotonic one: last, at the start of the own write under way,
        # at the last question for promises, and at the start of the last of these that extended the lease.
        self._ahead = self._ahead_then = self._ahead_asked = 0.0
        self._ahead_before: float | None = None
        # Peer -> own monotonic clock until which it was promised that this node does not fence it.
        self._given: dict[str, float] = {}
        # Peer -> own monotonic clock when it last asked for a promise.
        self._asking: dict[str, float] = {}
        # Keys with a write under way; keys whose last write was refused, with when: until a read begun later.
        self._busy: frozenset[str] = frozenset()
        self._refused: dict[str, float] = {}
        # Hierarchy -> version on which a release was put that has no answer.
        self._given_up: dict[str, int] = {}
        # Hierarchy -> writes that may yet take effect: on which version, and whom they name as current.
        self._named: dict[str, list[tuple[int, frozenset[str]]]] = {}
        # Nodes with a fence by this one under way: they are promised nothing.
        self._fencing: set[str] = set()
        self._read_at: float | None = None
        self._first_read: float | None = None
        self._outage = "the witness has not been read yet"
        self._seen = Sightings(self._begin_anew)
        # What an earlier process has seen and this one has not yet, and until when that is waited for.
        self._follows = False
        self._awaited: dict[str, int] = {}
        self._had: frozenset[str] = frozenset()
        self._await_until = 0.0

    # Processes of one agent

    def standing(self) -> Standing | None:
        """What a next process may go on from, None where this one has no standing that it is sure of."""
        lease = self._lease
        if not lease.incarnation or lease.lost or lease.jumped or self.leaving:
            return None
        if lease.renewed is None or self._ahead_before is None:
            return None
        keys = [self._key]
        for name, seen in self._seen.hierarchies.items():
            if seen.record is not None and seen.record.owner == self.node:
                keys.append(HIERARCHIES + name)
        versions = {key: self._seen.versions.get(key, 0) for key in keys}
        trouble = {name: one for name, one in self.local.items() if troubled(one)}
        return Standing(
            self.instance, lease.incarnation, lease.renewed, self._ahead_before, versions, trouble
        )

    def resume(self, standing: Standing, step: int) -> None:
        """Go on from where an earlier process of this agent was; before anything else, ``local`` as found.

        What that process had under way may still take effect: its writes, on the versions it knew. What it
        knew of failures counts on, and what is up is as unhealthy as it was, until the checks say otherwise.

        Args:
            standing: of the earlier process.
            step: a random number of this process, from 2 on; see ``Lease.resume``.
        """
        for name, before in standing.trouble.items():
            if name in self.local:
                self.local[name] = taken_over(self.local[name], before)
        self._lease.resume(standing.incarnation, standing.renewed, step)
        self._ahead_before = standing.ahead
        self._follows = True
        self._awaited = dict(standing.versions)
        self._had = frozenset(standing.versions)
        self._await_until = self._lease.until

    # The store

    def read(self, started: float, ended: float, found: Mapping[str, Stored]) -> bool:
        """All records have been read; True where they hold more news than renewals."""
        seen, first = self._seen, self._first_read is None
        seen.news = bool(self._outage or self._refused)
        if self._read_at is not None and started - self._read_at > 2 * self.timers.interval:
            # This node could not read for a while, perhaps as nobody could: who lives has time for a renewal.
            seen.bear_with_nodes(ended - self.timers.ttl + self.timers.grace)
        found = seen.still_there(found, started)
        for key, stored in found.items():
            if stored.version > seen.versions.get(key, 0) and stored.version >= self._awaited.get(key, 0):
                self._doubt_writes(key, stored.version)
                seen.see(key, stored, ended, first=first)
        if not seen.versions.keys() <= found.keys():
            seen.forget_missing(started, ended, found)
        self._refused = {key: at for key, at in self._refused.items() if at > started}
        if self._awaited:
            self._catch_up(ended)
        self._follow_own()
        self._first_read = ended if first else self._first_read
        self._read_at, self._outage = ended, ""
        return seen.news

    def _catch_up(self, now: float) -> None:
        """This process has seen all that the earlier one had, or waits no longer for it."""
        self._awaited = {key: at for key, at in self._awaited.items() if key not in self._seen.versions}
        if self._awaited and now >= self._await_until:
            if self._key in self._awaited:
                self._lease.end("its record is not in the witness any more")
            self._awaited = {}
        self._seen.news |= not self._awaited

    def _doubt_writes(self, key: str, version: int) -> None:
        """Writes of an earlier process may be on their way to a record that is seen for the first time.

        They hold until it is written anew: what is not up may have been stopped to be released, and any node
        may be named as current.
        """
        name = key[len(HIERARCHIES) :] if key.startswith(HIERARCHIES) else ""
        if not self._follows or name not in self.local or name in self._seen.hierarchies:
            return
        if self.local[name].state is not LocalState.UP:
            self._given_up[name] = version
        for rules in self.cluster.hierarchies:
            if rules.name == name and rules.replicated:
                self._named[name] = [(version, frozenset(rules.nodes))]

    def unreachable(self, why: str) -> None:
        """A read of the store failed."""
        self._outage = why

    def writing(self, write: Write, now: float) -> None:
        """A write begins."""
        self._busy |= {write.key}
        if isinstance(write.record, HierarchyRecord) and write.record.current is not None:
            named = self._named.setdefault(write.record.hierarchy, [])
            named.append((write.version, frozenset(write.record.current)))
        if write.key == self._key:
            self._attempted = now
            self._ahead_then = self._ahead
        elif write.purpose is Purpose.FENCE:
            self._fencing.add(write.record.node)  # type: ignore[union-attr]

    def written(self, write: Write, started: float, now: float, version: int) -> None:
        """A write is known to have taken effect."""
        self._end(write)
        record = write.record
        self._seen.written(write, version, now)
        if isinstance(record, HierarchyRecord) or record.node != self.node:
            return
        self._ahead_before = self._ahead_then
        if self._seen.nodes[self.node].version != version:
            return  # others have written since: what stands there now was read already
        if write.purpose is Purpose.LEAVE:
            self._lease.end("it has left")
        elif write.purpose is Purpose.JOIN or not self._lease.lost:
            self._lease.join(record.incarnation, started)

    def refused(self, write: Write, now: float) -> None:
        """A write failed because another version is there: what was watched is to be read again."""
        self._end(write)
        self._refused[write.key] = now
        if write.key != self._key:
            self._seen.watch_anew(write, now)

    def unanswered(self, write: Write, started: float) -> None:
        """A write has no answer: it may have taken effect, may yet, or never will. It extends nothing."""
        self._end(write)
        if write.purpose is Purpose.RELEASE and isinstance(write.record, HierarchyRecord):
            self._given_up[write.record.hierarchy] = write.version
        if write.key == self._key and isinstance(write.record, NodeRecord):
            self._lease.unsure(write.record.incarnation, write.record.beat, started)

    def current(self, hierarchy: str) -> frozenset[str]:
        """Every node that the record may name as having the newest data: the mirror waits for all of them.

        That is who stands in it, and who stands in writes without an answer, which may yet take effect.
        """
        seen = self._seen.hierarchies.get(hierarchy)
        stands = (
            frozenset(seen.record.current or ())
            if seen is not None and seen.record is not None
            else frozenset()
        )
        version = seen.version if seen is not None else 0
        # A write on a version that is no more can take no effect any more.
        named = [one for one in self._named.get(hierarchy, ()) if one[0] >= version]
        self._named[hierarchy] = named
        return stands.union(*(names for _version, names in named))

    def lost(self, node: str, now: float) -> bool:
        """Whether another node's record says that it has ended, or is not renewed any more.

        One whose record is damaged or gone may be alive, and counts as lost once that has lasted for a ttl.
        """
        seen = self._seen.nodes.get(node)
        record = seen.record if seen is not None else None
        over = record is not None and record.ended
        return seen is None or over or now >= seen.since + self.timers.ttl

    def record(self, hierarchy: str) -> HierarchyRecord | None:
        """Who owns a hierarchy, as was last read; None where nothing was."""
        seen = self._seen.hierarchies.get(hierarchy)
        return seen.record if seen is not None else None

    def owner_heard(self, hierarchy: str) -> tuple[str, float | None] | None:
        """Another node that the record names as owner, and own clock when it last gave a sign of life.

        That is a renewal that was seen, or a question for a promise. The time is None once that node has
        ended: what changed its record then was no renewal. None alone where no other node is named.
        """
        seen = self._seen.hierarchies.get(hierarchy)
        owner = seen.record.owner if seen is not None and seen.record is not None else ""
        if owner in ("", self.node):
            return None
        node = self._seen.nodes.get(owner)
        renews = node is not None and node.record is not None and not node.record.ended
        if node is None or not renews:
            return owner, None
        return owner, max(node.since, self._asking.get(owner, node.since))

    # Peers

    def asked(self, now: float) -> None:
        """Promises are being asked for."""
        self._lease.ask(now)
        self._ahead_asked = self._ahead

    def promised(self, peer: str, asked: float, now: float) -> None:
        """A peer promised not to fence this node until a ttl after the question."""
        if self._lease.promise(peer, asked, now, self._peers) and not self._lease.jumped:
            # Clocks that drift apart by little in a long outage of the witness have not jumped.
            self._ahead_before = self._ahead_asked

    def grant(self, peer: str, incarnation: int, now: float) -> bool:
        """A peer asks for a promise: True binds this node not to fence it for a ttl.

        A fence that an earlier process of this node has begun may still take effect: for a ttl from its first
        read on, nothing is promised.
        """
        seen = self._seen.nodes.get(peer)
        record = seen.record if seen else None
        if record is None or record.ended or record.incarnation != incarnation:
            return False
        self._asking[peer] = now
        early = self._first_read is None or now < self._first_read + self.timers.ttl
        if early or peer in self._fencing:
            return False
        self._given[peer] = now + self.timers.ttl
        return True

    # Clocks

    def clocks(self, monotonic: float, wall: float) -> bool:
        """Compare the clocks: to be told on every wake, and before each event.

        Args:
            monotonic: own monotonic clock, seconds.
            wall: own wall clock, seconds since any time that is always the same.

        Returns:
            True where they have drifted apart by more than ``jump`` since what extended the lease last began:
            somebody has set the one, or the machine was suspended with the other. Nothing that began before
            this extends the lease, which ends soon unless a renewal is confirmed.
        """
        self._ahead = wall - monotonic
        if self._ahead_before is None:
            self._ahead_before = self._ahead
        if abs(self._ahead - self._ahead_before) <= self.timers.jump:
            return False
        self._ahead_before = self._ahead
        self._lease.jump(monotonic)
        return True

    # Snapshots

    def snapshot(self, now: float, minute: int = 0) -> Snapshot:
        """What is known now."""
        lease = self._lease
        fresh = self._read_at is not None and now - self._read_at <= 2 * self.timers.interval
        return Snapshot(
            now=now,
            node=self.node,
            instance=self.instance,
            machine=self.machine,
            timers=self.timers,
            cluster=self.cluster,
            peers=self._peers,
            own=Own(
                incarnation=lease.incarnation,
                until=lease.until,
                renewed=lease.renewed,
                attempted=self._attempted,
                lost=lease.lost,
                leaving=self.leaving,
                awaited=self.leaving and self.awaited(),
                asked=lease.asked,
                promised=lease.promised,
                jumped=lease.jumped,
                step=lease.step,
            ),
            reachable=fresh and not self._outage,
            outage=self._outage,
            busy=self._busy | self._refused.keys(),
            nodes=dict(self._seen.nodes),
            hierarchies=dict(self._seen.hierarchies),
            maintenance=self._seen.maintenance,
            maintenance_problem=self._seen.maintenance_problem,
            local=dict(self.local),
            given=dict(self._given),
            power=dict(self.power),
            minute=minute,
            unsure=self._unsure(),
            over=self._seen.over(),
            first_read=self._first_read if self._first_read is not None else now,
            blank=self._first_read is None or bool(self._awaited),
        )

    @property
    def until(self) -> float:
        """Own monotonic clock until which this node may serve; what address lifetimes are computed from."""
        return self._lease.until

    @property
    def doubts(self) -> bool:
        """Its clocks jumped, and no renewal was confirmed since: decide at once when one is."""
        return self._lease.jumped

    @property
    def incarnation(self) -> int:
        """Under which it has joined, 0 where it has not."""
        return self._lease.incarnation

    @property
    def left(self) -> bool:
        """It was to leave, its incarnation is over or never began, and nothing is up any more: it may end."""
        over = bool(self._lease.lost) or not self._lease.incarnation
        return self.leaving and over and all(local.down for local in self.local.values())

    def serves(self, now: float) -> bool:
        """True while it may serve: to be asked again right before anything is made visible."""
        return self._lease.serves(now)

    def _unsure(self) -> frozenset[str]:
        """Hierarchies whose release may have taken effect, or may yet: nobody has written over them since."""
        if not self._given_up:
            return frozenset()
        known = self._seen.hierarchies
        self._given_up = {
            name: version
            for name, version in self._given_up.items()
            if name in known and (known[name].version <= version or known[name].problem)
        }
        return frozenset(self._given_up)

    # Parts

    def _begin_anew(self, record: HierarchyRecord, before: HierarchyRecord | None) -> None:
        """What was claimed begins with all its attempts: this node was fit, or a person wants it here.

        What an earlier process of this agent had already was not claimed now.
        """
        known = HIERARCHIES + record.hierarchy in self._had
        newer = not known if before is None else before.epoch < record.epoch
        if newer and record.owner == self.node and record.hierarchy in self.local:
            local = self.local[record.hierarchy]
            self.local[record.hierarchy] = replace(
                local, failures=(), problem="", given_up="", unreached=None
            )

    def _follow_own(self) -> None:
        """What the own record says of the own incarnation."""
        seen, lease = self._seen.nodes.get(self.node), self._lease
        if not lease.incarnation or lease.lost or seen is None:
            return
        record = seen.record
        if seen.problem or record is None:
            lease.end(seen.problem)
        elif record.ended:
            lease.end(f"{record.by} has fenced it" if record.by else "it has left")
        elif (record.incarnation, record.instance) != (lease.incarnation, self.instance):
            lease.end("another agent has joined under its name")
        elif self._outrun():
            lease.end("a record names a later incarnation of it")
        else:
            self._seen.news |= lease.read_back(record.incarnation, record.beat)

    def _outrun(self) -> bool:
        """A hierarchy is owned by a later incarnation of this node: its own record was lost in between."""
        return any(
            seen.record is not None
            and seen.record.owner == self.node
            and seen.record.incarnation > self._lease.incarnation
            for seen in self._seen.hierarchies.values()
        )

    def _end(self, write: Write) -> None:
        self._busy -= {write.key}
        if write.purpose is Purpose.FENCE and isinstance(write.record, NodeRecord):
            self._fencing.discard(write.record.node)
