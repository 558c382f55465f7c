# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has of an agent, and an agent that lives elsewhere."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor import seen
from ansible_collections.standby.iis.plugins.module_utils.node import Node
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState

HOME = "C:\\ProgramData\\standby.iis"


class NoFiles:
    """Files that nobody may ask for."""


class Status:
    """Files of which one holds a text."""

    def __init__(self, text):
        self.text = text

    def read(self, path):
        assert path == f"{HOME}\\status.json"
        return self.text


def test_an_agent_with_another_home_is_refused_before_anything_is_read(monkeypatch):
    xml = tasks.agent("C:\\Python313\\python.exe", "D:\\standby")
    found = Task(tasks.PATH, tasks.AGENT, TaskState.READY, 0, xml)
    monkeypatch.setattr(seen.task, "read_task", lambda _node, _path, _name: found)
    with pytest.raises(StandbyError, match=r"server1, agent: .*home is D:\\standby") as failure:
        seen.look(Node("server1", None, None), NoFiles(), HOME, (), False)
    assert failure.value.remedy


def test_settings_are_those_of_the_file_and_those_that_the_agent_shows(monkeypatch):
    holds = {
        f"{HOME}\\status.json": b'{"told": {"cluster": "old"}}',
        f"{HOME}\\agent.json": b'{"cluster": "new"}',
    }
    files = SimpleNamespace(
        read=holds.__getitem__,
        look=lambda paths: {path: Found(sha256="0" if path in holds else None) for path in paths},
    )
    monkeypatch.setattr(seen.task, "read_task", lambda *_of: None)
    monkeypatch.setattr(seen.firewall, "read_rule", lambda *_of: None)
    monkeypatch.setattr(seen, "read_node", lambda _node: None)
    node = Node("server1", None, None)
    assert seen.look(node, files, HOME, ("agent.json",), False).told == (
        {"cluster": "new"},
        {"cluster": "old"},
    )
    holds[f"{HOME}\\agent.json"] = b"damaged"
    assert seen.look(node, files, HOME, ("agent.json",), False).told == ({}, {"cluster": "old"})
    assert seen.look(node, files, HOME, (), False).told == ({"cluster": "old"},)


@pytest.mark.parametrize(
    ("text", "shown"), [(b'{"at": 1}', {"at": 1}), (b"", {}), (b'{"at', {}), (b"[]", {})]
)
def test_a_status_that_is_no_document_shows_nothing(text, shown):
    assert seen.read_status(Status(text), HOME) == shown


class Going:
    """A status that goes between two calls, since its worker ends, or that cannot be read."""

    def __init__(self, sddl):
        self.sddl = sddl

    def read(self, path):
        raise StandbyError(f"read: {path} cannot be found")

    def look(self, paths):
        return dict.fromkeys(paths, Found(sddl=self.sddl))


def test_a_status_that_goes_meanwhile_shows_nothing():
    assert seen.shown(Going(None), HOME) == {}
    with pytest.raises(StandbyError):
        seen.shown(Going("O:BA"), HOME)


@pytest.mark.parametrize(("state", "serving"), [(TaskState.RUNNING, ("x",)), (TaskState.READY, ())])
def test_the_status_of_an_agent_that_does_not_run_says_nothing(state, serving):
    shown = {"hierarchies": {"x": {"reason": "in_service"}, "y": {"reason": "elsewhere"}}}
    found = seen.Seen(tasks={tasks.AGENT: Task(tasks.PATH, tasks.AGENT, state, 0, "")}, status=shown)
    assert found.serving == serving
