# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers as the role takes them: the password goes to a file alone, and each is asked at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from playbooks import Played, play
from tests.support.agent_lab import PYTHON, SITE, AgentLab
from tests.support.server_process import need
from tests.support.sushy_emulator import PASSWORD, USER, Emulator, missing
from tests.support.witnesses import PATH as WITNESS

pytestmark = [pytest.mark.alone, pytest.mark.faults]
NODES = ("server1", "server2")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory) -> Iterator[Emulator]:
    need(missing())
    made = Emulator(tmp_path_factory.mktemp("controllers"), NODES, pytest.fail)
    yield made
    made.end()


@pytest.fixture(scope="module")
def of(make_shared_lab) -> AgentLab:
    lab = make_shared_lab()
    lab.expected = True
    made = AgentLab(lab)
    made.declare()
    made.cluster.put(SITE, "server1")
    return made


def monitor(of: AgentLab, emulator: Emulator, *arguments: str, **more: object) -> Played:
    fence = {"provider": "redfish", "url": emulator.url, "user": USER, "password": PASSWORD}
    fences = {
        name: {**fence, "system": emulator.system(name), "ca_file": str(emulator.authority), **more}
        for name in NODES
    }
    variables = {
        "monitor_cluster": "web",
        "monitor_directory": WITNESS,
        "monitor_interpreter": PYTHON,
        "monitor_fences": fences,
    }
    told = ("-vvv", "-e", json.dumps(variables), *arguments)
    return play(of.lab.state.folder, "standby.iis.monitor", *told)


def told_to_people(played: Played) -> str:
    """The warnings of a run."""
    return "".join(line for line in played.text.splitlines(keepends=True) if "WARNING" in line)


def secrets(of: AgentLab, name: str) -> list[str]:
    return sorted(path.name for path in of.home(name).glob("fence_*"))


def test_the_life_of_controllers_in_the_settings_of_agents(of, emulator):
    # What makes no sense is refused before anything is touched, by node and option.
    refused = monitor(of, emulator, verfy=False)
    assert refused.code == 2
    assert "the fence of server1 has 'verfy', which redfish does not know" in refused.text
    assert not of.home("server1").exists()
    # Every node gets the password as a file; it stands nowhere else.
    installed = monitor(of, emulator)
    assert installed.code == 0, installed.text
    for name in NODES:
        assert len(secrets(of, name)) == 2 * len(NODES)
        assert PASSWORD not in (of.home(name) / "agent.json").read_text()
    held = {path.read_text().strip() for path in of.home("server1").glob("fence_*.password")}
    assert held == {PASSWORD}
    assert PASSWORD not in refused.text + installed.text
    assert "fence of" not in installed.text.rpartition("PLAY RECAP")[2] + told_to_people(installed)
    (shown,) = of._shown("server1")["fences"].values()
    assert (shown["provider"], shown["last"]) == ("redfish", None)
    # A second run changes nothing; one whose controllers answer nobody says so, and nothing is switched off.
    again = monitor(of, emulator)
    assert (again.code, again.changed) == (0, 0)
    emulator.pause()
    silent = monitor(of, emulator)
    emulator.resume()
    assert (silent.code, silent.changed) == (0, 0)
    assert "server1: fence of server2 (redfish)" in silent.text
    assert "server2: fence of server1 (redfish)" in silent.text
    assert {name: emulator.state(name) for name in NODES} == dict.fromkeys(NODES, "On")
    # Another password is another file, and agents are replaced.
    changed = monitor(of, emulator, password="another")
    assert (changed.code, changed.changed) == (0, 1)
    assert "refuses its user" in changed.text
    # Removed with everything else of the agents.
    gone = {"monitor_state": "absent", "monitor_cluster": "web", "monitor_directory": WITNESS}
    removed = play(of.lab.state.folder, "standby.iis.monitor", "-e", json.dumps(gone))
    assert removed.code == 0, removed.text
    assert not of.home("server1").exists()
