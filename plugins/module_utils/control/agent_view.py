# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an agent shows of its node, of the records in the witness, and of every hierarchy. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import BadDocument

# Verdicts of a hierarchy that is being moved, started or stopped.
MOVING = ("starting", "stopping", "handing_over", "claiming", "answering", "waiting_for_successor")
IN_SERVICE = "in_service"
OLD_DATA = "old_data"


@dataclass(frozen=True)
class Verdict:
    """What an agent says of a hierarchy on its node.

    Attributes:
        reason: one word; docs/ownership.md lists them.
        sentence: why, without a final full stop.
    """

    reason: str
    sentence: str


@dataclass(frozen=True)
class Record:
    """What stands in the witness of a hierarchy.

    Attributes:
        owner: the node that has it, None where none has.
        reason: why it is so, one sentence without a final full stop.
        wanted: False where an operator took it out of service.
        asked: who asks for what, where that is not answered yet.
        current: nodes that have its newest data; None where the data does not move with it, or an earlier
            version of the agent does not tell.
    """

    owner: str | None
    reason: str
    wanted: bool
    asked: str | None
    current: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Peer:
    """What stands in the witness of a node.

    Attributes:
        state: ``alive``, ``fenced`` or ``left``.
        unfit: hierarchy -> why the node cannot take it.
    """

    state: str
    unfit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Maintenance:
    """Where the agents do nothing by themselves."""

    cluster: bool = False
    nodes: tuple[str, ...] = ()
    hierarchies: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """What one agent shows.

    Attributes:
        node: its node.
        running: it answers itself; else its command read the witness from where it was run.
        bound: seconds within which ownership settles, by its timers.
        standing: of its node: ``member`` where it may serve.
        peers: nodes by name.
        records: hierarchies by name, as in the witness.
        verdicts: hierarchies by name, as this node decides.
        maintenance: as in the witness.
        problems: sentences: what cannot be read.
        certificates: sentences: what somebody has to mend about those of its https sites, and why the last
            look at them failed.
    """

    node: str
    running: bool = True
    bound: float = 0.0
    standing: str = ""
    peers: Mapping[str, Peer] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    maintenance: Maintenance = Maintenance()
    problems: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


def parse_view(text: str, node: str) -> View:
    """What ``status --json`` printed on a node.

    Raises:
        BadDocument: it is no such document; the problem names the place.
    """
    what = f"what the agent of {node} shows"
    try:
        document = json.loads(text)
        here = document["here"]
        return View(
            node=node,
            running=bool(document["running"]),
            bound=float(document["bound"]),
            standing=str(here.get("standing", "")),
            peers={
                name: Peer(str(one["state"]), dict(one["unfit"])) for name, one in document["nodes"].items()
            },
            records={name: _record(one) for name, one in document["hierarchies"].items()},
            verdicts={
                name: Verdict(str(one["reason"]), str(one["sentence"]))
                for name, one in here.get("hierarchies", {}).items()
            },
            maintenance=_maintenance(document["maintenance"]),
            problems=tuple(str(one) for one in document["problems"]),
            certificates=tuple(certificates_told(here)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadDocument(
            f"{what} cannot be understood: {type(error).__name__} {error}",
            node=node,
            remedy="Bring the agents and this collection to the same version",
        ) from None


def certificates_told(here: Mapping[str, Any]) -> list[str]:
    """What an agent shows of the certificates of its node, in sentences.

    Args:
        here: what its worker shows.
    """
    shown = here.get("certificates", {})
    told = [str(one) for one in shown.get("notes", ())]
    if problem := shown.get("problem"):
        told.append(f"they could not be looked at ({shown['at']}): {str(problem).rstrip('.')}")
    return told


def _record(document: Mapping[str, Any]) -> Record:
    owner, asked = document["owner"], document["asked"]
    return Record(
        None if owner is None else str(owner),
        str(document["reason"]),
        bool(document["wanted"]),
        None if asked is None else str(asked),
        None if (current := document.get("current")) is None else tuple(str(one) for one in current),
    )


def _maintenance(document: Mapping[str, Any]) -> Maintenance:
    return Maintenance(
        bool(document["cluster"]),
        tuple(str(one) for one in document["nodes"]),
        tuple(str(one) for one in document["hierarchies"]),
    )
