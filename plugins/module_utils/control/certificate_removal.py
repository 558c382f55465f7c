# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates and bindings of http.sys that were made here, removed again where the site does not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..ha.certificate_plan import resource_of
from ..ha.certificate_record import VALUE, Removal, made_of, plan_removal
from ..ha.definition import KEY
from ..ha.facts import NodeFacts, Scope
from ..ha.twin import is_running
from ..node import Node
from ..windows.certificate_reading import read_certificates
from ..windows.certificate_store import remove_certificate
from ..windows.failure import about
from ..windows.iis_config import IisSite
from ..windows.registry import read_value
from ..windows.sslcert import shows, unbind
from .certificate import remember
from .fleet import Fleet
from .outcome import Outcome
from .survey import survey


def remove_certificates(fleet: Fleet, site: str, check: bool, nodes: Sequence[str] = ()) -> Outcome:
    """Take away what was made for a site, on nodes where it does not run.

    Args:
        fleet: all nodes.
        site: its name.
        check: predict only.
        nodes: on these alone; empty for all.

    Raises:
        StandbyError: a node refused; run again after that.
    """
    facts = survey(fleet, Scope.SITES, tuple(nodes) or fleet.names)
    notes = [f"{node} is left as it is: {seen.problem}" for node, seen in facts.items() if seen.problem]
    removals: dict[str, Removal] = {}
    for node, seen in facts.items():
        if seen.problem is not None:
            continue
        with fleet.lease(node) as session:
            made = made_of(read_value(session, KEY, VALUE), node)
        if made.without(site) == made:
            continue
        if is_running(_site(seen, site)):
            notes.append(f"{node} is left as it is: the site runs there")
            continue
        with fleet.lease(node) as session:
            sites = seen.iis.sites if seen.iis is not None else ()
            bound = [one for one in made.bound if one.site == site]
            unchanged = {one.key for one in bound if shows(session, one.key, one.thumbprint)}
            removals[node] = plan_removal(site, made, sites, read_certificates(session), unchanged)
    if not check:
        fleet.on_all(lambda node: _take_away(node, site, removals[node.name]), list(removals))
    return _outcome(site, removals, notes)


def _site(seen: NodeFacts, name: str) -> IisSite | None:
    return seen.iis.site(name) if seen.iis is not None else None


def _take_away(node: Node, site: str, removal: Removal) -> None:
    for key in removal.keys:
        unbind(node, key)
    with about(node, resource_of(site)):
        for one in removal.certificates:
            remove_certificate(node, one.thumbprint, one.store)
    remember(node, removal.left)


def _outcome(site: str, removals: Mapping[str, Removal], notes: list[str]) -> Outcome:
    steps = [sentence for node, one in removals.items() for sentence in one.sentences(node)]
    where = f" on {', '.join(removals)}" if removals else ""
    told = f"what was made for it is removed{where}" if removals else "nothing made for it is left to remove"
    return Outcome(
        changed=bool(removals),
        message=f'certificates of site "{site}": {told}',
        before={"made": steps},
        after={"made": []},
        data={"steps": steps, "notes": notes},
    )
