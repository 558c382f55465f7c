# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What it takes to have a mirror, to have it copy or not, and to have it no more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ..errors import StandbyError
from ..windows.mirror import Copy, Role, Side
from .facts import NodeFacts
from .mirror import by_agents, side_of
from .model import Volume


class Verb(str, Enum):
    """What is done to one end of a mirror."""

    CREATE = "create"
    PAIR = "pair"
    UNPAIR = "unpair"
    UNPAIR_ALONE = "unpair_alone"
    REMOVE = "remove"
    SUSPEND = "suspend"
    RESUME = "resume"
    RPO = "rpo"


@dataclass(frozen=True)
class Task:
    """One operation on one node.

    Attributes:
        node: inventory name.
        verb: see Verb.
        sentence: for people.
    """

    node: str
    verb: Verb
    sentence: str


def to_have(
    volume: Volume,
    facts: Mapping[str, NodeFacts],
    source: str | None,
    serving: str | None,
    suspended: bool | None,
    *,
    used: bool,
) -> list[Task]:
    """The operations that are still needed for a mirror to be there.

    Args:
        volume: a mirrored one.
        facts: of both its nodes, with scope MIRRORS.
        source: whose data counts where the mirror has to be made or made again; None where nobody said.
        serving: where a hierarchy with the volume is in service, if anywhere.
        suspended: whether nothing is to be copied; None to leave that as it is.
        used: whether sites depend on the volume. Then its mirror is not a new one, also where no end is left
            of it: after a takeover, any node may have what is newest.

    Raises:
        StandbyError: it cannot be told whose data counts, or what was said is not so.
    """
    sides = {name: side_of(volume, facts[name]) for name in volume.nodes}
    paired = [name for name, side in sides.items() if side is not None and side.role is not Role.UNPAIRED]
    if len(paired) == len(volume.nodes) and _one_source(sides):
        _refuse_other_source(volume, sides, source)
        return [*_other_rpo(volume, sides), *_switch(volume, sides, suspended)]
    if source is None and _sources(sides) > 1:
        raise _both_sources(volume)
    chosen = _chosen(volume, source, serving, new=not used and not any(sides.values()))
    other = next(name for name in volume.nodes if name != chosen)
    tasks = [
        Task(name, Verb.UNPAIR_ALONE, f"end what is left of the mirror of {volume.id} on {name}")
        for name in paired
    ]
    tasks += [
        Task(name, Verb.CREATE, f"make the replication group of {volume.id} on {name}")
        for name in volume.nodes
        if sides[name] is None
    ]
    overwritten = f"; what {volume.path} has on {other} is overwritten"
    tasks.append(Task(chosen, Verb.PAIR, f"copy {volume.id} from {chosen} to {other}{overwritten}"))
    if suspended:
        tasks.append(Task(chosen, Verb.SUSPEND, f"suspend the mirror of {volume.id} on {chosen}"))
    return tasks


def to_have_no_more(volume: Volume, facts: Mapping[str, NodeFacts]) -> list[Task]:
    """The operations that are still needed for a mirror to be gone: both volumes can be used then."""
    sides = {name: side_of(volume, facts[name]) for name in volume.nodes}
    source = next((name for name, side in sides.items() if side and side.role is Role.SOURCE), None)
    paired = [name for name, side in sides.items() if side is not None and side.role is not Role.UNPAIRED]
    ended = f"end the mirror of {volume.id}"
    if len(paired) == len(volume.nodes) and source is not None and _one_source(sides):
        tasks = [Task(source, Verb.UNPAIR, f"{ended} on {source}")]
    else:
        tasks = [Task(name, Verb.UNPAIR_ALONE, f"{ended} on {name} alone") for name in paired]
    return tasks + [
        Task(name, Verb.REMOVE, f"remove the replication group of {volume.id} from {name}")
        for name in volume.nodes
        if sides[name] is not None
    ]


def _one_source(sides: Mapping[str, Side | None]) -> bool:
    return _sources(sides) == 1


def _sources(sides: Mapping[str, Side | None]) -> int:
    return sum(side is not None and side.role is Role.SOURCE for side in sides.values())


def _both_sources(volume: Volume) -> StandbyError:
    """Each may have been written to, also where nothing serves now."""
    return StandbyError(
        f"both {' and '.join(volume.nodes)} are its source: whose data counts, a person decides",
        resource=volume.id,
        remedy="Save what the one has that is to be overwritten, then name the other one as source",
    )


def _refuse_other_source(volume: Volume, sides: Mapping[str, Side | None], source: str | None) -> None:
    is_source = next(name for name, side in sides.items() if side and side.role is Role.SOURCE)
    if source is not None and source != is_source:
        raise StandbyError(
            f"{is_source} is the source of its mirror, not {source}",
            node=is_source,
            resource=volume.id,
            remedy="Leave source out: a switchover turns the mirror round (module hierarchy)",
        )


def _other_rpo(volume: Volume, sides: Mapping[str, Side | None]) -> list[Task]:
    """Where the agents copy, each end has the RPO; elsewhere the source's node sets it for both."""
    wanted = volume.mirror.rpo if volume.mirror is not None else None
    return [
        Task(name, Verb.RPO, f"have the mirror of {volume.id} state an RPO of {wanted} s on {name}")
        for name, side in sides.items()
        if side is not None
        and wanted is not None
        and side.rpo not in (None, wanted)
        and (by_agents(volume) or side.role is Role.SOURCE)
    ]


def _switch(volume: Volume, sides: Mapping[str, Side | None], suspended: bool | None) -> list[Task]:
    source = next(name for name, side in sides.items() if side and side.role is Role.SOURCE)
    is_suspended = any(side is not None and side.copy is Copy.SUSPENDED for side in sides.values())
    if suspended is None or suspended is is_suspended:
        return []
    verb = Verb.SUSPEND if suspended else Verb.RESUME
    return [Task(source, verb, f"{verb.value} the mirror of {volume.id} on {source}")]


def _chosen(volume: Volume, source: str | None, serving: str | None, *, new: bool) -> str:
    """Whose data counts.

    Raises:
        StandbyError: nobody knows.
    """
    if source is not None and source not in volume.nodes:
        raise StandbyError(
            f"{source} is none of its nodes ({', '.join(volume.nodes)})",
            resource=volume.id,
            remedy="Name one of them as source",
        )
    if serving is not None and source not in (None, serving):
        raise StandbyError(
            f"it is in use on {serving}, whose data would be overwritten by that of {source}",
            node=serving,
            resource=volume.id,
            remedy=f"Leave source out, or put the hierarchy in service on {source} first",
        )
    chosen = source or serving or (volume.nodes[0] if new else None)
    if chosen is None:
        raise StandbyError(
            "its mirror is not there, or by half, and nothing that uses it is in service: whose data is the "
            "newest cannot be told",
            resource=volume.id,
            remedy=f"Find out which of {' and '.join(volume.nodes)} was in service last, and name it as "
            "source; what the other one has is overwritten",
        )
    return chosen
