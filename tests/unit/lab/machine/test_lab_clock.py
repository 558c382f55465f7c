# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio

from lab.machine.clock import ManualClock, NodeClock


def test_timers_run_in_order_each_at_its_own_time():
    clock = ManualClock(0)
    seen = []
    clock.after(3, lambda: seen.append(("late", clock.now())))
    clock.after(1, lambda: seen.append(("early", clock.now())))
    clock.advance(5)
    assert seen == [("early", 1), ("late", 3)]
    assert clock.now() == 5


def test_a_timer_set_by_a_timer_runs_within_the_same_time():
    clock = ManualClock(0)
    seen = []
    clock.after(1, lambda: clock.after(1, lambda: seen.append(clock.now())))
    clock.advance(3)
    assert seen == [2]


def test_a_cancelled_timer_never_runs():
    clock = ManualClock(0)
    seen = []
    timer = clock.after(1, lambda: seen.append(1))
    timer.cancel()
    clock.advance(2)
    assert seen == []


def test_a_fast_clock_reaches_a_timer_sooner():
    async def measure() -> float:
        clock = NodeClock(asyncio.get_running_loop())
        clock.set_rate(1000.0)
        start = clock.now()
        await clock.sleep(5.0)
        return clock.now() - start

    assert 5.0 <= asyncio.run(asyncio.wait_for(measure(), 2.0)) < 2000.0
