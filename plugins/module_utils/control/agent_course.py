# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is seen of a move through the agents, on its way and at its end, from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import StandbyError
from ..ha.model import Check
from ..ha.on_node import from_outside, on_node
from ..ha.status import State
from ..node import Clock
from ..windows import deepcheck
from .case import Case, look_again
from .fleet import Fleet
from .perform import VERIFY_ATTEMPTS, VERIFY_PAUSE

# Seconds between two looks.
PACE = 0.5
# Seconds that nodes may show less than their agents say: addresses and sites are read one after the other.
SETTLE = 10.0
DOWN = (State.OUT_OF_SERVICE, State.UNKNOWN)


class NotInService(StandbyError):
    """The agents accepted a request, and the hierarchy is not as asked at the end.

    Attributes:
        steps: what was seen on the way, as a module returns it.
    """

    def __init__(self, problem: str, case: Case, steps: list[dict[str, Any]], node: str | None) -> None:
        super().__init__(
            problem.rstrip("."),
            node=node,
            resource=case.label,
            remedy="The agents go on by themselves: look at the status, mend what it says, then ask again",
        )
        self.steps = steps


@dataclass
class Course:
    """Sentences of the agents, each from when on.

    Attributes:
        clock: for measuring.
    """

    clock: Clock
    _seen: list[tuple[float, str, str]] = field(default_factory=list)

    def see(self, node: str, sentence: str) -> None:
        """Take in what an agent says now."""
        if not self._seen or self._seen[-1][1:] != (node, sentence):
            self._seen.append((self.clock.monotonic(), node, sentence))

    def steps(self) -> list[dict[str, Any]]:
        """As a module returns them: sentence, node, action, start and seconds, error."""
        ends = [*(at for at, _node, _sentence in self._seen[1:]), self.clock.monotonic()]
        return [
            {
                "sentence": sentence,
                "node": node,
                "action": "agent",
                "start": round(at - self._seen[0][0], 3),
                "seconds": round(end - at, 3),
                "error": None,
            }
            for (at, node, sentence), end in zip(self._seen, ends[: len(self._seen)], strict=True)
        ]


def checks_of(case: Case, node: str | None = None) -> list[Check]:
    """The deep checks of a hierarchy's sites, as they are made while it is in service on a node."""
    hierarchy = case.hierarchy if node is None else on_node(case.hierarchy, node)
    return [check for site in hierarchy.sites for check in site.checks]


def alternatives(case: Case, check: Check) -> tuple[Check, ...]:
    """A check at every address that the hierarchy may have."""
    return from_outside(check, case.hierarchy, "")


def verify_up(fleet: Fleet, case: Case, target: str, course: Course, clock: Clock) -> None:
    """Look at the nodes, and ask the sites.

    Raises:
        NotInService: it is not in service on the target, as far as can be seen from here.
    """
    seen = _settled(fleet, case, clock, lambda now: _serves(now, target))
    told = f"the agent of {target} says that it has it in service"
    if seen.facts[target].problem is None and not _serves(seen, target):
        raise NotInService(f"{told}, and the nodes show: {seen.found.reason}", case, course.steps(), target)
    for check in checks_of(case, target):
        verdict = _checked(check, clock)
        if not verdict.healthy:
            failed = f"{told}, and the deep check from here failed: {verdict.sentence}"
            raise NotInService(failed, case, course.steps(), target)


def verify_down(fleet: Fleet, case: Case, course: Course, clock: Clock) -> None:
    """Look at the nodes.

    Raises:
        NotInService: something of it is up.
    """
    seen = _settled(fleet, case, clock, lambda now: now.found.state in DOWN)
    if seen.found.state not in DOWN:
        told = f"the agents took it out of service, and the nodes show: {seen.found.reason}"
        raise NotInService(told, case, course.steps(), seen.found.owner)


def answers(case: Case) -> bool:
    """Whether every site answers, asked once; False where there is none to ask."""
    checks = [alternatives(case, check) for check in checks_of(case)]
    return bool(checks) and all(any(deepcheck.run_check(one).healthy for one in each) for each in checks)


def _serves(case: Case, target: str) -> bool:
    return case.found.owner == target and case.found.state is State.IN_SERVICE


def _settled(fleet: Fleet, case: Case, clock: Clock, wanted: Callable[[Case], bool]) -> Case:
    """The hierarchy as its nodes show it, once that is as wanted or does not become so."""
    end = clock.monotonic() + SETTLE
    while not wanted(seen := look_again(fleet, case)) and clock.monotonic() < end:
        clock.sleep(PACE)
    return seen


def _checked(check: Check, clock: Clock) -> deepcheck.Verdict:
    """The first good verdict, or the last one."""
    verdict = deepcheck.run_check(check)
    for _rest in range(VERIFY_ATTEMPTS - 1):
        if verdict.healthy:
            break
        clock.sleep(VERIFY_PAUSE)
        verdict = deepcheck.run_check(check)
    return verdict
