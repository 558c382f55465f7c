# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of an agent that was removed is closed by its own machine alone, before another one begins."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import retiring
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.retiring import close_record
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings, write
from ansible_collections.standby.iis.plugins.module_utils.agent.store.interface import Conflict
from ansible_collections.standby.iis.plugins.module_utils.agent.store.opening import open_directory
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import fencing
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import CutPower, Write
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import (
    NODES,
    HierarchyRecord,
    NodeRecord,
    NodeState,
    decode_node,
    encode,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import (
    Membership,
    Own,
    Rules,
    Seen,
    Snapshot,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from ansible_collections.standby.iis.plugins.module_utils.node import Node

KEY = f"{NODES}server1"
ALIVE = NodeRecord("server1", 7, "i", beat=12, owned={"Shop": 4}, machine="m")


@pytest.fixture
def witness(tmp_path):
    """A directory, and what puts a record there."""
    store = open_directory(str(tmp_path))
    return store, lambda text: store.put(KEY, 0, text)


def close(store, machine="m"):
    return close_record(store, "server1", lambda: machine)


def there(store):
    return decode_node(store.get(KEY).value, "server1")


def test_a_record_that_says_alive_is_closed_and_nothing_else_of_it_changes(witness):
    store, put = witness
    put(encode(ALIVE))
    assert close(store) == "incarnation 7 of server1, whose agent is no more, has left"
    assert there(store) == replace(ALIVE, state=NodeState.LEFT)
    assert close(store) == retiring.NOTHING


def test_a_fence_that_nobody_made_sure_of_is_closed_and_a_confirmed_one_stays(witness):
    store, put = witness
    put(encode(replace(ALIVE, state=NodeState.FENCED, by="server2")))
    close(store)
    assert (there(store).state, there(store).by) == (NodeState.LEFT, "")
    sure = replace(ALIVE, state=NodeState.FENCED, by="server2", confirmed=True)
    store.put(KEY, store.get(KEY).version, encode(sure))
    assert close(store) == retiring.NOTHING
    assert there(store) == sure


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (encode(replace(ALIVE, machine="other")), "another machine wrote it"),
        ('{"format": 2}', "has format 2"),
        ("torn", "damaged or foreign"),
    ],
)
def test_what_is_not_its_own_is_left_as_it_is(witness, text, told):
    store, put = witness
    put(text)
    assert told in close(store)
    assert store.get(KEY).value == text


def test_a_witness_without_a_record_is_not_written_to_and_no_machine_is_asked(witness):
    store, _put = witness
    assert close_record(store, "server1", lambda: pytest.fail("asked")) == retiring.NOTHING
    assert store.list("") == {}


def test_an_agent_that_renews_meanwhile_wins(witness):
    store, put = witness
    put(encode(ALIVE))

    def renews():
        store.put(KEY, store.get(KEY).version, encode(replace(ALIVE, beat=13)))
        return "m"

    with pytest.raises(Conflict):
        close_record(store, "server1", renews)
    assert there(store).state is NodeState.ALIVE


@pytest.fixture
def home(tmp_path):
    folder, shared = tmp_path / "home", tmp_path / "witness"
    folder.mkdir()
    shared.mkdir()
    told = Settings("server1", "web", str(shared), addresses={"server1": ("10.0.0.1",)})
    (folder / "agent.json").write_text(write(told))
    open_directory(str(shared)).put(KEY, 0, encode(ALIVE))
    return Home(str(folder))


def opened(name, _home, _seconds) -> Node:
    return Node(name, None, None)


def test_the_command_leaves_what_came_of_it_in_the_home(home, monkeypatch, capsys):
    monkeypatch.setattr(retiring, "machine_of", lambda _node, _home: "m")
    assert retiring.retire(home, opened) == 0
    found = json.loads(home.retired_file.read_text())
    assert found == {"told": "incarnation 7 of server1, whose agent is no more, has left", "problem": ""}
    assert found["told"] in capsys.readouterr().out
    with home.alone():
        assert retiring.retire(home, opened) == 1
    assert "another agent runs" in json.loads(home.retired_file.read_text())["problem"]


@pytest.mark.parametrize("closed", [False, True])
def test_agents_that_are_installed_again_cut_no_power_where_the_record_was_closed(witness, closed):
    """What this is for: server2 has begun, and server1, which had a disk, begins more than a ttl later."""
    store, put = witness
    put(encode(ALIVE))
    if closed:
        close(store)
    rules = Rules("Shop", ("server1", "server2"), exclusive=True)
    timing = timers("lan")
    snapshot = Snapshot(
        timing.ttl + 1.0,
        "server2",
        "j",
        timing,
        Membership(("server1", "server2"), (rules,), fences=frozenset({"server1"})),
        ("server1",),
        Own(3, until=1e9),
        True,
        nodes={"server1": Seen(store.get(KEY).version, there(store), 0.0)},
        hierarchies={"Shop": Seen(1, HierarchyRecord("Shop", "server1", 7, 4), 0.0)},
    )
    done = list(fencing.fence_the_lost(snapshot))
    assert bool(done) is not closed
    for write_ in done:  # and once that is done, its power
        assert isinstance(write_, Write)
        fenced = replace(snapshot, nodes={"server1": Seen(9, write_.record, 0.0)})
        assert [type(one) for one in fencing.fence_the_lost(fenced)] == [CutPower]
