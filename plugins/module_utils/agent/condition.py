# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hierarchy on this node as its checks and the other nodes see it: its health, as ``decide`` is told."""

from __future__ import annotations

from dataclasses import replace

from ..ha.health import Verdict
from ..ha.ownership.snapshot import Local
from ..ha.ownership.timing import Timers
from ..ha.views import Cause, Where


def judged(local: Local, verdict: Verdict, found: Cause, now: float, timers: Timers) -> Local:
    """What is up, with its health. Where a restart cannot help, that counts as being in the way.

    Args:
        local: as it was.
        verdict: of the checks on this node.
        found: where the fault lies, by that and the others' views.
        now: own monotonic clock.
        timers: of the cluster.
    """
    if found.where in (Where.NOWHERE, Where.VIEW):
        notice = _notice(verdict, found)
        if local.healthy and local.notice == notice and not local.given_up:
            return local
        return replace(local, healthy=True, notice=notice, given_up="", unreached=None)
    if local.notice:
        local = replace(local, notice="")
    if found.where in (Where.NETWORK, Where.NODE):
        known = local.unreached if local.unreached is not None else now
        return replace(
            local,
            healthy=False,
            problem=found.sentence,
            blocked=found.sentence,
            given_up=found.sentence,
            unreached=known if found.outside else local.unreached,
        )
    if local.healthy:
        return failed(replace(local, healthy=False), found.sentence, now, timers)
    return local


def failed(local: Local, problem: str, now: float, timers: Timers) -> Local:
    """One failure more; those that are older than ``hold_off`` are forgotten."""
    recent = tuple(at for at in local.failures if at > now - timers.hold_off)
    return replace(local, failures=(*recent, now), problem=problem)


def _notice(verdict: Verdict, found: Cause) -> str:
    """What somebody has to mend although it serves."""
    told = found.outside or found.where is Where.VIEW
    return "; ".join((*((found.sentence,) if told else ()), *verdict.notices))
