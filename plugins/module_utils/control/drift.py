# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sites compared with their twins: nodes read, each once for all its sites, and judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..errors import StandbyError
from ..ha.drift.compare import compare
from ..ha.drift.content import roots_of
from ..ha.drift.machine_keys import frameworks_of
from ..ha.drift.model import Drift, Side, Subject, Verdict
from ..ha.facts import NodeFacts
from ..ha.model import Cluster, Site, VolumeKind
from ..ha.on_node import every_address, moved_addresses
from ..node import Node
from ..windows.features import read_features
from ..windows.twin_reading import TwinReading, TwinRequest, read_twin
from .fleet import Fleet
from .https_reading import with_central
from .info import DISCOVERY
from .outcome import Outcome
from .store import read_cluster
from .survey import read_all
from .twins import serving_node


@dataclass(frozen=True)
class DriftRequest:
    """What is to be compared.

    Attributes:
        name: of one site; None for all.
        content: files of content that every node has for itself too.
        ignore: patterns of paths that differ on purpose.
        certificate_days: with fewer left, a certificate is warned of.
    """

    name: str | None = None
    content: bool = True
    ignore: tuple[str, ...] = ()
    certificate_days: float = 30.0


def site_drift(fleet: Fleet, request: DriftRequest) -> Outcome:
    """Compare every protected site, or one, with its twins. Nothing is changed.

    Raises:
        StandbyError: there is no definition, no such site in it, or a node could not be read.
    """
    cluster = read_cluster(fleet)
    if cluster is None:
        raise StandbyError("the cluster has no definition", remedy="Run the configure playbook first")
    sites = chosen(cluster, request.name)
    nodes = list(dict.fromkeys(node for site in sites for node in site.nodes))
    facts = read_all(fleet, DISCOVERY, nodes)
    found = drifts(fleet, cluster, sites, facts, request)
    return Outcome(False, _message(found), data={"drift": [told(one) for one in found], **_summary(found)})


def chosen(cluster: Cluster, name: str | None) -> tuple[Site, ...]:
    """All sites of a definition, or one; StandbyError where it has no such site."""
    found = tuple(site for site in cluster.sites if name in (None, site.name))
    if name is not None and not found:
        known = ", ".join(f'"{site.name}"' for site in cluster.sites) or "none"
        raise StandbyError(
            "is not protected",
            resource=f'site "{name}"',
            remedy=f"Write the name letter for letter; protected are {known}",
        )
    return found


def drifts(
    fleet: Fleet,
    cluster: Cluster,
    sites: Sequence[Site],
    facts: Mapping[str, NodeFacts],
    request: DriftRequest,
) -> list[Drift]:
    """Each of some sites compared with its twin on every other node.

    Args:
        fleet: nodes.
        cluster: the definition.
        sites: of it.
        facts: of all their nodes, with scope DISCOVERY.
        request: how.

    Raises:
        StandbyError: a node could not be read.
    """
    subjects = {site.name: subject_of(site.name, cluster, request) for site in sites}
    sides = read_sides(fleet, facts, list(subjects.values()), files=request.content)
    found: list[Drift] = []
    for site in sites:
        own = {node: facts[node] for node in site.nodes}
        source = serving_node(site.name, own, every_address(cluster.ips))
        others = [node for node in site.nodes if node != source]
        found += [
            compare(as_on(sides[source], node, cluster), sides[node], subjects[site.name]) for node in others
        ]
    return found


def as_on(side: Side, node: str, cluster: Cluster) -> Side:
    """A node as another one is to be: with the addresses that its sites are bound to there."""
    return side.elsewhere(moved_addresses(cluster.ips, side.node, node))


def subject_of(name: str, cluster: Cluster, request: DriftRequest) -> Subject:
    """What is known of a site beside what the nodes show."""
    moving = tuple(one.path for one in cluster.volumes if one.kind is not VolumeKind.LOCAL)
    return Subject(name, moving, request.ignore, datetime.now(UTC), request.certificate_days)


def read_sides(
    fleet: Fleet,
    facts: Mapping[str, NodeFacts],
    subjects: Collection[Subject],
    *,
    folders: bool = True,
    files: bool = False,
) -> dict[str, Side]:
    """The rest of what is compared, of all nodes at once.

    Args:
        fleet: nodes.
        facts: of the nodes that are to be read, with scope DISCOVERY.
        subjects: sites.
        folders: content that every node has for itself too.
        files: the files in it.

    Raises:
        StandbyError: a node could not be read.
    """
    wanted = {name: _request(seen, subjects) for name, seen in facts.items()}
    if not folders:
        wanted = {name: replace(one, folders=()) for name, one in wanted.items()}

    def read(node: Node) -> tuple[TwinReading, frozenset[str]]:
        side = Side(facts[node.name], TwinReading())
        sites = [one for subject in subjects if (one := side.site(subject.site)) is not None]
        reading = read_twin(node, replace(wanted[node.name], files=files))
        return with_central(node, reading, sites), read_features(node)

    answers = fleet.on_all(read, list(facts))
    return {name: Side(facts[name], reading, features) for name, (reading, features) in answers.items()}


def _request(seen: NodeFacts, subjects: Collection[Subject]) -> TwinRequest:
    side = Side(seen, TwinReading())
    return TwinRequest(
        windows=side.machine.windows_directory,
        frameworks=tuple(
            dict.fromkeys(one for subject in subjects for one in frameworks_of(side, subject.site))
        ),
        folders=tuple(dict.fromkeys(one for subject in subjects for one in roots_of(side, subject))),
    )


def told(drift: Drift) -> dict[str, Any]:
    """As a module returns it."""
    return {
        "site": drift.site,
        "here": drift.here,
        "there": drift.there,
        "differences": [asdict(one) | {"verdict": one.verdict.value} for one in drift.differences],
        "warnings": list(drift.warnings),
        "not_compared": list(drift.not_compared),
        "breaks": bool(drift.breaking),
    }


def _summary(found: Sequence[Drift]) -> dict[str, Any]:
    counted = [one.counted() for one in found]
    return {
        "breaks": any(one.breaking for one in found),
        "counts": {verdict.value: sum(one[verdict] for one in counted) for verdict in Verdict},
    }


def _message(found: Sequence[Drift]) -> str:
    if not found:
        return "there is no twin to compare with"
    breaking = [one for one in found if one.breaking]
    if breaking:
        where = "; ".join(
            f'"{one.site}" on {one.there}: {", ".join(difference.path for difference in one.breaking[:3])}'
            f"{f' and {len(one.breaking) - 3} more' if len(one.breaking) > 3 else ''}"
            for one in breaking
        )
        return f"failover would break: {where}"
    rest = sum(len(one.differences) for one in found)
    plural = "differences that break" if rest > 1 else "difference that breaks"
    beside = f", with {rest} {plural} nothing" if rest else ""
    return f"{len(found)} twin{'s are' if len(found) > 1 else ' is'} as the original{beside}"
