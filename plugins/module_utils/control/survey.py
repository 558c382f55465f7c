# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The facts of nodes: of one, and of many, read concurrently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import StandbyError
from ..ha.facts import ALL_SERVICES, NodeFacts, Scope
from ..node import Node
from ..windows import ftp, smtp
from ..windows.adapter import read_adapters, read_interfaces
from ..windows.address import read_addresses
from ..windows.copied import Copied
from ..windows.disk import lasting_disks, read_disks, read_partitions
from ..windows.environment import read_machine
from ..windows.iis import read_configuration, read_states
from ..windows.mirror_ground import read_ground
from ..windows.service import read_services
from ..windows.storage_replica import StorageReplica
from .fleet import Fleet

_READERS: tuple[tuple[Scope, str, Callable[[Node], Any]], ...] = (
    (Scope.ADAPTERS, "adapters", lambda node: tuple(read_adapters(node))),
    (Scope.ADAPTERS, "interfaces", lambda node: tuple(read_interfaces(node))),
    (Scope.ADDRESSES, "addresses", lambda node: tuple(read_addresses(node))),
    (Scope.DISKS, "disks", lambda node: tuple(read_disks(node))),
    (Scope.DISKS, "partitions", lambda node: tuple(read_partitions(node))),
    (Scope.IIS, "iis", lambda node: ftp.with_states(node, read_configuration(node))),
    (Scope.STATES, "iis", lambda node: ftp.with_states(node, read_states(node))),
    (Scope.SERVICES, "services", lambda node: read_services(node, ALL_SERVICES)),
    (Scope.MACHINE, "machine", read_machine),
    (Scope.MIRRORS, "mirrors", StorageReplica().sides),
    (Scope.COPIES, "mirrors", Copied().sides),
    (Scope.GROUND, "ground", read_ground),
)


def gather(node: Node, scope: Scope) -> NodeFacts:
    """Read a node; what goes wrong becomes its problem: the facts of the others are needed all the same."""
    parts: dict[str, Any] = {}
    try:
        for part, name, read in _READERS:
            if part in scope:
                found = read(node)
                parts[name] = (*parts.get(name, ()), *found) if part is Scope.COPIES else found
        if "iis" in parts and Scope.SMTP in scope:
            parts["iis"] = smtp.with_servers(node, parts["iis"], parts.get("services"))
        if "disks" in parts and Scope.LASTING in scope:
            parts["lasting"] = lasting_disks(node, parts["disks"])
    except StandbyError as error:
        return NodeFacts(node.name, problem=str(error))
    return NodeFacts(node.name, **parts)


def survey(fleet: Fleet, scope: Scope, names: Sequence[str] | None = None) -> dict[str, NodeFacts]:
    """What every node (or those named) shows; a node that cannot be read has facts that say why.

    Args:
        fleet: the nodes.
        scope: what is needed of each.
        names: which nodes; one that the fleet has no connection to counts as not read.
    """
    wanted = fleet.names if names is None else tuple(names)
    known = [name for name in wanted if name in fleet.names]
    answers = fleet.each(lambda node: gather(node, scope), known)
    facts: dict[str, NodeFacts] = {}
    for name in wanted:
        answer = answers.get(name, StandbyError("no connection to it was given", node=name))
        facts[name] = NodeFacts(name, problem=str(answer)) if isinstance(answer, StandbyError) else answer
    return facts


def read_all(fleet: Fleet, scope: Scope, names: Sequence[str]) -> dict[str, NodeFacts]:
    """As ``survey``, for operations that need every node.

    Raises:
        StandbyError: a node could not be read.
    """
    facts = survey(fleet, scope, names)
    for name, seen in facts.items():
        if seen.problem is not None:
            raise StandbyError(
                f"the node could not be read ({seen.problem.rstrip('.')})",
                node=name,
                remedy="Nothing was changed, since every node is needed for this: mend that, then run again",
            )
    return facts
