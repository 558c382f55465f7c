# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person says that a lost node is off: written over the record that is ended, and over no other."""

from __future__ import annotations

import argparse
import itertools

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import requests
from ansible_collections.standby.iis.plugins.module_utils.agent.desk import Desk
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    NODES,
    NodeRecord,
    NodeState,
    decode_node,
    encode,
)

KEY = NODES + "server1"
LOST = NodeRecord("server1", 3, "a", state=NodeState.FENCED, by="server2")


@pytest.fixture
def store(tmp_path):
    return open_directory(str(tmp_path))


def say(store, node: str = "server1"):
    addresses = {"server1": ("10.0.0.1",), "server2": ("10.0.0.2",)}
    told = Settings("server2", "web", "C:\\witness", addresses=addresses)
    return requests._confirm_off(argparse.Namespace(node=node), None, told, Desk(store, "Ada"))


def test_a_node_that_was_fenced_counts_as_off_from_then_on(store):
    store.put(KEY, 0, encode(LOST))
    assert "server1 counts as off" in say(store).out
    assert decode_node(store.get(KEY).value, "server1").confirmed
    version = store.get(KEY).version
    assert "server1 counted as off before" in say(store).out
    assert store.get(KEY).version == version


@pytest.mark.parametrize("record", [NodeRecord("server1", 3, "a"), None], ids=["alive", "none"])
def test_one_that_may_still_serve_never_does(store, record):
    if record is not None:
        store.put(KEY, 0, encode(record))
    with pytest.raises(StandbyError, match=r"node server1: (its record is alive|the witness has no record)"):
        say(store)
    assert record is None or not decode_node(store.get(KEY).value, "server1").confirmed


def test_one_that_comes_back_at_that_moment_is_left_alone(store):
    store.put(KEY, 0, encode(LOST))
    read = store.get

    def get(key):
        found = read(key)
        if next(times) == 0:
            store.put(KEY, found.version, encode(NodeRecord("server1", 4, "b")))
        return found

    times = itertools.count()
    store.get = get
    with pytest.raises(StandbyError, match="its record is alive"):
        say(store)
    assert decode_node(read(KEY).value, "server1") == NodeRecord("server1", 4, "b")


@pytest.mark.parametrize(
    ("node", "what"), [("server2", "this very node"), ("server9", "no node of this cluster")]
)
def test_a_name_that_cannot_be_meant_is_refused(store, node, what):
    with pytest.raises(StandbyError, match=f"{node} is {what}. Name one of server1"):
        say(store, node)
