# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switchovers over the wire: two lab nodes, real sessions, real listeners, and what goes wrong on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control import perform
from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import (
    MoveFailed,
    put_in_service,
    take_out_of_service,
)
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of
from ansible_collections.standby.iis.plugins.module_utils.control.ip import IpRequest, ensure_ip, remove_ip
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.control.volume import VolumeRequest, ensure_volume
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action
from ansible_collections.standby.iis.plugins.module_utils.windows.service import stop_service
from ansible_collections.standby.iis.plugins.module_utils.wsman.options import Connection
from lab.prober import Prober, Target

NODES = ("server1", "server2")
SITE = "survey.example.org"
SHARED = "600224806B1D4F1E9A0C2D3E4F506172"


@dataclass
class Cluster:
    """A lab whose two nodes protect one site on one address."""

    lab: object

    @property
    def address(self) -> str:
        return self.lab.address("1.195")

    @property
    def url(self) -> str:
        return f"http://{self.address}:8080/"

    def fleet(self) -> Fleet:
        def connection(name: str, host: str) -> Connection:
            return Connection(
                name,
                self.lab.address(host),
                username="Administrator",
                password=self.lab.password,
                ca_cert=str(self.lab.state.ca),
                operation_timeout=2,
                read_timeout=4,
            )

        return Fleet([connection("server1", "0.11"), connection("server2", "0.12")])

    def configure(self) -> list[Outcome]:
        check = Check(self.url, timeout=2.0)
        with self.fleet() as fleet:
            return [
                ensure_ip(fleet, IpRequest(f"{self.address}/16", None, NODES), False),
                ensure_volume(fleet, VolumeRequest("E:", "local", NODES), False),
                ensure_volume(fleet, VolumeRequest("F:", "shared", NODES, SHARED), False),
                ensure_site(fleet, SiteRequest(SITE, NODES, (check,)), False),
            ]

    def put(self, to: str | None, check: bool = False, name: str = SITE) -> Outcome:
        with self.fleet() as fleet:
            return put_in_service(fleet, name, to, check)

    def status(self, name: str = SITE) -> dict:
        with self.fleet() as fleet:
            return hierarchies_of(fleet, name)[0]

    def owner(self) -> tuple[str | None, str]:
        seen = self.status()
        return seen["owner"], seen["state"]


@pytest.fixture(scope="module")
def cluster(lab) -> Cluster:
    made = Cluster(lab)
    assert all(outcome.changed for outcome in made.configure())
    return made


@pytest.fixture
def home(cluster) -> Iterator[Cluster]:
    """The cluster with its site in service on server1; faults of server2 end with the test."""
    cluster.put("server1")
    yield cluster
    for fault in ("start_failure", "status", "stall"):
        cluster.lab.clear("server2", fault)


@pytest.fixture
def own(make_lab) -> Cluster:
    """A lab that a test may break."""
    made = Cluster(make_lab())
    made.configure()
    made.put("server1")
    return made


@pytest.fixture
def during(monkeypatch) -> Iterator[Callable[[Action, Callable[[], None]], None]]:
    """Have something happen just before the first step of a kind is carried out."""

    def arrange(action: Action, happen: Callable[[], None]) -> None:
        operation = perform._OPERATIONS[action]
        happened: list[bool] = []

        def with_event(node, step, clock):
            if not happened:
                happened.append(True)
                happen()
            operation(node, step, clock)

        monkeypatch.setitem(perform._OPERATIONS, action, with_event)

    yield arrange


def test_configuring_again_changes_nothing(cluster):
    assert [outcome.changed for outcome in cluster.configure()] == [False] * 4


def test_a_site_moves_there_and_back_under_load_with_a_short_outage_and_never_twice(home):
    prober = Prober([Target(SITE, home.url)], rate_hz=50, timeout=0.5)
    prober.start()
    time.sleep(0.3)
    moves = [home.put("server2"), home.put("primary")]
    time.sleep(0.3)
    (seen,) = prober.stop().targets

    assert [move.data["owner"] for move in moves] == ["server2", "server1"]
    assert len(seen.gaps) == 2
    assert seen.longest < 2.0
    assert seen.overlaps == ()
    assert set(seen.answers) == {"SERVER1", "SERVER2"}
    assert home.owner() == ("server1", "in_service")


def test_a_second_run_changes_nothing_and_check_mode_tells_the_truth(home):
    assert not home.put("server1").changed
    predicted = home.put("server2", check=True)
    assert home.owner() == ("server1", "in_service")
    done = home.put("server2")
    assert predicted.data["plan"] == done.data["plan"]
    assert (predicted.before, predicted.after) == (done.before, done.after)


def test_a_shared_disk_moves_and_no_write_is_ever_made_to_it_from_two_nodes(cluster):
    first = cluster.status("F:\\")["owner"]
    other = next(name for name in NODES if name != first)

    outcome = cluster.put(other, name="F:\\")

    assert [step["action"] for step in outcome.data["steps"]] == ["offline_disk", "online_disk"]
    assert cluster.status("F:\\")["owner"] == other
    assert cluster.lab.problems() == []


def test_out_of_service_is_remembered_with_its_reason_and_ended_by_the_next_call(home):
    with home.fleet() as fleet:
        take_out_of_service(fleet, SITE, False, "disk replacement")
        assert not take_out_of_service(fleet, SITE, False).changed

    seen = home.status()
    assert (seen["owner"], seen["state"]) == (None, "out_of_service")
    assert "disk replacement" in seen["reason"]
    assert home.put(None).data["owner"] == "server1"


def test_a_stopped_web_service_on_the_target_is_refused_and_the_site_goes_on_serving(own):
    with own.fleet() as fleet, fleet.lease("server2") as node:
        stop_service(node, "W3SVC", time)

    with pytest.raises(StandbyError, match="W3SVC") as refused:
        own.put("server2")

    assert refused.value.node == "server2"
    assert own.owner() == ("server1", "in_service")


def test_a_site_that_does_not_start_on_the_target_is_back_on_its_source(home):
    home.lab.fault("server2", "start_failure", site=SITE, hresult="80070020")

    with pytest.raises(MoveFailed) as failed:
        home.put("server2")

    assert f'start site "{SITE}" on server2 failed' in str(failed.value)
    assert "rolled back to server1" in str(failed.value)
    assert home.owner() == ("server1", "in_service")
    home.lab.clear("server2", "start_failure")
    assert home.put("server2").changed
    assert home.owner() == ("server2", "in_service")


def test_a_site_that_answers_wrongly_on_the_target_is_back_on_its_source(home):
    home.lab.fault("server2", "status", site=SITE, status=500)

    with pytest.raises(MoveFailed, match="deep check"):
        home.put("server2")

    assert home.owner() == ("server1", "in_service")


def test_an_address_that_a_foreign_host_answers_for_is_a_duplicate_and_rolled_back(own, during):
    during(Action.ADD_ADDRESS, lambda: own.lab.alien(own.address))
    own.lab.expected = True  # the foreign host and a node hold the address at once; that is the fault

    with pytest.raises(MoveFailed) as failed:
        own.put("server2")

    assert "another host answers for this address" in str(failed.value)
    seen = own.status()
    assert seen["members"][1]["seen"]["server2"] == "absent"
    own.lab.alien(own.address, there=False)
    assert own.put("server2").changed


def test_a_target_that_loses_power_after_it_got_the_address_is_not_doubled_until_it_is_back(own, during):
    during(Action.START_SITE, lambda: own.lab.power_off("server2"))

    with pytest.raises(MoveFailed) as failed:
        own.put("server2")

    assert "server2 no longer answers" in str(failed.value)
    assert own.status()["state"] == "unknown"
    with pytest.raises(StandbyError, match="may have hierarchy"):
        own.put("server1")
    own.lab.power_on("server2")
    assert own.put("server1").changed
    assert own.owner() == ("server1", "in_service")


def test_a_source_that_reboots_in_the_middle_leaves_a_state_the_next_run_understands(own, during):
    during(Action.REMOVE_ADDRESS, lambda: own.lab.power_off("server1"))

    with pytest.raises(MoveFailed) as failed:
        own.put("server2")

    assert "server1" in str(failed.value)
    own.lab.power_on("server1")
    seen = own.status()
    assert seen["state"] == "out_of_service"
    assert "moved from server1 to server2" in seen["reason"]
    own.put("server2")
    assert own.owner() == ("server2", "in_service")


def test_an_answer_that_never_comes_is_looked_for_and_the_move_goes_on(home):
    home.lab.fault("server2", "stall", method="Create", resource="MSFT_NetIPAddress", performed="true")

    assert home.put("server2").changed
    assert home.owner() == ("server2", "in_service")


def test_winrm_that_stops_answering_in_the_middle_leaves_the_address_to_nobody_else(own, during):
    during(Action.WAIT_ADDRESS, lambda: own.lab.fault("server2", "stall"))

    with pytest.raises(MoveFailed) as failed:
        own.put("server2")

    assert "server2 no longer answers" in str(failed.value)
    own.lab.clear("server2", "stall")
    assert own.status()["state"] == "partial"
    own.put("server2")
    assert own.owner() == ("server2", "in_service")


def test_a_restarted_owner_gets_its_hierarchy_back_by_one_call(own):
    own.lab.reboot("server1")

    seen = own.status()
    assert seen["state"] == "out_of_service"
    assert f"ip {own.address} is absent" in seen["reason"]
    own.put(None)
    assert own.owner() == ("server1", "in_service")


def test_a_lost_source_is_named_with_what_to_do(own):
    own.lab.power_off("server1")

    with pytest.raises(StandbyError) as refused:
        own.put("server2")

    assert refused.value.node == "server1"
    assert "restart" in str(refused.value.remedy)


def test_a_lost_backup_is_healed_with_the_next_change(own):
    own.lab.power_off("server2")
    with own.fleet() as fleet:
        outcome = take_out_of_service(fleet, SITE, False, "night")
    assert any("server2" in note for note in outcome.data["notes"])
    own.lab.power_on("server2")

    assert any("server2" in note for note in own.status()["notes"])
    own.put("server1")
    assert own.status()["notes"] == []


def test_an_address_that_a_site_needs_cannot_be_removed(cluster):
    with cluster.fleet() as fleet, pytest.raises(StandbyError, match=SITE):
        remove_ip(fleet, cluster.address, False)
