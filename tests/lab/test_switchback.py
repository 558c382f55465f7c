# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook switchback where a hierarchy is neither at home nor away: brought home, or said why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.hierarchy import take_out_of_service
from ansible_collections.standby.iis.plugins.module_utils.control.store import update_cluster
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.windows.iis import stop_site
from playbooks import play
from tests.support.cluster_lab import ClusterLab, node, site, write_topology

pytestmark = pytest.mark.xdist_group("switchback")

SITE = "shop.example.net"
NAMED = ("-e", f"hierarchy={SITE}")


@pytest.fixture(scope="module")
def cluster(make_shared_lab, tmp_path_factory) -> ClusterLab:
    sites = [site(SITE, 1, "127.77.1.193")]
    folder = tmp_path_factory.mktemp("switchback")
    cluster = ClusterLab(make_shared_lab(write_topology(folder, sites, [node(1, content=True), node(2)])))
    cluster.volume("E:")
    cluster.ip(193)
    cluster.protect(SITE, Check(f"http://{cluster.address(193)}:8080/", timeout=2.0))
    return cluster


@pytest.fixture(autouse=True)
def at_home(cluster) -> None:
    cluster.put(SITE, "server1")


def down(cluster, *, moving_from: str | None) -> None:
    """Out of service, as asked or because a move was struck in the middle."""
    with cluster.fleet() as fleet:
        take_out_of_service(fleet, SITE, False)
        update_cluster(
            fleet,
            lambda known: replace(
                known,
                intents=tuple(
                    replace(one, owner="server1" if moving_from else None, moving_from=moving_from)
                    for one in known.intents
                ),
            ),
        )


def switchback(cluster, *arguments: str):
    return play(cluster.lab.state.folder, "standby.iis.switchback", *arguments)


def test_what_is_partly_up_on_the_primary_is_put_in_service_there(cluster) -> None:
    with cluster.fleet() as fleet, fleet.lease("server1") as windows:
        stop_site(windows, SITE)
    played = switchback(cluster, *NAMED)
    assert (played.code, played.changed) == (0, 1), played.text
    assert cluster.status(SITE)["state"] == "in_service"
    assert switchback(cluster, *NAMED).changed == 0


def test_a_switchback_that_was_struck_while_all_was_down_is_ended_by_the_next(cluster) -> None:
    down(cluster, moving_from="server2")
    played = switchback(cluster)
    assert (played.code, played.changed) == (0, 1), played.text
    seen = cluster.status(SITE)
    assert (seen["owner"], seen["state"], seen["intent"]["moving_from"]) == ("server1", "in_service", None)


@pytest.mark.parametrize("mode", [(), ("--check",)])
def test_what_is_down_as_asked_stays_down_and_fails_where_it_is_named(cluster, mode) -> None:
    down(cluster, moving_from=None)
    played = switchback(cluster, *NAMED, *mode)
    assert played.code != 0
    assert f"{SITE}: Out of service" in played.text
    assert "put it in service with standby.iis.switchover" in played.text
    assert cluster.status(SITE)["state"] == "out_of_service"


def test_what_is_down_as_asked_is_no_failure_where_all_are_moved(cluster) -> None:
    down(cluster, moving_from=None)
    played = switchback(cluster)
    assert (played.code, played.changed) == (0, 0)
    assert f"{SITE}: Out of service" in played.text
