# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether an agent that was started is well: read from what it shows of itself, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..agent import tasks
from ..errors import StandbyError, Unreachable
from ..node import Clock, Node
from ..windows import task
from ..windows.files import Files
from .seen import shown

# A member serves; so does one whose peers promise, while the witness is out of reach.
_STANDING = ("member", "promised")
_REACHED = "reached"
# Somebody asked for it to be so.
_SETTLED = ("in_service", "taken_out", "maintenance")
_UNKNOWN = "no agent shows it"
# How an agent's task ended, in words; else its exit code is told, or what kept it from starting.
_ENDED = {
    task.RESULT_RUNNING: "it has not ended",
    task.RESULT_NEVER_RAN: "it has never run",
    task.RESULT_STOPPED: "somebody stopped it",
}
# Seconds between two looks.
_LOOK = 0.5

Status = Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """What is expected of an agent that is started.

    Attributes:
        earlier: what the one before it had shown last.
        serving: hierarchies that its node had in service, and is to have.
        works_by: what it is to name of what it works by.
    """

    earlier: Status = field(default_factory=dict)
    serving: Collection[str] = ()
    works_by: Mapping[str, str] = field(default_factory=dict)


def trouble(status: Status, expected: Expected) -> str:
    """What is wrong with an agent that was started, by what it shows: one clause; "" where it is well."""
    if not status or status.get("at") == expected.earlier.get("at"):
        return "it has shown nothing yet"
    for name, wanted in expected.works_by.items():
        if status.get(name) != wanted:
            return f"it was started with another {name} than was put there; run again, which replaces it"
    if status.get("witness") != _REACHED:  # one that goes on from another is a member before it has read it
        return f"it has not read its witness: {status.get('witness')}"
    if status.get("standing") not in _STANDING:
        return "it is no member of its cluster yet"
    shown = status.get("hierarchies", {})
    for name in expected.serving:
        one = shown.get(name, {})
        if one.get("reason") != "in_service":
            why = one.get("sentence", "the agent does not know it")
            return f"{name}, which was in service, is not: {why}"
    return ""


def unserved(statuses: Mapping[str, Status], names: Collection[str]) -> str:
    """Which of some hierarchies no node has in service, unasked, and why; "" where there is none."""
    served: set[str] = set()
    said = dict.fromkeys(names, _UNKNOWN)
    for node, status in statuses.items():
        for name, one in status.get("hierarchies", {}).items():
            if one.get("reason") in _SETTLED:
                served.add(name)
            elif one.get("reason") != "elsewhere":
                said[name] = f"{node}: {one.get('sentence')}"
            elif said.get(name) == _UNKNOWN:
                said[name] = f"{node} says that another node has it"
    left = sorted(set(names) - served)
    return f"{left[0]} is in service on no node ({said[left[0]]})" if left else ""


def wait_well(
    node: Node, files: Files, home: str, expected: Expected, seconds: float, clock: Clock = time
) -> None:
    """Wait until an agent that was started is well.

    Raises:
        StandbyError: it is not, after that many seconds; the message says why.
    """

    def problem() -> str:
        return trouble(shown(files, home), expected)

    if why := wait_until(problem, seconds, clock):
        raise StandbyError(
            f"the agent that was started is not well after {seconds:g} s: {why.rstrip('.')} ({_task(node)})",
            node=node.name,
            resource="agent",
            remedy=f"Look at {home}\\logs, and run the agent there by hand to see what it says",
        )


def wait_until(
    problem: Callable[[], str], seconds: float, clock: Clock = time, *, pause: float = _LOOK
) -> str:
    """Ask again and again until there is no problem; the last one after that many seconds."""
    end = clock.monotonic() + seconds
    while True:
        try:
            why = problem()
        except Unreachable:
            raise
        except StandbyError as error:  # a file that is written at this moment, for instance
            why = str(error)
        if not why or clock.monotonic() >= end:
            return why
        clock.sleep(pause)


def _task(node: Node) -> str:
    found = task.read_task(node, tasks.PATH, tasks.AGENT)
    if found is None:
        return "its task is not registered"
    ended = _ENDED.get(found.last_result, f"it ended with 0x{found.last_result:x}")
    return f"its task is {found.state.name.lower()}; {ended}"
