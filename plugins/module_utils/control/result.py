# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Outcomes and failures as the keyword arguments of a module's ``exit_json`` and ``fail_json``."""

from __future__ import annotations

import re
from typing import Any

from ..errors import StandbyError
from ..ha.execute import Report
from .agent_course import NotInService
from .move_outcome import timings
from .outcome import Outcome
from .way_back import MoveFailed


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Arguments of ``exit_json``: changed, msg, diff, and the operation's own return values."""
    return {
        **outcome.data,
        "changed": outcome.changed,
        "msg": outcome.message,
        "diff": {"before": dict(outcome.before), "after": dict(outcome.after)},
    }


def failure_of(error: StandbyError) -> dict[str, Any]:
    """Arguments of ``fail_json``: msg, reason (kind of error, ``access_denied``), node, resource, remedy.

    A move that stopped on its way has its steps and those of the way back as well; one that the agents did
    not bring to its end, what they said.
    """
    known = {"node": error.node, "resource": error.resource, "remedy": error.remedy}
    return {
        "msg": str(error),
        "reason": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower(),
        **{name: value for name, value in known.items() if value is not None},
        **(_what_was_done(error.report) if isinstance(error, MoveFailed) else {}),
        **({"steps": error.steps} if isinstance(error, NotInService) else {}),
    }


def _what_was_done(report: Report) -> dict[str, Any]:
    return {"steps": timings(report.done), "undone": timings(report.undone)}
