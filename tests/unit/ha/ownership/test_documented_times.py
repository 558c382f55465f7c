# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages about ownership and the witness say what the timers are and what follows from them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import (
    PRESETS,
    Timers,
    _rules,
    bound,
    predict,
    timers,
)

PAGE = (Path(__file__).parents[4] / "docs" / "ownership.md").read_text(encoding="utf-8")
WITNESS = (Path(__file__).parents[4] / "docs" / "witness.md").read_text(encoding="utf-8")
ALL = [timers(name) for name in PRESETS]


def row(name: str, *cells: str) -> str:
    return f"| {name} | {' | '.join(cells)} |"


@pytest.mark.parametrize("name", [field.name for field in fields(Timers)])
def test_every_timer_of_every_preset_is_documented_with_its_meaning(name: str):
    _before, after = PAGE.split(row(f"`{name}`", *(f"{getattr(one, name):g}" for one in ALL)))
    assert after.split("\n")[0].strip(" |")


def test_the_inequalities_that_are_checked_and_no_others_are_documented():
    _before, table = PAGE.split("| | must not exceed | it |\n|---|---|---|\n")
    checked = [row(f"`{rule.less}`", f"`{rule.more}`", rule.why) for rule in _rules(ALL[0])]
    assert table.split("\n\n")[0].splitlines() == checked


@pytest.mark.parametrize("number", range(len(predict(ALL[0]))))
def test_every_prediction_is_documented(number: int):
    found = [predict(one)[number] for one in ALL]
    times = (f"{one.best:.0f} / {one.typical:.0f} / {one.worst:.0f}" for one in found)
    assert row(found[0].fault, *times) in PAGE


def test_the_exposure_of_a_suspended_machine_is_documented():
    assert f"at most {' / '.join(f'{one.exposure:g}' for one in ALL)} seconds later" in PAGE


def test_how_long_the_last_promise_carries_is_documented():
    assert f"({' / '.join(f'{one.lease:g}' for one in ALL)} seconds with fast / lan / wan)" in WITNESS


@pytest.mark.parametrize(
    ("name", "nodes", "lag"),
    [
        ("2 nodes, etcd", 2, 0.0),
        ("2 nodes, SMB share, caches of Windows", 2, 10.0),
        ("4 nodes, etcd", 4, 0.0),
    ],
)
def test_the_bound_is_documented(name: str, nodes: int, lag: float):
    assert row(name, *(f"{bound(one, nodes=nodes, lag=lag):.0f}" for one in ALL)) in PAGE
