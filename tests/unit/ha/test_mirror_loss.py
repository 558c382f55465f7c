# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a takeover of a mirror may lose, who decides about it, and how that is told beforehand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.declared import (
    ClusterOptions,
    Failover,
    HierarchyOptions,
    membership,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import NodeFacts
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror import (
    asks_first,
    behind_by,
    may_be_lost,
    source_silent,
    words_of,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Takeover
from ansible_collections.standby.iis.plugins.module_utils.ha.precheck import obstacles
from ansible_collections.standby.iis.plugins.module_utils.ha.status import status
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role
from tests.support.mirror_world import ASYNC, CLUSTER, MIRROR, WHOLE, pair, side

LATE = replace(WHOLE, volumes=(ASYNC,))
ASKED = replace(LATE, volumes=(replace(ASYNC, mirror=replace(ASYNC.mirror, takeover=Takeover.NEVER)),))
APART = (("server1",), ("server2",))


def lost(**more):
    """server1 is gone; server2 has lost its source."""
    facts = pair(Copy.DISCONNECTED, Copy.DISCONNECTED, up=None, **more)
    return {**facts, "server1": NodeFacts("server1", problem="no answer.")}


def test_the_status_of_an_asynchronous_mirror_states_its_rpo():
    one = side("server1", Role.SOURCE, synchronous=False, rpo=60)
    assert words_of(one) == "source, within its RPO of 60 s"
    assert words_of(replace(one, copy=Copy.BEHIND)).startswith("source, beyond its RPO of 60 s (")
    assert words_of(replace(one, rpo=None)) == "source, within its RPO"


@pytest.mark.parametrize(
    ("hierarchy", "asked", "seconds"), [(WHOLE, False, None), (LATE, False, 60), (ASKED, True, 60)]
)
def test_a_person_decides_about_what_the_operator_has_not_allowed(hierarchy, asked, seconds):
    assert (asks_first(hierarchy), behind_by(hierarchy)) == (asked, seconds)


@pytest.mark.parametrize("failover", [None, Failover.AUTOMATIC, Failover.CONFIRM])
@pytest.mark.parametrize("takeover", list(Takeover))
def test_the_gate_of_a_mirror_holds_whatever_is_asked_for_its_hierarchy(failover, takeover):
    volume = replace(ASYNC, mirror=replace(ASYNC.mirror, takeover=takeover))
    options = ClusterOptions(hierarchies={"": HierarchyOptions(failover=failover)})
    (rules,) = membership(replace(CLUSTER, volumes=(volume,)), options).hierarchies
    gated = takeover is Takeover.NEVER or failover is Failover.CONFIRM
    assert (rules.places, rules.behind) == (APART if gated else (), 60)


def test_a_takeover_from_a_lost_source_may_lose_its_rpo():
    (told,) = may_be_lost(LATE, "server2", lost(synchronous=False, rpo=30))
    assert "server1, which it was copied from, cannot be asked" in told
    assert "the last 30 s of what was written there, its RPO, may be lost" in told
    (declared,) = may_be_lost(LATE, "server2", lost(synchronous=False))
    assert "the last 60 s" in declared


def test_force_loses_whatever_came_after_the_last_copy():
    at = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)
    for hierarchy in (WHOLE, LATE):
        (told,) = may_be_lost(hierarchy, "server2", lost(last_in_sync=at), force=True)
        assert told.endswith("after the copy was last in sync (2026-11-29 01:02:03 UTC) is lost")


def test_nothing_is_lost_where_both_nodes_take_part_or_the_copy_was_in_sync():
    assert may_be_lost(LATE, "server2", pair(synchronous=False), force=True) == ()
    assert may_be_lost(LATE, "server1", pair(synchronous=False)) == ()
    assert may_be_lost(WHOLE, "server2", lost()) == ()


def test_agents_know_whether_a_copy_without_a_source_may_be_taken():
    facts = lost(synchronous=False)
    found = status(LATE, facts, CLUSTER)
    told = [one.problem for one in obstacles(LATE, "server2", facts, found, "server1")]
    assert any("not connected to the other node" in one for one in told)
    judged = [one.problem for one in obstacles(LATE, "server2", facts, found, "server1", agents=True)]
    assert not any("not connected" in one for one in judged)
    reached = pair(Copy.SUSPENDED, Copy.DISCONNECTED)
    (still,) = obstacles(WHOLE, "server2", reached, status(WHOLE, reached, CLUSTER), "server1", agents=True)
    assert "suspended" in still.problem


def test_a_source_is_silent_where_its_node_could_not_be_read():
    assert source_silent(MIRROR, "server2", lost()) == "server1"
    assert source_silent(MIRROR, "server2", {"server2": pair()["server2"]}) == "server1"
    assert source_silent(MIRROR, "server2", pair()) == ""
