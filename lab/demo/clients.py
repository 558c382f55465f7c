# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients of the demonstration, who ask all the time, and waiting for what they are to see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.demo.acts import DemoFailed
from lab.demo.services import SERVICES
from lab.prober import Prober

RATE_HZ = 25.0  # for each service
PATIENCE = 90.0  # seconds for anything that agents do by themselves


@contextmanager
def clients() -> Iterator[Prober]:
    """They ask for every service."""
    prober = Prober([service.target for service in SERVICES], rate_hz=RATE_HZ)
    prober.start()
    time.sleep(0.5)
    try:
        yield prober
        time.sleep(0.5)
    finally:
        prober.stop()


def all_on(prober: Prober, names: tuple[str, ...], node: str) -> bool:
    """The last good answers came from that node, which tells its computer name."""
    answers = (prober.last_good(name) for name in names)
    return all(last is not None and last.node.casefold() == node for last in answers)


def answered_since(prober: Prober, name: str, when: float) -> bool:
    """A request that was sent later was answered."""
    last = prober.last_good(name)
    return last is not None and last.sent > when


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for what agents do.

    Raises:
        DemoFailed: they do not, within PATIENCE.
    """
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise DemoFailed(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.1)
