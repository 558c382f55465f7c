# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Have agents on all nodes: looked at, told, and done where it is no check."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..control.agents import PROGRAM
from ..control.fleet import Fleet
from ..control.outcome import Outcome
from ..node import Clock
from ..windows.firewall import Rule
from .case import Case
from .fence_cautions import fence_cautions
from .rollout import Rollout
from .steps import Act
from .wanted import SETTINGS, Request, digest


def ensure_agents(
    fleet: Fleet, request: Request, script: str, *, rotate: bool, check: bool, clock: Clock = time
) -> Outcome:
    """Have agents on all nodes as asked for.

    Args:
        fleet: all nodes of the cluster.
        request: what is asked for.
        script: text of ``receive_file.ps1``.
        rotate: change the cluster's key.
        check: only say what would be done.
        clock: time.

    Returns:
        With ``steps``: sentences in order; and ``nodes``: a dictionary each: name, python, steps, and
        handover: seconds from the relief of its agent to a successor that is well, None where there was none.

    Raises:
        StandbyError: see Rollout.
    """
    rollout = Rollout(fleet, request, script, clock)
    cases = rollout.look(check=check)
    rounds = rollout.key_rounds(cases, rotate=rotate)
    needed = any(case.of(Act.START, Act.SWAP) for case in cases)
    up = rollout.newcomers(cases) if needed else []
    if needed:
        rollout.check_ready(cases, up)
    told = [
        *(f"{one}: write the cluster's key" for one in sorted({name for one in rounds for name in one})),
        *(f"take {name} out of service until the agents take it" for name in up),
        *(f"{case.node}: {step.sentence}" for case in cases for step in case.steps),
    ]
    if told and not check:
        rollout.apply(cases, rounds, up)
    cautions = [] if check else fence_cautions(fleet, request, cases)
    outcome = _outcome(cases, told, rollout.handovers, check=check)
    return replace(outcome, data={**outcome.data, "cautions": cautions})


def _outcome(
    cases: Sequence[Case], told: list[str], handovers: Mapping[str, float], *, check: bool
) -> Outcome:
    done = "would be" if check else "were"
    message = f"{len(told)} steps {done} taken" if told else "the agents are as asked for"
    return Outcome(
        bool(told),
        message,
        {case.node: _before(case) for case in cases},
        {case.node: _after(case) for case in cases},
        {
            "steps": told,
            "nodes": [
                {
                    "name": case.node,
                    "python": case.wanted.python,
                    "steps": [step.sentence for step in case.steps],
                    "handover": handovers.get(case.node),
                }
                for case in cases
            ],
        },
    )


def _before(case: Case) -> dict[str, object]:
    """What a node had of what is asked for; nothing secret."""
    return {
        "program": case.seen.files.get(PROGRAM),
        "settings": case.seen.files.get(SETTINGS),
        "running": case.seen.running,
        "rule": _rule(case.seen.rule),
        "todo": [step.sentence for step in case.steps],
    }


def _after(case: Case) -> dict[str, object]:
    return {
        "program": digest(case.wanted.files[PROGRAM]),
        "settings": digest(case.wanted.files[SETTINGS]),
        "running": True,
        "rule": _rule(case.wanted.rule),
        "todo": [],
    }


def _rule(rule: Rule | None) -> str:
    return "" if rule is None else f"TCP {rule.port} from {', '.join(rule.addresses)}"
