# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which signs of agents keep others from being replaced."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor.readiness import (
    has_nothing,
    hindrance,
    unready,
    wait_ready,
)
from tests.unit.windows.windows_world import Clock

MEMBER = {"standing": "member", "witness": "reached", "hierarchies": {}}
CUT = {**MEMBER, "witness": "cannot be reached."}
UP = {"x": {"reason": "in_service", "state": "up"}}


@pytest.mark.parametrize("word", ["out", "ended", "lapsed", "doubt", "promised", None])
def test_nothing_but_a_member_is_ready(word):
    assert repr(word) in unready({**MEMBER, "standing": word})
    assert unready(MEMBER) == ""
    assert unready({}) == "shows nothing of itself"
    assert unready(CUT) == "does not reach its witness: cannot be reached"


@pytest.mark.parametrize(
    ("one", "nothing"),
    [
        ({"reason": "elsewhere", "state": "down"}, True),
        ({"reason": "no_standing"}, True),
        ({"reason": "in_service"}, False),
        ({"reason": "store_outage", "state": "up"}, False),
        ({"reason": "no_standing", "state": "stopping"}, False),
    ],
)
def test_what_is_up_or_on_its_way_is_something(one, nothing):
    assert has_nothing({"hierarchies": {"x": one}}) is nothing


def test_only_what_has_nothing_to_hand_on_is_replaced_although_it_is_not_ready():
    assert hindrance({"a": MEMBER, "b": CUT}, ["b"]) is None
    assert hindrance({"a": MEMBER, "b": {}}, ["a", "b"]) is None
    for statuses, replaced in (
        ({"a": MEMBER, "b": CUT}, ["a"]),
        ({"a": MEMBER, "b": {**CUT, "hierarchies": UP}}, ["a", "b"]),
    ):
        found = hindrance(statuses, replaced)
        assert found is not None
        assert found.node == "b"
        assert "Bring the witness back" in str(found)


def test_what_cannot_be_read_for_so_long_is_told():
    def fails():
        raise StandbyError("in use")

    with pytest.raises(StandbyError, match="cannot be read"):
        wait_ready(fails, (), 5.0, Clock())


def test_a_worker_that_begins_is_waited_for_and_one_that_does_not_stay_up_is_replaced():
    clock, statuses = Clock(), {"a": MEMBER, "b": {}}
    clock.at(2.0, lambda: statuses.update(b={**MEMBER, "hierarchies": UP}))
    wait_ready(lambda: statuses, ["b"], 5.0, clock)
    assert clock.now < 4.0
    statuses["b"] = {}
    wait_ready(lambda: statuses, ["b"], 5.0, clock)
    assert clock.now > 5.0
    with pytest.raises(StandbyError, match="b, agent: it shows nothing of itself"):
        wait_ready(lambda: statuses, ["a"], 5.0, clock)
