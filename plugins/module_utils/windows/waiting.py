# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting for Windows: ask at once, then again after short pauses that grow."""

from __future__ import annotations

from collections.abc import Iterator

from ..node import Clock

FIRST_PAUSE = 0.02  # seconds; an address without DAD is usable within one round trip
LONGEST_PAUSE = 0.25  # seconds; what a poll may add to an outage


def attempts(clock: Clock, timeout: float) -> Iterator[float]:
    """When to ask: at once, after pauses that double up to a quarter of a second, and once more at the end.

    Args:
        clock: time.
        timeout: seconds after which the last attempt is made.

    Yields:
        Seconds since the first attempt.
    """
    start = now = clock.monotonic()
    end = start + timeout
    pause = FIRST_PAUSE
    yield 0.0
    while now < end:
        # "end - now" added to "now" reaches "end" in floating point; a rest kept beside the clock may not.
        clock.sleep(min(pause, end - now))
        pause = min(pause * 2, LONGEST_PAUSE)
        now = clock.monotonic()
        yield now - start
