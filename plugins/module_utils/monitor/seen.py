# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node has of an agent: read, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..agent import tasks
from ..control.agents import agent_in
from ..control.store import read_node
from ..errors import StandbyError
from ..ha import definition
from ..node import Node
from ..windows import firewall, smb_client, task
from ..windows.files import Files, Found
from ..windows.firewall import Rule
from ..windows.task import Task, TaskState
from .wanted import KEYS, PYTHONS, RULE, SETTINGS, STATUS


@dataclass(frozen=True)
class Seen:
    """What one node has.

    Attributes:
        home: the agent's folder.
        files: SHA-256 by name, None where a file is not there.
        pythons: folders of unpacked interpreters.
        tasks: by name, None where there is none.
        rule: of the firewall.
        caches: lifetimes of the SMB client's caches, seconds; None where they were not asked for.
        status: what the agent's worker shows of itself; empty where none lives that has shown anything.
        definition: digest of the cluster's definition on the node; None where there is none.
        told: the settings that its agent is given when it starts, and those that the last one had.
    """

    home: Found = field(default_factory=Found)
    files: Mapping[str, str | None] = field(default_factory=dict)
    pythons: tuple[str, ...] = ()
    tasks: Mapping[str, Task | None] = field(default_factory=dict)
    rule: Rule | None = None
    caches: Mapping[str, int] | None = None
    status: Mapping[str, Any] = field(default_factory=dict)
    definition: str | None = None
    told: tuple[Mapping[str, Any], ...] = ()

    @property
    def installed(self) -> bool:
        """The agent's task is registered: it may start at any moment."""
        return self.tasks.get(tasks.AGENT) is not None

    @property
    def running(self) -> bool:
        """The agent's task runs."""
        found = self.tasks.get(tasks.AGENT)
        return found is not None and found.state is TaskState.RUNNING

    @property
    def serving(self) -> tuple[str, ...]:
        """Hierarchies that the agent shows as in service here.

        None where it does not run: a supervisor that was killed leaves the status of its worker behind.
        """
        shown = self.status.get("hierarchies", {}) if self.running else {}
        return tuple(name for name, one in shown.items() if one.get("reason") == "in_service")


def look(node: Node, files: Files, home: str, names: tuple[str, ...], caches: bool) -> Seen:
    """What a node has.

    Args:
        node: where.
        files: of the node.
        home: the agent's folder.
        names: of files in it whose contents count.
        caches: whether the SMB client's caches count.

    Raises:
        StandbyError: it cannot be read, or has an agent with another home.
    """
    registered = {name: task.read_task(node, tasks.PATH, name) for name in (tasks.AGENT, tasks.SHUTDOWN)}
    _refuse_another(node.name, registered[tasks.AGENT], home)
    folder = f"{home}\\{PYTHONS}"
    paths = {name: f"{home}\\{name}" for name in (*names, KEYS, STATUS)}
    found = files.look([home, folder, *paths.values()])
    cluster = read_node(node)
    status = shown(files, home) if found[paths[STATUS]].exists else {}
    return Seen(
        found[home],
        {name: found[path].sha256 for name, path in paths.items()},
        found[folder].names,
        registered,
        firewall.read_rule(node, RULE),
        smb_client.read_cache_lifetimes(node) if caches else None,
        status,
        None if cluster is None else definition.digest(cluster),
        tuple(_told(files, found.get(f"{home}\\{SETTINGS}"), f"{home}\\{SETTINGS}", status)),
    )


def _told(
    files: Files, there: Found | None, path: str, status: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """The file, which a start reads, and what an agent shows that has read another one."""
    if there is not None and there.exists:
        yield _document(files.read(path))
    if isinstance(had := status.get("told"), dict):
        yield had


def _refuse_another(node: str, registered: Task | None, home: str) -> None:
    there = home if registered is None else agent_in(node, registered).home
    if there.casefold() != home.casefold():
        raise StandbyError(
            f"it has an agent whose home is {there}, and not {home}",
            node=node,
            resource="agent",
            remedy="Give that home, or remove the agents with it first",
        )


def shown(files: Files, home: str) -> Mapping[str, Any]:
    """What the agent shows; empty where no worker lives that has shown anything.

    Raises:
        StandbyError: it cannot be read at this moment.
    """
    try:
        return read_status(files, home)
    except StandbyError:
        path = f"{home}\\{STATUS}"
        if files.look([path])[path].exists:
            raise
        return {}


def read_status(files: Files, home: str) -> Mapping[str, Any]:
    """What the agent shows of itself; empty where that is no document."""
    return _document(files.read(f"{home}\\{STATUS}"))


def _document(data: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
