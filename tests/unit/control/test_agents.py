# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents are known by their scheduled task; all nodes of a hierarchy have one that runs, or none has."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.control.agents import (
    Agent,
    AgentRefused,
    Agents,
    agent_in,
    in_charge,
    run,
)
from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError, Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState

PYTHON, HOME = "C:\\Program Files\\Python & Co\\python.exe", "D:\\standby iis"
NODES = ("server1", "server2", "server3")
SHOP = 'hierarchy "Shop"'


def task(xml, state=TaskState.RUNNING):
    return Task(tasks.PATH, tasks.AGENT, state, 0, xml)


def one(name, *, running=True):
    return Agent(name, running, PYTHON, HOME)


def some(*names, without=(), unread=()):
    return Agents(
        {name: one(name) for name in names},
        tuple(without),
        {name: Unreachable("no answer", node=name) for name in unread},
    )


@pytest.mark.parametrize("state", list(TaskState))
def test_the_task_tells_interpreter_home_and_whether_it_runs(state):
    found = agent_in("server1", task(tasks.agent(PYTHON, HOME), state))
    assert found == one("server1", running=state is TaskState.RUNNING)


def test_the_task_is_read_as_windows_gives_it_back():
    xml = '<?xml version="1.0" encoding="UTF-16"?>\r\n' + tasks.agent(PYTHON, HOME).replace("><", ">\r\n  <")
    assert agent_in("server1", task(xml)).home == HOME


@pytest.mark.parametrize(
    "xml",
    [
        tasks.shutdown(PYTHON, HOME),
        tasks.agent("", HOME),
        tasks.agent(PYTHON, HOME).replace("standby.pyz", "other.pyz"),
        '<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions/></Task>',
    ],
)
def test_a_task_of_that_name_that_runs_something_else_is_no_agent(xml):
    with pytest.raises(BadDocument, match=r"does not run standby\.pyz") as refused:
        agent_in("server1", task(xml))
    assert refused.value.node == "server1"


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        (some(without=NODES), False),
        (some(unread=NODES), False),
        (some(without=NODES[:2], unread=NODES[2:]), False),
        (some(*NODES), True),
        (some(*NODES[:2], unread=NODES[2:]), True),
        (some(*NODES[:2], without=["server4"]), True),
    ],
)
def test_agents_are_in_charge_where_all_nodes_that_can_be_read_have_one(agents, expected):
    assert in_charge(agents, NODES, SHOP) is expected


def test_a_mixture_is_refused_with_the_node_that_lacks_one():
    with pytest.raises(StandbyError) as refused:
        in_charge(some("server1", without=["server2"]), NODES, SHOP)
    assert str(refused.value).startswith('server2, hierarchy "Shop": it has no agent, and server1 has one')
    assert "Install the agent on it, or remove the agents of all its nodes." in str(refused.value)


def test_an_agent_that_does_not_run_is_refused_with_its_node():
    agents = Agents({"server1": one("server1"), "server2": one("server2", running=False)})
    with pytest.raises(StandbyError, match=r"server2, .*its agent does not run") as refused:
        in_charge(agents, NODES, SHOP)
    assert r"Start the scheduled task \standby.iis\agent on it" in str(refused.value)


class Shell:
    def __init__(self, code=0, out="", err=""):
        self.ended, self.argv = Completed(code, out.encode(), err.encode()), []

    def run(self, argv, stdin=b"", *, on_output=None):
        self.argv = argv
        return self.ended


def test_the_command_is_an_argument_list_whatever_the_names_hold():
    shell = Shell(out="done\n")
    name = 'Shop "& del *" %PATH%'
    assert run(Node("server1", None, shell), one("server1"), "switchover", "--", name, "server2") == "done\n"
    assert shell.argv == [
        PYTHON, "-Xutf8", f"{HOME}\\standby.pyz", "switchover", "--home", HOME, "--", name, "server2",
    ]  # fmt: skip


def test_a_refusal_is_told_in_the_words_of_the_agent():
    shell = Shell(1, err="server2: no disk;\r\nforce overrules this.\r\n")
    with pytest.raises(AgentRefused) as refused:
        run(Node("server1", None, shell), one("server1"), "switchover", resource=SHOP)
    assert str(refused.value).startswith(
        'server1, hierarchy "Shop": server2: no disk; force overrules this. '
    )


def test_what_was_accepted_and_is_not_so_in_the_end_is_no_refusal():
    shell = Shell(3, "server1 gives it away\n", "it was accepted, and is not in service on server2")
    assert run(Node("server1", None, shell), one("server1"), "switchover") == "server1 gives it away\n"


def test_an_end_without_a_word_is_told_by_its_code():
    with pytest.raises(AgentRefused, match="ended with exit code 9009 and said nothing"):
        run(Node("server1", None, Shell(9009)), one("server1"), "status")
