# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes with agents as operations see them: scheduled tasks, and a command that answers."""

from __future__ import annotations

import json

from ansible_collections.standby.iis.plugins.module_utils.control import agent_course
from ansible_collections.standby.iis.plugins.module_utils.control.agents import Agent
from ansible_collections.standby.iis.plugins.module_utils.errors import Unreachable
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.deepcheck import Verdict
from tests.support.control_world import ControlWorld
from tests.support.ha_world import CLUSTER, NODES


class _Shell:
    """The command of the agent of a node."""

    def __init__(self, world: AgentWorld, node: str) -> None:
        self._world, self._node = world, node

    def run(self, argv, stdin=b"", *, on_output=None):
        if self._world.servers[self._node].unreachable:
            raise Unreachable("no answer", node=self._node)
        if argv[0] == "hostname.exe":
            return Completed(0, b"", b"")
        name, rest = argv[3], [one for one in argv[6:] if one != "--"]
        code, out, err = self._world.command(self._node, name, rest)
        return Completed(code, out.encode(), err.encode())


class AgentWorld(ControlWorld):
    """A ControlWorld in which agents own what moves.

    Attributes:
        owner: who has the hierarchy, by the witness; None where nobody has.
        wanted: False where it was taken out of service.
        reasons: what an agent says of it, where that is not what follows from the owner.
        problems: what agents cannot read.
        asked: commands that were given, without ``status``.
        refuse: what a request is answered with; "" where it is done.
        fails_on: a node on which nothing starts: it goes back to the other one.
    """

    def __init__(self, monkeypatch) -> None:
        super().__init__(monkeypatch)
        self.owner: str | None = "server1"
        self.wanted = True
        self.reasons: dict[str, tuple[str, str]] = {}
        self.problems: list[str] = []
        self.asked: list[tuple[str, ...]] = []
        self.refuse, self.fails_on, self.answering = "", "", True
        self.maintenance = {"cluster": False, "nodes": [], "hierarchies": []}
        self.unfit: dict[str, str] = {}
        self.agents = {name: Agent(name, True, "C:\\python.exe", "C:\\home") for name in NODES}
        self.store(CLUSTER)
        self.up("server1")
        monkeypatch.setattr(agent_course.deepcheck, "run_check", lambda check: self._verdict())

    def _connect(self, connection):
        super()._connect(connection)
        return Node(connection.name, None, _Shell(self, connection.name))

    def _verdict(self):
        return Verdict(self.answering, "it answered" if self.answering else "no answer", 0.0)

    def command(self, node, name, arguments):
        if name == "status":
            return 0, json.dumps(self._shown(node)), ""
        self.asked.append((node, name, *arguments))
        if self.refuse:
            return 1, "", f"{self.refuse}\n"
        if name == "maintenance":
            return self._maintain(arguments)
        if name == "out":
            self._move(None)
            self.wanted = False
        else:
            self._move(arguments[-1] if arguments[-1] != self.fails_on else "server1")
        return 0, f"Ada moves it to {arguments[-1]}\n", ""

    def _maintain(self, arguments):
        begin = arguments[-1] == "begin"
        for option, key in (("--node=", "nodes"), ("--hierarchy=", "hierarchies")):
            for name in [one[len(option) :] for one in arguments if one.startswith(option)]:
                self.maintenance[key] = [name] if begin else []
                return 0, "", ""
        self.maintenance["cluster"] = begin
        return 0, "", ""

    def _move(self, to):
        for server in self.servers.values():
            server.addresses, server.sites, server.disks = set(), set(), set()
        self.owner = to
        self.reasons = {}
        if to is not None:
            self.up(to)
            self.wanted = True

    def _shown(self, node):
        record = {"owner": self.owner, "reason": "as asked", "wanted": self.wanted, "asked": None}
        usual = ("in_service", "it serves") if node == self.owner else ("elsewhere", f"{self.owner} has it")
        if self.owner is None:
            usual = ("taken_out", "an operator took it out of service")
        reason, sentence = self.reasons.get(node, usual)
        alive = {name: {"state": "alive", "unfit": self.unfit if name == "server2" else {}} for name in NODES}
        return {
            "running": True,
            "bound": 60.0,
            "nodes": {} if self.problems else alive,
            "hierarchies": {} if self.problems else {"Shop": record},
            "maintenance": self.maintenance,
            "here": {"standing": "member", "hierarchies": {"Shop": {"reason": reason, "sentence": sentence}}},
            "problems": self.problems,
        }
