# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What operators ask of the mirror of a volume, and whether it makes sense by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import StandbyError
from ..ha.facts import NodeFacts
from ..ha.mirror_limits import GIB, check_pair, copy_alike, default_group
from ..ha.model import AGENTS, Mirror, MirrorEnd, MirrorMode, Takeover, Volume, VolumeKind
from ..windows.partition import normal_path

# Seconds: the least RPO of what agents copy, which they do four times in an RPO; and that of Storage Replica
# (New-SRPartnership, AsyncRPO).
LEAST_RPO, LEAST_REPLICA_RPO = 4, 30
# AsyncRPO is a UInt32.
MOST_RPO = (1 << 32) - 1
# Bytes: New-SRGroup takes 512 MB and more, and the option counts in GB.
LEAST_LOG = GIB


@dataclass(frozen=True)
class MirrorWanted:
    r"""What an operator asks of the mirror of a volume.

    Attributes:
        log: access path of the log volume on each node, ``L:\``; of Storage Replica alone.
        mode: ``sync`` or ``async``.
        rpo: seconds, of asynchronous ones.
        takeover: ``never`` or ``within_rpo``.
        log_size: bytes.
        provider: what does the copying.
        readers: accounts that may read the volume over the network; of robocopy alone.
    """

    log: str | None
    mode: str = "sync"
    rpo: int | None = None
    takeover: str = "never"
    log_size: int = 8 << 30
    provider: str = "storage_replica"
    readers: tuple[str, ...] = ()


def mirrored(
    path: str, kind: VolumeKind, nodes: tuple[str, ...], disk: str | None, wanted: MirrorWanted | None
) -> Volume:
    """The mirrored volume of a request; the computers of its ends are filled in from facts.

    Raises:
        StandbyError: its options do not fit together, or its nodes are not two.
    """
    named = f"volume {path}"
    if wanted is None or kind is not VolumeKind.MIRROR or disk:
        raise StandbyError(
            "a mirrored volume has the options of its mirror and no disk in common, other volumes have none",
            resource=named,
            remedy="Give mirror with kind: mirror alone, and disk with kind: shared alone",
        )
    _check_provider(named, wanted)
    if (wanted.mode == MirrorMode.ASYNC.value) != (wanted.rpo is not None):
        raise StandbyError(
            "an asynchronous mirror has an RPO, and a synchronous one has none",
            resource=named,
            remedy="Give rpo, in seconds, with mode: async alone",
        )
    if wanted.mode == MirrorMode.SYNC.value and wanted.takeover != Takeover.NEVER.value:
        raise StandbyError(
            "a synchronous mirror is taken over where it was in sync, and never otherwise",
            resource=named,
            remedy="Give takeover: within_rpo with mode: async alone",
        )
    _check_bounds(named, wanted)
    log = normal_path(wanted.log) if wanted.log else ""
    ends = tuple(MirrorEnd(node, "", default_group(path, node), log) for node in nodes)
    mirror = Mirror(ends, MirrorMode(wanted.mode), wanted.rpo, Takeover(wanted.takeover), wanted.provider)
    volume = Volume(path, kind, nodes, None, mirror)
    check_pair(volume)
    return volume


def _check_provider(named: str, wanted: MirrorWanted) -> None:
    """What each provider needs, and has no use for."""
    if wanted.provider != AGENTS:
        if not wanted.log or wanted.readers:
            raise StandbyError(
                "Storage Replica needs a log volume, and no readers",
                resource=named,
                remedy="Give log, the same on both nodes, and leave readers out; or provider: robocopy",
            )
        return
    if wanted.mode != MirrorMode.ASYNC.value or wanted.log or not wanted.readers:
        raise StandbyError(
            "what robocopy copies is behind its source: it has mode: async with an rpo, readers that may "
            "read the volume, and no log",
            resource=named,
            remedy="Give mode: async, rpo in seconds, and as readers the accounts by which the nodes reach "
            r"each other, such as EXAMPLE\server1$ and EXAMPLE\server2$; leave log out",
        )


def _check_bounds(named: str, wanted: MirrorWanted) -> None:
    """What a provider refuses only after the groups are made would leave half a mirror."""
    least = LEAST_RPO if wanted.provider == AGENTS else LEAST_REPLICA_RPO
    if wanted.rpo is not None and not least <= wanted.rpo <= MOST_RPO:
        raise StandbyError(
            f"an RPO of {wanted.rpo} s is out of the bounds of {wanted.provider}",
            resource=named,
            remedy=f"Give rpo of {least} s or more, up to {MOST_RPO} s",
        )
    if wanted.log_size < LEAST_LOG:
        raise StandbyError(
            f"a log of {wanted.log_size // GIB} GB holds nothing",
            resource=named,
            remedy="Give log_size in GB, 1 or more; without it the log has 8 GB",
        )


def with_computers(volume: Volume, facts: Mapping[str, NodeFacts]) -> Volume:
    """The ends of a mirror reach each other by the computer names that the nodes show."""
    if volume.mirror is None:
        return volume
    grounds = {name: facts[name].ground for name in volume.nodes}
    ends = tuple(
        replace(end, computer=ground.computer)
        for end in volume.mirror.ends
        if (ground := grounds[end.node]) is not None
    )
    return replace(volume, mirror=replace(volume.mirror, ends=ends))


def refuse_all(volume: Volume, errors: list[StandbyError]) -> None:
    """Everything that is in the way at once."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        told = "; ".join(
            f"{error.node}: {error.problem}" if error.node else error.problem for error in errors
        )
        remedies = dict.fromkeys(error.remedy for error in errors if error.remedy)
        raise StandbyError(told, resource=volume.id, remedy=". ".join(remedies))


def check_same_mirror(volume: Volume, existing: Volume) -> None:
    """A mirror is not made into another one while it copies; its RPO and who takes over may change.

    Raises:
        StandbyError: it would be another one.
    """
    if volume.mirror is None or existing.mirror is None or copy_alike(volume.mirror, existing.mirror):
        return
    was = existing.mirror
    logs = f", logs {', '.join(end.log for end in was.ends)}" if was.provider != AGENTS else ""
    told = f"{was.mode.value}, by {was.provider}{logs}"
    raise StandbyError(
        f"its mirror is defined already, in another way: {told}",
        resource=volume.id,
        remedy="To make another one, release the sites that depend on it (module site, state: absent), then "
        "remove the mirror (module mirror, state: absent)",
    )
