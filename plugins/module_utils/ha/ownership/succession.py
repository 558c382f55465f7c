# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one process of an agent leaves to the next one on the same boot of its machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .snapshot import Local, LocalState


@dataclass(frozen=True, slots=True)
class Standing:
    """What a next process of the same agent, on the same boot of its machine, needs to go on.

    Attributes:
        instance: of the agent.
        incarnation: under which it has joined.
        renewed: own monotonic clock at the start of the last confirmed renewal.
        ahead: by how much the wall clock was ahead of the monotonic one then.
        versions: of its own record and of those that name it as their owner: what is older is not news.
        trouble: hierarchies that had failed or were unhealthy, as they were: no verdict is forgotten.
    """

    instance: str
    incarnation: int
    renewed: float
    ahead: float
    versions: Mapping[str, int] = field(default_factory=dict)
    trouble: Mapping[str, Local] = field(default_factory=dict)


def troubled(local: Local) -> bool:
    """It has failed here, or is unhealthy: a next process has to know."""
    return bool(local.failures) or not local.healthy or bool(local.given_up)


def taken_over(found: Local, before: Local) -> Local:
    """What a new process has found of a hierarchy, with what an earlier one knew of it."""
    same = found.state is before.state is LocalState.UP
    return replace(
        found,
        failures=before.failures,
        problem=before.problem,
        given_up=before.given_up,
        unreached=before.unreached,
        healthy=before.healthy if same else found.healthy,
        blocked=before.blocked if same and not before.healthy else found.blocked,
    )
