# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations for the core of ownership: made by hand (``Situation``), and any that may be (``snapshots``).

Those that hypothesis makes are such as ``Memory`` may give: what a node has of its own is there, names fit,
and all else is as wild as a store, clocks and operators can make it.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    Answer,
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
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import PRESETS, timers

NOW = 1000.0
# Names that break what is put together by hand: quotes, percent signs, line ends, other scripts, length.
STRANGE = ('Shop "&" Co', "100 % 'off' %s {0}", "магазин 🛒", "a\nb\r\u2028c", "x" * 200, "\\", "tab\there")


class Situation:
    """A cluster at one instant, seen from its first node.

    Two nodes and one hierarchy, where nothing else is said. Every node has joined once and renews; nobody
    owns anything.

    Attributes:
        nodes, hierarchies, local, given, power: as in ``Snapshot``; to be changed as a test needs it.
    """

    def __init__(
        self,
        *rules: Rules,
        names: tuple[str, ...] = ("server1", "server2"),
        node: str = "",
        preset: str = "lan",
        limits: dict[str, int] | None = None,
        fences: tuple[str, ...] = (),
    ) -> None:
        rules = rules or (Rules("Shop", names),)
        self.node = node or names[0]
        self.timers = timers(preset)
        self.cluster = Membership(names, rules, limits or {}, frozenset(fences))
        self.nodes = {
            name: Seen(7, NodeRecord(name, 1, f"{name}-a", beat=6), NOW, NOW - 900) for name in names
        }
        self.hierarchies: dict[str, Seen[HierarchyRecord]] = {}
        self.local = {one.name: Local(LocalState.DOWN) for one in rules if self.node in one.nodes}
        self.given: dict[str, float] = {}
        self.power: dict[str, Power] = {}
        self.own = Own(1, NOW + self.timers.lease, NOW, NOW)
        self.maintenance = Maintenance()

    def owned(self, hierarchy: str, owner: str, **more: object) -> Situation:
        """Have a hierarchy owned; in service, where its owner is this node."""
        told = {"epoch": 3, "reason": f"{owner} takes it", "incarnation": 1 if owner else 0, **more}
        self.hierarchies[hierarchy] = Seen(9, HierarchyRecord(hierarchy, owner, **told), NOW - 60)
        if owner == self.node:
            self.local[hierarchy] = Local(LocalState.UP, since=NOW - 50)
        return self

    def node_record(self, node: str, *, silent: float = 0.0, **changes: object) -> Situation:
        """Have a node's record otherwise, unchanged for so many seconds."""
        seen = self.nodes[node]
        assert seen.record is not None
        self.nodes[node] = replace(seen, record=replace(seen.record, **changes), since=NOW - silent)
        return self

    def snapshot(self, **changes: object) -> Snapshot:
        """What this node knows; with members of the snapshot set otherwise."""
        known = Snapshot(
            now=NOW,
            node=self.node,
            instance=f"{self.node}-a",
            timers=self.timers,
            cluster=self.cluster,
            peers=self.cluster.peers(self.node),
            own=self.own,
            reachable=True,
            nodes=dict(self.nodes),
            hierarchies=dict(self.hierarchies),
            maintenance=self.maintenance,
            local=dict(self.local),
            given=dict(self.given),
            power=dict(self.power),
        )
        return replace(known, **changes)


# Any situation

names = st.sampled_from(STRANGE) | st.text(min_size=1, max_size=12)
sentences = st.sampled_from(("", *STRANGE)) | st.text(max_size=12)
seconds = st.floats(-50, 2000) | st.sampled_from((NOW, float("inf"), float("-inf")))
moments = st.sampled_from((NOW, NOW - 1, NOW - 7, NOW - 16, NOW - 60, NOW - 700)) | st.floats(0, NOW)
small = st.integers(0, 4)


def members(found: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of these, in any order."""
    return st.lists(st.sampled_from(found), min_size=least, max_size=len(found), unique=True).map(tuple)


@st.composite
def clusters(draw: st.DrawFn) -> Membership:
    """Any cluster."""
    found = tuple(draw(st.lists(names, min_size=1, max_size=4, unique=True)))
    hierarchies = [
        Rules(
            name,
            draw(members(found, 1)),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(st.sampled_from(Switchback)),
            draw(st.none() | st.tuples(st.integers(0, 1439), st.integers(0, 1439))),
        )
        for name in draw(st.lists(names, min_size=1, max_size=3, unique=True))
    ]
    limits = draw(st.dictionaries(st.sampled_from(found), small, max_size=2))
    return Membership(found, tuple(hierarchies), limits, frozenset(draw(members(found))))


def node_records(node: str, cluster: Membership) -> st.SearchStrategy[NodeRecord]:
    """Any record of a node."""
    hierarchies = st.sampled_from([rules.name for rules in cluster.hierarchies])
    return st.builds(
        NodeRecord,
        node=st.just(node),
        incarnation=small,
        instance=st.sampled_from(("this", "other")),
        beat=small,
        state=st.sampled_from(NodeState),
        by=st.sampled_from(("", *cluster.nodes)),
        confirmed=st.booleans(),
        unfit=st.dictionaries(hierarchies, sentences, max_size=2),
        owned=st.dictionaries(hierarchies, small, max_size=2),
    )


def hierarchy_records(rules: Rules, cluster: Membership) -> st.SearchStrategy[HierarchyRecord]:
    """Any record of a hierarchy."""
    somebody = st.sampled_from(("", *rules.nodes, *cluster.nodes))
    return st.builds(
        HierarchyRecord,
        hierarchy=st.just(rules.name),
        owner=somebody,
        incarnation=small,
        epoch=small,
        reason=sentences,
        successor=somebody,
        wanted=st.sampled_from((True, True, True, False)),
        failovers=small,
        current=st.none() | members(rules.nodes),
        request=st.none()
        | st.builds(Request, names, st.sampled_from(RequestKind), somebody | names, st.booleans(), sentences),
        answer=st.none() | st.builds(Answer, names, st.booleans(), sentences),
    )


def seen(records: st.SearchStrategy[object]) -> st.SearchStrategy[Seen]:
    """A record as it may have been seen, readable or not."""
    good = st.builds(Seen, st.integers(1, 9), records, moments, moments)
    bad = st.builds(
        Seen, small, st.none() | records, moments, moments, st.just("it is damaged"), st.booleans()
    )
    return good | good | bad


@st.composite
def tables(draw: st.DrawFn, some: dict[str, st.SearchStrategy[Seen]]) -> dict[str, Seen]:
    """Some of these records."""
    return {name: draw(strategy) for name, strategy in some.items() if draw(st.integers(0, 5))}


locals_ = st.builds(
    Local,
    state=st.sampled_from(LocalState),
    healthy=st.booleans(),
    since=moments,
    failures=st.lists(moments, max_size=4).map(tuple),
    problem=sentences,
    blocked=st.just("") | sentences,
    current=st.none() | members(("one", "two")),
)
standings = st.builds(
    Own,
    incarnation=small,
    until=seconds,
    renewed=st.none() | moments,
    attempted=st.none() | moments,
    lost=st.just("") | sentences,
    leaving=st.sampled_from((False, False, False, True)),
    asked=st.none() | moments,
    promised=st.booleans(),
    jumped=st.booleans(),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Anything that a node may know."""
    cluster = draw(clusters())
    node = draw(st.sampled_from((*cluster.nodes, *cluster.nodes, "nobody")))
    keys = members(("maintenance", *(f"nodes/{one}" for one in cluster.nodes)))
    power = st.builds(Power, small, st.sampled_from(PowerState))
    everybody = st.sampled_from(cluster.nodes)
    hierarchies = tuple(rules.name for rules in cluster.hierarchies)
    return Snapshot(
        now=draw(st.just(NOW) | st.floats(0, 5000)),
        node=node,
        instance=draw(names),
        timers=PRESETS[draw(st.sampled_from(sorted(PRESETS)))],
        cluster=cluster,
        peers=cluster.peers(node),
        own=draw(standings),
        reachable=draw(st.booleans()),
        outage=draw(st.just("") | sentences),
        busy=draw(keys.map(frozenset)),
        nodes=draw(tables({one: seen(node_records(one, cluster)) for one in cluster.nodes})),
        hierarchies=draw(
            tables({one.name: seen(hierarchy_records(one, cluster)) for one in cluster.hierarchies})
        ),
        maintenance=draw(st.builds(Maintenance, st.booleans(), members(cluster.nodes), members(hierarchies))),
        local={one.name: draw(locals_) for one in cluster.hierarchies if node in one.nodes},
        given=draw(st.dictionaries(everybody, seconds, max_size=2)),
        power=draw(st.dictionaries(everybody, power, max_size=2)),
        minute=draw(st.integers(0, 1439)),
    )
