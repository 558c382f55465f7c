# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protecting a site that is kept warm: what is started, what is refused, and the way back to cold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.declared import site_request
from ansible_collections.standby.iis.plugins.module_utils.control.info import hierarchies_of, sites_of
from ansible_collections.standby.iis.plugins.module_utils.control.site import (
    SiteRequest,
    ensure_site,
    remove_site,
)
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_cluster, write_cluster
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Cluster,
    Ip,
    StandbyMode,
    Volume,
    VolumeKind,
)
from tests.support.iis_bench import config
from tests.support.iis_nodes import Loop, Server, fleet_of

NODES = ("server1", "server2", "server3")
ADDRESS = "127.91.7.50"
BINDING = f'<binding protocol="http" bindingInformation="{ADDRESS}:8080:" />'
SHOP = (
    '<site name="Shop" id="3" serverAutoStart="true"><application path="/" applicationPool="Shop">'
    '<virtualDirectory path="/" physicalPath="E:\\shop" /></application>'
    f"<bindings>{BINDING}</bindings></site>"
)
POOLS = '<add name="DefaultAppPool" /><add name="Shop" managedRuntimeVersion="" autoStart="false" />'
WARM = SiteRequest("Shop", NODES, standby_mode=StandbyMode.WARM)
COLD = replace(WARM, standby_mode=StandbyMode.COLD)
LOCAL = Cluster("web", NODES, (Ip(ADDRESS, 24, NODES),), (Volume("E:\\", VolumeKind.LOCAL, NODES),))
SHARED = replace(LOCAL, volumes=(Volume("E:\\", VolumeKind.SHARED, NODES, "disk"),))


@pytest.fixture
def servers(tmp_path):
    """Three; the first has the shop in service."""
    loop = Loop()
    made = [
        Server(name, tmp_path / name, data, loop)
        for name, data in zip(NODES, [config(SHOP, POOLS), config(), config()], strict=True)
    ]
    made[0].addresses.append(ADDRESS)
    yield made
    for server in made:
        server.stop()
    loop.close()


@pytest.fixture
def fleet(servers):
    with fleet_of(servers) as one:
        write_cluster(one, None, LOCAL)
        forget(servers)
        yield one


def forget(servers) -> None:
    for server in servers:
        server.ran.clear()


def changed(servers) -> dict:
    return {server.name: server.changed() for server in servers if server.changed()}


def states(fleet) -> dict:
    return {one["node"]: one["state"] for one in sites_of(fleet, "Shop")}


def switch(server, verb) -> None:
    server.run(["appcmd", verb, "site", "/site.name:Shop"])


def test_its_twins_are_started_with_their_pools_and_windows_starts_none_of_them(servers, fleet):
    outcome = ensure_site(fleet, WARM, check=False)

    assert states(fleet) == dict.fromkeys(NODES, "Started")
    assert outcome.data["standby"] == dict.fromkeys(NODES[1:], "warm: ready")
    assert outcome.data["site"]["standby_mode"] == "warm"
    for server in servers:
        assert 'serverAutoStart="true"' not in server.config
    assert changed(servers)["server2"][-2:] == [
        "start apppool /apppool.name:Shop",
        "start site /site.name:Shop",
    ]
    (found,) = hierarchies_of(fleet)
    assert (found["state"], found["owner"]) == ("in_service", "server1")
    assert found["standby"] == {name: ["warm: ready"] for name in NODES[1:]}


def test_check_mode_predicts_what_the_run_does_and_a_second_run_changes_nothing(servers, fleet):
    predicted = ensure_site(fleet, WARM, check=True)
    assert changed(servers) == {}
    done = ensure_site(fleet, WARM, check=False)
    assert predicted == done
    assert done.changed
    forget(servers)
    again = ensure_site(fleet, WARM, check=False)
    assert (again.changed, changed(servers), again.before) == (False, {}, done.after)
    assert again.data["steps"] == []


def test_one_that_was_stopped_meanwhile_is_started_again(servers, fleet):
    ensure_site(fleet, WARM, check=False)
    switch(servers[1], "stop")
    assert hierarchies_of(fleet)[0]["standby"]["server2"] == [
        "warm: not ready, because the site is not started"
    ]
    forget(servers)
    outcome = ensure_site(fleet, WARM, check=False)
    assert changed(servers) == {"server2": ["start site /site.name:Shop"]}
    assert outcome.data["steps"] == [
        "start the site on server2, without its addresses, and keep it warm there"
    ]


def test_a_twin_that_drifted_is_made_anew_and_started_again(servers, fleet):
    ensure_site(fleet, WARM, check=False)
    servers[1].edit("E:\\shop", "E:\\old")
    assert ensure_site(fleet, WARM, check=False).changed
    assert "E:\\old" not in servers[1].config
    assert states(fleet) == dict.fromkeys(NODES, "Started")
    assert not ensure_site(fleet, WARM, check=True).changed


def test_back_to_cold_its_twins_are_stopped_before_the_definition_says_so(servers, fleet):
    ensure_site(fleet, WARM, check=False)
    forget(servers)
    assert ensure_site(fleet, COLD, check=False).changed
    assert changed(servers)["server2"] == ["stop site /site.name:Shop", "set registry"]
    assert states(fleet) == {"server1": "Started", "server2": "Stopped", "server3": "Stopped"}
    assert not ensure_site(fleet, COLD, check=False).changed


def test_content_on_a_shared_volume_leaves_it_cold_and_says_so(servers, fleet):
    write_cluster(fleet, read_cluster(fleet), SHARED)
    outcome = ensure_site(fleet, WARM, check=False)
    assert states(fleet)["server2"] == "Stopped"
    assert "which server2 has only while it serves" in outcome.data["standby"]["server2"]
    assert not ensure_site(fleet, WARM, check=False).changed


@pytest.mark.parametrize("stray", ["net.tcp 808:*", "http 127.0.0.1:80:"])
def test_one_that_would_be_reached_without_its_addresses_is_refused_by_that_binding(servers, fleet, stray):
    protocol, _space, information = stray.partition(" ")
    more = f'<binding protocol="{protocol}" bindingInformation="{information}" />'
    servers[0].edit(BINDING, BINDING + more)
    with pytest.raises(StandbyError, match="cannot be kept warm") as refused:
        ensure_site(fleet, WARM, check=False)
    assert stray in refused.value.problem
    assert (refused.value.node, refused.value.resource) == ("server1", 'site "Shop"')
    assert changed(servers) == {}
    assert ensure_site(fleet, COLD, check=False).changed


def test_an_ftp_site_is_refused(servers, fleet):
    servers[0].edit('protocol="http"', 'protocol="ftp"')
    with pytest.raises(StandbyError, match="sockets of its own"):
        ensure_site(fleet, WARM, check=False)


def test_no_longer_protected_it_is_stopped_where_it_does_not_serve(servers, fleet):
    ensure_site(fleet, WARM, check=False)
    predicted = remove_site(fleet, "Shop", False, check=True)
    done = remove_site(fleet, "Shop", False, check=False)
    assert predicted.after == done.after
    assert "it goes on serving on server1" in done.message
    assert states(fleet) == {"server1": "Started", "server2": "Stopped", "server3": "Stopped"}
    assert ['serverAutoStart="true"' in server.config for server in servers] == [True, False, False]
    assert read_cluster(fleet).sites == ()


def test_its_twins_are_deleted_on_demand(servers, fleet):
    ensure_site(fleet, WARM, check=False)
    remove_site(fleet, "Shop", True, check=False)
    assert states(fleet) == {"server1": "Started"}


def test_the_option_has_two_values_and_cold_is_the_default():
    params = {"name": "Shop", "nodes": None, "checks": None}
    with pytest.raises(ValueError, match="hot"):
        site_request({**params, "standby_mode": "hot"}, NODES)
    assert site_request({**params, "standby_mode": "warm"}, NODES).standby_mode is StandbyMode.WARM
    assert SiteRequest("Shop", NODES).standby_mode is StandbyMode.COLD


def test_what_would_load_the_application_only_with_the_first_request_is_named(servers, fleet):
    assert ensure_site(fleet, WARM, check=True).data["standby_notes"] == [
        "startMode of application pool 'Shop' is not AlwaysRunning",
        "idleTimeout of application pool 'Shop' is not 00:00:00",
        "preloadEnabled of application / is not true",
    ]
    assert ensure_site(fleet, COLD, check=True).data["standby_notes"] == []
    servers[0].edit(
        'managedRuntimeVersion="" autoStart="false" />',
        'managedRuntimeVersion="" startMode="AlwaysRunning"><processModel idleTimeout="00:00:00" /></add>',
    )
    servers[0].edit('<application path="/"', '<application path="/" preloadEnabled="true"')
    assert ensure_site(fleet, WARM, check=True).data["standby_notes"] == []


@pytest.mark.parametrize(
    ("first", "then", "clause"),
    [(COLD, WARM, "leave it cold"), (WARM, COLD, "start it on its backups again")],
)
def test_agents_go_on_by_the_former_mode_until_they_begin_again(fleet, first, then, clause):
    ensure_site(fleet, first, check=False)
    assert (
        f"agents, where they run, {clause}" in ensure_site(fleet, then, check=True).data["standby_notes"][-1]
    )
    ensure_site(fleet, then, check=False)
    assert not any("agents" in one for one in ensure_site(fleet, then, check=True).data["standby_notes"])


def test_a_pool_that_another_warm_site_idles_in_is_brought_up_to_date(servers, fleet):
    """One that serves there keeps its pool from being replaced."""
    second = SHOP.replace('"Shop" id="3"', '"Wiki" id="4"').replace(":8080:", ":8080:wiki.example.com")
    servers[0].edit(SHOP, SHOP + second)
    for name in ("Shop", "Wiki"):
        ensure_site(fleet, replace(WARM, name=name), check=False)
    servers[0].edit('managedRuntimeVersion=""', 'managedRuntimeVersion="v4.0"')
    assert ensure_site(fleet, WARM, check=False).changed
    ensure_site(fleet, replace(WARM, name="Wiki"), check=False)
    assert 'managedRuntimeVersion=""' not in servers[1].config
    (found,) = hierarchies_of(fleet)
    assert found["standby"]["server2"] == ['site "Shop" warm: ready', 'site "Wiki" warm: ready']
    assert not ensure_site(fleet, WARM, check=True).changed
