# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was in service where when a removal of the agents began, until all of it is so without them.

It stands on every node, in what was last asked of each hierarchy: a run that is killed, or that loses a node,
leaves it to the next one, and whatever an operator asks meanwhile takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ..control.fleet import Fleet
from ..control.store import update_cluster
from ..errors import StandbyError
from ..ha.model import Cluster, Intent

# The two sentences tell a removal that has not ended from one that has; the status shows them.
BEGUN = "it was in service there when the removal of the agents began"
DONE = "it was in service there when the agents were removed"


def pending(cluster: Cluster | None) -> dict[str, str]:
    """Hierarchies that a removal which has not ended left, and the node that had each."""
    intents = () if cluster is None else cluster.intents
    return {one.hierarchy: one.owner for one in intents if one.reason == BEGUN and one.owner is not None}


def note(fleet: Fleet, had: Mapping[str, str]) -> None:
    """Write down on every node which node has which hierarchy; what an earlier removal left is forgotten.

    Raises:
        StandbyError: a node did not take it.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")

    def change(cluster: Cluster) -> Cluster:
        known = {one.hierarchy: one for one in _closed(cluster, set(pending(cluster)) - set(had)).intents}
        for name, node in had.items():
            seconds = known[name].seconds if name in known else None
            known[name] = Intent(name, node, BEGUN, at, seconds=seconds)
        return replace(cluster, intents=tuple(known.values()))

    _on_every_node(fleet, change)


def close(fleet: Fleet, name: str) -> None:
    """Say of a hierarchy that it is settled.

    Raises:
        StandbyError: a node did not take it.
    """
    _on_every_node(fleet, lambda cluster: _closed(cluster, (name,)))


def _closed(cluster: Cluster, names: Collection[str]) -> Cluster:
    intents = (
        replace(one, reason=DONE) if one.reason == BEGUN and one.hierarchy in names else one
        for one in cluster.intents
    )
    return replace(cluster, intents=tuple(intents))


def _on_every_node(fleet: Fleet, change: Callable[[Cluster], Cluster]) -> None:
    for sentence in update_cluster(fleet, change):
        raise StandbyError(
            f"what is in service could not be written down: {sentence}",
            remedy="Run again once that node answers",
        )
