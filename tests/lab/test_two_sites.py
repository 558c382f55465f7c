# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes in two subnets and a real name server, without agents: nslookup and curl follow every move."""

from __future__ import annotations

import json
import time

import pytest

from playbooks import Played, play
from tests.support.name_servers import KEY, ZONE, name_servers
from tests.support.two_sites import TwoSites, topology

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def sites(make_shared_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two-sites")
    with name_servers(folder / "bind") as (servers, secret):
        made = TwoSites(make_shared_lab(topology(folder)), servers, secret)
        configured = run(made, "configure")
        assert configured.code == 0, configured.text
        assert secret not in configured.text
        yield made


def run(sites: TwoSites, name: str, *arguments: str, **variables: object) -> Played:
    given = ("-e", json.dumps(variables), *arguments)
    return play(sites.lab.state.folder, f"standby.iis.{name}", *given, inventory=sites.inventory)


def module(sites: TwoSites, module_name: str, *arguments: str, **options: object) -> Played:
    file = sites.lab.state.folder / "one.yml"
    tasks = [{"name": "One", f"standby.iis.{module_name}": options}]
    file.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return play(sites.lab.state.folder, str(file), "-vvv", *arguments, inventory=sites.inventory)


def test_names_stand_for_the_address_of_the_node_that_serves(sites):
    for name in ("shop", "wiki"):
        assert sites.looked_up(name) == sites.looked_up(name, 1) == sites.near(name)
        assert sites.fetched(name) == "server1"

    checked = run(sites, "switchover", "--check", hierarchy="shop", to="server2")
    assert (checked.code, checked.changed) == (0, 1), checked.text
    assert f"have dns shop.{ZONE} A say {sites.far('shop')}" in checked.text
    assert sites.looked_up("shop") == sites.near("shop")

    moved = run(sites, "switchover", hierarchy="shop", to="server2")
    assert (moved.code, moved.changed) == (0, 1), moved.text
    assert sites.looked_up("shop") == sites.looked_up("shop", 1) == sites.far("shop")
    assert sites.fetched("shop") == "server2"
    assert sites.fetched("wiki") == "server1"
    assert run(sites, "switchover", hierarchy="shop", to="server2").changed == 0

    shown = run(sites, "status")
    assert f"dns shop.{ZONE} A is to say {sites.far('shop')}" in shown.text
    assert f"{sites.servers[1].name}: {sites.far('shop')}" in shown.text

    back = run(sites, "switchback")
    assert (back.code, back.changed) == (0, 1), back.text
    assert sites.looked_up("shop") == sites.near("shop")
    assert sites.fetched("shop") == "server1"


def test_a_second_configuration_changes_nothing(sites):
    again = run(sites, "configure")
    assert (again.code, again.changed) == (0, 0), again.text
    checked = run(sites, "configure", "--check")
    assert (checked.code, checked.changed) == (0, 0), checked.text


def test_twins_differ_in_their_bindings_on_purpose(sites):
    shown = run(sites, "parity").task("Show it")
    assert "shop: server2 beside server1" in shown
    assert "bindings" not in shown


def test_a_name_server_that_is_down_is_told_and_the_move_goes_on(sites):
    sites.servers[1].stop()
    moved = run(sites, "switchover", hierarchy="wiki", to="server2")
    assert (moved.code, moved.changed) == (0, 1), moved.text
    assert f"the server {sites.servers[1].name}: no answer" in moved.text
    assert sites.fetched("wiki") == "server2"

    sites.servers[1].start()
    end = time.monotonic() + 30
    while sites.looked_up("wiki", 1) != sites.far("wiki"):
        assert time.monotonic() < end
        time.sleep(0.2)
    sites.servers[0].stop()
    failed = run(sites, "switchover", hierarchy="wiki", to="server1")
    assert failed.code != 0
    assert "is in service on server1, where clients do not find it by its name" in failed.text
    assert "run the same again" in failed.text

    sites.servers[0].start()
    again = run(sites, "switchover", hierarchy="wiki", to="server1")
    assert (again.code, again.changed) == (0, 1), again.text
    assert sites.looked_up("wiki") == sites.near("wiki")


def test_bad_records_are_refused_with_what_to_do(sites):
    key = {"name": KEY, "secret": "bm90IHRoaXMgb25l"}
    good = {"name": f"x.{ZONE}", "zone": ZONE, "ip": sites.near("shop"), "servers": [sites.servers[0].name]}
    for change, told in (
        ({"ip": "10.9.9.9"}, "is no ip resource"),
        ({"name": "x.other.example"}, "does not lie in the zone"),
        ({"servers": ["ns.example"]}, "is not an IP address"),
        ({"ttl": 0}, "has a ttl of 0 s"),
        ({"type": "AAAA"}, "is of type A by its address"),
        ({}, "REFUSED"),
        ({"key": KEY, "dns_keys": [key]}, "BADSIG"),
        ({"key": "other", "dns_keys": [key]}, "is not known here"),
    ):
        refused = module(sites, "dns", **{**good, **change})
        assert refused.code != 0, (change, refused.text)
        assert told in refused.text, (change, refused.text)
        assert key["secret"] not in refused.text.split("TASK [One]")[-1].replace("no_log", "")
    assert sites.servers[0].addresses(f"x.{ZONE}") == []


def test_an_address_that_a_record_names_stays(sites):
    refused = module(sites, "ip", address=sites.near("shop"), state="absent")
    assert refused.code != 0


def test_a_whole_site_goes_and_comes_back_with_a_report(sites, tmp_path):
    asked = {"lost": ["server1"], "first": ["wiki"], "result_file": str(tmp_path / "report.json")}
    dry = run(sites, "disaster_recovery", "--check", **asked)
    assert dry.code == 0, dry.text
    said = dry.task("Say what is to be done, in this order")
    assert said.index('"wiki"') < said.index('"shop"')
    assert json.loads((tmp_path / "report.json").read_text())["dry_run"]
    assert sites.fetched("shop") == sites.fetched("wiki") == "server1"

    gone = run(sites, "disaster_recovery", **asked)
    assert gone.code == 0, gone.text
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(one["name"], one["to"], one["moved"]) for one in report["moved"]] == [
        ("wiki", "server2", True),
        ("shop", "server2", True),
    ]
    assert all(one["records"][0]["settled"] for one in report["now"])
    for name in ("shop", "wiki"):
        assert sites.looked_up(name) == sites.looked_up(name, 1) == sites.far(name)
        assert sites.fetched(name) == "server2"
    assert run(sites, "disaster_recovery", **asked).changed == 0

    back = run(sites, "disaster_recovery", **asked, back=True)
    assert back.code == 0, back.text
    for name in ("shop", "wiki"):
        assert sites.looked_up(name) == sites.near(name)
        assert sites.fetched(name) == "server1"

    refused = run(sites, "disaster_recovery", lost=["server9"])
    assert refused.code != 0
    assert "Say which nodes are lost" in refused.text


def test_a_run_after_one_that_broke_off_does_what_is_left(sites, tmp_path):
    asked = {"lost": ["server1"], "first": ["wiki"], "force": ["wiki"]}
    asked["result_file"] = str(tmp_path / "report.json")

    def moved(**more: object) -> dict[str, tuple[str, bool, bool]]:
        played = run(sites, "disaster_recovery", **asked, **more)
        report = json.loads((tmp_path / "report.json").read_text())
        assert (played.code != 0) == any(one["failed"] for one in report["moved"]), played.text
        return {one["name"]: (one["to"], one["moved"], one["failed"]) for one in report["moved"]}

    # Wiki starts nowhere, and no name server answers.
    for node in ("server1", "server2"):
        sites.lab.fault(node, "start_failure", site="wiki")
    for server in sites.servers:
        server.stop()
    assert moved() == {"wiki": ("server2", False, True), "shop": ("server2", False, True)}
    left = {one["name"]: one["state"] for one in json.loads((tmp_path / "report.json").read_text())["now"]}
    assert left == {"wiki": "partial", "shop": "in_service"}

    for node in ("server1", "server2"):
        sites.lab.clear(node, "start_failure")
    for server in sites.servers:
        server.start()
    assert moved() == {"wiki": ("server2", True, False), "shop": ("server2", True, False)}
    for name in ("shop", "wiki"):
        assert sites.looked_up(name) == sites.looked_up(name, 1) == sites.far(name)
        assert sites.fetched(name) == "server2"
    assert moved() == {}

    assert moved(back=True) == {"wiki": ("server1", True, False), "shop": ("server1", True, False)}
    assert sites.looked_up("wiki") == sites.near("wiki")
