# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What could harm a disk or data, if a hierarchy that nobody has were taken now."""

from __future__ import annotations

import json
import re
import shlex

from .decision import Reason
from .fencing import left_alone, power_of
from .fitness import confirmed
from .lost import unaccounted
from .records import HierarchyRecord
from .snapshot import PowerState, Rules, Seen, Snapshot

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


def danger(
    s: Snapshot, rules: Rules, record: HierarchyRecord, seen: Seen[HierarchyRecord] | None
) -> tuple[Reason, str] | None:
    """What could harm a disk or data if this node took a hierarchy now.

    Args:
        s: what is known; this node has standing.
        rules: of the hierarchy.
        record: of the hierarchy, as far as it is known; whoever owns it there has ended.
        seen: how that was seen: its ``problem`` says that it is lost or damaged. None where it never was.

    Returns:
        Reason and sentence of a verdict, None where nothing could.
    """
    unknown = record.doubt or (seen is not None and bool(seen.problem) and not record.owner)
    if rules.exclusive and unknown and (silent := unaccounted(s, rules)):
        told = f"its record was damaged or lost, and {silent} may have had its disk"
        return Reason.WAITING_FOR_CONFIRMATION, f"{told} ({_fence_of(s, rules, silent)})"
    if rules.replicated and record.current is None and (record.epoch or unknown):
        told = "its record was damaged or lost, and nobody knows who has its newest data"
        return Reason.OLD_DATA, told
    if rules.exclusive and record.owner and not confirmed(s, record.owner, record.incarnation):
        told = f"{record.owner} had its disk, and nobody has confirmed that it is off"
        return Reason.WAITING_FOR_CONFIRMATION, f"{told} ({_fence(s, rules, record)})"
    if rules.replicated and record.current is not None and s.node not in record.current:
        told = f"{s.node} has old data; it waits for {' or '.join(record.current)}"
        return Reason.OLD_DATA, told
    if rules.replicated and record.owner not in ("", s.node) and (stale := s.local[rules.name].stale):
        return Reason.OLD_DATA, f"{s.node} may have old data: {stale}"
    return None


def by_force(s: Snapshot, rules: Rules) -> str:
    """The one command that takes what may be old, and what that costs, one clause."""
    return f"if that is gone for good: {_switchover(s, rules, 'force', True)}, which loses what is newer"


def _switchover(s: Snapshot, rules: Rules, option: str, value: object) -> str:
    """The playbook that brings a hierarchy here, with an option of its own."""
    given = {"hierarchy": rules.name, "to": s.node, option: value}
    told = " ".join(f"-e {name}={'true' if one is True else one}" for name, one in given.items())
    if not all(_PLAIN.fullmatch(str(one)) for one in given.values()):
        # Ansible splits and unquotes key=value; a document it reads as it is.
        told = f"-e {shlex.quote(json.dumps(given, ensure_ascii=False))}"
    return f"standby.iis.switchover {told}"


def _fence(s: Snapshot, rules: Rules, record: HierarchyRecord) -> str:
    """How the confirmed fence of the last owner stands."""
    seen = s.nodes.get(record.owner)
    if seen is not None and seen.record is not None and record.incarnation < seen.record.first:
        return "another machine has joined under its name: make sure that the former one is off, then force"
    return _fence_of(s, rules, record.owner)


def _fence_of(s: Snapshot, rules: Rules, node: str) -> str:
    """How the confirmed fence of a node's last incarnation stands."""
    by_hand = f"switch it off, then {_switchover(s, rules, 'fence_confirmed', node)}"
    if node not in s.cluster.fences:
        return f"it has no fence that runs by itself: {by_hand}"
    seen = s.nodes.get(node)
    incarnation = seen.record.incarnation if seen is not None and seen.record is not None else 0
    power = power_of(s, node, incarnation)
    if power is not None and power.state is PowerState.FAILED:
        return f"its fence failed and is tried again: {by_hand}"
    if power is not None:
        return "its fence runs"
    if left_alone(s, node):
        return f"maintenance keeps its fence from running: end that, or {by_hand}"
    if seen is None or seen.record is None:
        return "it has no record, and its fence does not run without: switch it off, then force"
    return "its fence comes next"
