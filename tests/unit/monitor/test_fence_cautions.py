# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""At a rollout every node looks at the controllers it may need; what is wrong is told, and ends nothing."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.bmc import Bmc
from ansible_collections.standby.iis.plugins.module_utils.errors import Unreachable
from ansible_collections.standby.iis.plugins.module_utils.monitor.fence_cautions import fence_cautions
from ansible_collections.standby.iis.plugins.module_utils.node import Completed

BMC = Bmc("https://bmc", "1", "fence", "C:\\p")
WELL = {"check": "fence of server2 (redfish)", "healthy": True, "sentence": "it answers", "notices": []}
FAILS = WELL | {"healthy": False, "sentence": "https://bmc does not answer: timed out"}


class Nodes:
    """A fleet whose nodes answer the command as the test says."""

    def __init__(self, **answers) -> None:
        self.answers, self.ran = answers, []

    def each(self, function, names):
        return {name: self._one(function, name) for name in names}

    def _one(self, function, name):
        def run(argv):
            self.ran.append((name, argv[3:]))
            return self.answers[name]

        if isinstance(self.answers[name], Exception):
            return self.answers[name]
        return function(SimpleNamespace(name=name, shell=SimpleNamespace(run=run)))


def cautions(nodes, bmcs):
    told = {name: SimpleNamespace(bmcs=bmcs) for name in ("server1", "server2")}
    cases = [SimpleNamespace(node=name, wanted=SimpleNamespace(python="C:\\python.exe")) for name in told]
    return fence_cautions(nodes, SimpleNamespace(settings=told, home="C:\\home"), cases)


def said(*lines, code=0):
    return Completed(
        code, json.dumps(list(lines)).encode(), b"1 of 2 checks fail on server1\n" if code else b""
    )


def test_a_controller_that_does_not_answer_a_node_is_told():
    nodes = Nodes(server1=said(WELL, FAILS, code=1), server2=said(WELL))
    assert cautions(nodes, {"server2": BMC}) == [
        "server1: fence of server2 (redfish): https://bmc does not answer: timed out"
    ]
    assert nodes.ran[0] == ("server1", ["check", "--home", "C:\\home", "--fences", "--json"])


def test_without_controllers_nobody_is_asked():
    assert cautions(Nodes(), {}) == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Completed(1, b"", b"agent.json lacks 'node'\n"), "agent.json lacks 'node'"),
        (Completed(3, b"nonsense", b""), "exit code 3"),
        (Completed(0, b"[1]", b""), "exit code 0"),
        (Unreachable("no route", node="server1"), "no route"),
    ],
)
def test_a_node_that_cannot_look_is_told_too(answer, told):
    nodes = Nodes(server1=answer, server2=said(WELL))
    assert cautions(nodes, {"server2": BMC}) == [f"server1: its fences could not be looked at: {told}"]
