# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's loop: calls in order, timers when they are due, and an end."""

from __future__ import annotations

import threading

from ansible_collections.standby.iis.plugins.module_utils.agent.loop import Loop


def test_calls_of_any_thread_run_in_order_on_the_loops_own():
    loop, seen = Loop(), []
    threads = []
    for number in range(5):
        loop.post(lambda number=number: seen.append(number))
        loop.post(lambda: threads.append(threading.current_thread()))
    loop.stop()
    loop.post(lambda: seen.append("after the end"))
    loop.run()
    assert seen == list(range(5))
    assert set(threads) == {threading.current_thread()}


def test_timers_run_by_the_clock_and_before_calls_that_wait():
    now = [100.0]
    loop, seen = Loop(lambda: now[0]), []
    loop.after(2.0, lambda: seen.append("two"))
    loop.after(1.0, lambda: seen.append("one"))
    loop.after(1.0, lambda: seen.append("one more"))

    def later():
        now[0] = 102.0
        loop.post(lambda: seen.append("called"))
        loop.stop()

    loop.post(later)
    loop.run()
    assert seen == ["one", "one more", "two", "called"]


def test_a_timer_may_end_the_loop_and_nothing_follows():
    now = [0.0]
    loop, seen = Loop(lambda: now[0]), []
    loop.after(0.0, loop._end)
    loop.after(0.0, lambda: seen.append("too late"))
    loop.run()
    assert seen == []


def test_a_call_from_another_thread_wakes_a_loop_that_waits_for_a_timer():
    loop, seen = Loop(), []
    loop.after(60.0, lambda: seen.append("a minute"))
    thread = threading.Thread(target=loop.run)
    thread.start()
    loop.post(lambda: seen.append("now"))
    loop.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert seen == ["now"]
