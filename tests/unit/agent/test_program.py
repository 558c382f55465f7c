# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's program: the bounds of its calls to Windows."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.program import call_seconds, renewal_seconds
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.timing import timers


@pytest.mark.parametrize(("preset", "call", "renewal"), [("fast", 5, 2), ("lan", 5, 2), ("wan", 6, 3)])
def test_no_call_is_given_up_before_a_busy_windows_answers(preset, call, renewal):
    assert (call_seconds(timers(preset)), renewal_seconds(timers(preset))) == (call, renewal)
