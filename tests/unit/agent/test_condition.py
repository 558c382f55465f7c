# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy as decide is told of it, from its own verdict and the others' views."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.condition import failed, judged
from ansible_collections.standby.iis.plugins.module_utils.ha.health import Verdict
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.snapshot import Local, LocalState
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing
from ansible_collections.standby.iis.plugins.module_utils.ha.views import View, cause

LAN = timers("lan")
UP = Local(LocalState.UP)
WELL = Verdict(True, "all checks answer")
REACHED = View(True, "all sites are reached", 1.0)
GONE = View(False, "server2: did not answer", 1.0)
ONCE = View(False, "server2: did not answer", 1.0, sure=False)
NOBODY = View(None, "nobody has looked")
BAD = Verdict(False, "answered 500", Failing.SITE, asked=True)


def told(verdict, view, local=UP, now=1000.0):
    return judged(local, verdict, cause(verdict, view, 10.0), now, LAN)


def test_what_is_well_and_reached_is_healthy_without_a_word():
    assert told(WELL, REACHED) == UP


def test_what_is_not_reached_for_sure_is_to_be_given_away_and_says_why():
    found = told(WELL, GONE)
    assert not found.healthy
    assert found.blocked == found.problem
    assert "it serves on the owner, but is not reached from outside: server2: did not answer" in found.blocked
    assert (found.unreached, found.failures) == (1000.0, ())
    assert told(WELL, GONE, found, 1005.0).unreached == 1000.0


@pytest.mark.parametrize("view", [REACHED, NOBODY])
def test_what_is_reached_again_or_not_looked_at_any_more_serves(view):
    found = told(WELL, view, told(WELL, GONE))
    assert (found.healthy, found.given_up, found.unreached, found.notice) == (True, "", None, "")


def test_what_one_look_missed_is_a_notice():
    found = told(WELL, ONCE)
    assert found.healthy
    assert "is not reached from outside" in found.notice


def test_requests_that_fail_here_alone_restart_nothing():
    found = told(BAD, REACHED)
    assert found.healthy
    assert found.notice == "the owner's own checks fail (answered 500), but others are served"


@pytest.mark.parametrize(
    ("view", "words"), [(GONE, ", and it is not reached from outside either"), (NOBODY, "")]
)
def test_a_site_that_fails_is_one_failure_and_says_whether_others_reach_it(view, words):
    found = told(BAD, view)
    assert (found.healthy, found.failures, found.problem) == (False, (1000.0,), f"answered 500{words}")
    assert told(BAD, view, found, 1001.0) == found
    assert found.blocked == ""


@pytest.mark.parametrize("failing", [Failing.NIC, Failing.VOLUME, Failing.SYSTEM])
def test_what_a_restart_cannot_mend_is_in_the_way_of_staying(failing):
    found = told(Verdict(False, "it is broken", failing), REACHED)
    assert (found.blocked, found.given_up, found.unreached) == ("it is broken", "it is broken", None)


def test_notices_of_checks_are_passed_on():
    expiring = Verdict(True, "all checks answer", notices=("the certificate ends in 5 days",))
    assert told(expiring, REACHED).notice == "the certificate ends in 5 days"


def test_old_failures_are_forgotten():
    once = failed(UP, "a", 1000.0, LAN)
    assert failed(once, "b", 1000.0 + LAN.hold_off, LAN).failures == (1000.0 + LAN.hold_off,)
    assert len(failed(once, "b", 1010.0, LAN).failures) == 2
