# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of the witness are refused while agents are installed, and which are none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import settings as documents
from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import EtcdSettings, Settings
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor.same_witness import check_same
from ansible_collections.standby.iis.plugins.module_utils.monitor.seen import Seen
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState

SHARE = "\\\\files\\witness$\\web"
ONE, TWO, THREE, FOUR = (f"https://10.0.0.{number}:2379" for number in range(1, 5))
ETCD = EtcdSettings((ONE, TWO, THREE), user="standby", password_file="C:\\x")
FOLDER = Settings("a", "web", SHARE, addresses={"a": ("10.0.0.1",)})
MEMBERS = replace(FOLDER, directory=None, etcd=ETCD)


def node(told, state=TaskState.RUNNING):
    """A node whose agent was given settings; None for one without an agent."""
    task = None if state is None else Task(tasks.PATH, tasks.AGENT, state, 0, "")
    return Seen(tasks={tasks.AGENT: task}, told=tuple(json.loads(documents.write(one)) for one in told))


def check(asked, *told, **found):
    check_same({"a": asked, "b": asked}, found or {"a": node(told)})


@pytest.mark.parametrize(
    ("has", "asked"),
    [
        (FOLDER, FOLDER),
        (FOLDER, replace(FOLDER, directory=f"{SHARE}\\", preset="fast", port=1)),
        (MEMBERS, replace(MEMBERS, etcd=replace(ETCD, user="other", ca_file="C:\\ca.pem"))),
        (MEMBERS, replace(MEMBERS, etcd=replace(ETCD, endpoints=(ONE, TWO, THREE, FOUR)))),
        (MEMBERS, replace(MEMBERS, etcd=replace(ETCD, endpoints=(f"{THREE}/", FOUR)))),
        (MEMBERS, replace(MEMBERS, etcd=replace(ETCD, prefix="/standby.iis/web/"))),
    ],
)
def test_what_names_the_same_witness_is_no_change(has, asked):
    check(asked, has)


@pytest.mark.parametrize(
    ("has", "asked", "told"),
    [
        (
            FOLDER,
            replace(FOLDER, directory="\\\\files\\witness$\\other"),
            r"witness\$\\other for cluster web",
        ),
        (FOLDER, replace(FOLDER, cluster="other"), "for cluster other"),
        (FOLDER, MEMBERS, "etcd at https://10.0.0.1:2379, https"),
        (MEMBERS, FOLDER, "is to have .*files"),
        (MEMBERS, replace(MEMBERS, etcd=replace(ETCD, prefix="/other/")), "prefix /other/"),
        (MEMBERS, replace(MEMBERS, cluster="other"), "prefix /standby.iis/other/"),
        (MEMBERS, replace(MEMBERS, etcd=replace(ETCD, endpoints=(FOUR,))), "in two runs"),
    ],
)
def test_another_witness_is_refused_with_node_old_and_new_one(has, asked, told):
    with pytest.raises(StandbyError, match=told) as refused:
        check(asked, has)
    assert refused.value.node == "a"
    assert "its agent has the witness" in str(refused.value)


def test_nodes_that_differ_are_refused_whichever_witness_is_asked_for():
    other = replace(FOLDER, directory="E:\\other")
    for asked, named in ((FOLDER, "b"), (other, "a")):
        with pytest.raises(StandbyError) as refused:
            check(asked, a=node([FOLDER]), b=node([other]))
        assert refused.value.node == named


@pytest.mark.parametrize("state", [TaskState.READY, TaskState.DISABLED])
def test_an_agent_that_does_not_run_counts_as_its_task_starts_it(state):
    with pytest.raises(StandbyError):
        check(replace(FOLDER, directory="E:\\other"), a=node([FOLDER], state))


def test_settings_that_nothing_starts_and_a_new_node_do_not_count():
    check(replace(FOLDER, directory="E:\\other"), a=node([FOLDER], None), b=Seen())


def test_one_that_runs_by_settings_that_nobody_can_read_is_refused():
    damaged = replace(node([]), told=({},))
    with pytest.raises(StandbyError, match="cannot be told"):
        check(FOLDER, a=damaged)
    check(FOLDER, a=replace(node([], TaskState.READY), told=({},)))
