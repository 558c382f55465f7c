# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be done so that a whole site has moved, from what is seen now. Pure.

Every run decides anew from what is there, so that a run after one that broke off takes up what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Hierarchy = Mapping[str, Any]
IN_SERVICE, TAKEN_OUT = "in_service", "taken_out"


def site_moves(
    hierarchies: Iterable[Hierarchy],
    lost: Sequence[str],
    *,
    back: bool = False,
    to: str | None = None,
    first: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The hierarchies that are to be moved, or put right, in their order.

    Args:
        hierarchies: as ``hierarchy_info`` returns them.
        lost: the nodes of the site.
        back: whether what has its primary there goes back to it.
        to: node for what leaves the site, where a hierarchy has it; None for the first that is not lost.
        first: names that come before the others, in this order; the others keep theirs.

    Returns:
        For each ``name``, ``from`` (where it is or was last), ``to`` ("" where none of its nodes is left) and
        ``before`` (why it is as it is). Both nodes are the same where it is to be put in service again, or
        its records are to be put right.
    """
    goal = _homeward if back else _away
    moves = []
    for one in _ordered(hierarchies, first):
        target = None if _left_out(one) else goal(one, lost, to)
        if target is not None:
            moves.append({"name": one["name"], "from": _last(one), "to": target, "before": one["reason"]})
    return moves


def _ordered(hierarchies: Iterable[Hierarchy], first: Sequence[str]) -> list[Hierarchy]:
    known = list(hierarchies)
    named = [one for name in first for one in known if one["name"] == name]
    return [*named, *(one for one in known if one["name"] not in first)]


def _away(one: Hierarchy, lost: Sequence[str], to: str | None) -> str | None:
    if not set(one["nodes"]) & set(lost):
        return None
    last = _last(one)
    if last not in lost:
        return None if _settled(one) else last
    left = [node for node in one["nodes"] if node not in lost]
    return to if to in left else next(iter(left), "")


def _homeward(one: Hierarchy, lost: Sequence[str], _to: str | None) -> str | None:
    home: str = one["primary"]
    return home if home in lost and (one["owner"] != home or not _settled(one)) else None


def _left_out(one: Hierarchy) -> bool:
    """Whether somebody has taken it out of service, so that no move brings it back."""
    if one["owner"] is not None:
        return False
    if one["agents"]:
        return any(told["reason"] == TAKEN_OUT for told in one["agents"])
    return one["intent"] is not None and one["intent"]["owner"] is None


def _last(one: Hierarchy) -> str:
    """Where it is, or was to be last."""
    asked = one["intent"]["owner"] if one["intent"] else None
    return one["owner"] or asked or one["primary"]


def _settled(one: Hierarchy) -> bool:
    """Whether nothing is to be done where it is. What agents look after, they finish by themselves."""
    if one["agents"]:
        return True
    return one["state"] == IN_SERVICE and all(record["settled"] for record in one["records"])
