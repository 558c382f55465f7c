# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of recorded histories accepts what one register can have done, and nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.linearizability import Kind, Operation, is_linearizable


def read(start: float, end: float, value: str | None) -> Operation:
    return Operation(Kind.READ, start, end, value)


def swap(start: float, end: float, old: str | None, new: str) -> Operation:
    return Operation(Kind.SWAPPED, start, end, old, new)


def refused(start: float, end: float, old: str | None) -> Operation:
    return Operation(Kind.REFUSED, start, end, old, "never")


def maybe(start: float, end: float, old: str | None, new: str) -> Operation:
    return Operation(Kind.UNCERTAIN, start, end, old, new)


GOOD = {
    "nothing": [],
    "one after the other": [read(0, 1, None), swap(2, 3, None, "a"), read(4, 5, "a"), refused(6, 7, None)],
    "a read while it is written sees the old": [swap(0, 10, None, "a"), read(1, 2, None)],
    "a read while it is written sees the new": [swap(0, 10, None, "a"), read(1, 2, "a")],
    "of two at once one is refused": [swap(0, 5, None, "a"), refused(1, 4, None)],
    "refused before the winner returns": [swap(0, 9, None, "a"), refused(1, 2, None), read(3, 4, "a")],
    "an uncertain one that was done": [maybe(0, 1, None, "a"), read(2, 3, "a")],
    "an uncertain one that was not done": [maybe(0, 1, None, "a"), read(2, 3, None), swap(4, 5, None, "b")],
    "an uncertain one that is done late": [maybe(0, 1, None, "a"), read(2, 3, None), read(4, 5, "a")],
}

BAD = {
    "two win the same version": [swap(0, 5, None, "a"), swap(1, 4, None, "b")],
    "two win one after the other": [swap(0, 1, None, "a"), swap(2, 3, None, "b")],
    "a read from before": [swap(0, 1, None, "a"), read(2, 3, None)],
    "reads that go back": [swap(0, 10, None, "a"), read(1, 2, "a"), read(3, 4, None)],
    "a value nobody wrote": [swap(0, 1, None, "a"), read(2, 3, "b")],
    "a value read before it was written": [read(0, 1, "a"), swap(2, 3, None, "a")],
    "refused though nobody had changed it": [refused(0, 1, None), swap(2, 3, None, "a")],
    "a refused one that took effect": [swap(0, 1, None, "a"), refused(2, 3, None), read(4, 5, "never")],
    "an uncertain one over a version that was gone": [
        swap(0, 1, None, "a"),
        swap(2, 3, "a", "b"),
        maybe(4, 5, "a", "c"),
        read(6, 7, "c"),
    ],
    "an uncertain one that is done twice": [
        maybe(0, 1, None, "a"),
        swap(2, 3, "a", "b"),
        read(4, 5, "a"),
    ],
}


@pytest.mark.parametrize("name", GOOD)
def test_it_accepts(name):
    assert is_linearizable(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_it_rejects(name):
    assert not is_linearizable(BAD[name])


def recorded(seed: int, length: int) -> list[Operation]:
    """A history of a true register whose operations overlap."""
    chance = random.Random(seed)
    history, content, now = [], None, 0.0
    for number in range(length):
        now += 1.0
        start, end = now - chance.random() * 3, now + chance.random() * 3
        expected = content if chance.random() < 0.7 else "other"
        if chance.random() < 0.5:
            history.append(read(start, end, content))
        elif expected != content:
            history.append(refused(start, end, expected))
        else:
            history.append(swap(start, end, content, f"value {number}"))
            content = f"value {number}"
    return history


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_it_accepts_what_a_register_did_and_rejects_it_with_one_answer_exchanged(seed):
    history = recorded(seed, 40)
    assert is_linearizable(history)
    # A read of a value that is put after the read has ended.
    last = [one for one in history if one.kind is Kind.SWAPPED][-1:]
    for one in last:
        assert not is_linearizable([*history, read(one.invoked - 2, one.invoked - 1, one.value)])


def test_long_histories_are_checked_in_no_time():
    assert is_linearizable(recorded(7, 2000))
