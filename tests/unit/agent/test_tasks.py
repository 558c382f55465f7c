# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's scheduled tasks, as a scheduler reads them."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent import tasks
from lab.machine.taskxml import Definition, Exec, parse_task

PYTHON = "C:\\Program Files\\Python & more\\python.exe"
HOME = "D:\\standby"


@pytest.fixture(params=[tasks.agent, tasks.shutdown, tasks.retire], ids=["agent", "shutdown", "retire"])
def either(request) -> Definition:
    return parse_task(request.param(PYTHON, HOME))


def test_an_agent_starts_with_the_machine_and_is_looked_after_every_minute():
    boot, minutely = parse_task(tasks.agent(PYTHON, HOME)).triggers
    assert (boot.kind, boot.enabled, boot.delay) == ("BootTrigger", True, 0.0)
    assert (minutely.kind, minutely.enabled) == ("TimeTrigger", True)
    assert (minutely.repetition.interval, minutely.repetition.duration) == (60.0, None)


def test_everything_is_given_away_when_an_orderly_shutdown_begins():
    """User32 writes event 1074 into the system log when a process or user has asked for the shutdown."""
    (trigger,) = parse_task(tasks.shutdown(PYTHON, HOME)).triggers
    assert (trigger.kind, trigger.enabled, trigger.delay) == ("EventTrigger", True, 0.0)
    assert trigger.event == ("System", "User32", 1074)


def test_a_task_that_runs_is_never_started_a_second_time(either):
    assert either.policy == "IgnoreNew"


def test_no_limit_of_time_and_no_battery_ends_a_task(either):
    assert either.enabled
    assert either.time_limit is None
    assert either.settings["DisallowStartIfOnBatteries"] == "false"
    assert either.settings["StopIfGoingOnBatteries"] == "false"


def test_tasks_run_as_the_system(either):
    assert either.principal == {"UserId": "S-1-5-18", "RunLevel": "HighestAvailable"}


def test_what_closes_a_record_is_started_by_the_role_alone():
    assert parse_task(tasks.retire(PYTHON, HOME)).triggers == ()


@pytest.mark.parametrize(
    ("made", "command"), [(tasks.agent, "run"), (tasks.shutdown, "leave"), (tasks.retire, "retire")]
)
def test_each_task_runs_its_command_of_the_program_in_the_home(made, command):
    expected = Exec(PYTHON, f'"{HOME}\\standby.pyz" {command} --home "{HOME}"')
    assert parse_task(made(PYTHON, HOME)).actions == (expected,)
