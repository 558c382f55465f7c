# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``decide`` answers: what to do, and for every hierarchy why it is as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Union

from .records import HierarchyRecord, NodeRecord


class Purpose(str, Enum):
    """What a write to the store is for."""

    JOIN = "join"
    RENEW = "renew"
    LEAVE = "leave"
    FENCE = "fence"
    CONFIRM = "confirm"
    CLAIM = "claim"
    RELEASE = "release"
    REPAIR = "repair"
    SETTLE = "settle"
    MARK = "mark"
    ANSWER = "answer"


class Verb(str, Enum):
    """What the hands do with a hierarchy on this node."""

    START = "start"
    STOP = "stop"


class Reason(str, Enum):
    """Why a hierarchy is as it is, seen from this node."""

    IN_SERVICE = "in_service"
    STARTING = "starting"
    STOPPING = "stopping"
    RECOVERING = "recovering"
    HANDING_OVER = "handing_over"
    ELSEWHERE = "elsewhere"
    WATCHING = "watching"
    FENCING = "fencing"
    CLAIMING = "claiming"
    ANSWERING = "answering"
    WAITING_FOR_BETTER = "waiting_for_better"
    WAITING_FOR_SUCCESSOR = "waiting_for_successor"
    WAITING_FOR_CONFIRMATION = "waiting_for_confirmation"
    OLD_DATA = "old_data"
    HELD = "held"
    UNFIT = "unfit"
    LIMIT = "limit"
    FAILED = "failed"
    MAINTENANCE = "maintenance"
    TAKEN_OUT = "taken_out"
    NO_STANDING = "no_standing"
    STORE_OUTAGE = "store_outage"
    UNREADABLE = "unreadable"
    NOT_A_MEMBER = "not_a_member"


class Role(str, Enum):
    """What a node is to a hierarchy: reasons, taken together."""

    BARRED = "barred"  # it has no standing: it must not serve
    WATCHING = "watching"  # another node has it, or had it and is being fenced
    WAITING = "waiting"  # nobody has it, and this node does not take it, for a reason
    CLAIMING = "claiming"  # nobody has it, and this node takes it
    RISING = "rising"  # it is being brought into service here
    SERVING = "serving"  # it is in service here
    FALLING = "falling"  # it is being stopped here
    RESTING = "resting"  # it is left: taken out, in maintenance, or failed with nobody else to take it


ROLES: Mapping[Reason, Role] = MappingProxyType(
    {
        Reason.NO_STANDING: Role.BARRED,
        Reason.STORE_OUTAGE: Role.BARRED,
        Reason.NOT_A_MEMBER: Role.BARRED,
        Reason.ELSEWHERE: Role.WATCHING,
        Reason.WATCHING: Role.WATCHING,
        Reason.FENCING: Role.WATCHING,
        Reason.ANSWERING: Role.WAITING,
        Reason.WAITING_FOR_BETTER: Role.WAITING,
        Reason.WAITING_FOR_SUCCESSOR: Role.WAITING,
        Reason.WAITING_FOR_CONFIRMATION: Role.WAITING,
        Reason.OLD_DATA: Role.WAITING,
        Reason.HELD: Role.WAITING,
        Reason.UNFIT: Role.WAITING,
        Reason.LIMIT: Role.WAITING,
        Reason.UNREADABLE: Role.WAITING,
        Reason.CLAIMING: Role.CLAIMING,
        Reason.STARTING: Role.RISING,
        Reason.IN_SERVICE: Role.SERVING,
        Reason.STOPPING: Role.FALLING,
        Reason.RECOVERING: Role.FALLING,
        Reason.HANDING_OVER: Role.FALLING,
        Reason.FAILED: Role.RESTING,
        Reason.MAINTENANCE: Role.RESTING,
        Reason.TAKEN_OUT: Role.RESTING,
    }
)


@dataclass(frozen=True, slots=True)
class Write:
    """Put a record on the version given (0: none may be there).

    Attributes:
        sentence: what for, without a final full stop.
    """

    purpose: Purpose
    key: str
    version: int
    record: NodeRecord | HierarchyRecord
    sentence: str


@dataclass(frozen=True, slots=True)
class Do:
    """Work on a hierarchy here. The hands compute an address's lifetime last thing before they add it.

    Attributes:
        epoch: under which it is done.
        sentence: why, without a final full stop.
    """

    verb: Verb
    hierarchy: str
    epoch: int
    reason: Reason
    sentence: str

    @property
    def urgent(self) -> bool:
        """A stop without standing: addresses go first, within ``Timers.removal``."""
        return ROLES[self.reason] is Role.BARRED


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask these peers directly to promise that they will not fence this node."""

    peers: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class CutPower:
    """Make sure that an incarnation of a node is off, by the command or device declared for it."""

    node: str
    incarnation: int
    sentence: str


Action = Union[Write, Do, Ask, CutPower]  # noqa: UP007 - read by older Pythons too


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a hierarchy is as it is.

    Attributes:
        sentence: without a final full stop.
    """

    hierarchy: str
    reason: Reason
    sentence: str


# What is decided of one hierarchy: what is said of it, and what is done.
Result = tuple[Verdict, list[Action]]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        actions: in the order in which they are to begin.
        verdicts: one for every hierarchy that this node is a member of.
    """

    actions: tuple[Action, ...]
    verdicts: tuple[Verdict, ...]
