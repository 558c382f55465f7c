# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent's look at certificates leaves: in its status, in its log, and with those who are told."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import surroundings
from ansible_collections.standby.iis.plugins.module_utils.agent.certificate_watch import Told
from ansible_collections.standby.iis.plugins.module_utils.agent.home import Home
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.requests import _in_words
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.agent.surroundings import Surroundings
from ansible_collections.standby.iis.plugins.module_utils.control.agent_view import parse_view
from ansible_collections.standby.iis.plugins.module_utils.ha.certificate_notes import Note

NOTE = Note(
    "Shop", ("Shop", "https/x", "missing"), "the certificate AB of https/x on server1 is not in the store MY"
)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch):
    (tmp_path / "cluster.key").write_text(new_key())
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(surroundings, "status", lambda *_all: {"node": "server1"})
    told = Settings("server1", "web", "C:\\witness", addresses={"server1": ("127.0.0.1",)})
    made = Surroundings(Home(str(tmp_path)), told, 10.0, Mock(), Mock(), Mock(), {}, Mock())
    made._notifier, made._decisions = Mock(), Mock()
    yield made
    made.close()


def shown(agent: Surroundings, folder: Path) -> dict[str, object]:
    agent._journal((Mock(), Mock()), 0)
    return json.loads((folder / "status.json").read_text())["certificates"]


def events(agent: Surroundings) -> list[tuple[str, str]]:
    return [
        (call.args[0].severity.value, call.args[0].sentence) for call in agent._notifier.tell.call_args_list
    ]


def test_what_is_found_is_shown_and_told_once(agent, tmp_path: Path) -> None:
    assert shown(agent, tmp_path) == {"at": "", "notes": [], "problem": ""}
    for _each in range(2):
        agent._looked(Told("now", (NOTE,)))
    assert shown(agent, tmp_path) == {"at": "now", "notes": [NOTE.sentence], "problem": ""}
    agent._looked(Told("later"))
    assert shown(agent, tmp_path) == {"at": "later", "notes": [], "problem": ""}
    assert events(agent) == [
        ("warning", f"To be mended: {NOTE.sentence}."),
        ("info", "The certificates of the https sites on server1 are in order."),
    ]


def test_a_look_that_failed_leaves_what_was_found_before(agent, tmp_path: Path) -> None:
    agent._looked(Told("now", (NOTE,)))
    agent._looked(Told("later", problem="no PowerShell"))
    assert shown(agent, tmp_path) == {"at": "later", "notes": [NOTE.sentence], "problem": "no PowerShell"}
    agent._looked(Told("last", (NOTE,)))
    assert len(events(agent)) == 1


def test_why_a_look_failed_is_said_by_the_status() -> None:
    here = {
        "certificates": {"at": "later", "notes": [NOTE.sentence], "problem": "no PowerShell. Install it."}
    }
    document = {"running": True, "bound": 1, "nodes": {}, "hierarchies": {}, "here": here, "problems": []}
    document["maintenance"] = {"cluster": False, "nodes": [], "hierarchies": []}
    told = (NOTE.sentence, "they could not be looked at (later): no PowerShell. Install it")
    assert parse_view(json.dumps(document), "server1").certificates == told
    assert _in_words(document) == "".join(f"  here, certificates: {one}\n" for one in told)
    here["certificates"]["problem"] = ""
    assert parse_view(json.dumps(document), "server1").certificates == told[:1]
