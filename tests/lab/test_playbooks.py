# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The five playbooks on a lab, in the order of a cluster's life; each one checked, run, and run again."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from playbooks import Played, play

if TYPE_CHECKING:
    from tests.lab.conftest import LabUnderTest

pytestmark = pytest.mark.xdist_group("playbooks")

SITES = ["shop.example.net", "LIBRARY"]
MOVE = ("-e", "hierarchy=shop.example.net", "-e", "to=server2")
CHECK = ("--check", "--diff")


class Life:
    """What was printed at each station."""

    def __init__(self, lab: LabUnderTest) -> None:
        self.state = lab.state.folder
        self.shop = f"http://{lab.address('1.193')}:8080/"
        self.structure = {
            "cluster_ips": [
                {"address": f"{lab.address('1.193')}/16", "nodes": ["server1", "server2"]},
                {"address": f"{lab.address('1.194')}/16", "nodes": ["server2", "server1"]},
            ],
            "cluster_sites": [
                {"name": "shop.example.net", "nodes": ["server1", "server2"]},
                {"name": "LIBRARY", "nodes": ["server2", "server1"]},
            ],
        }
        self.played: dict[str, Played] = {}
        self.answers: dict[str, int] = {}

    def run(self, station: str, playbook: str, *arguments: str) -> None:
        self.played[station] = play(
            self.state, f"standby.iis.{playbook}", "-e", json.dumps(self.structure), *arguments
        )
        self.answers[station] = _answer(self.shop)

    def __getitem__(self, station: str) -> Played:
        return self.played[station]


def _answer(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return answer.status
    except OSError:
        return 0


@pytest.fixture(scope="module")
def life(lab) -> Life:
    life = Life(lab)
    life.run("configure checked", "configure", *CHECK)
    life.run("configured", "configure")
    life.run("configured again", "configure")
    life.run("switchover checked", "switchover", *MOVE, *CHECK)
    life.run("switched over", "switchover", *MOVE, "-e", '{"reason": "patch day"}')
    life.run("switched over again", "switchover", *MOVE)
    life.run("status after", "status", "-e", "hierarchy=shop.example.net")
    life.run("switchback checked", "switchback", *CHECK)
    life.run("switched back", "switchback")
    life.run("switched back again", "switchback")
    life.run("remove checked", "remove", *CHECK)
    life.run("removed", "remove")
    life.run("removed again", "remove")
    return life


def test_every_playbook_ends_well(life) -> None:
    assert {station: played.code for station, played in life.played.items() if played.code} == {}


def test_a_second_run_changes_nothing(life) -> None:
    for station in ("configured", "switched over", "switched back", "removed"):
        assert life[station].changed > 0
        assert life[f"{station} again"].changed == 0


def test_check_mode_changes_nothing(life) -> None:
    assert "The cluster has no hierarchy" in life["configure checked"].text
    assert life.answers["configure checked"] == 0
    assert "from server1 to server2" not in life["configured again"].text
    assert 'stop site "shop.example.net" on server1' in life["switched over"].text
    assert 'stop site "shop.example.net" on server2' in life["switched back"].text
    assert life["removed"].changed_items[: len(SITES)] == sorted(SITES)


def test_check_mode_predicts_what_configure_then_does(life) -> None:
    declared = life["configure checked"].changed_items
    done = life["configured"].changed_items
    assert declared == done[: len(declared)]
    assert declared[-len(SITES) :] == SITES
    told = life["configure checked"].task("with what is declared now")
    assert all(site in told for site in done[len(declared) :])


@pytest.mark.parametrize("name", ["switchover", "switchback"])
def test_check_mode_prints_the_plan_that_is_then_carried_out(life, name: str) -> None:
    station = {"switchover": "switched over", "switchback": "switched back"}[name]
    planned = _steps(life[f"{name} checked"].task("which outage is expected"))
    assert planned == _steps(life[station].task("which outage is expected"))
    assert len(planned) >= 5
    assert all(step in life[station].task("how long the outage was") for step in planned)
    assert life[f"{name} checked"].changed == life[station].changed


def _steps(text: str) -> list[str]:
    lines = [line.strip().rstrip(",").strip('"') for line in text.splitlines() if line.startswith("        ")]
    return [line for line in lines if " would be " not in line]


def test_expected_and_measured_outage_are_said(life) -> None:
    assert "with an outage of about" in life["switched over"].task("which outage is expected")
    assert "with an outage of" in life["switched over"].task("how long the outage was")


def test_status_shows_tree_owner_state_and_reason(life) -> None:
    shown = life["status after"].text
    assert "shop.example.net: in service on server2 (nodes server1, server2)" in shown
    assert "In service on server2, a backup." in shown
    assert "last asked: patch day" in shown
    assert "server1 stopped, server2 started" in shown
    assert "server1 absent, server2 preferred" in shown
    assert "LIBRARY" not in shown


def test_the_site_answers_from_configuration_until_after_removal(life) -> None:
    after = list(life.answers)[list(life.answers).index("configured") :]
    assert {station: life.answers[station] for station in after if life.answers[station] != 200} == {}


def test_removal_says_what_goes_on_and_what_stays(life) -> None:
    said = life["removed"].task("what stays")
    assert "is no longer protected; it goes on serving on server1" in said
    assert "the address stays on server1 until it restarts" in said
    assert "Nothing was defined" in life["removed again"].text
