# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose mirror is cut writes alone: that is written down before anything else is done with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import Maintenance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Switchback
from tests.support.ownership_snapshots import (
    STOP,
    TIMERS,
    cluster,
    decided,
    down,
    member,
    node,
    owned,
    rules,
    up,
    wants,
)

BOTH, ALONE = ("server1", "server2"), ("server1",)
OF = cluster(rules(replicated=True))
NAMED = {"web": owned(current=BOTH)}
MAINTENANCE = Maintenance(cluster=True)


@pytest.mark.parametrize("maintenance", [Maintenance(), MAINTENANCE], ids=["usual", "maintenance"])
@pytest.mark.parametrize("leaving", [False, True], ids=["stays", "leaves"])
def test_it_is_named_alone_first_whatever_is_to_come(maintenance, leaving):
    found = decided(
        of=OF,
        records=NAMED,
        local={"web": up(current=ALONE)},
        own=member(leaving=leaving),
        maintenance=maintenance,
    )

    assert found.record("mark").current == ALONE
    assert found.work == []


def test_what_is_asked_for_waits_for_that():
    asked = wants(target="server2")
    asked["web"] = owned(current=BOTH, request=asked["web"].record.request)
    found = decided(of=OF, records=asked, local={"web": up(current=ALONE)})

    assert found.record("mark").current == ALONE
    assert found.record("mark").request is not None


def test_it_leaves_though_nothing_can_be_written():
    found = decided(
        of=OF,
        records=NAMED,
        local={"web": up(current=ALONE)},
        own=member(leaving=True),
        reachable=False,
        outage="no answer",
    )

    assert found.work == STOP


def test_what_was_written_alone_is_released_to_nobody_else():
    found = decided(
        of=OF, records=NAMED, local={"web": replace(down(), current=ALONE)}, own=member(leaving=True)
    )

    assert found.record("release").current == ALONE


@pytest.mark.parametrize(
    ("current", "successor"), [(("server2",), []), (BOTH, ["server1"])], ids=["behind", "in sync"]
)
def test_it_goes_back_by_itself_to_a_node_whose_copy_is_complete(current, successor):
    found = decided(
        "server2",
        of=cluster(rules(replicated=True, switchback=Switchback.AUTOMATIC)),
        records={"web": owned("server2", current=current)},
        local={"web": up(current=current)},
        nodes={"server1": node("server1", steady=TIMERS.stability)},
    )

    assert [one.record.successor for one in found.writes] == successor
    assert found.work == []
