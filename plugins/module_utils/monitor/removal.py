# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Agents taken off all nodes. What is in service stays where it is, with addresses that end no more.

All agents end first. Only when none is left are the lifetimes of the floating addresses lifted: an agent that
went on would take what such an address belongs to. Their leases bound the time for that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from ..agent import tasks
from ..control.fleet import Fleet
from ..control.hierarchy import put_in_service
from ..control.outcome import Outcome
from ..control.store import read_cluster
from ..errors import StandbyError
from ..node import Clock, Node
from ..windows import firewall, smb_client, task
from ..windows.address import read_addresses, renew_addresses, same_address
from ..windows.files import Files
from . import seen
from .health import wait_until
from .install import unregister
from .seen import Seen
from .wanted import CACHES_BEFORE, RULE

# Windows counts lifetimes in 32-bit seconds; the largest has no end (docs/windows_contracts.md).
_ENDLESS = timedelta(seconds=0xFFFFFFFF)
# Seconds in which an agent that is relieved has ended, and in which its task is seen to.
_ENDS = 30.0
_REASON = "it was in service there when the agents were removed"


class Removal:
    """One run over all nodes.

    Args:
        fleet: the nodes.
        home: the agents' folder.
        script: text of ``receive_file.ps1``.
        clock: time.
    """

    def __init__(self, fleet: Fleet, home: str, script: str, clock: Clock = time) -> None:
        self._fleet, self._home, self._script, self._clock = fleet, home, script, clock

    def look(self) -> dict[str, Seen]:
        """What each node has."""
        return self._fleet.on_all(
            lambda node: seen.look(node, Files(node, self._script), self._home, (CACHES_BEFORE,), False)
        )

    def apply(self, found: Mapping[str, Seen]) -> None:
        """Do it.

        Raises:
            StandbyError: an agent does not end; those that had ended are started again.
        """
        try:
            self._fleet.on_all(lambda node: self._end(node, found[node.name]))
        except StandbyError:
            self._fleet.each(lambda node: _begin_again(node, found[node.name]))
            raise
        cluster = read_cluster(self._fleet)
        floating = () if cluster is None else tuple(ip.address for ip in cluster.ips)
        self._fleet.on_all(lambda node: _keep(node, floating))
        self._fleet.on_all(lambda node: self._clear(node, found[node.name]))
        for node, has in found.items():
            for name in has.serving:
                put_in_service(self._fleet, name, node, False, _REASON, clock=self._clock)

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

    def _clear(self, node: Node, has: Seen) -> None:
        unregister(node)
        firewall.delete_rule(node, RULE)
        files = Files(node, self._script)
        if has.files[CACHES_BEFORE] is not None:
            before = json.loads(files.read(f"{self._home}\\{CACHES_BEFORE}"))
            smb_client.write_cache_lifetimes(
                node, {name: int(before[name]) for name in smb_client.LIFETIMES if name in before}
            )
        files.remove([self._home])


def _begin_again(node: Node, has: Seen) -> None:
    for name, registered in has.tasks.items():
        if registered is not None and registered.enabled:
            task.set_task_enabled(node, tasks.PATH, name, True)
    if has.running:
        with suppress(StandbyError):
            task.start_task(node, tasks.PATH, tasks.AGENT)


def _keep(node: Node, floating: tuple[str, ...]) -> None:
    """Let the floating addresses that a node has stay there without an agent."""
    held = [
        one.reference
        for one in read_addresses(node)
        if one.reference is not None and any(same_address(one.address, address) for address in floating)
    ]
    for failure in renew_addresses(node, held, _ENDLESS):
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
    told = {name: _sentences(one, home) for name, one in found.items()}
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


def _sentences(has: Seen, home: str) -> list[str]:
    """What there is to do on a node."""
    registered = [name for name, one in has.tasks.items() if one is not None]
    possible = (
        (has.running, "end the agent, and keep the floating addresses where they are"),
        (bool(registered), f"delete the scheduled tasks {', '.join(registered)}"),
        (has.rule is not None, f"delete the firewall rule {RULE}"),
        (has.files[CACHES_BEFORE] is not None, "set the caches of the SMB client as they were"),
        (has.home.exists, f"delete {home}"),
    )
    return [sentence for needed, sentence in possible if needed]
