# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of assumptions in the documentation is the one that the verification tries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.assumption import (
    Assumption,
    NotCheckable,
    Refuted,
    Verdict,
    leave_out,
    try_all,
)
from ansible_collections.standby.iis.plugins.module_utils.control.verify_address import ON_AN_ADDRESS
from ansible_collections.standby.iis.plugins.module_utils.control.verify_disk import ON_A_DISK
from ansible_collections.standby.iis.plugins.module_utils.control.verify_iis import IIS
from ansible_collections.standby.iis.plugins.module_utils.control.verify_reading import READING
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError, Unreachable

ROOT = Path(__file__).parents[3]
ALL = (*READING, *IIS, *ON_AN_ADDRESS, *ON_A_DISK)


def rows() -> list[tuple[str, ...]]:
    text = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    return [
        match.groups()
        for match in re.finditer(r"^\| `([^`]+)` \| (.+?) \| `([^`]+)` \| (.+) \|$", text, re.M)
    ]


def test_every_assumption_that_is_tried_is_documented_in_its_own_words_and_in_order():
    documented = [row[:3] for row in rows() if not row[0].startswith("hand-")]
    assert documented == [(one.id, one.statement, one.where) for one in ALL]


def test_every_assumption_has_a_name_of_its_own_and_a_place_that_exists():
    names = [row[0] for row in rows()]
    assert len(names) == len(set(names))
    for _name, _statement, where, _otherwise in rows():
        assert (ROOT / "plugins" / "module_utils" / where).exists(), where


def assumption(act) -> Assumption[None]:
    return Assumption("x", "it is so", "windows/address.py", lambda _subject: act())


def raising(error: Exception):
    def act() -> str:
        raise error

    return act


@pytest.mark.parametrize(
    ("act", "verdict", "seen"),
    [
        (lambda: "as stated", Verdict.HOLDS, "as stated"),
        (raising(Refuted("otherwise")), Verdict.DOES_NOT_HOLD, "otherwise"),
        (raising(NotCheckable("no disk")), Verdict.NOT_CHECKED, "no disk"),
        (raising(StandbyError("refused", node="server1")), Verdict.DOES_NOT_HOLD, "server1: refused"),
    ],
)
def test_what_a_probe_meets_becomes_its_verdict(act, verdict, seen):
    first, second = try_all([assumption(act), assumption(lambda: "tried all the same")], None)
    assert (first.verdict, first.seen) == (verdict, seen)
    assert second.verdict is Verdict.HOLDS


def test_a_node_that_does_not_answer_refutes_nothing():
    with pytest.raises(Unreachable):
        try_all([assumption(raising(Unreachable("connection refused")))], None)


def test_what_is_left_out_says_why():
    (left,) = leave_out([assumption(lambda: "never tried")], "nothing was named")
    assert (left.verdict, left.seen) == (Verdict.NOT_CHECKED, "nothing was named")
