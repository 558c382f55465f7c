# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the state of a mirror allows: who has the newest data, and whether a move may begin. Pure.

No clock of two nodes is compared. What counts is what a source says of its copy: a destination that has lost
its source cannot know what was written there since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ..errors import StandbyError
from ..windows.mirror import Copy, Role, Side
from .facts import NodeFacts
from .model import AGENTS, Hierarchy, Mirror, MirrorMode, Takeover, Volume, VolumeKind


class Condition(str, Enum):
    """How the two copies of a mirrored volume stand to each other."""

    IN_SYNC = "in_sync"  # whatever was acknowledged is on both
    WITHIN_RPO = "within_rpo"  # the copy is behind by no more than the RPO
    OUT_OF_SYNC = "out_of_sync"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class MirrorState:
    """A mirrored volume as its nodes show it.

    Attributes:
        condition: see Condition.
        source: the node whose volume is in use, None where no node or more than one says so.
        sentence: one clause for people.
    """

    condition: Condition
    source: str | None
    sentence: str


_WORDS: Mapping[Copy, str] = {
    Copy.IN_SYNC: "in sync",
    Copy.BEHIND: "beyond its RPO",
    Copy.CATCHING_UP: "catching up",
    Copy.INITIAL: "being copied for the first time",
    Copy.DISCONNECTED: "not connected to the other node",
    Copy.SUSPENDED: "suspended",
    Copy.FAILED: "failed",
    Copy.NONE: "not paired",
    Copy.UNKNOWN: "in a state that is not known",
}


def mirrors(volumes: Iterable[Volume]) -> tuple[Volume, ...]:
    """The mirrored ones among some volumes."""
    return tuple(one for one in volumes if one.kind is VolumeKind.MIRROR and one.mirror is not None)


def side_of(volume: Volume, facts: NodeFacts) -> Side | None:
    """A node's end of a mirrored volume, None where it has none."""
    end = volume.mirror.end(facts.name) if volume.mirror is not None else None
    return next((side for side in facts.mirrors if end is not None and side.group == end.group), None)


def words_of(side: Side) -> str:
    """``source, in sync``, or ``destination, catching up, 4096 bytes to go (BlockCopyFromSource)``."""
    if side.role is Role.UNPAIRED:
        return f"not paired ({side.words})"
    told = f"{side.role.value}, {stands(side)}"
    if side.copy is Copy.IN_SYNC:
        return told
    to_go = f", {side.remaining} bytes to go" if side.remaining else ""
    last = f", last in sync {side.last_in_sync:%Y-%m-%d %H:%M:%S} UTC" if side.last_in_sync else ""
    return f"{told}{to_go}{last} ({side.words})"


def stands(side: Side) -> str:
    """A copy that is behind by no more than its RPO is not called in sync: what it says is the RPO."""
    if side.synchronous or side.copy not in (Copy.IN_SYNC, Copy.BEHIND):
        return _WORDS[side.copy]
    rpo = f"its RPO of {side.rpo} s" if side.rpo else "its RPO"
    return f"{'within' if side.copy is Copy.IN_SYNC else 'beyond'} {rpo}"


def state_of(volume: Volume, facts: Mapping[str, NodeFacts]) -> MirrorState:
    """How a mirrored volume stands, from what both its nodes show."""
    seen = {name: facts[name] for name in volume.nodes if name in facts}
    read = {name: one for name, one in seen.items() if one.problem is None}
    sides = {name: side for name, one in read.items() if (side := side_of(volume, one)) is not None}
    sources = [name for name, side in sides.items() if side.role is Role.SOURCE]
    told = "; ".join(f"{name} is {words_of(side)}" for name, side in sides.items())
    missing = [name for name in read if name not in sides]
    if missing:
        gone = f"{' and '.join(missing)} has no end of the mirror: it was never made, or was removed"
        return MirrorState(
            Condition.OUT_OF_SYNC, sources[0] if sources else None, "; ".join(filter(None, (told, gone)))
        )
    if len(sources) != 1:
        several = f"{' and '.join(sources)} both are its source" if sources else "no node is its source"
        return MirrorState(Condition.UNKNOWN, None, f"{several}: {told or 'no node of it could be read'}")
    source = sides[sources[0]]
    unread = [name for name in volume.nodes if name not in read]
    if unread:
        told = "; ".join((told, f"{' and '.join(unread)} could not be read"))
    copies = {side.copy for side in sides.values()}
    if copies != {Copy.IN_SYNC}:
        return MirrorState(Condition.OUT_OF_SYNC, sources[0], told)
    return MirrorState(Condition.IN_SYNC if source.synchronous else Condition.WITHIN_RPO, sources[0], told)


def current(hierarchy: Hierarchy, facts: NodeFacts) -> tuple[str, ...] | None:
    """The nodes that have its newest data, as the source of its mirrors sees it.

    Itself, and the other one where the copies of all its mirrors are in sync; for an asynchronous mirror that
    means within the RPO. Whether a person decides about what may then be lost, ``asks_first`` tells.

    Args:
        hierarchy: in service on that node.
        facts: of the node alone, with scope MIRRORS.

    Returns:
        In the order of the hierarchy's nodes; None where it has no mirror.
    """
    mirrored = mirrors(hierarchy.volumes)
    if not mirrored:
        return None
    named = {facts.name}
    if facts.problem is None and all(_trusted(one, side_of(one, facts)) for one in mirrored):
        named.update(hierarchy.nodes)
    return tuple(name for name in hierarchy.nodes if name in named)


def copied(hierarchy: Hierarchy, facts: NodeFacts) -> bool:
    """Whether a node's copies of all mirrors of a hierarchy are complete, as far as it can know itself."""
    sides = [side_of(one, facts) for one in mirrors(hierarchy.volumes)]
    return facts.problem is None and all(
        side is not None and side.role is Role.DESTINATION and side.copy is Copy.IN_SYNC for side in sides
    )


def _trusted(volume: Volume, side: Side | None) -> bool:
    mirror = volume.mirror
    if mirror is None or side is None or side.role is not Role.SOURCE or side.copy is not Copy.IN_SYNC:
        return False
    return side.synchronous == (mirror.mode is MirrorMode.SYNC)


def asks_first(hierarchy: Hierarchy) -> bool:
    """Whether a person decides before a node takes what the last writes may be missing from.

    So it is where a mirror is asynchronous, and the operator does not allow a takeover within the RPO.
    """
    return any(one.takeover is not Takeover.WITHIN_RPO for one in _asynchronous(hierarchy))


def behind_by(hierarchy: Hierarchy) -> int | None:
    """Seconds of writes that a takeover from a lost node may lose, as declared; None where it loses none."""
    return max((one.rpo or 0 for one in _asynchronous(hierarchy)), default=None)


def _asynchronous(hierarchy: Hierarchy) -> list[Mirror]:
    found = [one.mirror for one in mirrors(hierarchy.volumes)]
    return [one for one in found if one is not None and one.mode is MirrorMode.ASYNC]


def may_be_lost(
    hierarchy: Hierarchy, target: str, facts: Mapping[str, NodeFacts], *, force: bool = False
) -> tuple[str, ...]:
    """What a move to a node may lose, one sentence for each mirror whose source cannot be asked.

    Args:
        hierarchy: that is to move.
        target: where to.
        facts: of its nodes, with scope MIRRORS.
        force: also where the copy is known to be old.
    """
    found = (_loss(one, target, facts, force) for one in mirrors(hierarchy.volumes))
    return tuple(one for one in found if one is not None)


def _loss(volume: Volume, target: str, facts: Mapping[str, NodeFacts], force: bool) -> str | None:
    side = side_of(volume, facts[target])
    silent = source_silent(volume, target, facts)
    if volume.mirror is None or side is None or side.role is not Role.DESTINATION or not silent:
        return None
    source = f"{volume.id}: {silent}, which it was copied from, cannot be asked"
    if force:
        when = f" ({side.last_in_sync:%Y-%m-%d %H:%M:%S} UTC)" if side.last_in_sync is not None else ""
        return f"{source}: what was written there after the copy was last in sync{when} is lost"
    if side.synchronous:
        return None
    rpo = f" {side.rpo or volume.mirror.rpo} s"
    return f"{source}: the last{rpo} of what was written there, its RPO, may be lost"


def against_move(
    volume: Volume, target: str, facts: Mapping[str, NodeFacts], source: str | None
) -> StandbyError | None:
    """What keeps a planned move from having a node's end be the source; None where it may begin.

    A copy that is merely not complete yet is waited for, which is a step of the plan.

    Args:
        volume: a mirrored one.
        target: where to.
        facts: of the nodes, with scope MIRRORS.
        source: where the hierarchy is in service, None where it is not.
    """
    seen = facts[target]
    side = side_of(volume, seen)
    if side is None or side.role is Role.UNPAIRED:
        return _error(volume, target, f"is not mirrored there: {_absent(side)}", MAKE_AGAIN)
    if side.role is Role.SOURCE:
        others = [name for name in volume.nodes if name != target and _is_source(volume, facts.get(name))]
        if not others:
            return None
        return _error(
            volume,
            target,
            f"both {target} and {others[0]} are its source: each has data that the other one has not",
            _MEET
            if by_agents(volume)
            else f"Decide whose data counts, remove the mirror on the other node (Remove-SRPartnership, "
            f"Remove-SRGroup), and make it again from {target} (module mirror)",
        )
    side, where = _what_explains(volume, facts, target, side)
    if side.copy in _WAITED:
        return None
    lost = f"what was written on {source or 'its source'} since would be lost"
    return _error(
        volume,
        target,
        f"its mirror is {_WORDS[side.copy]} on {where} ({side.words}), and its copy not complete: {lost}",
        _remedy(volume, side.copy),
    )


def _what_explains(
    volume: Volume, facts: Mapping[str, NodeFacts], target: str, own: Side
) -> tuple[Side, str]:
    """A destination only knows that its source says nothing; where that was suspended or failed, it tells."""
    for name in volume.nodes:
        seen = facts.get(name)
        side = side_of(volume, seen) if seen is not None and seen.problem is None else None
        if side is not None and side.copy in (Copy.SUSPENDED, Copy.FAILED):
            return side, name
    return own, target


def source_silent(volume: Volume, target: str, facts: Mapping[str, NodeFacts]) -> str:
    """The other node of a mirror where that could not be read, so that its copy gets on no more; else ""."""
    (other,) = (name for name in volume.nodes if name != target)
    seen = facts.get(other)
    return other if seen is None or seen.problem is not None else ""


def waits(volume: Volume, seen: NodeFacts) -> bool:
    """Whether a move to a node first has to wait for its copy."""
    side = side_of(volume, seen)
    return side is not None and side.role is Role.DESTINATION


_WAITED = (Copy.IN_SYNC, Copy.BEHIND, Copy.CATCHING_UP, Copy.INITIAL)
MAKE_AGAIN = "Make it again: run the role cluster, or the module mirror"
_LOOK = "Look at it there: (Get-SRGroup).Replicas, and the event log Microsoft-Windows-StorageReplica/Admin"
_REMEDIES: Mapping[Copy, str] = {
    Copy.SUSPENDED: "Let it copy again (module mirror, suspended: false), and run again once it is in sync",
    Copy.DISCONNECTED: "See that the nodes reach each other (SMB, port 445); run again once it is in sync",
    Copy.FAILED: _LOOK,
}


_MEET = "Wait until the agents of both have met: the one that had it last in service stays the source"
_AGENTS_LOOK = "See what the log of the agent there says of the copy, and docs/data.md"


def look_at(volume: Volume) -> str:
    """Where to look when a mirror is not copied as it should be."""
    return _AGENTS_LOOK if by_agents(volume) else _LOOK


def _remedy(volume: Volume, copy: Copy) -> str:
    if by_agents(volume) and copy is not Copy.SUSPENDED:
        return _AGENTS_LOOK
    return _REMEDIES.get(copy, _LOOK)


def by_agents(volume: Volume) -> bool:
    """Whether the agents do the copying."""
    return volume.mirror is not None and volume.mirror.provider == AGENTS


def _absent(side: Side | None) -> str:
    return "it was never made, or was removed" if side is None else f"its group is not paired ({side.words})"


def _is_source(volume: Volume, seen: NodeFacts | None) -> bool:
    side = side_of(volume, seen) if seen is not None and seen.problem is None else None
    return side is not None and side.role is Role.SOURCE


def _error(volume: Volume, node: str, problem: str, remedy: str) -> StandbyError:
    return StandbyError(problem, node=node, resource=volume.id, remedy=remedy)
