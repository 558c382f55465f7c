# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Try on a real node what docs/assumptions.md lists: by reading alone, and on what was named for writing."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from ..node import Clock, Node
from .assumption import Finding, NotCheckable, Verdict, leave_out, try_all
from .fleet import Fleet
from .outcome import Outcome
from .verify_address import ON_AN_ADDRESS, spare_address
from .verify_disk import ON_A_DISK, spare_disk
from .verify_iis import IIS
from .verify_reading import READING


def verify(
    fleet: Fleet, address: str | None, disk: str | None, check: bool, *, clock: Clock = time
) -> Outcome:
    """Try every assumption on the first node of a fleet, and leave the node as it was.

    Args:
        fleet: the node.
        address: a free address of one of its subnets, added and removed; None to add none.
        disk: UniqueId or GPT Guid of a spare disk that is online there, taken offline and brought online
            again; None to touch none.
        check: only read, whatever is named.
        clock: time.

    Returns:
        Unchanged, with ``assumptions``: a dictionary a finding, in the order of docs/assumptions.md.

    Raises:
        StandbyError: the node cannot be asked.
    """
    name = fleet.names[0]
    with fleet.lease(name) as node:
        findings = [
            *try_all((*READING, *IIS), node),
            *_on_address(node, address, check, clock),
            *_on_disk(node, disk, check, clock),
        ]
    return Outcome(False, _summary(name, findings), data={"assumptions": [_plain(one) for one in findings]})


def _on_address(node: Node, address: str | None, check: bool, clock: Clock) -> list[Finding]:
    if address is None or check:
        return leave_out(ON_AN_ADDRESS, _unnamed("address", address))
    try:
        return try_all(ON_AN_ADDRESS, spare_address(node, address, clock))
    except NotCheckable as reason:
        return leave_out(ON_AN_ADDRESS, str(reason))


def _on_disk(node: Node, disk: str | None, check: bool, clock: Clock) -> list[Finding]:
    if disk is None or check:
        return leave_out(ON_A_DISK, _unnamed("disk", disk))
    try:
        return try_all(ON_A_DISK, spare_disk(node, disk, clock))
    except NotCheckable as reason:
        return leave_out(ON_A_DISK, str(reason))


def _unnamed(kind: str, given: str | None) -> str:
    return f"no spare {kind} was named" if given is None else "check mode writes nothing"


def _summary(name: str, findings: list[Finding]) -> str:
    counts = [(one, sum(finding.verdict is one for finding in findings)) for one in Verdict]
    told = ", ".join(f"{count} {verdict.value}" for verdict, count in counts)
    return f"{name}: of {len(findings)} assumptions {told}"


def _plain(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "verdict": finding.verdict.value}
