# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transitions of the machine that are too rare for the simulation to be sure of."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import ROLES, Purpose, Role
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.explain import standing_of
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.machine import (
    AFTER_ROLE,
    AFTER_STANDING,
)
from tests.support.ownership_memory import OWN, Node, write_of
from tests.support.ownership_snapshots import TIMERS, decided, down, free, owned, request


def role_of(found):
    return ROLES[found.verdict().reason]


def test_what_was_released_for_a_node_that_does_not_take_it_is_claimed_again():
    handing = decided(local={"web": down()}, records={"web": owned(successor="server2")})
    waited = free(successor="server2", age=TIMERS.handover)
    again = decided(local={"web": down()}, records={"web": waited})

    assert (role_of(handing), role_of(again)) == (Role.FALLING, Role.CLAIMING)
    assert Role.CLAIMING.value in AFTER_ROLE[Role.FALLING.value]


@pytest.mark.parametrize(
    ("after", "role"),
    [
        (free(successor="server2", age=TIMERS.handover), Role.CLAIMING),
        (free(successor="server2"), Role.WAITING),
        (owned("server2"), Role.WATCHING),
    ],
)
def test_what_was_to_stay_is_released_all_the_same_where_a_release_without_an_answer_takes_effect(
    after, role
):
    stays = owned(request=request(target="server1"))
    staying = decided(local={"web": down()}, records={"web": stays}, unsure=frozenset({"web"}))
    released = decided(local={"web": down()}, records={"web": after})

    assert (role_of(staying), role_of(released)) == (Role.RISING, role)
    assert role.value in AFTER_ROLE[Role.RISING.value]


def test_a_claim_without_an_answer_that_took_effect_is_not_started_under_a_write_that_is_on_its_way():
    waiting = decided("server2", records={"web": free()})
    late = owned("server2")
    claimed = decided(
        "server2", records={"web": late}, local={"web": down()}, busy=frozenset({"hierarchies/web"})
    )

    assert (role_of(waiting), role_of(claimed)) == (Role.WAITING, Role.FALLING)
    assert Role.FALLING.value in AFTER_ROLE[Role.WAITING.value]


def test_a_claim_without_an_answer_takes_effect_while_the_record_was_watched_again():
    # A listing that lags shows the former owner again, before the claim is read back.
    watching = decided("server2", records={"web": owned("server1")})
    late = decided("server2", records={"web": owned("server2")}, local={"web": down()})

    assert (role_of(watching), role_of(late)) == (Role.WATCHING, Role.RISING)
    assert Role.RISING.value in AFTER_ROLE[Role.WATCHING.value]


def test_an_incarnation_that_took_too_long_to_join_has_lapsed_when_it_is_there():
    node = Node()
    node.join(at=100.0)
    node.memory._lease.end("server2 has fenced it")
    assert standing_of(node.look(101.0)) == "ended"

    late = write_of(Purpose.JOIN, OWN, 10)
    node.memory.writing(late, 101.0)
    node.memory.written(late, 101.0, 101.0 + TIMERS.lease, 11)

    assert standing_of(node.look(101.0 + TIMERS.lease)) == "lapsed"
    assert "lapsed" in AFTER_STANDING["ended"]
