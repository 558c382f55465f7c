# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One hierarchy with everything that is known of it: what a move decides on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import StandbyError
from ..ha.facts import NodeFacts, Scope, with_mirrors
from ..ha.graph import find, hierarchies
from ..ha.model import Cluster, Hierarchy, Intent
from ..ha.status import HierarchyStatus, intent_of, status
from . import store
from .fleet import Fleet
from .survey import survey


@dataclass(frozen=True)
class Case:
    """One hierarchy with everything known about it before anything is touched."""

    cluster: Cluster
    hierarchy: Hierarchy
    facts: Mapping[str, NodeFacts]
    found: HierarchyStatus
    intent: Intent | None
    notes: tuple[str, ...]
    lagging: bool = False

    @property
    def label(self) -> str:
        """How it is named in messages."""
        return f'hierarchy "{self.hierarchy.name}"'

    @property
    def last_owner(self) -> str | None:
        """The node last asked to have it; None during a move, when two may hold parts of it."""
        return None if self.intent is None or self.intent.moving_from is not None else self.intent.owner

    def leaving(self, node: str) -> bool:
        """Whether a move to elsewhere was begun and its end not recorded: it may take down what is up now."""
        return self.intent is not None and self.intent.moving_from is not None and self.intent.owner != node


def look(fleet: Fleet, name: str) -> Case:
    """The hierarchy of that name, or with that member, as the definition and all nodes show it.

    Raises:
        StandbyError: there is no definition, or no such hierarchy in it.
    """
    stored = store.read(fleet)
    if stored.cluster is None:
        raise StandbyError("the cluster has no definition", remedy="Run the configure playbook first")
    cluster = stored.cluster
    hierarchy = find(hierarchies(cluster), name)
    facts = survey(fleet, with_mirrors(Scope.MOVE, cluster.volumes), cluster.nodes)
    found = status(hierarchy, facts, cluster)
    intent = intent_of(cluster, hierarchy)
    return Case(cluster, hierarchy, facts, found, intent, stored.notes, stored.lagging)


def look_again(fleet: Fleet, case: Case) -> Case:
    """The same hierarchy as its nodes show it now; what was last asked stays what it was."""
    scope = with_mirrors(Scope.MOVE, case.cluster.volumes)
    facts = survey(fleet, scope, case.cluster.nodes)
    return replace(case, facts=facts, found=status(case.hierarchy, facts, case.cluster))
