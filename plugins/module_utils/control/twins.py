# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Twins of a site: which node has the original, and making the others like it, all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..errors import StandbyError
from ..ha.bindings import addresses_of
from ..ha.facts import NodeFacts
from ..ha.on_node import site_elsewhere
from ..ha.twin import Make, TwinPlan, is_running, pool_paths, pools_of, site_paths
from ..ha.twin_documents import pool_document, site_document
from ..node import Node
from ..windows import iis, smtp
from ..windows.iis_config import IisConfiguration, IisSite, Pool
from .fleet import Fleet
from .site_services import set_auto_start, stop


def serving_node(name: str, facts: Mapping[str, NodeFacts], floating: Collection[str]) -> str:
    """The node whose site is the original: where it runs, else the first one that has it.

    Before a site is protected it may run on several nodes, idle on those that have none of its addresses.

    Args:
        name: the site.
        facts: of its nodes, in order of priority.
        floating: addresses of all ip resources.

    Raises:
        StandbyError: no node has the site, or it runs beside its floating addresses on more than one.
    """
    sites = {node: _site(seen, name) for node, seen in facts.items()}
    having = [node for node, site in sites.items() if site is not None]
    if not having:
        raise _unknown_site(name, facts)
    running = [node for node in having if is_running(sites[node])]
    reached = [node for node in running if _holds_any(facts[node], sites[node], floating)]
    if len(reached) > 1:
        raise StandbyError(
            f"runs on {' and '.join(reached)}, and each has addresses of it",
            resource=f'site "{name}"',
            remedy="Stop the site on all nodes but one, then run again",
        )
    return (reached or running or having)[0]


def _site(seen: NodeFacts, name: str) -> IisSite | None:
    return seen.iis.site(name) if seen.iis is not None else None


def _holds_any(seen: NodeFacts, site: IisSite | None, floating: Collection[str]) -> bool:
    """True where the node has a floating address that the site is bound to."""
    held = {address.address for address in seen.addresses} & set(floating)
    return site is not None and not held.isdisjoint(addresses_of(site.bindings))


def _unknown_site(name: str, facts: Mapping[str, NodeFacts]) -> StandbyError:
    known = sorted({site.name for seen in facts.values() if seen.iis for site in seen.iis.sites})
    alike = [one for one in known if one.casefold() == name.casefold()]
    listed = ", ".join(f'"{one}"' for one in (alike or known)[:10]) or "none"
    more = f" and {len(known) - 10} more" if not alike and len(known) > 10 else ""
    unread = "".join(
        f"; {seen.iis.smtp_problem}" for seen in facts.values() if seen.iis and seen.iis.smtp_problem
    )
    return StandbyError(
        f"does not exist on {', '.join(facts)}{unread.rstrip('.')}",
        resource=f'site "{name}"',
        remedy=f"Write the name letter for letter; the sites there are {listed}{more}",
    )


@dataclass(frozen=True)
class _Documents:
    """Documents that make twins; passwords inside.

    Attributes:
        site: export of the original, None where no twin of it is made.
        pools: name -> document.
    """

    site: bytes | None
    pools: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Without what is inside: these end up in no traceback."""
        return f"<documents of {len(self.pools)} pools>"


def make_twins(
    fleet: Fleet, name: str, source: str, original: IisConfiguration, plans: Mapping[str, TwinPlan]
) -> None:
    """Carry out the plans on all backups at once.

    Raises:
        StandbyError: a step failed on a backup; the others are finished all the same.
    """
    if not plans:
        return
    site = original.site(name)
    if site is None:
        raise StandbyError("does not exist", node=source, resource=f'site "{name}"')
    with fleet.lease(source) as node:
        documents = _exported(node, site, original, plans.values())
    fleet.on_all(lambda node: _make(node, site, documents, plans[node.name]), list(plans))


def _exported(
    node: Node, site: IisSite, original: IisConfiguration, plans: Collection[TwinPlan]
) -> _Documents:
    wanted = {pool for plan in plans for pool, _rest in plan.pools}
    anew = any(plan.site is not Make.KEEP for plan in plans)
    pools = [pool for pool in pools_of(site, original) if pool.name in wanted]
    return _Documents(
        site=iis.export_site(node, site.name) if anew else None,
        pools={pool.name: _pool(node, pool, plans) for pool in pools},
    )


def _pool(node: Node, pool: Pool, plans: Collection[TwinPlan]) -> bytes:
    """One document for all backups: what one of them lacks is written out for all."""
    paths = dict.fromkeys(path for plan in plans for path in pool_paths(plan.paths, pool.name))
    return pool_document(iis.export_pool(node, pool.name), pool, paths)


def _make(node: Node, site: IisSite, documents: _Documents, plan: TwinPlan) -> None:
    """One twin: what is there is stopped and taken away first, pools come before the site that uses them."""
    for one in plan.stop:
        stop(node, one, site.name)
    if plan.site is Make.REPLACE:
        iis.delete_site(node, site.name)
    for pool, make in plan.pools:
        if make is Make.REPLACE:
            iis.delete_pool(node, pool)
        iis.import_pool(node, documents.pools[pool])
    if plan.site is not Make.KEEP and documents.site is not None:
        paths = site_paths(plan.paths)
        iis.import_site(node, site_document(documents.site, site, plan.site_id, paths, dict(plan.moved)))
    bound = site_elsewhere(site, dict(plan.moved))
    if plan.settings and bound.smtp is not None:
        smtp.write_settings(node, site.name, bound.smtp)
    for one in plan.clear_auto_start:
        set_auto_start(node, one, site.name, False)
