# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the agents say of a cluster, beside what is seen on its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import StandbyError
from ..ha.model import Hierarchy
from ..ha.status import HierarchyStatus, State
from .agent_view import Maintenance, View
from .agents import Agents, agents_of, views_of
from .fleet import Fleet

NOT_RUNNING, NO_ANSWER, NOT_TAKEN_UP = "not_running", "no_answer", "not_taken_up"
_LOOKING_ON = ("elsewhere", NOT_RUNNING, NO_ANSWER, NOT_TAKEN_UP)


@dataclass(frozen=True)
class Heard:
    """The agents of a cluster, and what each shows.

    Attributes:
        agents: by node.
        views: what those that run show, or why one does not answer.
    """

    agents: Agents
    views: Mapping[str, View | StandbyError] = field(default_factory=dict)

    @property
    def maintenance(self) -> Maintenance | None:
        """As an agent reads it in the witness; None where none can."""
        read = (view.maintenance for view in self.views.values() if isinstance(view, View) and view.peers)
        return next(read, None)


def hear(fleet: Fleet, nodes: Sequence[str]) -> Heard:
    """Ask the agents of nodes, concurrently."""
    agents = agents_of(fleet, nodes)
    return Heard(agents, views_of(fleet, agents, list(agents.installed)))


def agents_told(heard: Heard) -> list[dict[str, Any]]:
    """Each agent as a module returns it: node, running, standing, problems and certificates (sentences)."""
    return [
        {
            "node": name,
            "running": agent.running,
            "standing": _standing(heard.views.get(name)),
            "problems": _problems(heard.views.get(name)),
            "certificates": _certificates(heard.views.get(name)),
        }
        for name, agent in heard.agents.installed.items()
    ]


def maintenance_told(heard: Heard) -> dict[str, Any] | None:
    """As a module returns it: cluster, nodes, hierarchies."""
    found = heard.maintenance
    if found is None:
        return None
    return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(found).items()}


def _standing(view: View | StandbyError | None) -> str | None:
    return (view.standing or None) if isinstance(view, View) else None


def _problems(view: View | StandbyError | None) -> list[str]:
    if view is None:
        return ["it does not run"]
    return list(view.problems) if isinstance(view, View) else [str(view)]


def _certificates(view: View | StandbyError | None) -> list[str]:
    return list(view.certificates) if isinstance(view, View) else []


def verdicts_told(heard: Heard, hierarchy: Hierarchy) -> list[dict[str, Any]]:
    """What the agents of its nodes say of a hierarchy: node, reason (one word), sentence."""
    if not hierarchy.sites:
        return []
    return [
        {"node": name, **_verdict(name, heard.views.get(name), hierarchy.name)}
        for name in hierarchy.nodes
        if name in heard.agents.installed
    ]


def _verdict(node: str, view: View | StandbyError | None, name: str) -> dict[str, str]:
    if view is None:
        return {"reason": NOT_RUNNING, "sentence": f"the agent of {node} does not run"}
    if isinstance(view, StandbyError):
        return {"reason": NO_ANSWER, "sentence": f"the agent of {node} does not answer: {view.problem}"}
    if name not in view.verdicts:
        return {"reason": NOT_TAKEN_UP, "sentence": f"the agent of {node} {_not_taken_up(view)}"}
    return asdict(view.verdicts[name])


def _not_taken_up(view: View) -> str:
    if view.running and not view.standing:
        return "shows nothing: its worker begins, or does not stay up (its log says why)"
    return "has not taken it up yet"


def reason_told(found: HierarchyStatus, verdicts: Sequence[Mapping[str, str]]) -> str:
    """Why a hierarchy is as it is: what is seen and, where it is not in service, what its agents say."""
    if found.state is State.IN_SERVICE or not verdicts:
        return found.reason
    acting = [one for one in verdicts if one["reason"] not in _LOOKING_ON]
    said = "; ".join(dict.fromkeys(one["sentence"].rstrip(".") for one in acting or verdicts))
    return (
        f"Out of service: {said}."
        if found.state is State.OUT_OF_SERVICE
        else f"{found.reason} Its agents: {said}."
    )
