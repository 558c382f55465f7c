# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The definition on the nodes: read from all of them, written to all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..errors import AccessDenied, StandbyError, Unreachable
from ..ha import definition
from ..ha.model import Cluster
from ..node import Node
from ..windows import registry
from .fleet import Fleet

# How often a record is written anew because others record at the same moment.
_ATTEMPTS = 5


class DefinitionChanged(StandbyError):
    """Another controller wrote the definition between our reading and our writing."""


@dataclass(frozen=True)
class Stored:
    """What the nodes hold.

    Attributes:
        cluster: the definition that holds, None where no node has one.
        notes: a sentence for every node that differs or could not be read.
        unread: why a node could not be read, by name.
        lagging: a node that could be read holds another definition, and takes this one with the next write.
    """

    cluster: Cluster | None
    notes: tuple[str, ...] = ()
    unread: tuple[tuple[str, StandbyError], ...] = ()
    lagging: bool = False


def read_node(node: Node) -> Cluster | None:
    """The definition one node holds; one round trip.

    Raises:
        StandbyError: the node could not be read, or its definition is damaged or of an unknown format.
    """
    text = registry.read_value(node, definition.KEY, definition.VALUE)
    return definition.from_values({} if text is None else {definition.VALUE: text}, node.name)


def read(fleet: Fleet) -> Stored:
    """The definition as all nodes together hold it.

    Raises:
        StandbyError: no node could be read, or one holds a damaged definition or one of an unknown format.
    """
    answers = fleet.each(read_node)
    unread: list[tuple[str, StandbyError]] = []
    found: dict[str, Cluster | None] = {}
    for name, answer in answers.items():
        if isinstance(answer, (Unreachable, AccessDenied)):
            unread.append((name, answer))
        elif isinstance(answer, StandbyError):
            raise answer
        else:
            found[name] = answer
    if not found:
        raise unread[0][1]
    cluster, _differences = definition.reconcile(found)
    members = cluster.nodes if cluster is not None else ()
    _same, sentences = definition.reconcile({name: one for name, one in found.items() if name in members})
    return Stored(
        cluster,
        (*sentences, *(f"{name} could not be read: {error}" for name, error in unread)),
        tuple(unread),
        bool(sentences),
    )


def read_cluster(fleet: Fleet) -> Cluster | None:
    """The definition, None where no node has one.

    Raises:
        StandbyError: as ``read``.
    """
    return read(fleet).cluster


def write_cluster(fleet: Fleet, before: Cluster | None, after: Cluster, *, again: bool = False) -> list[str]:
    """Store a changed definition on every node; nodes that lagged behind are brought up to date with it.

    One that holds no resource any more is deleted once every node has it: a node that kept an older one would
    bring that back.

    Args:
        fleet: all nodes of the cluster.
        before: the definition the change was made from, None for the first one.
        after: the definition wanted; its revision is ignored. Equal to ``before``: nothing is written.
        again: write it even so, for nodes that lag behind.

    Returns:
        One sentence for every node that did not answer and gets the definition with the next change.

    Raises:
        StandbyError: another controller changed the definition meanwhile, a node refused the write, or none
            answered.
    """
    if before == after and not again:
        return []
    revision = before.revision if before is not None else 0
    values = definition.to_values(replace(after, revision=revision + 1))

    def write(node: Node) -> None:
        found = read_node(node)
        if found is not None and found.revision > revision:
            raise DefinitionChanged(
                f"the definition was changed by somebody else meanwhile (revision {found.revision}, "
                f"expected {revision})",
                node=node.name,
                remedy="Run again; two controllers must not configure a cluster at once",
            )
        for name, text in values.items():
            registry.write_value(node, definition.KEY, name, text)

    members = {*after.nodes, *(before.nodes if before is not None else ())}
    answers = fleet.each(write, [name for name in fleet.names if name in members])
    lost = {name: answer for name, answer in answers.items() if isinstance(answer, Unreachable)}
    for answer in answers.values():
        if isinstance(answer, StandbyError) and not isinstance(answer, Unreachable):
            raise answer
    if len(lost) == len(answers):
        raise next(iter(lost.values()))
    if not (after.ips or after.volumes or after.sites or lost) and members == set(answers):
        _delete(fleet, list(answers))
    return [
        f"{name} did not take the definition and gets it with the next change: {error}"
        for name, error in lost.items()
    ]


def _delete(fleet: Fleet, names: list[str]) -> None:
    fleet.on_all(lambda node: registry.delete_key(node, definition.KEY), names)


def update_cluster(fleet: Fleet, change: Callable[[Cluster], Cluster], *, again: bool = False) -> list[str]:
    """Read the definition, apply a change to what is stored now, write it back; anew where others write too.

    Switchovers of different hierarchies may run at once, and each records its own. ``again`` is that of
    ``write_cluster``.

    Returns:
        As ``write_cluster``.

    Raises:
        StandbyError: as ``read`` and ``write_cluster``, or there is no definition.
    """
    for last in (*[False] * (_ATTEMPTS - 1), True):
        before = read_cluster(fleet)
        if before is None:
            break
        try:
            return write_cluster(fleet, before, change(before), again=again)
        except DefinitionChanged:
            if last:
                raise
    raise StandbyError("the cluster has no definition", remedy="Run the configure playbook first")
