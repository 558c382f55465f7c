# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of the definition while agents work by it: what would disturb them is refused."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import StandbyError
from ..ha.disturbance import disturbed
from ..ha.model import Cluster
from .agent_view import View
from .agents import agents_of, views_of
from .fleet import Fleet

_REMEDY = (
    "New sites can be protected while agents run. For this, remove the agents (role monitor with "
    "monitor_state: absent; what is in service stays so), run this again, then install them again"
)


def refuse_disturbance(fleet: Fleet, before: Cluster | None, after: Cluster) -> None:
    """Let nobody change what agents have in service under their hands.

    Nodes are asked only where a change would disturb what they may look after.

    Raises:
        StandbyError: an agent looks after a hierarchy that would not stay as it is, or may do so: it does not
            answer, or its node cannot be read.
    """
    told = disturbed(before, after) if before is not None else {}
    if before is None or not told:
        return
    agents = agents_of(fleet, before.nodes)
    views = views_of(fleet, agents, list(agents.installed))
    for node in agents.installed:
        view = views.get(node)
        for name, clause in told.items():
            if not isinstance(view, View) or name in view.verdicts or name in view.records:
                raise StandbyError(
                    f"the agents look after it, and {clause}",
                    node=node,
                    resource=f'hierarchy "{name}"',
                    remedy=_REMEDY,
                )


def to_take_up(fleet: Fleet, nodes: Sequence[str]) -> list[str]:
    """One sentence where agents have to learn of a change that disturbs nothing, by an operator's next step.

    Args:
        fleet: all nodes of the cluster.
        nodes: those that the change concerns; what cannot be read of them counts as without an agent.
    """
    installed = agents_of(fleet, nodes).installed
    if not installed:
        return []
    return [
        f"the agents of {' and '.join(installed)} go by the definition that they began with: run the role "
        "monitor, which has them take up this one"
    ]
