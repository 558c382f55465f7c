# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers: presets hold, nothing that breaks an inequality gets through, predictions can be believed."""

from __future__ import annotations

import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import (
    LIFETIME_UNIT,
    LISTING_AGE,
    NODE_LOST,
    PRESETS,
    BadTimers,
    Timers,
    bound,
    check,
    lifetime,
    predict,
    timers,
)
from tests.support.ownership_snapshots import CHANGED

presets = pytest.mark.parametrize("preset", PRESETS)

# For each inequality what breaks that one alone, of the timers that the tests count with, and what is told.
BROKEN = {
    "stop in time": (
        {"stop": 2.5},
        "stop + tick + drift + jump is 3.11881 s and must not exceed margin, 2.75 s",
    ),
    "a renewal may be lost": (
        {"ttl": 5.5},
        "interval + 2 store_timeout + tick is 3.25 s and must not exceed ttl - margin, 2.75 s",
    ),
    "removing addresses is a part of stopping": (
        {"removal": 2.1},
        "removal is 2.1 s and must not exceed stop, 2 s",
    ),
    "the deadline is seen": (
        {"interval": 0.4},
        "2 tick is 0.5 s and must not exceed interval, 0.4 s",
    ),
    "an address ends in time": (
        {"stop": 0.1, "removal": 0.1, "margin": 1.0},
        "guard + address unit is 1.36881 s and must not exceed margin, 1 s",
    ),
    "a better candidate is seen": (
        {"patience": 2.0},
        "interval + store_timeout + tick is 2.25 s and must not exceed patience, 2 s",
    ),
    "a successor is seen": (
        {"handover": 2.0},
        "interval + store_timeout + tick is 2.25 s and must not exceed handover, 2 s",
    ),
    "stable is longer than lost": (
        {"stability": 5.0},
        "ttl is 6 s and must not exceed stability, 5 s",
    ),
    "a hold outlasts a move": (
        {"hold_off": 15.0},
        "ttl + start is 16 s and must not exceed hold_off, 15 s",
    ),
    "attempts fall into their period": (
        {"recovery_period": 20.0},
        "recovery_attempts x (stop + start) is 24 s and must not exceed recovery_period, 20 s",
    ),
    "a failed node stays unfit": (
        {"hold_off": 100.0},
        "recovery_period is 120 s and must not exceed hold_off, 100 s",
    ),
}


@presets
def test_a_preset_as_it_is_breaks_no_inequality(preset):
    check(timers(preset))


def test_the_default_is_lan():
    assert timers() == PRESETS["lan"]


@pytest.mark.parametrize(("change", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_inequality_is_refused_with_both_of_its_sides(change, told):
    with pytest.raises(BadTimers) as refused:
        timers("lan", **CHANGED | change)

    assert refused.value.problem == told
    assert "change one of them" in refused.value.remedy


def test_a_timer_may_be_set_otherwise_where_all_inequalities_hold():
    assert timers("fast", hold_off=900.0).hold_off == 900.0


def test_two_overrides_are_checked_together():
    assert timers("fast", stop=3.0, margin=4.0, ttl=8.0).lease == 4.0


@pytest.mark.parametrize("name", [field.name for field in fields(Timers)])
@pytest.mark.parametrize("value", [0, -1.0, math.nan])
def test_every_timer_has_to_be_positive(name, value):
    with pytest.raises(BadTimers, match=f"{name} is {value} and has to be positive"):
        timers("fast", **{name: value})


def test_an_unknown_preset_is_refused_with_those_that_there_are():
    with pytest.raises(BadTimers) as refused:
        timers("quick")

    assert refused.value.problem == "there is no preset 'quick'"
    assert refused.value.remedy == "Choose one of fast, lan, wan"


def test_unknown_timers_are_refused_with_those_that_there_are():
    with pytest.raises(BadTimers) as refused:
        timers("lan", timeout=3.0, grace=1.0)

    assert refused.value.problem == "there is no timer grace, timeout"
    assert "interval, ttl, margin" in refused.value.remedy


# What follows from the timers


@presets
def test_a_node_that_stops_at_its_deadline_is_down_before_the_ttl_on_a_slower_clock(preset):
    t = PRESETS[preset]

    assert (t.lease + t.tick + t.stop + t.jump) * 1.01 / 0.99 <= t.ttl


@presets
def test_two_renewals_fit_into_a_lease(preset):
    t = PRESETS[preset]

    assert t.lease >= t.interval + 2 * t.store_timeout


@presets
def test_a_damaged_record_is_watched_for_longer_than_a_lost_node_and_a_stale_listing(preset):
    t = PRESETS[preset]

    assert t.damaged >= t.ttl + t.interval + LISTING_AGE


@presets
def test_doubt_ends_before_the_next_renewal_is_due(preset):
    assert 0 < PRESETS[preset].doubt < PRESETS[preset].interval


@presets
def test_the_exposure_of_a_suspended_machine_is_two_looks_the_doubt_and_the_removal_of_addresses(preset):
    t = PRESETS[preset]

    assert t.exposure == 2 * t.tick + t.doubt + t.removal


# Lifetimes of addresses

names = st.sampled_from(sorted(PRESETS))
instants = st.floats(0, 1e7)


@given(preset=names, renewed=instants, passed=st.floats(0, 100))
def test_no_address_outlives_the_ttl_less_the_guard(preset, renewed, passed):
    t = PRESETS[preset]
    now = renewed + passed

    seconds = lifetime(t, renewed + t.lease, now)

    assert seconds == 0 or now + seconds <= renewed + t.ttl - t.guard + 1e-6


@given(preset=names, now=instants, ahead=st.floats(0, 1))
def test_a_lifetime_is_the_rest_of_the_lease_to_a_second(preset, now, ahead):
    t = PRESETS[preset]
    until = now + ahead * t.lease

    seconds = lifetime(t, until, now)

    assert isinstance(seconds, int)
    assert now + seconds > until + t.margin - t.guard - LIFETIME_UNIT - 1e-6


@presets
def test_an_address_lives_at_least_until_the_node_must_stop(preset):
    t = PRESETS[preset]

    assert lifetime(t, until=1000.0, now=1000.0 - t.lease) >= t.lease


@given(preset=names, until=instants, late=st.floats(0, 1e6))
def test_there_is_no_lifetime_once_it_is_over(preset, until, late):
    t = PRESETS[preset]

    assert lifetime(t, until, until + t.margin - t.guard + late) == 0


def test_there_is_no_lifetime_without_a_lease():
    assert lifetime(PRESETS["fast"], float("-inf"), 1000.0) == 0


# Predictions

clusters = st.integers(2, 16)
lags = st.floats(0, 30)


def by_fault(t, **how):
    return {one.fault: one for one in predict(t, **how)}


@given(preset=names, nodes=clusters, lag=lags, share=st.floats(0.01, 0.5))
def test_predictions_go_from_best_over_typical_to_worst(preset, nodes, lag, share):
    t = PRESETS[preset]

    for one in predict(t, nodes=nodes, lag=lag, start=share * t.start):
        assert 0 < one.best <= one.typical <= one.worst, one


@given(preset=names, nodes=clusters, lag=lags)
def test_the_stated_bound_covers_the_worst_prediction_of_a_lost_node(preset, nodes, lag):
    t = PRESETS[preset]

    assert bound(t, nodes=nodes, lag=lag) >= by_fault(t, nodes=nodes, lag=lag)[NODE_LOST].worst


@presets
def test_what_is_recovered_or_moved_by_plan_is_back_before_what_is_lost(preset):
    found = by_fault(PRESETS[preset])

    assert found["site failed, recovered locally"].worst < found["site failed, given away"].worst
    assert found["planned move"].worst < found[NODE_LOST].worst
    assert found["planned move"].typical < found[NODE_LOST].best


@presets
def test_nobody_is_lost_before_the_ttl(preset):
    t = PRESETS[preset]

    assert by_fault(t, start=1.0)[NODE_LOST].worst > t.ttl + t.start
    assert by_fault(t, start=1.0)[NODE_LOST].typical > t.ttl


@given(preset=names, nodes=clusters, lag=lags, more=st.floats(0.1, 10))
def test_a_stale_listing_and_more_candidates_make_it_longer_and_never_shorter(preset, nodes, lag, more):
    t = PRESETS[preset]
    here = by_fault(t, nodes=nodes, lag=lag)

    assert by_fault(t, nodes=nodes, lag=lag + more)[NODE_LOST].worst > here[NODE_LOST].worst
    assert by_fault(t, nodes=nodes + 1, lag=lag)[NODE_LOST].worst > here[NODE_LOST].worst
    assert bound(t, nodes=nodes + 1, lag=lag) >= bound(t, nodes=nodes, lag=lag)
    assert bound(t, nodes=nodes, lag=lag + more) > bound(t, nodes=nodes, lag=lag)


def test_quicker_presets_recover_sooner():
    fast, lan, wan = (by_fault(PRESETS[name]) for name in ("fast", "lan", "wan"))

    for fault in fast:
        assert fast[fault].worst < lan[fault].worst < wan[fault].worst
