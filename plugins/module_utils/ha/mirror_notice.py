# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told of a mirror that is in service and has no current copy, and what to do about it. Pure.

Nothing in it changes while the copy goes on: people are told again whenever a notice says something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..windows.mirror import Copy, Side
from .facts import NodeFacts
from .mirror import MAKE_AGAIN, by_agents, look_at, mirrors, side_of, stands, words_of
from .model import Hierarchy, Volume

_CATCHES_UP = (
    "it is in sync again once the rest is copied; where that lasts, more is written than the link or the log "
    "is made for (Test-SRTopology tells the size that the log needs)"
)
_REMEDIES = {
    Copy.CATCHING_UP: _CATCHES_UP,
    Copy.BEHIND: _CATCHES_UP,
    Copy.INITIAL: "it is in sync once it is copied",
    Copy.SUSPENDED: "let it copy again (module mirror, suspended: false)",
    Copy.DISCONNECTED: "bring the other node back, or see that the nodes reach each other (SMB, port 445)",
}


def alone(volume: Volume, side: Side | None, node: str) -> str:
    """What is told of a mirrored volume that a node serves from alone, one clause.

    Args:
        volume: the mirrored volume.
        side: that node's end, in any state but in sync; None where it has none.
        node: its name.
    """
    words = "not mirrored" if side is None else _steady(volume, side)
    return (
        f"{volume.id} is {words} on {node}: the other node has no current copy of it; {_remedy(volume, side)}"
    )


def served_alone(hierarchy: Hierarchy, seen: NodeFacts) -> Iterator[str]:
    """A sentence for each mirror of a hierarchy in service on a node that has no current copy.

    Args:
        hierarchy: in service there.
        seen: the node, with what shows the ends of its mirrors.
    """
    for volume in mirrors(hierarchy.volumes):
        side = side_of(volume, seen)
        if side is None or side.copy is not Copy.IN_SYNC:
            yield f"To be mended: {alone(volume, side, seen.name)}."


def _steady(volume: Volume, side: Side) -> str:
    """How an end stands, without bytes and times; in what the agents say of their copies is its age."""
    if by_agents(volume):
        return f"{side.role.value}, {stands(side)}"
    return words_of(replace(side, remaining=0, last_in_sync=None))


def _remedy(volume: Volume, side: Side | None) -> str:
    copy = Copy.NONE if side is None else side.copy
    found = None if by_agents(volume) and copy in (Copy.CATCHING_UP, Copy.BEHIND) else _REMEDIES.get(copy)
    told = found or (MAKE_AGAIN if copy is Copy.NONE else look_at(volume))
    return told[0].lower() + told[1:]
