# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm standby over the wire: moves that start nothing, and Windows where it is not as believed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import (
    MoveFailed,
    put_in_service,
    take_out_of_service,
)
from ansible_collections.standby.iis.plugins.module_utils.control.outcome import Outcome
from ansible_collections.standby.iis.plugins.module_utils.control.site import SiteRequest, ensure_site
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check, StandbyMode
from lab.prober import Prober, Report, Target
from playbooks import play
from tests.support.cluster_lab import ClusterLab

pytestmark = pytest.mark.long
SITE, LAST, NODES = "survey.example.org", 195, ("server1", "server2")


@dataclass
class Warm:
    """A lab whose two nodes protect one site on one address, and keep it warm."""

    cluster: ClusterLab

    @property
    def lab(self):
        return self.cluster.lab

    @property
    def url(self) -> str:
        return f"http://{self.cluster.address(LAST)}:8080/"

    def protect(self, mode: StandbyMode = StandbyMode.WARM, *, check: bool = False) -> Outcome:
        wanted = SiteRequest(SITE, NODES, (Check(self.url, timeout=2.0),), standby_mode=mode)
        with self.cluster.fleet() as fleet:
            return ensure_site(fleet, wanted, check)

    def put(self, to: str, *, check: bool = False) -> Outcome:
        with self.cluster.fleet() as fleet:
            return put_in_service(fleet, SITE, to, check)

    def seen(self) -> dict[str, str]:
        """What there is of the site on each node."""
        members = self.cluster.status(SITE)["members"]
        return next(one["seen"] for one in members if one["kind"] == "site")

    def owner(self) -> tuple[str | None, str]:
        found = self.cluster.status(SITE)
        return found["owner"], found["state"]

    def watched(self, to: str) -> tuple[Outcome, Report]:
        """Move it while clients ask."""
        prober = Prober([Target(SITE, self.url)], rate_hz=50, timeout=1.0)
        prober.start()
        time.sleep(0.3)
        try:
            outcome = self.put(to)
        finally:
            time.sleep(0.3)
            report = prober.stop()
        assert report.targets[0].overlaps == ()
        return outcome, report


@pytest.fixture(scope="module")
def warm(lab) -> Warm:
    made = Warm(ClusterLab(lab))
    made.cluster.ip(LAST, 16)
    made.cluster.volume("E:")
    predicted = made.protect(check=True)
    assert predicted == made.protect()
    return made


@pytest.fixture
def home(warm) -> Iterator[Warm]:
    """In service on server1, warm on server2."""
    for name in NODES:
        for fault in ("deaf", "status", "start_failure"):
            warm.lab.clear(name, fault)
    warm.put("server1")
    warm.protect()
    return warm


def actions(outcome: Outcome) -> list[str]:
    return [step["action"] for step in outcome.data["steps"]]


def test_declared_again_nothing_changes_and_the_backup_is_ready(home):
    assert not home.protect().changed
    assert home.cluster.status(SITE)["standby"] == {"server2": ["warm: ready"]}
    assert home.seen() == {"server1": "started", "server2": "started, warm"}
    assert home.owner() == ("server1", "in_service")


def test_a_move_there_and_back_stops_and_starts_no_site(home):
    predicted = home.put("server2", check=True)
    there, report = home.watched("server2")
    back = home.put("server1")

    assert predicted.data["plan"] == there.data["plan"]
    expected = ["remove_address", "add_address", "wait_address", "wake_site", "verify"]
    assert actions(there) == actions(back) == expected
    assert set(report.targets[0].answers) == {"SERVER1", "SERVER2"}
    assert home.seen() == {"server1": "started", "server2": "started, warm"}
    assert not home.put("server1").changed
    assert home.lab.problems() == []


def test_where_windows_does_not_serve_on_an_address_that_comes_later_the_site_is_started_again(home):
    home.lab.fault("server2", "deaf")

    outcome, report = home.watched("server2")

    assert actions(outcome)[-2:] == ["wake_site", "verify"]
    assert report.targets[0].answers["SERVER2"]
    assert home.owner() == ("server2", "in_service")


def test_where_that_fails_it_is_back_and_answers_on_its_source(home):
    home.lab.fault("server1", "deaf")
    home.lab.fault("server2", "status", site=SITE, status=500)

    with pytest.raises(MoveFailed, match="deep check") as failed:
        home.put("server2")

    assert "rolled back to server1" in str(failed.value)
    assert home.owner() == ("server1", "in_service")
    home.put("server1")  # its deep check is made
    prober = Prober([Target(SITE, home.url)])
    prober.start()
    time.sleep(0.3)
    assert set(prober.stop().targets[0].answers) == {"SERVER1"}


def test_a_backup_that_was_restarted_takes_over_as_a_cold_one_and_is_warm_after_the_next_run(home):
    home.lab.reboot("server2")
    home.lab.wait_ready("server2")
    assert home.cluster.status(SITE)["standby"] == {
        "server2": ["warm: not ready, because the site is not started"]
    }
    assert "start_site" in actions(home.put("server2"))
    home.put("server1")
    assert home.seen()["server2"] == "started, warm"


def test_out_of_service_nobody_reaches_it_although_it_is_started_on_both(home):
    with home.cluster.fleet() as fleet:
        take_out_of_service(fleet, SITE, False, "disk replacement")

    found = home.cluster.status(SITE)
    assert (found["owner"], found["state"]) == (None, "out_of_service")
    assert "disk replacement" in found["reason"]
    assert home.seen() == dict.fromkeys(NODES, "started, warm")
    prober = Prober([Target(SITE, home.url)])
    prober.start()
    time.sleep(0.3)
    assert not prober.stop().targets[0].answers


def test_back_to_cold_it_is_stopped_on_the_backup_and_serves_on(home):
    assert home.protect(StandbyMode.COLD).changed
    assert not home.protect(StandbyMode.COLD).changed
    assert home.seen() == {"server1": "started", "server2": "stopped"}
    assert actions(home.put("server2"))[0] == "stop_site"


def test_by_playbooks_an_operator_sees_what_stands_by(make_lab):
    lab = make_lab()
    structure = {
        "cluster_ips": [{"address": f"{lab.address('1.195')}/16"}],
        "cluster_sites": [{"name": SITE, "standby_mode": "warm"}],
    }
    told = ("-e", json.dumps(structure))
    assert play(lab.state.folder, "standby.iis.configure", *told, "--check").code == 0
    first = play(lab.state.folder, "standby.iis.configure", *told)
    second = play(lab.state.folder, "standby.iis.configure", *told)
    assert (first.code, second.code, second.changed) == (0, 0, 0), first.text + second.text

    assert "server2 stands by: warm: ready" in play(lab.state.folder, "standby.iis.status").text

    structure["cluster_sites"][0]["standby_mode"] = "hot"
    refused = play(lab.state.folder, "standby.iis.configure", "-e", json.dumps(structure))
    assert refused.code != 0
    assert "value of standby_mode must be one of: cold, warm, got: hot" in refused.text
