# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Twins brought back: what repair would change on each backup, doing it, and what it has to leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..ha.drift.compare import compare
from ..ha.drift.mending import SectionMend, section_mends
from ..ha.drift.model import Drift, Verdict
from ..ha.facts import NodeFacts
from ..ha.model import Cluster, Site
from ..node import Node
from ..windows import iis
from .drift import DriftRequest, as_on, read_sides, subject_of
from .fleet import Fleet
from .info import DISCOVERY
from .survey import read_all


@dataclass(frozen=True)
class Findings:
    """How the twins of a site differ from it.

    Attributes:
        drifts: by backup.
        sections: what can be set there, by backup.
    """

    drifts: Mapping[str, Drift] = field(default_factory=dict)
    sections: Mapping[str, tuple[SectionMend, ...]] = field(default_factory=dict)

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """Paths of what can be made the same with the site or its pools, by backup."""
        return {
            node: tuple(one.path for one in drift.differences if one.repairable)
            for node, drift in self.drifts.items()
        }

    @property
    def sentences(self) -> list[str]:
        """Sections that can be set, in order."""
        return [f"{mend.sentence} on {node}" for node, mends in self.sections.items() for mend in mends]

    def shown(self) -> dict[str, list[str]]:
        """Paths that can be made the same, by backup, for the diff."""
        return {node: list(paths) for node, paths in self.paths.items() if paths}

    def left(self, *, repaired: bool) -> list[dict[str, Any]]:
        """Differences that repair leaves; after it, also those that it did not get rid of."""
        return [
            {"node": node, **asdict(one), "verdict": one.verdict.value}
            for node, drift in self.drifts.items()
            for one in drift.differences
            if one.verdict is not Verdict.PURPOSE and (repaired or not one.repairable)
        ]


NOTHING = Findings()


def examine(
    fleet: Fleet,
    cluster: Cluster,
    site: Site,
    source: str,
    ignore: Sequence[str],
    facts: Mapping[str, NodeFacts] | None = None,
) -> Findings:
    """Compare a site with its twins.

    Args:
        fleet: nodes.
        cluster: the definition, for volumes that move.
        site: which.
        source: the node with the original.
        ignore: patterns of what differs on purpose.
        facts: of its nodes, with scope DISCOVERY; read where they are not given.

    Raises:
        StandbyError: a node could not be read.
    """
    seen = read_all(fleet, DISCOVERY, site.nodes) if facts is None else facts
    subject = subject_of(site.name, cluster, DriftRequest(ignore=tuple(ignore)))
    sides = read_sides(fleet, seen, [subject], files=True)
    backups = [node for node in site.nodes if node != source]
    drifts = {node: compare(as_on(sides[source], node, cluster), sides[node], subject) for node in backups}
    return Findings(drifts, {node: section_mends(sides[source], sides[node], subject) for node in backups})


def mend_sections(fleet: Fleet, findings: Findings) -> None:
    """Set the sections of all backups at once.

    Raises:
        StandbyError: a step failed on a backup; the others are finished all the same.
    """

    def mend(node: Node) -> None:
        for one in findings.sections[node.name]:
            if one.cleared:
                iis.clear_section(node, one.place, one.section)
            if one.settings:
                iis.set_section(node, one.place, one.section, one.settings)

    fleet.on_all(mend, [node for node, mends in findings.sections.items() if mends])
