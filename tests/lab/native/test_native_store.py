# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's own store, packed as it is shipped, on the share of a witness."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[3] / "plugins" / "module_utils"
_WRITER = """
sys.path.insert(0, f"{ROOT}/C/standby.zip")
from standby.agent.store.opening import open_directory

store = open_directory(SHARE)

def turn():
    known = store.get("nodes/KEY")
    return store.put("nodes/KEY", known.version if known else 0, "value")

while True:
    try:
        tell("turn", ["done", turn(), len(store.list("nodes"))])
    except Exception as error:
        tell("turn", [type(error).__name__, str(error), 0])
    time.sleep(0.02)
"""


@pytest.fixture
def writers(lab, program):
    made = []
    for node in ("server1", "server2"):
        archive = lab.state.node(node) / "drives" / "C" / "standby.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for file in PLUGINS.rglob("*.py"):
                packed.write(file, Path("standby") / file.relative_to(PLUGINS))
        made.append(program(_WRITER.replace("KEY", node), node, "writer"))
    return made


def now(writer):
    for _rest in range(2):
        (writer._drive / f"{writer.name}.turn").unlink(missing_ok=True)
        writer.told("turn")
    return writer.told("turn")


def test_a_store_lives_on_a_witness_and_feels_its_loss(lab, writers):
    one, two = writers
    assert now(one)[0] == now(two)[0] == "done"
    assert now(one)[2] == 2
    before = now(one)[1]
    lab.fault("server1", "witness", action="cut", timeout=0.2)
    kind, said, _count = now(one)
    assert (kind, "Connection timed out" in said) == ("StoreOutage", True)
    assert now(two)[0] == "done"
    lab.clear("server1", "witness")
    assert now(one)[1] > before
    lab.fault("server2", "witness", action="full")
    kind, said, _count = now(two)
    assert (kind, "No space left" in said) == ("StoreOutage", True)
