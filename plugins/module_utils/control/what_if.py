# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What if nodes die: asked of an agent, since what it rests on stands in the witness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import BadDocument, StandbyError
from . import store
from .agents import agents_of, run
from .fleet import Fleet
from .outcome import Outcome


def what_if(fleet: Fleet, nodes: Sequence[str], deaths: int) -> Outcome:
    """What would be missed, by the first agent that runs and answers. One that does not run knows old things.

    Args:
        fleet: nodes of the cluster; those that are silent are asked nothing.
        nodes: that die at once; where none is named, any so many.
        deaths: how many.

    Raises:
        StandbyError: a node is none of the cluster, or no agent answers.
    """
    cluster = store.read_cluster(fleet)
    if cluster is None:
        raise StandbyError("the cluster has no definition", remedy="Run the configure playbook first")
    if strange := [node for node in nodes if node not in cluster.nodes]:
        raise StandbyError(
            f"{strange[0]} is no node of the cluster", remedy=f"There are {', '.join(cluster.nodes)}"
        )
    said: list[str] = []
    agents = agents_of(fleet, cluster.nodes)
    for name, agent in agents.installed.items():
        if not agent.running:
            said.append(f"{name}: its agent does not run")
            continue
        arguments = [*nodes] if nodes else ["--any", str(deaths)]
        try:
            with fleet.lease(name) as node:
                text = run(node, agent, "what-if", "--json", *arguments)
            return _outcome(_document(text, name))
        except StandbyError as error:
            said.append(str(error).rstrip("."))
    raise StandbyError(
        f"no agent answers{': ' if said else ''}{'; '.join(said)}",
        remedy="What would happen is known to agents alone: have them on the nodes (role monitor), and let "
        "them run",
    )


def _document(text: str, node: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("gaps"), list):
        raise BadDocument("its agent answers something else", node=node, remedy="Run the role monitor again")
    return found


def _outcome(found: dict[str, Any]) -> Outcome:
    gaps = found["gaps"]
    count = f"{len(gaps)} {'hierarchy' if len(gaps) == 1 else 'hierarchies'}"
    message = f"{count} would be missed" if gaps else "nothing would be missed"
    if gaps and len({gap["hierarchy"] for gap in gaps}) != len(gaps):
        message = f"there are {len(gaps)} ways to miss a hierarchy"
    return Outcome(
        False, message, data={name: found[name] for name in ("gaps", "told", "doubts", "decided", "node")}
    )
