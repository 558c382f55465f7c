# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site is lost, with agents on both: nothing moves before an operator says so; names follow, and back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import PureWindowsPath

import pytest

from playbooks import Played, play
from tests.support.agent_lab import PYTHON
from tests.support.name_servers import ZONE, name_servers
from tests.support.two_sites import SITES, TwoSites, topology
from tests.support.witnesses import PATH as WITNESS

pytestmark = [pytest.mark.long, pytest.mark.alone]

MONITOR = {
    "monitor_cluster": "web",
    "monitor_directory": WITNESS,
    "monitor_interpreter": PYTHON,
    "monitor_preset": "fast",
}
# Seconds: what ownership may take with that preset, and a busy machine.
PATIENCE = 180.0


@pytest.fixture(scope="module")
def sites(make_shared_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recovery")
    with name_servers(folder / "bind") as (servers, secret):
        made = TwoSites(make_shared_lab(topology(folder)), servers, secret)
        (made.lab.state.share("files") / PureWindowsPath(WITNESS).name).mkdir()
        for one, other in (("server1", "server2"), ("server2", "server1")):
            made.lab.fault(one, "link", to=other, seconds="0.05", loss="0.01")
        for name, given in (("configure", {}), ("monitor", MONITOR)):
            played = run(made, name, **given)
            assert played.code == 0, played.text
            assert secret not in played.text
        yield made


def run(sites: TwoSites, name: str, *arguments: str, **variables: object) -> Played:
    given = ("-e", json.dumps(variables), *arguments)
    return play(sites.lab.state.folder, f"standby.iis.{name}", *given, inventory=sites.inventory)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def says(sites: TwoSites, where: str) -> Callable[[], bool]:
    """Every server says the addresses of one site, and the node there answers."""
    address, node = (sites.near, "server1") if where == "near" else (sites.far, "server2")
    return lambda: all(
        sites.looked_up(name, server) == address(name) and sites.fetched(name) == node
        for name in SITES
        for server in (0, 1)
    )


def verdicts(sites: TwoSites, node: str) -> dict[str, dict[str, str]]:
    home = sites.lab.state.node(node) / "drives" / "C" / "ProgramData" / "standby.iis"
    try:
        return json.loads((home / "status.json").read_text())["hierarchies"]
    except (OSError, ValueError):
        return {}


def test_a_site_that_is_lost_waits_for_an_operator_and_its_names_follow(sites, tmp_path):
    until(says(sites, "near"))

    sites.lab.power_off("server1")
    until(
        lambda: (
            {one.get("reason") for one in verdicts(sites, "server2").values()} == {"waiting_for_confirmation"}
        )
    )
    assert sites.looked_up("shop") == sites.near("shop")
    shown = run(sites, "status")
    assert "server1 is lost, and server2 takes it only when an operator says so" in shown.text

    foreseen = run(sites, "what_if", nodes=["server2"])
    assert foreseen.code == 0, foreseen.text

    asked = {"lost": ["server1"], "first": ["wiki"], "result_file": str(tmp_path / "report.json")}
    gone = run(sites, "disaster_recovery", **asked)
    assert gone.code == 0, gone.text
    until(says(sites, "far"))
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(one["name"], one["moved"], one["failed"]) for one in report["moved"]] == [
        ("wiki", True, False),
        ("shop", True, False),
    ]

    sites.lab.power_on("server1")
    until(lambda: {one.get("reason") for one in verdicts(sites, "server1").values()} == {"elsewhere"})
    assert says(sites, "far")()
    back = run(sites, "disaster_recovery", **asked, back=True)
    assert back.code == 0, back.text
    until(says(sites, "near"))
    report = json.loads((tmp_path / "report.json").read_text())
    assert all(one["moved"] for one in report["moved"])
    assert {record["settled"] for one in report["now"] for record in one["records"]} == {True}


def test_n_plus_one_is_told_with_the_gate(sites):
    until(says(sites, "near"))
    found = run(sites, "what_if", deaths=2)
    assert found.code == 0, found.text
    assert "(confirmation)" in found.text
    assert "So says the agent of server" in found.text
    required = run(sites, "what_if", require=True)
    assert required.code != 0


def test_the_owner_puts_right_what_a_name_server_missed(sites):
    until(says(sites, "near"))
    sites.servers[1].stop()
    moved = run(sites, "switchover", hierarchy="shop", to="server2")
    assert moved.code == 0, moved.text
    assert f"dns shop.{ZONE} A" in moved.text
    until(lambda: sites.looked_up("shop") == sites.far("shop"))
    until(lambda: "no answer" in verdicts(sites, "server2")["shop"]["sentence"])
    assert verdicts(sites, "server2")["shop"]["reason"] == "in_service"
    sites.servers[1].start()
    until(lambda: "no answer" not in verdicts(sites, "server2")["shop"]["sentence"])
    assert sites.looked_up("shop", 1) == sites.far("shop")
    assert run(sites, "switchback").code == 0
    until(says(sites, "near"))
