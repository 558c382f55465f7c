# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the cluster would do without a node: the real ``decide``, for every node that is alive, in thought.

One snapshot knows the records of all nodes, so that what another node would see can be made of it. What it
does not know of the others is taken to be well: that the store answers them, and that they can start what
their records say nothing against. Writes succeed, starts and stops are done at once, and a power cut that is
declared for a node works, unless one is known to have failed. Nothing outside is touched.
"""

from __future__ import annotations

from dataclasses import replace

from .decide import decide
from .decision import Action, CutPower, Decision, Do, Verb, Write
from .fitness import alive
from .records import HierarchyRecord, NodeRecord
from .snapshot import Local, LocalState, Own, Power, PowerState, Seen, Snapshot
from .standing import unfit


class Rehearsal:
    """The cluster in thought.

    Args:
        snapshot: what is known.
        dead: nodes that renew nothing from now on, and were silent for long enough to be lost.

    Attributes:
        living: the nodes that take part, in the cluster's order.
        hierarchies: records as they are by now.
        decisions: the last of each living node.
        cut: nodes whose power was cut.
    """

    def __init__(self, snapshot: Snapshot, *dead: str) -> None:
        s = snapshot
        self.living = tuple(node for node in s.cluster.nodes if node not in dead and alive(s, node))
        self.hierarchies: dict[str, Seen[HierarchyRecord]] = dict(s.hierarchies)
        self.decisions: dict[str, Decision] = {}
        self.cut: set[str] = set()
        self._s = s
        self._now = s.now
        self._nodes = {node: self._lost(seen) if node in dead else seen for node, seen in s.nodes.items()}
        self._power = {node: _done(power) for node, power in s.power.items()}
        # Releases of the node that the snapshot is of, until its records are written again.
        self._unsure = set(s.unsure)
        self._broken = {node for node, power in s.power.items() if power.state is PowerState.FAILED}
        self._own = {node: self._joined(node) for node in self.living}
        self._local = {node: self._hands(node) for node in self.living}

    def play(self) -> Rehearsal:
        """Let everybody decide until nothing happens any more, for as long as anybody waits for others."""
        timers = self._s.timers
        longest = max((len(rules.nodes) for rules in self._s.cluster.hierarchies), default=1)
        waiting = max(timers.handover, timers.patience * longest)
        promised = max((until - self._s.now for until in self._s.given.values()), default=0.0)
        rounds = int((waiting + max(0.0, min(promised, timers.ttl))) / timers.interval) + 4
        for _round in range(rounds):
            for node in self.living:
                decision = decide(self.view(node))
                self.decisions[node] = decision
                for action in decision.actions:
                    self._act(node, action)
            self._now += timers.interval
        return self

    def view(self, node: str) -> Snapshot:
        """What a living node sees by now."""
        now, own = self._now, self._own[node]
        fresh = {one: replace(self._nodes[one], since=now) for one in self.living}
        return replace(
            self._s,
            now=now,
            node=node,
            instance="",
            peers=self._s.cluster.peers(node),
            own=replace(own, until=now + self._s.timers.lease, renewed=now),
            reachable=True,
            outage="",
            busy=frozenset(),
            nodes={**self._nodes, **fresh},
            hierarchies=dict(self.hierarchies),
            local=dict(self._local[node]),
            given=self._s.given if node == self._s.node else {},
            power=dict(self._power),
            unsure=frozenset(self._unsure) if node == self._s.node else frozenset(),
        )

    def serving(self, hierarchy: str) -> str:
        """The living node that has a hierarchy in service by now, "" where none has."""
        for node in self.living:
            local = self._local[node].get(hierarchy, Local())
            if self._has(node, hierarchy) and local.state is LocalState.UP and local.healthy:
                return node
        return ""

    # What is made of the snapshot

    def _lost(self, seen: Seen[NodeRecord]) -> Seen[NodeRecord]:
        return replace(seen, since=min(seen.since, self._s.now - self._s.timers.ttl))

    def _joined(self, node: str) -> Own:
        s = self._s
        if node != s.node:
            record = self._nodes[node].record
            return Own(record.incarnation if record is not None else 0)
        known = self._nodes.get(node) or Seen(0, None, s.now)
        record = known.record or NodeRecord(node, s.own.incarnation, s.instance)
        self._nodes[node] = replace(known, record=replace(record, unfit=unfit(s)), problem="")
        return Own(s.own.incarnation, leaving=s.own.leaving)

    def _hands(self, node: str) -> dict[str, Local]:
        s = self._s
        if node == s.node:
            return {name: _ended(local) for name, local in s.local.items()}
        told = seen.record.unfit if (seen := self._nodes[node]).record is not None else {}
        found = {}
        for rules in s.cluster.hierarchies:
            if node in rules.nodes:
                state = LocalState.UP if self._has(node, rules.name) else LocalState.DOWN
                found[rules.name] = Local(state, since=s.now, blocked=told.get(rules.name, ""))
        return found

    def _has(self, node: str, hierarchy: str) -> bool:
        seen = self.hierarchies.get(hierarchy)
        record = seen.record if seen is not None else None
        return record is not None and (record.owner, record.incarnation) == (
            node,
            self._own[node].incarnation,
        )

    # What is done

    def _act(self, node: str, action: Action) -> None:
        if isinstance(action, Do):
            state = LocalState.UP if action.verb is Verb.START else LocalState.DOWN
            local = self._local[node]
            local[action.hierarchy] = replace(
                local[action.hierarchy], state=state, healthy=True, since=self._now
            )
        elif isinstance(action, CutPower) and action.node not in self._broken:
            self.cut.add(action.node)
            self._power[action.node] = Power(action.incarnation, PowerState.CONFIRMED)
        elif isinstance(action, Write):
            self._put(action)

    def _put(self, write: Write) -> None:
        record, version = write.record, write.version + 1
        if isinstance(record, HierarchyRecord):
            if write.version == _version(self.hierarchies.get(record.hierarchy)):
                self.hierarchies[record.hierarchy] = Seen(version, record, self._now, self._now)
                self._unsure.discard(record.hierarchy)
            return
        known = self._nodes.get(record.node)
        if write.version == _version(known):
            kept = known is not None and known.record is not None and known.record.state is record.state
            steady = known.steady if kept and known is not None else self._now
            self._nodes[record.node] = Seen(version, record, self._now, steady)
            if record.ended:
                self.living = tuple(node for node in self.living if node != record.node)


def _version(seen: Seen[NodeRecord] | Seen[HierarchyRecord] | None) -> int:
    return seen.version if seen is not None else 0


def _ended(local: Local) -> Local:
    """What its hands have begun is done."""
    if local.state is LocalState.STARTING:
        return replace(local, state=LocalState.UP)
    if local.state in (LocalState.STOPPING, LocalState.UNKNOWN):
        return replace(local, state=LocalState.DOWN)
    return local


def _done(power: Power) -> Power:
    """A power cut that runs comes to its end."""
    return replace(power, state=PowerState.CONFIRMED) if power.state is PowerState.RUNNING else power
