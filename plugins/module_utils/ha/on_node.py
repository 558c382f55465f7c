# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hierarchy as it is on one node: nodes in different subnets have different addresses for one resource.

Sites are bound to the address of their node, so that the bindings of a twin differ on purpose. Everything
that works on one node works with what is made here; what compares two nodes compares the one moved to the
other.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from ..windows.iis_config import Binding, IisConfiguration, IisSite
from .model import Check, Hierarchy, Ip, Site


def on_node(hierarchy: Hierarchy, node: str) -> Hierarchy:
    """The hierarchy with the addresses that its resources, sites and checks have on a node."""
    if not spread(hierarchy.ips):
        return hierarchy
    moved = {ip.address: ip.on(node).address for ip in hierarchy.ips}
    return replace(
        hierarchy,
        ips=tuple(ip.on(node) for ip in hierarchy.ips),
        sites=tuple(_site_with(site, moved) for site in hierarchy.sites),
    )


def spread(ips: Iterable[Ip]) -> bool:
    """Whether nodes of some addresses are in different subnets."""
    return any(ip.elsewhere for ip in ips)


def every_address(ips: Iterable[Ip]) -> frozenset[str]:
    """All addresses that float, on whichever node."""
    return frozenset(address for ip in ips for address in ip.addresses)


def groups(hierarchy: Hierarchy) -> tuple[tuple[str, ...], ...]:
    """The nodes of a hierarchy by their site: those that have the same addresses of it, in order."""
    found: dict[tuple[str, ...], list[str]] = {}
    for node in hierarchy.nodes:
        found.setdefault(tuple(ip.on(node).address for ip in hierarchy.ips), []).append(node)
    return tuple(tuple(nodes) for nodes in found.values())


def from_outside(check: Check, hierarchy: Hierarchy, node: str) -> tuple[Check, ...]:
    """A check of a hierarchy as it is made where the hierarchy is in service elsewhere, once an address."""
    others = [one for one in hierarchy.nodes if one != node] or [node]
    found = [
        check_with(check, {ip.address: ip.on(other).address for ip in hierarchy.ips}) for other in others
    ]
    return tuple(dict.fromkeys(found))


def moved_addresses(ips: Iterable[Ip], source: str, target: str) -> Mapping[str, str]:
    """Addresses of one node -> those of another one, where they differ."""
    pairs = ((ip.on(source).address, ip.on(target).address) for ip in ips)
    return {one: other for one, other in pairs if one != other}


def bound_elsewhere(configuration: IisConfiguration, moved: Mapping[str, str]) -> IisConfiguration:
    """A configuration with the bindings of its sites as they are to be on another node."""
    if not moved:
        return configuration
    return replace(configuration, sites=tuple(site_elsewhere(site, moved) for site in configuration.sites))


def site_elsewhere(site: IisSite, moved: Mapping[str, str]) -> IisSite:
    """A site of IIS with its bindings as they are to be on another node."""
    smtp = site.smtp
    if smtp is not None:
        smtp = replace(smtp, bindings=tuple(information(one, moved) for one in smtp.bindings))
    return replace(site, bindings=tuple(bound_on(one, moved) for one in site.bindings), smtp=smtp)


def information(text: str, moved: Mapping[str, str]) -> str:
    """``ip:port:host`` with the address of another node; what names no such address stays as it is."""
    parts = text.rsplit(":", 2)
    if len(parts) != 3:
        return text
    bare = parts[0][1:-1] if parts[0].startswith("[") and parts[0].endswith("]") else parts[0]
    other = moved.get(_canonical(bare))
    if other is None:
        return text
    return ":".join((f"[{other}]" if ":" in other else other, *parts[1:]))


def moved_to_primary(ips: Iterable[Ip], node: str) -> Mapping[str, str]:
    """Addresses of a node -> those that their resources are called by, where they differ."""
    pairs = ((ip.on(node).address, ip.address) for ip in ips)
    return {one: other for one, other in pairs if one != other}


def primary_names(addresses: Iterable[str], ips: Collection[Ip], node: str) -> tuple[str, ...]:
    """Addresses found on a node as those that their resources are called by."""
    known = {ip.on(node).address: ip.address for ip in ips}
    return tuple(dict.fromkeys(known.get(address, address) for address in addresses))


def check_with(check: Check, moved: Mapping[str, str]) -> Check:
    """A check of the address that stands in another one's place."""
    parts = urlsplit(check.url)
    host = parts.hostname or ""
    other = moved.get(_canonical(host), host)
    if other == host or not host:
        return check
    netloc = f"[{other}]" if ":" in other else other
    user, at, _rest = parts.netloc.rpartition("@")
    port = f":{parts.port}" if parts.port is not None else ""
    return replace(check, url=urlunsplit(parts._replace(netloc=f"{user}{at}{netloc}{port}")))


def _site_with(site: Site, moved: Mapping[str, str]) -> Site:
    return replace(
        site,
        ips=tuple(moved.get(address, address) for address in site.ips),
        checks=tuple(check_with(check, moved) for check in site.checks),
    )


def bound_on(binding: Binding, moved: Mapping[str, str]) -> Binding:
    """A binding as it is to be on another node."""
    return replace(binding, information=information(binding.information, moved))


def _canonical(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text
