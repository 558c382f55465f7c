# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What operators ask of a cluster, through the witness: the agents see it there, and answer there."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..errors import StandbyError
from ..ha.ownership.records import (
    HIERARCHIES,
    MAINTENANCE,
    NODES,
    Answer,
    BadRecord,
    HierarchyRecord,
    Maintenance,
    NewerRecord,
    NodeRecord,
    Request,
    RequestKind,
    asked,
    decode_hierarchy,
    decode_maintenance,
    decode_node,
    encode,
)
from ..node import Clock
from .store.interface import Conflict, Store, Versioned

# How often a record is read and written anew because an agent writes it at the same moment.
_ATTEMPTS = 10
# Seconds between two looks at a record whose answer is waited for.
_LOOK = 0.25


@dataclass(frozen=True)
class Board:
    """Everything that stands in the witness.

    Attributes:
        nodes, hierarchies: records by name.
        maintenance: as it is.
        problems: a sentence for each record that cannot be read.
    """

    nodes: Mapping[str, NodeRecord]
    hierarchies: Mapping[str, HierarchyRecord]
    maintenance: Maintenance
    problems: tuple[str, ...] = ()


class Desk:
    """Asks, and reads answers.

    Args:
        store: the witness.
        by: who asks, for people.
        clock: time.
    """

    def __init__(self, store: Store, by: str, clock: Clock = time) -> None:
        self._store, self._by, self._clock = store, by, clock

    def board(self) -> Board:
        """What stands in the witness.

        Raises:
            StoreOutage: it cannot be read.
        """
        board = Board({}, {}, Maintenance())
        nodes: dict[str, NodeRecord] = {}
        hierarchies: dict[str, HierarchyRecord] = {}
        problems = []
        for key, found in sorted(self._store.list("").items()):
            try:
                if key.startswith(NODES):
                    name = key[len(NODES) :]
                    nodes[name] = decode_node(found.value, name)
                elif key.startswith(HIERARCHIES):
                    name = key[len(HIERARCHIES) :]
                    hierarchies[name] = decode_hierarchy(found.value, name)
                elif key == MAINTENANCE:
                    board = replace(board, maintenance=decode_maintenance(found.value))
            except StandbyError as error:
                problems.append(error.problem)
        return replace(board, nodes=nodes, hierarchies=hierarchies, problems=tuple(problems))

    def ask(self, hierarchy: str, kind: RequestKind, target: str = "", *, force: bool = False) -> str:
        """Put a request on a hierarchy's record.

        Returns:
            The id of the request, for ``follow``.

        Raises:
            StandbyError: the hierarchy has no record, another request waits there, or the witness cannot be
                reached.
        """
        request = Request(secrets.token_hex(8), kind, target, force, self._by)

        def put(record: HierarchyRecord) -> HierarchyRecord:
            if record.request is not None:
                raise StandbyError(
                    f"{record.request.by or 'somebody'} has asked for a {record.request.kind.value} of it, "
                    "which is not answered yet",
                    resource=_resource(hierarchy),
                    remedy="Wait until that is done, or for the agents to answer it, and ask again",
                )
            return asked(record, request)

        self._change(hierarchy, put)
        return request.id

    def follow(self, hierarchy: str, request: str, seconds: float) -> Answer:
        """Wait for the answer to a request.

        Raises:
            StandbyError: no answer came in time; the request is taken back, so that it is not done later.
        """
        end = self._clock.monotonic() + seconds
        while self._clock.monotonic() < end:
            _version, record = self._read(hierarchy)
            if record.answer is not None and record.answer.id == request:
                return record.answer
            self._clock.sleep(_LOOK)
        return self._take_back(hierarchy, request, seconds)

    def _take_back(self, hierarchy: str, request: str, seconds: float) -> Answer:
        answers: list[Answer] = []

        def drop(record: HierarchyRecord) -> HierarchyRecord:
            answers.clear()
            if record.answer is not None and record.answer.id == request:
                answers.append(record.answer)
            waits = record.request is not None and record.request.id == request
            return replace(record, request=None) if waits else record

        self._change(hierarchy, drop)
        if answers:
            return answers[0]
        raise StandbyError(
            f"no agent answered the request within {seconds:g} s, and it was taken back",
            resource=_resource(hierarchy),
            remedy="Look whether the agents of its nodes run and reach the witness",
        )

    def wait_for(self, hierarchy: str, holds: Callable[[HierarchyRecord], bool], seconds: float) -> bool:
        """Wait until a record is as wanted; False where it was not in time."""
        end = self._clock.monotonic() + seconds
        while not holds(self._read(hierarchy)[1]):
            if self._clock.monotonic() >= end:
                return False
            self._clock.sleep(_LOOK)
        return True

    def maintain(self, change: Callable[[Maintenance], Maintenance]) -> Maintenance:
        """Set or end maintenance; what stands there now.

        Raises:
            StandbyError: the witness cannot be reached, or the record keeps changing.
        """
        for _attempt in range(_ATTEMPTS):
            found = self._store.get(MAINTENANCE)
            before = _maintenance_in(found)
            after = change(before or Maintenance())
            if after == before:
                return after
            try:
                self._store.put(MAINTENANCE, found.version if found is not None else 0, encode(after))
            except Conflict:
                continue
            return after
        raise self._busy("maintenance")

    def confirm_off(self, node: str) -> bool:
        """Write down that a lost node is surely off, as somebody has made sure; False where it stood there.

        Raises:
            StandbyError: its record is not ended: it may still serve, or nobody has missed it yet; or the
                witness cannot be reached.
        """
        resource = f"node {node}"
        for _attempt in range(_ATTEMPTS):
            found = self._store.get(NODES + node)
            if found is None:
                raise StandbyError(
                    "the witness has no record of it",
                    resource=resource,
                    remedy="Check its name; what it had is then asked for with force",
                )
            record = decode_node(found.value, node)
            if not record.ended:
                raise StandbyError(
                    f"its record is {record.state.value}: no node has counted it as lost, or it is back",
                    resource=resource,
                    remedy="If it is off, wait until the status shows it as fenced, then say so again",
                )
            if record.confirmed or not record.by:
                return False
            try:
                self._store.put(NODES + node, found.version, encode(replace(record, confirmed=True)))
            except Conflict:
                continue
            return True
        raise self._busy(resource)

    def _change(self, hierarchy: str, change: Callable[[HierarchyRecord], HierarchyRecord]) -> None:
        for _attempt in range(_ATTEMPTS):
            version, record = self._read(hierarchy)
            after = change(record)
            if after == record:
                return
            try:
                self._store.put(HIERARCHIES + hierarchy, version, encode(after))
            except Conflict:
                continue
            return
        raise self._busy(_resource(hierarchy))

    def _read(self, hierarchy: str) -> tuple[int, HierarchyRecord]:
        found = self._store.get(HIERARCHIES + hierarchy)
        if found is None:
            raise StandbyError(
                "the witness has no record of it",
                resource=_resource(hierarchy),
                remedy="Check its name. The node that first takes it makes the record; if none does, "
                "the status of its nodes says why",
            )
        return found.version, decode_hierarchy(found.value, hierarchy)

    def _busy(self, resource: str) -> StandbyError:
        return StandbyError(
            "its record in the witness changes all the time", resource=resource, remedy="Ask again"
        )


def _maintenance_in(found: Versioned | None) -> Maintenance | None:
    """What a record says, None where there is none or where it is damaged: that is written anew.

    Raises:
        NewerRecord: it is of a newer version.
    """
    if found is None:
        return None
    try:
        return decode_maintenance(found.value)
    except NewerRecord:
        raise
    except BadRecord:
        return None


def _resource(hierarchy: str) -> str:
    return f'hierarchy "{hierarchy}"'
