# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node knows at one instant: all that ``decide`` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from .records import HierarchyRecord, Maintenance, NodeRecord
from .timing import Timers

R = TypeVar("R")


class Switchback(str, Enum):
    """What happens when a node of higher priority is back."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Rules:
    """What was declared of a hierarchy.

    Attributes:
        name: of the hierarchy.
        nodes: in order of priority, primary first.
        exclusive: it has a disk that two nodes must never write: a node that merely should have stopped is
            not enough, a confirmed fence is needed (design: invariant I4).
        replicated: its data moves with it and may be old on a node; only nodes in the record's ``current``
            take it.
        switchback: see Switchback.
        window: minutes of the day (from, to), on the owner's wall clock, in which it is moved back by
            itself; None at any time.
        recovery: it is restarted on its node before it is given away.
        places: groups of its nodes. It is taken by itself from a node of its own group alone; an operator
            decides on the way to another one. None of them: there is no such gate.
        behind: seconds by which the data that moves with it may be behind on the other node, although that is
            up to date by its record; None where it is never.
    """

    name: str
    nodes: tuple[str, ...]
    exclusive: bool = False
    replicated: bool = False
    switchback: Switchback = Switchback.MANUAL
    window: tuple[int, int] | None = None
    recovery: bool = True
    places: tuple[tuple[str, ...], ...] = ()
    behind: int | None = None

    def apart(self, one: str, other: str) -> bool:
        """Whether the way from one node to another is an operator's to decide."""
        return bool(one and self.places) and not any(one in place and other in place for place in self.places)

    def attempts(self, timers: Timers) -> int:
        """Local recoveries within ``recovery_period`` before it is given away."""
        return timers.recovery_attempts if self.recovery else 0


@dataclass(frozen=True, slots=True)
class Membership:
    """What was declared of the cluster.

    Attributes:
        nodes: all of them.
        hierarchies: all of them.
        limits: node -> how many hierarchies it takes by itself; none where it is not named.
        fences: nodes whose power can be cut (or whose end can be confirmed) by a command.
    """

    nodes: tuple[str, ...]
    hierarchies: tuple[Rules, ...]
    limits: Mapping[str, int] = field(default_factory=dict)
    fences: frozenset[str] = frozenset()

    def peers(self, node: str) -> tuple[str, ...]:
        """The other nodes that share a hierarchy with one: who may fence it, and whom it may fence."""
        shared = {other for rules in self.hierarchies if node in rules.nodes for other in rules.nodes}
        return tuple(other for other in self.nodes if other in shared and other != node)


class LocalState(str, Enum):
    """A hierarchy on this node, as its hands see it."""

    UNKNOWN = "unknown"  # the agent has just started; may be up
    DOWN = "down"  # everything of it is surely stopped
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Local:
    """A hierarchy on this node.

    Attributes:
        state: see LocalState.
        healthy: while it is up, what the health checks say.
        since: when the state began, own monotonic clock.
        failures: when it failed here (a check that stayed red, a start that did not succeed), newest last;
            none older than ``hold_off``.
        problem: the last failure, one clause.
        blocked: why it cannot be brought up here (no twin, no disk, IIS not running), else "".
        current: nodes with up-to-date data as the mirror reports it to its owner, and once it is stopped as
            reported last; None where there is no mirror, or nothing was reported since it was started.
        notice: what somebody has to mend although it serves, one clause, else "".
        given_up: a fault found while it was up here that stopping and starting does not mend, one clause; ""
            where it was found well, or claimed, since.
        unreached: when it was found, own monotonic clock, that other nodes do not reach what is well here;
            None as ``given_up``.
        stale: why mirrored data here may be older than what its lost owner had, one clause, else "".
    """

    state: LocalState = LocalState.UNKNOWN
    healthy: bool = True
    since: float = 0.0
    failures: tuple[float, ...] = ()
    problem: str = ""
    blocked: str = ""
    current: tuple[str, ...] | None = None
    notice: str = ""
    given_up: str = ""
    unreached: float | None = None
    stale: str = ""

    @property
    def down(self) -> bool:
        """True where it surely serves nothing."""
        return self.state is LocalState.DOWN


@dataclass(frozen=True, slots=True)
class Seen(Generic[R]):
    """A record as it was last seen.

    Attributes:
        version: of the store; 0 where there is none.
        record: None where there is none, or where it cannot be understood.
        since: own monotonic clock when it was first seen in this version: after the answer had come, so that
            it stood there at that time at the latest.
        steady: own monotonic clock since when a node's incarnation, state and fitness are what they are; of a
            hierarchy since when it was first seen in this version.
        problem: why it cannot be understood, else "".
        newer: it was written by a newer version and is to be left alone.
    """

    version: int
    record: R | None
    since: float
    steady: float = 0.0
    problem: str = ""
    newer: bool = False


class PowerState(str, Enum):
    """How far a confirmed fence of a node has come."""

    RUNNING = "running"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Power:
    """A confirmed fence.

    Attributes:
        incarnation: of the node, that it is to end: a later one needs a fence of its own.
        state: see PowerState.
        since: own monotonic clock when it became so.
    """

    incarnation: int
    state: PowerState
    since: float = 0.0


@dataclass(slots=True)
class Own:
    """The node itself.

    Attributes:
        incarnation: under which it has joined; 0 where it has not.
        until: own monotonic clock until which it may serve: past that it stops everything.
        renewed: start of its last confirmed renewal; None before the first.
        attempted: start of its last attempt to write its record; None before the first.
        lost: why its incarnation is over, else "".
        leaving: the agent is being shut down.
        awaited: another node has still to copy the rest of what this one gave away.
        asked: when it last asked its peers for promises; None before that.
        promised: it serves on their promises, since its lease alone would have ended.
        jumped: its clocks jumped and no renewal has been confirmed since.
        step: what its next beat adds. More than one while renewals of an earlier process of this agent may be
            under way, and then a number that no other process of it has.
    """

    incarnation: int = 0
    until: float = float("-inf")
    renewed: float | None = None
    attempted: float | None = None
    lost: str = ""
    leaving: bool = False
    awaited: bool = False
    asked: float | None = None
    promised: bool = False
    jumped: bool = False
    step: int = 1


@dataclass(slots=True)
class Snapshot:
    """Everything a decision rests on. Nobody changes one; frozen ones take twice the time to make.

    Attributes:
        now: own monotonic clock, seconds.
        node: this node.
        instance: random text of this agent process.
        machine: text that no other machine has.
        timers, cluster: what was declared.
        peers: the other nodes that share a hierarchy with this one.
        own: this node's standing.
        reachable: the last read of the store succeeded, and is no older than two intervals.
        outage: why the store cannot be reached, else "".
        busy: keys with a write under way, or with one that was refused and no read since; nothing is written
            to them.
        nodes, hierarchies: records by name; a name that was never seen is missing.
        maintenance: its record, or all of the cluster where that cannot be read.
        maintenance_problem: why it cannot be read, else "".
        local: hierarchies on this node.
        given: peer -> own monotonic clock until which this node has promised not to fence it.
        power: node -> how far its confirmed fence has come.
        unsure: hierarchies with a release that has no answer, and that may take effect as long as nobody
            writes over it: somebody else may have them.
        over: hierarchy -> own monotonic clock since when the incarnation of its last owner is known to be
            over; where it is missing, since that node's record is what it is.
        first_read: own monotonic clock when this agent process had first read the store.
        blank: it has not read the store yet, or not all that an earlier process of it had read there.
        minute: minute of the day on this node's wall clock, local time, for switchback windows alone.
    """

    now: float
    node: str
    instance: str
    timers: Timers
    cluster: Membership
    peers: tuple[str, ...]
    own: Own
    reachable: bool
    outage: str = ""
    busy: frozenset[str] = frozenset()
    nodes: Mapping[str, Seen[NodeRecord]] = field(default_factory=dict)
    hierarchies: Mapping[str, Seen[HierarchyRecord]] = field(default_factory=dict)
    maintenance: Maintenance = field(default_factory=Maintenance)
    maintenance_problem: str = ""
    local: Mapping[str, Local] = field(default_factory=dict)
    given: Mapping[str, float] = field(default_factory=dict)
    power: Mapping[str, Power] = field(default_factory=dict)
    minute: int = 0
    unsure: frozenset[str] = frozenset()
    over: Mapping[str, float] = field(default_factory=dict)
    first_read: float = 0.0
    machine: str = ""
    blank: bool = False

    @property
    def standing(self) -> bool:
        """True while this node may serve."""
        return bool(self.own.incarnation) and not self.own.lost and self.now < self.own.until

    @property
    def sure(self) -> bool:
        """True while this node may also start, fence and claim: its clocks have not jumped."""
        return self.standing and not self.own.jumped

    def owned(self, hierarchy: str) -> HierarchyRecord | None:
        """The store's record, as last seen, where it names this incarnation of this node; else None."""
        seen = self.hierarchies.get(hierarchy)
        record = seen.record if seen else None
        if record is None or record.owner != self.node or not self.own.incarnation:
            return None
        return record if record.incarnation == self.own.incarnation else None

    def owns(self, hierarchy: str) -> bool:
        """True where ``owned`` gives a record."""
        return self.owned(hierarchy) is not None
