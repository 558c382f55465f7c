# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PS_ScheduledTask and MSFT_ScheduledTask over a scheduler."""

from __future__ import annotations

import asyncio

import pytest

from lab.cim.schema import CimFailure, NotEmulated
from lab.cim.tasks import PsScheduledTask, ScheduledTask
from lab.machine.clock import ManualClock
from lab.machine.tasks import Scheduler

NAMES = {"TaskPath": "\\standby.iis\\", "TaskName": "agent"}
XML = (
    '<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><RegistrationInfo><Author>me</Author>'
    "</RegistrationInfo><Triggers><BootTrigger><Delay>PT5S</Delay></BootTrigger><CalendarTrigger><StartBoundary>"
    "2026-01-01T00:00:00</StartBoundary><Repetition><Interval>PT1M</Interval></Repetition><ScheduleByDay>"
    "<DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger></Triggers><Settings><RestartOnFailure>"
    "<Interval>PT1M</Interval><Count>3</Count></RestartOnFailure></Settings><Actions><Exec><Command>x.exe"
    "</Command></Exec></Actions></Task>"
)


class Nothing:
    def end(self):
        pass


@pytest.fixture
def call(tmp_path):
    scheduler = Scheduler(
        tmp_path / "tasks.json", ManualClock(), lambda *given: Nothing(), lambda *a, **k: None
    )
    tasks = ScheduledTask(scheduler)
    methods = PsScheduledTask(scheduler, tasks)

    def call(method, **arguments):
        return asyncio.run(methods.invoke(method, None, {**NAMES, **arguments}))

    call.tasks = tasks
    return call


def test_a_registered_task_is_an_instance_with_all_members_of_its_class(call):
    told = call("RegisterByXml", Xml=XML, Force=True).out["cmdletOutput"]
    (values,) = asyncio.run(call.tasks.instances())
    assert told.values == values
    assert set(values) == {member.name for member in call.tasks.schema.members}
    assert (values["State"], values["Author"], values["URI"]) == (3, "me", "\\standby.iis\\agent")
    boot, calendar = values["Triggers"]
    assert (boot.class_name, boot.values["Delay"]) == ("MSFT_TaskBootTrigger", "PT5S")
    assert calendar.values["Repetition"].values["Interval"] == "PT60S"
    settings = values["Settings"].values
    assert (settings["MultipleInstances"], settings["RestartCount"], settings["ExecutionTimeLimit"]) == (
        2,
        3,
        "PT259200S",
    )
    assert call("ExportByName").out["cmdletOutput"] == XML


def test_methods_act_on_the_task_and_tell_its_result(call):
    call("RegisterByXml", Xml=XML)
    assert call("GetInfoByName").out["cmdletOutput"].values["LastTaskResult"] == 0x41303
    assert call("StopByPath").value == 1
    assert call("StartByPath").value == 0
    assert call("GetInfoByName").out["cmdletOutput"].values["LastTaskResult"] == 0x41301
    assert call("StopByPath").value == 0
    assert call("DisableByName").out["cmdletOutput"].values["State"] == 1
    with pytest.raises(CimFailure) as refused:
        call("StartByPath")
    assert refused.value.error_code == 0x80041326
    assert call("EnableByName").out["cmdletOutput"].values["State"] == 3


@pytest.mark.parametrize(
    "method", ["StartByPath", "StopByPath", "EnableByName", "GetInfoByName", "ExportByName"]
)
def test_what_is_not_there_is_not_found_with_its_hresult(call, method):
    with pytest.raises(CimFailure) as refused:
        call(method)
    assert (refused.value.status, refused.value.message_id) == (6, "HRESULT 0x80070002")
    with pytest.raises(CimFailure):
        asyncio.run(call.tasks.delete(NAMES))


def test_registering_twice_needs_force(call):
    call("RegisterByXml", Xml=XML)
    with pytest.raises(CimFailure) as refused:
        call("RegisterByXml", Xml=XML)
    assert (refused.value.status, refused.value.error_code) == (11, 0x800700B7)
    call("RegisterByXml", Xml=XML, Force=True)
    asyncio.run(call.tasks.delete(NAMES))


def test_what_the_lab_does_not_do_is_said(call):
    for arguments in ({}, {"Xml": XML, "Password": "x"}, {"Xml": XML.replace("BootTrigger", "IdleTrigger")}):
        with pytest.raises(CimFailure) as refused:
            call("RegisterByXml", **arguments)
        assert isinstance(refused.value, NotEmulated)
    with pytest.raises(CimFailure):
        call("RegisterByUser")
