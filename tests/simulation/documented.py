# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that ``ownership.machine`` documents: to be reached as a whole, and nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Reason
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.machine import (
    AFTER_ROLE,
    AFTER_STANDING,
)

Transition = tuple[str, str, str]

# So rare that a hundred thousand schedules may do without; tests/unit/ha/ownership/test_machine.py has them.
_RARE = {
    ("role", "falling", "claiming"),
    ("role", "rising", "claiming"),
    ("role", "rising", "waiting"),
    ("role", "rising", "watching"),
    ("role", "waiting", "falling"),
    ("role", "watching", "rising"),
    ("standing", "ended", "lapsed"),
}
# It never comes to decide: the schedules' nodes are all members.
_UNREACHED = {Reason.NOT_A_MEMBER}


def _documented() -> set[Transition]:
    found = {
        (kind, before, after)
        for kind, machine in (("standing", AFTER_STANDING), ("role", AFTER_ROLE))
        for before, afters in machine.items()
        for after in afters
    }
    return found | {("reason", "", reason.value) for reason in Reason if reason not in _UNREACHED}


DOCUMENTED = frozenset(_documented())


def undocumented(coverage: Mapping[Transition, int]) -> list[Transition]:
    """Transitions that were reached and are not documented."""
    return sorted(set(coverage) - DOCUMENTED)


def missing(coverage: Mapping[Transition, int]) -> list[Transition]:
    """Documented states and transitions that were not reached, though they are not rare."""
    return sorted(DOCUMENTED - _RARE - set(coverage))
