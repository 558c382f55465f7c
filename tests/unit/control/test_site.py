# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from ansible_collections.standby.iis.plugins.module_utils.control.fleet import Fleet
from ansible_collections.standby.iis.plugins.module_utils.control.info import sites_of
from ansible_collections.standby.iis.plugins.module_utils.control.site import (
    SiteRequest,
    ensure_site,
    remove_site,
)
from ansible_collections.standby.iis.plugins.module_utils.control.store import read_cluster, write_cluster
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import (
    Check,
    Cluster,
    Intent,
    Ip,
    Volume,
    VolumeKind,
)
from tests.support.iis_bench import config
from tests.support.iis_nodes import Loop, Server, fleet_of

NODES = ("server1", "server2", "server3")
SHOP = (
    '<site name="Shop &amp; Co" id="3" serverAutoStart="true"><application path="/" applicationPool="Shop">'
    '<virtualDirectory path="/" physicalPath="E:\\shop" userName="EX\\reader" password="directory-secret" />'
    '</application><application path="/api"><virtualDirectory path="/" physicalPath="E:\\api" />'
    "</application>"
    '<bindings><binding protocol="http" bindingInformation="127.91.7.50:8080:" />'
    '<binding protocol="net.tcp" bindingInformation="808:*" /></bindings></site>'
)
POOLS = (
    '<add name="DefaultAppPool" /><add name="Shop" managedRuntimeVersion=""><processModel '
    'identityType="SpecificUser" userName="EX\\shop" password="pool-secret" /></add>'
)
OTHER = (
    '<site name="Other" id="3" serverAutoStart="false"><application path="/"><virtualDirectory path="/" '
    'physicalPath="C:\\o" /></application><bindings /></site>'
)
REQUEST = SiteRequest("Shop & Co", NODES)
CLUSTER = Cluster(
    "web", NODES, (Ip("127.91.7.50", 24, NODES),), (Volume("E:\\", VolumeKind.SHARED, NODES, "disk"),)
)


class Lab:
    """Three servers; the first has the shop."""

    def __init__(self, folder: Path) -> None:
        self.loop = Loop()
        configs = [config(SHOP, POOLS), config(OTHER), config()]
        self.servers = [
            Server(name, folder / name, data, self.loop, localized=name == "server2")
            for name, data in zip(NODES, configs, strict=True)
        ]
        self.fleet = fleet_of(self.servers)

    def declare(self, cluster: Cluster = CLUSTER) -> None:
        write_cluster(self.fleet, read_cluster(self.fleet), cluster)
        self.forget()

    def forget(self) -> None:
        for server in self.servers:
            server.ran.clear()

    def changed(self) -> dict[str, list[str]]:
        return {server.name: server.changed() for server in self.servers if server.changed()}

    def everything(self) -> str:
        return str(
            [
                (server.config, server.registry, server.iis.state.sites, server.iis.state.pools)
                for server in self.servers
            ]
        )

    def close(self) -> None:
        self.fleet.close()
        for server in self.servers:
            server.stop()
        self.loop.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    one = Lab(tmp_path)
    yield one
    one.close()


@pytest.fixture
def fleet(lab: Lab) -> Fleet:
    return lab.fleet


def states(fleet: Fleet) -> dict[str, tuple[str, int]]:
    return {one["node"]: (one["state"], one["id"]) for one in sites_of(fleet, REQUEST.name)}


def test_a_site_is_protected_with_twins_at_rest_on_every_other_node(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    outcome = ensure_site(fleet, REQUEST, check=False)
    assert outcome.changed
    assert states(fleet) == {"server1": ("Started", 3), "server2": ("Stopped", 4), "server3": ("Stopped", 3)}
    cluster = read_cluster(fleet)
    assert cluster is not None
    (site,) = cluster.sites
    assert (site.ips, site.volumes, site.pools) == (("127.91.7.50",), ("E:\\",), ("Shop", "DefaultAppPool"))
    assert site.checks[0].url == "http://127.91.7.50:8080/"
    for server in lab.servers:
        assert 'name="Shop &amp; Co"' in server.config
        assert 'serverAutoStart="true"' not in server.config
        assert 'password="pool-secret"' in server.config
    assert lab.changed()["server1"] == [
        "set site /site.name:Shop & Co /serverAutoStart:false",
        "set registry",
    ]


def test_a_second_run_changes_nothing(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.forget()
    before = lab.everything()
    outcome = ensure_site(fleet, REQUEST, check=False)
    assert (outcome.changed, lab.changed(), outcome.before) == (False, {}, outcome.after)
    assert lab.everything() == before


def test_check_mode_changes_nothing_and_predicts_what_the_run_does(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    before = lab.everything()
    predicted = ensure_site(fleet, REQUEST, check=True)
    assert lab.everything() == before
    assert lab.changed() == {}
    done = ensure_site(fleet, REQUEST, check=False)
    assert predicted == done
    assert ensure_site(fleet, REQUEST, check=True).before == done.after


def test_no_secret_is_in_what_is_said_returned_or_put_on_a_command_line(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    outcome = ensure_site(fleet, REQUEST, check=False)
    lab.servers[0].ran.append("")
    said = repr(outcome) + "".join(line for server in lab.servers for line in server.ran)
    assert "secret" not in said
    assert "(not shown)" in said


@pytest.mark.parametrize(
    ("cluster", "missing"),
    [
        (Cluster("web", NODES, (), CLUSTER.volumes), ["ip resource 127.91.7.50"]),
        (Cluster("web", NODES, CLUSTER.ips, ()), ["volume resource E:\\"]),
        (None, ["volume resource E:\\"]),
    ],
)
def test_a_missing_resource_is_refused_by_name_and_nothing_is_touched(
    lab: Lab, fleet: Fleet, cluster: Cluster | None, missing: list[str]
) -> None:
    if cluster:
        lab.declare(cluster)
    with pytest.raises(StandbyError) as failure:
        ensure_site(fleet, REQUEST, check=False)
    for name in (*missing, "server1", "Shop & Co"):
        assert name in str(failure.value)
    assert lab.changed() == {}


def test_an_unknown_site_is_refused_with_the_names_there_are(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    with pytest.raises(StandbyError) as failure:
        ensure_site(fleet, SiteRequest("shop & co", NODES), check=False)
    assert '"Shop & Co"' in str(failure.value)
    assert "Other" not in str(failure.value)


def test_resources_on_other_nodes_than_the_site_are_refused(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    with pytest.raises(StandbyError, match="same nodes"):
        ensure_site(fleet, SiteRequest(REQUEST.name, NODES[:2]), check=False)
    assert lab.changed() == {}


def test_a_twin_that_drifted_is_brought_back(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    drifted = lab.servers[1]
    drifted.edit("E:\\api", "E:\\old")
    lab.servers[2].edit("pool-secret", "older-secret")
    lab.forget()
    outcome = ensure_site(fleet, REQUEST, check=False)
    assert outcome.changed
    assert set(lab.changed()) == {"server2", "server3"}
    assert states(fleet)["server2"] == ("Stopped", 4)
    assert "E:\\old" not in drifted.config
    assert "older-secret" not in lab.servers[2].config
    assert not ensure_site(fleet, REQUEST, check=True).changed


def test_after_a_move_the_original_is_where_the_site_runs(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.servers[0].run(["appcmd", "stop", "site", "/site.name:Shop & Co"])
    lab.servers[1].run(["appcmd", "start", "site", "/site.name:Shop & Co"])
    lab.forget()
    outcome = ensure_site(fleet, REQUEST, check=False)
    assert (outcome.changed, outcome.data["source"]) == (False, "server2")


def test_a_site_that_idles_on_a_backup_is_stopped_there_and_not_where_its_address_is(
    lab: Lab, fleet: Fleet
) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.servers[1].run(["appcmd", "start", "site", "/site.name:Shop & Co"])
    lab.servers[1].addresses.append("127.91.7.50")
    lab.forget()
    ensure_site(fleet, REQUEST, check=False)
    assert {node: state for node, (state, _rest) in states(fleet).items()} == {
        "server1": "Stopped",
        "server2": "Started",
        "server3": "Stopped",
    }


def test_a_site_that_serves_on_two_nodes_is_refused(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.servers[1].run(["appcmd", "start", "site", "/site.name:Shop & Co"])
    for server in lab.servers[:2]:
        server.addresses.append("127.91.7.50")
    with pytest.raises(StandbyError, match="server1 and server2"):
        ensure_site(fleet, REQUEST, check=False)


def test_a_node_that_does_not_answer_is_named_and_nothing_is_touched(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    lab.servers[2].reachable = False
    with pytest.raises(StandbyError, match="server3"):
        ensure_site(fleet, REQUEST, check=False)
    assert lab.changed() == {}


def test_a_failure_on_one_backup_leaves_what_the_next_run_finishes(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    broken = lab.servers[1]
    honest = broken.run

    def run(argv: Any, stdin: bytes = b"", **rest: Any) -> Any:
        if argv[1:3] == ["add", "site"]:
            raise StandbyError("the disk is full", node="server2")
        return honest(argv, stdin, **rest)

    broken.run = run  # type: ignore[method-assign]
    with pytest.raises(StandbyError, match="disk is full"):
        ensure_site(fleet, REQUEST, check=False)
    assert read_cluster(fleet) == CLUSTER
    broken.run = honest  # type: ignore[method-assign]
    assert ensure_site(fleet, REQUEST, check=False).changed
    assert not ensure_site(fleet, REQUEST, check=True).changed


def test_given_checks_are_kept_instead_of_derived_ones(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    own = Check("http://127.91.7.50:8080/health", status=(204,))
    ensure_site(fleet, SiteRequest(REQUEST.name, NODES, (own,)), check=False)
    cluster = read_cluster(fleet)
    assert cluster is not None
    assert cluster.sites[0].checks == (own,)


def test_two_hundred_bindings_make_a_twin_of_two_hundred_bindings(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    first = '<binding protocol="net.tcp" bindingInformation="808:*" />'
    many = (
        f'<binding protocol="http" bindingInformation="127.91.7.50:8080:h{n}.example" />' for n in range(200)
    )
    lab.servers[0].edit(first, first + "".join(many))
    ensure_site(fleet, REQUEST, check=False)
    for server in lab.servers:
        assert server.config.count("example") == 200
    assert not ensure_site(fleet, REQUEST, check=True).changed


@pytest.mark.parametrize(
    "name", ['Say "hi"', "100%PATH%", "a^b|c>d", "Магазин", "🛒 商店", "n" * 200, "it's"]
)
def test_names_of_any_kind_are_protected_and_left(lab: Lab, fleet: Fleet, name: str) -> None:
    lab.declare()
    lab.servers[0].edit('"Shop &amp; Co"', quoteattr(name, {'"': "&quot;"}))
    ensure_site(fleet, SiteRequest(name, NODES), check=False)
    assert {one["node"] for one in sites_of(fleet, name) if one["protected"]} == set(NODES)
    assert not ensure_site(fleet, SiteRequest(name, NODES), check=True).changed
    assert remove_site(fleet, name, delete_twins=True, check=False).changed
    assert [one["node"] for one in sites_of(fleet, name)] == ["server1"]


def test_ending_the_protection_leaves_the_site_serving_and_starting_by_itself(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.forget()
    predicted = remove_site(fleet, REQUEST.name, delete_twins=False, check=True)
    assert lab.changed() == {}
    done = remove_site(fleet, REQUEST.name, delete_twins=False, check=False)
    assert predicted == done
    assert states(fleet)["server1"][0] == "Started"
    assert 'serverAutoStart="true"' in lab.servers[0].config
    assert states(fleet)["server2"] == ("Stopped", 4)
    assert read_cluster(fleet) == CLUSTER
    assert not remove_site(fleet, REQUEST.name, delete_twins=False, check=False).changed


def test_twins_are_deleted_only_where_the_site_does_not_run(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    remove_site(fleet, REQUEST.name, delete_twins=True, check=False)
    assert set(states(fleet)) == {"server1"}
    assert 'name="Shop"' in lab.servers[1].config  # pools may serve others


def test_a_site_that_runs_nowhere_is_kept_once(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.servers[0].run(["appcmd", "stop", "site", "/site.name:Shop & Co"])
    remove_site(fleet, REQUEST.name, delete_twins=True, check=False)
    assert set(states(fleet)) == {"server1"}


def test_a_node_that_is_gone_does_not_keep_a_site_protected(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    lab.servers[2].reachable = False
    outcome = remove_site(fleet, REQUEST.name, delete_twins=True, check=False)
    assert "server3" in str(outcome.data["notes"])
    lab.servers[2].reachable = True
    assert set(states(fleet)) == {"server1", "server3"}


def test_what_was_asked_of_a_hierarchy_stays_with_what_remains_of_it(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    ensure_site(fleet, REQUEST, check=False)
    cluster = read_cluster(fleet)
    assert cluster is not None
    asked = Intent(REQUEST.name, "server2", "moved by hand", "2026-01-01T00:00:00Z")
    lab.declare(Cluster(cluster.name, cluster.nodes, cluster.ips, cluster.volumes, cluster.sites, (asked,)))
    remove_site(fleet, REQUEST.name, delete_twins=False, check=False)
    after = read_cluster(fleet)
    assert after is not None
    assert {(intent.hierarchy, intent.owner) for intent in after.intents} == {
        ("ip 127.91.7.50", "server2"),
        ("volume E:\\", "server2"),
    }


def test_sites_are_listed_with_what_they_depend_on(lab: Lab, fleet: Fleet) -> None:
    lab.declare()
    found = {(one["node"], one["name"]): one for one in sites_of(fleet)}
    shop = found["server1", "Shop & Co"]
    assert (shop["ips"], shop["volumes"], shop["protected"]) == (["127.91.7.50"], ["E:\\"], False)
    assert shop["other_bindings"] == ["net.tcp 808:*"]
    assert found["server2", "Other"]["obstacles"][0]["reason"] == "no_supported_binding"
    assert sites_of(fleet, "Nowhere") == []
