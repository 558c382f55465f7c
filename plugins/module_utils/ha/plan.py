# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a move: which steps are needed, in which order, and what they take. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from ..errors import StandbyError
from ..windows.adapter import IPV4, IPV6
from ..windows.address import family_of
from ..windows.iis_config import Pool
from .addressing import adapter_for
from .facts import NodeFacts
from .mirror import mirrors, waits
from .model import Check, Hierarchy, Ip, Resource, Site, SiteType, Volume
from .observe import Presence, disk, moves, pool, see, see_service
from .on_node import on_node
from .site_types import STOPPED
from .warm import WARM_SERVICE, is_warm, stays


class Action(str, Enum):
    """What a step does."""

    WAIT_MIRROR = "wait_mirror"
    STOP_SITE = "stop_site"
    STOP_POOL = "stop_pool"
    REMOVE_ADDRESS = "remove_address"
    OFFLINE_DISK = "offline_disk"
    ONLINE_DISK = "online_disk"
    TURN_MIRROR = "turn_mirror"
    ADD_ADDRESS = "add_address"
    WAIT_ADDRESS = "wait_address"
    START_POOL = "start_pool"
    START_SITE = "start_site"
    WAKE_SITE = "wake_site"
    VERIFY = "verify"
    UPDATE_RECORD = "update_record"


# Before anything is touched.
BEFORE = (Action.WAIT_MIRROR,)
OUT = (Action.STOP_SITE, Action.STOP_POOL, Action.REMOVE_ADDRESS, Action.OFFLINE_DISK)
# The controller does these; no node needs a session for them.
CONTROLLER = (Action.VERIFY, Action.UPDATE_RECORD)

# Seconds a step is expected to take where none was measured. Estimates: appcmd starts in about a quarter of a
# second; a disk comes online, is mounted and checked in a few, and so is a mirrored volume. An address is
# usable after its probes. What is waited for before anything is touched adds to no outage.
USUAL: Mapping[Action, float] = MappingProxyType(
    {
        Action.WAIT_MIRROR: 0.0,
        Action.STOP_SITE: 0.4,
        Action.STOP_POOL: 0.4,
        Action.REMOVE_ADDRESS: 0.1,
        Action.OFFLINE_DISK: 1.5,
        Action.ONLINE_DISK: 3.0,
        Action.TURN_MIRROR: 3.0,
        Action.ADD_ADDRESS: 0.1,
        Action.WAIT_ADDRESS: 0.1,
        Action.START_POOL: 0.4,
        Action.START_SITE: 0.4,
        Action.WAKE_SITE: 0.1,
        Action.VERIFY: 0.0,  # the site serves by then
        Action.UPDATE_RECORD: 0.0,
    }
)

# Probes of duplicate address detection where the interface does not tell its own: RFC 5227 1.1 (PROBE_NUM),
# RFC 4862 5.1 (DupAddrDetectTransmits), which Windows is believed to follow; docs/assumptions.md.
PROBES: Mapping[int, int] = MappingProxyType({IPV4: 3, IPV6: 1})
PROBE_INTERVAL = 1.0  # seconds: DadRetransmitTime of an interface


@dataclass(frozen=True)
class Step:
    """One operation on one node.

    Attributes:
        node: inventory name.
        action: see Action.
        resource: id of the resource it concerns.
        sentence: for people, such as ``stop site "WebSite1" on server1``.
        arguments: what the operation needs, by name.
    """

    node: str
    action: Action
    resource: str
    sentence: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


Stage = tuple[Step, ...]


def _expected(step: Step, usual: Mapping[Action, float]) -> float:
    """Seconds of one step; an address that is waited for waits for its probes."""
    probes = float(step.arguments.get("probes", 0)) if step.action is Action.WAIT_ADDRESS else 0.0
    return usual[step.action] + probes * PROBE_INTERVAL


@dataclass(frozen=True)
class Plan:
    """Stages that run one after the other; the steps of a stage run side by side.

    Attributes:
        hierarchy: its name.
        stages: none of them empty; no stage where everything is as wanted.
    """

    hierarchy: str
    stages: tuple[Stage, ...] = ()

    @property
    def steps(self) -> Stage:
        """Every step in order."""
        return tuple(step for stage in self.stages for step in stage)

    @property
    def sentences(self) -> list[str]:
        """Every step in words, in order."""
        return [step.sentence for step in self.steps]

    def width(self, node: str) -> int:
        """How many sessions to a node the widest stage needs."""
        counts = [
            sum(step.node == node and step.action not in CONTROLLER for step in stage)
            for stage in self.stages
        ]
        return max(counts, default=0)

    def expected_seconds(self, usual: Mapping[Action, float] = USUAL) -> float:
        """How long the stages take together, a stage as long as its longest step: an estimate."""
        return sum(max(_expected(step, usual) for step in stage) for stage in self.stages)


def plan(
    hierarchy: Hierarchy,
    source: str | None,
    target: str | None,
    facts: Mapping[str, NodeFacts],
    *,
    addresses_first: bool = False,
    keep_warm: bool = True,
) -> Plan:
    """The steps that are still needed to have a hierarchy in service on ``target`` and nowhere else.

    Every node but the target on which a member is up is cleaned first, whether it is the source or not: only
    then does anything come up. A node that could not be read is taken to hold nothing; whether that may be
    assumed is decided before (``precheck.py``), and refused here for the source and the target. Nodes outside
    the hierarchy are left alone: a site of the same name there is another site.

    Args:
        hierarchy: what moves.
        source: where it is in service now, None where it is not.
        target: where it is wanted, None to take it out of service.
        facts: of all nodes, with scope MOVE.
        addresses_first: addresses go before sites stop: connections break, and nothing is served any more.
        keep_warm: warm sites stay started where they can; without it they are stopped as cold ones are, which
            a restart of them begins with.

    Raises:
        StandbyError: the source or the target could not be read, or the target has no adapter for an address.
    """
    for name in (source, target):
        if name is not None:
            _readable(name, facts)
    others = [
        seen
        for name, seen in facts.items()
        if name in hierarchy.nodes and name != target and seen.problem is None
    ]
    stages = _out(hierarchy, others, addresses_first, keep_warm)
    if target is not None:
        there = on_node(hierarchy, target)
        stages = [_wait_mirrors(hierarchy, facts, target), *stages, *_in(there, facts, target)]
        if any(stages):
            stages.append(_verify(there, target))
    return Plan(hierarchy.name, tuple(tuple(stage) for stage in stages if stage))


def _readable(name: str, facts: Mapping[str, NodeFacts]) -> None:
    problem = facts[name].problem if name in facts else "no connection to it was given."
    if problem is not None:
        raise StandbyError(
            f"the node could not be read ({problem.rstrip('.')})",
            node=name,
            remedy="A planned move needs both nodes; make the node reachable and run again",
        )


def _out(
    hierarchy: Hierarchy, others: list[NodeFacts], addresses_first: bool, keep_warm: bool
) -> list[list[Step]]:
    """Sites stop; addresses go, and pools stop that keep files of a disk open; disks go offline.

    A warm site stays started, and is reached by nobody once its addresses are gone.
    """

    def staying(site: Site, one: SiteType, seen: NodeFacts) -> bool:
        return keep_warm and stays(site, one, hierarchy, seen)

    def held(
        members: Callable[[Hierarchy], Iterable[Resource]], make: Callable[[Any, str], Step]
    ) -> list[Step]:
        return [
            make(resource, seen.name)
            for seen in others
            for resource in members(on_node(hierarchy, seen.name))
            if see(resource, seen).presence is not Presence.DOWN
        ]

    offline = held(_one_a_disk, _offline_disk)
    losing = [seen for seen in others if any(step.node == seen.name for step in offline)]
    ips = held(lambda one: one.ips, _remove_address)
    sites = [
        _switch_site(Action.STOP_SITE, site, one, seen.name)
        for seen in others
        for site in hierarchy.sites
        for one in site.services
        if see_service(one, site, seen).presence is not Presence.DOWN and not staying(site, one, seen)
    ]
    pools = []
    for seen in losing:
        left = [site for site in hierarchy.sites if staying(site, WARM_SERVICE, seen)]
        pools += [_stop_pool(name, seen.name) for name in _idle_pools(hierarchy, seen, left)]
    return [ips, sites, pools, offline] if addresses_first else [sites, ips + pools, offline]


def _in(hierarchy: Hierarchy, facts: Mapping[str, NodeFacts], target: str) -> list[list[Step]]:
    """Volumes, addresses and pools come up side by side, addresses are waited for, sites start."""
    seen = facts[target]
    disks = [volume for volume in _one_a_disk(hierarchy) if see(volume, seen).presence is not Presence.UP]
    absent = [ip for ip in hierarchy.ips if see(ip, seen).presence is Presence.DOWN]
    not_usable = [ip for ip in hierarchy.ips if see(ip, seen).presence is not Presence.UP]
    indexes = {ip.address: _index(ip, hierarchy, seen) for ip in not_usable}
    missing = {volume.path for volume in hierarchy.volumes if see(volume, seen).presence is not Presence.UP}
    missing |= {ip.address for ip in not_usable}
    deaf = [(site, one) for site, one in _services(hierarchy) if _is_deaf(site, one, seen, missing)]
    starting = [
        (site, one)
        for site, one in _services(hierarchy)
        if (site, one) in deaf or see_service(one, site, seen).presence is not Presence.UP
    ]
    return [
        [_switch_site(Action.STOP_SITE, site, one, seen.name) for site, one in deaf],
        [_online_disk(volume, hierarchy, seen) for volume in disks]
        + [
            _turn_mirror(volume, facts, target)
            for volume in mirrors(hierarchy.volumes)
            if waits(volume, seen)
        ]
        + [_add_address(ip, seen.name, indexes[ip.address]) for ip in absent]
        + [_start_pool(name, seen.name) for name in _stopped_pools(hierarchy, seen)],
        [_wait_address(ip, seen, indexes[ip.address]) for ip in not_usable],
        [_switch_site(Action.START_SITE, site, one, seen.name) for site, one in starting]
        + [
            _wake_site(site, seen.name)
            for site in hierarchy.sites
            if is_warm(site) and (site, WARM_SERVICE) not in starting and not missing.isdisjoint(site.ips)
        ],
    ]


def _services(hierarchy: Hierarchy) -> list[tuple[Site, SiteType]]:
    return [(site, one) for site in hierarchy.sites for one in site.services]


def _is_deaf(site: Site, one: SiteType, seen: NodeFacts, missing: Collection[str]) -> bool:
    """Whether a service runs without what it depends on, and may not notice when that comes.

    http.sys listens on addresses that come later. Other services have sockets of their own; that they hear an
    address that comes after their start, or look into a folder that comes, is documented nowhere.
    """
    if one is SiteType.WEB or see_service(one, site, seen).presence is Presence.DOWN:
        return False
    return not set(missing).isdisjoint((*site.ips, *site.volumes))


def _one_a_disk(hierarchy: Hierarchy) -> list[Volume]:
    """One volume for every shared disk: the disk goes online and offline as a whole."""
    by_disk: dict[str, Volume] = {}
    for volume in hierarchy.volumes:
        if moves(volume) and volume.disk is not None:
            by_disk.setdefault(volume.disk.strip("{} ").lower(), volume)
    return list(by_disk.values())


def _stopped_pools(hierarchy: Hierarchy, seen: NodeFacts) -> list[str]:
    return [name for name, one in _pools(hierarchy, seen).items() if one.state == STOPPED]


def _idle_pools(hierarchy: Hierarchy, seen: NodeFacts, staying: Collection[Site]) -> list[str]:
    """Pools that run for nobody once the hierarchy's sites have stopped: a stopped site stops no worker."""
    members = {site.name.casefold() for site in hierarchy.sites}
    used = {
        application.pool.casefold()
        for other in (seen.iis.sites if seen.iis is not None else ())
        if other.name.casefold() not in members and other.state != STOPPED
        for application in other.applications
    } | {name.casefold() for site in staying for name in site.pools}
    pools = _pools(hierarchy, seen).items()
    return [name for name, one in pools if one.state != STOPPED and name.casefold() not in used]


def _pools(hierarchy: Hierarchy, seen: NodeFacts) -> dict[str, Pool]:
    """The pools of its sites that the node has, by name."""
    names = dict.fromkeys(name for site in hierarchy.sites for name in site.pools)
    found = {name: pool(seen, name) for name in names}
    return {name: one for name, one in found.items() if one is not None}


def _index(ip: Ip, hierarchy: Hierarchy, seen: NodeFacts) -> int:
    floating = {other.address for other in hierarchy.ips}
    place = adapter_for(seen, ip.address, floating=floating, alias=dict(ip.interfaces).get(seen.name))
    return place.adapter.index


def _switch_site(action: Action, site: Site, one: SiteType, node: str) -> Step:
    """Start or stop a service of a site, which is named where the site has several."""
    verb = "stop" if action is Action.STOP_SITE else "start"
    what = site.id if len(site.services) == 1 else f"the {one.value} service of {site.id}"
    return Step(node, action, site.id, f"{verb} {what} on {node}", {"name": site.name, "type": one})


def _wake_site(site: Site, node: str) -> Step:
    """A warm site whose address comes: it answers there, or is started again."""
    checks = tuple(check for check in site.checks if check.url.startswith("http"))
    sentence = f"see that {site.id}, started before its address, answers on {node}, else start it again"
    arguments = {"name": site.name, "type": WARM_SERVICE, "checks": checks}
    return Step(node, Action.WAKE_SITE, site.id, sentence, arguments)


def _remove_address(ip: Ip, node: str) -> Step:
    sentence = f"remove {ip.id} from {node}"
    return Step(node, Action.REMOVE_ADDRESS, ip.id, sentence, {"address": ip.address})


def _offline_disk(volume: Volume, node: str) -> Step:
    sentence = f"take the disk of {volume.id} offline on {node}"
    return Step(node, Action.OFFLINE_DISK, volume.id, sentence, {"disk": volume.disk, "path": volume.path})


def _online_disk(volume: Volume, hierarchy: Hierarchy, seen: NodeFacts) -> Step:
    wanted = disk(seen, volume)
    same = [v.path for v in hierarchy.volumes if moves(v) and wanted is not None and disk(seen, v) == wanted]
    sentence = f"bring the disk of {volume.id} online on {seen.name}"
    arguments = {"disk": volume.disk, "paths": tuple(same or (volume.path,))}
    return Step(seen.name, Action.ONLINE_DISK, volume.id, sentence, arguments)


def _wait_mirrors(hierarchy: Hierarchy, facts: Mapping[str, NodeFacts], target: str) -> list[Step]:
    """Copies that are not complete are waited for while everything still serves.

    Where the other node is not known of (an agent takes over), its mirror is as it is.
    """
    return [
        Step(
            target,
            Action.WAIT_MIRROR,
            volume.id,
            f"wait until the mirror of {volume.id} is in sync on {target}",
            {"volume": volume},
        )
        for volume in mirrors(hierarchy.volumes)
        if waits(volume, facts[target]) and _partner(volume, target) in facts
    ]


def _turn_mirror(volume: Volume, facts: Mapping[str, NodeFacts], target: str) -> Step:
    """Have the target be the source of a mirror; without the other node where that is not known of."""
    arguments = {"volume": volume, "promote": _partner(volume, target) not in facts}
    sentence = f"make {target} the source of the mirror of {volume.id}"
    return Step(target, Action.TURN_MIRROR, volume.id, sentence, arguments)


def _partner(volume: Volume, node: str) -> str | None:
    return next((name for name in volume.nodes if name != node), None)


def _add_address(ip: Ip, node: str, index: int) -> Step:
    arguments = {"address": ip.address, "prefix": ip.prefix, "index": index}
    return Step(node, Action.ADD_ADDRESS, ip.id, f"add {ip.id}/{ip.prefix} to {node}", arguments)


def _wait_address(ip: Ip, seen: NodeFacts, index: int) -> Step:
    arguments = {
        "address": ip.address,
        "prefix": ip.prefix,
        "index": index,
        "probes": _probes(ip, seen, index),
    }
    sentence = f"wait until {ip.id} is usable on {seen.name}"
    return Step(seen.name, Action.WAIT_ADDRESS, ip.id, sentence, arguments)


def _probes(ip: Ip, seen: NodeFacts, index: int) -> int:
    """How many probes the interface sends: its own number, else the one asked for, else the usual one."""
    family = family_of(ip.address)
    told = [one.dad_transmits for one in seen.interfaces if (one.index, one.family) == (index, family)]
    known = [count for count in (*told, ip.dad_transmits) if count is not None]
    return known[0] if known else PROBES[family]


def _start_pool(name: str, node: str) -> Step:
    resource = f'pool "{name}"'
    return Step(node, Action.START_POOL, resource, f"start {resource} on {node}", {"name": name})


def _stop_pool(name: str, node: str) -> Step:
    resource = f'pool "{name}"'
    return Step(node, Action.STOP_POOL, resource, f"stop {resource} on {node}", {"name": name})


def _verify(hierarchy: Hierarchy, node: str) -> list[Step]:
    checks: list[tuple[Site, Check]] = [(site, check) for site in hierarchy.sites for check in site.checks]
    return [
        Step(node, Action.VERIFY, site.id, f"verify {site.id} on {node} at {check.url}", {"check": check})
        for site, check in checks
    ]
