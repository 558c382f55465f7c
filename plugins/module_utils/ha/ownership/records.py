# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in the store: one record for each node and each hierarchy, and one for maintenance.

Keys are ``nodes/<name>``, ``hierarchies/<name>`` and ``maintenance``. A record is one JSON object that begins
with its format, so that a newer agent's record is recognised and left alone by an older one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar, Union

from ...errors import BadDocument

FORMAT = 1
NODES = "nodes/"
HIERARCHIES = "hierarchies/"
MAINTENANCE = "maintenance"


class BadRecord(BadDocument):
    """A record that cannot be understood: damaged or foreign."""


class NewerRecord(BadRecord):
    """A record of a newer format: to be left alone."""


class NodeState(str, Enum):
    """What a node's record says of the incarnation it names."""

    ALIVE = "alive"  # it renews
    FENCED = "fenced"  # another node ended it: it must never serve again
    LEFT = "left"  # it ended itself, with everything stopped


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node's lease.

    Attributes:
        node: whose.
        incarnation: rises by one each time the node joins; never used twice.
        instance: random text of the agent process that wrote it: two agents with one name tell each other
            apart.
        beat: rises with every renewal.
        state: see NodeState.
        by: the node that fenced it, else "".
        confirmed: a fence that is more than a record: the node's power is off, somebody has made sure.
        unfit: hierarchy -> why the node cannot take it.
        owned: hierarchy -> epoch of what it owns: what is known where a hierarchy's own record is lost.
        machine: text that no other machine has: two machines with one name tell each other apart.
        first: of earlier incarnations another machine may still run one; nobody has made sure of it.
        peers: whom it asks for promises; who is none of them does not fence it.
        terms: what tells its timers from others, ``Timers.digest``: who has others does not fence it.
    """

    node: str
    incarnation: int
    instance: str
    beat: int = 0
    state: NodeState = NodeState.ALIVE
    by: str = ""
    confirmed: bool = False
    unfit: Mapping[str, str] = field(default_factory=dict)
    owned: Mapping[str, int] = field(default_factory=dict)
    machine: str = ""
    first: int = 0
    peers: tuple[str, ...] = ()
    terms: str = ""

    @property
    def ended(self) -> bool:
        """True where the incarnation is over for good."""
        return self.state is not NodeState.ALIVE


class RequestKind(str, Enum):
    """What an operator asks."""

    SWITCHOVER = "switchover"  # put it in service on the target
    SWITCHBACK = "switchback"  # put it in service on the first of its nodes that can take it
    OUT = "out"  # take it out of service, and leave it so
    ACKNOWLEDGE = "acknowledge"  # its failures have been looked at: end a hold


@dataclass(frozen=True, slots=True)
class Request:
    """An operator's wish, waiting in the hierarchy's record until it is answered.

    Attributes:
        id: chosen by who asks, to find the answer.
        kind: see RequestKind.
        target: the node for a switchover, else "".
        force: accept data that may be old, and a fence that nobody confirmed. Never a way past a lease.
        by: who asks, for people.
    """

    id: str
    kind: RequestKind
    target: str = ""
    force: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the last request.

    Attributes:
        id: of the request.
        accepted: False where it was refused.
        sentence: why, or what is done.
    """

    id: str
    accepted: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class HierarchyRecord:
    """Who owns a hierarchy.

    Attributes:
        hierarchy: its name.
        owner: the node, or "" where nobody owns it.
        incarnation: of the owner.
        epoch: rises by one with every claim: the fencing token.
        reason: why it is as it is, one sentence without a final full stop.
        successor: the node it was released for, else "".
        wanted: False where an operator took it out of service.
        failovers: unplanned moves since it was last stable or acknowledged.
        forced: an operator has accepted what stands against the successor.
        doubt: an earlier record was lost, and who had the hierarchy last is not known; until it is claimed.
        current: nodes whose data is known to be up to date; None where the data does not move with the
            hierarchy.
        request: what an operator asks, not answered yet.
        answer: to the last request.
    """

    hierarchy: str
    owner: str = ""
    incarnation: int = 0
    epoch: int = 0
    reason: str = "it has never been in service"
    successor: str = ""
    wanted: bool = True
    failovers: int = 0
    forced: bool = False
    doubt: bool = False
    current: tuple[str, ...] | None = None
    request: Request | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Where nothing is done by itself. Leases go on being renewed.

    Attributes:
        cluster: everywhere.
        nodes: nothing of theirs is recovered or taken, and they take nothing.
        hierarchies: these stay as they are.
    """

    cluster: bool = False
    nodes: tuple[str, ...] = ()
    hierarchies: tuple[str, ...] = ()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))

Record = Union[NodeRecord, HierarchyRecord, Maintenance]  # noqa: UP007 - read by older Pythons too
_R = TypeVar("_R", NodeRecord, HierarchyRecord, Maintenance)


def encode(record: Record) -> str:
    """A record as it is stored: canonical JSON in ASCII."""
    return _ENCODER.encode({"format": FORMAT, **_plain(record)})


def _plain(record: Record | Request | Answer) -> dict[str, Any]:
    """A record as a dictionary; ``asdict`` does the same ten times as slowly, by copying everything."""
    document = {name: getattr(record, name) for name in record.__slots__}
    for name in ("request", "answer"):
        if (nested := document.get(name)) is not None:
            document[name] = _plain(nested)
    return document


def decode_node(text: str | None, node: str) -> NodeRecord:
    """A node's record.

    Raises:
        BadRecord: see ``_document``; also where it is another node's.
    """
    document = _document(text, f"the record of node {node}")
    with _Reading(document, f"the record of node {node}") as read:
        record = NodeRecord(
            node=read.text("node"),
            incarnation=read.number("incarnation"),
            instance=read.text("instance"),
            beat=read.number("beat"),
            state=NodeState(read.text("state")),
            by=read.text("by"),
            confirmed=read.flag("confirmed"),
            unfit=read.texts("unfit"),
            owned=read.numbers("owned"),
            machine=read.text("machine"),
            first=read.number("first"),
            peers=read.names("peers"),
            terms=read.text("terms"),
        )
    return _own(record, record.node, node)


def decode_hierarchy(text: str | None, hierarchy: str) -> HierarchyRecord:
    """A hierarchy's record.

    Raises:
        BadRecord: see ``_document``; also where it is another hierarchy's.
    """
    what = f"the record of hierarchy {hierarchy}"
    document = _document(text, what)
    with _Reading(document, what) as read:
        current, request, answer = document["current"], document["request"], document["answer"]
        record = HierarchyRecord(
            hierarchy=read.text("hierarchy"),
            owner=read.text("owner"),
            incarnation=read.number("incarnation"),
            epoch=read.number("epoch"),
            reason=read.text("reason"),
            successor=read.text("successor"),
            wanted=read.flag("wanted"),
            failovers=read.number("failovers"),
            forced=read.flag("forced"),
            doubt=read.flag("doubt"),
            current=None if current is None else read.names("current"),
            request=None if request is None else _request(_Reading(request, what)),
            answer=None if answer is None else _answer(_Reading(answer, what)),
        )
    return _own(record, record.hierarchy, hierarchy)


def _request(read: _Reading) -> Request:
    kind = RequestKind(read.text("kind"))
    return Request(read.text("id"), kind, read.text("target"), read.flag("force"), read.text("by"))


def _answer(read: _Reading) -> Answer:
    return Answer(read.text("id"), read.flag("accepted"), read.text("sentence"))


def decode_maintenance(text: str | None) -> Maintenance:
    """The record of maintenance.

    Raises:
        BadRecord: see ``_document``.
    """
    with _Reading(_document(text, "the record of maintenance"), "the record of maintenance") as read:
        return Maintenance(read.flag("cluster"), read.names("nodes"), read.names("hierarchies"))


def asked(record: HierarchyRecord, request: Request) -> HierarchyRecord:
    """The record with a request in it, for an operator's tool to put; one that waits already is replaced."""
    return replace(record, request=request)


class _Reading:
    """Members of a document by the type they must have; what does not fit names the document."""

    def __init__(self, document: Mapping[str, Any], what: str) -> None:
        self._document = document
        self._what = what

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (KeyError, TypeError, ValueError, OverflowError)):
            raise BadRecord(f"{self._what} is damaged: {error!r}", remedy=_REPAIR) from error

    def text(self, name: str) -> str:
        return str(self._typed(name, str))

    def number(self, name: str) -> int:
        return int(self._typed(name, int))

    def flag(self, name: str) -> bool:
        return bool(self._typed(name, bool))

    def names(self, name: str) -> tuple[str, ...]:
        found = self._typed(name, list)
        if not all(isinstance(one, str) for one in found):
            raise TypeError(f"{name} is {found!r}")
        return tuple(found)

    def texts(self, name: str) -> dict[str, str]:
        return {str(key): str(value) for key, value in self._typed(name, dict).items()}

    def numbers(self, name: str) -> dict[str, int]:
        return {str(key): int(value) for key, value in self._typed(name, dict).items()}

    def _typed(self, name: str, kind: type[Any]) -> Any:
        value = self._document[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"{name} is {value!r}")
        return value


_UPDATE = "Bring all nodes to the newest version that one of them has"
_REPAIR = "Look at who else writes to the witness; standby.iis repairs the record once its owner is known"


def _document(text: str | None, what: str) -> dict[str, Any]:
    """The JSON object of a record.

    Raises:
        BadRecord: it is no JSON object, or not of this format.
    """
    try:
        document = json.loads(text) if text else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadRecord(f"{what} is damaged or foreign", remedy=_REPAIR)
    found = document.pop("format", None)
    if found != FORMAT:
        told = f"{what} has format {found!r}, and this version knows {FORMAT}"
        if isinstance(found, int) and found > FORMAT:
            raise NewerRecord(f"{told}: update standby.iis on this node", remedy=_UPDATE)
        raise BadRecord(told, remedy=_REPAIR)
    return document


def _own(record: _R, name: str, wanted: str) -> _R:
    if name != wanted:
        raise BadRecord(f"under the name {wanted!r} stands the record of {name!r}", remedy=_REPAIR)
    return record
