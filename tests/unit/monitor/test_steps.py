# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done on a node, from what it has and what it is to have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings
from ansible_collections.standby.iis.plugins.module_utils.control.agents import PROGRAM
from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.monitor.seen import Seen
from ansible_collections.standby.iis.plugins.module_utils.monitor.steps import Act, steps
from ansible_collections.standby.iis.plugins.module_utils.monitor.wanted import (
    SETTINGS,
    Interpreter,
    Request,
    digest,
    wanted,
)
from ansible_collections.standby.iis.plugins.module_utils.windows.files import Found
from ansible_collections.standby.iis.plugins.module_utils.windows.task import Task, TaskState

HOME = "C:\\ProgramData\\standby.iis"
PRIVATE = "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)"
ADDRESSES = {"a": ("10.0.0.1",), "b": ("10.0.0.2", "10.1.0.2"), "c": ("10.0.0.3",)}
SHARE = "\\\\files\\witness$\\web"


def asked(**interpreter):
    told = {name: Settings(name, "web", SHARE, addresses=ADDRESSES) for name in ADDRESSES}
    given = interpreter or {"path": "C:\\Python313\\python.exe"}
    return wanted(Request(HOME, told, Interpreter(**given), b"program"), "a")


WANTED = asked()


def complete(want=WANTED, **changes):
    """A node that has all that is wanted."""
    registered = {
        name: Task(tasks.PATH, name, TaskState.READY, 0, f'<?xml version="1.0" encoding="UTF-16"?>\n{xml}')
        for name, xml in want.tasks.items()
    }
    registered[tasks.AGENT] = replace(registered[tasks.AGENT], state=TaskState.RUNNING)
    whole = Seen(
        Found(sddl=PRIVATE),
        {name: digest(data) for name, data in want.files.items()},
        () if want.folder is None else (want.folder.rpartition("\\")[2],),
        registered,
        want.rule,
        {"DirectoryCacheLifetime": 0, "FileInfoCacheLifetime": 0, "FileNotFoundCacheLifetime": 0},
        {
            **want.works_by,
            "definition": "d1",
            "hierarchies": {"x": {"reason": "in_service"}, "y": {"reason": "elsewhere"}},
        },
        "d1",
    )
    return replace(whole, **changes)


def acts(want, seen):
    return [step.act for step in steps(want, seen)]


def test_a_node_with_all_of_it_is_left_alone():
    assert steps(WANTED, complete()) == ()


def test_an_empty_node_gets_everything_in_order():
    want = asked(archive=b"zip")
    seen = Seen(caches={"DirectoryCacheLifetime": 10})
    assert acts(want, seen) == [
        Act.PROTECT,
        Act.PYTHON,
        Act.CACHES,
        Act.RULE,
        Act.FILES,
        Act.TASKS,
        Act.START,
    ]


def test_the_port_is_opened_for_the_other_nodes_alone():
    assert WANTED.rule is not None
    assert WANTED.rule.port == "7790"
    assert WANTED.rule.addresses == ("10.0.0.2", "10.0.0.3", "10.1.0.2")


@pytest.mark.parametrize("name", [PROGRAM, SETTINGS])
def test_a_file_that_differs_makes_another_agent_go_on(name):
    seen = complete()
    found = steps(WANTED, replace(seen, files={**seen.files, name: "0"}))
    assert [(step.act, step.names) for step in found] == [(Act.FILES, (name,)), (Act.SWAP, ())]
    assert name in found[1].sentence


def test_another_definition_makes_another_agent_go_on():
    assert acts(WANTED, complete(definition="d2")) == [Act.SWAP]


@pytest.mark.parametrize("name", ["program", "settings"])
def test_an_agent_that_runs_on_beside_files_that_were_replaced_is_seen(name):
    """Its task starts one every minute, between the relief and the exchange of files too."""
    status = complete().status
    for other in ({**status, name: "0"}, {key: value for key, value in status.items() if key != name}):
        (step,) = steps(WANTED, complete(status=other))
        assert step.act is Act.SWAP
        assert f"another {name}" in step.sentence


def test_an_agent_whose_worker_does_not_stay_up_is_replaced():
    (step,) = steps(WANTED, complete(status={}))
    assert step.act is Act.SWAP
    assert step.sentence == (
        "put another agent in the place of the one that runs: its worker shows nothing; "
        "it does not stay up, or has just begun, as its log says"
    )


def test_nothing_is_said_to_go_on_from_a_worker_that_shows_nothing_whatever_else_changed():
    seen = complete(status={})
    _files, step = steps(WANTED, replace(seen, files={**seen.files, PROGRAM: "0"}))
    assert "go on" not in step.sentence
    assert f"({PROGRAM} changed): its worker shows nothing" in step.sentence


def test_an_agent_that_does_not_run_is_started_whatever_it_once_showed():
    stopped = {name: replace(one, state=TaskState.READY) for name, one in complete().tasks.items()}
    assert acts(WANTED, complete(tasks=stopped, definition="d2")) == [Act.START]
    assert complete(tasks=stopped).serving == ()
    assert complete().serving == ("x",)


def test_a_task_that_was_disabled_or_changed_is_registered_anew():
    seen = complete()
    disabled = {**seen.tasks, tasks.SHUTDOWN: replace(seen.tasks[tasks.SHUTDOWN], state=TaskState.DISABLED)}
    assert acts(WANTED, replace(seen, tasks=disabled)) == [Act.TASKS]
    other = replace(seen.tasks[tasks.AGENT], definition=tasks.agent("C:\\other\\python.exe", HOME))
    assert acts(WANTED, replace(seen, tasks={**seen.tasks, tasks.AGENT: other})) == [Act.TASKS, Act.SWAP]


def test_another_interpreter_lies_beside_the_one_that_runs_which_goes_last():
    old, new = asked(archive=b"old"), asked(archive=b"new")
    assert old.python != new.python
    found = steps(new, complete(old))
    assert [step.act for step in found] == [Act.PYTHON, Act.TASKS, Act.SWAP, Act.TIDY]
    assert found[-1].names == (f"python\\{old.folder.rpartition(chr(92))[2]}",)


def test_secrets_that_are_asked_for_no_more_and_leftovers_of_a_run_are_removed():
    names = (
        "agent.json",
        "logs",
        "status.json.1a2b.new",
        "witness.password",
        "webhook_2.url",
        "standby.pyz.new",
    )
    found = steps(WANTED, complete(home=Found(sddl=PRIVATE, names=names)))
    assert [(step.act, step.names) for step in found] == [
        (Act.TIDY, ("witness.password", "webhook_2.url", "standby.pyz.new"))
    ]


@pytest.mark.parametrize(
    "sddl",
    [
        "O:BAG:SYD:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)",
        "O:BAG:SYD:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)",
        "O:BAG:SYD:PAI(A;OICI;FA;;;BA)",
        "O:BAG:SYD:PAI(A;;FA;;;BA)(A;OICI;FA;;;SY)",
        "O:BAG:SYD:PAI(D;OICI;FA;;;BA)(A;OICI;FA;;;SY)",
    ],
)
def test_a_home_that_others_may_have_written_to_is_refused(sddl):
    """Who made a folder of Python there would have it run by SYSTEM: its rights stay when ours are given."""
    with pytest.raises(StandbyError, match="not for Administrators and SYSTEM alone"):
        steps(WANTED, complete(home=Found(sddl=sddl)))


def test_a_home_that_leads_elsewhere_is_refused_whoever_that_belongs_to():
    with pytest.raises(StandbyError, match="is a link"):
        steps(WANTED, complete(home=Found(sddl=PRIVATE, link=True)))


@pytest.mark.parametrize(
    "sddl",
    [
        "O:S-1-5-32-544G:SYD:P(A;OICI;0x1f01ff;;;S-1-5-32-544)(A;OICI;FA;;;S-1-5-18)",
        "O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
    ],
)
def test_a_private_home_is_known_however_it_is_written(sddl):
    assert steps(WANTED, complete(home=Found(sddl=sddl))) == ()


def test_a_home_of_somebody_else_is_refused():
    home = Found(sddl=PRIVATE.replace("O:BA", "O:S-1-5-21-1-2-3-1001"))
    with pytest.raises(StandbyError, match=r"belongs to neither.*S-1-5-21-1-2-3-1001"):
        steps(WANTED, complete(home=home))
