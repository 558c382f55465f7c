# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses of one ip resource for nodes in other subnets: as they are given, and as they are defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import StandbyError
from ..ha.addressing import Place, canonical, validate
from ..ha.model import Ip
from ..windows.address import family_of

Elsewhere = tuple[tuple[str, str, int], ...]


def elsewhere(given: Mapping[str, str], address: str, nodes: tuple[str, ...]) -> Elsewhere:
    """Addresses by node, in the order of the nodes; the prefix length is 0 where none was given.

    Args:
        given: node -> address, with or without prefix length.
        address: of the resource, which the nodes that are not named have.
        nodes: of the resource.

    Raises:
        StandbyError: they make no sense.
    """
    resource = f"ip {address}"
    if strangers := [name for name in given if name not in nodes]:
        raise StandbyError(
            f"addresses names {', '.join(strangers)}, which is none of its nodes",
            resource=resource,
            remedy=f"Use the names of its nodes: {', '.join(nodes)}",
        )
    found = [(name, *_parsed(str(given[name]), resource)) for name in nodes if name in given]
    for name, other, _prefix in found:
        if family_of(other) != family_of(address):
            raise StandbyError(
                f"has {other} on {name}, which is of the other family of addresses",
                node=name,
                resource=resource,
                remedy="Make one resource of the IPv4 addresses, and another one of the IPv6 addresses",
            )
    different = tuple(one for one in found if one[1] != address)
    if len(different) == len(nodes):
        raise StandbyError(
            "is the address of none of its nodes: addresses names another one for each",
            resource=resource,
            remedy="Leave the node out of addresses that has the address of the resource itself",
        )
    return different


def with_prefixes(ip: Ip, places: Mapping[str, Place]) -> Ip:
    """The resource with the prefix lengths of the nodes' own subnets where none was given.

    Raises:
        StandbyError: an address is no host of its subnet.
    """
    found = tuple((node, address, prefix or places[node].prefix) for node, address, prefix in ip.elsewhere)
    for _node, address, prefix in found:
        validate(address, prefix)
    return replace(ip, elsewhere=found)


def as_known(wanted: Elsewhere, existing: Ip | None) -> Elsewhere:
    """What is wanted, with prefix lengths that are not given as they are defined already."""
    known = {(node, address): prefix for node, address, prefix in existing.elsewhere} if existing else {}
    return tuple((node, address, prefix or known.get((node, address), 0)) for node, address, prefix in wanted)


def _parsed(text: str, resource: str) -> tuple[str, int]:
    address, _slash, suffix = text.partition("/")
    if suffix and not suffix.isdigit():
        raise StandbyError(
            f"the prefix length {suffix!r} of {text} is not a number",
            resource=resource,
            remedy="Write it in bits, as in 10.0.0.50/24",
        )
    return canonical(address.strip()), int(suffix or 0)
