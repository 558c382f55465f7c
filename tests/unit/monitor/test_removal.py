# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All agents end before an address outlives them, and a run that breaks off is finished by the next one."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.control import fleet
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Intent, Ip
from ansible_collections.standby.iis.plugins.module_utils.monitor import pending, removal
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
        self.shown = {"a": "in_service", "b": "elsewhere"}
        self.owner: str | None = "a"  # as the nodes show it from outside
        self.refuses: dict[str, int] = {}  # node -> how often it does not keep its addresses
        self.disabled: set[tuple[str, str]] = set()
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
                (path,) = paths
                what = {HOME: "remove", f"{HOME}\\relieve": "withdraw"}[path]
                world.done.append(f"{what} {self.node}")

        def note(what):
            return lambda node, *_rest: world.done.append(f"{what} {node.name}")

        def enable(node, _path, name, enabled):
            world.done.append(f"{'enable' if enabled else 'disable'} {name} {node.name}")
            (world.disabled.discard if enabled else world.disabled.add)((name, node.name))

        def start(node, *_rest):
            world.done.append(f"start {node.name}")
            world.running.add(node.name)

        monkeypatch.setattr(removal, "Files", Files)
        monkeypatch.setattr(removal.seen, "look", lambda node, *_rest: world.node(node.name))
        monkeypatch.setattr(removal.task, "set_task_enabled", enable)
        monkeypatch.setattr(removal.task, "start_task", start)
        monkeypatch.setattr(removal.task, "read_task", lambda node, _path, name: world.task(node.name, name))
        monkeypatch.setattr(removal, "unregister", note("unregister"))
        monkeypatch.setattr(removal.firewall, "delete_rule", note("rule"))
        monkeypatch.setattr(
            removal.smb_client,
            "write_cache_lifetimes",
            lambda node, values: world.done.append(f"caches {dict(values)} {node.name}"),
        )
        ips = tuple(Ip(one, 24, NAMES) for one in ("10.0.0.50", "10.0.0.51"))
        self.cluster = Cluster("web", NAMES, ips=ips)
        monkeypatch.setattr(removal, "read_cluster", lambda _fleet: self.cluster)
        monkeypatch.setattr(pending, "update_cluster", self.update)
        monkeypatch.setattr(
            removal,
            "hierarchies_of",
            lambda _fleet, *_name: world.done.append("survey") or world.hierarchies,
        )
        monkeypatch.setattr(removal, "read_addresses", lambda node: world.addresses(node.name))
        monkeypatch.setattr(removal, "renew_addresses", self.renew)
        monkeypatch.setattr(removal, "put_in_service", self.settle)

    def update(self, _fleet, change):
        self.cluster = change(self.cluster)
        self.done.append(f"write {dict(self.left)}")
        return []

    @property
    def hierarchies(self):
        """As the nodes show them: agents look after what has a site."""
        return [
            {"name": "x", "owner": self.owner, "members": [{"kind": "ip"}, {"kind": "site"}]},
            {"name": "y", "owner": "a", "members": [{"kind": "ip"}]},
            {"name": "z", "owner": None, "members": [{"kind": "site"}]},
        ]

    @property
    def left(self):
        return pending.pending(self.cluster)

    def settle(self, _fleet, name, node, *_rest, **_named):
        self.done.append(f"settle {name} {node}")

    def task(self, node, name=tasks.AGENT):
        up = name == tasks.AGENT and node in self.running
        rest = TaskState.DISABLED if (name, node) in self.disabled else TaskState.READY
        return Task(tasks.PATH, name, TaskState.RUNNING if up else rest, 0, "")

    def node(self, name):
        shown = self.shown.get(name)
        return Seen(
            Found(sddl="O:BA"),
            {"smb_client.json": "0"},
            tasks={title: self.task(name, title) for title in (tasks.AGENT, tasks.SHUTDOWN)},
            status={} if shown is None else {"hierarchies": {"x": {"reason": shown}}},
        )

    def addresses(self, name):
        held = ("10.0.0.50", "10.0.0.1") if name == "a" else ("10.0.0.2",)
        return [SimpleNamespace(address=one, reference=Reference(one)) for one in held]

    def renew(self, node, references, lifetime):
        what = "keep" if lifetime.total_seconds() == 0xFFFFFFFF else "shorten"
        self.done.append(f"{what} {','.join(one.resource_uri for one in references)} {node.name}")
        if self.refuses.get(node.name):
            self.refuses[node.name] -= 1
            raise StandbyError("no connection within 30 s", node=node.name)
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
    assert world.done.index("settle x a") > max(world.done.index(f"unregister {name}") for name in NAMES)
    assert world.left == {}


def test_an_agent_that_does_not_end_leaves_all_as_they_were(world):
    world.lives_on = {"b"}
    with pytest.raises(StandbyError, match="b, agent: the agent has not ended"):
        world.remove()
    assert not any(one.startswith(("keep", "unregister", "remove", "settle")) for one in world.done)
    assert world.done[-8:] == [
        "withdraw a",
        "enable agent a",
        "enable shutdown a",
        "start a",
        "withdraw b",
        "enable agent b",
        "enable shutdown b",
        "start b",
    ]


def test_check_mode_tells_it_and_does_nothing(world):
    told = world.remove(check=True)
    assert told.changed
    assert "a: end the agent, and keep the floating addresses where they are" in told.data["steps"]
    assert world.done == []


class Killed(BaseException):
    """The controller's process ends here: kill -9, a power cut, a job that is cancelled."""


def broken_off(world, monkeypatch, where):
    """A removal that is killed in a step, after which addresses have ended with their lease."""

    def killed(*_arguments, **_named):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(removal, where, killed)
        with pytest.raises(Killed):
            world.remove()
    world.addresses = lambda name: []
    world.shown = {}
    world.done.clear()


@pytest.mark.parametrize("where", ["read_addresses", "unregister", "put_in_service"])
def test_a_run_that_was_killed_is_finished_by_the_next_one(world, monkeypatch, where):
    broken_off(world, monkeypatch, where)
    told = world.remove(check=True)
    assert "a: have in service again what an earlier removal left: x" in told.data["steps"]
    told = world.remove()
    assert told.changed
    assert "settle x a" in world.done
    assert world.left == {}


def test_what_is_in_service_where_is_written_down_before_anything_is_disabled(world):
    world.remove()
    assert world.done[0] == "write {'x': 'a'}"


def test_what_an_operator_asks_meanwhile_takes_the_place_of_what_was_written_down(world, monkeypatch):
    broken_off(world, monkeypatch, "read_addresses")
    world.cluster = replace(world.cluster, intents=(Intent("x", None, "taken out of service by Ada", "now"),))
    world.remove()
    assert not any(one.startswith("settle") for one in world.done)


def test_agents_that_run_again_know_better_than_a_run_that_was_killed(world, monkeypatch):
    broken_off(world, monkeypatch, "read_addresses")
    world.running, world.shown = set(NAMES), {"a": "taken_out", "b": "taken_out"}
    world.remove()
    assert not any(one.startswith("settle") for one in world.done)
    assert world.left == {}


def test_a_node_that_does_not_answer_for_a_moment_is_asked_again(world):
    world.refuses = {"a": 2}
    world.remove()
    assert "settle x a" in world.done


def test_where_addresses_are_not_kept_all_of_them_are_short_before_agents_run_again(world):
    world.refuses = {"a": 3}
    with pytest.raises(StandbyError, match="a: no connection"):
        world.remove()
    first = min(number for number, one in enumerate(world.done) if one.startswith("start"))
    for name in NAMES:
        lifetimes = [one for one in world.done[:first] if one.startswith(("keep", "shorten"))]
        assert [one for one in lifetimes if one.endswith(f" {name}")][-1].startswith("shorten")
        assert f"start {name}" in world.done
        assert f"enable agent {name}" in world.done
    assert not any(one.startswith(("unregister", "remove", "settle")) for one in world.done)


@pytest.mark.parametrize("silent", ["a", "b"])
def test_no_agent_runs_again_beside_a_node_whose_addresses_may_have_no_end(world, silent):
    world.refuses = {silent: 99}
    with pytest.raises(StandbyError, match="all agents have ended"):
        world.remove()
    assert not any(one.startswith(("start", "enable", "unregister", "remove")) for one in world.done)
    other = "b" if silent == "a" else "a"
    assert [one for one in world.done if one.endswith(other)][-1].startswith("keep")
    assert world.left == {"x": "a"}
    world.refuses = {}
    world.shown = {}
    world.remove()
    assert "settle x a" in world.done


def test_a_hierarchy_that_cannot_be_settled_is_left_to_the_next_run(world, monkeypatch):
    def refuses(*_arguments, **_named):
        raise StandbyError("its site does not start", node="a")

    with monkeypatch.context() as patch:
        patch.setattr(removal, "put_in_service", refuses)
        with pytest.raises(StandbyError, match="does not start"):
            world.remove()
    assert world.left == {"x": "a"}
    assert not any(one.startswith("remove") for one in world.done)


def test_where_two_agents_show_the_same_it_is_with_whom_the_nodes_say(world):
    world.shown = dict.fromkeys(NAMES, "in_service")
    world.owner = "b"
    world.remove()
    assert [one for one in world.done if one.startswith("settle")] == ["settle x b"]


def test_where_nobody_can_tell_who_has_it_nothing_is_done(world):
    world.shown, world.owner = dict.fromkeys(NAMES, "in_service"), None
    with pytest.raises(StandbyError, match="both show it in service"):
        world.remove()
    assert world.done == ["survey"]


def test_what_a_node_has_whose_agent_shows_nothing_is_looked_for(world):
    world.shown = {"b": "elsewhere"}
    world.remove()
    assert [one for one in world.done if one.startswith("settle")] == ["settle x a"]
