# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real agents that look at each other's sites over the network, and tell people of what follows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.notifications import (
    Notifications,
    WebhookSettings,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import idle_interval
from tests.support.agent_lab import SITE, AgentLab
from tests.support.told import Told

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    made = Told(SITE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def of(make_shared_lab, told) -> AgentLab:
    lab = make_shared_lab()
    made = AgentLab(lab, "fast", notifications=Notifications(webhooks=(WebhookSettings(told.url),)))
    made.declare()
    made.install()
    return made


def test_a_site_that_is_well_and_not_reached_from_outside_is_given_away_and_people_are_told(of, told):
    # Nothing of server2 arrives at server1, as behind a firewall; what server1 asks of server2 is answered,
    # and all other clients are served.
    time.sleep(2 * idle_interval(of.timers))  # it has been reached before
    with of.watching():
        of.lab.fault("server1", "link", **{"from": "server2"})
        of.until(of.serves("server2"))
    of.lab.clear("server1", "link")
    why = "it serves on the owner, but is not reached from outside: server2: "
    assert why in of.record.reason
    (given,) = [one for one in told.of("server1", "handing_over") if "stopped on server1 first" not in one]
    assert why in given
    of.until(lambda: bool(told.of("server2", "in_service")))
    assert any("server2 takes it" in one for one in told.of("server2", "failover"))


def test_a_site_that_hangs_is_restarted_where_it_is_and_people_are_told(of, told):
    owner = of.owner()
    of.lab.fault(owner, "site_hang")
    of.until(lambda: bool(told.of(owner, "recovering")))
    of.lab.clear(owner, "site_hang")
    of.until(of.serves(owner))
    (first, *more) = told.of(owner, "recovering")
    assert "did not answer within 1 s" in first
    assert first.endswith("and is restarted there.")
    of.until(lambda: len(told.of(owner, "in_service")) > len(more))
