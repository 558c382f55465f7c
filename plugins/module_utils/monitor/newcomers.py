# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hierarchies that no agent looks after yet, and in which order nodes are given agents that do. No I/O.

What a controller has put in service stands in no record of the witness: an agent that reads the definition of
such a hierarchy takes it for free, whatever is up on another node. So it is taken out of service before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..ha.graph import hierarchies
from ..ha.model import Cluster, Hierarchy
from .seen import Seen


def newcomers(cluster: Cluster, seen: Mapping[str, Seen]) -> tuple[Hierarchy, ...]:
    """The hierarchies of a cluster that no agent shows; all of them where none runs."""
    known = {name for one in seen.values() if one.running for name in one.status.get("hierarchies", {})}
    return tuple(one for one in hierarchies(cluster) if one.name not in known)


def order(seen: Mapping[str, Seen], new: Iterable[Hierarchy], unwell: Collection[str] = ()) -> list[str]:
    """In which order nodes are given agents: without one first, then those whose agent is not well.

    Then those that newcomers prefer; the rest follow by what they serve, those with least of it first.

    An agent takes what is free when it waits in vain for the nodes before its own: those begin first.
    """
    first = {one.nodes[0] for one in new}

    def place(name: str) -> tuple[object, ...]:
        has = seen[name]
        return has.running, name not in unwell, name not in first, len(has.serving)

    return sorted(seen, key=place)
