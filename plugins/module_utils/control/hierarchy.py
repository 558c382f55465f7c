# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The switchover: puts a hierarchy in service on a node, or takes it out of service."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

from ..errors import StandbyError
from ..ha.execute import Report, execute
from ..ha.plan import Action, Plan, plan
from ..ha.precheck import obstacles, unknown_holders
from ..ha.status import State
from ..node import Clock, Node
from . import store
from .agent_mirrors import needs_agents
from .agent_move import Party, Request, through_agents
from .agents import agents_of, in_charge
from .case import Case, look, look_again
from .dns_record import Keys
from .drift_notes import before_move
from .fence_confirmed import confirm_off
from .fleet import Fleet
from .move_outcome import move_outcome, unready
from .outcome import Outcome
from .perform import performer
from .record import (
    Claim,
    Overtaken,
    check_claim,
    claim,
    ending,
    refuse_while_running,
    remember,
    withdraw,
)
from .records import carry_out, due, first_error, followed, with_records, without_records
from .way_back import MoveFailed, move_failed, way_back

__all__ = ["MoveFailed", "Overtaken", "put_in_service", "take_out_of_service"]

NO_KEYS: Keys = MappingProxyType({})
PRIMARY = "primary"
_SHELL_ACTIONS = (
    Action.STOP_SITE,
    Action.STOP_POOL,
    Action.START_SITE,
    Action.START_POOL,
    Action.WAKE_SITE,
)


def put_in_service(
    fleet: Fleet,
    name: str,
    to: str | None,
    check: bool,
    reason: str | None = None,
    *,
    resume: bool = False,
    force: bool = False,
    fence_confirmed: str | None = None,
    keys: Keys = NO_KEYS,
    clock: Clock = time,
) -> Outcome:
    """Have a hierarchy in service on one node, and on no other.

    Where agents look after it, they are asked, and followed to the end.

    Args:
        fleet: all nodes of the cluster.
        name: the hierarchy, or any member of it.
        to: a node, ``primary``, or None: where it is, else the primary.
        check: only say what would be done.
        reason: why, one sentence, shown with the status.
        resume: go on after a run that was killed; whoever says so has made sure that it runs no more.
        force: agents accept data that may be old, a fence that nobody confirmed, and a node that they take
            for unfit; nothing without them.
        fence_confirmed: a node that a person has made sure is off; agents that wait for that go on.
        keys: TSIG keys by name, where the hierarchy has records and no agents that update them.
        clock: for waiting and measuring.

    Raises:
        StandbyError: something stands in the way; nothing was touched.
        MoveFailed: a step failed; the way back was gone, or the text says what is left.
        NotInService: the agents accepted it, and it is not so at the end.
    """
    case = _free(fleet, name, resume)
    party = _agents_of(fleet, case, clock)
    if party is not None:
        wanted = to if to not in (None, PRIMARY) else case.hierarchy.nodes[0]
        drift = _drift(fleet, case, wanted, asked=to is not None)
        said = fence_confirmed is not None and confirm_off(party, fence_confirmed, check)
        outcome = through_agents(party, Request(wanted, to is None, reason, force), check)
        if said:
            told = f"{fence_confirmed} {'would be' if check else 'was'} said to be off; {outcome.message}"
            outcome = replace(outcome, changed=True, message=told)
        elif fence_confirmed is not None:
            outcome = _noted(
                outcome, [f"no agent waits for fence_confirmed={fence_confirmed}: nothing was said"]
            )
        return _with_drift(_followed(outcome, case, check, clock), drift)
    if fence_confirmed is not None:
        raise StandbyError(
            "no agents look after it, so that nothing waits for fence_confirmed",
            resource=case.label,
            remedy="Leave it out: docs/dead_server.md says what to do without agents",
        )
    return _without_agents(fleet, case, to, check, reason, keys, clock)


def _without_agents(
    fleet: Fleet, case: Case, to: str | None, check: bool, reason: str | None, keys: Keys, clock: Clock
) -> Outcome:
    """The same, by the controller itself. Arguments and errors are those of ``put_in_service``."""
    target = _target(case, to)
    needs_agents(case, target)
    records = due(case.hierarchy, target) if target in case.hierarchy.nodes else ()
    there = case.found.state is State.IN_SERVICE and case.found.owner == target and not case.leaving(target)
    if there and not any(one.needed for one in records):
        settled = _settle(fleet, case, target, check)
        return _with_drift(_noted(settled, [note for one in records for note in one.notes]), [])
    move = with_records(_way_in(case, target), records, target)
    why = reason or _default_reason(case.found.owner, target)
    drift = _drift(fleet, case, target, asked=to is not None)
    cold = unready(case, target)
    if check:
        return _with_drift(move_outcome(case, target, move, None, cold, recorded=not move.stages), drift)
    _warm(fleet, move)
    mine = claim(fleet, case, target, why, moving_from=case.found.owner)
    with ending(fleet, mine):
        case, way = _decided(fleet, case, mine, lambda now: _way_in(now, target))
        move = with_records(way, records, target)
        report = _carry_out(fleet, case, move, target, mine, clock)
    notes = (*cold, *mine.notes, *remember(fleet, case, target, why, mine, seconds=report.outage))
    report, lagging = carry_out(records, keys, clock, report, target)
    if (error := first_error(report)) is not None:
        raise _without_record(case, target, error)
    notes = (*notes, *lagging)
    return _with_drift(move_outcome(case, target, move, report, notes, recorded=not move.stages), drift)


def take_out_of_service(
    fleet: Fleet,
    name: str,
    check: bool,
    reason: str | None = None,
    *,
    resume: bool = False,
    beside_agents: bool = False,
    clock: Clock = time,
) -> Outcome:
    """Have a hierarchy in service on no node.

    Args:
        fleet: all nodes of the cluster.
        name: the hierarchy, or any member of it.
        check: only say what would be done.
        reason: why, one sentence, shown with the status.
        resume: see put_in_service.
        beside_agents: not through the agents of its nodes; whoever says so has made sure that they do not
            look after it.
        clock: for measuring.

    Raises:
        StandbyError: a node that may have it in service could not be read; nothing was touched.
        MoveFailed: a step failed; the text says what is left.
        NotInService: the agents accepted it, and something is up at the end.
    """
    case = _free(fleet, name, resume)
    party = None if beside_agents else _agents_of(fleet, case, clock)
    if party is not None:
        return through_agents(party, Request(None, reason=reason), check)
    down = _way_out(case)
    settled = case.intent is not None and case.intent.owner is None and case.intent.moving_from is None
    if not down.stages and settled and not case.lagging:
        return move_outcome(case, None, down, None, ())
    if check:
        return move_outcome(case, None, down, None, (), recorded=not settled)
    why = reason or "taken out of service by an operator"
    _warm(fleet, down)
    mine = claim(fleet, case, None, why, moving_from=case.found.owner)
    with ending(fleet, mine):
        case, down = _decided(fleet, case, mine, _way_out)
        report = _carry_out(fleet, case, down, None, mine, clock)
    notes = (*mine.notes, *remember(fleet, case, None, why, mine))
    return move_outcome(case, None, down, report, notes, recorded=not settled)


def _followed(moved: Outcome, case: Case, check: bool, clock: Clock) -> Outcome:
    """What the agents have made of the records of a hierarchy that they have moved."""
    owner = moved.data.get("owner")
    if check or owner not in case.hierarchy.nodes:
        return moved
    return _noted(moved, followed(case.hierarchy, str(owner), clock))


def _noted(outcome: Outcome, notes: list[str]) -> Outcome:
    return replace(outcome, data={**outcome.data, "notes": [*outcome.data["notes"], *notes]})


def _without_record(case: Case, target: str, error: StandbyError) -> StandbyError:
    told = f"{case.label} is in service on {target}, where clients do not find it by its name: it"
    return StandbyError(f"{told} {error.problem}", resource=error.resource, remedy=error.remedy)


def _drift(fleet: Fleet, case: Case, target: str | None, *, asked: bool) -> list[str]:
    """What is to be said of the twins on a node that is to serve; it never stands in the way.

    Nothing where a hierarchy comes into service for the first time, on the node that it has its sites from.
    """
    seen = case.facts.get(target) if target is not None else None
    if target is None or seen is None or seen.problem is not None or not (asked or case.found.owner):
        return []
    return before_move(fleet, case, target)


def _with_drift(outcome: Outcome, drift: list[str]) -> Outcome:
    return replace(outcome, data={**outcome.data, "drift": drift})


def _free(fleet: Fleet, name: str, resume: bool) -> Case:
    """The hierarchy, where no other run is at it."""
    case = look(fleet, name)
    if not resume:
        refuse_while_running(case)
    return case


def _agents_of(fleet: Fleet, case: Case, clock: Clock) -> Party | None:
    """The agents that look after a hierarchy; None where none do. They look after what has a site.

    Raises:
        StandbyError: some of its nodes have an agent that runs, and others have not, or a node that answers
            does not tell whether it has one.
    """
    if not case.hierarchy.sites:
        return None
    agents = agents_of(fleet, case.hierarchy.nodes)
    for name, error in agents.unread.items():
        if case.facts[name].problem is None:
            raise error
    return Party(fleet, case, agents, clock) if in_charge(agents, case.hierarchy.nodes, case.label) else None


def _way_in(case: Case, target: str) -> Plan:
    _refuse(obstacles(case.hierarchy, target, case.facts, case.found, case.last_owner))
    return plan(case.hierarchy, case.found.owner, target, case.facts)


def _way_out(case: Case) -> Plan:
    _refuse(list(unknown_holders(case.hierarchy, None, case.facts, case.found, case.last_owner)))
    return plan(case.hierarchy, None, None, case.facts)


def _decided(fleet: Fleet, case: Case, mine: Claim, way: Callable[[Case], Plan]) -> tuple[Case, Plan]:
    """What is done, from what the nodes show once the claim stands: what another run did before it is seen.

    Raises:
        StandbyError: something stands in the way by now; nothing was touched, and the claim is withdrawn.
    """
    try:
        now = look_again(fleet, case)
        return now, way(now)
    except StandbyError:
        withdraw(fleet, case, mine)
        raise


def _target(case: Case, to: str | None) -> str:
    if to == PRIMARY:
        return case.hierarchy.nodes[0]
    if to is not None:
        return to
    if case.found.owner in case.hierarchy.nodes:
        return str(case.found.owner)
    # More than one node holds something: the last one asked to have it is where it belongs.
    if case.found.state in (State.CONFLICT, State.PARTIAL) and case.intent is not None:
        return case.intent.owner or case.hierarchy.nodes[0]
    return case.hierarchy.nodes[0]


def _default_reason(source: str | None, target: str) -> str:
    if source is None or source == target:
        return f"put in service on {target} by an operator"
    return f"moved from {source} to {target} by an operator"


def _refuse(errors: Sequence[StandbyError]) -> None:
    """Raise the first obstacle, naming the others."""
    if not errors:
        return
    first, others = errors[0], errors[1:]
    if not others:
        raise first
    also = " ".join(str(error) for error in others)
    raise StandbyError(
        first.problem,
        node=first.node,
        resource=first.resource,
        remedy=f"{(first.remedy or 'Remove the obstacle').rstrip('.')}. Also in the way: {also.rstrip('.')}",
    )


def _settle(fleet: Fleet, case: Case, target: str, check: bool) -> Outcome:
    """It is where it should be; a record that says otherwise, or is not on every node, is put right."""
    intent = case.intent
    recorded = intent is not None and intent.owner == target and intent.moving_from is None
    settled = recorded and not case.lagging
    notes: tuple[str, ...] = ()
    if not settled and not check:
        reason = intent.reason if intent is not None and recorded else f"found in service on {target}"
        mine = claim(fleet, case, target, reason, moving_from=None)
        notes = (*mine.notes, *remember(fleet, case, target, reason, mine))
        case = replace(case, notes=())  # they say of the record what was so before
    return move_outcome(case, target, Plan(case.hierarchy.name), None, notes, recorded=not settled)


def _carry_out(fleet: Fleet, case: Case, move: Plan, target: str | None, mine: Claim, clock: Clock) -> Report:
    source = case.found.owner
    parties = [name for name in (source, target) if name is not None]
    back: Callable[[Report], Plan] | None = None
    # Without a former owner there is nowhere to go back to: what is up stays on the target, and nowhere else.
    if source is not None and target is not None and source != target:
        back = way_back(fleet, case, source, mine, parties)
    report = execute(
        without_records(move),
        performer(fleet, clock),
        clock,
        fleet.pool,
        back,
        before_up=lambda: check_claim(fleet, mine, parties),
    )
    if report.failure is not None:
        raise move_failed(fleet, case, target, mine, report)
    return report


def _warm(fleet: Fleet, move: Plan) -> None:
    """Open the sessions and shells of the widest stage before anything is down."""

    def touch(session: Node) -> None:
        store.read_node(session)
        if any(step.node == session.name and step.action in _SHELL_ACTIONS for step in move.steps):
            session.shell.run(["hostname.exe"])

    for node in dict.fromkeys(step.node for step in move.steps):
        if move.width(node):
            fleet.warm(node, move.width(node), touch)
