# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node keeps of a mirror that agents copy, and who may read its volume."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.windows.copied import (
    KEY,
    Copied,
    Kept,
    Progress,
    read_end,
    side_of,
    write_end,
    write_progress,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, End, Making, Role
from tests.support.copied_world import RPO, Ends

OWN = End("SERVER1", "standby-R-server1", "R:\\", "")
OTHER = End("SERVER2", "standby-R-server2", "R:\\", "")
SOURCE = Kept("standby-R-server1", "R:\\", Role.SOURCE, 3, 60)


@pytest.fixture
def node(tmp_path, monkeypatch):
    return Ends(tmp_path, monkeypatch).nodes["server1"]


@pytest.mark.parametrize(
    ("end", "progress", "copy", "words"),
    [
        ({}, {}, Copy.INITIAL, "no copy has been verified yet"),
        ({}, {"of": 940.0}, Copy.IN_SYNC, "verified copy of 60 s ago, RPO 60 s"),
        ({}, {"of": 939.0}, Copy.BEHIND, "verified copy of 61 s ago"),
        ({}, {"of": 1003.0}, Copy.BEHIND, "verified copy of -3 s ago"),
        ({}, {"of": 900.0, "problem": "no answer"}, Copy.DISCONNECTED, "100 s ago, RPO 60 s; no answer"),
        ({}, {"of": 900.0, "problem": "code 8", "failed": True}, Copy.FAILED, "code 8"),
        ({}, {"of": 999.0, "problem": "code 8", "failed": True}, Copy.IN_SYNC, "verified copy of 1 s ago"),
        ({}, {"of": 999.0, "applying": "ab"}, Copy.CATCHING_UP, "being taken over"),
        ({"suspended": True}, {"of": 999.0}, Copy.SUSPENDED, "suspended"),
        ({"role": Role.UNPAIRED}, {"of": 999.0}, Copy.NONE, "nothing is copied"),
    ],
)
def test_how_an_end_is_shown(end, progress, copy, words):
    side = side_of(Kept(**{**vars(SOURCE), **end}), Progress(**progress), 1000.0)
    assert side.copy is copy
    assert words in side.words
    assert not side.synchronous


def test_an_end_shares_its_volume_for_reading_alone(node):
    (share,) = node.cim.shares.values()
    assert (share["Name"], share["Path"]) == ("standby-R-server1$", "R:\\")
    assert share["ReadAccess"] == ["LAB\\SERVER1$"]
    assert {"FullAccess", "ChangeAccess"}.isdisjoint(share)
    assert share["EncryptData"] is True


def test_a_removed_end_leaves_nothing(node):
    Copied().unpair(node, OWN, OTHER, alone=False)
    (side,) = Copied().sides(node)
    assert side.role is Role.UNPAIRED
    Copied().remove_end(node, OWN)
    assert Copied().sides(node) == ()
    assert node.cim.values == {(KEY, "groups"): ""}


def test_a_mirror_that_is_made_again_knows_no_copy_of_before(node):
    write_progress(node, OWN.group, Progress(1.0, 1.0))
    Copied().pair(node, OWN, OTHER, synchronous=False, rpo=RPO, seeded=False)
    assert Copied().sides(node)[0].copy is Copy.INITIAL
    assert read_end(node, OWN.group).rpo == RPO


def test_what_a_controller_wants_and_what_the_agent_writes_at_that_moment_both_count(node):
    read_before = read_end(node, OWN.group)
    Copied().suspend(node, OWN)
    Copied().state_rpo(node, OWN, OTHER, 30)
    write_end(node, replace(read_before, role=Role.DESTINATION, generation=4))
    kept = read_end(node, OWN.group)
    assert (kept.role, kept.generation, kept.suspended, kept.rpo) == (Role.DESTINATION, 4, True, 30)
    Copied().resume(node, OWN)
    assert read_end(node, OWN.group) == replace(kept, suspended=False)


def test_only_agents_turn_it(node):
    for turn in (Copied().reverse, lambda *ends: Copied().promote(*ends, time)):
        with pytest.raises(StandbyError, match="turned by the agents alone") as refused:
            turn(node, OWN, OTHER)
        assert "role monitor" in str(refused.value)


def test_an_end_that_is_not_there_is_told(node):
    with pytest.raises(StandbyError, match="there is no such end"):
        Copied().suspend(node, End("SERVER1", "other", "R:\\", ""))


@pytest.mark.parametrize(
    "name", ["end standby-R-server1", "told standby-R-server1", "copy standby-R-server1"]
)
@pytest.mark.parametrize("text", ["{", "[]", '{"nonsense": 1}', "17"])
def test_what_makes_no_sense_in_the_registry_names_its_place(node, name, text):
    node.cim.values[KEY, name] = text
    with pytest.raises(BadDocument, match=name):
        Copied().sides(node)


def test_an_absent_registry_is_no_mirror(node):
    node.cim.values.clear()
    assert Copied().sides(node) == ()
    assert Copied().create_end(node, OWN, Making()) is None
