# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks on nodes with agents: the agents move, and what they refuse is the playbook's failure."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.windows import task
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from playbooks import Played, play
from tests.support.agent_lab import SITE, AgentLab

pytestmark = pytest.mark.alone


class Cluster(AgentLab):
    """Two nodes with agents, and the playbooks of an operator."""

    def play(self, name: str, *arguments: str, **variables: object) -> Played:
        return play(self.lab.state.folder, f"standby.iis.{name}", "-e", json.dumps(variables), *arguments)

    def check(self, name: str, **variables: object) -> Played:
        return self.play(name, "--check", **variables)

    def module(self, module: str, **options: str) -> Played:
        """One module, as a task of a playbook."""
        file = self.lab.state.folder / "one.yml"
        task_of = {"name": "One", f"standby.iis.{module}": options}
        file.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task_of]}]))
        return play(self.lab.state.folder, str(file), "-v")


@pytest.fixture(scope="module")
def cluster(make_shared_lab) -> Cluster:
    made = Cluster(make_shared_lab())
    made.declare()
    made.install()
    return made


def test_switchover_and_switchback_go_through_the_agents(cluster):
    with cluster.watching():
        moved = cluster.play("switchover", hierarchy=SITE, to="server2", reason="patch")
    assert (moved.code, moved.changed) == (0, 1), moved.text
    assert cluster.serves("server2")()
    said = moved.task("how long the outage was")
    assert "Administrator on server2 (patch) moves it to server2" in said
    assert "through the agents" in said
    assert "as seen from here" in said

    back = cluster.play("switchback")
    assert (back.code, back.changed) == (0, 1), back.text
    assert cluster.serves("server1")()


@pytest.fixture
def of(cluster) -> Cluster:
    """The cluster, with the site in service on server1, and no fault."""
    for name in cluster.cluster.nodes:
        if cluster.lab.status(name)["power"] == "on":
            cluster.register(name)
    cluster.settle()
    return cluster


@pytest.mark.faults
def test_check_mode_moves_nothing_and_a_second_run_changes_nothing(of):
    checked = of.check("switchover", hierarchy=SITE, to="server2")
    assert (checked.code, checked.changed) == (0, 1), checked.text
    assert of.serves("server1")()
    assert of.play("switchover", hierarchy=SITE, to="server2").changed == 1
    again = of.play("switchover", hierarchy=SITE, to="server2")
    assert (again.code, again.changed) == (0, 0), again.text
    assert of.play("switchback").changed == 1
    assert of.play("switchback").changed == 0


@pytest.mark.faults
def test_maintenance_is_begun_shown_and_ended(of):
    checked = of.check("maintenance", state="begin", node="server2")
    assert (checked.code, checked.changed) == (0, 1), checked.text
    begun = of.play("maintenance", state="begin", node="server2")
    assert (begun.code, begun.changed) == (0, 1), begun.text
    assert of.play("maintenance", state="begin", node="server2").changed == 0

    shown = of.play("status")
    assert "maintenance: server2" in shown.text
    assert "agent of server1: it is in service on server1 (in_service)" in shown.text
    assert "agent of server2: server1 has it" in shown.text
    assert "(elsewhere)" in shown.text
    refused = of.play("switchover", hierarchy=SITE, to="server2")
    assert refused.code != 0
    assert f'server2, hierarchy "{SITE}": it is in maintenance' in refused.text

    ended = of.play("maintenance", state="end", node="server2")
    assert (ended.code, ended.changed) == (0, 1), ended.text
    assert "maintenance:" not in of.play("status").text
    assert of.play("maintenance", state="begin", node="server9").code != 0


@pytest.mark.faults
def test_without_the_witness_nothing_is_moved_and_the_reason_is_told(of):
    for name in of.cluster.nodes:
        of.lab.fault(name, "witness", action="cut", timeout="1")
    refused = of.play("switchover", hierarchy=SITE, to="server2")
    assert refused.code != 0
    assert "the witness cannot be read" in refused.text
    assert "What is in service stays so" in refused.text
    shown = of.play("status")
    assert shown.code == 0
    assert "the witness cannot be read" in shown.text
    assert of.owner() == "server1"


@pytest.mark.faults
def test_a_stopped_agent_and_a_missing_one_are_refused_with_node_and_remedy(of):
    node = connect(of.cluster.connection("server2"))
    task.set_task_enabled(node, tasks.PATH, tasks.AGENT, False)  # nothing starts it again
    task.stop_task(node, tasks.PATH, tasks.AGENT)
    stopped = of.play("switchover", hierarchy=SITE, to="server2")
    assert stopped.code != 0
    assert f'server2, hierarchy "{SITE}": its agent does not run' in stopped.text
    assert "Start the scheduled task" in stopped.text

    for name in (tasks.AGENT, tasks.SHUTDOWN):
        task.delete_task(node, tasks.PATH, name)
    node.close()
    missing = of.check("switchover", hierarchy=SITE, to="server2")
    assert missing.code != 0
    assert f'server2, hierarchy "{SITE}": it has no agent, and server1 has one' in missing.text
    assert of.serves("server1")()


@pytest.mark.faults
def test_a_node_on_which_it_does_not_start_gives_it_back_and_is_unfit_from_then_on(of):
    of.lab.fault("server2", "start_failure")
    with of.watching():
        failed = of.play("switchover", hierarchy=SITE, to="server2")
    assert failed.code != 0
    assert "it was accepted, and server1 has it again" in failed.text
    of.until(of.serves("server1"))
    refused = of.play("switchover", hierarchy=SITE, to="server2")
    assert refused.code != 0
    assert "it cannot take it: it failed there" in refused.text

    of.lab.clear("server2", "start_failure")
    forced = of.play("switchover", hierarchy=SITE, to="server2", force="true")
    assert (forced.code, forced.changed) == (0, 1), forced.text
    assert of.serves("server2")()


@pytest.mark.faults
def test_a_lost_node_is_no_target(of):
    of.lab.power_off("server2")
    refused = of.play("switchover", hierarchy=SITE, to="server2")
    assert refused.code != 0
    assert "server2" in refused.text
    assert of.serves("server1")()


@pytest.mark.faults
def test_of_two_operators_at_once_each_is_done_or_told_why_not(of):
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(of.play, "switchover", hierarchy=SITE, to=name) for name in ("server2", "server2")
        ]
        ended = [one.result() for one in both]
    assert any(one.code == 0 for one in ended), [one.text for one in ended]
    for one in ended:
        told = ("is being moved", "asked for already", "which is not answered yet", "in service on server2")
        assert any(sentence in one.text for sentence in told), one.text
    assert of.serves("server2")()


@pytest.mark.faults
def test_out_of_service_says_why_until_it_is_asked_for_again(of):
    out = of.module("hierarchy", name=SITE, state="out_of_service", reason="moving house")
    assert out.code == 0, out.text
    shown = of.play("status")
    assert "moving house" in shown.text
    assert "out of service" in shown.text
    back = of.module("hierarchy", name=SITE)
    assert back.code == 0, back.text
    assert of.serves("server1")()


@pytest.mark.faults
def test_new_sites_are_declared_beside_what_agents_look_after_and_that_is_left_alone(of):
    nodes = list(of.cluster.nodes)
    # Declared as the cluster was made: without detection, which would hide a second owner.
    here = {"address": f"{of.cluster.address(195)}/16", "nodes": nodes, "dad_transmits": 0}
    structure = {
        "cluster_volumes": [{"path": "E:\\"}],
        "cluster_ips": [here],
        "cluster_sites": [{"name": SITE, "nodes": nodes, "checks": [{"url": of.url, "timeout": 1.0}]}],
    }
    same = of.play("configure", **structure)
    assert (same.code, same.changed) == (0, 0), same.text

    other = {"address": f"{of.cluster.address(193)}/16", "nodes": nodes}
    more = {
        "cluster_ips": [here, other],
        "cluster_sites": [*structure["cluster_sites"], {"name": "shop.example.net", "nodes": nodes}],
    }
    with of.watching():
        added = of.play("configure", **{**structure, **more})
    assert added.code == 0, added.text
    assert added.changed_items == [f"{of.cluster.address(193)}/16", "shop.example.net"]
    assert "shop.example.net: declared, and the agents have not taken it up yet" in added.text
    assert not of.refused

    refused = of.play("remove")
    assert refused.code != 0
    assert f'hierarchy "{SITE}": the agents look after it' in refused.text
    assert of.serves("server1")()
