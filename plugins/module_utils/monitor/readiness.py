# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether agents may be replaced now: by what those that run show.

Without the witness what is in service rests on the promises of the other nodes. Those are not handed on to a
successor, and one that has just begun promises nothing: replacing any agent then would end it all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ..errors import StandbyError
from ..node import Clock
from .health import Status, wait_until

_REACHED, _MEMBER, _DOWN = "reached", "member", "down"
_REMEDY = (
    "Bring the witness back, or mend the agent of that node, until every agent that runs is a member of its "
    "cluster; then run again. docs/witness.md has what its messages mean"
)


def unready(status: Status) -> str:
    """Why an agent that runs could hand nothing on, one clause; "" where it could."""
    if not status:
        return "shows nothing of itself"
    if status.get("witness") != _REACHED:
        return f"does not reach its witness: {str(status.get('witness')).rstrip('.')}"
    if status.get("standing") != _MEMBER:
        return f"is no member of its cluster now (its standing is {status.get('standing')!r})"
    return ""


def has_nothing(status: Status) -> bool:
    """Nothing is up on the node: there is nothing to hand on."""
    return all(
        one.get("reason") != "in_service" and one.get("state", _DOWN) == _DOWN
        for one in status.get("hierarchies", {}).values()
    )


def hindrance(statuses: Mapping[str, Status], replaced: Collection[str]) -> StandbyError | None:
    """What keeps agents from being replaced now, None where nothing does.

    Args:
        statuses: what each agent shows that runs, by node.
        replaced: nodes that are still to get another agent: one that has nothing up may need that to be well.
    """
    for node, status in statuses.items():
        if (why := unready(status)) and not (node in replaced and has_nothing(status)):
            return StandbyError(
                f"it {why}. No agent is replaced meanwhile, as none could hand on what it has in service",
                node=node,
                resource="agent",
                remedy=_REMEDY,
            )
    return None


def wait_shown(read: Callable[[], Mapping[str, Status]], seconds: float, clock: Clock) -> None:
    """Wait until each agent shows something, or for so long.

    A worker that has just begun shows nothing for a moment: what it looks after would count as new. One that
    does not stay up shows nothing at all.
    """
    wait_until(lambda: _silent(read()), seconds, clock)


def _silent(statuses: Mapping[str, Status]) -> str:
    return next((node for node, status in statuses.items() if not status), "")


def wait_ready(
    read: Callable[[], Mapping[str, Status]], replaced: Collection[str], seconds: float, clock: Clock
) -> None:
    """Wait until agents may be replaced.

    Args:
        read: what each agent shows that runs, by node.
        replaced: see ``hindrance``.
        seconds: after which what is in the way does not pass by itself.
        clock: time.

    Raises:
        StandbyError: they may not.
    """
    found: list[StandbyError] = []

    def problem() -> str:
        found[:] = [StandbyError("what agents show of themselves cannot be read", remedy=_REMEDY)]
        statuses = read()
        hindering = hindrance(statuses, replaced)
        found[:] = [hindering] if hindering else []
        return str(hindering or _silent(statuses))

    if wait_until(problem, seconds, clock) and found:
        raise found[0]
