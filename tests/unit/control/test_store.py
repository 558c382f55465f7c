# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition on the nodes: the newest holds, laggards are named and healed, rivals are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import store
from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError, Unreachable
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER

OTHER = replace(CLUSTER, name="renamed")


@pytest.fixture
def world(monkeypatch):
    return ControlWorld(monkeypatch)


def test_nodes_without_a_definition_have_none(world):
    with world.fleet() as fleet:
        assert store.read(fleet) == store.Stored(None)


def test_what_is_written_is_on_every_node_with_a_higher_revision(world):
    with world.fleet() as fleet:
        assert store.write_cluster(fleet, None, CLUSTER) == []
        before = store.read_cluster(fleet)
        store.write_cluster(fleet, before, OTHER)

    assert [world.stored(name).revision for name in ("server1", "server2")] == [2, 2]
    assert world.stored("server2") == OTHER


def test_an_unchanged_definition_is_not_written(world):
    world.store(CLUSTER)
    with world.fleet() as fleet:
        store.write_cluster(fleet, store.read_cluster(fleet), replace(CLUSTER))

    assert world.changes == []


def test_a_node_that_was_away_is_named_and_gets_the_next_change(world):
    with world.fleet() as fleet:
        store.write_cluster(fleet, None, CLUSTER)
        world.servers["server2"].unreachable = "The node did not answer."
        (sentence,) = store.write_cluster(fleet, store.read_cluster(fleet), OTHER)
        world.servers["server2"].unreachable = None
        stored = store.read(fleet)
        store.write_cluster(fleet, stored.cluster, CLUSTER)

    assert "server2" in sentence
    assert stored.cluster == OTHER
    assert any("server2" in note for note in stored.notes)
    assert world.stored("server2").revision == 3


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(world):
    world.store(replace(CLUSTER, revision=3))
    with world.fleet() as fleet:
        before = store.read_cluster(fleet)
        world.store(replace(OTHER, revision=4))
        with pytest.raises(StandbyError, match="somebody else"):
            store.write_cluster(fleet, before, replace(CLUSTER, ips=()))

    assert world.stored() == OTHER


def test_a_node_that_does_not_answer_is_noted_and_the_others_are_read(world):
    world.store(CLUSTER)
    world.servers["server1"].unreachable = "The node did not answer."

    with world.fleet() as fleet:
        stored = store.read(fleet)

    assert stored.cluster == CLUSTER
    assert [name for name, _rest in stored.unread] == ["server1"]
    assert "did not answer" in stored.notes[0]


def test_no_node_at_all_raises_why(world):
    for server in world.servers.values():
        server.unreachable = "The node did not answer."

    with world.fleet() as fleet:
        with pytest.raises(Unreachable):
            store.read(fleet)
        with pytest.raises(Unreachable):
            store.write_cluster(fleet, None, CLUSTER)


def test_a_damaged_definition_on_one_node_is_refused_by_name(world):
    world.store(CLUSTER)
    world.values["server2"] = {"Definition": "{"}

    with world.fleet() as fleet, pytest.raises(BadDocument) as refused:
        store.read(fleet)

    assert refused.value.node == "server2"


def test_a_play_host_that_is_no_node_is_neither_written_nor_missed(world):
    world.servers["stranger"] = type(world.servers["server1"])("stranger", 99)
    world.values["stranger"] = {}

    with world.fleet("server1", "server2", "stranger") as fleet:
        store.write_cluster(fleet, None, CLUSTER)
        assert store.read(fleet).notes == ()

    assert world.values["stranger"] == {}


def test_an_update_starts_from_what_is_stored_now(world):
    world.store(replace(OTHER, revision=5))

    with world.fleet() as fleet:
        store.update_cluster(fleet, lambda cluster: replace(cluster, sites=()))

    assert world.stored() == replace(OTHER, sites=())
    assert world.stored().revision == 6


def test_an_update_that_somebody_was_quicker_than_is_made_again_on_top_of_his(world):
    world.store(replace(CLUSTER, revision=5))
    tries = []

    def change(cluster):
        tries.append(cluster.name)
        if len(tries) == 1:
            world.store(replace(OTHER, revision=6))
        return replace(cluster, sites=())

    with world.fleet() as fleet:
        store.update_cluster(fleet, change)

    assert tries == [CLUSTER.name, OTHER.name]
    assert world.stored() == replace(OTHER, sites=())


def test_there_is_nothing_to_update_without_a_definition(world):
    with world.fleet() as fleet, pytest.raises(StandbyError, match="no definition"):
        store.update_cluster(fleet, lambda cluster: cluster)
