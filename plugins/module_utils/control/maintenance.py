# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Maintenance: where the agents do nothing by themselves. It stands in the witness; an agent writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import StandbyError
from ..ha.graph import find, hierarchies
from ..ha.model import Cluster
from .agent_view import Maintenance, View
from .agents import AgentRefused, Agents, agents_of, run, views_of
from .fleet import Fleet
from .outcome import Outcome
from .store import read_cluster


@dataclass(frozen=True)
class Scope:
    """What maintenance is of; the whole cluster where neither is given.

    Attributes:
        node: inventory name.
        hierarchy: its name, or that of a member.
    """

    node: str | None = None
    hierarchy: str | None = None

    @property
    def label(self) -> str:
        """How it is named in messages."""
        if self.node is not None:
            return f"node {self.node}"
        return "the cluster" if self.hierarchy is None else f'hierarchy "{self.hierarchy}"'


def set_maintenance(fleet: Fleet, scope: Scope, wanted: bool, check: bool) -> Outcome:
    """Begin or end maintenance.

    Args:
        fleet: all nodes of the cluster.
        scope: what it is of.
        wanted: it is to be in maintenance, else not any more.
        check: only say what would be done.

    Raises:
        AgentRefused: an agent refuses it, or none reaches the witness.
        StandbyError: no agent runs, or the cluster has no such node or hierarchy.
    """
    cluster = read_cluster(fleet)
    if cluster is None:
        raise StandbyError("the cluster has no definition", remedy="Run the configure playbook first")
    scope = _known(cluster, scope)
    agents = agents_of(fleet, cluster.nodes)
    asked = _whom_to_ask(agents, views_of(fleet, agents, list(agents.installed)))
    after = changed(asked.maintenance, scope, wanted)
    if after != asked.maintenance and not check:
        with fleet.lease(asked.node) as node:
            run(node, agents.installed[asked.node], *_command(scope, wanted), resource=scope.label)
    return _outcome(scope, wanted, asked.maintenance, after, check)


def changed(found: Maintenance, scope: Scope, wanted: bool) -> Maintenance:
    """Maintenance as it is to be."""
    if scope.node is not None:
        return replace(found, nodes=_with(found.nodes, scope.node, wanted))
    if scope.hierarchy is not None:
        return replace(found, hierarchies=_with(found.hierarchies, scope.hierarchy, wanted))
    return replace(found, cluster=wanted)


def _with(known: tuple[str, ...], name: str, wanted: bool) -> tuple[str, ...]:
    if (name in known) is wanted:
        return known
    return (*known, name) if wanted else tuple(one for one in known if one != name)


def _known(cluster: Cluster, scope: Scope) -> Scope:
    """The scope by the names of the definition.

    Raises:
        StandbyError: the cluster has no such node or hierarchy.
    """
    if scope.node is not None and scope.node not in cluster.nodes:
        raise StandbyError(
            "is no node of the cluster", node=scope.node, remedy=f"Name one of {', '.join(cluster.nodes)}"
        )
    if scope.hierarchy is None:
        return scope
    return replace(scope, hierarchy=find(hierarchies(cluster), scope.hierarchy).name)


def _whom_to_ask(agents: Agents, views: Mapping[str, View | StandbyError]) -> View:
    """An agent that runs and reaches the witness.

    Raises:
        StandbyError: there is none; the text says why.
    """
    seen = [view for view in views.values() if isinstance(view, View)]
    for view in seen:
        if view.running and not view.problems:
            return view
    for view in seen:
        raise AgentRefused(
            (view.problems or ("its agent does not answer by itself",))[0].rstrip("."),
            node=view.node,
            remedy="Mend that, then ask again (docs/witness.md)",
        )
    for failure in views.values():
        if isinstance(failure, StandbyError):
            raise failure
    for name in agents.installed:
        raise StandbyError(
            "its agent does not run, nor does any other",
            node=name,
            remedy="Start the scheduled tasks of standby.iis on the nodes",
        )
    raise StandbyError(
        "no node has an agent, so that nothing is done by itself and there is nothing to keep still",
        remedy="Install the agents first",
    )


def _command(scope: Scope, wanted: bool) -> tuple[str, ...]:
    of: tuple[str, ...] = () if scope.node is None else (f"--node={scope.node}",)
    of += () if scope.hierarchy is None else (f"--hierarchy={scope.hierarchy}",)
    return ("maintenance", *of, "begin" if wanted else "end")


def _outcome(scope: Scope, wanted: bool, before: Maintenance, after: Maintenance, check: bool) -> Outcome:
    does = "would be" if check and before != after else "is"
    message = f"{scope.label} {does} {'in maintenance' if wanted else 'no longer in maintenance'}"
    return Outcome(before != after, message, _plain(before), _plain(after), {"maintenance": _plain(after)})


def _plain(maintenance: Maintenance) -> dict[str, Any]:
    return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(maintenance).items()}
