# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the agents would move a hierarchy as asked, from what they show; before anything is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import StandbyError
from .agent_view import MOVING, OLD_DATA, View
from .agents import AgentRefused

_WAIT = "Wait until that is done, look at the status, then ask again"


def whom_to_ask(
    hierarchy: str, views: Mapping[str, View | StandbyError], first: tuple[str | None, ...]
) -> View:
    """The agent that takes the request: one that answers and reaches the witness.

    Args:
        hierarchy: what is to move.
        views: what the agents of its nodes show, or why one does not answer; not empty.
        first: nodes that are asked before others.

    Raises:
        StandbyError: there is none; the text is that of the first.
    """
    order = [name for name in (*first, *views) if name is not None and name in views]
    seen = [views[name] for name in dict.fromkeys(order)]
    answering = [view for view in seen if isinstance(view, View)]
    for view in answering:
        if view.running and hierarchy in view.records:
            return view
    for view in answering:
        if view.problems:
            raise AgentRefused(
                view.problems[0].rstrip("."),
                node=view.node,
                resource=_label(hierarchy),
                remedy="What is in service stays so. Mend that, then ask again (docs/witness.md)",
            )
    if answering:
        raise AgentRefused(
            "its agents do not look after it yet: the witness has no record of it",
            node=answering[0].node,
            resource=_label(hierarchy),
            remedy="Run the role monitor again, which has them take up what was declared since",
        )
    failure = next(view for view in seen if isinstance(view, StandbyError))
    raise failure


def why_not(
    hierarchy: str, views: Mapping[str, View | StandbyError], asked: View, target: str | None, *, force: bool
) -> StandbyError | None:
    """What stands against a request.

    Args:
        hierarchy: what is to move.
        views: what the agents of its nodes show.
        asked: the one that takes the request.
        target: where to; None for out of service.
        force: what is soft is overruled.
    """
    record = asked.records[hierarchy]
    if record.asked is not None:
        return _refused(f"it is asked for already ({record.asked}), and not answered yet", hierarchy, _WAIT)
    for view in views.values():
        if isinstance(view, View) and hierarchy in view.verdicts:
            verdict = view.verdicts[hierarchy]
            if verdict.reason in MOVING and not force:
                return _refused(f"it is being moved: {verdict.sentence}", hierarchy, _WAIT, view.node)
    return None if target is None else _against_target(hierarchy, views, asked, target, force=force)


def _against_target(
    hierarchy: str, views: Mapping[str, View | StandbyError], asked: View, target: str, *, force: bool
) -> StandbyError | None:
    found, peer = views.get(target), asked.peers.get(target)
    if peer is None or peer.state != "alive":
        told = (
            "has never joined the cluster" if peer is None else f"is {peer.state} and has to join again first"
        )
        return _refused(
            f"{target} {told}", hierarchy, f"Look at the agent of {target}, then ask again", target
        )
    if isinstance(found, View) and found.verdicts and hierarchy not in found.verdicts:
        told = f"the agent of {target} does not look after it yet"
        return _refused(told, hierarchy, "Run the role monitor again, which has it do so", target)
    if force:
        return None
    if isinstance(found, StandbyError):
        return found
    if hierarchy in peer.unfit:
        remedy = "Mend that, then ask again; force overrules this and may end in an outage"
        return _refused(f"it cannot take it: {peer.unfit[hierarchy]}", hierarchy, remedy, target)
    if isinstance(found, View) and (verdict := found.verdicts.get(hierarchy)) and verdict.reason == OLD_DATA:
        remedy = "Bring back the node that has its newest data, or force it"
        return _refused(verdict.sentence, hierarchy, remedy, target)
    if target in asked.maintenance.nodes:
        remedy = "End that, then ask again; force overrules this"
        return _refused("it is in maintenance", hierarchy, remedy, target)
    return None


def _refused(problem: str, hierarchy: str, remedy: str, node: str | None = None) -> AgentRefused:
    return AgentRefused(problem.rstrip("."), node=node, resource=_label(hierarchy), remedy=remedy)


def _label(hierarchy: str) -> str:
    return f'hierarchy "{hierarchy}"'
