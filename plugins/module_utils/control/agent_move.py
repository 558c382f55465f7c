# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A move through the agents: asked for, followed to its end, and looked at from outside."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Union

from ..errors import StandbyError
from ..ha.mirror import may_be_lost
from ..ha.model import Check
from ..ha.plan import Plan, plan
from ..ha.precheck import obstacles
from ..ha.status import State
from ..node import Clock
from .agent_course import (
    PACE,
    Course,
    NotInService,
    alternatives,
    answers,
    checks_of,
    verify_down,
    verify_up,
)
from .agent_mirrors import await_copies
from .agent_rules import whom_to_ask, why_not
from .agent_view import IN_SERVICE, MOVING, View
from .agents import Agents, run, views_of
from .case import Case
from .fleet import Fleet
from .move_outcome import move_outcome
from .outcome import Outcome
from .outside import Watch, ask_once
from .record import remember

Views = Mapping[str, Union[View, StandbyError]]  # noqa: UP007 - ansible-test reads it by an older Python


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes:
        target: the node that is to have it; None for out of service.
        anywhere: where it is, or where its agents bring it, and only else on the target.
        reason: why, for people; None where nobody said.
        force: what the agents refuse softly is overruled.
    """

    target: str | None
    anywhere: bool = False
    reason: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Party:
    """Who takes part.

    Attributes:
        fleet: all nodes of the cluster.
        case: the hierarchy, as its nodes showed it before.
        agents: those of its nodes, which are in charge.
        clock: for waiting and measuring.
    """

    fleet: Fleet
    case: Case
    agents: Agents
    clock: Clock = time

    @property
    def name(self) -> str:
        """Of the hierarchy."""
        return self.case.hierarchy.name

    def views(self, *nodes: str) -> dict[str, View | StandbyError]:
        """What the agents of these nodes show now, or of all."""
        return views_of(self.fleet, self.agents, nodes or self.case.hierarchy.nodes)


def through_agents(party: Party, request: Request, check: bool) -> Outcome:
    """Have the agents put a hierarchy in service on a node, or take it out of service.

    Args:
        party: who takes part.
        request: what is asked.
        check: only say what would be done.

    Raises:
        AgentRefused: the agents refuse it; nothing was done.
        NotInService: they accepted it, and it is not so at the end.
        StandbyError: something stands in the way; nothing was done.
    """
    name, views = party.name, party.views()
    asked = whom_to_ask(name, views, (request.target, party.case.found.owner))
    if request.anywhere and asked.records[name].wanted:
        return _awaited(party, asked, views, check)
    if _is_so(name, asked, views, request.target):
        return _unchanged(party, request.target, check)
    against = why_not(name, views, asked, request.target, force=request.force)
    if against is not None:
        raise against
    move = _expected(party.case, request)
    if check:
        return move_outcome(party.case, request.target, move, None, _lost(party.case, request), recorded=True)
    if request.target is not None and not request.force:
        now = partial(_view_of, party, asked.node)
        await_copies(party.fleet, party.case, request.target, now, party.clock)
    return _asked(party, request, asked, move)


def _view_of(party: Party, node: str) -> View | StandbyError:
    return party.views(node)[node]


def _is_so(name: str, asked: View, views: Views, target: str | None) -> bool:
    """Whether a hierarchy is as asked, as its agents say."""
    record = asked.records[name]
    if target is None:
        return record.owner is None and not record.wanted
    found = views.get(target)
    return record.owner == target and isinstance(found, View) and _serves(found, name)


def _serves(view: View, name: str) -> bool:
    return name in view.verdicts and view.verdicts[name].reason == IN_SERVICE


def _server(name: str, views: Views) -> str | None:
    """The node whose agent says that it has a hierarchy in service, and the witness names no other."""
    return next(
        (
            node
            for node, view in views.items()
            if isinstance(view, View) and _serves(view, name) and _owner(view, name) in (None, node)
        ),
        None,
    )


def _owner(view: View, name: str) -> str | None:
    return view.records[name].owner if name in view.records else None


def _expected(case: Case, request: Request) -> Plan:
    """The steps that the agents are expected to take: they plan by the same rules.

    Raises:
        StandbyError: the target lacks something, as seen from here.
    """
    target = request.target
    if target is not None and not request.force:
        known = replace(case.found, state=State.IN_SERVICE)  # where it may be, the agents know
        for obstacle in obstacles(case.hierarchy, target, case.facts, known, case.last_owner, agents=True):
            raise obstacle
    if target is not None and case.facts[target].problem is not None:
        return Plan(case.hierarchy.name)
    return plan(case.hierarchy, case.found.owner, target, case.facts)


def _unchanged(party: Party, target: str | None, check: bool) -> Outcome:
    if not check and target is not None:
        verify_up(party.fleet, party.case, target, Course(party.clock), party.clock)
    return move_outcome(party.case, target, Plan(party.name), None, ())


def _awaited(party: Party, asked: View, views: Views, check: bool) -> Outcome:
    """The agents bring it into service by themselves, where it is not yet.

    Raises:
        NotInService: they do not within the bound of ownership; the text says why.
    """
    clock, course, end = party.clock, Course(party.clock), party.clock.monotonic() + asked.bound
    already = _server(party.name, views)
    server = already
    while server is None and not check:
        for node, view in views.items():
            if isinstance(view, View) and party.name in view.verdicts:
                course.see(node, view.verdicts[party.name].sentence)
        if clock.monotonic() >= end:
            told = "; ".join(step["sentence"] for step in course.steps()[-len(views) :])
            problem = f"its agents have not brought it into service within {asked.bound:g} s: {told}"
            raise NotInService(problem, party.case, course.steps(), None)
        clock.sleep(PACE)
        views = party.views()
        server = _server(party.name, views)
    if server is None:
        target = asked.records[party.name].owner or party.case.hierarchy.nodes[0]
        return move_outcome(party.case, target, Plan(party.name), None, (), recorded=True)
    if not check:
        verify_up(party.fleet, party.case, server, course, clock)
    return move_outcome(party.case, server, Plan(party.name), None, (), recorded=already is None)


def _asked(party: Party, request: Request, asked: View, move: Plan) -> Outcome:
    case, clock = party.case, party.clock
    course, watch = Course(clock), Watch(checks_of(case), clock, partial(_answered, case))
    begun = clock.monotonic()
    watch.start()
    try:
        course.see(asked.node, f"the agent of {asked.node} is asked")
        with party.fleet.lease(asked.node) as node:
            said = run(
                node, party.agents.installed[asked.node], *_command(case, request), resource=case.label
            )
        course.see(asked.node, said.strip())
        if request.target is not None:
            _follow(party, request.target, asked, course)
            verify_up(party.fleet, case, request.target, course, clock)
        else:
            verify_down(party.fleet, case, course, clock)
    finally:
        outage = watch.stop()
    seconds = clock.monotonic() - begun
    measured = outage if request.target is not None else None
    notes = remember(party.fleet, case, request.target, _why(case, request), None, seconds=measured)
    notes = (*_lost(case, request), *notes)
    outcome = move_outcome(case, request.target, move, None, notes, recorded=True)
    return _told(case, request, outcome, course, measured, seconds)


def _lost(case: Case, request: Request) -> tuple[str, ...]:
    """What the move may lose of mirrored data, from how its nodes were before."""
    if request.target is None:
        return ()
    return may_be_lost(case.hierarchy, request.target, case.facts, force=request.force)


def _answered(case: Case, check: Check) -> bool:
    """Whether a site answers, at whichever of its addresses."""
    return any(ask_once(one) for one in alternatives(case, check))


def _command(case: Case, request: Request) -> tuple[str, ...]:
    because = (f"--because={request.reason}",) if request.reason else ()
    if request.target is None:
        return ("out", *because, "--", case.hierarchy.name)
    force = ("--force",) if request.force else ()
    return ("switchover", *force, *because, "--", case.hierarchy.name, request.target)


def _follow(party: Party, target: str, asked: View, course: Course) -> None:
    """Wait until the target's agent says that it has it in service.

    Raises:
        NotInService: another node has it, or it is not so within the bound of ownership.
    """
    name, clock, end = party.name, party.clock, party.clock.monotonic() + asked.bound
    told = f"{target} has not said that it has it in service"
    while True:
        seen = party.views(target).get(target)
        if isinstance(seen, View) and name in seen.verdicts:
            told = seen.verdicts[name].sentence
            course.see(target, told)
            if _serves(seen, name):
                return
        if not isinstance(seen, View) and answers(party.case):
            return  # nobody can ask its agent; clients are answered, and what the nodes show is looked at
        other = None if _moving(seen, name) else _server(name, party.views())
        if other is not None or clock.monotonic() >= end:
            where = f"{other} has it again" if other is not None else f"it is not so after {asked.bound:g} s"
            raise NotInService(f"it was accepted, and {where}: {told}", party.case, course.steps(), target)
        clock.sleep(PACE)


def _moving(seen: View | StandbyError | None, name: str) -> bool:
    return isinstance(seen, View) and name in seen.verdicts and seen.verdicts[name].reason in MOVING


def _why(case: Case, request: Request) -> str:
    """What is recorded on the nodes: the status shows it, also once agents are gone."""
    if request.target is None:
        why = "taken out of service by an operator"
    elif case.found.owner is None:
        why = f"put in service on {request.target} by an operator"
    else:
        why = f"moved from {case.found.owner} to {request.target} by an operator"
    return f"{request.reason or why}, through the agents"


def _told(
    case: Case, request: Request, outcome: Outcome, course: Course, outage: float | None, seconds: float
) -> Outcome:
    where = f"in service on {request.target}" if request.target is not None else "out of service"
    gap = f", with an outage of {outage:.2f} s as seen from here" if outage is not None else ""
    data = {**outcome.data, "steps": course.steps(), "outage": None if outage is None else round(outage, 3)}
    message = f"{case.label} is {where}, through the agents, after {seconds:.1f} s{gap}"
    return replace(outcome, message=message, data=data)
