# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carries out a plan: stages in order, steps of a stage side by side, no further than the first failure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from ..errors import StandbyError, foreseen
from ..node import Clock
from ..windows.effect import may_take_effect
from .plan import BEFORE, CONTROLLER, OUT, Action, Plan, Step


@dataclass(frozen=True)
class Done:
    """A step that was tried.

    Attributes:
        step: what it was.
        start: seconds since the plan began.
        seconds: how long it took.
        error: why it failed, None where it succeeded.
    """

    step: Step
    start: float
    seconds: float
    error: StandbyError | None = None

    @property
    def end(self) -> float:
        """Seconds since the plan began."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Report:
    """What became of a plan.

    Attributes:
        done: every step that was tried, in order of its start.
        undone: the same of the way back, where there was one.
        failure: the first error, None where the whole plan succeeded.
        rolled_back: the way back was gone to its end.
        rollback_failure: why it was not, None where it was or was not needed.
    """

    done: tuple[Done, ...] = ()
    undone: tuple[Done, ...] = field(default=())
    failure: StandbyError | None = None
    rolled_back: bool = False
    rollback_failure: StandbyError | None = None

    @property
    def outage(self) -> float | None:
        """Measured seconds from the first step out to the last site started (or awake, or address usable).

        None where the plan did not both take down and bring up.
        """
        out = [one.start for one in self.done if one.step.action in OUT]
        serving = (Action.START_SITE, Action.WAKE_SITE, Action.WAIT_ADDRESS)
        up = [one.end for one in self.done if one.step.action in serving]
        return max(up) - min(out) if out and up and self.failure is None else None

    def attempted(self, node: str) -> bool:
        """Whether a step that brings something up was begun on a node, whatever became of it."""
        here = [one.step.action for one in self.done if one.step.node == node]
        return any(action not in (*BEFORE, *OUT, *CONTROLLER) for action in here)

    @property
    def unsettled(self) -> tuple[Step, ...]:
        """Steps that failed and may take effect all the same, now or later; those of the way back too."""
        tried = (*self.done, *self.undone)
        return tuple(one.step for one in tried if one.error is not None and may_take_effect(one.error))


def execute(
    plan: Plan,
    perform: Callable[[Step], None],
    clock: Clock,
    pool: Executor,
    back: Callable[[Report], Plan] | None = None,
    before_up: Callable[[], None] | None = None,
) -> Report:
    """Carry out a plan and, where a step fails, the way back.

    Args:
        plan: what to do.
        perform: does one step; raises where it fails, whatever it raises. Called from the pool's threads.
        clock: for the times in the report.
        pool: runs the steps of a stage.
        back: makes the plan of the way back from fresh facts, given the report so far; raises StandbyError
            where there is no safe way. None: nothing is undone.
        before_up: called once, when all is down that has to be and before anything comes up; raises
            StandbyError where nothing may.

    Returns:
        The report; a failure is in it and not raised.
    """
    start = clock.monotonic()
    down, up = _parted(plan)
    done = _run(down, perform, clock, pool, start)
    failure = _first_error(done)
    if failure is None and up.stages and before_up is not None:
        failure = _error_of(before_up)
    if failure is None:
        done += _run(up, perform, clock, pool, start)
        failure = _first_error(done)
    report = Report(done, failure=failure)
    if failure is None or back is None:
        return report
    try:
        undone = _run(back(report), perform, clock, pool, start)
    except Exception as error:
        return Report(done, failure=failure, rollback_failure=foreseen(error, None))
    error_on_the_way = _first_error(undone)
    return Report(done, undone, failure, error_on_the_way is None, error_on_the_way)


def _parted(plan: Plan) -> tuple[Plan, Plan]:
    """What goes down, and what comes up after it."""
    first_up = next(
        (n for n, stage in enumerate(plan.stages) if stage[0].action not in (*BEFORE, *OUT)),
        len(plan.stages),
    )
    return replace(plan, stages=plan.stages[:first_up]), replace(plan, stages=plan.stages[first_up:])


def _error_of(look: Callable[[], None]) -> StandbyError | None:
    try:
        look()
    except Exception as error:
        return foreseen(error, None)
    return None


def _run(
    plan: Plan, perform: Callable[[Step], None], clock: Clock, pool: Executor, start: float
) -> tuple[Done, ...]:
    done: list[Done] = []
    for stage in plan.stages:
        # Every step of a stage ends before its errors count: what is running must not be left unknown.
        running = [pool.submit(_one, step, perform, clock, start) for step in stage]
        ended = [future.result() for future in running]
        done += ended
        if any(one.error is not None for one in ended):
            break
    return tuple(sorted(done, key=lambda one: one.start))


def _one(step: Step, perform: Callable[[Step], None], clock: Clock, start: float) -> Done:
    begun = clock.monotonic()
    error: StandbyError | None = None
    try:
        perform(step)
    except Exception as raised:  # a step that ends in any other way would leave the rest unknown
        error = foreseen(raised, step.node, step.resource)
    return Done(step, begun - start, clock.monotonic() - begun, error)


def _first_error(done: tuple[Done, ...]) -> StandbyError | None:
    return next((one.error for one in done if one.error is not None), None)
