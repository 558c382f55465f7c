# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which agents are begun and replaced, and what is done when something goes wrong half-way."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.peers.keys import new_key
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.control import fleet
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.ha.model import Cluster, Ip, Site
from ansible_collections.standby.iis.plugins.module_utils.monitor import rollout
from ansible_collections.standby.iis.plugins.module_utils.monitor.ensure import ensure_agents
from ansible_collections.standby.iis.plugins.module_utils.monitor.seen import Seen
from ansible_collections.standby.iis.plugins.module_utils.monitor.wanted import (
    Interpreter,
    Request,
    digest,
    wanted,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState
from tests.unit.windows.windows_world import Clock

HOME = "C:\\ProgramData\\standby.iis"
NAMES = ("a", "b", "c")
PRIVATE = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"
UP = {"reason": "in_service"}
AWAY = {"standing": "promised", "witness": "it does not answer in time"}
CLUSTER = Cluster(
    "web",
    NAMES,
    ips=(Ip("10.0.0.50", 24, NAMES), Ip("10.0.0.51", 24, ("b", "c"))),
    sites=(Site("x", NAMES, ips=("10.0.0.50",)), Site("y", ("b", "c"), ips=("10.0.0.51",))),
)


class Fleet:
    """Nodes that are their names."""

    names = NAMES
    on_all = fleet.Fleet.on_all

    @contextmanager
    def lease(self, name):
        yield SimpleNamespace(name=name)

    def each(self, function, names=None):
        answers = {}
        for name in self.names if names is None else names:
            try:
                answers[name] = function(SimpleNamespace(name=name))
            except StandbyError as error:
                answers[name] = error
        return answers


class World:
    """Everything that a rollout reaches, written down in ``done``."""

    def __init__(self, monkeypatch):
        told = {
            name: Settings(name, "web", "D:\\witness", addresses=dict.fromkeys(NAMES, ("10.0.0.1",)))
            for name in NAMES
        }
        self.request = Request(HOME, told, Interpreter("C:\\python.exe"), b"new")
        self.nodes = {name: self.node(name) for name in NAMES}
        self.done: list[str] = []
        self.failing: set[str] = set()
        self.up: dict[str, str] = {}
        world = self

        class Installer:
            def __init__(self, node, _files, _wanted, _seen):
                self.node = node.name

            def __getattr__(self, what):
                def act(*arguments, **_named):
                    step = getattr(arguments[0], "act", None) if arguments else None
                    world.note(f"{what}{f' {step.value}' if step else ''} {self.node}")

                return act

        class Files:
            def __init__(self, node, _script):
                self.name = node.name

            def put(self, files):
                world.note(f"put {', '.join(path.rpartition(chr(92))[2] for path in files)} {self.name}")

        def wait_well(node, _files, _home, expected, _seconds, _clock):
            world.note(f"well {node.name} {','.join(expected.serving)}".strip())
            assert expected.works_by == wanted(world.request, node.name).works_by

        monkeypatch.setattr(rollout, "Installer", Installer)
        monkeypatch.setattr(rollout, "Files", Files)
        monkeypatch.setattr(rollout.health, "wait_well", wait_well)
        monkeypatch.setattr(rollout.seen, "look", lambda node, *_rest: world.nodes[node.name])
        self.shown: dict[str, dict] = {}
        monkeypatch.setattr(rollout.seen, "shown", lambda files, _home: world.status(files.name))
        monkeypatch.setattr(rollout, "read_cluster", lambda _fleet: CLUSTER)
        monkeypatch.setattr(
            rollout,
            "hierarchies_of",
            lambda _fleet, name: [{"name": name, "state": world.up.get(name, "out_of_service")}],
        )
        monkeypatch.setattr(
            rollout, "take_out_of_service", lambda _fleet, name, *_rest, **_named: world.note(f"out {name}")
        )
        monkeypatch.setattr(rollout, "unregister", lambda node: world.note(f"unregister {node.name}"))

    def node(self, name, state=TaskState.RUNNING, serving=(), program=b"old"):
        """A node with an agent whose program is another one."""
        asked = wanted(self.request, name)
        registered = {
            title: Task(tasks.PATH, title, TaskState.READY, 0, xml) for title, xml in asked.tasks.items()
        }
        registered[tasks.AGENT] = replace(registered[tasks.AGENT], state=state)
        files = {title: digest(data) for title, data in asked.files.items()}
        return Seen(
            Found(sddl=PRIVATE),
            files | {"standby.pyz": digest(program), "cluster.key": None},
            tasks=registered,
            rule=asked.rule,
            status={
                "program": digest(program),
                "settings": digest(asked.files["agent.json"]),
                "definition": "d",
                "hierarchies": dict.fromkeys(serving, UP),
            },
            definition="d",
            told=(json.loads(asked.files["agent.json"]),),
        )

    def status(self, name):
        """What an agent shows by now: where nothing else is said, that it is a member."""
        if name in self.shown:
            return self.shown[name]
        return {"standing": "member", "witness": "reached", "hierarchies": dict.fromkeys("xy", UP)}

    def note(self, what):
        self.done.append(what)
        if what in self.failing:
            raise StandbyError(f"{what} failed")

    def ensure(self, check=False):
        return ensure_agents(Fleet(), self.request, "script", rotate=False, check=check, clock=Clock())

    def of(self, *what):
        """What was done of some kinds, in order."""
        return [one for one in self.done if one.partition(" ")[0] in what]


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_the_nodes_that_serve_least_go_first_and_each_waits_for_the_one_before(world):
    world.nodes["a"] = world.node("a", serving=("x", "y"))
    world.nodes["b"] = world.node("b", state=TaskState.READY)
    done = world.ensure()
    assert world.of("start", "relieve", "start_again", "well") == [
        "start b",
        "well b",
        "relieve c",
        "start_again c",
        "well c",
        "relieve a",
        "start_again a",
        "well a x,y",
    ]
    assert done.changed
    assert world.of("out", "unregister") == []


def test_the_program_is_tried_before_the_agent_that_runs_is_touched(world):
    world.failing = {"try_program b"}
    with pytest.raises(StandbyError, match="try_program b failed"):
        world.ensure()
    assert "relieve a" in world.done
    assert "relieve b" not in world.done
    assert not any(one.endswith(" c") and one.startswith("relieve") for one in world.done)


def test_the_first_bad_sign_ends_it(world):
    world.failing = {"well a"}
    with pytest.raises(StandbyError, match="well a failed"):
        world.ensure()
    assert world.of("relieve") == ["relieve a"]


def test_after_an_agent_was_relieved_one_is_started_whatever_happens(world):
    world.failing = {"settle files a"}
    with pytest.raises(StandbyError, match="settle files a failed"):
        world.ensure()
    assert world.of("relieve", "settle", "start_again") == ["relieve a", "settle files a", "start_again a"]


def test_after_a_relief_that_failed_an_agent_is_started_as_well(world):
    world.failing = {"relieve a"}
    with pytest.raises(StandbyError, match="relieve a failed"):
        world.ensure()
    assert world.of("relieve", "settle", "start_again") == ["relieve a", "start_again a"]


def test_the_first_agents_begin_when_nothing_is_in_service_any_more(world):
    world.nodes = {name: world.node(name, state=TaskState.READY) for name in NAMES}
    world.up = {"x": "in_service", "y": "partial"}
    world.ensure()
    last_out = world.done.index("out y")
    begun = [number for number, one in enumerate(world.done) if one.startswith("start ")]
    assert len(begun) == 3
    assert min(begun) > last_out > world.done.index("unregister c")
    retired = [number for number, one in enumerate(world.done) if one.startswith("retire ")]
    assert len(retired) == 3
    assert max(retired) < world.done.index("out x")  # which takes time, and is no outage
    assert world.of("out") == ["out x", "out y"]
    assert len(world.of("register")) == 3


def test_what_was_declared_since_is_taken_out_before_an_agent_reads_of_it_and_its_first_node_goes_first(
    world,
):
    world.nodes["a"] = world.node("a", serving=("x",))
    world.up = {"x": "in_service", "y": "in_service"}
    world.ensure()
    assert world.of("out") == ["out y"]
    assert world.done.index("out y") < world.done.index("relieve b")
    assert world.of("relieve") == ["relieve b", "relieve c", "relieve a"]
    assert world.of("unregister") == []


def test_none_of_the_first_agents_begins_where_a_former_one_may_count_as_lost(world):
    world.nodes = {name: world.node(name, state=TaskState.READY) for name in NAMES}
    world.up = {"x": "in_service"}
    world.failing = {"retire b"}
    with pytest.raises(StandbyError, match="retire b failed"):
        world.ensure()
    assert world.of("start", "register", "out") == []
    assert len(world.of("unregister")) == 3  # nor by itself


def test_records_of_agents_that_run_are_not_closed(world):
    world.nodes["b"] = world.node("b", state=TaskState.READY)
    world.ensure()
    assert world.of("retire") == []


def test_nothing_begins_where_something_stays_in_service(world):
    world.nodes = {name: world.node(name, state=TaskState.READY) for name in NAMES}
    world.up = {"x": "in_service"}
    world.failing = {"out x"}
    with pytest.raises(StandbyError, match="out x failed"):
        world.ensure()
    assert world.of("start", "register") == []


def test_the_key_is_everywhere_before_an_agent_begins(world):
    world.ensure()
    puts = [number for number, one in enumerate(world.done) if one.startswith("put cluster.key")]
    begun = [number for number, one in enumerate(world.done) if one.startswith("start_again")]
    assert len(puts) == 3
    assert max(puts) < min(begun)


def test_check_mode_and_a_node_with_all_of_it_do_nothing(world, monkeypatch):
    assert world.ensure(check=True).changed
    assert world.done == []
    key = new_key()
    for name in NAMES:
        found = world.node(name, program=b"new")
        world.nodes[name] = replace(found, files={**found.files, "cluster.key": "0"})
    monkeypatch.setattr(rollout.Files, "read", lambda _self, _path: f"{key}\n".encode(), raising=False)
    assert not world.ensure().changed
    assert world.done == []


def test_a_node_of_the_cluster_that_is_left_out_is_refused(world, monkeypatch):
    monkeypatch.setattr(rollout, "read_cluster", lambda _fleet: replace(CLUSTER, nodes=(*NAMES, "d")))
    with pytest.raises(StandbyError, match="d is a node of the cluster"):
        world.ensure()
    monkeypatch.setattr(rollout, "read_cluster", lambda _fleet: replace(CLUSTER, nodes=("a", "b")))
    with pytest.raises(StandbyError, match="c is to have an agent, and is no node"):
        world.ensure()
    assert world.ensure(check=True).changed  # it may be declared by then
    monkeypatch.setattr(rollout, "read_cluster", lambda _fleet: None)
    with pytest.raises(StandbyError, match="no definition"):
        world.ensure()


def test_another_witness_is_refused_before_anything_is_done_in_check_mode_too(world):
    other = {name: replace(told, directory="E:\\other") for name, told in world.request.settings.items()}
    world.request = replace(world.request, settings=other)
    for check in (True, False):
        with pytest.raises(StandbyError, match=r"a, agent: .*D:\\witness for.*E:\\other for.*absent"):
            world.ensure(check=check)
    assert world.done == []


def test_no_agent_is_relieved_while_its_witness_is_away(world):
    world.nodes["a"] = world.node("a", serving=("x",))
    world.shown["a"] = {**AWAY, "hierarchies": {"x": UP}}
    for check in (True, False):
        with pytest.raises(StandbyError, match=r"a, agent: it does not reach its witness: it does not"):
            world.ensure(check=check)
    assert world.done == []


def test_a_witness_that_goes_while_agents_are_replaced_ends_it_before_the_next_one(world, monkeypatch):
    well = rollout.health.wait_well

    def goes(node, *rest):
        world.shown[node.name] = {**AWAY, "hierarchies": {"x": UP}}
        return well(node, *rest)

    monkeypatch.setattr(rollout.health, "wait_well", goes)
    with pytest.raises(StandbyError, match="a, agent: it does not reach its witness"):
        world.ensure()
    assert world.of("relieve") == ["relieve a"]


def test_a_read_that_is_lost_once_is_waited_for(world):
    world.shown["b"] = {**AWAY, "hierarchies": {"x": UP}}
    clock = Clock()
    clock.at(2.0, world.shown.clear)
    assert ensure_agents(Fleet(), world.request, "script", rotate=False, check=False, clock=clock).changed


def test_an_agent_that_is_not_well_and_has_nothing_is_mended_first(world):
    """With a password that was wrong, say; the witness itself is there, as the others show."""
    world.shown["c"] = {**AWAY, "standing": "out", "hierarchies": {"x": {"reason": "no_standing"}}}
    world.nodes["a"] = world.node("a", serving=("x",))
    world.failing = {"well c"}
    with pytest.raises(StandbyError, match="well c failed"):
        world.ensure()
    assert world.of("relieve") == ["relieve c"]
    world.failing = set()
    with pytest.raises(StandbyError, match="c, agent: it does not reach"):  # it has not become well
        world.ensure()
    assert world.of("relieve") == ["relieve c", "relieve c"]


def test_nothing_is_taken_out_of_service_while_an_agent_could_not_bring_it_back(world):
    world.nodes["a"] = world.node("a", serving=("x",))
    world.up = {"y": "in_service"}
    world.shown["c"] = {**AWAY, "hierarchies": {}}
    with pytest.raises(StandbyError, match="c, agent: it does not reach"):
        world.ensure()
    assert world.of("out", "relieve") == []


def test_what_changes_no_agent_is_done_while_the_witness_is_away(world, monkeypatch):
    key = new_key()
    for name in NAMES:
        found = world.node(name, program=b"new", serving=("x", "y"))
        world.nodes[name] = replace(found, rule=None, files={**found.files, "cluster.key": "0"})
    monkeypatch.setattr(rollout.Files, "read", lambda _self, _path: f"{key}\n".encode(), raising=False)
    world.shown = {name: {**AWAY, "hierarchies": dict.fromkeys("xy", UP)} for name in NAMES}
    world.ensure()
    assert world.done == [f"take rule {name}" for name in NAMES]


def test_what_an_agent_looks_after_whose_worker_has_just_begun_is_not_taken_out_of_service(world):
    whole = world.node("b", serving=("x", "y"))
    world.nodes["a"] = world.node("a", serving=("x",))
    world.nodes["b"] = replace(whole, status={})
    world.shown["b"] = {}
    world.up = {"y": "in_service"}

    def shows():
        world.nodes["b"] = whole
        del world.shown["b"]

    clock = Clock()
    clock.at(2.0, shows)
    assert ensure_agents(Fleet(), world.request, "script", rotate=False, check=False, clock=clock).changed
    assert world.of("out") == []
    assert "well b x,y" in world.done


def test_what_may_be_looked_after_by_an_agent_that_shows_nothing_is_not_taken_out_of_service(world):
    world.nodes["a"] = world.node("a", serving=("x",))
    world.nodes["b"] = replace(world.node("b"), status={})
    world.shown["b"] = {}
    world.up = {"y": "in_service"}
    with pytest.raises(StandbyError, match="b, agent: it shows nothing of itself"):
        world.ensure()
    assert world.done == []
