# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks against lab nodes: each fault is seen by the check that should see it, and blamed rightly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings
from ansible_collections.standby.iis.plugins.module_utils.agent.cli import main
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.probes import ask_bounded
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_cluster
from ansible_collections.standby.iis.plugins.module_utils.control.survey import gather
from ansible_collections.standby.iis.plugins.module_utils.ha.facts import Scope
from ansible_collections.standby.iis.plugins.module_utils.ha.graph import find, hierarchies
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check, Hierarchy
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing, Finding, blocked, look
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows import address, disk, iis
from ansible_collections.standby.iis.plugins.module_utils.windows.service import start_service, stop_service
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from tests.support.cluster_lab import SHARED, ClusterLab, node, site, write_topology

SITE = "shop.example.net"
pytestmark = pytest.mark.xdist_group("health lab")


@pytest.fixture(scope="module")
def cluster(make_shared_lab, tmp_path_factory) -> ClusterLab:
    sites = [site(SITE, 1, "127.77.1.193", folder=r"F:\web")]
    nodes = [node(1, content=True), node(2)]
    made = ClusterLab(make_shared_lab(write_topology(tmp_path_factory.mktemp("health"), sites, nodes)))
    made.ip(193)
    made.volume("F:", SHARED)
    made.protect(SITE, Check(f"http://{made.address(193)}:8080/", timeout=1.0))
    return made


@pytest.fixture
def served(cluster: ClusterLab) -> ClusterLab:
    """In service on server1, whatever the test before has broken."""
    cluster.put(SITE, "server1")
    return cluster


def hierarchy(cluster: ClusterLab) -> Hierarchy:
    with cluster.fleet() as fleet:
        stored = read_cluster(fleet)
    assert stored is not None
    return find(hierarchies(stored), SITE)


def on(cluster: ClusterLab, name: str, work: Callable[[Node], object]) -> None:
    with cluster.fleet() as fleet, fleet.lease(name) as windows:
        work(windows)


def looked(cluster: ClusterLab, name: str = "server1") -> tuple[Finding, ...]:
    whole = hierarchy(cluster)
    with cluster.fleet() as fleet, fleet.lease(name) as windows:
        return look(whole, gather(windows, Scope.MOVE))


def why_blocked(cluster: ClusterLab, name: str) -> str:
    whole = hierarchy(cluster)
    with cluster.fleet() as fleet, fleet.lease(name) as windows:
        return blocked(whole, gather(windows, Scope.MOVE))


def offline(windows: Node) -> None:
    found = disk.find_disk(disk.read_disks(windows), SHARED)
    assert found is not None
    disk.take_offline(windows, found)


def test_what_is_in_service_is_well_and_neither_node_is_blocked(served: ClusterLab) -> None:
    found = looked(served)
    assert [one.sentence for one in found if not one.healthy or one.notice] == []
    assert why_blocked(served, "server1") == ""
    assert why_blocked(served, "server2") == ""
    (check,) = hierarchy(served).sites[0].checks
    assert ask_bounded(check).healthy


@pytest.mark.parametrize(
    ("broken", "failing", "words"),
    [
        (lambda windows: iis.stop_site(windows, SITE), Failing.SITE, "is stopped on server1"),
        (lambda windows: iis.stop_pool(windows, "Web"), Failing.SITE, "as rapid-fail protection leaves it"),
        (
            lambda windows: [
                address.remove_address(windows, one.address)
                for one in address.read_addresses(windows)
                if one.skip_as_source
            ],
            Failing.ADDRESS,
            "is absent on server1",
        ),
        (offline, Failing.VOLUME, "is offline on server1"),
    ],
)
def test_what_was_broken_on_the_node_is_seen_and_blamed(served: ClusterLab, broken, failing, words) -> None:
    on(served, "server1", broken)
    first = looked(served)[0]
    assert (first.healthy, first.failing) == (False, failing)
    assert words in first.sentence


def test_a_stopped_web_service_is_blamed_on_the_node_and_blocks_it(served: ClusterLab) -> None:
    on(served, "server1", lambda windows: stop_service(windows, "W3SVC", time))
    try:
        assert looked(served)[0].failing is Failing.SYSTEM
        assert "W3SVC is stopped" in why_blocked(served, "server1")
    finally:
        on(served, "server1", lambda windows: start_service(windows, "W3SVC", time))


def test_a_cable_that_is_out_is_blamed_on_the_adapter_and_blocks_a_standby(served: ClusterLab) -> None:
    for name in ("server1", "server2"):
        served.lab.fault(name, "nic", management="true")
    try:
        first = looked(served)[0]
        assert first.failing is Failing.NIC
        assert "adapter 'Ethernet'" in first.sentence
        assert "its adapter 'Ethernet' is down or not connected" in why_blocked(served, "server2")
    finally:
        for name in ("server1", "server2"):
            served.lab.clear(name, "nic")


@pytest.mark.parametrize(
    ("fault", "words"),
    [("site_hang", "did not answer within 1 s"), ("status", "answered 500")],
)
def test_what_only_a_request_shows_is_seen_by_the_deep_check_alone(
    served: ClusterLab, fault: str, words: str
) -> None:
    served.lab.fault("server1", fault, site=SITE)
    try:
        assert all(one.healthy for one in looked(served))
        verdict = ask_bounded(hierarchy(served).sites[0].checks[0])
        assert not verdict.healthy
        assert words in verdict.sentence
    finally:
        served.lab.clear("server1", fault)


# The command


@pytest.fixture
def check(served: ClusterLab, tmp_path, capsys):
    """The command ``check`` on a node: exit code, standard output, standard error."""

    def run(name: str, *more: str) -> tuple[int, str, str]:
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        told = Settings(name, "web", "witness", addresses={name: ("127.0.0.1",)})
        (home / "agent.json").write_text(settings.write(told))
        code = main(
            ["check", "--home", str(home), *more],
            Home,
            lambda node, _home, _seconds: connect(served.connection(node)),
            [],
        )
        return code, *capsys.readouterr()

    return run


def test_the_command_finds_the_owner_well_and_the_standby_ready(check) -> None:
    code, told, wrong = check("server1")
    assert (code, wrong) == (0, "")
    assert told.startswith(f"{SITE}: in service here\n")
    assert f'  well  check 1 of site "{SITE}": ' in told
    code, told, _wrong = check("server2", SITE)
    assert code == 0
    assert "not in service here\n  well  this node: nothing is in the way" in told
    assert f'check 1 of site "{SITE}"' in told


def test_the_command_names_what_fails_and_ends_with_one(check, served: ClusterLab) -> None:
    on(served, "server1", lambda windows: iis.stop_pool(windows, "Web"))
    code, told, wrong = check("server1", "--json")
    assert code == 1
    assert wrong == "2 of 8 checks fail on server1\n"
    (found,) = json.loads(told)
    failing = [line["sentence"] for line in found["lines"] if not line["healthy"]]
    assert (found["hierarchy"], found["here"], found["healthy"]) == (SITE, True, False)
    assert any("as rapid-fail protection leaves it" in one for one in failing)
    assert any("answered 503" in one for one in failing)


def test_the_command_refuses_a_name_that_is_none(check) -> None:
    code, told, wrong = check("server1", "Shop")
    assert (code, told) == (1, "")
    assert f'hierarchy "Shop": server1 has no such hierarchy. There are {SITE}.' in wrong
