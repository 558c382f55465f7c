# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DadTransmits of the interfaces that carry floating addresses: changed, remembered, restored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import StandbyError
from ..ha.addressing import adapter_for
from ..ha.facts import NodeFacts
from ..ha.model import Cluster, Ip
from ..windows.adapter import Adapter, read_dad_transmits, write_dad_transmits
from ..windows.address import family_of
from .fleet import Fleet


@dataclass(frozen=True)
class DadChange:
    """One interface whose DadTransmits is to be set."""

    node: str
    alias: str
    index: int
    family: int
    count: int


def plan_dad(
    fleet: Fleet, ip: Ip, existing: Ip | None, cluster: Cluster | None, facts: Mapping[str, NodeFacts]
) -> tuple[Ip, tuple[DadChange, ...]]:
    """What an address wants changed on its interfaces, and the address with what was found there before.

    Args:
        fleet: to read the present values; nothing is changed.
        ip: the address as wanted.
        existing: as it was defined, None where it is new.
        cluster: the definition before.
        facts: of all nodes, with scope NETWORK.

    Raises:
        StandbyError: another address wants another value on the same interface.
    """
    others = [one for one in (cluster.ips if cluster is not None else ()) if one.address != ip.address]
    if ip.dad_transmits is None:
        left = replace(cluster, ips=tuple(others)) if cluster is not None else None
        changes = restore_dad(existing, left, facts) if existing is not None and left is not None else ()
        return replace(ip, dad_before=()), changes
    before = dict(ip.dad_before)
    changes_wanted = []
    for name in ip.nodes:
        adapter = _adapter(ip, facts[name])
        siblings = _on_interface(others, facts[name], adapter, family_of(ip.address))
        _check_siblings(ip, siblings, name, adapter)
        with fleet.lease(name) as node:
            now = read_dad_transmits(node, adapter.index, family_of(ip.address))
        remembered = [dict(one.dad_before)[name] for one in siblings if name in dict(one.dad_before)]
        if now != ip.dad_transmits:
            before.setdefault(name, remembered[0] if remembered else now)
            changes_wanted.append(
                DadChange(name, adapter.alias, adapter.index, family_of(ip.address), ip.dad_transmits)
            )
        elif remembered:
            before.setdefault(name, remembered[0])
    kept = tuple((name, before[name]) for name in ip.nodes if name in before)
    return replace(ip, dad_before=kept), tuple(changes_wanted)


def restore_dad(ip: Ip, left: Cluster, facts: Mapping[str, NodeFacts]) -> tuple[DadChange, ...]:
    """The changes that give interfaces back what they had, unless an address that is left needs otherwise."""
    changes = []
    for name, count in ip.dad_before:
        if name not in facts:
            continue
        adapter = _adapter(ip, facts[name])
        others = [one for one in left.ips if one.address != ip.address and one.dad_transmits is not None]
        if not _on_interface(others, facts[name], adapter, family_of(ip.address)):
            changes.append(DadChange(name, adapter.alias, adapter.index, family_of(ip.address), count))
    return tuple(changes)


def apply(fleet: Fleet, changes: tuple[DadChange, ...]) -> None:
    """Set the values.

    Raises:
        StandbyError: a node refused or did not keep one.
    """
    for change in changes:
        with fleet.lease(change.node) as node:
            write_dad_transmits(node, change.index, change.family, change.count)


def _adapter(ip: Ip, seen: NodeFacts) -> Adapter:
    return adapter_for(seen, ip.on(seen.name).address, alias=dict(ip.interfaces).get(seen.name)).adapter


def _on_interface(others: list[Ip], seen: NodeFacts, adapter: Adapter, family: int) -> list[Ip]:
    """The addresses among others that live on one interface of a node."""
    return [
        one
        for one in others
        if seen.name in one.nodes and family_of(one.address) == family and _adapter(one, seen) == adapter
    ]


def _check_siblings(ip: Ip, siblings: list[Ip], node: str, adapter: Adapter) -> None:
    for one in siblings:
        if one.dad_transmits not in (None, ip.dad_transmits):
            raise StandbyError(
                f"wants DadTransmits {ip.dad_transmits} on interface {adapter.alias!r}, and {one.id} wants "
                f"{one.dad_transmits} there",
                node=node,
                resource=ip.id,
                remedy="Give both the same dad_transmits; the value is the interface's, not the address's",
            )
