# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that installs agents, on lab nodes with a site in service and clients that ask all the time."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from ansible_collections.standby.iis.plugins.module_utils.monitor.removal import Removal
from ansible_collections.standby.iis.plugins.module_utils.windows import files
from lab.machine.processes import STAND_IN
from playbooks import Played, play
from tests.support.agent_lab import HOME, PYTHON, SITE, AgentLab
from tests.support.witnesses import PATH as WITNESS

pytestmark = pytest.mark.alone

CHECK = ("--check", "--diff")


class Role:
    """The role on a lab.

    Attributes:
        of: the lab.
    """

    def __init__(self, of: AgentLab) -> None:
        self.of = of
        self.variables = {
            "monitor_cluster": "web",
            "monitor_directory": WITNESS,
            "monitor_interpreter": PYTHON,
        }

    def play(self, *arguments: str, code: int = 0, **more: object) -> Played:
        """Run it."""
        variables = json.dumps({**self.variables, **more})
        played = play(self.of.lab.state.folder, "standby.iis.monitor", "-e", variables, *arguments)
        assert played.code == code, played.text
        return played

    def keys(self) -> set[str]:
        """What the key files of the nodes hold."""
        return {(self.of.home(name) / "cluster.key").read_text() for name in self.of.cluster.nodes}

    def traces(self, name: str) -> list[str]:
        """What a node has of an agent."""
        state = self.of.lab.state.node(name)
        files = ("tasks.json", "firewall.json", "acls.json")
        kept = {file: json.loads((state / file).read_text()) for file in files}
        kept["home"] = self.of.home(name).exists()
        return [what for what, there in kept.items() if there]


def archive(folder: Path) -> dict[str, str]:
    """An archive with what stands for the interpreter in the lab, as variables of the role."""
    path = folder / "python-3.13.1-embed-amd64.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("python.exe", STAND_IN)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        "monitor_interpreter": "",
        "monitor_archive": str(path),
        "monitor_archive_checksum": checksum,
    }


class Killed(BaseException):
    """The end of the controller's process."""


def break_off(of: AgentLab) -> None:
    """A removal that is killed right before addresses are kept."""

    def killed(_found: object) -> None:
        raise Killed

    script = (Path(files.__file__).parent / "scripts" / files.SCRIPT).read_text(encoding="utf-8")
    with of.cluster.fleet() as fleet:
        removal = Removal(fleet, HOME, script)
        removal._keep_all = killed
        with pytest.raises(Killed):
            removal.apply(removal.look())


@pytest.fixture(scope="module")
def role(make_shared_lab) -> Role:
    lab = make_shared_lab()
    lab.expected = True
    of = AgentLab(lab)
    of.declare()
    of.cluster.put(SITE, "server1")
    return Role(of)


def test_the_life_of_agents_on_nodes(role, tmp_path):
    of = role.of
    newer = {"monitor_timers": {"stability": 400}, **archive(tmp_path)}
    # Check mode says all of it and does nothing.
    checked = role.play(*CHECK)
    assert "start the agent" in checked.task("Say what was done")
    assert not of.home("server1").exists()
    # The first agents take the site out of service, and bring it back.
    with of.watching():
        installed = role.play()
    owner = of.owner()
    assert sorted(map(of.reason, of.cluster.nodes)) == ["elsewhere", "in_service"]
    assert installed.changed == checked.changed == 1
    assert len(of.report.targets[0].gaps) == 1
    # A second run changes nothing, in check mode and without.
    assert role.play(*CHECK).changed == 0
    assert role.play().changed == 0
    # From here on clients see nothing of what is done.
    before = role.keys()
    with of.watching():
        rotated = role.play("-e", "monitor_rotate_key=true")
        assert rotated.changed == 1
        assert len(role.keys()) == len(before) == 1
        assert role.keys().isdisjoint(before)
        assert not any(key.strip() in rotated.text for key in before | role.keys())
        (of.home("server2") / "standby.pyz").write_bytes(b"an older program")
        assert "standby.pyz, agent.json changed" in role.play(**newer).text
    assert of.serves(owner)()
    assert not of.refused
    assert role.play(**newer).changed == 0
    # An interpreter that is none is refused before anything is touched.
    refused = role.play(monitor_interpreter="C:\\none\\python.exe", code=2)
    assert "C:\\\\none\\\\python.exe" in refused.text
    assert of.serves(owner)()
    # Without agents the site stays where it is, with an address that does not end.
    with of.watching():
        assert "keep the floating addresses" in role.play(*CHECK, monitor_state="absent").text
        role.play(monitor_state="absent")
        assert role.play(monitor_state="absent").changed == 0
    assert not of.refused
    assert of.cluster.status(SITE)["owner"] == owner
    for name in of.cluster.nodes:
        assert role.traces(name) == []
    # Installed again they are the agents of the same machines: nobody waits for a fence.
    members = of.members
    role.play(**newer)
    assert sorted(map(of.reason, of.cluster.nodes)) == ["elsewhere", "in_service"]
    for name, record in of.members.items():
        assert (record.machine, record.first) == (members[name].machine, 0)
        assert record.incarnation > members[name].incarnation
    # A removal that is killed once all agents have ended is finished by the next one.
    last = str(of.owner())
    break_off(of)
    of.until(lambda: of.owner() is None)
    told = role.play(*CHECK, monitor_state="absent").text
    assert "have in service again what an earlier removal left" in told
    role.play(monitor_state="absent")
    found = of.cluster.status(SITE)
    assert (of.owner(), found["owner"], found["state"]) == (last, last, "in_service")
    assert role.play(monitor_state="absent").changed == 0
