# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Agents taken off all nodes. What is in service stays where it is, with addresses that end no more.

All agents end first. Only when none is left are the lifetimes of the floating addresses lifted: an agent that
went on would take what such an address belongs to. Their leases bound the time for that. What is in service
where is written down before (``pending``): a run that breaks off leaves it to the next one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from ..agent import tasks
from ..control.fleet import Fleet
from ..control.hierarchy import put_in_service
from ..control.info import hierarchies_of
from ..control.outcome import Outcome
from ..control.store import read_cluster
from ..errors import StandbyError
from ..ha.model import Cluster
from ..ha.on_node import every_address
from ..node import Clock, Node
from ..windows import firewall, smb_client, task
from ..windows.address import read_addresses, renew_addresses, same_address
from ..windows.files import Files
from . import pending, seen
from .health import wait_until
from .install import unregister
from .seen import Seen
from .wanted import CACHES_BEFORE, RULE

# Windows counts lifetimes in 32-bit seconds; the largest has no end (docs/windows_contracts.md).
_ENDLESS = timedelta(seconds=0xFFFFFFFF)
# What is left to an address before agents run again: less than any of them waits before it takes something.
_BRIEF = timedelta(seconds=1)
# Seconds in which an agent that is relieved has ended, and in which its task is seen to.
_ENDS = 30.0
# Pauses before a node is asked again to keep its addresses, seconds.
_PAUSES = (1.0, 3.0)


class Removal:
    """One run over all nodes.

    Args:
        fleet: the nodes.
        home: the agents' folder.
        script: text of ``receive_file.ps1``.
        clock: time.

    Attributes:
        left: hierarchies that an earlier run has left, and the node that had each.
    """

    def __init__(self, fleet: Fleet, home: str, script: str, clock: Clock = time) -> None:
        self._fleet, self._home, self._script, self._clock = fleet, home, script, clock
        self._cluster: Cluster | None = None
        self.left: Mapping[str, str] = {}

    def look(self) -> dict[str, Seen]:
        """What each node has."""
        found = self._fleet.on_all(
            lambda node: seen.look(node, Files(node, self._script), self._home, (CACHES_BEFORE,), False)
        )
        self._cluster = read_cluster(self._fleet)
        # Agents that all run know better than a run which went back.
        self.left = {} if all(has.running for has in found.values()) else pending.pending(self._cluster)
        return found

    def apply(self, found: Mapping[str, Seen]) -> None:
        """Do it.

        Raises:
            StandbyError: an agent does not end, or an address cannot be kept: all run again, or the text says
                that they do not. The next run goes on from what is written down.
        """
        had = self._had(found)
        if self._cluster is not None:
            pending.note(self._fleet, had)
        try:
            self._fleet.on_all(lambda node: self._end(node, found[node.name]))
        except StandbyError:
            self._begin_again(found)
            raise
        self._keep_all(found)
        self._fleet.on_all(unregister)
        self._settle(had)
        self._fleet.on_all(lambda node: self._clear(node, found[node.name]))

    def _had(self, found: Mapping[str, Seen]) -> dict[str, str]:
        """Which node has which hierarchy in service, or had when an earlier run began.

        Raises:
            StandbyError: several agents show the same, and the nodes do not tell which of them has it.
        """
        shown: dict[str, list[str]] = {}
        for node, has in found.items():
            for name in has.serving:
                shown.setdefault(name, []).append(node)
        had = dict(self.left)
        if any(has.running and not has.status for has in found.values()):  # its worker begins, or cannot
            had |= _seen_up(hierarchies_of(self._fleet))
        return had | {name: self._one_of(name, nodes) for name, nodes in shown.items()}

    def _one_of(self, name: str, nodes: Sequence[str]) -> str:
        owner = nodes[0] if len(nodes) == 1 else hierarchies_of(self._fleet, name)[0]["owner"]
        if owner not in nodes:
            raise StandbyError(
                f"the agents of {' and '.join(nodes)} both show it in service",
                resource=f'hierarchy "{name}"',
                remedy="Look at its status on these nodes, and run again once one of them has it",
            )
        return str(owner)

    def _end(self, node: Node, has: Seen) -> None:
        """End an agent, and see to it that nothing starts it again."""
        for name, registered in has.tasks.items():
            if registered is not None:
                task.set_task_enabled(node, tasks.PATH, name, False)
        if not has.running:
            return
        Files(node, self._script).put({f"{self._home}\\relieve": b""})

        def problem() -> str:
            left = task.read_task(node, tasks.PATH, tasks.AGENT)
            return "it runs on" if left is not None and left.state is task.TaskState.RUNNING else ""

        if wait_until(problem, _ENDS, self._clock):
            raise StandbyError(
                f"the agent has not ended within {_ENDS:g} s",
                node=node.name,
                resource="agent",
                remedy="End its task on that node, and run again",
            )

    def _begin_again(self, found: Mapping[str, Seen]) -> None:
        """The way back: agents that ran run again; one that has not ended is not to end any more."""

        def begin(node: Node) -> None:
            has = found[node.name]
            if has.running:
                with suppress(StandbyError):
                    Files(node, self._script).remove([f"{self._home}\\relieve"])
            for name, registered in has.tasks.items():
                # An earlier run may have disabled it.
                if registered is not None and (registered.enabled or has.running):
                    task.set_task_enabled(node, tasks.PATH, name, True)
            if has.running:
                with suppress(StandbyError):
                    task.start_task(node, tasks.PATH, tasks.AGENT)

        self._fleet.each(begin)

    def _keep_all(self, found: Mapping[str, Seen]) -> None:
        """Let the floating addresses stay where they are without agents; none runs any more.

        Where a node does not, agents run again, on all nodes or on none: on a node that cannot be asked an
        address may have no end, and an agent elsewhere would take what it belongs to.

        Raises:
            StandbyError: they are not kept.
        """
        failed = self._lifetimes(_ENDLESS, self._fleet.names)
        for pause in _PAUSES:
            if failed:
                self._clock.sleep(pause)
                failed = self._lifetimes(_ENDLESS, list(failed))
        if not failed:
            return
        first = next(iter(failed.values()))
        others = [name for name in self._fleet.names if name not in failed]
        ran = any(has.running for has in found.values())
        if ran and not self._lifetimes(_BRIEF, list(failed)) and not self._lifetimes(_BRIEF, others):
            self._begin_again(found)
            raise first
        self._lifetimes(_ENDLESS, self._fleet.names)
        raise StandbyError(
            f"{first.problem.rstrip('.')}; all agents have ended, and its floating addresses end as well",
            node=first.node,
            resource=first.resource,
            remedy="Run again once that node answers, which brings back what was in service there",
        ) from first

    def _lifetimes(self, lifetime: timedelta, names: Sequence[str]) -> dict[str, StandbyError]:
        """Give a lifetime to the floating addresses of some nodes; why a node did not, by name."""
        floating = () if self._cluster is None else tuple(every_address(self._cluster.ips))
        answers = self._fleet.each(lambda node: _give(node, floating, lifetime), names)
        return {name: answer for name, answer in answers.items() if isinstance(answer, StandbyError)}

    def _settle(self, had: Mapping[str, str]) -> None:
        """Have it all in service where it was, and say so on the nodes.

        Raises:
            StandbyError: one is not, which is left to the next run; the others are.
        """
        failures = [error for name, node in had.items() if (error := self._bring(name, node)) is not None]
        for error in failures:
            raise error

    def _bring(self, name: str, node: str) -> StandbyError | None:
        resume = name in self.left  # that run has ended
        try:
            put_in_service(self._fleet, name, node, False, pending.BEGUN, resume=resume, clock=self._clock)
            pending.close(self._fleet, name)
        except StandbyError as error:
            return error
        return None

    def _clear(self, node: Node, has: Seen) -> None:
        firewall.delete_rule(node, RULE)
        files = Files(node, self._script)
        if has.files[CACHES_BEFORE] is not None:
            before = json.loads(files.read(f"{self._home}\\{CACHES_BEFORE}"))
            smb_client.write_cache_lifetimes(
                node, {name: int(before[name]) for name in smb_client.LIFETIMES if name in before}
            )
        files.remove([self._home])


def _seen_up(hierarchies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The owners of what agents look after, which is what has a site, as the nodes show them."""
    return {
        str(one["name"]): str(one["owner"])
        for one in hierarchies
        if one["owner"] is not None and any(member["kind"] == "site" for member in one["members"])
    }


def _give(node: Node, floating: tuple[str, ...], lifetime: timedelta) -> None:
    """Give a lifetime to the floating addresses that a node has."""
    held = [
        one.reference
        for one in read_addresses(node)
        if one.reference is not None and any(same_address(one.address, address) for address in floating)
    ]
    for failure in renew_addresses(node, held, lifetime):
        if failure is not None:
            raise failure


def remove_agents(fleet: Fleet, home: str, script: str, *, check: bool, clock: Clock = time) -> Outcome:
    """Have no agents on the nodes.

    Args:
        fleet: all nodes of the cluster.
        home: the agents' folder.
        script: text of ``receive_file.ps1``.
        check: only say what would be done.
        clock: time.

    Returns:
        With ``steps`` and ``nodes`` as ``ensure_agents``.

    Raises:
        StandbyError: a node cannot be read or refuses, or an agent does not end.
    """
    removal = Removal(fleet, home, script, clock)
    found = removal.look()
    told = {name: _sentences(one, home, _of(removal.left, name)) for name, one in found.items()}
    steps = [f"{name}: {sentence}" for name, sentences in told.items() for sentence in sentences]
    if steps and not check:
        removal.apply(found)
    done = "would be" if check else "were"
    return Outcome(
        bool(steps),
        f"{len(steps)} steps {done} taken" if steps else "there are no agents",
        {name: {"todo": sentences} for name, sentences in told.items()},
        {name: {"todo": []} for name in told},
        {
            "steps": steps,
            "nodes": [
                {"name": name, "python": "", "steps": one, "handover": None} for name, one in told.items()
            ],
        },
    )


def _of(left: Mapping[str, str], node: str) -> list[str]:
    return sorted(name for name, had in left.items() if had == node)


def _sentences(has: Seen, home: str, left: Sequence[str]) -> list[str]:
    """What there is to do on a node."""
    registered = [name for name, one in has.tasks.items() if one is not None]
    possible = (
        (has.running, "end the agent, and keep the floating addresses where they are"),
        (bool(left), f"have in service again what an earlier removal left: {', '.join(left)}"),
        (bool(registered), f"delete the scheduled tasks {', '.join(registered)}"),
        (has.rule is not None, f"delete the firewall rule {RULE}"),
        (has.files[CACHES_BEFORE] is not None, "set the caches of the SMB client as they were"),
        (has.home.exists, f"delete {home}"),
    )
    return [sentence for needed, sentence in possible if needed]
