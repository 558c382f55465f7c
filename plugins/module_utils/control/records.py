# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The records of a hierarchy beside its moves: what servers say, what is due, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ..errors import StandbyError, foreseen
from ..ha.dns import ALGORITHMS, Told, needs_update, settled, shown_somewhere, unsettled, value_on
from ..ha.execute import Done, Report
from ..ha.model import Dns, Hierarchy
from ..ha.plan import Action, Plan, Step
from ..node import Clock
from .dns_client import Key
from .dns_record import Keys, ask_all, ensure

# Seconds that agents have for a record after a move, as far as a playbook waits for it.
PATIENCE = 30.0
_PAUSE = 0.5

KEYS_SPEC: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "no_log": False,  # its secrets are
    "options": {
        "name": {"type": "str", "required": True},
        "secret": {"type": "str", "required": True, "no_log": True},
        "algorithm": {"type": "str", "choices": list(ALGORITHMS), "default": ALGORITHMS[0]},
    },
}


@dataclass(frozen=True)
class Due:
    """A record with what it should say.

    Attributes:
        record: which.
        value: the address, while the hierarchy is where it is wanted.
        told: what its servers say now.
    """

    record: Dns
    value: str
    told: tuple[Told, ...]

    @property
    def needed(self) -> bool:
        """Whether there is something to be done: a server says something else, or none says anything."""
        return self.lags or not any(one.values is not None for one in self.told)

    @property
    def lags(self) -> bool:
        """Whether a server says something else."""
        return needs_update(self.record, self.value, self.told)

    @property
    def notes(self) -> list[str]:
        """A sentence for each server that does not say what it should."""
        return unsettled(self.record, self.value, self.told)


def keys_from(given: Iterable[Mapping[str, Any]] | None) -> Keys:
    """Keys by name, from options by ``KEYS_SPEC``."""
    found = (
        Key(one["name"].strip().rstrip(".").lower(), one["secret"], one["algorithm"].lower())
        for one in given or ()
    )
    return {key.name: key for key in found}


def due(hierarchy: Hierarchy, node: str) -> tuple[Due, ...]:
    """The records of a hierarchy as they are and as they should be while it is in service on a node."""
    return tuple(
        Due(record, value_on(record, hierarchy, node), told)
        for record, told in zip(hierarchy.records, _asked(hierarchy.records), strict=True)
    )


def with_records(move: Plan, records: Sequence[Due], node: str) -> Plan:
    """A plan with the updates that are due as its last stage."""
    steps = tuple(_step(one, node) for one in records if one.needed)
    return replace(move, stages=(*move.stages, steps)) if steps else move


def without_records(move: Plan) -> Plan:
    """A plan without them: whatever becomes of a record, a site that serves is not taken down for it."""
    kept = (stage for stage in move.stages if stage[0].action is not Action.UPDATE_RECORD)
    return replace(move, stages=tuple(kept))


def carry_out(
    records: Sequence[Due], keys: Keys, clock: Clock, report: Report, node: str
) -> tuple[Report, list[str]]:
    """Update what is due.

    Returns:
        The report with these steps, which are no part of its outage, and a sentence for each server that does
        not say what it should. A step has an error where no server took the update, or none shows it.
    """
    start = clock.monotonic() - max((one.end for one in report.done), default=0.0)
    done: list[Done] = []
    notes: list[str] = []
    for one in records:
        if not one.needed:
            notes += one.notes
            continue
        began = clock.monotonic()
        error: StandbyError | None = None
        try:
            ended = ensure(one.record, one.value, keys, clock)
            now = replace(one, told=ended.told)
            notes += now.notes
            if failed(now, ended.updated):
                error = not_updated(now)
        except Exception as raised:
            error = foreseen(raised, None, one.record.id)
            notes.append(str(error))
        done.append(Done(_step(one, node), began - start, clock.monotonic() - began, error))
    return replace(report, done=(*report.done, *done)), notes


def failed(now: Due, updated: bool) -> bool:
    """Whether a record is not as it should be after an attempt, more than by servers that lag behind.

    Args:
        now: as its servers tell it since.
        updated: whether one said that it took the update.
    """
    return now.needed and not (updated and shown_somewhere(now.record, now.value, now.told))


def not_updated(one: Due) -> StandbyError:
    """The error that no server has an update."""
    return StandbyError(
        f"is not updated to {one.value}: {'; '.join(told.words for told in one.told)}",
        resource=one.record.id,
        remedy="Make one of its servers take the update, and run the same again: what serves stays as it is",
    )


def first_error(report: Report) -> StandbyError | None:
    """Why a record was not updated; None where all were."""
    errors = (one.error for one in report.done if one.step.action is Action.UPDATE_RECORD)
    return next((error for error in errors if error is not None), None)


def followed(hierarchy: Hierarchy, node: str, clock: Clock, patience: float = PATIENCE) -> list[str]:
    """Wait until the agents have updated the records; a sentence for each server that lags behind."""
    if not hierarchy.records:
        return []
    end = clock.monotonic() + patience
    found = due(hierarchy, node)
    while any(one.lags for one in found) and clock.monotonic() < end:
        clock.sleep(_PAUSE)
        found = due(hierarchy, node)
    return [sentence for one in found for sentence in one.notes]


def shown(hierarchy: Hierarchy, owner: str | None) -> list[dict[str, Any]]:
    """The records of a hierarchy, as modules return them.

    Args:
        hierarchy: which.
        owner: where it is in service; None where nowhere, so that nobody knows what they should say.
    """
    found = []
    for record, told in zip(hierarchy.records, _asked(hierarchy.records), strict=True):
        value = value_on(record, hierarchy, owner) if owner in hierarchy.nodes else None
        found.append(
            {
                "id": record.id,
                "name": record.name,
                "type": record.type,
                "zone": record.zone,
                "ttl": record.ttl,
                "ip": record.ip,
                "key": record.key,
                "wanted": value,
                "settled": value is not None and settled(record, value, told),
                "servers": [_told(one) for one in told],
            }
        )
    return found


def _told(one: Told) -> dict[str, Any]:
    return {
        "server": one.server,
        "values": None if one.values is None else list(one.values),
        "ttl": one.ttl,
        "problem": one.problem,
    }


def _asked(records: Sequence[Dns]) -> list[tuple[Told, ...]]:
    """What the servers of records say, all at once."""
    with ThreadPoolExecutor(max(1, len(records)), "records") as pool:
        return list(pool.map(ask_all, records))


def _step(one: Due, node: str) -> Step:
    sentence = f"have {one.record.id} say {one.value} on {', '.join(one.record.servers)}"
    arguments = {"record": one.record, "value": one.value}
    return Step(node, Action.UPDATE_RECORD, one.record.id, sentence, arguments)
