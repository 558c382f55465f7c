# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When another node that owns a hierarchy was last heard of: by its renewals, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import NodeState
from tests.support.ownership_memory import PEER, WEB, Node, beat

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


@pytest.mark.parametrize("record", [WEB, replace(WEB, owner="")])
def test_where_no_other_node_is_named_there_is_none_to_hear(record):
    node = Node()
    node.read(100.0, web=(7, record), server2=(4, PEER))
    assert node.memory.owner_heard("web") is None


def test_nothing_is_known_before_the_first_reading():
    assert Node().memory.owner_heard("web") is None
