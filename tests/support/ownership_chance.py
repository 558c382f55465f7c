# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots by chance: ages and times lie where something changes, and a moment beside it.

Most are nearly in order, so that what is decided hangs on the few things in them that are not, and most tell
of one thing: that nodes are lost, that this node owns what there is, or that records are damaged. Where
everything is as odd as it can be, a node hardly ever gets so far that it starts, claims or confirms anything.
"""

from __future__ import annotations

import random
from collections import Counter

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decide import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HierarchyRecord,
    Maintenance,
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
    Power,
    PowerState,
    Rules,
    Seen,
    Snapshot,
    Switchback,
)
from tests.support.ownership_snapshots import NOW, TIMERS

# So many are tried for each property at least, and so many at most where it has not met enough by then.
SNAPSHOTS = 200
MOST = 20_000
NAMES = ("server1", "server2", "server3", "server4")
EDGES = (
    0.0,
    TIMERS.tick,
    TIMERS.interval,
    TIMERS.handover,
    TIMERS.ttl,
    TIMERS.damaged,
    TIMERS.hold_off,
    10_000.0,
)


class Chance:
    """One seed, one snapshot; where a tale is given, most tell that one."""

    def __init__(self, seed, tale=""):
        self.random = random.Random(seed)
        self.any = self.random.choice
        self.odd = self.any((0.01, 0.02, 0.06, 0.15))
        self.tale = self.any(("lost", "lost", "mine", "damaged", "any"))
        self.tale = tale if tale and self.any((True, True, True, True, False)) else self.tale

    def seldom(self):
        """True the more often, the odder all of this snapshot is."""
        return self.random.random() < self.odd

    def mostly(self, usual, *others):
        return self.any(others) if self.random.random() < 2 * self.odd else usual

    def half(self):
        return self.random.random() < 0.5

    def age(self):
        return self.any(EDGES) + self.any((0.0, 0.01))

    def ago(self):
        return NOW - self.age()

    def some(self, names, most):
        return tuple(self.random.sample(names, self.random.randint(0, min(most, len(names)))))

    def incarnation(self):
        return self.mostly(3, 2, 4)

    def owner(self):
        return self.any(("", *NAMES, "server9"))

    def current(self):
        return self.any((None, self.some(NAMES, 3), self.some(NAMES, 4)))

    def rules(self, name, nodes):
        order = self.random.sample(nodes, len(nodes))
        return Rules(
            name,
            tuple(order[: self.random.randint(1 if self.tale == "any" else 2, len(order))]),
            exclusive=self.half(),
            replicated=self.any((True, False, False)),
            switchback=self.any(tuple(Switchback)),
            window=self.any((None, (60, 120), (1380, 60))),
            recovery=self.mostly(True, False),
        )

    def cluster(self):
        nodes = NAMES[: self.random.randint(2, 4)]
        declared = tuple(self.rules(name, nodes) for name in "abc"[: self.random.randint(1, 3)])
        limits = {node: self.random.randint(0, 2) for node in self.some(nodes, 2)} if self.half() else {}
        return Membership(nodes, declared, limits, frozenset(self.some(nodes, 4)))

    def seen(self, record, since):
        damaged = self.tale == "damaged" and self.any((True, False, False))
        problem = "it is damaged" if damaged or self.seldom() else ""
        version = 0 if problem and self.seldom() else self.random.randint(1, 99)
        known = None if problem and self.half() else record
        newer = bool(problem) and self.any((True, False, False, False))
        return Seen(version, known, since, since - self.age(), problem, newer)

    def node(self, name, me, hierarchies):
        """A node that renews, is silent, has been fenced, or has left."""
        alive, fenced, left = NodeState.ALIVE, NodeState.FENCED, NodeState.LEFT
        states = (
            (alive, fenced, fenced, fenced, fenced, left) if self.tale == "lost" else (alive, fenced, left)
        )
        state = self.mostly(alive, *states) if name == me else self.any(states)
        record = NodeRecord(
            name,
            self.incarnation(),
            f"{name}-process",
            self.random.randint(0, 9),
            state,
            "server1" if state is NodeState.FENCED else "",
            confirmed=state is NodeState.FENCED and self.any((True, False, False)),
            unfit=dict.fromkeys(self.some(hierarchies, 1), "there is no disk E:") if self.seldom() else {},
            owned={one: self.random.randint(1, 9) for one in self.some(hierarchies, 2)},
            machine=self.mostly(f"machine of {name}", "another machine"),
            first=self.mostly(0, 2, 3, 4),
            peers=self.any(((), (me,), (me,), NAMES, NAMES[2:])),
            terms=self.any(("", TIMERS.digest, TIMERS.digest, TIMERS.digest, "of others")),
        )
        silent = state is not NodeState.ALIVE or self.any((True, False, False))
        return self.seen(record, self.ago() if silent else NOW - 0.5)

    def request(self, nodes):
        kind = self.any((RequestKind.SWITCHOVER, *RequestKind))
        target = self.any((*nodes, self.owner())) if kind is RequestKind.SWITCHOVER else ""
        return Request("r1", kind, self.mostly(target, self.owner()), self.half(), self.any(("", "Ada")))

    def hierarchy(self, rules, me):
        """One that this node has, that another one has or had, or that nobody has."""
        owners = {"mine": {me}, "lost": {"", *rules.nodes} - {me}}.get(self.tale, {"", *rules.nodes})
        owner = self.mostly(self.any(sorted(owners)), self.owner())
        record = HierarchyRecord(
            rules.name,
            owner,
            self.incarnation() if owner else 0,
            self.random.randint(0, 9),
            "it was so",
            self.any(("", "", self.owner(), me)),
            wanted=not self.seldom(),
            failovers=self.any((0, 0, 1, 4)),
            forced=self.seldom(),
            doubt=not owner and self.any((True, False, False)),
            current=self.current() if rules.replicated else self.mostly(None, self.current()),
            request=self.request(rules.nodes) if self.any((True, False, False, False)) else None,
        )
        return self.seen(record, self.ago())

    def local(self, mine):
        down, up = LocalState.DOWN, LocalState.UP
        usual = self.any((up, down)) if mine else down
        failures = self.any((0, 0, self.random.randint(0, 4)))
        return Local(
            self.mostly(usual, *LocalState),
            healthy=not self.seldom(),
            since=self.ago(),
            failures=tuple(self.ago() for _failure in range(failures)),
            problem="no answer on port 80",
            blocked="there is no disk E:" if self.seldom() else "",
            current=self.current(),
            given_up="it is not reached" if self.seldom() else "",
            unreached=self.ago() if self.seldom() else None,
        )

    def own(self):
        return Own(
            self.mostly(3, 0, 0, 2, 4),
            NOW + self.mostly(3.0, -10.0, 0.0, 0.01, 1.0),
            self.any((NOW - 0.5, None, self.ago())),
            self.any((NOW - 0.5, None, self.ago())),
            "server1 has fenced it" if self.seldom() else "",
            leaving=self.any((True, False, False, False, False)),
            asked=self.any((None, self.ago())),
            promised=self.seldom(),
            jumped=self.any((True, False, False, False, False)),
        )

    def maintenance(self, nodes, names):
        return Maintenance(
            self.seldom(),
            self.some(nodes, 1) if self.seldom() else (),
            self.some(names, 1) if self.seldom() else (),
        )

    def snapshot(self, me=None):
        of = self.cluster()
        me = me or self.any(of.nodes)
        names = tuple(one.name for one in of.hierarchies)
        known = (*of.nodes, "server9") if self.half() else self.some((*of.nodes, "server9"), 5)
        own = self.own()
        powered = self.some(of.nodes, 4) if self.half() else of.nodes
        hierarchies = {one.name: self.hierarchy(one, me) for one in of.hierarchies if not self.seldom()}
        mine = {
            name
            for name, seen in hierarchies.items()
            if seen.record and (seen.record.owner, seen.record.incarnation) == (me, own.incarnation)
        }
        keys = [*(f"nodes/{name}" for name in of.nodes), *(f"hierarchies/{name}" for name in names)]
        return Snapshot(
            now=NOW,
            node=me,
            instance=f"{me}-process",
            timers=TIMERS,
            cluster=of,
            peers=of.peers(me),
            own=own,
            reachable=not self.seldom(),
            outage="it does not answer" if self.seldom() else "",
            busy=frozenset(self.some(keys, 1)),
            nodes={name: self.node(name, me, names) for name in known},
            hierarchies=hierarchies,
            maintenance=self.maintenance(of.nodes, names),
            local={one.name: self.local(one.name in mine) for one in of.hierarchies if me in one.nodes},
            given={node: NOW + self.any((-1.0, 0.0, 0.01, 3.0)) for node in self.some(of.nodes, 2)},
            power={node: Power(self.incarnation(), self.any(tuple(PowerState))) for node in powered},
            minute=self.random.randint(0, 1439),
            unsure=frozenset(self.some(names, 1)) if self.seldom() else frozenset(),
            first_read=self.ago(),
            machine=f"machine of {me}",
            blank=self.seldom() and self.seldom(),
        )


def whatever_is_known(tale="", **least):
    """Try a property on many snapshots, other ones in every run; a failure names the seed of its own.

    A property that hardly ever looks proves nothing: it counts in its second argument what it meets, and is
    tried until it has met enough.

    Args:
        tale: see Chance.
        least: what it has to meet, and how often at least.
    """

    def wrap(check):
        def many():
            met, seeds = Counter(), random.SystemRandom()
            for tried in range(MOST):
                if tried >= SNAPSHOTS and all(met[what] >= often for what, often in least.items()):
                    return
                seed = seeds.getrandbits(32)
                try:
                    check(Chance(seed, tale).snapshot(), met)
                except AssertionError as error:
                    error.add_note(f"this is the snapshot of Chance({seed}, {tale!r})")
                    raise
            raise AssertionError(f"of {least} it has met only {dict(met)} in {MOST} snapshots")

        many.__name__ = many.__qualname__ = check.__name__
        return many

    return wrap


# What properties ask of a snapshot


def writes_of(s, *purposes):
    return [one for one in decide(s).actions if isinstance(one, Write) and one.purpose in purposes]


def stands_at(s, key):
    table, _slash, name = key.partition("/")
    found = (s.nodes if table == "nodes" else s.hierarchies).get(name)
    return found if found is not None else Seen(0, None, NOW)


def rules_of(s, hierarchy):
    (found,) = [one for one in s.cluster.hierarchies if one.name == hierarchy]
    return found


def over(s, node, incarnation):
    """An incarnation has ended, as a record tells that can be read."""
    seen = s.nodes.get(node)
    if seen is None or seen.record is None or seen.problem:
        return False
    record = seen.record
    return record.incarnation > incarnation or (
        record.incarnation == incarnation and record.state is not NodeState.ALIVE
    )


def surely_off(s, node, incarnation):
    """More than a tombstone tells that an incarnation serves no more."""
    record = s.nodes[node].record if node in s.nodes else None
    if record is None or incarnation < record.first:
        return False
    return record.incarnation > incarnation or record.state is NodeState.LEFT or record.confirmed
