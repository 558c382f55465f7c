# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where agents are: the sign by which a controller knows them, and their command.

The sign is the scheduled task of the agent: Windows itself says whether it is registered and whether it runs,
and its definition names the interpreter and the agent's home. Nothing that an agent writes is needed for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import BadDocument, StandbyError
from ..node import Completed, Node
from ..windows.failure import about
from ..windows.task import Task, TaskState, read_task
from ..wsman import xml
from .agent_view import View, parse_view
from .fleet import Fleet

FOLDER = "\\standby.iis\\"
AGENT, SHUTDOWN = "agent", "shutdown"
PROGRAM = "standby.pyz"
_NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# What ``agent/tasks.py`` writes; no path of Windows holds a quote.
_ARGUMENTS = re.compile(rf'"(?P<home>[^"]+)\\{re.escape(PROGRAM)}" run --home "(?P=home)"')
_START = f"Start the scheduled task {FOLDER}{AGENT} on it, or remove the agents of all its nodes"

# Exit code of a move that was accepted, and is not in service at the end of the wait of the agent's command.
_ACCEPTED = 3


class AgentRefused(StandbyError):
    """The agents refuse what was asked, or cannot do it; the text is theirs."""


@dataclass(frozen=True)
class Agent:
    """The agent of a node, as its scheduled task shows it.

    Attributes:
        node: inventory name.
        running: an instance of the task runs.
        python: Windows path of the interpreter.
        home: Windows path of the agent's folder.
    """

    node: str
    running: bool
    python: str
    home: str

    def command(self, name: str, *arguments: str) -> list[str]:
        """The arguments of a process that runs a command of this agent; options first, then names."""
        return [
            self.python,
            "-Xutf8",  # what it writes is UTF-8, whatever the code page of the node
            f"{self.home}\\{PROGRAM}",
            name,
            "--home",
            self.home,
            *arguments,
        ]


@dataclass(frozen=True)
class Agents:
    """The agents of some nodes.

    Attributes:
        installed: by node.
        without: nodes that have none.
        unread: why it is not known of a node, by name.
    """

    installed: Mapping[str, Agent] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    unread: Mapping[str, StandbyError] = field(default_factory=dict)

    def of(self, nodes: Sequence[str]) -> Agents:
        """Those of these nodes."""
        return Agents(
            {name: one for name, one in self.installed.items() if name in nodes},
            tuple(name for name in self.without if name in nodes),
            {name: one for name, one in self.unread.items() if name in nodes},
        )


def agents_of(fleet: Fleet, names: Sequence[str]) -> Agents:
    """The agents of nodes; a node that cannot be read is named in the answer."""
    answers = fleet.each(find_agent, [name for name in names if name in fleet.names])
    return Agents(
        {name: answer for name, answer in answers.items() if isinstance(answer, Agent)},
        tuple(name for name, answer in answers.items() if answer is None),
        {name: answer for name, answer in answers.items() if isinstance(answer, StandbyError)},
    )


def find_agent(node: Node) -> Agent | None:
    """The agent of a node, None where none is installed; one round trip then.

    Raises:
        StandbyError: the node cannot be read, or the task of the agent is not as agents have it.
    """
    task = read_task(node, FOLDER, AGENT)
    return None if task is None else agent_in(node.name, task)


def agent_in(node: str, task: Task) -> Agent:
    """The agent that a scheduled task runs.

    Raises:
        BadDocument: its definition is not as agents have it.
    """
    name = f"the definition of the task {FOLDER}{AGENT} on {node}"
    action = xml.parse(task.definition, name).find(f".//{_NAMESPACE}Exec")
    if action is not None:
        found = _ARGUMENTS.fullmatch(action.findtext(f"{_NAMESPACE}Arguments", "").strip())
        python = action.findtext(f"{_NAMESPACE}Command", "").strip()
        if found is not None and python:
            return Agent(node, task.state is TaskState.RUNNING, python, found["home"])
    raise BadDocument(
        f"{name} does not run {PROGRAM}",
        node=node,
        remedy="Install the agent again, which registers its task, or remove that task",
    )


def in_charge(agents: Agents, nodes: Sequence[str], resource: str) -> bool:
    """Whether agents look after a hierarchy: True where they do, False where there are none.

    Args:
        agents: those of its nodes.
        nodes: of the hierarchy.
        resource: what it is called, for messages.

    Raises:
        StandbyError: some of its nodes have an agent and others have none, or one does not run.
    """
    here = agents.of(nodes)
    if not here.installed:
        return False
    for name in here.without:
        raise StandbyError(
            f"it has no agent, and {', '.join(here.installed)} has one; moves go through the agents of all "
            "nodes, or through none",
            node=name,
            resource=resource,
            remedy="Install the agent on it, or remove the agents of all its nodes",
        )
    for name, agent in here.installed.items():
        if not agent.running:
            raise StandbyError("its agent does not run", node=name, resource=resource, remedy=_START)
    return True


def run(node: Node, agent: Agent, name: str, *arguments: str, resource: str | None = None) -> str:
    """Run a command of an agent on its node, to its end; what it says.

    Args:
        node: a session to the node.
        agent: the agent there.
        name: of the command.
        arguments: of the command.
        resource: what it concerns, for messages.

    Raises:
        AgentRefused: it ended with a code for which nothing was accepted; the problem is what it says. What
            became of that which was accepted is seen by who asked.
        StandbyError: it could not be run, or its end is not known.
    """
    with about(node, resource or f"agent {name}"):
        ended = node.shell.run(agent.command(name, *arguments))
    if ended.code not in (0, _ACCEPTED):
        raise AgentRefused(
            _told(ended), node=node.name, resource=resource, remedy="Do what the agent says, then ask again"
        )
    return ended.stdout.decode("utf-8", "replace")


def views_of(fleet: Fleet, agents: Agents, nodes: Sequence[str]) -> dict[str, View | StandbyError]:
    """What the agents of nodes show; why one does not answer. Nodes without a running agent are left out."""

    def look(node: Node) -> View:
        return parse_view(run(node, agents.installed[node.name], "status", "--json"), node.name)

    running = [name for name in nodes if name in agents.installed and agents.installed[name].running]
    return {**fleet.each(look, running), **agents.of(nodes).unread}


def _told(ended: Completed) -> str:
    told = " ".join(ended.stderr.decode("utf-8", "replace").split()).rstrip(".")
    return told or f"the command of the agent ended with exit code {ended.code} and said nothing"
