# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks: read, registered, started, stopped, deleted, and what absence looks like."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import (
    BadDocument,
    CimError,
    MethodError,
    StandbyError,
)
from ansible_collections.standby.iis.plugins.module_utils.node import Instance
from ansible_collections.standby.iis.plugins.module_utils.windows.task import (
    Task,
    TaskState,
    delete_task,
    read_task,
    register_task,
    set_task_enabled,
    start_task,
    stop_task,
)

PATH, NAME = "\\standby.iis\\", "agent"
ABSENT = [
    MethodError("no such task", 0x80070002),
    MethodError("no such folder", 0x80070003),
    MethodError("element not found", 0x80070490),
    CimError("not found", cim_status=6),
    CimError("not found", provider_code=0x80070002),
]


def answers(windows, method, output=None, failure=None):
    def call(_target, _arguments):
        if failure is not None:
            raise failure
        return Instance("OUTPUT", {"ReturnValue": "0", "cmdletOutput": output})

    windows.methods[method] = call


@pytest.fixture
def agent(windows):
    windows.add("MSFT_ScheduledTask", TaskName=NAME, TaskPath="\\", State="1")
    answers(windows, "GetInfoByName", Instance("MSFT_TaskDynamicInfo", {"LastTaskResult": "267009"}))
    answers(windows, "ExportByName", "<Task/>")
    return windows.add("MSFT_ScheduledTask", TaskName=NAME, TaskPath=PATH, State="4")


def test_a_task_is_read_with_state_result_and_definition(windows, node, agent):
    assert read_task(node, PATH, "AGENT") == Task(PATH, NAME, TaskState.RUNNING, 267009, "<Task/>")
    assert windows.calls[0] == ("GetInfoByName", {"TaskPath": PATH, "TaskName": "AGENT"})


def test_a_name_is_data_in_the_query(windows, node):
    assert read_task(node, PATH, "O'Brien\\x") is None
    assert windows.last_query == r"SELECT * FROM MSFT_ScheduledTask WHERE TaskName='O\'Brien\\x'"


def test_a_disabled_task_is_not_enabled_and_a_new_state_is_unknown(node, agent):
    agent.properties["State"] = "1"
    assert not read_task(node, PATH, NAME).enabled
    agent.properties["State"] = "9"
    assert read_task(node, PATH, NAME).state is TaskState.UNKNOWN


@pytest.mark.parametrize("failure", ABSENT)
def test_a_task_that_goes_while_it_is_read_is_none(windows, node, agent, failure):
    answers(windows, "ExportByName", failure=failure)
    assert read_task(node, PATH, NAME) is None


def test_an_answer_without_what_was_asked_for_is_told(windows, node, agent):
    answers(windows, "GetInfoByName", None)
    with pytest.raises(BadDocument, match="GetInfoByName: expected an instance"):
        read_task(node, PATH, NAME)


def test_registering_replaces_and_passes_no_password(windows, node):
    answers(windows, "RegisterByXml")
    register_task(node, PATH, NAME, "<Task/>")
    assert windows.calls == [
        ("RegisterByXml", {"TaskPath": PATH, "TaskName": NAME, "Force": True, "Xml": "<Task/>"})
    ]


def test_a_refusal_names_the_task(windows, node):
    answers(windows, "RegisterByXml", failure=MethodError("refused", 0x80041316))
    with pytest.raises(MethodError, match=r"server1, task \\standby.iis\\agent: refused\. Check the rights"):
        register_task(node, PATH, NAME, "<Task/>")


@pytest.mark.parametrize("failure", ABSENT)
def test_starting_or_enabling_what_is_not_there_is_an_error_and_stopping_is_none(windows, node, failure):
    for method in ("StartByPath", "StopByPath", "DisableByName"):
        answers(windows, method, failure=failure)
    with pytest.raises(StandbyError, match="no such task"):
        start_task(node, PATH, NAME)
    with pytest.raises(StandbyError, match="no such task"):
        set_task_enabled(node, PATH, NAME, False)
    assert stop_task(node, PATH, NAME) is False


def test_stopping_tells_whether_something_ran(windows, node):
    answers(windows, "StopByPath")
    assert stop_task(node, PATH, NAME) is True
    answers(windows, "StopByPath", failure=MethodError("nothing", 1))
    assert stop_task(node, PATH, NAME) is False
    answers(windows, "StopByPath", failure=MethodError("access denied", 0x80070005))
    with pytest.raises(MethodError):
        stop_task(node, PATH, NAME)


def test_the_task_of_that_folder_is_deleted_once(windows, node, agent):
    assert delete_task(node, PATH, NAME) is True
    assert windows.calls == [("delete", agent.reference)]
    assert delete_task(node, PATH, NAME) is False
