# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A move of mirrored data through agents begins once the target has all of it: they would refuse before."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import StandbyError
from ..ha.mirror import by_agents, mirrors, source_silent, waits
from ..node import Clock
from .agent_view import View
from .case import Case
from .fleet import Fleet
from .mirrors import wait_in_sync

# Seconds until agents have written down what their mirror shows: a look, a write that is lost and made again,
# and a witness that shows it late; with the slowest preset (wan) 3, 6 and 10 s.
_WRITTEN_DOWN = 30.0
_PACE = 0.5


def await_copies(
    fleet: Fleet, case: Case, target: str, view: Callable[[], View | StandbyError], clock: Clock
) -> None:
    """Wait until a node has all of a hierarchy's mirrored data, and the agents know it.

    A copy whose source is lost gets on no more: whether it may be taken, the agents know.

    Args:
        fleet: all nodes.
        case: the hierarchy, as its nodes showed it.
        target: the node.
        view: what an agent shows now.
        clock: for waiting.

    Raises:
        StandbyError: a copy does not get on, or the agents do not take note of it; nothing was asked.
    """
    facts = case.facts
    behind = [
        one
        for one in mirrors(case.hierarchy.volumes)
        if waits(one, facts[target]) and not source_silent(one, target, facts)
    ]
    for volume in behind:
        with fleet.lease(target) as node:
            wait_in_sync(node, volume, clock)
    end = clock.monotonic() + _WRITTEN_DOWN
    while behind and not _named(view(), case.hierarchy.name, target):
        if clock.monotonic() >= end:
            raise StandbyError(
                f"{target} has all of its data, but its agents have not written that down",
                node=target,
                resource=case.label,
                remedy="See what the agent of the node that has it says (standby.iis.status), and run again",
            )
        clock.sleep(_PACE)


def needs_agents(case: Case, target: str) -> None:
    """Before a move without agents: whether there is a mirror that only they turn round.

    Raises:
        StandbyError: there is; nothing was touched.
    """
    for volume in mirrors(case.hierarchy.volumes):
        seen = case.facts.get(target)
        if by_agents(volume) and seen and waits(volume, seen):
            raise StandbyError(
                f"{target} has a copy, which agents alone bring up to date and verify, and there are none",
                node=target,
                resource=volume.id,
                remedy="Install agents (role monitor), or serve from the node that is the source",
            )


def _named(view: View | StandbyError, name: str, target: str) -> bool:
    """Whether the witness names the target; where an agent does not tell, it answers for itself."""
    if isinstance(view, StandbyError) or name not in view.records:
        return False
    record = view.records[name]
    return record.current is None or record.owner in (None, target) or target in record.current
