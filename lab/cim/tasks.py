# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks: PS_ScheduledTask and MSFT_ScheduledTask of root/Microsoft/Windows/TaskScheduler.

A refusal is an error, not a return value: that is how the cmdlets built on these methods show it, with the
HRESULT as the error's id (``HRESULT 0x80070002``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lab.machine.tasks import EXISTS, NOT_FOUND, Scheduler, Task, TaskFailure
from lab.machine.taskxml import BadTask, Definition, Exec, Trigger, UnknownToLab

from .base import ClassProvider, not_emulated
from .schema import CimFailure, Embedded, Result, Values

# CIM status codes of DSP0200 for what the scheduler says; 1 (failed) for the rest.
_STATUS = {NOT_FOUND: 6, EXISTS: 11}
_S_FALSE = 1  # [MS-TSCH] 3.2.5.4.14: no running instance
_POLICIES = {"Parallel": 0, "Queue": 1, "IgnoreNew": 2, "StopExisting": 3}  # TASK_INSTANCES_POLICY
_SERVICE_ACCOUNT = 5  # TASK_LOGON_SERVICE_ACCOUNT
_CLASSES = {
    "BootTrigger": "MSFT_TaskBootTrigger",
    "RegistrationTrigger": "MSFT_TaskRegistrationTrigger",
    "TimeTrigger": "MSFT_TaskTimeTrigger",
    "CalendarTrigger": "MSFT_TaskDailyTrigger",
    "EventTrigger": "MSFT_TaskEventTrigger",
}


class ScheduledTask(ClassProvider):
    """MSFT_ScheduledTask."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__("MSFT_ScheduledTask")
        self._scheduler = scheduler

    async def instances(self) -> list[Values]:
        """Every task."""
        return [self.values(task) for task in self._scheduler.all()]

    async def delete(self, keys: Values) -> None:
        """Unregister."""
        self._scheduler.delete(_found(self._scheduler, keys))

    def values(self, task: Task) -> dict[str, Any]:
        """A task as an instance."""
        definition, info = task.definition, task.definition.info
        return self.complete(
            {
                "Actions": [_action(action) for action in definition.actions],
                **{name: info.get(name) for name in ("Author", "Date", "Description", "Documentation")},
                **{name: info.get(name) for name in ("SecurityDescriptor", "Source", "Version")},
                "Principal": _principal(definition),
                "Settings": _settings(task),
                "State": task.state,
                "TaskName": task.name,
                "TaskPath": task.path,
                "Triggers": [_trigger(trigger) for trigger in definition.triggers],
                "URI": f"{task.path}{task.name}",
            }
        )


class PsScheduledTask(ClassProvider):
    """PS_ScheduledTask: static methods alone."""

    def __init__(self, scheduler: Scheduler, tasks: ScheduledTask) -> None:
        super().__init__("PS_ScheduledTask")
        self._scheduler = scheduler
        self._tasks = tasks
        self._methods: dict[str, Callable[[Values], Result]] = {
            "RegisterByXml": self._register,
            "StartByPath": self._start,
            "StopByPath": self._stop,
            "EnableByName": lambda arguments: self._enable(arguments, True),
            "DisableByName": lambda arguments: self._enable(arguments, False),
            "GetInfoByName": self._info,
            "ExportByName": lambda arguments: Result(0, {"cmdletOutput": self._find(arguments).xml}),
        }

    async def invoke(self, method: str, keys: Values | None, arguments: Values) -> Result:
        """Every method of the class file."""
        if method not in self._methods:
            return await super().invoke(method, keys, arguments)
        return self._methods[method](arguments)

    def _register(self, arguments: Values) -> Result:
        if not arguments.get("Xml") or not arguments.get("TaskName"):
            raise not_emulated("RegisterByXml without Xml or TaskName")
        if arguments.get("Password"):
            raise not_emulated("RegisterByXml with a password")
        try:
            task = self._scheduler.register(
                arguments.get("TaskPath") or "\\",
                arguments["TaskName"],
                arguments["Xml"],
                force=bool(arguments.get("Force")),
            )
        except BadTask as error:
            raise _failure(error.code, str(error)) from error
        except UnknownToLab as error:
            raise not_emulated(str(error)) from error
        except TaskFailure as failure:
            raise _failure(failure.code, str(failure)) from failure
        return self._told(task)

    def _start(self, arguments: Values) -> Result:
        task = self._find(arguments)
        try:
            self._scheduler.start(task)
        except TaskFailure as failure:
            raise _failure(failure.code, str(failure)) from failure
        return Result(0)

    def _stop(self, arguments: Values) -> Result:
        return Result(0 if self._scheduler.stop(self._find(arguments)) else _S_FALSE)

    def _enable(self, arguments: Values, enabled: bool) -> Result:
        task = self._find(arguments)
        self._scheduler.enable(task, enabled)
        return self._told(task)

    def _info(self, arguments: Values) -> Result:
        task = self._find(arguments)
        last = None if task.last_run is None else datetime.fromtimestamp(task.last_run, UTC)
        values = {
            "LastRunTime": last,
            "LastTaskResult": task.last_result,
            "NumberOfMissedRuns": 0,
            "TaskName": task.name,
            "TaskPath": task.path,
        }
        return Result(0, {"cmdletOutput": Embedded("MSFT_TaskDynamicInfo", values)})

    def _told(self, task: Task) -> Result:
        return Result(0, {"cmdletOutput": Embedded("MSFT_ScheduledTask", self._tasks.values(task))})

    def _find(self, arguments: Values) -> Task:
        return _found(self._scheduler, arguments)


def _found(scheduler: Scheduler, names: Values) -> Task:
    try:
        return scheduler.find(names.get("TaskPath") or "\\", names.get("TaskName") or "")
    except TaskFailure as failure:
        raise _failure(failure.code, str(failure)) from failure


def _failure(code: int, message: str) -> CimFailure:
    return CimFailure(_STATUS.get(code, 1), message, message_id=f"HRESULT 0x{code:08x}", error_code=code)


def _action(action: Exec) -> Embedded:
    values = {
        "Execute": action.command,
        "Arguments": action.arguments or None,
        "WorkingDirectory": action.directory or None,
    }
    return Embedded("MSFT_TaskExecAction", values)


def _trigger(trigger: Trigger) -> Embedded:
    start = None if trigger.start is None else datetime.fromtimestamp(trigger.start, UTC).isoformat()
    values: dict[str, Any] = {"Enabled": trigger.enabled, "StartBoundary": start}
    if trigger.repetition:
        again = trigger.repetition
        length = None if again.duration is None else _period(again.duration)
        repetition = {
            "Interval": _period(again.interval),
            "Duration": length,
            "StopAtDurationEnd": False,
        }
        values["Repetition"] = Embedded("MSFT_TaskRepetitionPattern", repetition)
    if trigger.kind in ("BootTrigger", "RegistrationTrigger", "EventTrigger"):
        values["Delay"] = _period(trigger.delay) if trigger.delay else None
    if trigger.kind == "EventTrigger":
        values["Subscription"] = trigger.subscription
    if trigger.days is not None:
        values["DaysInterval"] = trigger.days
    return Embedded(_CLASSES[trigger.kind], values)


def _principal(definition: Definition) -> Embedded:
    principal = definition.principal
    values = {
        "UserId": principal.get("UserId", "S-1-5-18"),
        "RunLevel": 1 if principal.get("RunLevel") == "HighestAvailable" else 0,
        "LogonType": _SERVICE_ACCOUNT,
    }
    return Embedded("MSFT_TaskPrincipal", values)


def _settings(task: Task) -> Embedded:
    definition, texts = task.definition, task.definition.settings
    restart = definition.restart
    limit = definition.time_limit
    values = {
        "AllowDemandStart": True,
        "AllowHardTerminate": texts.get("AllowHardTerminate", "true") == "true",
        "Compatibility": 2,
        "DisallowStartIfOnBatteries": texts.get("DisallowStartIfOnBatteries", "true") == "true",
        "Enabled": task.enabled,
        "ExecutionTimeLimit": "PT0S" if limit is None else _period(limit),
        "Hidden": texts.get("Hidden") == "true",
        "MultipleInstances": _POLICIES[definition.policy],
        "Priority": int(texts.get("Priority", "7")),
        "RestartCount": restart[1] if restart else 0,
        "RestartInterval": _period(restart[0]) if restart else None,
        "RunOnlyIfIdle": False,
        "RunOnlyIfNetworkAvailable": False,
        "StartWhenAvailable": texts.get("StartWhenAvailable") == "true",
        "StopIfGoingOnBatteries": texts.get("StopIfGoingOnBatteries", "true") == "true",
        "WakeToRun": texts.get("WakeToRun") == "true",
    }
    return Embedded("MSFT_TaskSettings", values)


def _period(seconds: float) -> str:
    return f"PT{int(seconds)}S"
