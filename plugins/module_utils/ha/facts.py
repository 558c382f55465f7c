# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of a node at one moment: the snapshot that status, plans and checks decide on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from types import MappingProxyType

from ..windows.adapter import Adapter, Interface
from ..windows.address import Address
from ..windows.disk import Disk, Partition
from ..windows.environment import Machine
from ..windows.iis_config import IisConfiguration
from ..windows.mirror import Side
from ..windows.mirror_ground import Ground
from ..windows.service import Service
from .model import AGENTS, Site, SiteType, Volume, VolumeKind

# Services of Windows without which no site of a type runs; started by the operator or Windows, never by us.
SERVICES: Mapping[SiteType, tuple[str, ...]] = MappingProxyType(
    {SiteType.WEB: ("W3SVC", "WAS"), SiteType.FTP: ("FTPSVC",), SiteType.SMTP: ("SMTPSVC",)}
)
ALL_SERVICES = tuple(name for names in SERVICES.values() for name in names)


def services_of(sites: Iterable[Site]) -> tuple[str, ...]:
    """The services of Windows that some sites need, each once."""
    types = {one for site in sites for one in site.services}
    return tuple(name for one, names in SERVICES.items() if one in types for name in names)


class Scope(Flag):
    """Which parts of a node are to be read; every part costs round trips."""

    ADDRESSES = auto()
    ADAPTERS = auto()
    DISKS = auto()
    IIS = auto()
    SERVICES = auto()
    MACHINE = auto()
    # Names and states alone of what IIS has, instead of IIS.
    STATES = auto()
    # SMTP virtual servers beside IIS or STATES, where the node has any.
    SMTP = auto()
    # Ends of mirrors, where the cluster has any: see ``with_mirrors``.
    MIRRORS = auto()
    # Those that agents copy.
    COPIES = auto()
    # What nodes bring along for a mirror.
    GROUND = auto()
    # Which disks are online at the next boot as well, beside DISKS: see ``with_shared``.
    LASTING = auto()
    NETWORK = ADDRESSES | ADAPTERS
    SITES = IIS | SMTP
    MEMBERS = ADDRESSES | DISKS | SITES
    MOVE = NETWORK | DISKS | SITES | SERVICES
    CHECK = NETWORK | DISKS | STATES | SMTP | SERVICES


def narrowed(scope: Scope, sites: Iterable[Site]) -> Scope:
    """A scope without what none of some sites needs: who looks often reads no more than that."""
    return scope if any(SiteType.SMTP in site.services for site in sites) else scope & ~Scope.SMTP


def with_mirrors(scope: Scope, volumes: Iterable[Volume]) -> Scope:
    """A scope, and the ends of mirrors where some volumes have any."""
    for one in volumes:
        if one.kind is VolumeKind.MIRROR:
            scope |= scope_of(one.mirror.provider if one.mirror is not None else "")
    return scope


def scope_of(provider: str) -> Scope:
    """What shows the ends of the mirrors of a provider."""
    return Scope.COPIES if provider == AGENTS else Scope.MIRRORS


def with_shared(scope: Scope, volumes: Iterable[Volume]) -> Scope:
    """A scope, and what disks are at the next boot where some volumes lie on shared ones."""
    return scope | Scope.LASTING if any(one.kind is VolumeKind.SHARED for one in volumes) else scope


@dataclass(frozen=True)
class NodeFacts:
    """One node as it was when it was read. Parts that were not asked for are empty.

    Attributes:
        name: inventory name.
        problem: the sentence why the node could not be read, with its final full stop; None where it was.
        adapters: network adapters.
        interfaces: the IP of each family on them.
        addresses: every address instance, of both stores.
        disks: every disk.
        partitions: partitions with their access paths.
        iis: sites and pools; None where not asked for.
        services: by name; a service that does not exist is missing.
        machine: None where not asked for.
        mirrors: its ends of mirrors, of every provider.
        ground: what it brings along for a mirror; None where not asked for.
        lasting: unique ids of the disks that are online at the next boot as well.
    """

    name: str
    problem: str | None = None
    adapters: tuple[Adapter, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    addresses: tuple[Address, ...] = ()
    disks: tuple[Disk, ...] = ()
    partitions: tuple[Partition, ...] = ()
    iis: IisConfiguration | None = None
    services: Mapping[str, Service] = field(default_factory=dict)
    machine: Machine | None = None
    mirrors: tuple[Side, ...] = ()
    ground: Ground | None = None
    lasting: frozenset[str] = frozenset()

    @property
    def paths(self) -> frozenset[str]:
        """Access paths of all partitions, lower case, each with its final backslash."""
        return frozenset(
            path.lower().rstrip("\\") + "\\"
            for partition in self.partitions
            for path in partition.access_paths
        )
