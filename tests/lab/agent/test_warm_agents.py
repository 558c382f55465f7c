# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real agents and a site that is kept warm: kept so, taken over, and restarted where it fails."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.ha.model import StandbyMode
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.records import RequestKind
from ansible_collections.standby.iis.plugins.module_utils.windows import iis
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.agent_lab import AgentLab

pytestmark = [pytest.mark.alone, pytest.mark.faults]
READY = "warm: ready"


class WarmAgents(AgentLab):
    """Two nodes with agents, and one site that is kept warm."""

    def declare(self) -> None:
        super().declare()
        wanted = SiteRequest(self.site, self.cluster.nodes, (self.deep_check,), standby_mode=StandbyMode.WARM)
        with self.cluster.fleet() as fleet:
            ensure_site(fleet, wanted, False)

    def standby(self, name: str) -> str:
        """How ready a node is, as its agent shows it."""
        return str(self.here(name).get("standby", ""))

    def state(self, name: str) -> str:
        """What IIS says of the site on a node."""
        node = connect(self.cluster.connection(name))
        try:
            found = iis.read_states(node).site(self.site)
        finally:
            node.close()
        return found.state if found is not None else "absent"

    def stop_site(self, name: str) -> None:
        """Stop the site, as somebody at the node would."""
        node = connect(self.cluster.connection(name))
        iis.stop_site(node, self.site)
        node.close()

    def stops(self, name: str) -> int:
        """How often the site was stopped on a node; one that crashes is not."""
        return self.lab.state.events(name).read_text().count('"iis.site_stopped"')

    def starts(self, name: str) -> int:
        """How often the site was started on a node."""
        return self.lab.state.events(name).read_text().count('"iis.site_started"')


@pytest.fixture(scope="module")
def warm_agents(make_shared_lab) -> WarmAgents:
    lab = make_shared_lab()
    lab.expected = True  # nodes that hang keep their addresses, and serve nobody: ``watching`` tells
    made = WarmAgents(lab)
    made.declare()
    made.install()
    yield made
    made.judge.judge()


@pytest.fixture
def of(warm_agents) -> WarmAgents:
    """The cluster, with the site in service on server1 and server2 ready."""
    warm_agents.settle()
    warm_agents.until(lambda: warm_agents.standby("server2") == READY)
    return warm_agents


def test_a_backup_whose_site_was_stopped_is_made_ready_again(of):
    of.stop_site("server2")
    of.until(lambda: of.state("server2") == "Started")
    of.until(lambda: of.standby("server2") == READY)
    assert of.standby("server1") == ""
    assert of.serves("server1")()


def test_what_stands_in_the_way_of_being_ready_is_shown_until_it_is_gone(of):
    of.lab.fault("server2", "start_failure")
    of.stop_site("server2")
    of.until(lambda: "warm: not ready, because the site is not started; " in of.standby("server2"))
    of.lab.clear("server2", "start_failure")
    of.until(lambda: of.standby("server2") == READY)


def test_a_switchover_there_and_back_stops_no_site(of):
    before = [of.stops(name) for name in of.cluster.nodes]
    with of.watching():
        for name in ("server2", "server1"):
            assert of.ask(RequestKind.SWITCHOVER, name).accepted
            of.until(of.serves(name))
    assert [of.stops(name) for name in of.cluster.nodes] == before
    of.until(lambda: of.standby("server2") == READY)


def test_a_dead_owner_is_replaced_and_comes_back_warm(of):
    with of.watching():
        of.lab.power_off("server1")
        of.until(of.serves("server2"))
        of.lab.power_on("server1")
        of.until(lambda: of.standby("server1") == READY)
    assert of.owner() == "server2"
    assert of.state("server1") == "Started"


def test_an_owner_that_hangs_has_its_site_started_still_and_answers_nobody(of):
    with of.watching():
        of.lab.hang("server1")
        of.until(of.serves("server2"))
        of.lab.resume("server1")
        of.until(lambda: of.standby("server1") == READY)
    assert of.owner() == "server2"


def test_without_its_witness_an_owner_stands_down_by_its_address_alone(of):
    with of.watching():
        of.lab.fault("server1", "partition")
        of.until(of.serves("server2"))
        assert of.state("server1") == "Started"
        of.lab.clear("server1", "partition")
        of.until(lambda: of.standby("server1") == READY)


@pytest.mark.parametrize("fault", ["site_crash", "site_hang"])
def test_a_site_that_fails_is_really_restarted_where_it_is(of, fault):
    starts, stops = of.starts("server1"), of.stops("server1")
    mended = of.said("server1", "is restarted there")
    with of.watching():
        of.lab.fault("server1", fault)
        of.until(lambda: of.said("server1", "is restarted there") > mended)
        of.lab.clear("server1", fault)
        of.until(lambda: of.starts("server1") > starts)
        of.until(of.serves("server1"))
    assert fault == "site_crash" or of.stops("server1") > stops


def test_where_windows_does_not_serve_on_a_late_address_the_new_owner_starts_the_site_again(of):
    of.lab.fault("server2", "deaf")
    stops = of.stops("server2")
    with of.watching():
        of.lab.power_off("server1")
        of.until(of.serves("server2"))
    assert of.stops("server2") > stops
    assert not of.said("server2", "is restarted there")
