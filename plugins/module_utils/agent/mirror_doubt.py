# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether mirrored data on this node may be older than what a lost owner had. Pure.

A source whose destination cannot be reached goes on acknowledging writes. Its agent then takes the other node
out of the record, but may die before that is written. So the other node looks at the order of what it has
seen itself: an owner that renewed its record after the mirror had fallen silent may have written alone.
"""

from __future__ import annotations

from ..ha.ownership.timing import Timers


def tolerance(timers: Timers, look: float) -> float:
    """Seconds by which an owner may seem to have outlived its mirror although both ended at once.

    A look at the mirror is as old as the time between two, a renewal as late as it and its reading take.

    Args:
        timers: of the cluster.
        look: seconds between two looks at the mirror.
    """
    return look + timers.interval + 2 * timers.store_timeout


def stale(mirrored: float | None, owner: str, heard: float | None, allowed: float) -> str:
    """Why what is here may be old, one clause; "" where nothing says so.

    Args:
        mirrored: own clock when the copy here was last seen to be complete; None where it never was since
            this agent has started.
        owner: the node that has the hierarchy, and is not this one.
        heard: own clock when the last renewal of that node was seen; None where none was.
        allowed: of ``tolerance``.
    """
    if mirrored is None:
        return f"its copy has not been in sync since its agent started, so that {owner} may have newer data"
    apart = heard - mirrored if heard is not None else 0.0
    if apart <= allowed:
        return ""
    return (
        f"{owner} was there for {apart:.0f} s after the mirror was last seen in sync here, "
        "and may have written alone"
    )


class Doubt:
    """Hears of owners, and tells what their silence says of the copies on this node.

    Args:
        allowed: of ``tolerance``.
    """

    def __init__(self, allowed: float) -> None:
        self._allowed = allowed
        # Hierarchy -> the owner that was heard of last, and when, own clock.
        self._heard: dict[str, tuple[str, float]] = {}

    def told(self, hierarchy: str, mirrored: float | None, heard: tuple[str, float | None] | None) -> str:
        """Why what is here of a hierarchy may be old, "" where nothing says so, or no other node owns it.

        Args:
            hierarchy: a mirrored one.
            mirrored: see ``stale``.
            heard: of ``Memory.owner_heard``.
        """
        if heard is None:
            return ""
        owner, at = heard
        if at is not None:
            self._heard[hierarchy] = owner, at
        last, when = self._heard.get(hierarchy, ("", 0.0))
        return stale(mirrored, owner, when if last == owner else None, self._allowed)
