# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes to have a mirror: nothing is ever overwritten that may be the newest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha import mirror_work
from ansible_collections.standby.iis.plugins.module_utils.ha.mirror_work import Verb, to_have_no_more
from ansible_collections.standby.iis.plugins.module_utils.windows.mirror import Copy, Role
from tests.support.mirror_world import ASYNC, MIRROR, pair, side


def facts(one=None, two=None):
    seen = pair()
    return {
        "server1": replace(seen["server1"], mirrors=(one,) if one else ()),
        "server2": replace(seen["server2"], mirrors=(two,) if two else ()),
    }


def to_have(volume, seen, source, serving, suspended, *, used=False):
    return mirror_work.to_have(volume, seen, source, serving, suspended, used=used)


def verbs(tasks):
    return [(task.node, task.verb) for task in tasks]


SOURCE, COPY = side("server1", Role.SOURCE), side("server2", Role.DESTINATION)
FREE_ONE, FREE_TWO = (side(name, Role.UNPAIRED, Copy.NONE) for name in ("server1", "server2"))


def test_a_new_mirror_copies_from_the_primary():
    assert verbs(to_have(MIRROR, facts(), None, None, None)) == [
        ("server1", Verb.CREATE),
        ("server2", Verb.CREATE),
        ("server1", Verb.PAIR),
    ]


def test_or_from_where_it_is_in_use():
    assert verbs(to_have(MIRROR, facts(), None, "server2", None))[-1] == ("server2", Verb.PAIR)


def test_what_is_in_use_is_never_overwritten():
    with pytest.raises(StandbyError, match="in use on server1, whose data would be overwritten"):
        to_have(MIRROR, facts(), "server2", "server1", None)


def test_a_mirror_that_is_there_needs_nothing():
    assert to_have(MIRROR, facts(SOURCE, COPY), None, None, None) == []
    assert to_have(MIRROR, facts(SOURCE, COPY), "server1", None, None) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (SOURCE, None),
        (None, COPY),
        (SOURCE, FREE_TWO),
        (FREE_ONE, FREE_TWO),
        (side("server1", Role.DESTINATION), COPY),
    ],
)
def test_whose_data_counts_of_half_a_mirror_a_person_says(one, two):
    with pytest.raises(StandbyError, match="whose data is the newest cannot be told") as refused:
        to_have(MIRROR, facts(one, two), None, None, None)
    assert "name it as source" in refused.value.remedy
    tasks = to_have(MIRROR, facts(one, two), "server2", None, None)
    assert verbs(tasks)[-1] == ("server2", Verb.PAIR)
    assert "what R:\\ has on server1 is overwritten" in tasks[-1].sentence


def test_a_mirror_of_which_no_end_is_left_is_new_only_where_no_site_depends_on_it():
    with pytest.raises(StandbyError, match="whose data is the newest cannot be told"):
        to_have(MIRROR, facts(), None, None, None, used=True)
    assert verbs(to_have(MIRROR, facts(), None, "server2", None, used=True))[-1] == ("server2", Verb.PAIR)
    assert verbs(to_have(MIRROR, facts(), "server2", None, None, used=True))[-1] == ("server2", Verb.PAIR)


@pytest.mark.parametrize("serving", [None, "server1", "server2"])
def test_of_two_sources_a_person_says_whose_data_counts_whatever_is_in_service(serving):
    both = facts(SOURCE, side("server2", Role.SOURCE))
    with pytest.raises(StandbyError, match="both server1 and server2 are its source") as refused:
        to_have(MIRROR, both, None, serving, None)
    assert "name the other one as source" in refused.value.remedy
    assert verbs(to_have(MIRROR, both, serving or "server2", serving, None))[-1] == (
        serving or "server2",
        Verb.PAIR,
    )


@pytest.mark.parametrize("role", [Role.SOURCE, Role.DESTINATION])
def test_what_is_left_of_a_mirror_is_ended_on_both_nodes_before_it_is_made_again(role):
    both = facts(side("server1", role), side("server2", role))
    assert verbs(to_have(MIRROR, both, "server2", None, None)) == [
        ("server1", Verb.UNPAIR_ALONE),
        ("server2", Verb.UNPAIR_ALONE),
        ("server2", Verb.PAIR),
    ]


def test_or_the_hierarchy_that_is_in_service_there():
    tasks = to_have(MIRROR, facts(SOURCE, None), None, "server2", None)
    assert verbs(tasks) == [
        ("server1", Verb.UNPAIR_ALONE),
        ("server2", Verb.CREATE),
        ("server2", Verb.PAIR),
    ]


def test_another_source_than_there_is_is_refused():
    with pytest.raises(StandbyError, match="server1 is the source of its mirror, not server2"):
        to_have(MIRROR, facts(SOURCE, COPY), "server2", None, None)
    with pytest.raises(StandbyError, match="server9 is none of its nodes"):
        to_have(MIRROR, facts(), "server9", None, None)


def test_it_is_suspended_and_resumed_once():
    assert verbs(to_have(MIRROR, facts(SOURCE, COPY), None, None, True)) == [("server1", Verb.SUSPEND)]
    suspended = replace(SOURCE, copy=Copy.SUSPENDED)
    assert to_have(MIRROR, facts(suspended, COPY), None, None, True) == []
    assert to_have(MIRROR, facts(suspended, COPY), None, None, None) == []
    assert verbs(to_have(MIRROR, facts(suspended, COPY), None, None, False)) == [("server1", Verb.RESUME)]


@pytest.mark.parametrize(("suspended", "then"), [(True, [Verb.SUSPEND]), (False, []), (None, [])])
def test_one_that_is_made_is_suspended_at_once_where_that_is_asked_for(suspended, then):
    for source, seen in (("server1", facts()), ("server2", facts(FREE_ONE, FREE_TWO))):
        tasks = verbs(to_have(MIRROR, seen, source, None, suspended))
        paired = tasks.index((source, Verb.PAIR))
        assert tasks[paired + 1 :] == [(source, verb) for verb in then]


def test_another_rpo_is_set_where_it_is_kept():
    def tasks(volume, one, two):
        seen = facts(replace(SOURCE, rpo=one), replace(COPY, rpo=two))
        return verbs(to_have(volume, seen, None, None, None))

    assert ASYNC.mirror.rpo == 60
    copied = replace(ASYNC, mirror=replace(ASYNC.mirror, provider="robocopy"))
    assert tasks(ASYNC, 30, 30) == [("server1", Verb.RPO)]
    assert tasks(copied, 30, 30) == [("server1", Verb.RPO), ("server2", Verb.RPO)]
    assert tasks(ASYNC, 60, 60) == tasks(copied, 60, 60) == []
    assert tasks(ASYNC, None, None) == []  # it is not told
    assert tasks(MIRROR, 30, 30) == []


def test_it_is_removed_at_both_ends():
    assert verbs(to_have_no_more(MIRROR, facts(SOURCE, COPY))) == [
        ("server1", Verb.UNPAIR),
        ("server1", Verb.REMOVE),
        ("server2", Verb.REMOVE),
    ]
    assert verbs(to_have_no_more(MIRROR, facts(None, COPY))) == [
        ("server2", Verb.UNPAIR_ALONE),
        ("server2", Verb.REMOVE),
    ]
    assert to_have_no_more(MIRROR, facts()) == []


@pytest.mark.parametrize("role", [Role.SOURCE, Role.DESTINATION])
def test_where_no_end_or_each_is_the_source_each_is_removed_for_itself(role):
    """What one node is told of the other one's end would not be so."""
    assert verbs(to_have_no_more(MIRROR, facts(side("server1", role), side("server2", role)))) == [
        ("server1", Verb.UNPAIR_ALONE),
        ("server2", Verb.UNPAIR_ALONE),
        ("server1", Verb.REMOVE),
        ("server2", Verb.REMOVE),
    ]
