# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that moves again and again until it is held."""

from __future__ import annotations

from tests.support.agent_lab import AgentLab

BOTH = ("server1", "server2")


def until_held(of: AgentLab) -> str:
    """The networks of both nodes fail in turn, and work again, until the site of server1 is held.

    Returns:
        The node whose network worked last.
    """
    for number in range(of.timers.hold_after + 1):
        here, there = BOTH[number % 2], BOTH[1 - number % 2]
        of.lab.fault(here, "nic", management="true")
        of.until(lambda there=there: of.serves(there)() or of.reason(there) == "held")
        of.lab.clear(here, "nic")
        of.until(lambda here=here: of.reason(here) in ("elsewhere", "held"))
        if of.reason(there) == "held":
            break
    assert number + 1 >= of.timers.hold_after
    assert of.owner() is None
    return there
