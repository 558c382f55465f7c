# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots by chance: ages and times lie where something changes, and a moment beside it."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

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
    """One seed, one snapshot: drawing each member from hypothesis would take a hundred times as long."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.any = self.random.choice

    def seldom(self):
        return self.random.random() < 0.15

    def age(self):
        return self.any(EDGES) + self.any((0.0, 0.01))

    def ago(self):
        return NOW - self.age()

    def some(self, names, most):
        return tuple(self.random.sample(names, self.random.randint(0, min(most, len(names)))))

    def incarnation(self):
        return self.any((2, 3, 3, 3, 3, 4))

    def owner(self):
        return self.any(("", *NAMES, "server9"))

    def current(self):
        return self.any((None, self.some(NAMES, 3)))

    def rules(self, name, nodes):
        order = self.random.sample(nodes, len(nodes))
        return Rules(
            name,
            tuple(order[: self.random.randint(1, len(order))]),
            exclusive=self.any((True, False)),
            replicated=self.any((True, False)),
            switchback=self.any(tuple(Switchback)),
            window=self.any((None, (60, 120), (1380, 60))),
        )

    def cluster(self):
        nodes = NAMES[: self.random.randint(2, 4)]
        declared = tuple(self.rules(name, nodes) for name in "abc"[: self.random.randint(1, 3)])
        limits = {node: self.random.randint(0, 2) for node in self.some(nodes, 2)}
        return Membership(nodes, declared, limits, frozenset(self.some(nodes, 4)))

    def seen(self, record):
        since = self.ago()
        problem = "it is damaged" if self.seldom() else ""
        version = 0 if problem and self.seldom() else self.random.randint(1, 99)
        known = None if problem and self.any((True, False)) else record
        return Seen(version, known, since, since - self.age(), problem, bool(problem) and self.seldom())

    def node(self, name, hierarchies):
        state = self.any(
            (NodeState.ALIVE, NodeState.ALIVE, NodeState.FENCED, NodeState.FENCED, NodeState.LEFT)
        )
        return NodeRecord(
            name,
            self.incarnation(),
            f"{name}-process",
            self.random.randint(0, 9),
            state,
            "server1" if state is NodeState.FENCED else "",
            confirmed=self.seldom(),
            unfit=dict.fromkeys(self.some(hierarchies, 1), "there is no disk E:"),
            owned={one: self.random.randint(1, 9) for one in self.some(hierarchies, 2)},
        )

    def request(self):
        kind, force = self.any(tuple(RequestKind)), self.any((True, False))
        return Request("r1", kind, self.owner(), force, self.any(("", "Ada")))

    def hierarchy(self, name):
        return HierarchyRecord(
            name,
            self.owner(),
            self.incarnation(),
            self.random.randint(0, 9),
            "it was so",
            self.owner(),
            wanted=not self.seldom(),
            failovers=self.random.randint(0, 4),
            current=self.current(),
            request=self.any((None, None, None, self.request())),
        )

    def local(self):
        return Local(
            self.any((*LocalState, LocalState.DOWN, LocalState.DOWN, LocalState.UP)),
            healthy=not self.seldom(),
            since=self.ago(),
            failures=tuple(self.ago() for _failure in range(self.random.randint(0, 4))),
            problem="no answer on port 80",
            blocked="there is no disk E:" if self.seldom() else "",
            current=self.current(),
        )

    def own(self):
        return Own(
            0 if self.seldom() else self.incarnation(),
            NOW + self.any((-10.0, 0.0, 0.01, 1.0, 3.0, 3.0, 3.0, 3.0)),
            self.any((None, self.ago())),
            self.any((None, self.ago())),
            "server1 has fenced it" if self.seldom() else "",
            leaving=self.seldom(),
            asked=self.any((None, self.ago())),
            promised=self.seldom(),
            jumped=self.seldom(),
        )

    def snapshot(self, me=None):
        of = self.cluster()
        me = me or self.any(of.nodes)
        names = tuple(one.name for one in of.hierarchies)
        nodes = {name: self.seen(self.node(name, names)) for name in self.some((*of.nodes, "server9"), 5)}
        keys = [*(f"nodes/{name}" for name in of.nodes), *(f"hierarchies/{name}" for name in names)]
        offsets = (-1.0, 0.0, 0.01, 3.0)
        return Snapshot(
            now=NOW,
            node=me,
            instance=f"{me}-process",
            timers=TIMERS,
            cluster=of,
            peers=of.peers(me),
            own=self.own(),
            reachable=not self.seldom(),
            outage="it does not answer" if self.seldom() else "",
            busy=frozenset(self.some(keys, 1)),
            nodes={name: self.seen(self.node(name, names)) for name in of.nodes} | nodes
            if self.any((True, False))
            else nodes,
            hierarchies={name: self.seen(self.hierarchy(name)) for name in names if not self.seldom()},
            maintenance=Maintenance(
                self.seldom(),
                self.some(of.nodes, 1) if self.seldom() else (),
                self.some(names, 1) if self.seldom() else (),
            ),
            local={one.name: self.local() for one in of.hierarchies if me in one.nodes},
            given={node: NOW + self.any(offsets) for node in self.some(of.nodes, 1)},
            power={
                node: Power(self.incarnation(), self.any(tuple(PowerState)))
                for node in self.some(of.nodes, 4)
            },
            minute=self.random.randint(0, 1439),
        )


def whatever_is_known(check):
    """Try a property on many snapshots; the number that a failure names is the seed of its own."""

    def look(seed):
        check(Chance(seed).snapshot())

    look.__name__ = look.__qualname__ = check.__name__
    return settings(max_examples=150, deadline=None)(given(seed=st.integers(0, 2**32))(look))
