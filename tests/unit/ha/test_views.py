# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A broken site told from a broken network, by the owner's view and one from outside."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.health import Verdict
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Hierarchy
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View, Where, cause, view_of
from tests.support.ha_world import IP1, NODES, SHOP, WHOLE

WELL = Verdict(True, "all checks answer")
REACHED = View(True, "all sites are reached", 1.0)
NOT_REACHED = View(False, "did not answer within 5 s", 1.0)
NOBODY = View(None, "nobody has looked")


def ill(failing, asked=False):
    return Verdict(False, "the check fails", failing, asked=asked)


@pytest.mark.parametrize(
    ("own", "outside", "where"),
    [
        (WELL, REACHED, Where.NOWHERE),
        (WELL, NOBODY, Where.NOWHERE),
        (WELL, NOT_REACHED, Where.NETWORK),
        (ill(Failing.SITE), NOT_REACHED, Where.SITE),
        (ill(Failing.SITE), NOBODY, Where.SITE),
        (ill(Failing.SITE), REACHED, Where.SITE),
        (ill(Failing.SITE, asked=True), NOT_REACHED, Where.SITE),
        (ill(Failing.SITE, asked=True), NOBODY, Where.SITE),
        (ill(Failing.SITE, asked=True), REACHED, Where.VIEW),
        *((ill(Failing.ADDRESS), view, Where.ADDRESS) for view in (REACHED, NOT_REACHED, NOBODY)),
        *((ill(Failing.NIC), view, Where.NETWORK) for view in (REACHED, NOT_REACHED, NOBODY)),
        *((ill(Failing.VOLUME), view, Where.NODE) for view in (REACHED, NOT_REACHED, NOBODY)),
        *((ill(Failing.SYSTEM), view, Where.NODE) for view in (REACHED, NOT_REACHED, NOBODY)),
    ],
)
def test_two_views_tell_where_the_fault_lies(own, outside, where):
    found = cause(own, outside, freshness=10.0)
    assert found.where is where
    assert own.sentence in found.sentence or outside.sentence in found.sentence
    assert not found.sentence.endswith(".")


def test_every_pair_of_views_has_a_cause():
    owns = [WELL, *(ill(failing) for failing in Failing)]
    for own, outside in product(owns, (REACHED, NOT_REACHED, NOBODY)):
        assert (cause(own, outside, 10.0).where is Where.NOWHERE) <= own.healthy


def test_a_view_that_is_too_old_is_none():
    assert cause(WELL, View(False, "no answer", 10.1), 10.0).where is Where.NOWHERE
    assert cause(ill(Failing.SITE, asked=True), View(True, "reached", 10.1), 10.0).where is Where.SITE
    assert cause(WELL, View(False, "no answer", 10.0), 10.0).where is Where.NETWORK
    assert "nobody outside has looked lately" in cause(WELL, View(True, "reached", 10.1), 10.0).sentence


def test_what_outsiders_never_reached_or_missed_once_is_told_and_nothing_follows():
    found = cause(WELL, View(False, "server2: no answer", 1.0, sure=False), 10.0)
    assert (found.where, found.outside) == (Where.NOWHERE, True)
    assert "is not reached from outside: server2: no answer" in found.sentence


def test_the_view_from_outside_is_that_of_all_sites_and_their_votes():
    two = Hierarchy("Shop", NODES, (IP1,), (), (replace(SHOP, checks=SHOP.checks * 2),))
    good, bad = (True, "answered 200"), (False, "did not answer")
    assert view_of(two, {("Shop", 0): good, ("Shop", 1): good}, 2.0) == View(
        True, "all sites are reached", 2.0
    )
    told = view_of(two, {("Shop", 0): good, ("Shop", 1): bad}, 2.0)
    assert told == View(False, 'site "Shop": did not answer', 2.0)
    assert view_of(two, {("Shop", 0): good, ("Shop", 1): bad}, 2.0, {"Shop": 1}).healthy
    assert view_of(two, {}, 2.0) == View(False, 'site "Shop": a check did not end', 2.0)


def test_without_a_check_there_is_no_view():
    bare = Hierarchy("Wiki", NODES, (IP1,), (), (WHOLE.sites[1],))
    assert view_of(bare, {}, 0.0).healthy is None
