# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change of the definition does to hierarchies that agents look after. Pure.

Agents take up a changed definition one after the other, and the witness knows hierarchies by their names. For
a while one node works by the old definition and another by the new one. That is safe as long as every
resource stays in a hierarchy of the same name, on the same nodes: one record in the witness decides on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from .graph import hierarchies
from .model import Cluster, Hierarchy, Resource, Volume, VolumeKind


def looked_after(cluster: Cluster) -> tuple[Hierarchy, ...]:
    """The hierarchies that agents look after: those with a site. The others are still being declared."""
    return tuple(one for one in hierarchies(cluster) if one.sites)


def disturbed(before: Cluster, after: Cluster) -> Mapping[str, str]:
    """The hierarchies with sites that a change does not leave as they are, each with a clause about it.

    New hierarchies disturb none, nor do new resources that join one.
    """
    found = {one.name: one for one in hierarchies(after)}
    told: dict[str, str] = {}
    for one in looked_after(before):
        clause = _what_becomes_of(one, found.get(one.name))
        if clause:
            told[one.name] = clause
    return told


def _what_becomes_of(before: Hierarchy, after: Hierarchy | None) -> str:
    if after is None:
        return "it would be gone, or have another name"
    if after.nodes != before.nodes:
        return f"its nodes would be {', '.join(after.nodes)} instead of {', '.join(before.nodes)}"
    left = [resource.id for resource in before.resources if not _local(resource)]
    kept = {resource.id for resource in after.resources}
    lost = [name for name in left if name not in kept]
    if lost:
        return f"it would lose {', '.join(lost)}"
    moved = [
        f"{ip.id} would be another address on {node}"
        for ip in before.ips
        for node in before.nodes
        if ip.on(node).address not in {one.on(node).address for one in after.ips}
    ]
    return "; ".join(moved)


def _local(resource: Resource) -> bool:
    return isinstance(resource, Volume) and resource.kind is VolumeKind.LOCAL
