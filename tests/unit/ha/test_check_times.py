# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of checks: every preset gives some that fit it, and others are refused with both sides."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.check_times import (
    CheckTimes,
    deep_times,
    defined_times,
    idle_interval,
    quick_times,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.health import Health, Result, Watch
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Check
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import (
    PRESETS,
    BadTimers,
    timers,
)
from ansible_collections.standby.iis.plugins.module_utils.ha.quick import Failing

LAN = timers("lan")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_gives_times_that_fit_it_also_with_the_timeout_that_checks_have_by_themselves(preset):
    wanted = timers(preset)
    assert quick_times(wanted).interval == wanted.interval
    assert quick_times(wanted).timeout >= max(2.0, wanted.interval)
    assert deep_times(wanted, Check("http://10.0.0.50/").timeout).interval == 2 * wanted.interval
    assert idle_interval(wanted) > wanted.interval


def test_what_is_set_otherwise_is_taken():
    assert quick_times(LAN, fall=3, interval=3.0) == CheckTimes(3.0, 2.0, 3, 1)
    assert deep_times(LAN, 2.5, rise=1) == CheckTimes(2.0, 2.5, 3, 1)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"interval": 0.0}, "quick check: interval is 0.0 s and has to be positive"),
        ({"timeout": float("nan")}, "quick check: timeout is nan s and has to be positive"),
        ({"timeout": float("inf")}, "quick check: timeout is inf s and has to be positive and finite"),
        ({"fall": 0}, "quick check: fall is 0 and has to be a whole number"),
        ({"rise": 1.5}, "quick check: rise is 1.5 and has to be a whole number"),
        ({"patience": 3.0}, "quick check: there is no setting patience"),
        (
            {"timeout": 60.0},
            r"recovery_attempts x .* is 308 s and must not exceed recovery_period, 300 s",
        ),
    ],
)
def test_times_that_say_nothing_or_too_late_are_refused(settings, problem):
    with pytest.raises(BadTimers, match=problem):
        quick_times(LAN, **settings)


def test_the_timeout_of_a_deep_check_is_its_own():
    given = json.loads('{"timeout": 4.0, "fall": 2}')
    with pytest.raises(BadTimers, match="deep check: there is no setting timeout"):
        deep_times(LAN, 5.0, **given)


def test_a_check_that_is_defined_already_is_made_whatever_its_timeout_and_told_of():
    assert defined_times(LAN, 5.0) == (deep_times(LAN, 5.0), "")
    times, problem = defined_times(LAN, 60.0, fall=2)
    assert times == CheckTimes(2.0, 60.0, 2, 2)
    assert problem.endswith("is 312 s and must not exceed recovery_period, 300 s")
    with pytest.raises(BadTimers):
        defined_times(LAN, 5.0, fall=0)


@pytest.mark.parametrize("ends", [0.0, 2.9, float("inf")])
def test_a_fault_is_seen_within_the_time_that_is_stated(ends):
    """The fault comes right after a good answer; then every check fails after ``ends``, or never answers."""
    times = CheckTimes(2.0, 3.0, 3, 2)
    health = Health([Watch("one", times, Failing.SITE)], 0.0)
    health.observe("one", Result(0, 0.5, True, "well"), 0.5)
    answers, begin = [], 2.5
    while ends < 4 and begin < 60:
        answers.append((begin + ends, begin))
        begin += times.interval if ends < times.interval else ends + times.interval
    now = 0.5
    while health.verdict(now).healthy:
        now += 0.125
        while answers and answers[0][0] <= now:
            health.observe("one", Result(0, answers.pop(0)[1], False, "ill", Failing.SITE), now)
    assert now <= 0.5 + times.detection + 0.125
