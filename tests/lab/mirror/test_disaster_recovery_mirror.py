# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole site with an asynchronous mirror moves to another one and back, with its names and its data.

The nodes are in two subnets, with the preset for wide areas and a slow link between the two copies. A person
decides about a failover: the mirror is declared without ``takeover``.
"""

from __future__ import annotations

import json
import time
from pathlib import PureWindowsPath
from typing import Any

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.desk import Desk
from playbooks import Played, play
from tests.support.agent_lab import PYTHON
from tests.support.mirror_agents import Writer
from tests.support.mirror_lab import until as soon
from tests.support.name_servers import ZONE, name_servers
from tests.support.two_sites import SITES, TwoSites, topology
from tests.support.witnesses import PATH as WITNESS
from tests.support.witnesses import DirectoryWitness

pytestmark = [pytest.mark.long, pytest.mark.alone]

RPO = 30  # the least that Storage Replica takes
MIRROR = {"path": "R:\\", "kind": "mirror", "mirror": {"log": "L:\\", "mode": "async", "rpo": RPO}}
MONITOR = {
    "monitor_cluster": "web",
    "monitor_directory": WITNESS,
    "monitor_interpreter": PYTHON,
    "monitor_preset": "wan",
}
# Seconds: what ownership may take with that preset, and a busy machine.
PATIENCE = 300.0
BOTH = ("server1", "server2")


class Sites(TwoSites):
    """What the steps of the test ask and look at."""

    def run(self, name: str, *arguments: str, **variables: object) -> Played:
        given = ("-e", json.dumps(variables), *arguments)
        return play(self.lab.state.folder, f"standby.iis.{name}", *given, inventory=self.inventory)

    def recover(self, *arguments: str, **variables: object) -> tuple[Played, dict[str, Any]]:
        """The playbook for a site, and its report."""
        file = self.inventory / "report.json"
        file.unlink(missing_ok=True)
        asked = {"lost": ["server1"], "first": ["wiki"], "result_file": str(file)}
        played = self.run("disaster_recovery", *arguments, **(asked | variables))
        return played, json.loads(file.read_text()) if file.exists() else {}

    @property
    def current(self) -> tuple[str, ...]:
        """Who has the newest data of the shop, by the witness."""
        board = Desk(DirectoryWitness(self.lab).open(), "a test").board()
        return board.hierarchies["shop"].current or ()

    def shop(self, node: str) -> dict[str, str]:
        """What a node's agent says of the shop."""
        home = self.lab.state.node(node) / "drives" / "C" / "ProgramData" / "standby.iis"
        try:
            return json.loads((home / "status.json").read_text())["hierarchies"].get("shop", {})
        except (OSError, ValueError):
            return {}

    def are_at(self, node: str) -> bool:
        """Every name server says a node's addresses, and it answers there."""
        address = self.near if node == "server1" else self.far
        return all(
            self.looked_up(name, server) == address(name) and self.fetched(name) == node
            for name in SITES
            for server in (0, 1)
        )

    def reason(self, node: str, reason: str) -> bool:
        return self.shop(node).get("reason") == reason

    def is_back(self) -> bool:
        """server1 has joined again, and its copy is complete."""
        return self.reason("server1", "elsewhere") and self.current == BOTH


@pytest.fixture(scope="module")
def sites(make_shared_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirrored-sites")
    with name_servers(folder / "bind") as (servers, secret):
        lab = make_shared_lab(topology(folder, mirrored=True))
        made = Sites(lab, servers, secret, [MIRROR])
        (lab.state.share("files") / PureWindowsPath(WITNESS).name).mkdir()
        for one, other in (BOTH, BOTH[::-1]):
            lab.fault(one, "link", to=other, seconds="0.05", loss="0.01")
        for name, given in (("configure", {}), ("monitor", MONITOR)):
            played = made.run(name, **given)
            assert played.code == 0, played.text
        slow(made, seconds=0.4)
        until(lambda: made.are_at("server1") and made.current == BOTH)
        yield made


def until(holds) -> None:
    soon(holds, PATIENCE)


def told_of_loss(report) -> list[str]:
    """What the report says to be lost, or that it may be."""
    return [note for one in report["moved"] for note in one["notes"] if "lost" in note]


def slow(sites, **how) -> None:
    """The mirror's link, whichever way it copies."""
    for node in BOTH:
        sites.lab.clear(node, "mirror")
        sites.lab.fault(node, "mirror", action="slow", **how)


def test_a_planned_move_of_the_site_and_back_loses_nothing(sites):
    writer = Writer(sites.lab, BOTH)
    with writer.writing():
        writer.goes_on(30.0)
        dry, report = sites.recover("--check")
        assert dry.code == 0, dry.text
        assert report["dry_run"]
        assert "make server2 the source of the mirror of volume R:" in dry.text
        assert sites.are_at("server1")
        for target, back in (("server2", False), ("server1", True)):
            moved, report = sites.recover(back=back)
            assert moved.code == 0, moved.text
            assert [(one["name"], one["to"], one["moved"]) for one in report["moved"]] == [
                ("wiki", target, True),
                ("shop", target, True),
            ]
            assert not told_of_loss(report)
            assert all(record["settled"] for one in report["now"] for record in one["records"])
            until(lambda target=target: sites.are_at(target))
            writer.goes_on(30.0)
            until(lambda: sites.current == BOTH)
            again, _report = sites.recover(back=back)
            assert (again.code, again.changed) == (0, 0), again.text
    assert writer.missing("server1") == []


def test_a_lost_site_goes_when_a_person_says_so_and_loses_no_more_than_the_rpo_stated(sites):
    until(lambda: sites.are_at("server1") and sites.current == BOTH)
    writer = Writer(sites.lab, ("server1",))
    with writer.writing():
        shown = sites.run("status")
        assert f"source, within its RPO of {RPO} s" in shown.text
        writer.goes_on(30.0)
        time.sleep(2.0)
        assert sites.current == BOTH
        sites.lab.power_off("server1")
        died = time.monotonic()
    until(lambda: sites.reason("server2", "waiting_for_confirmation"))
    assert f"up to {RPO} s of what was written last on server1 are lost" in sites.shop("server2")["sentence"]
    assert sites.looked_up("shop") == sites.near("shop")

    told = f"the last {RPO} s of what was written there, its RPO, may be lost"
    dry, _report = sites.recover("--check")
    assert dry.code == 0, dry.text
    assert told in dry.text
    gone, report = sites.recover()
    assert gone.code == 0, gone.text
    assert [(one["name"], one["moved"]) for one in report["moved"]] == [("wiki", True), ("shop", True)]
    assert any(told in note for note in told_of_loss(report))
    until(lambda: sites.are_at("server2"))

    missing = writer.missing("server2")
    when = dict(zip([at for at, _line in writer.acknowledged], writer.times, strict=True))
    assert missing  # it is asynchronous: the last writes are on the lost node alone
    assert max(died - when[at] for at, _line in missing) <= RPO

    sites.lab.power_on("server1")
    later = Writer(sites.lab, BOTH)
    with later.writing():
        until(sites.is_back)
        assert sites.are_at("server2")
        back, report = sites.recover(back=True)
        assert back.code == 0, back.text
        assert not told_of_loss(report)
        until(lambda: sites.are_at("server1"))
    assert later.acknowledged
    assert later.missing("server1") == []


def test_beyond_the_rpo_the_site_stays_down_until_somebody_gives_up_what_is_newer(sites):
    until(lambda: sites.are_at("server1") and sites.current == BOTH)
    slow(sites, bytes_per_second=100)
    writer = Writer(sites.lab, ("server1",))
    with writer.writing():
        until(lambda: sites.current == ("server1",))
        shown = sites.run("status")
        assert f"source, beyond its RPO of {RPO} s" in shown.text
        sites.lab.power_off("server1")
    until(lambda: sites.reason("server2", "old_data"))

    forcing = "standby.iis.switchover -e hierarchy=shop -e to=server2 -e force=true"
    for arguments in (("--check",), ()):
        refused, report = sites.recover(*arguments)
        assert refused.code != 0
        assert forcing in refused.text
        assert [(one["name"], one["failed"]) for one in report["moved"]] == [("wiki", False), ("shop", True)]
    assert sites.fetched("wiki") == "server2"
    assert sites.reason("server2", "old_data")

    forced = sites.run("switchover", hierarchy="shop", to="server2", force=True)
    assert forced.code == 0, forced.text
    assert "is lost" in forced.text
    until(lambda: sites.are_at("server2"))
    assert f"shop.{ZONE}" in sites.run("status").text
