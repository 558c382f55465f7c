# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clocks of a node in a page that its processes share."""

from __future__ import annotations

import asyncio
import time

from lab.agent_site.standby_lab.clock import Page, Reading
from lab.machine.clock import NodeClock


def test_every_reader_of_a_page_sees_what_was_written_last(tmp_path):
    one, other = Page(str(tmp_path / "clock")), Page(str(tmp_path / "clock"))
    one.write(Reading(10.0, 500.0, 2.0, -3600.0))
    assert other.read() == Reading(10.0, 500.0, 2.0, -3600.0)
    assert other.read().monotonic(12.5) == 505.0


def test_a_fresh_page_shows_the_clock_of_this_machine(tmp_path):
    reading = Page(str(tmp_path / "clock")).read()
    assert (reading.rate, reading.offset) == (1.0, 0.0)
    assert (
        reading.monotonic(time.monotonic()) == time.monotonic()
        or abs(reading.monotonic(1000.0) - 1000.0) < 0.01
    )


def test_a_change_of_rate_never_lets_the_clock_jump(tmp_path):
    async def run():
        page = Page(str(tmp_path / "clock"))
        clock = NodeClock(asyncio.get_running_loop(), page)
        before = clock.now()
        clock.set_rate(100.0)
        clock.set_rate(1.0)
        clock.set_offset(-60.0)
        assert before <= clock.now() < before + 5
        assert abs(clock.wall() + 60 - time.time()) < 1
        assert abs(page.read().monotonic(time.monotonic()) - clock.now()) < 0.1

    asyncio.run(run())


def test_timers_wait_out_a_pause(tmp_path):
    async def run():
        page = Page(str(tmp_path / "clock"))
        clock = NodeClock(asyncio.get_running_loop(), page)
        rung = []
        clock.after(0.05, lambda: rung.append(clock.now()))
        reading = page.read()
        began = time.monotonic()
        page.write(Reading(began + 0.1, reading.monotonic(began)))
        await asyncio.sleep(0.08)
        assert rung == []
        await asyncio.sleep(0.3)
        assert len(rung) == 1

    asyncio.run(run())
