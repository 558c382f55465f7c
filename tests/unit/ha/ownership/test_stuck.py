# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stop that never ends: the node lets itself be fenced where another one could take the hierarchy."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from tests.support.ownership_snapshots import NOW, TIMERS, decided, fenced, member, node, owned

LATE = NOW - TIMERS.stuck
DUE = member(renewed=NOW - TIMERS.interval, until=NOW + 2.0)
OVERDUE = member(renewed=NOW - TIMERS.interval - TIMERS.store_timeout, until=NOW + 1.0)


def stopping(since, **how):
    return decided(local={"web": Local(LocalState.STOPPING, since=since)}, **how)


def test_a_node_that_cannot_stop_what_another_one_could_take_renews_no_more():
    found = stopping(LATE, own=DUE)

    assert found.purposes == []


def test_it_asks_for_no_promises_either():
    assert stopping(LATE, own=OVERDUE).others == []
    assert stopping(LATE + 0.1, own=OVERDUE).others != []


@pytest.mark.parametrize(
    ("since", "how"),
    [
        (LATE + 0.1, {}),
        (LATE, {"nodes": {"server2": fenced("server2", by="server1")}}),
        (LATE, {"nodes": {"server2": node("server2", unfit={"web": "there is no disk E:"})}}),
        (LATE, {"maintenance": Maintenance(hierarchies=("web",))}),
        (LATE, {"records": {"web": owned("server2")}}),
    ],
    ids=["not late yet", "nobody else", "nobody fit", "in maintenance", "not its own"],
)
def test_it_goes_on_renewing_where_that_would_help_nobody(since, how):
    assert ("renew", "nodes/server1") in stopping(since, own=DUE, **how).purposes


def test_without_standing_it_tells_why_it_has_none():
    found = stopping(LATE, own=member(until=NOW - 1.0, renewed=NOW - 5.0))

    assert "the stop of web does not end, and another node can take it" in found.sentence


@pytest.mark.parametrize(("seconds", "told"), [(TIMERS.stop - 0.1, False), (TIMERS.stop, True)])
def test_a_stop_that_takes_longer_than_it_may_is_told(seconds, told):
    assert ("does not end" in stopping(NOW - seconds).sentence) is told
