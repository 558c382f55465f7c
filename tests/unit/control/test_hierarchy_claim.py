# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs that ask for different things of one hierarchy at once: one moves it, the other is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import hierarchy, store
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import MoveFailed
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Intent
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER
from tests.support.hierarchy_moves import START, held, out, put, whole


@pytest.fixture
def world(monkeypatch):
    one = ControlWorld(monkeypatch)
    one.store(CLUSTER)
    return one


@pytest.mark.parametrize("start", ["server1", None])
def test_of_two_operators_who_looked_at_the_same_state_one_moves_and_one_is_refused(
    world, monkeypatch, start
):
    if start:
        world.up(start)
    first = ["server1", "server2"][start is not None]
    warm = hierarchy._warm

    def meanwhile(fleet, move):
        monkeypatch.setattr(hierarchy, "_warm", warm)
        put(world, "server2", reason="the other's")
        warm(fleet, move)

    monkeypatch.setattr(hierarchy, "_warm", meanwhile)
    with pytest.raises(StandbyError, match="the other's") as refused:
        put(world, first)

    assert refused.value.remedy
    assert world.twice == set()
    assert held(world) == whole("server2")
    assert (world.stored().intents[0].owner, world.stored().intents[0].moving_from) == ("server2", None)


def test_of_two_operators_who_record_at_the_same_moment_the_one_whose_record_stays_moves(world, monkeypatch):
    update = store.update_cluster
    theirs = replace(
        CLUSTER, revision=CLUSTER.revision + 1, intents=(Intent("Shop", "server2", "theirs", "now"),)
    )

    def side_by_side(fleet, change, *, again=False):
        notes = update(fleet, change, again=again)
        world.store(theirs)
        return notes

    monkeypatch.setattr(store, "update_cluster", side_by_side)
    with pytest.raises(StandbyError, match="theirs"):
        put(world, "server1")

    assert world.done == []
    assert world.stored().intents == theirs.intents


def asks(world, sentence, intent):
    """Another operator asks for something else as a step of this run is done."""
    perform = world.perform

    def perform_and_ask(step):
        perform(step)
        if step.sentence == sentence:
            stored = world.stored()
            world.store(replace(stored, revision=stored.revision + 1, intents=(intent,)))

    world.perform = perform_and_ask


THEIRS = Intent("Shop", "server1", "theirs", "now", "server1")
STOP = 'stop site "Shop" on server1'


def test_who_is_overtaken_while_things_go_down_brings_nothing_up_anywhere(world):
    world.up("server1")
    asks(world, STOP, THEIRS)

    with pytest.raises(MoveFailed, match="theirs") as failed:
        put(world, "server2")

    assert held(world) == {"server1": set(), "server2": set()}
    assert world.stored().intents == (THEIRS,)
    assert "Let the other run end" in failed.value.remedy


def test_who_is_overtaken_does_not_go_back_either(world):
    world.up("server1")
    world.fail = {"remove ip 10.0.0.50 from server1": StandbyError("no")}
    asks(world, STOP, THEIRS)

    with pytest.raises(MoveFailed, match="theirs"):
        put(world, "server2")

    assert 'site "Shop"' not in world.servers["server1"].held
    assert world.stored().intents == (THEIRS,)


def test_a_run_that_ends_leaves_the_claim_of_the_next_one_alone(world):
    world.up("server1")
    asks(world, START, THEIRS)

    outcome = put(world, "server2")

    assert outcome.data["owner"] == "server2"
    assert world.stored().intents == (THEIRS,)
    assert any("theirs" in note for note in outcome.data["notes"])


def test_what_the_nodes_show_after_the_claim_decides(world, monkeypatch):
    world.up("server1")
    claim = hierarchy.claim

    def claim_and_change(*arguments, **more):
        mine = claim(*arguments, **more)
        world.servers["server2"].sites = {"Wiki"}
        world.servers["server1"].addresses.discard("10.0.0.51")
        return mine

    monkeypatch.setattr(hierarchy, "claim", claim_and_change)
    outcome = put(world, "server2")

    assert "remove ip 10.0.0.51 from server1" not in world.done
    assert 'start site "Wiki" on server2' not in world.done
    assert outcome.data["plan"] == world.done
    assert held(world) == whole("server2")


def test_an_obstacle_that_shows_after_the_claim_touches_nothing_and_takes_the_claim_back(world, monkeypatch):
    before = Intent("Shop", "server1", "asked", "now")
    world.store(replace(CLUSTER, intents=(before,)))
    world.up("server1")
    claim = hierarchy.claim

    def claim_and_break(*arguments, **more):
        mine = claim(*arguments, **more)
        world.facts_of["server2"] = replace(world.servers["server2"].facts(), services={})
        return mine

    monkeypatch.setattr(hierarchy, "claim", claim_and_break)
    with pytest.raises(StandbyError, match="W3SVC"):
        put(world, "server2")

    assert world.done == []
    assert world.stored().intents == (before,)


def test_taking_out_of_service_is_claimed_like_a_move(world, monkeypatch):
    world.up("server1")
    during = []
    perform = world.perform
    monkeypatch.setattr(
        world, "perform", lambda step: (during.append(world.stored().intents[0]), perform(step))
    )
    out(world, reason="patch day")

    assert {(one.owner, one.moving_from, one.reason) for one in during} == {(None, "server1", "patch day")}
    assert (world.stored().intents[0].owner, world.stored().intents[0].moving_from) == (None, None)


def test_taking_out_of_service_is_refused_where_a_move_was_begun_after_the_look(world, monkeypatch):
    world.up("server1")
    warm = hierarchy._warm

    def meanwhile(fleet, move):
        monkeypatch.setattr(hierarchy, "_warm", warm)
        put(world, "server2", reason="the other's")

    monkeypatch.setattr(hierarchy, "_warm", meanwhile)
    with pytest.raises(StandbyError, match="the other's"):
        out(world)

    assert held(world) == whole("server2")


def test_staying_where_it_is_while_a_move_away_is_recorded_is_claimed_against_it(world):
    world.store(replace(CLUSTER, intents=(Intent("Shop", "server2", "theirs", "now", "server1"),)))
    world.up("server1")

    assert put(world, "server1", check=True).changed
    assert put(world, "server1").changed

    assert world.done == []
    assert (world.stored().intents[0].owner, world.stored().intents[0].moving_from) == ("server1", None)
    assert not put(world, "server1").changed


@pytest.mark.parametrize("to", ["server1", "server2", None])
@pytest.mark.parametrize("check", [False, True])
def test_while_a_run_is_at_it_every_other_one_is_refused_at_every_step(world, to, check):
    world.up("server1")
    refused = []
    perform = world.perform

    def perform_beside_another(step):
        with pytest.raises(StandbyError, match="has not ended") as told:
            put(world, to, check) if to else out(world, check)
        refused.append(told.value)
        perform(step)

    world.perform = perform_beside_another
    put(world, "server2", reason="patch day")

    assert len(refused) > 5
    assert len(refused) == len(world.done) == len(set(world.done))
    assert all("patch day" in str(one) and "resume" in one.remedy for one in refused)
    assert held(world) == whole("server2")
    assert not world.stored().intents[0].running


def test_a_run_that_was_killed_keeps_others_away_until_one_is_told_to_resume(world):
    world.up("server2")
    killed = Intent("Shop", "server2", "patch day", "now", "server1", running=True)
    world.store(replace(CLUSTER, revision=CLUSTER.revision + 1, intents=(killed,)))

    with pytest.raises(StandbyError, match="patch day"):
        put(world, "server2")
    assert world.stored().intents == (killed,)
    with world.fleet() as fleet:
        hierarchy.put_in_service(fleet, "Shop", "server2", False, resume=True)

    assert not world.stored().intents[0].running
    put(world, "server1")


@pytest.mark.parametrize("failure", [StandbyError("no"), KeyError("nobody foresaw it"), KeyboardInterrupt()])
def test_a_run_that_fails_says_that_it_ended(world, failure):
    world.up("server1")
    world.fail = {START: failure}

    with pytest.raises((StandbyError, KeyboardInterrupt)):
        put(world, "server2")

    assert not world.stored().intents[0].running
