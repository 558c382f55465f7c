# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a wait asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.windows.waiting import LONGEST_PAUSE, attempts


def test_the_first_attempt_is_made_at_once_and_pauses_grow_to_a_quarter_of_a_second(clock):
    elapsed = list(attempts(clock, 2.0))
    assert elapsed[0] == 0.0
    assert clock.pauses[:5] == [0.02, 0.04, 0.08, 0.16, 0.25]
    assert max(clock.pauses) == LONGEST_PAUSE


def test_no_time_still_means_one_attempt(clock):
    assert list(attempts(clock, 0.0)) == [0.0]
    assert clock.pauses == []


@given(st.floats(0.001, 60.0))
def test_the_last_attempt_is_made_when_the_time_is_up_and_none_after_it(timeout):
    now = [5.0]

    class Time:
        def monotonic(self):
            return now[0]

        def sleep(self, seconds):
            now[0] += seconds

    elapsed = list(attempts(Time(), timeout))
    assert abs(elapsed[-1] - timeout) < 1e-6
