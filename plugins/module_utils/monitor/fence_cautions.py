# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the controllers of nodes answer those that would have to ask them: told at every rollout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..control.agents import Agent
from ..control.fleet import Fleet
from ..errors import StandbyError
from ..node import Node
from .case import Case
from .wanted import Request


def fence_cautions(fleet: Fleet, request: Request, cases: Sequence[Case]) -> list[str]:
    """One sentence for every fence that would not work from a node. The nodes are asked, and only look.

    Nothing where no node has a controller: a program cannot be tried without effect, nor a person.
    """
    if not any(told.bmcs for told in request.settings.values()):
        return []
    agents = {case.node: Agent(case.node, True, case.wanted.python, request.home) for case in cases}
    answers = fleet.each(lambda node: _asked(node, agents[node.name]), list(agents))
    return [told for name, answer in answers.items() for told in _told(name, answer)]


def _asked(node: Node, agent: Agent) -> list[str]:
    ended = node.shell.run(agent.command("check", "--fences", "--json"))
    said = ended.stderr.decode("utf-8", "replace").strip()
    try:
        lines: Any = json.loads(ended.stdout.decode("utf-8", "replace"))
        return [f"{one['check']}: {one['sentence']}" for one in lines if not one["healthy"]]
    except (ValueError, TypeError, KeyError):
        return [f"its fences could not be looked at: {said or f'exit code {ended.code}'}"]


def _told(name: str, answer: list[str] | StandbyError) -> list[str]:
    if isinstance(answer, StandbyError):
        return [f"{name}: its fences could not be looked at: {answer.problem}"]
    return [f"{name}: {one}" for one in answer]
