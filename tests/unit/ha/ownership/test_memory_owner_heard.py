# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When another node that owns a hierarchy was last heard of: by renewals and questions, by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import NodeState
from tests.support.ownership_memory import PEER, WEB, Node, beat
from tests.support.ownership_snapshots import TIMERS

THEIRS = replace(WEB, owner="server2", incarnation=8)


def test_a_renewal_is_heard_when_its_reading_has_ended():
    node = Node()
    node.read(100.0, web=(7, THEIRS), server2=(4, PEER))
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(100.1))
    node.read(101.0, web=(7, THEIRS), server2=(4, PEER))
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(100.1))
    node.read(102.0, web=(7, THEIRS), server2=(5, beat(PEER)))
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(102.1))


def test_its_fence_is_none():
    node = Node()
    node.read(100.0, web=(7, THEIRS), server2=(4, PEER))
    fenced = replace(PEER, state=NodeState.FENCED, by="server1")
    node.read(120.0, web=(7, THEIRS), server2=(5, fenced))
    assert node.memory.owner_heard("web") == ("server2", None)


def test_a_node_is_lost_once_it_is_silent_or_has_ended():
    node = Node()
    assert node.memory.lost("server2", 99.0)  # nothing is known of it
    node.read(100.0, web=(7, THEIRS), server2=(4, PEER))
    assert not node.memory.lost("server2", 100.2)
    assert node.memory.lost("server2", 100.2 + TIMERS.ttl)
    node.read(101.0, web=(7, THEIRS), server2=(5, replace(PEER, state=NodeState.LEFT)))
    assert node.memory.lost("server2", 101.2)


def test_a_node_whose_record_vanishes_may_be_alive_and_is_lost_after_a_ttl():
    node = Node()
    node.read(100.0, web=(7, THEIRS), server2=(4, PEER))
    node.read(101.0, web=(7, THEIRS))
    assert not node.memory.lost("server2", 101.2)
    assert node.memory.lost("server2", 101.2 + TIMERS.ttl)


@pytest.mark.parametrize("record", [WEB, replace(WEB, owner="")])
def test_where_no_other_node_is_named_there_is_none_to_hear(record):
    node = Node()
    node.read(100.0, web=(7, record), server2=(4, PEER))
    assert node.memory.owner_heard("web") is None


def test_nothing_is_known_before_the_first_reading():
    assert Node().memory.owner_heard("web") is None


def test_a_question_for_a_promise_is_a_sign_of_life_as_well():
    node = Node()
    node.read(100.0, web=(7, THEIRS), server2=(4, PEER))
    node.memory.grant("server2", PEER.incarnation, 130.0)
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(130.0))
    node.memory.grant("server2", PEER.incarnation - 1, 140.0)
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(130.0))
    node.read(150.0, web=(7, THEIRS), server2=(5, beat(PEER)))
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(150.1))


def test_so_is_one_that_is_refused():
    node = Node()
    node.read(100.0, web=(7, THEIRS), server2=(4, PEER))
    assert not node.memory.grant("server2", PEER.incarnation, 100.0 + TIMERS.ttl / 2)
    assert node.memory.owner_heard("web") == ("server2", pytest.approx(100.0 + TIMERS.ttl / 2))
