# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a copy may be older than what a lost owner had, by the order of what this node has seen."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.mirror_doubt import stale, tolerance
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers

ALLOWED = tolerance(timers("lan"), 1.0)


def test_owner_and_mirror_that_end_together_leave_no_doubt():
    assert stale(100.0, "server1", 100.0 + ALLOWED, ALLOWED) == ""
    assert stale(100.0, "server1", 90.0, ALLOWED) == ""


def test_an_owner_that_outlived_its_mirror_may_have_written_alone():
    told = stale(100.0, "server1", 109.0, ALLOWED)
    assert told == (
        "server1 was there for 9 s after the mirror was last seen in sync here, and may have written alone"
    )


def test_a_copy_that_was_never_seen_in_sync_is_not_trusted():
    assert "has not been in sync since its agent started" in stale(None, "server1", 1.0, ALLOWED)


def test_an_owner_that_was_not_heard_of_wrote_nothing_since():
    assert stale(100.0, "server1", None, ALLOWED) == ""


@pytest.mark.parametrize("preset", ["fast", "lan", "wan"])
def test_what_is_allowed_is_more_than_one_look_and_less_than_a_lease(preset):
    own = timers(preset)
    assert own.interval < tolerance(own, own.interval) < own.ttl
