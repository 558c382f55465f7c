# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mirror of a volume: declared, made, suspended, removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..ha.facts import NodeFacts, Scope, with_mirrors
from ..ha.graph import hierarchies, users_of
from ..ha.mirror import state_of
from ..ha.mirror_limits import other_logs
from ..ha.mirror_work import Task, Verb, to_have, to_have_no_more
from ..ha.model import Cluster, MirrorMode, Volume, VolumeKind
from ..ha.status import State, status
from ..node import Node
from ..windows.mirror import Making, Provider, Role
from . import store
from .agent_guard import refuse_disturbance, to_take_up
from .fleet import Fleet
from .membership import names_of
from .mirror_left import refuse_undeclared
from .mirrors import ends_from, mirror_of, provider_of
from .outcome import Outcome
from .survey import read_all
from .volume import (
    VolumeRequest,
    check_request,
    declare_volume,
    existing_volume,
    normal_path,
    remove_volume,
)

_SCOPE = Scope.MEMBERS | Scope.MACHINE | Scope.GROUND


@dataclass(frozen=True)
class MirrorOrder:
    """What is to be done about a mirror, beside what it is to be.

    Attributes:
        source: whose data counts where it has to be made.
        seeded: the destination has most of the data already; only what differs is copied.
        suspended: nothing is to be copied for now; None to leave that as it is.
    """

    source: str | None = None
    seeded: bool = False
    suspended: bool | None = None


def ensure_mirror(fleet: Fleet, request: VolumeRequest, order: MirrorOrder, check: bool) -> Outcome:
    """Have a mirrored volume declared, and its mirror made.

    Args:
        fleet: all nodes of the cluster.
        request: the volume, with its mirror.
        order: whose data counts, and whether it is copied now.
        check: only say what would be done.

    Raises:
        StandbyError: a node cannot be read, or something does not fit: nothing was changed. Or an operation
            failed: what is left, the next run takes up.
    """
    check_request(fleet, request)
    cluster = store.read_cluster(fleet)
    scope = _SCOPE | request.scope
    facts = read_all(fleet, scope, names_of(cluster, request.nodes))
    declared = declare_volume(fleet, request, cluster, facts)
    refuse_disturbance(fleet, cluster, declared.cluster)
    volume, wanted = declared.volume, request.mirror
    serving = _serving(cluster, volume, facts)
    used = cluster is not None and bool(users_of(cluster, volume))
    tasks = to_have(volume, facts, order.source, serving, order.suspended, used=used)
    redefined = declared.existing != volume
    logs = other_logs(volume, facts, wanted.log_size) if wanted is not None else []
    outcome = _outcome(volume, facts, tasks, redefined, logs)
    if check or not outcome.changed:
        return outcome
    notes: list[str] = []
    if redefined:  # first: what is made half-way, the next run and the status know of
        notes = [*store.write_cluster(fleet, cluster, declared.cluster), *to_take_up(fleet, volume.nodes)]
    making = Making(wanted.log_size, wanted.readers) if wanted is not None else Making()
    _carry_out(fleet, volume, tasks, making, seeded=order.seeded)
    after = read_all(fleet, with_mirrors(Scope(0), (volume,)), volume.nodes)
    return replace(outcome, data={**outcome.data, "mirror": _shown(volume, after), "notes": [*logs, *notes]})


def remove_mirror(fleet: Fleet, path: str, check: bool) -> Outcome:
    """Have no mirror, and no volume resource, of a path. The data stays on both nodes, where each can use it.

    Raises:
        StandbyError: a site depends on the volume, a node cannot be read, or the mirror is there and is not
            declared; nothing was changed.
    """
    cluster = store.read_cluster(fleet)
    path = normal_path(path)
    existing = existing_volume(cluster, path)
    if existing is None or existing.kind is not VolumeKind.MIRROR:
        notes = refuse_undeclared(fleet, path, existing)
        data = {"resource": f"volume {path}", "plan": [], "notes": notes}
        return Outcome(False, f"volume {path} is not mirrored", data=data)
    removed = remove_volume(fleet, path, True, mirror_ends=True)  # refuses where a site depends on it
    facts = read_all(fleet, with_mirrors(Scope(0), (existing,)), existing.nodes)
    tasks = to_have_no_more(existing, facts)
    data = {**removed.data, "plan": [task.sentence for task in tasks]}
    if check:
        return replace(removed, data=data)
    _carry_out(fleet, existing, tasks, Making(), seeded=False)
    removed = remove_volume(fleet, path, False, mirror_ends=True)
    return replace(removed, data={**data, **removed.data})


def _serving(cluster: Cluster | None, volume: Volume, facts: Mapping[str, NodeFacts]) -> str | None:
    """The node on which a hierarchy with the volume is in service, or partly."""
    for one in hierarchies(cluster) if cluster is not None else ():
        if any(member.path.lower() == volume.path.lower() for member in one.volumes) and cluster is not None:
            found = status(one, facts, cluster)
            if found.state in (State.IN_SERVICE, State.PARTIAL) and found.owner is not None:
                return found.owner
    return None


def _carry_out(fleet: Fleet, volume: Volume, tasks: list[Task], making: Making, *, seeded: bool) -> None:
    for task in tasks:
        if task.verb is Verb.PAIR:
            other = next(name for name in volume.nodes if name != task.node)
            with fleet.lease(other) as node:
                _accept(node, volume)
        with fleet.lease(task.node) as node:
            _perform(node, volume, task.verb, making, seeded)


def _accept(node: Node, volume: Volume) -> None:
    own, other = ends_from(volume, node.name)
    mirror = mirror_of(volume)
    provider_of(mirror).accept(node, own, other, mirror.rpo)


def _perform(node: Node, volume: Volume, verb: Verb, making: Making, seeded: bool) -> None:
    own, other = ends_from(volume, node.name)
    mirror = mirror_of(volume)
    provider: Provider = provider_of(mirror)
    synchronous = mirror.mode is MirrorMode.SYNC
    operations: dict[Verb, Callable[[], None]] = {
        Verb.CREATE: lambda: provider.create_end(node, own, making),
        Verb.PAIR: lambda: provider.pair(
            node, own, other, synchronous=synchronous, rpo=mirror.rpo, seeded=seeded
        ),
        Verb.UNPAIR: lambda: provider.unpair(node, own, other, alone=False),
        Verb.UNPAIR_ALONE: lambda: _unpair_alone(node, volume, provider),
        Verb.REMOVE: lambda: provider.remove_end(node, own),
        Verb.SUSPEND: lambda: provider.suspend(node, own),
        Verb.RESUME: lambda: provider.resume(node, own),
        Verb.RPO: lambda: provider.state_rpo(node, own, other, mirror.rpo or 0),
    }
    operations[verb]()


def _unpair_alone(node: Node, volume: Volume, provider: Provider) -> None:
    """Whatever it takes itself for: source or destination."""
    own, other = ends_from(volume, node.name)
    side = next((one for one in provider.sides(node) if one.group == own.group), None)
    if side is not None and side.role is Role.SOURCE:
        provider.unpair(node, own, other, alone=True)
    elif side is not None and side.role is Role.DESTINATION:
        provider.unpair(node, other, own, alone=True)


def _shown(volume: Volume, facts: Mapping[str, NodeFacts]) -> dict[str, Any]:
    state = state_of(volume, facts)
    sides = {
        name: next((side for side in facts[name].mirrors if side.group == end.group), None)
        for name, end in ((name, mirror_of(volume).end(name)) for name in volume.nodes)
        if end is not None
    }
    return {
        "condition": state.condition.value,
        "source": state.source,
        "sentence": f"{state.sentence[:1].upper()}{state.sentence[1:]}.",
        "remaining": max((side.remaining for side in sides.values() if side is not None), default=0),
        "last_in_sync": {
            name: side.last_in_sync.isoformat() if side is not None and side.last_in_sync else None
            for name, side in sides.items()
        },
    }


def _outcome(
    volume: Volume, facts: Mapping[str, NodeFacts], tasks: list[Task], redefined: bool, notes: list[str]
) -> Outcome:
    changed = redefined or bool(tasks)
    message = f"the mirror of {volume.id} is {'made as declared' if changed else 'as declared'}"
    sentences = [task.sentence for task in tasks]
    data = {"resource": volume.id, "plan": sentences, "mirror": _shown(volume, facts), "notes": notes}
    return Outcome(changed, message, {}, {"tasks": sentences} if tasks else {}, data)
