# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node of a rollout: what it is to have, what it has, and what is to be done. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import StandbyError
from .seen import Seen
from .steps import Act, Step, steps
from .wanted import Wanted


@dataclass(frozen=True)
class Case:
    """One node: what it is to have, what it has, and what is to be done."""

    node: str
    wanted: Wanted
    seen: Seen
    steps: tuple[Step, ...]

    def of(self, *acts: Act) -> tuple[Step, ...]:
        """Its steps of some kinds."""
        return tuple(step for step in self.steps if step.act in acts)


def case_of(node: str, asked: Wanted, found: Seen) -> Case:
    """What is to be done on a node.

    Raises:
        StandbyError: see ``steps``; it names the node.
    """
    try:
        return Case(node, asked, found, steps(asked, found))
    except StandbyError as error:
        error.node = node
        raise
