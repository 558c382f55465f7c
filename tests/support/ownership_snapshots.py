# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots as small as one rule of the algorithm needs them: everything is in order but what a test says.

Two nodes, server1 before server2, share the hierarchy "web". Every node has joined as incarnation 3 and has
renewed half a second ago; server1 has web in service, under epoch 4. It is ``NOW`` on the clock of whoever
decides.
"""

from __future__ import annotations

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Do, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    NodeRecord,
    NodeState,
    Request,
    RequestKind,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Local,
    LocalState,
    Membership,
    Own,
    Rules,
    Seen,
    Snapshot,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers

# What the tests count with, and how that is not the preset lan: tests that count seconds go by it.
CHANGED = {"ttl": 6.0, "start": 10.0, "recovery_period": 120.0, "hold_off": 300.0, "stability": 120.0}
TIMERS = timers("lan", **CHANGED)
NOW = 10_000.0
LONG_AGO = 5_000.0


def rules(name="web", nodes=("server1", "server2"), **declared):
    """A hierarchy as it was declared."""
    return Rules(name, tuple(nodes), **declared)


def cluster(*hierarchies, nodes=None, limits=None, fences=()):
    """A cluster of these hierarchies, and of their nodes where no others are given."""
    declared = hierarchies or (rules(),)
    named = nodes or tuple(dict.fromkeys(node for one in declared for node in one.nodes))
    return Membership(tuple(named), tuple(declared), limits or {}, frozenset(fences))


# Records as a node has seen them


def seen(record, *, age=0.5, version=7, steady=1000.0, problem="", newer=False):
    """A record, unchanged for ``age`` seconds, of a node that is what it is for ``steady`` seconds."""
    return Seen(version, record, NOW - age, NOW - max(age, steady), problem, newer)


def node(name="server1", *, incarnation=3, instance=None, age=0.5, steady=1000.0, version=7, **told):
    """A node's record that was renewed ``age`` seconds ago."""
    record = NodeRecord(name, incarnation, instance or f"{name}-process", **told)
    return seen(record, age=age, steady=steady, version=version)


def fenced(name="server1", *, by="server2", **told):
    """A node's tombstone."""
    return node(name, state=NodeState.FENCED, by=by, **told)


def left(name="server1", **told):
    """The record of a node that went by itself."""
    return node(name, state=NodeState.LEFT, **told)


def owned(by="server1", *, name="web", incarnation=3, epoch=4, age=100.0, version=9, **told):
    """The record of a hierarchy that a node owns."""
    told.setdefault("reason", f"{by} took it")
    return seen(HierarchyRecord(name, by, incarnation, epoch, **told), age=age, version=version)


def free(*, name="web", epoch=4, age=0.5, version=9, **told):
    """The record of a hierarchy that was released."""
    told.setdefault("reason", "it was released")
    return seen(HierarchyRecord(name, epoch=epoch, **told), age=age, version=version)


def unreadable(record=None, *, age=0.5, version=9, problem="its record is damaged", newer=False):
    """A record that cannot be understood, and what was known before."""
    return seen(record, age=age, steady=0.0, version=version, problem=problem, newer=newer)


# The node itself


def member(*, incarnation=3, until=NOW + 3.0, renewed=NOW - 0.25, **own):
    """A node with standing."""
    return Own(incarnation, until, renewed, **own)


def up(since=LONG_AGO, **local):
    """A hierarchy in service here."""
    return Local(LocalState.UP, since=since, **local)


def down(since=LONG_AGO, **local):
    """A hierarchy that is stopped here."""
    return Local(LocalState.DOWN, since=since, **local)


def failed(times, *, ago=10.0, state=LocalState.DOWN, problem="no answer on port 80", **local):
    """A hierarchy that failed here so many times, the last ``ago`` seconds ago."""
    failures = tuple(NOW - ago - 1.0 * (times - index) for index in range(times))
    return Local(state, healthy=False, since=NOW - ago, failures=failures, problem=problem, **local)


def snapshot(me="server1", of=None, *, nodes=None, records=None, local=None, own=None, **changes):
    """What a node knows.

    Args:
        me: the node that decides.
        of: the cluster.
        nodes: records of nodes that are not as usual; None where there is none.
        records: records of hierarchies that are not as usual; None where there is none.
        local: hierarchies that are not as usual on this node: up where it owns them, else down.
        own: its standing.
        changes: of the snapshot.
    """
    of = of or cluster()
    known = {name: node(name) for name in of.nodes} | (nodes or {})
    written = {one.name: owned(one.nodes[0], name=one.name) for one in of.hierarchies} | (records or {})
    written = {name: record for name, record in written.items() if record is not None}
    mine = {}
    for one in of.hierarchies:
        record = written[one.name].record if one.name in written else None
        if me in one.nodes:
            mine[one.name] = up() if record is not None and record.owner == me else down()
    known = {name: record for name, record in known.items() if record is not None}
    mine_now = (me, (own or member()).incarnation)
    owns = {
        name: one.record.epoch
        for name, one in written.items()
        if one.record is not None and (one.record.owner, one.record.incarnation) == mine_now
    }
    if me in known and me not in (nodes or {}):
        known[me] = node(me, owned=owns)
    changes.setdefault("peers", of.peers(me))
    changes.setdefault("reachable", True)
    changes.setdefault("timers", TIMERS)
    return Snapshot(
        now=NOW,
        node=me,
        instance=f"{me}-process",
        cluster=of,
        own=own or member(),
        nodes=known,
        hierarchies=written,
        local=mine | (local or {}),
        **changes,
    )


def request(kind=RequestKind.SWITCHOVER, target="", *, force=False, by="Ada"):
    """An operator's wish."""
    return Request("r1", kind, target, force, by)


# What was decided


class Decided:
    """A decision, by what tests ask of it."""

    def __init__(self, snapshot):
        self.decision = decide(snapshot)
        self.writes = [one for one in self.decision.actions if isinstance(one, Write)]
        self.work = [(one.verb.value, one.hierarchy) for one in self.decision.actions if isinstance(one, Do)]
        self.others = [one for one in self.decision.actions if not isinstance(one, Write | Do)]

    def verdict(self, hierarchy="web"):
        """The verdict on a hierarchy."""
        (found,) = [one for one in self.decision.verdicts if one.hierarchy == hierarchy]
        return found

    @property
    def reason(self):
        """The reason of the verdict on web."""
        return self.verdict().reason.value

    @property
    def sentence(self):
        """The sentence of the verdict on web."""
        return self.verdict().sentence

    @property
    def purposes(self):
        """What is written for what: purpose and key."""
        return [(one.purpose.value, one.key) for one in self.writes]

    def write(self, purpose):
        """The one write for a purpose."""
        (found,) = [one for one in self.writes if one.purpose.value == purpose]
        return found

    def record(self, purpose):
        """What the one write for a purpose writes."""
        return self.write(purpose).record


def decided(*args, **changes):
    """What a node decides; arguments as for ``snapshot``."""
    return Decided(snapshot(*args, **changes))


# As server1 sees it, the owner of web

SICK = up(healthy=False, problem="no answer on port 80", failures=(NOW - 1.0,))
START, STOP = [("start", "web")], [("stop", "web")]
UNFIT = node("server2", unfit={"web": "there is no disk E:"})


def wants(kind=RequestKind.SWITCHOVER, target="", *, force=False, by="Ada", **told):
    """The record of web with a request in it."""
    return {"web": owned(request=request(kind, target, force=force, by=by), **told)}


# As server2 sees it, the backup of web

SILENT = node("server1", age=TIMERS.ttl)
FENCED = fenced("server1", age=0.1)
FENCE = [("fence", "nodes/server1")]
CLAIM = [("claim", "hierarchies/web")]


def look(**how):
    """What server2, the backup of web, decides."""
    return decided("server2", **how)


def lost(server1=SILENT, **how):
    """What server2 decides where server1 owns web and is lost."""
    return look(nodes={"server1": server1}, **how)
