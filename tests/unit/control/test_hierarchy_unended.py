# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switchover that meets a call without an end: what may still come up is never up twice."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import MoveFailed
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of
from ansible_collections.standby.iis.plugins.module_utils.errors import (
    CimError,
    OutcomeUnknown,
    StandbyError,
)
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER
from tests.support.hierarchy_moves import START, held, put, whole

ONLINE = "bring the disk of volume F:\\ online on server2"
ADD = "add ip 10.0.0.50/24 to server2"
TIMED_OUT = 0x80338029


@pytest.fixture
def world(monkeypatch):
    one = ControlWorld(monkeypatch)
    one.store(CLUSTER)
    return one


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("no answer"), CimError("time ran out", wsman_code=TIMED_OUT)]
)
@pytest.mark.parametrize("sentence", [ONLINE, ADD])
def test_what_may_still_come_up_on_the_target_keeps_the_source_down_and_the_message_says_so(
    world, sentence, error
):
    world.up("server1")
    world.fail = {sentence: error}

    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")

    assert world.servers["server1"].held == set()
    message = str(failed.value)
    assert f"{sentence} did not end and may still take effect" in message
    assert "Nothing was brought up on server1 again" in message
    assert "Put hierarchy Shop in service on server2, which is safe at any time" in failed.value.remedy
    assert "server2 was restarted" in failed.value.remedy
    with world.fleet() as fleet:
        assert sentence in hierarchies_of(fleet, "Shop")[0]["reason"] + world.stored().intents[0].reason
    world.fail = {}
    assert put(world, "server2").data["owner"] == "server2"
    assert world.twice == set()


@pytest.mark.parametrize("sentence", [ONLINE, ADD])
def test_what_came_up_on_the_target_without_an_answer_is_taken_down_before_the_source_serves(world, sentence):
    world.up("server1")
    world.fail_after = {sentence: OutcomeUnknown("no answer")}

    with pytest.raises(MoveFailed, match="rolled back to server1"):
        put(world, "server2")

    assert held(world) == whole("server1")
    assert world.twice == set()


def test_a_site_that_may_still_start_on_the_target_keeps_nobody_out_of_service(world):
    world.up("server1")
    world.fail = {START: OutcomeUnknown("no answer")}

    with pytest.raises(MoveFailed, match="rolled back to server1") as failed:
        put(world, "server2")

    assert held(world) == whole("server1")
    assert f"it may still take effect: {START}" in str(failed.value)


def test_what_may_still_come_up_after_the_way_back_is_told_too(world):
    back = ONLINE.replace("server2", "server1")
    world.up("server1")
    world.fail = {START: StandbyError("no"), back: OutcomeUnknown("no answer")}

    with pytest.raises(MoveFailed) as failed:
        put(world, "server2")

    assert "Put hierarchy Shop in service on server1, which is safe" in failed.value.remedy
    assert f"it may still take effect: {back}" in str(failed.value)
