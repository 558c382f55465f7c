# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A certificate from an operator's PFX on every node of a site, and the bindings of http.sys that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import StandbyError
from ..ha.certificate_plan import (
    CertificatePlan,
    chosen_bindings,
    plan_certificate,
    refuse_shared,
    refuse_unfit,
    resource_of,
)
from ..ha.certificate_record import VALUE, Imported, Made, MadeBinding, made_of, made_text
from ..ha.definition import KEY
from ..ha.facts import NodeFacts
from ..ha.https import bound_of, key_of
from ..ha.model import Cluster, Ip
from ..ha.on_node import bound_on, every_address, moved_addresses
from ..node import Node
from ..windows.certificate_reading import Bound, CertificateReading, read_certificates
from ..windows.certificate_store import LARGEST_PFX, HeldCertificate, Pfx, import_pfx, look
from ..windows.failure import about
from ..windows.iis_config import Binding, IisSite
from ..windows.registry import delete_value, read_value, write_value
from ..windows.sslcert import bind
from .fleet import Fleet
from .info import DISCOVERY
from .outcome import Outcome
from .store import read_cluster
from .survey import read_all
from .twins import serving_node


@dataclass(frozen=True)
class CertificateRequest:
    """A certificate for a site.

    Attributes:
        site: its name.
        pfx: what the operator holds.
        store: ``MY`` or ``WebHosting``.
        bindings: information of the https bindings meant; empty for all that it is for.
        nodes: in order of priority; empty for those of the protected site, else of the fleet.
    """

    site: str
    pfx: Pfx
    store: str = "MY"
    bindings: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Work:
    request: CertificateRequest
    held: HeldCertificate
    bindings: Mapping[str, tuple[Binding, ...]]
    plans: Mapping[str, CertificatePlan]
    readings: Mapping[str, CertificateReading]

    @property
    def wanted(self) -> Bound:
        return Bound(self.held.thumbprint, self.request.store)


def read_pfx(path: str, password: str | None, site: str) -> Pfx:
    """A PFX of the controller, for a site.

    Raises:
        StandbyError: it cannot be read, or is none.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        data = file.read_bytes() if 0 < size <= LARGEST_PFX else b""
    except OSError as error:
        raise StandbyError(
            f"the PFX {path} cannot be read: {error.strerror}",
            resource=resource_of(site),
            remedy="Give the path of a file on the controller that the account of the play can read",
        ) from None
    if not data:
        raise StandbyError(
            f"the PFX {path} has {size} bytes, expected 1 to {LARGEST_PFX}",
            resource=resource_of(site),
            remedy="Export the certificate of the site alone, with its private key and its chain",
        )
    return Pfx(data, password or "")


def ensure_certificate(fleet: Fleet, request: CertificateRequest, check: bool) -> Outcome:
    """Import the certificate where it is missing, and have http.sys show it, on every node of the site.

    Backups come first: where one refuses, the node that serves is left as it is.

    Args:
        fleet: all nodes.
        request: what is wanted.
        check: predict only.

    Raises:
        StandbyError: the PFX cannot be opened, has expired, is not for a binding of the site, or a node
            refused; run again after that.
    """
    cluster = read_cluster(fleet)
    nodes = _nodes(fleet, request, cluster)
    facts = read_all(fleet, DISCOVERY, nodes)
    ips = cluster.ips if cluster is not None else ()
    source = serving_node(request.site, facts, every_address(ips))
    work = _work(fleet, request, source, facts, ips)
    for node, seen in facts.items():
        sites = seen.iis.sites if seen.iis is not None else ()
        refuse_shared(_site(facts[source], request.site), sites, work.bindings[node], work.held, node)
    if not check:
        for seen in facts.values():
            _site(seen, request.site)
        for node in (*(one for one in nodes if one != source), source):
            if work.plans[node].needed:
                with fleet.lease(node) as session:
                    _carry_out(session, work, work.plans[node])
    return _outcome(work, source, _without_twin(facts, request.site))


def _nodes(fleet: Fleet, request: CertificateRequest, cluster: Cluster | None) -> tuple[str, ...]:
    if request.nodes:
        return request.nodes
    sites = cluster.sites if cluster is not None else ()
    return next((one.nodes for one in sites if one.name == request.site), fleet.names)


def _site(seen: NodeFacts, name: str) -> IisSite:
    site = seen.iis.site(name) if seen.iis is not None else None
    if site is None:
        raise StandbyError(
            "does not exist",
            node=seen.name,
            resource=f'site "{name}"',
            remedy="Protect the site first (module site), which makes its twins",
        )
    return site


def _without_twin(facts: Mapping[str, NodeFacts], name: str) -> list[str]:
    """A sentence for each node that a run would refuse for; there are none once it has run."""
    lacking = [node for node, seen in facts.items() if seen.iis is None or seen.iis.site(name) is None]
    return [f"{node} has no twin of the site yet: protect it first (module site)" for node in lacking]


def _work(
    fleet: Fleet,
    request: CertificateRequest,
    source: str,
    facts: Mapping[str, NodeFacts],
    ips: Sequence[Ip],
) -> _Work:
    with fleet.lease(source) as node, about(node, resource_of(request.site)):
        held = look(node, request.pfx)
    refuse_unfit(held, request.site, datetime.now(UTC))
    chosen = chosen_bindings(_site(facts[source], request.site), held, request.bindings, source)
    bindings = {
        node: tuple(bound_on(one, moved_addresses(ips, source, node)) for one in chosen) for node in facts
    }
    readings = fleet.on_all(read_certificates, list(facts))
    wanted = Bound(held.thumbprint, request.store)
    plans = {
        node: plan_certificate(node, wanted, request.site, bindings[node], reading, _version(facts[node]))
        for node, reading in readings.items()
    }
    return _Work(request, held, bindings, plans, readings)


def _version(seen: NodeFacts) -> str:
    return seen.machine.version if seen.machine is not None else ""


def _carry_out(node: Node, work: _Work, plan: CertificatePlan) -> None:
    """One node: the certificate, the bindings, and the record; then it is read back."""
    wanted, site = work.wanted, work.request.site
    made = made_of(read_value(node, KEY, VALUE), node.name)
    # The record first: what a run that is killed has made is known to be ours.
    imported = [Imported(site, wanted)] if plan.needs_import else []
    bound = [MadeBinding(site, key, wanted.thumbprint) for key, _change in plan.bind]
    remember(node, made.also(imported, bound))
    if plan.needs_import:
        with about(node, resource_of(site)):
            import_pfx(node, work.request.pfx, wanted.store)
    for key, change in plan.bind:
        bind(node, key, wanted.thumbprint, wanted.store, change)
    left = plan_certificate(node.name, wanted, site, work.bindings[node.name], read_certificates(node))
    if left.needed:
        raise StandbyError(
            f"Windows reported success, and it is not so: {'; '.join(left.sentences(wanted))} is left",
            node=node.name,
            resource=resource_of(site),
            remedy="Look at the certificate in the store, and at `netsh http show sslcert`, on the node",
        )


def remember(node: Node, made: Made) -> None:
    """Store what was made on a node; nothing where that is nothing.

    Raises:
        StandbyError: Windows refused.
    """
    text = made_text(made)
    if text:
        write_value(node, KEY, VALUE, text)
    else:
        delete_value(node, KEY, VALUE)


def _outcome(work: _Work, source: str, notes: list[str]) -> Outcome:
    steps = [sentence for plan in work.plans.values() for sentence in plan.sentences(work.wanted)]
    name, nodes = work.request.site, ", ".join(work.plans)
    state = "has" if not steps else "has now"
    after = {node: _shown(work, node) for node in work.plans}
    return Outcome(
        changed=bool(steps),
        message=f'site "{name}" {state} the certificate {work.held.thumbprint} on {nodes}',
        before={node: _found(work, node, reading) for node, reading in work.readings.items()},
        after=after,
        data={
            "steps": steps,
            "source": source,
            "certificate": _told(work, source),
            "notes": notes,
        },
    )


def _found(work: _Work, node: str, reading: CertificateReading) -> dict[str, Any]:
    found = {one: bound_of(reading, work.request.site, one) for one in work.bindings[node]}
    return {str(key_of(one)): bound.thumbprint if bound else None for one, bound in found.items()} | {
        "stored": not plan_certificate("", work.wanted, work.request.site, (), reading).needs_import
    }


def _shown(work: _Work, node: str) -> dict[str, Any]:
    return {str(key_of(one)): work.wanted.thumbprint for one in work.bindings[node]} | {"stored": True}


def _told(work: _Work, source: str) -> dict[str, Any]:
    return {
        "thumbprint": work.held.thumbprint,
        "store": work.request.store,
        "names": list(work.held.names),
        "expires": work.held.ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "bindings": [one.information for one in work.bindings[source]],
    }
