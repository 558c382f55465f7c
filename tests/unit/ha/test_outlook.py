# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others see of a hierarchy: who counts, what is old, and when it is sure that nobody reaches it."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.outlook import FALL, Outlook
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View

FRESH = 15.0


def seen(healthy, look, age=0.0, sentence="did not answer"):
    return View(healthy, "all sites are reached" if healthy else sentence, age, look=look)


@pytest.fixture
def outlook() -> Outlook:
    return Outlook(FRESH, 100.0)


def tell(outlook, looks, node="server2", at=101.0):
    """Looks a second apart, the letters of which say whether it was reached; when the last one was told."""
    for number, letter in enumerate(looks):
        outlook.heard(node, seen(letter == "r", number), at + number)
    return at + len(looks) - 1


def test_before_anybody_has_looked_nobody_has(outlook):
    assert outlook.view(100.0).healthy is None


def test_one_who_reaches_it_is_enough(outlook):
    tell(outlook, "rnnn", "server2")
    tell(outlook, "r", "server3", at=104.0)
    assert outlook.view(104.0).healthy is True


@pytest.mark.parametrize(
    ("looks", "sure"),
    [
        ("rnn", False),
        ("rnnn", True),
        ("rnnrnn", False),
        ("rnnrnnn", True),
        ("n" * (FALL + 5), False),
    ],
)
def test_it_is_sure_after_some_looks_in_a_row_of_who_had_reached_it(outlook, looks, sure):
    now = tell(outlook, looks)
    view = outlook.view(now)
    assert (view.healthy, view.sure) == (False, sure)
    assert view.sentence == "server2: did not answer"


def test_it_is_sure_only_when_all_who_look_say_so(outlook):
    now = tell(outlook, "rnnn", "server2")
    outlook.heard("server3", seen(False, 1), now)
    assert not outlook.view(now).sure


def test_a_look_counts_once(outlook):
    tell(outlook, "r")
    for _again in range(5):
        outlook.heard("server2", seen(False, 7), 103.0)
    assert not outlook.view(103.0).sure


def test_what_was_seen_before_it_came_into_service_does_not_count(outlook):
    assert not outlook.heard("server2", seen(False, 1, age=3.0), 102.0)
    assert outlook.heard("server2", seen(True, 2, age=1.0), 102.0)
    outlook.restarted(110.0)
    assert outlook.view(110.0).healthy is None


def test_a_view_tells_its_age_and_is_none_when_it_is_old(outlook):
    outlook.heard("server2", seen(True, 1, age=2.0), 105.0)
    assert outlook.view(106.0) == View(True, "all sites are reached", 3.0)
    assert outlook.view(103.0 + FRESH).healthy is True
    assert outlook.view(103.1 + FRESH).healthy is None


def test_who_has_nothing_to_say_changes_nothing(outlook):
    tell(outlook, "r")
    assert not outlook.heard("server2", View(None, "it is in service there", 0.0, look=9), 102.0)
    assert outlook.view(102.0).healthy is True
