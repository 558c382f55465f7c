# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two writers, every order of their requests, answers lost and effects late: one at most wins a version."""

from __future__ import annotations

import random
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.agent.store import names, record
from ansible_collections.standby.iis.plugins.module_utils.agent.store.directory import Directory
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import (
    Conflict,
    Store,
    StoreOutage,
    Versioned,
    drive,
)
from tests.support.interleaving import Fate, Running
from tests.support.simulated_disk import Disk

KEY = "hierarchies/Shop"


def store(disk: Disk, writer: str) -> Directory:
    return Directory("\\\\files\\witness", writer, lambda: disk.now, lambda: 0.0)


def prepared(version: int) -> tuple[Disk, list[Directory]]:
    """A disk with a key at a version, and two writers who have seen it."""
    disk = Disk()
    first = Store(store(disk, "cc"), disk)
    for number in range(version):
        first.put(KEY, number, f"old {number + 1}")
    writers = [store(disk, "aa"), store(disk, "bb")]
    for writer in writers:
        drive(writer.get(KEY), disk)
    return disk, writers


def published(disk: Disk) -> dict[int, str]:
    """Each version that is on the disk, and its value."""
    found = [record.decode(data) for path, data in disk.files.items() if not path.endswith(".tmp")]
    return {one.number: one.value for one in found if one is not None}


def check(disk: Disk, version: int, outcomes: dict[str, Any]) -> None:
    """What must hold when nothing is on its way any more."""
    there = published(disk)
    winners = [value for value, outcome in outcomes.items() if isinstance(outcome, int)]
    assert len(winners) <= 1
    for value, outcome in outcomes.items():
        if isinstance(outcome, int):
            assert (outcome, there[outcome]) == (version + 1, value)
        elif isinstance(outcome, Conflict) or not outcome.uncertain:
            assert value not in there.values(), outcome
    newest = Store(store(disk, "dd"), disk).get(KEY)
    assert newest == (Versioned(max(there), there[max(there)]) if there else None)


def play(version: int, turns: list[tuple[int, Fate]]) -> tuple[Disk, dict[str, Any]]:
    """Two writers put at once; each turn lets one of them meet a fate, or one of its late requests arrive."""
    disk, writers = prepared(version)
    running = [Running(one.put(KEY, version, f"new {at}"), disk) for at, one in enumerate(writers)]
    for who, fate in turns:
        one = running[who]
        if not one.done:
            one.step(fate)
        elif one.late:
            one.arrive()
    for one in running:
        while not one.done:
            one.step()
    for one in running:
        while one.late:
            one.arrive()
    return disk, {f"new {at}": one.outcome for at, one in enumerate(running)}


def orders(lengths: tuple[int, int]) -> list[list[int]]:
    """Every order of so many steps of the first and of the second writer."""
    if 0 in lengths:
        return [[0] * lengths[0] + [1] * lengths[1]]
    first, second = lengths
    return [
        *([0, *rest] for rest in orders((first - 1, second))),
        *([1, *rest] for rest in orders((first, second - 1))),
    ]


@pytest.mark.parametrize("version", [0, 1, 2])
def test_in_every_order_of_their_requests_exactly_one_of_two_writers_wins(version):
    for order in orders((5, 5)):
        disk, outcomes = play(version, [(who, Fate.ANSWERED) for who in order])
        check(disk, version, outcomes)
        assert sorted(type(one).__name__ for one in outcomes.values()) == ["Conflict", "int"]
        assert not [path for path in disk.files if path.endswith(".tmp")]


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("fate", [Fate.ANSWER_LOST, Fate.LOST, Fate.LATE])
def test_whichever_request_is_lost_and_wherever_the_other_writer_comes_between(version, fate):
    for struck in range(7):
        for before in range(struck + 1):
            for after in range(8):
                turns = [(0, Fate.ANSWERED)] * before + [(1, Fate.ANSWERED)] * after
                turns += [(0, Fate.ANSWERED)] * (struck - before) + [(0, fate)]
                check(*swapped(version, turns))


def swapped(version: int, turns: list[tuple[int, Fate]]) -> tuple[Disk, int, dict[str, Any]]:
    disk, outcomes = play(version, turns)
    return disk, version, outcomes


FATES = st.sampled_from([*[Fate.ANSWERED] * 5, Fate.ANSWER_LOST, Fate.LOST, Fate.LATE, Fate.LATE])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([0, 1, 2, 3]), st.lists(st.tuples(st.integers(0, 1), FATES), max_size=24))
def test_any_fates_in_any_order_leave_one_winner_at_most(version, turns):
    check(*swapped(version, turns))


class Node:
    """A process that reads and puts again and again; a pause may fall between any two of its requests."""

    def __init__(self, name: str, disk: Disk, chance: random.Random) -> None:
        self.disk, self.chance, self.name = disk, chance, name
        self.skew = 0.0
        self.store = Directory("witness", name, lambda: disk.now - self.skew, lambda: 0.0)
        self.values = (f"{name} {number}" for number in count())
        self.seen: Versioned | None = None
        self.reading = True
        self.running = self._next()

    def _next(self) -> Running:
        if self.reading:
            return Running(self.store.get(KEY), self._perform)
        self.value = next(self.values)
        return Running(self.store.put(KEY, self.seen.version if self.seen else 0, self.value), self._perform)

    def _perform(self, request: Any) -> Any:
        return self.disk(request, lag=self.chance.choice([0.0, 0.0, 2.0, 10.0]))

    def turn(self, history: list[tuple[int, str, Any]]) -> None:
        roll = self.chance.random()
        fate = Fate.ANSWERED if roll > 0.04 else self.chance.choice(list(Fate))
        self.running.step(fate)
        if not self.running.done:
            return
        outcome = self.running.outcome
        if not self.reading:
            history.append((self.seen.version if self.seen else 0, self.value, outcome))
            self.reading = not isinstance(outcome, int) or self.chance.random() < 0.3
            if isinstance(outcome, int):
                self.seen = Versioned(outcome, self.value)
        elif not isinstance(outcome, StoreOutage):
            # What was read may be put on at once, or much later.
            self.seen, self.reading = outcome, False
        late = self.running.late
        self.running = self._next()
        self.running.late = late


@pytest.mark.parametrize("seed", range(8))
def test_over_hours_of_pruning_pauses_and_stale_answers_no_version_is_won_twice(seed):
    chance = random.Random(seed)
    disk = Disk()
    nodes = [Node(name, disk, chance) for name in ("a1", "b2", "c3")]
    history: list[tuple[int, str, Any]] = []
    top = 0
    for _turn in range(4000):
        # Nodes are slow and quick in phases; the one that sleeps may do so between any two requests.
        node = chance.choice(nodes[: chance.choice([1, 2, 3, 3])])
        node.turn(history)
        if node.running.late and chance.random() < 0.05:
            node.running.arrive()
        step = chance.choice([0.01, 0.1, 1.0, 5.0] + [900.0] * (chance.random() < 0.02))
        disk.now += step
        if step > 100 and chance.random() < 0.5:
            chance.choice(nodes).skew += step
        newest = max((names.number_of(name) or 1 for name in disk.names(names.folder(KEY))), default=0)
        assert newest >= top, "the newest record is gone"
        top = newest
    won = [version for version, _value, outcome in history if isinstance(outcome, int)]
    assert len(won) == len(set(won)), sorted(version for version in set(won) if won.count(version) > 1)
    ever = {path: data for path, data in disk.born.items() if path.endswith(".json")}
    assert [path for path, data in ever.items() if len(data) > 1] == [], "a number was used twice"
    written = {one.value for (data,) in ever.values() if (one := record.decode(data))}
    for _version, value, outcome in history:
        if isinstance(outcome, int):
            assert value in written
        elif isinstance(outcome, Conflict) or not outcome.uncertain:
            assert value not in written, outcome
    assert len(won) > 100
    assert len(disk.names(names.folder(KEY))) < len(ever) / 2
