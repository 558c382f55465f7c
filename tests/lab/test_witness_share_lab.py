# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that makes a folder on a file server the witness: a lab node is the file server."""

from __future__ import annotations

import json

import pytest

from playbooks import Played, play

pytestmark = pytest.mark.long

VARIABLES = {
    "witness_share_hosts": "server2",
    "witness_cluster": "web",
    "witness_share": "witness-web$",
    "witness_share_path": "C:\\witness\\web",
    "witness_share_accounts": ["LAB\\server1$", "LAB\\server3$"],
}
CHECK = ("--check", "--diff")


@pytest.fixture(scope="module")
def lab(make_shared_lab):
    return make_shared_lab()


def run(lab, *arguments: str, code: int = 0, **more: object) -> Played:
    variables = json.dumps({**VARIABLES, **more})
    played = play(lab.state.folder, "standby.iis.witness_share", "-e", variables, *arguments)
    assert played.code == code, played.text
    return played


def test_the_life_of_a_witness_on_a_file_server(lab):
    node = lab.state.node("server2")
    folder = node / "drives" / "C" / "witness" / "web" / "web"

    def rights() -> list[str]:
        return json.loads((node / "acls.json").read_text())["c:\\witness\\web\\web"]["change"]

    def share() -> dict:
        return json.loads((node / "shares.json").read_text())["witness-web$"]

    # Check mode says all of it and does nothing.
    checked = run(lab, *CHECK)
    assert "share C:\\\\witness\\\\web as witness-web$ with LAB\\\\server1$, LAB\\\\server3$" in checked.text
    assert not folder.exists()
    made = run(lab)
    assert made.changed == checked.changed == 1
    assert "\\\\witness-web$\\\\web" in made.task("Say what was done, and what agents are told")
    assert folder.is_dir()
    assert share()["values"]["CachingMode"] == 0
    assert share()["values"]["EncryptData"] is True
    assert share()["rights"] == {"LAB\\server1$": 1, "LAB\\server3$": 1}
    assert len(rights()) == 2
    # A second run changes nothing, in check mode and without.
    assert run(lab, *CHECK).changed == 0
    assert run(lab).changed == 0
    # Another node in the place of one: what is there stays.
    (folder / "kept").write_text("a record")
    before = rights()
    three = ["LAB\\server1$", "LAB\\server4$"]
    assert run(lab, witness_share_accounts=three).changed == 1
    assert set(share()["rights"]) == set(three)
    assert len(set(rights()) & set(before)) == 1
    assert (folder / "kept").exists()
    assert run(lab, witness_share_accounts=three).changed == 0
    # Settings that somebody changed are set back.
    changed = json.loads((node / "shares.json").read_text())
    changed["witness-web$"]["values"] |= {"CachingMode": 1, "EncryptData": False}
    (node / "shares.json").write_text(json.dumps(changed))
    assert "without caching, encrypted" in run(lab, witness_share_accounts=three).text
    assert share()["values"]["CachingMode"] == 0
    # Bad input is refused by name.
    unknown = run(lab, witness_share_accounts=["ELSEWHERE\\server1$"], code=2)
    assert "No mapping between account names" in unknown.text
    assert "share witness-web$" in unknown.text
    itself = run(lab, witness_share_accounts=["LAB\\server2$"], code=2)
    assert "is the account of the server itself" in itself.text
    other = run(lab, witness_share_path="C:\\other", code=2)
    assert "it is there, and shares C:\\\\witness\\\\web" in other.text
    # Removed, with what was in it.
    assert run(lab, *CHECK, witness_share_state="absent").changed == 1
    assert folder.exists()
    assert run(lab, witness_share_state="absent").changed == 1
    assert not folder.exists()
    assert json.loads((node / "shares.json").read_text()) == {}
    assert run(lab, witness_share_state="absent").changed == 0
