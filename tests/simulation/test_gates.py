# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules in which hierarchies have gates: nobody passes one unasked, and all else holds as ever."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import vacant
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    HIERARCHIES,
    BadRecord,
    decode_hierarchy,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Membership, Rules
from tests.simulation import schedule
from tests.simulation.checks import Violation
from tests.simulation.declared import some_cluster
from tests.simulation.liveness import Liveness
from tests.simulation.runs import quick
from tests.simulation.schedule import Schedule

SCHEDULES = int(os.environ.get("STANDBY_GATE_SCHEDULES", "100"))


def gated(chance: Random) -> Membership:
    """A cluster as ever, with gates between all nodes, or between the first one and the others."""
    cluster = some_cluster(chance)
    own = Random(repr(cluster))
    return replace(cluster, hierarchies=tuple(_with_gate(one, own) for one in cluster.hierarchies))


def _with_gate(rules: Rules, chance: Random) -> Rules:
    kind = chance.random()
    if kind < 0.3:
        return rules
    if kind < 0.7:
        return replace(rules, places=tuple((node,) for node in rules.nodes))
    return replace(rules, places=(rules.nodes[:1], rules.nodes[1:]))


class Gates:
    """Looks on: who passes a gate was asked to."""

    def __init__(self, of: Schedule) -> None:
        self._rules = {rules.name: rules for rules in of.cluster.hierarchies}
        of.world.register.watchers.append(self._written)

    def _written(self, key: str, old: str | None, new: str | None) -> None:
        if not key.startswith(HIERARCHIES):
            return
        name = key[len(HIERARCHIES) :]
        with suppress(BadRecord):
            before, after = decode_hierarchy(old, name), decode_hierarchy(new, name)
            home = before.owner or before.successor
            if (
                not after.owner
                or after.owner == before.owner
                or not self._rules[name].apart(home, after.owner)
            ):
                return
            asked = before.request is not None or (before.forced and before.successor == after.owner)
            if not asked:
                raise Violation(f"{name} went from {home} to {after.owner} through its gate, unasked")


@pytest.fixture
def played(monkeypatch):
    """Schedules with gates; what was met."""
    met: Counter[str] = Counter()
    monkeypatch.setattr(schedule, "some_cluster", gated)
    plain = Liveness._excused

    def excused(self: Liveness, rules: Rules) -> str:
        told = plain(self, rules)
        if told:
            return told
        record = self._world.record(rules.name)
        if not record.epoch:  # lost: nodes go by what their own records tell
            record = self._last.get(rules.name, record)
        home = record.owner or record.successor
        nodes = [self._world.nodes[one] for one in rules.nodes if not rules.apart(home, one)]
        if any(self._able(node, rules, record, self._world.maintenance) for node in nodes):
            return ""
        met["waits"] += 1
        return "a gate"

    monkeypatch.setattr(Liveness, "_excused", excused)

    def play(seeds: range) -> Counter[str]:
        with quick():
            for seed in seeds:
                made = Schedule(seed)
                Gates(made)
                try:
                    made.run()
                except Violation as violation:
                    violation.args = (f"seed {seed}: {violation}",)
                    raise
        return met

    return play


def test_nobody_passes_a_gate_unasked_and_whatever_else_holds(played):
    first = Random().randrange(1 << 20)
    met = played(range(first, first + SCHEDULES))
    assert met["waits"], f"no gate was met from seed {first} on"


def test_an_agent_that_forgets_its_gates_is_found(played, monkeypatch):
    monkeypatch.setattr(vacant, "gate", lambda *_given: "")
    with pytest.raises(Violation, match="through its gate, unasked"):
        played(range(SCHEDULES))
