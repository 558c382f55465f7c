# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one node has to say of the certificates of its protected sites, beside those of the other nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from ..windows.certificate_reading import CertificateReading
from ..windows.iis_config import IisConfiguration, IisSite
from .https import differing, https_of, judge, thumbprints
from .model import Hierarchy
from .on_node import moved_addresses

# Site -> binding -> thumbprint, "" where none is bound.
Shown: TypeAlias = Mapping[str, Mapping[str, str]]

DIFFERENT = "different"


@dataclass(frozen=True)
class Note:
    """Something about a certificate that somebody has to mend.

    Attributes:
        hierarchy: that the site belongs to.
        about: what makes it the same note on another day: site, binding and flaw.
        sentence: it, without a final full stop.
    """

    hierarchy: str
    about: tuple[str, str, str]
    sentence: str = field(compare=False)


def protected_https(
    hierarchies: Iterable[Hierarchy], iis: IisConfiguration
) -> list[tuple[Hierarchy, IisSite]]:
    """Hierarchy and site for every protected site of a node with an https binding."""
    every = [(one, iis.site(site.name)) for one in hierarchies for site in one.sites]
    return [(one, site) for one, site in every if site is not None and https_of(site)]


def shown_by(sites: Iterable[tuple[Hierarchy, IisSite]], reading: CertificateReading) -> Shown:
    """What a node shows, as others are told of it."""
    return thumbprints(reading, [site for _hierarchy, site in sites])


def notes_of(
    sites: Iterable[tuple[Hierarchy, IisSite]],
    node: str,
    reading: CertificateReading,
    others: Mapping[str, Shown],
    now: datetime,
    days: float,
) -> Iterator[Note]:
    """Everything there is to be said.

    Args:
        sites: of ``protected_https``.
        node: this one.
        reading: its certificates.
        others: what other nodes show, as far as they have told.
        now: by which certificates are judged.
        days: with fewer left, a certificate is told of.
    """
    for hierarchy, site in sites:
        for found in judge(site, node, reading, now, days):
            yield Note(hierarchy.name, (site.name, found.binding, found.flaw.value), found.sentence)
        own = thumbprints(reading, [site])[site.name]
        for other, shown in others.items():
            moved = moved_addresses(hierarchy.ips, other, node)
            for binding, here, there in differing(own, shown.get(site.name, {}), moved):
                told = f"{binding} shows the certificate {here} on {node}, and {there} on {other}"
                yield Note(hierarchy.name, (site.name, binding, f"{DIFFERENT} {other}"), told)


def models(hierarchies: Iterable[Hierarchy], node: str) -> dict[str, tuple[str, ...]]:
    """Node -> sites that this one compares with it: nodes of higher priority, so that one of a pair tells."""
    found: dict[str, list[str]] = {}
    for one in hierarchies:
        for other in one.nodes[: one.nodes.index(node)] if node in one.nodes else ():
            found.setdefault(other, []).extend(site.name for site in one.sites)
    return {other: tuple(sites) for other, sites in found.items() if sites}
