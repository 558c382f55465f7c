# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the agent's budget that need no lab."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.agent_budget import renewal_calls, usage


def test_all_addresses_are_renewed_by_one_call_of_the_bridge():
    assert renewal_calls(1) == renewal_calls(20) == 1


def test_what_a_process_uses_is_told_apart_from_what_its_children_did():
    before = usage(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    after = usage(os.getpid())
    assert after.children - before.children > 0.05
    assert after.own - before.own < after.children - before.children
    assert 1.0 < after.pss <= after.rss
