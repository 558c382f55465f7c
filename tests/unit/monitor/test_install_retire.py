# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A former agent's record is closed by a task of the system, of which nothing is left whatever it says."""

from __future__ import annotations

import json

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor import install
from ansible_collections.standby.iis.plugins.module_utils.monitor.seen import Seen
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from tests.unit.monitor.test_steps import HOME, PRIVATE, WANTED
from tests.unit.windows.windows_world import Clock

PATH = f"{HOME}\\retired.json"


class World:
    """The files and the scheduler of a node, and what the task answers after five seconds."""

    def __init__(self, monkeypatch, answer):
        self.files = {PATH: {"told": "of an earlier run", "problem": "it failed"}}
        self.registered: dict[str, str] = {}
        self.clock = Clock()
        self.done: list[str] = []
        if answer is not None:
            self.clock.at(5.0, lambda: self.files.update({PATH: answer}))
        monkeypatch.setattr(
            install.task, "register_task", lambda _node, _path, name, xml: self.registered.update({name: xml})
        )
        monkeypatch.setattr(install.task, "start_task", lambda _node, _path, name: self.done.append(name))
        monkeypatch.setattr(install.task, "delete_task", lambda _node, _path, name: self.registered.pop(name))

    def look(self, paths):
        return {path: Found(sddl=PRIVATE) if path in self.files else Found() for path in paths}

    def read(self, path):
        return json.dumps(self.files[path]).encode()

    def remove(self, paths):
        for path in paths:
            self.files.pop(path, None)

    def retire(self):
        install.Installer(Node("a", None, None), self, WANTED, Seen()).retire(30.0, self.clock)


def test_it_is_waited_for_and_leaves_nothing_behind(monkeypatch):
    world = World(monkeypatch, {"told": "incarnation 7 has left", "problem": ""})
    world.retire()
    assert world.done == [tasks.RETIRE]
    assert (world.files, world.registered) == ({}, {})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"told": "", "problem": "the share cannot be reached"}, "has left: the share cannot be reached"),
        (None, "has left: it has not ended"),
    ],
)
def test_what_keeps_it_from_being_said_is_told_with_the_node(monkeypatch, answer, told):
    world = World(monkeypatch, answer)
    with pytest.raises(StandbyError, match=f"a, agent: .*{told}"):
        world.retire()
    assert (world.files, world.registered) == ({}, {})
