# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's way to its own machine, from a real process of a node down to its classes and programs."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[3] / "plugins" / "module_utils"
_READER = r"""
sys.path.insert(0, f"{ROOT}/C/standby.zip")
from standby.agent.local import local_node
from standby.windows.address import read_addresses
from standby.windows.environment import read_machine
from standby.windows.iis import read_configuration

os.makedirs(f"{ROOT}/C/ProgramData/standby.iis", exist_ok=True)
node = local_node("server1", "C:\\ProgramData\\standby.iis")
while True:
    tell(
        "seen",
        [
            read_machine(node).computer_name,
            sorted({found.address for found in read_addresses(node)}),
            [site.name for site in read_configuration(node).sites],
        ],
    )
    time.sleep(0.02)
"""


@pytest.fixture
def reader(lab, program):
    pytest.importorskip("ansible_collections.standby.iis.plugins.module_utils.agent.local")
    archive = lab.state.node("server1") / "drives" / "C" / "standby.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in PLUGINS.rglob("*.*"):
            if file.suffix in (".py", ".ps1"):
                packed.write(file, Path("standby") / file.relative_to(PLUGINS))
    return program(_READER, name="reader")


def now(reader):
    for _rest in range(2):
        (reader._drive / "reader.seen").unlink(missing_ok=True)
        reader.told("seen")
    return reader.told("seen")


def test_an_agent_sees_its_own_machine(lab, reader):
    name, addresses, sites = now(reader)
    assert name == "SERVER1"
    assert addresses == ["127.0.0.1", lab.topology.node("server1").address]
    assert "LIBRARY" in sites


def test_an_agent_outlives_the_death_and_the_sleep_of_its_bridge(lab, reader):
    now(reader)
    pid = reader.pid
    lab.fault("server1", "bridge", action="kill")
    assert now(reader)[0] == "SERVER1"
    lab.fault("server1", "bridge", action="hang")
    time.sleep(0.5)
    (reader._drive / "reader.seen").unlink(missing_ok=True)
    time.sleep(0.5)
    assert not reader.has_told("seen")
    lab.fault("server1", "bridge", action="resume")
    assert now(reader)[0] == "SERVER1"
    assert reader.pid == pid
