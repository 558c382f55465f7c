# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The decision log: each decision with all that it rests on, one line of JSON.

A line is complete: ``decide`` on the snapshot that was read gives the very decision that stands beside it, on
any machine, at any later time. ``replay`` does that, and tells in words where a newer ``decide`` would have
decided otherwise. Records stand in a line as they stand in the store. The text is ASCII without a line break,
whatever names hold; what is read and written again is the same text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import BadDocument
from ..codec import Codec, Form, MisfitError
from .decide import decide
from .decision import Action, Ask, Decision, Do, Purpose, Verdict, Write
from .records import (
    HierarchyRecord,
    Maintenance,
    NodeRecord,
    Record,
    decode_hierarchy,
    decode_maintenance,
    decode_node,
    encode,
)
from .snapshot import Snapshot

FORMAT = 1


class NewerLine(BadDocument):
    """A line that a newer version has written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a log.

    Attributes:
        number: of the line, from 1.
        at: wall clock when it was decided, for people; "" where none was given.
    """

    number: int
    at: str
    snapshot: Snapshot
    decision: Decision


@dataclass(frozen=True, slots=True)
class Torn:
    """The last line of a log, not written to its end: power was lost, or it is just being written.

    Attributes:
        number: of the line, from 1.
        sentence: what is said of it, without a final full stop.
    """

    number: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What ``decide`` answers now, where that is not what was logged.

    Attributes:
        sentences: one for each difference, without a final full stop.
    """

    logged: Decision
    now: Decision
    sentences: tuple[str, ...]


# Writing


def entry(snapshot: Snapshot, decision: Decision, at: str = "") -> str:
    """A decision and its inputs as one line, without a line break.

    Args:
        snapshot: what was known.
        decision: what ``decide`` made of it.
        at: wall clock, ISO 8601, for people; nothing is ever computed from it.
    """
    document = {
        "format": FORMAT,
        "at": at,
        "decision": _CODEC.pack(Decision, decision),
        "snapshot": _CODEC.pack(Snapshot, snapshot),
    }
    return _ENCODER.encode(document)


def worth_logging(previous: Decision | None, decision: Decision) -> bool:
    """True where a decision tells more than the one before it did, whether or not that was logged.

    A renewal that goes on as usual is no news, for there is one every interval; nor is an action that was
    decided a moment ago already, nor are seconds that go by in a sentence.
    """
    if previous is None:
        return True
    known = {_timeless(verdict) for verdict in previous.verdicts}
    if any(_timeless(verdict) not in known for verdict in decision.verdicts):
        return True
    return any(action not in previous.actions for action in decision.actions if not _renewal(action))


def _renewal(action: Action) -> bool:
    return isinstance(action, Write) and action.purpose is Purpose.RENEW


_SECONDS = re.compile(r"\d+(?:\.\d+)? s\b")


def _timeless(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.hierarchy, verdict.reason.value, timeless(verdict.sentence)


def timeless(sentence: str) -> str:
    """A sentence without the seconds in it, which go by and are no news."""
    return _SECONDS.sub("", sentence)


# Reading


def read(line: str) -> tuple[Snapshot, Decision]:
    """What a line holds.

    Raises:
        NewerLine: a newer version has written it.
        BadDocument: it is damaged, or no line of a decision log.
    """
    one = read_entry(line)
    return one.snapshot, one.decision


def read_entry(line: str) -> Entry:
    """A line by itself; its number is 1.

    Raises:
        NewerLine: a newer version has written it.
        BadDocument: it is damaged, or no line of a decision log.
    """
    return _read(line, "the line", 1)


def read_log(lines: Iterable[str]) -> Iterator[Entry | Torn]:
    """All entries of a log, oldest first; empty lines are passed over.

    A last line that is torn is said to be so, and is no error.

    Raises:
        NewerLine: a newer version has written a line; the error names its number.
        BadDocument: a line is damaged; the error names its number.
    """
    waiting: tuple[int, str] | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if waiting is not None:
            yield _read(waiting[1], f"line {waiting[0]} of the decision log", waiting[0])
        waiting = number, line
    if waiting is None:
        return
    number, line = waiting
    if _torn(line):
        told = f"line {number}, the last of the decision log, was not written to its end and is left out"
        yield Torn(number, told)
    else:
        yield _read(line, f"line {number} of the decision log", number)


def _torn(line: str) -> bool:
    """True where a line is the beginning of one: JSON that never came to its end."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def replay(line: str) -> Difference | None:
    """Decide again on what a line holds; None where the same is decided.

    Raises:
        BadDocument: see ``read``.
    """
    return decided_again(read_entry(line))


def decided_again(entry: Entry) -> Difference | None:
    """Decide again on what an entry holds; None where the same is decided."""
    logged, now = entry.decision, decide(entry.snapshot)
    return None if now == logged else Difference(logged, now, tuple(_differences(logged, now)))


def _read(line: str, what: str, number: int) -> Entry:
    document = _document(line, what)
    try:
        return Entry(
            number,
            _CODEC.unpack(str, document.get("at", ""), "at"),
            _CODEC.unpack(Snapshot, document.get("snapshot"), "snapshot"),
            _CODEC.unpack(Decision, document.get("decision"), "decision"),
        )
    except MisfitError as misfit:
        raise BadDocument(f"{what} is damaged: it {misfit}", remedy=_LEFT_OUT) from None


def _document(line: str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"{what} is damaged: it is no JSON ({error})", remedy=_LEFT_OUT) from None
    if not isinstance(document, dict):
        raise BadDocument(f"{what} is no decision: it is no JSON object", remedy=_LEFT_OUT)
    found = document.get("format")
    number = found if isinstance(found, int) and not isinstance(found, bool) else None
    if number is not None and number > FORMAT:
        raise NewerLine(
            f"{what} has format {found}, newer than {FORMAT}, the newest that this version reads",
            remedy="Read it with the version of standby.iis that wrote it",
        )
    if number != FORMAT:
        raise BadDocument(
            f"{what} has format {found!r}; this version reads format {FORMAT}", remedy=_LEFT_OUT
        )
    return document


_LEFT_OUT = "Move this line out of the log; the others can be read without it"


# Differences


def _differences(logged: Decision, now: Decision) -> Iterator[str]:
    before = {verdict.hierarchy: verdict for verdict in logged.verdicts}
    after = {verdict.hierarchy: verdict for verdict in now.verdicts}
    for name in (*before, *(one for one in after if one not in before)):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield f"{name}: logged was {_told(old)}; now it would be {_told(new)}"
    for action in logged.actions:
        if action not in now.actions:
            yield f"was done, and would not be now: {in_words(action)}"
    for action in now.actions:
        if action not in logged.actions:
            yield f"was not done, and would be now: {in_words(action)}"
    if set(map(repr, logged.actions)) == set(map(repr, now.actions)) and logged.actions != now.actions:
        yield "the same would be done in another order"


def _told(verdict: Verdict | None) -> str:
    return f"{verdict.reason.value} ({verdict.sentence})" if verdict is not None else "nothing"


def in_words(action: Action) -> str:
    """An action in one clause: what is done, to what, and what for."""
    if isinstance(action, Write):
        return f"write {action.key} over version {action.version} ({action.purpose.value}): {action.sentence}"
    if isinstance(action, Do):
        return f"{action.verb.value} {action.hierarchy} under epoch {action.epoch}: {action.sentence}"
    if isinstance(action, Ask):
        return f"ask {', '.join(action.peers)} for promises: {action.sentence}"
    return f"cut the power of {action.node}, incarnation {action.incarnation}: {action.sentence}"


# The stored form


def _pack_record(record: Record) -> object:
    """A record as it stands in the store."""
    return json.loads(encode(record))


def _unpack_node(value: object) -> NodeRecord:
    try:
        return decode_node(json.dumps(value), _name(value, "node"))
    except BadDocument as error:
        raise ValueError(error.problem) from None


def _unpack_hierarchy(value: object) -> HierarchyRecord:
    try:
        return decode_hierarchy(json.dumps(value), _name(value, "hierarchy"))
    except BadDocument as error:
        raise ValueError(error.problem) from None


def _unpack_maintenance(value: object) -> Maintenance:
    try:
        return decode_maintenance(json.dumps(value))
    except BadDocument as error:
        raise ValueError(error.problem) from None


def _name(value: object, member: str) -> str:
    """The name that a record gives itself: in a log it stands under no other."""
    return str(value.get(member)) if isinstance(value, dict) else ""


# Not sorted by the encoder: decisions look at mappings in their order, which is kept.
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_CODEC = Codec(
    {
        NodeRecord: Form(_pack_record, _unpack_node),
        HierarchyRecord: Form(_pack_record, _unpack_hierarchy),
        Maintenance: Form(_pack_record, _unpack_maintenance),
    }
)
