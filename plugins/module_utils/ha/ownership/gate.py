# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The gate on a failover: between some nodes a hierarchy moves only when an operator says so.

It is asked of a node that would take a hierarchy by itself. Where the record names the last owner, or whom it
was released for, that is where it belongs; without either (a first start, a record that was lost) there is
nothing to move from, and no gate. Who asks for the hierarchy on a node has passed it.
"""

from __future__ import annotations

from collections.abc import Sequence

from .records import HierarchyRecord
from .snapshot import Rules


def gate(rules: Rules, record: HierarchyRecord, node: str) -> str:
    """Why a node must not take a hierarchy by itself, with what lets it go; "" where it may."""
    home = record.owner or record.successor
    if home == node or not rules.apart(home, node):
        return ""
    told = waits_for(rules, home, [node])
    if not record.owner:
        return f"it waits for {home}, and {told}"
    data = (
        f"; up to {rules.behind} s of what was written last on {home} are lost then" if rules.behind else ""
    )
    return f"{home} is lost, and {told}{data}"


def waits_for(rules: Rules, home: str, able: Sequence[str]) -> str:
    """What an operator decides about: nodes beyond the gate that could take it; "" where there is none."""
    beyond = [node for node in able if rules.apart(home, node)]
    if not beyond:
        return ""
    return (
        f"{' or '.join(beyond)} takes it only when an operator says so: make sure that {home} serves no "
        f"more, then run the playbook switchover for {rules.name} to {beyond[0]}"
    )
