# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way back of a switchover that failed on its way, and what is told of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import StandbyError
from ..ha.execute import Report
from ..ha.facts import NodeFacts, Scope, with_mirrors
from ..ha.model import Site
from ..ha.observe import Presence, see
from ..ha.plan import OUT, Action, Plan, Step, plan
from ..ha.status import status
from .case import Case
from .fleet import Fleet
from .record import Claim, Overtaken, check_claim, remember
from .survey import survey

_LAST_LOOK = "the last look before anything comes up"


class MoveFailed(StandbyError):
    """A move that stopped on its way; its text says what is where.

    Attributes:
        report: what was done and undone.
    """

    def __init__(self, problem: str, report: Report, cause: StandbyError, remedy: str) -> None:
        super().__init__(problem, node=cause.node, resource=cause.resource, remedy=remedy)
        self.report = report


def way_back(
    fleet: Fleet, case: Case, source: str, mine: Claim, parties: Sequence[str]
) -> Callable[[Report], Plan]:
    """The plan back to the source, from what is then observed.

    There is none while an address or a disk may come up elsewhere: because the node is silent, or because a
    call to it did not end and its effect is not seen. What is seen there is taken down first. A site that
    starts late is no obstacle: without its addresses it serves nobody, and the next run stops it.
    Nor is there one where something else was asked meanwhile: that run decides.
    """

    def back(report: Report) -> Plan:
        _stay_out_of_the_way(fleet, mine, parties)
        facts = survey(fleet, with_mirrors(Scope.MOVE, case.cluster.volumes), case.cluster.nodes)
        for name, seen in facts.items():
            if name != source and seen.problem is not None and report.attempted(name):
                raise _no_way(f"{name} no longer answers, and what was started there may be up", name, source)
        for step in report.unsettled:
            if step.node != source and _may_come_up(case, facts[step.node], step):
                raise _no_way(f"{step.sentence} did not end and may still take effect", step.node, source)
        whole = plan(case.hierarchy, None, source, facts)
        kept = tuple(stage for stage in whole.stages if stage[0].action is not Action.VERIFY)
        return replace(whole, stages=kept)

    return back


def _stay_out_of_the_way(fleet: Fleet, mine: Claim, parties: Sequence[str]) -> None:
    try:
        check_claim(fleet, mine, parties)
    except Overtaken:
        raise
    except StandbyError:
        return  # no node of the move answers; what the facts show decides


def _no_way(problem: str, node: str, source: str) -> StandbyError:
    return StandbyError(
        problem,
        node=node,
        remedy=f"Nothing was brought up on {source} again, so that it is never in service twice",
    )


def _may_come_up(case: Case, seen: NodeFacts, step: Step) -> bool:
    """Whether a step that did not end would bring up an address or a disk that is not seen up."""
    resource = next((one for one in case.hierarchy.resources if one.id == step.resource), None)
    if step.action in OUT or resource is None or isinstance(resource, Site):
        return False
    return seen.problem is not None or see(resource, seen).presence is Presence.DOWN


def move_failed(fleet: Fleet, case: Case, target: str | None, mine: Claim, report: Report) -> MoveFailed:
    """The error that says what failed, what was undone, what may still happen and what is where now."""
    failure = report.failure or StandbyError("a step failed")
    step = next((one.step.sentence for one in report.done if one.error is failure), _LAST_LOOK)
    facts = survey(fleet, with_mirrors(Scope.MEMBERS, case.cluster.volumes), case.cluster.nodes)
    now = status(case.hierarchy, facts, case.cluster)
    source = case.found.owner
    told = [f"{case.label} was not moved as asked: {step} failed: {str(failure).rstrip('.')}"]
    if report.rolled_back:
        told.append(f"it was rolled back to {source}")
        remember(fleet, case, source, f"the move to {target} failed and was rolled back ({step})", mine)
    elif report.rollback_failure is not None:
        told.append(f"the way back to {source} failed too: {str(report.rollback_failure).rstrip('.')}")
    unsettled = ", ".join(one.sentence for one in report.unsettled)
    if unsettled:
        told.append(f"without an answer, so that it may still take effect: {unsettled}")
    coming = [one for one in report.unsettled if _may_come_up(case, facts[one.node], one)]
    if coming and source is not None and not report.rolled_back:
        why = f"the move to {target} waits for an operator (may still take effect: {unsettled})"
        remember(fleet, case, target, why, mine, moving_from=source)
    told.append(f"now: {now.reason.rstrip('.')}")
    remedy = failure.remedy if isinstance(failure, Overtaken) and failure.remedy else None
    return MoveFailed("; ".join(told), report, failure, remedy or _remedy(case, target, coming))


def _remedy(case: Case, target: str | None, coming: list[Step]) -> str:
    name = case.hierarchy.name
    if coming:
        node = coming[0].node
        return (
            f"Put hierarchy {name} in service on {node}, which is safe at any time; on another node only "
            f"after {', '.join(one.resource for one in coming)} was seen up on {node} (Get-Disk, "
            f"Get-NetIPAddress), or {node} was restarted, which ends what was begun"
        )
    wanted = f"to {target}" if target is not None else "out of service"
    return (
        f"Repair what failed, then run the same again: it goes on from what is found (hierarchy {name}, "
        f"{wanted}), or put it in service on another of its nodes"
    )
