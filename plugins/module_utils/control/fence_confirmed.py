# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A person says that a lost node is off, from the controller: the agents that wait for that go on."""

from __future__ import annotations

from ..errors import StandbyError
from .agent_course import PACE
from .agent_move import Party
from .agent_view import MOVING, View
from .agents import run

_WAITING = "waiting_for_confirmation"


def confirm_off(party: Party, node: str, check: bool) -> bool:
    """Say that a node is off where agents wait for that, and wait until they have acted on it.

    Args:
        party: who takes part.
        node: which a person has made sure of.
        check: say nothing.

    Returns:
        True where it was said, or in check mode would be; False where nobody waits for it.

    Raises:
        AgentRefused: the node is not lost.
        StandbyError: it is no node of the hierarchy.
    """
    nodes = party.case.hierarchy.nodes
    if node not in nodes:
        raise StandbyError(
            f"fence_confirmed names {node}, which is no node of it",
            resource=party.case.label,
            remedy=f"Name one of {', '.join(nodes)}, and only one that is surely off",
        )
    waiting = [one for one in _verdicts(party, (_WAITING,)) if one.node != node and one.running]
    if not waiting or check:
        return bool(waiting)
    asked = waiting[0]
    with party.fleet.lease(asked.node) as session:
        run(session, party.agents.installed[asked.node], "confirm-off", "--", node, resource=party.case.label)
    end = party.clock.monotonic() + asked.bound
    while _verdicts(party, (_WAITING, *MOVING)) and party.clock.monotonic() < end:
        party.clock.sleep(PACE)
    return True


def _verdicts(party: Party, reasons: tuple[str, ...]) -> list[View]:
    """The agents that say one of these of the hierarchy."""
    return [
        view
        for view in party.views().values()
        if isinstance(view, View)
        and party.name in view.verdicts
        and view.verdicts[party.name].reason in reasons
    ]
