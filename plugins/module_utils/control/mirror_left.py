# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ends of mirrors that would go on being copied, although nothing declares them any more."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import StandbyError
from ..ha.facts import NodeFacts, Scope, with_mirrors
from ..ha.mirror import side_of, words_of
from ..ha.mirror_limits import default_group
from ..ha.model import Volume
from ..windows.mirror import Side
from .fleet import Fleet
from .survey import survey


def refuse_undeclared(fleet: Fleet, path: str, existing: Volume | None) -> list[str]:
    r"""A mirror that is not declared is not taken for none.

    Args:
        fleet: the nodes that are looked at.
        path: access path, ``R:\``.
        existing: what the path is declared as, None where it is not.

    Returns:
        One sentence for every node that could not be read.

    Raises:
        StandbyError: a node has an end of it.
    """
    facts = survey(fleet, Scope.MIRRORS | Scope.COPIES)
    found = {
        name: side
        for name, seen in facts.items()
        for side in seen.mirrors
        if side.group.casefold() == default_group(path, name).casefold()
    }
    if found:
        declared = f"declared as {existing.kind.value}" if existing is not None else "not declared"
        first = (
            "Remove that declaration (module volume, state: absent), then declare" if existing else "Declare"
        )
        raise StandbyError(
            f"it is {declared}, and its mirror is still there: {_told(found)}",
            node=next(iter(found)),
            resource=f"volume {path}",
            remedy=f"{first} it again as it was (module mirror, state: present), and end it then "
            "(state: absent)",
        )
    return _unread(facts)


def refuse_mirrored(fleet: Fleet, volume: Volume) -> list[str]:
    """The declaration of a mirror is not taken from under it.

    Args:
        fleet: all nodes of the cluster.
        volume: a mirrored one.

    Returns:
        One sentence for every node that could not be read.

    Raises:
        StandbyError: a node has an end of it.
    """
    facts = survey(fleet, with_mirrors(Scope(0), (volume,)), volume.nodes)
    sides = {name: side_of(volume, seen) for name, seen in facts.items()}
    found = {name: side for name, side in sides.items() if side is not None}
    if found:
        raise StandbyError(
            f"its mirror is there, and would be left without a declaration: {_told(found)}",
            node=next(iter(found)),
            resource=volume.id,
            remedy="Use the module mirror (state: absent), which ends the mirror and removes the declaration",
        )
    return _unread(facts)


def _told(found: Mapping[str, Side]) -> str:
    return "; ".join(f"{name} has {side.group}, {words_of(side)}" for name, side in found.items())


def _unread(facts: Mapping[str, NodeFacts]) -> list[str]:
    return [
        f"{name} could not be read, and may have an end of a mirror: {seen.problem}"
        for name, seen in facts.items()
        if seen.problem is not None
    ]
