# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switchover: moves, predicts, records, goes back, and says what is left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import (
    MoveFailed,
)
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of, overview
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


def test_a_switchover_moves_everything_and_says_how_long_it_took(world):
    world.up("server1")

    outcome = put(world, "server2", reason="patch day")

    assert held(world) == whole("server2")
    assert world.twice == set()
    assert outcome.changed
    assert "in service on server2" in outcome.message
    assert (outcome.data["owner_before"], outcome.data["owner"]) == ("server1", "server2")
    assert outcome.data["outage"] > 0
    assert [step["sentence"] for step in outcome.data["steps"]] == outcome.data["plan"]
    intent = world.stored("server2").intents[0]
    assert (intent.owner, intent.moving_from, intent.reason) == ("server2", None, "patch day")
    assert intent.seconds == outcome.data["outage"]


def test_a_second_run_changes_nothing(world):
    world.up("server1")
    put(world, "server2")
    world.done.clear()
    world.changes.clear()

    outcome = put(world, "server2")

    assert not outcome.changed
    assert world.done == []
    assert world.changes == []
    assert outcome.before == outcome.after


@pytest.mark.parametrize("start", ["server1", "server2", None])
def test_check_mode_touches_nothing_and_predicts_what_the_run_does(world, start):
    if start:
        world.up(start)
    before = held(world)

    predicted = put(world, "server2", check=True)

    assert held(world) == before
    assert world.changes == []
    assert world.done == []
    done = put(world, "server2")
    assert (predicted.changed, predicted.before, predicted.after) == (done.changed, done.before, done.after)
    assert predicted.data["plan"] == done.data["plan"]


def test_primary_and_nothing_at_all_choose_the_node(world):
    world.up("server2")

    assert put(world).data["owner"] == "server2"
    assert put(world, "primary").data["owner"] == "server1"
    out(world)
    assert put(world).data["owner"] == "server1"


def test_the_expected_outage_is_estimated_first_and_measured_later(world):
    world.up("server1")

    assert "estimated" in put(world, "server2", check=True).data["expected_outage_basis"]
    measured = put(world, "server2").data["outage"]
    later = put(world, "server1", check=True).data

    assert later["expected_outage"] == measured
    assert "measured" in later["expected_outage_basis"]


def test_a_hierarchy_is_moved_by_the_name_of_any_member(world):
    world.up("server1")

    assert put(world, "server2", name="10.0.0.51").data["hierarchy"] == "Shop"


def test_an_obstacle_stops_the_move_before_anything_is_touched_and_all_are_told(world):
    world.up("server1")
    sick = world.servers["server2"].facts()
    world.facts_of["server2"] = replace(sick, services={}, partitions=())

    with pytest.raises(StandbyError) as refused:
        put(world, "server2")

    assert refused.value.node == "server2"
    for said in ("W3SVC", "WAS", "volume E:\\"):
        assert said in str(refused.value)
    assert held(world) == whole("server1")
    assert world.changes == []


def test_check_mode_is_refused_for_the_same_reason_as_the_run(world):
    world.up("server1")
    world.facts_of["server2"] = replace(world.servers["server2"].facts(), services={})

    with pytest.raises(StandbyError, match="W3SVC"):
        put(world, "server2", check=True)


@pytest.mark.parametrize(
    "sentence",
    [
        'stop site "Wiki" on server1',
        "remove ip 10.0.0.51 from server1",
        "add ip 10.0.0.50/24 to server2",
        START,
        'verify site "Shop" on server2 at http://10.0.0.50/',
    ],
)
def test_a_failed_step_rolls_back_and_the_message_names_it(world, sentence):
    world.up("server1")
    world.fail = {sentence: StandbyError("it does not", node="server2", resource="thing", remedy="Try")}

    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")

    assert held(world) == whole("server1")
    assert world.twice == set()
    message = str(failed.value)
    for said in (sentence, "it does not", "rolled back to server1", "In service on server1"):
        assert said in message
    assert failed.value.remedy
    intent = world.stored().intents[0]
    assert (intent.owner, intent.moving_from) == ("server1", None)
    assert "rolled back" in intent.reason


def test_after_a_failure_the_same_call_completes_the_move(world):
    world.up("server1")
    world.fail = {START: StandbyError("no"), 'start site "Wiki" on server1': StandbyError("neither")}
    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")
    assert "the way back to server1 failed too" in str(failed.value)
    assert "neither" in str(failed.value)

    world.fail = {}
    assert put(world, "server2").changed
    assert held(world) == whole("server2")
    assert world.twice == set()


def test_a_target_that_vanishes_after_it_got_something_is_never_doubled(world):
    world.up("server1")
    world.lost_after = {"add ip 10.0.0.50/24 to server2": "server2"}

    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")

    message = str(failed.value)
    assert "server2 no longer answers" in message
    assert "Nothing was brought up on server1 again" in message
    assert world.servers["server1"].held == set()
    assert world.twice == set()


def test_a_target_that_vanishes_before_it_got_anything_lets_the_source_serve_again(world):
    world.up("server1")
    world.lost_after = {"take the disk of volume F:\\ offline on server1": "server2"}
    world.fail = {"take the disk of volume F:\\ offline on server1": StandbyError("busy")}
    world.lost_after = {"remove ip 10.0.0.51 from server1": "server2"}

    with pytest.raises(MoveFailed, match="rolled back to server1"):
        put(world, "server2")

    assert world.servers["server1"].held == whole("server1")["server1"]


def test_a_source_that_vanishes_in_the_middle_leaves_nothing_up_twice_and_says_what_is_unknown(world):
    world.up("server1")
    world.lost_after = {'stop site "Shop" on server1': "server1"}

    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")

    assert "server1 could not be read" in str(failed.value)
    assert world.servers["server2"].held == set()


def test_a_bring_up_that_fails_stays_where_it_is_and_is_told(world):
    world.fail = {START: StandbyError("no")}

    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")

    assert "Only partly in service on server2" in str(failed.value)
    assert world.servers["server1"].held == set()


def test_taking_out_of_service_leaves_nothing_up_and_keeps_the_reason(world):
    world.up("server1")

    outcome = out(world, reason="data centre moves")

    assert outcome.changed
    assert held(world) == {"server1": set(), "server2": set()}
    with world.fleet() as fleet:
        (seen,) = hierarchies_of(fleet, "Wiki")
    assert seen["state"] == "out_of_service"
    assert "data centre moves" in seen["reason"]
    assert not out(world).changed


def test_taking_out_of_service_in_check_mode_touches_nothing(world):
    world.up("server1")

    assert out(world, check=True).changed
    assert held(world) == whole("server1")
    assert world.changes == []


def test_a_lost_owner_is_not_declared_out_of_service(world):
    world.store(replace(CLUSTER, intents=(Intent("Shop", "server2", "asked", "now"),)))
    world.servers["server2"].unreachable = "The node did not answer."

    with pytest.raises(StandbyError, match="may have hierarchy"):
        out(world)
    with pytest.raises(StandbyError, match="may have hierarchy"):
        put(world, "server1")


def test_a_record_that_cannot_be_written_everywhere_does_not_stop_the_owner_from_coming_back(world):
    world.store(replace(CLUSTER, intents=(Intent("Shop", "server1", "asked", "now"),)))
    world.servers["server2"].unreachable = "The node did not answer."

    outcome = put(world)

    assert world.servers["server1"].held == whole("server1")["server1"]
    assert any("server2" in note for note in outcome.data["notes"])


def test_up_on_two_nodes_is_put_right_on_the_one_last_asked(world):
    world.store(replace(CLUSTER, intents=(Intent("Shop", "server2", "asked", "now"),)))
    world.up("server1").up("server2")

    put(world)

    assert held(world) == whole("server2")


def test_an_interrupted_record_is_put_right_without_touching_a_member(world):
    world.store(replace(CLUSTER, intents=(Intent("Shop", "server2", "asked", "now", "server1"),)))
    world.up("server2")

    outcome = put(world, "server2")

    assert outcome.changed
    assert world.done == []
    assert world.stored().intents[0].moving_from is None
    assert not put(world, "server2").changed


def test_sessions_are_open_before_the_first_step(world, monkeypatch):
    world.up("server1")
    opened_at_first_step = []
    perform = world.perform

    def watch(step):
        opened_at_first_step.append(len(world.opened))
        perform(step)

    monkeypatch.setattr(world, "perform", watch)
    put(world, "server2")

    assert set(opened_at_first_step) == {len(world.opened)}


def test_no_definition_and_an_unknown_name_say_what_to_do(world):
    with pytest.raises(StandbyError, match='"Shop"'):
        put(world, name="Shoop")
    world.values = {name: {} for name in world.values}
    with pytest.raises(StandbyError, match="configure playbook"):
        put(world)


def test_a_node_that_could_not_be_read_is_named_also_where_nothing_is_known(world):
    world.values = {name: {} for name in world.values}
    world.servers["server2"].unreachable = "The node did not answer."
    with world.fleet() as fleet:
        found = overview(fleet)
    assert found.hierarchies == []
    assert [note for note in found.notes if "server2 could not be read" in note]


def test_hierarchies_are_told_as_a_tree_with_owner_state_and_reason(world):
    world.up("server1")

    with world.fleet() as fleet:
        (seen,) = hierarchies_of(fleet)

    assert (seen["name"], seen["owner"], seen["state"], seen["primary"]) == (
        "Shop",
        "server1",
        "in_service",
        "server1",
    )
    members = {member["id"]: member for member in seen["members"]}
    assert members['site "Wiki"']["depends_on"] == ["ip 10.0.0.51", "volume E:\\"]
    assert members["volume F:\\"]["seen"] == {"server1": "online", "server2": "offline"}


def test_a_check_that_fails_on_the_way_back_leaves_the_move_rolled_back(world):
    world.up("server1")
    check = 'verify site "Shop" on server1 at http://10.0.0.50/'
    world.fail = {START: StandbyError("no"), check: StandbyError("503")}

    with pytest.raises(MoveFailed, match="rolled back to server1") as failed:
        put(world, "server2")

    assert failed.value.report.rolled_back
    assert held(world) == whole("server1")
    assert world.stored().intents[0].owner == "server1"


def lagging(world, owner):
    """The record is as it should be on server1, and server2 was away when it was written."""
    world.store(replace(CLUSTER, revision=3, intents=(Intent("Shop", owner, "asked", "now"),)))
    world.store(replace(CLUSTER, revision=2), "server2")


def test_a_node_that_lags_gets_the_record_of_a_hierarchy_that_is_where_it_should_be(world):
    world.up("server1")
    lagging(world, "server1")

    put(world, "server1", check=True)
    assert world.changes == []
    put(world, "server1")

    assert world.done == []
    assert world.stored("server2").intents == world.stored("server1").intents != ()
    assert world.stored("server2").revision == world.stored("server1").revision


def test_a_node_that_lags_gets_the_record_of_a_hierarchy_that_is_out_of_service_already(world):
    lagging(world, None)

    out(world)

    assert world.stored("server2").intents == world.stored("server1").intents != ()
    assert world.stored("server2").revision == world.stored("server1").revision


def test_a_hierarchy_that_got_another_name_is_recorded_under_that_alone(world):
    world.store(replace(CLUSTER, intents=(Intent("ip 10.0.0.51", "server1", "asked", "now"),)))

    put(world, "server1")

    assert [intent.hierarchy for intent in world.stored().intents] == ["Shop"]


def test_records_of_other_hierarchies_stay(world):
    other = Intent("Intranet", "server2", "asked", "now")
    world.store(replace(CLUSTER, intents=(other,)))

    put(world, "server1")

    assert other in world.stored().intents


def test_the_last_outage_that_was_measured_outlives_what_has_none(world):
    world.up("server1")
    measured = put(world, "server2").data["outage"]

    out(world)
    put(world, "server1")

    assert world.stored().intents[0].seconds == measured
    assert put(world, "server2", check=True).data["expected_outage"] == measured


@pytest.mark.parametrize("check", [True, False])
def test_what_is_said_of_twins_is_told_and_stops_nothing(world, check):
    world.up("server1")
    world.drift = ['site "WebSite1" on server2 is not as on server1']
    outcome = put(world, "server2", check=check)
    assert (outcome.changed, outcome.data["drift"]) == (True, world.drift)
    assert held(world) == whole("server1" if check else "server2")


def test_nothing_is_said_of_twins_where_nothing_is_to_be_done(world):
    world.up("server1")
    world.drift = ["never asked"]
    assert put(world, "server1").data["drift"] == []
