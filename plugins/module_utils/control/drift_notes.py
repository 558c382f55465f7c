# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told of twins beside other work: before a move, and when a site is declared. It stops nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..errors import StandbyError
from ..ha.drift.areas import BEFORE_MOVE, CERTIFICATES
from ..ha.drift.compare import compare
from ..ha.drift.model import Drift, Side, Subject
from ..ha.facts import NodeFacts, Scope
from ..ha.https import https_of, judge, lacking
from ..ha.model import Cluster
from .case import Case
from .drift import DriftRequest, as_on, read_sides, subject_of
from .fleet import Fleet
from .survey import read_all

_SHOWN = 5  # paths named in one sentence
_MORE = "the playbook parity names all of it, with remedies"


def before_move(fleet: Fleet, case: Case, target: str) -> list[str]:
    """How the sites of a hierarchy on the node they are to move to differ from those on the node they are on.

    Files of content are left out, since they take their time. Where nothing is in service, the first other
    node of the hierarchy that has been read counts.

    Returns:
        One sentence for each site that would break or carries a warning, or why nothing could be compared.
    """
    source = _model(case, target)
    if source is None or not case.hierarchy.sites:
        return []
    try:
        return list(_told(fleet, case, source, target))
    except StandbyError as error:
        return [f"the twins on {target} were not compared: {str(error).rstrip('.')}"]


def certificates_of(
    fleet: Fleet, cluster: Cluster, name: str, source: str, facts: Mapping[str, NodeFacts], days: float
) -> list[str]:
    """What is to be said of the certificates of a site on its nodes; nothing where it has no https binding.

    Args:
        fleet: nodes.
        cluster: the definition.
        name: the site.
        source: the node with the original.
        facts: of its nodes, with scope DISCOVERY. A node without a twin is told of by what its stores lack.
        days: with fewer left, a certificate is told of.
    """
    if not has_https(facts[source], name):
        return []
    try:
        subject = subject_of(name, cluster, DriftRequest(certificate_days=days))
        sides = read_sides(fleet, facts, [subject], folders=False)
    except StandbyError as error:
        return [f"the certificates were not looked at: {str(error).rstrip('.')}"]
    return list(dict.fromkeys(_of_sides(sides, source, subject, cluster)))


def _of_sides(sides: Mapping[str, Side], source: str, subject: Subject, cluster: Cluster) -> Iterator[str]:
    original = sides[source].site(subject.site)
    for node, side in sides.items():
        model = as_on(sides[source], node, cluster)
        wanted = model.site(subject.site)
        if side.site(subject.site) is None and wanted is not None:
            yield from lacking(wanted, node, model.reading, side.reading)
        elif node != source or len(sides) == 1:
            yield from _certificates(compare(model, side, subject, CERTIFICATES))
    for one in judge(original, source, sides[source].reading, subject.now, subject.certificate_days):
        yield one.sentence


def _model(case: Case, target: str) -> str | None:
    """The node whose sites the target's are compared with."""
    if case.found.owner is not None:
        return case.found.owner if case.found.owner != target else None
    others = (node for node in case.hierarchy.nodes if node != target)
    return next((node for node in others if case.facts[node].problem is None), None)


def _told(fleet: Fleet, case: Case, source: str, target: str) -> Iterator[str]:
    machines = read_all(fleet, Scope.MACHINE, (source, target))
    facts = {node: replace(case.facts[node], machine=machines[node].machine) for node in (source, target)}
    subjects = [subject_of(site.name, case.cluster, DriftRequest()) for site in case.hierarchy.sites]
    sides = read_sides(fleet, facts, subjects)
    model = as_on(sides[source], target, case.cluster)
    for subject in subjects:
        if sides[source].site(subject.site) is not None:
            yield from _sentences(compare(model, sides[target], subject, BEFORE_MOVE))


def _sentences(drift: Drift) -> Iterator[str]:
    # What is hidden behind "and more" must not be a certificate: nobody would look for it there.
    paths = sorted(
        (one.path for one in drift.breaking), key=lambda path: not path.startswith("certificates/")
    )
    if paths:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        yield (
            f'site "{drift.site}" on {drift.there} is not as on {drift.here}, which may break it there: '
            f"{', '.join(paths[:_SHOWN])}{more}; {_MORE}"
        )
    for warning in drift.warnings:
        yield f'site "{drift.site}": {warning}'


def _certificates(drift: Drift) -> Iterator[str]:
    for one in drift.breaking:
        yield f"{one.path}: {one.here} on {drift.here}, {one.there} on {drift.there}; {one.remedy}"
    yield from drift.warnings


def has_https(seen: NodeFacts, name: str) -> bool:
    """A site of a node has an https binding."""
    return seen.iis is not None and bool(https_of(seen.iis.site(name)))
