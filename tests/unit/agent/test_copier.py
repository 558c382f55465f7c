# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirrors that an agent copies: what it tells others of them, and that its hands turn them by it."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import hands as hands_module
from ansible_collections.standby.iis.plugins.module_utils.agent.copier import Copier, copied
from ansible_collections.standby.iis.plugins.module_utils.agent.copies import (
    NotReached,
    Ownership,
    Told,
    told_in,
)
from ansible_collections.standby.iis.plugins.module_utils.agent.hands import Hands
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.client import PeerError, Reason
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from ansible_collections.standby.iis.plugins.module_utils.ha.plan import Action, Step
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Role
from tests.support.copied_world import NODES, VOLUME
from tests.support.mirror_world import MIRROR

WHOLE = Hierarchy("Shop", NODES, (), (VOLUME,), ())


def copier(ends, name, ask=None):
    def owned(hierarchy):
        return {WHOLE.name: ends.ownership[name]}[hierarchy]

    return Copier(ends.nodes[name], [WHOLE], ask or Mock(), owned, Mock())


def test_only_what_agents_copy_is_copied_by_agents():
    other = Hierarchy("Mail", NODES, (), (MIRROR,), ())
    assert copied([WHOLE, other]) == [(WHOLE, VOLUME)]


def test_two_agents_copy_by_what_they_tell_each_other(ends, monkeypatch):
    monkeypatch.setenv("STANDBY_ROOT", str(ends.root / "server1"))
    source = copier(ends, "server1")
    monkeypatch.setenv("STANDBY_ROOT", str(ends.root / "server2"))
    asked = []

    def ask(peer, payload):
        asked.append(peer)
        return source.answer("server2", payload)

    copier(ends, "server2", ask)._volumes["R:\\"][0].round()
    assert ends.content("server2") == {"web/index.html": "one"}
    assert set(asked) == {"server1"}


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(Reason.SILENT, NotReached), (Reason.CLOSED, NotReached), (Reason.REFUSED, PeerError)],
)
def test_an_agent_that_is_not_there_is_told_from_one_that_refuses(ends, monkeypatch, reason, kind):
    monkeypatch.setenv("STANDBY_ROOT", str(ends.root / "server2"))
    one = copier(ends, "server2", Mock(side_effect=PeerError("it refuses", reason, "server1")))
    with pytest.raises(StandbyError) as failure:
        one.turn(VOLUME, promote=False)
    assert failure.type is kind
    assert failure.value.resource == "volume R:\\"
    assert failure.value.remedy
    assert ends.end("server2").role is Role.DESTINATION


def test_who_is_a_source_is_known_without_a_look(ends, monkeypatch):
    agents = {}
    for name in NODES:
        monkeypatch.setenv("STANDBY_ROOT", str(ends.root / name))
        agents[name] = copier(ends, name, lambda _peer, payload: agents["server1"].answer("x", payload))
    agents["server2"]._volumes["R:\\"][0].round()
    assert [agents[name].sources() for name in NODES] == [["Shop"], []]
    ends.owned_by("server2", 4)
    agents["server2"].turn(VOLUME, promote=False)
    assert [agents[name].sources() for name in NODES] == [[], ["Shop"]]


def test_a_question_about_another_volume_is_refused(ends, monkeypatch):
    monkeypatch.setenv("STANDBY_ROOT", str(ends.root / "server1"))
    with pytest.raises(StandbyError, match=r"S:.* is not mirrored here"):
        copier(ends, "server1").answer("server2", {"volume": "S:\\"})


@pytest.mark.parametrize(("fresh", "looks"), [(True, True), (False, False), ("false", False), (None, False)])
def test_a_volume_is_looked_at_only_where_that_is_asked_for(ends, monkeypatch, fresh, looks):
    """To read all of it takes long, and is asked for by who copies alone."""
    monkeypatch.setenv("STANDBY_ROOT", str(ends.root / "server1"))
    payload = {**Told(Role.DESTINATION, 0).document(), "volume": VOLUME.path, "fresh": fresh}
    told = told_in(copier(ends, "server1").answer("server2", payload))
    assert (told.at is not None, bool(told.digest)) == (looks, looks)


# Rounds


@pytest.mark.parametrize(("rpo", "seconds"), [(60, 15.0), (1, 0.5), (None, 0.5)])
def test_there_are_several_rounds_in_an_rpo_and_never_many_a_second(ends, rpo, seconds):
    volume = replace(VOLUME, mirror=replace(VOLUME.mirror, rpo=rpo))
    one = Copier(ends.nodes["server1"], [replace(WHOLE, volumes=(volume,))], Mock(), Mock(), Mock())
    assert one._volumes[volume.path][1] == seconds


def test_what_keeps_it_from_being_copied_is_told_once_and_again_when_it_is_back(ends):
    one = copier(ends, "server1")
    outcomes = ["no disk", "no disk", "", "no disk", "no share", "no share"]

    def turn():
        problem = outcomes.pop(0)
        if not outcomes:
            one.close()
        if problem:
            raise StandbyError(problem)

    one._run("R:\\", Mock(round=turn), 0.0)
    told = [call.args[0] for call in one._problem.call_args_list]
    assert [sentence.partition(" is not copied: ")[0] for sentence in told] == ["The mirror of R:\\"] * 3
    assert ["no disk" in sentence for sentence in told] == [True, True, False]
    assert "no share" in told[2]


# What is told


@pytest.mark.parametrize(
    "change",
    [{"role": "king"}, {"generation": "x"}, {"at": "noon"}, {"copied": []}, {"digest": None, "role": None}],
)
def test_what_makes_no_sense_is_no_answer(change):
    document = Told(Role.SOURCE, 3, at=1.0).document() | change
    with pytest.raises(StandbyError, match="makes no sense"):
        told_in(document)


def test_what_is_told_arrives():
    told = Told(Role.SOURCE, 3, True, 1.5, "ab", 0.5)
    assert told_in(told.document()) == told


@pytest.mark.parametrize(("volume", "by"), [(VOLUME, "agent"), (MIRROR, "provider")])
@pytest.mark.parametrize("lost", [True, False])
def test_hands_turn_a_mirror_by_whatever_copies_it(monkeypatch, volume, by, lost):
    turned = []
    operated = Mock(
        side_effect=lambda _node, step, _clock: turned.append(("provider", step.arguments["promote"]))
    )
    monkeypatch.setattr(hands_module, "operate", operated)
    hands = Hands(
        Mock(),
        Mock(),
        {},
        timers("lan"),
        Mock(),
        Mock(),
        Mock(),
        lost=lambda _name: lost,
        turn=lambda _volume, *, promote: turned.append(("agent", promote)),
    )
    arguments = {"volume": volume, "promote": True}
    step = Step("server2", Action.TURN_MIRROR, volume.id, "turn", arguments)
    hands._operate(hands._bounded(step))
    hands.close()
    assert turned == [(by, lost)]


def test_an_agent_that_knows_nothing_of_its_hierarchy_owns_nothing():
    assert Ownership() == Ownership(owns=False, serves=False, down=False, epoch=0)
