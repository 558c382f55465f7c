# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All agents end before an address outlives them; one that does not end leaves all as they were."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.control import fleet
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Ip
from ansible_collections.standby.iis.plugins.module_utils.monitor import removal
from ansible_collections.standby.iis.plugins.module_utils.monitor.seen import Seen
from ansible_collections.standby.iis.plugins.module_utils.node import Reference
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState
from tests.unit.windows.windows_world import Clock

HOME = "C:\\ProgramData\\standby.iis"
NAMES = ("a", "b")


class Fleet:
    """Nodes that are their names."""

    names = NAMES
    on_all = fleet.Fleet.on_all

    def each(self, function, names=None):
        answers = {}
        for name in names or self.names:
            try:
                answers[name] = function(SimpleNamespace(name=name))
            except StandbyError as error:
                answers[name] = error
        return answers


class World:
    """What a removal reaches, written down in ``done``."""

    def __init__(self, monkeypatch):
        self.done: list[str] = []
        self.lives_on: set[str] = set()
        self.running = set(NAMES)
        world = self

        class Files:
            def __init__(self, node, _script):
                self.node = node.name

            def put(self, files):
                assert list(files) == [f"{HOME}\\relieve"]
                world.done.append(f"relieve {self.node}")
                if self.node not in world.lives_on:
                    world.running.discard(self.node)

            def read(self, _path):
                return json.dumps({"DirectoryCacheLifetime": 10}).encode()

            def remove(self, paths):
                world.done.append(f"remove {self.node}")
                assert paths == [HOME]

        def note(what):
            return lambda node, *_rest: world.done.append(f"{what} {node.name}")

        def enable(node, _path, name, enabled):
            world.done.append(f"{'enable' if enabled else 'disable'} {name} {node.name}")

        monkeypatch.setattr(removal, "Files", Files)
        monkeypatch.setattr(removal.seen, "look", lambda node, *_rest: world.node(node.name))
        monkeypatch.setattr(removal.task, "set_task_enabled", enable)
        monkeypatch.setattr(removal.task, "start_task", note("start"))
        monkeypatch.setattr(removal.task, "read_task", lambda node, _path, name: world.task(node.name, name))
        monkeypatch.setattr(removal, "unregister", note("unregister"))
        monkeypatch.setattr(removal.firewall, "delete_rule", note("rule"))
        monkeypatch.setattr(
            removal.smb_client,
            "write_cache_lifetimes",
            lambda node, values: world.done.append(f"caches {dict(values)} {node.name}"),
        )
        ips = tuple(Ip(one, 24, NAMES) for one in ("10.0.0.50", "10.0.0.51"))
        monkeypatch.setattr(removal, "read_cluster", lambda _fleet: Cluster("web", NAMES, ips=ips))
        monkeypatch.setattr(removal, "read_addresses", lambda node: world.addresses(node.name))
        monkeypatch.setattr(removal, "renew_addresses", self.renew)
        monkeypatch.setattr(
            removal,
            "put_in_service",
            lambda _fleet, name, node, *_rest, **_named: world.done.append(f"settle {name} {node}"),
        )

    def task(self, node, name=tasks.AGENT):
        up = name == tasks.AGENT and node in self.running
        return Task(tasks.PATH, name, TaskState.RUNNING if up else TaskState.READY, 0, "")

    def node(self, name):
        return Seen(
            Found(sddl="O:BA"),
            {"smb_client.json": "0"},
            tasks={title: self.task(name, title) for title in (tasks.AGENT, tasks.SHUTDOWN)},
            status={"hierarchies": {"x": {"reason": "in_service" if name == "a" else "elsewhere"}}},
        )

    def addresses(self, name):
        held = ("10.0.0.50", "10.0.0.1") if name == "a" else ("10.0.0.2",)
        return [SimpleNamespace(address=one, reference=Reference(one)) for one in held]

    def renew(self, node, references, lifetime):
        assert lifetime.total_seconds() == 0xFFFFFFFF
        self.done.append(f"keep {','.join(one.resource_uri for one in references)} {node.name}")
        return [None for _one in references]

    def remove(self, check=False):
        return removal.remove_agents(Fleet(), HOME, "script", check=check, clock=Clock())


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_addresses_outlive_their_lease_only_when_no_agent_is_left(world):
    world.remove()
    ended = max(number for number, one in enumerate(world.done) if one.startswith("relieve"))
    kept = min(number for number, one in enumerate(world.done) if one.startswith("keep"))
    assert kept > ended
    assert "keep 10.0.0.50 a" in world.done
    assert world.done.index("disable agent a") < world.done.index("relieve a")


def test_everything_goes_and_what_is_in_service_is_settled_where_it_is(world):
    world.remove()
    for name in NAMES:
        assert world.done.index(f"unregister {name}") < world.done.index(f"remove {name}")
        assert f"rule {name}" in world.done
        assert f"caches {{'DirectoryCacheLifetime': 10}} {name}" in world.done
    assert world.done[-1] == "settle x a"


def test_an_agent_that_does_not_end_leaves_all_as_they_were(world):
    world.lives_on = {"b"}
    with pytest.raises(StandbyError, match="b, agent: the agent has not ended"):
        world.remove()
    assert not any(one.startswith(("keep", "unregister", "remove", "settle")) for one in world.done)
    assert world.done[-6:] == [
        "enable agent a",
        "enable shutdown a",
        "start a",
        "enable agent b",
        "enable shutdown b",
        "start b",
    ]


def test_check_mode_tells_it_and_does_nothing(world):
    told = world.remove(check=True)
    assert told.changed
    assert "a: end the agent, and keep the floating addresses where they are" in told.data["steps"]
    assert world.done == []
