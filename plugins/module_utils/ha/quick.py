# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The quick check: state and presence of everything that a hierarchy in service needs on its node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from ..errors import StandbyError
from ..windows.adapter import Adapter
from ..windows.address import AddressState
from ..windows.disk import Disk
from ..windows.mirror import Copy
from ..windows.service import RUNNING
from .addressing import adapter_for, is_persistent
from .facts import NodeFacts, services_of
from .mirror import side_of
from .mirror_notice import alone
from .model import Hierarchy, Ip, Site, Volume, VolumeKind
from .observe import Presence, disk, instances, moves, pool, see
from .on_node import on_node
from .precheck import of_target
from .site_types import STARTED, STOPPED


class Failing(str, Enum):
    """What is at fault, and so whether stopping and starting on the same node may help."""

    NOTHING = "nothing"
    SITE = "site"  # communication or start-up failure of a site or of its pool
    ADDRESS = "address"  # the address is gone or not usable, while its adapter is up
    NIC = "nic"
    VOLUME = "volume"
    SYSTEM = "system"  # IIS as a whole, a member that this node does not have, a node that cannot be read

    @property
    def local(self) -> bool:
        """True where local recovery may help; otherwise another node is to take it at once."""
        return self in (Failing.SITE, Failing.ADDRESS)


# The gravest last: what explains the others is told first.
_GRAVITY = tuple(Failing)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the quick check found of one resource.

    Attributes:
        resource: its id, such as ``ip 10.0.0.50``.
        healthy: it can serve.
        sentence: what was found, one clause with the resource in it.
        failing: what is at fault; NOTHING where it is healthy.
        notice: it serves, and somebody has to mend something all the same.
    """

    resource: str
    healthy: bool
    sentence: str
    failing: Failing = Failing.NOTHING
    notice: bool = False


def look(hierarchy: Hierarchy, facts: NodeFacts) -> tuple[Finding, ...]:
    """The quick check of a hierarchy that should be in service on a node.

    Args:
        hierarchy: with all its members.
        facts: of the node, with scope CHECK.

    Returns:
        What is unhealthy first, the gravest cause at the front; then what is well, in the members' order.
    """
    whole = f'hierarchy "{hierarchy.name}"'
    if facts.problem is not None:
        return (_bad(whole, f"{facts.name} cannot be read: {facts.problem.rstrip('.')}", Failing.SYSTEM),)
    hierarchy = on_node(hierarchy, facts.name)
    found = [*_services(hierarchy, facts)]
    for volume in hierarchy.volumes:
        found.append(_volume(volume, facts))
    for ip in hierarchy.ips:
        found.append(_ip(ip, hierarchy, facts))
    for site in hierarchy.sites:
        found.extend(_site(site, facts))
    return tuple(sorted(found, key=_gravity, reverse=True))


def gravest(failings: Iterable[Failing]) -> Failing:
    """The one that explains the others; NOTHING where there is none."""
    return max(failings, key=_GRAVITY.index, default=Failing.NOTHING)


def blocked(hierarchy: Hierarchy, facts: NodeFacts) -> str:
    """Why a hierarchy cannot be brought up on a node at all; "" where nothing is in the way.

    Args:
        hierarchy: with all its members.
        facts: of the node, with scope CHECK.
    """
    if facts.name not in hierarchy.nodes:
        return f"{facts.name} is not a node of it"
    if facts.problem is not None:
        return f"it cannot be read: {facts.problem.rstrip('.')}"
    return "; ".join(_clause(error) for error in of_target(hierarchy, facts, {facts.name: facts}))


def _clause(error: StandbyError) -> str:
    return f"{error.resource}: {error.problem}" if error.resource else error.problem


def _gravity(finding: Finding) -> int:
    return _GRAVITY.index(finding.failing)


def _good(resource: str, words: str) -> Finding:
    return Finding(resource, True, f"{resource} is {words}")


def _bad(resource: str, sentence: str, failing: Failing) -> Finding:
    return Finding(resource, False, sentence, failing)


def _services(hierarchy: Hierarchy, facts: NodeFacts) -> Iterator[Finding]:
    """Restarting a site starts no service: only another node helps."""
    for name in services_of(hierarchy.sites):
        resource, service = f"service {name}", facts.services.get(name)
        if service is None:
            yield _bad(resource, f"{resource} does not exist on {facts.name}", Failing.SYSTEM)
        elif service.state != RUNNING:
            yield _bad(resource, f"{resource} is {service.state.lower()} on {facts.name}", Failing.SYSTEM)
        else:
            yield _good(resource, "running")


def _volume(volume: Volume, facts: NodeFacts) -> Finding:
    sight = see(volume, facts)
    if sight.presence is not Presence.UP:
        return _bad(volume.id, f"{volume.id} is {sight.words} on {facts.name}", Failing.VOLUME)
    if volume.path.lower() not in facts.paths:
        there = f"{volume.id} is not mounted on {facts.name}, although its disk is online"
        return _bad(volume.id, there, Failing.VOLUME)
    carrier = _carrier(volume, facts)
    if carrier is not None and carrier.read_only:
        return _bad(volume.id, f"{volume.id} is read-only on {facts.name}", Failing.VOLUME)
    if volume.kind is VolumeKind.SHARED and carrier is not None and carrier.unique_id in facts.lasting:
        return Finding(volume.id, True, f"{volume.id} {online_for_good(facts.name)}", notice=True)
    side = side_of(volume, facts)
    if volume.mirror is not None and (side is None or side.copy is not Copy.IN_SYNC):
        return Finding(volume.id, True, alone(volume, side, facts.name), notice=True)
    return _good(volume.id, sight.words)


def online_for_good(node: str) -> str:
    """What is told of a shared volume whose disk is online at the next boot too; the next move ends that."""
    return (
        f"is online for good on {node}: its disk comes online there at the next boot too, also while another "
        "node has it, which destroys it; move it to another node once: it comes online until a boot only then"
    )


def _carrier(volume: Volume, facts: NodeFacts) -> Disk | None:
    """The disk below a volume, None where it cannot be told."""
    if moves(volume):
        return disk(facts, volume)
    numbers = {
        one.disk_number
        for one in facts.partitions
        for path in one.access_paths
        if path.lower().rstrip("\\") == volume.path.lower().rstrip("\\")
    }
    return next((one for one in facts.disks if one.number in numbers), None)


def _ip(ip: Ip, hierarchy: Hierarchy, facts: NodeFacts) -> Finding:
    adapter = _adapter(ip, hierarchy, facts)
    if adapter is not None and not adapter.up:
        down = f"adapter {adapter.alias!r} of {ip.id} is down or not connected on {facts.name}"
        return _bad(ip.id, down, Failing.NIC)
    sight = see(ip, facts)
    if any(one.state is AddressState.DUPLICATE for one in instances(facts, ip.address)):
        held = f"{ip.id} is in use by another machine of its network (Duplicate on {facts.name})"
        return _bad(ip.id, held, Failing.ADDRESS)
    if sight.presence is not Presence.UP:
        return _bad(ip.id, f"{ip.id} is {sight.words} on {facts.name}", Failing.ADDRESS)
    if is_persistent(facts, ip.address):
        back = f"{ip.id} is persistent on {facts.name}, so that a restart brings it back whoever serves then"
        return Finding(ip.id, True, back, notice=True)
    return _good(ip.id, sight.words)


def _adapter(ip: Ip, hierarchy: Hierarchy, facts: NodeFacts) -> Adapter | None:
    """The adapter that carries an address, or that would; None where there is none that can be told."""
    carrying = {one.interface_index for one in instances(facts, ip.address)}
    if carrying:
        return next((one for one in facts.adapters if one.index in carrying), None)
    floating = {one.address for one in hierarchy.ips}
    try:
        alias = dict(ip.interfaces).get(facts.name)
        return adapter_for(facts, ip.address, floating=floating, alias=alias).adapter
    except StandbyError:
        return None


def _site(site: Site, facts: NodeFacts) -> Iterator[Finding]:
    sight = see(site, facts)
    if sight.words == "absent":
        yield _bad(site.id, f"{site.id} does not exist on {facts.name}", Failing.SYSTEM)
        return
    started = sight.presence is Presence.UP
    if started:
        yield _good(site.id, sight.words)
    else:
        yield _bad(site.id, f"{site.id} is {sight.words} on {facts.name}", Failing.SITE)
    for name in site.pools:
        yield _pool(site, name, started, facts)


def _pool(site: Site, name: str, started: bool, facts: NodeFacts) -> Finding:
    """A pool stops by itself after five crashes in five minutes, and its site stays started.

    Source: learn.microsoft.com/iis/configuration/system.applicationhost/applicationpools/add/failure,
    rapidFailProtection: http.sys then answers 503.
    """
    resource, found = f"pool {name!r} of {site.id}", pool(facts, name)
    if found is None:
        return _bad(resource, f"{resource} does not exist on {facts.name}", Failing.SYSTEM)
    if found.state == STARTED:
        return _good(resource, "started")
    how = f"{resource} is {found.state.lower()} on {facts.name}"
    if started and found.state == STOPPED:
        how += " while the site is started, as rapid-fail protection leaves it after repeated crashes"
    return _bad(resource, how, Failing.SITE)
