# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task scheduler of a node: definitions, triggers, instances."""

from __future__ import annotations

import pytest

from lab.machine.clock import ManualClock
from lab.machine.tasks import (
    DISABLED,
    EXISTS,
    HAS_NOT_RUN,
    NOT_FOUND,
    READY,
    RUNNING,
    TASK_DISABLED,
    TASK_RUNNING,
    TERMINATED,
    Scheduler,
    TaskFailure,
)
from lab.machine.taskxml import BadTask, UnknownToLab, duration, parse_task

PATH, NAME = "\\standby.iis\\", "agent"
EPOCH = 1_800_000_000.0
SHUTDOWN = (
    "<EventTrigger><Subscription>&lt;QueryList&gt;&lt;Query Id='0'&gt;&lt;Select Path='System'&gt;"
    "*[System[Provider[@Name='User32'] and EventID=1074]]&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;"
    "</Subscription></EventTrigger>"
)


def xml(triggers="<BootTrigger/>", settings="", more="", actions=None):
    actions = actions or "<Exec><Command>C:\\Python313\\python.exe</Command></Exec>"
    return (
        '<?xml version="1.0" encoding="UTF-16"?>'
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
        f"{more}<Triggers>{triggers}</Triggers><Settings>{settings}</Settings><Actions>{actions}</Actions></Task>"
    )


class Machine:
    """A scheduler over processes that do nothing."""

    def __init__(self, store):
        self.store = store
        self.clock = ManualClock()
        self.started = []
        self.ended = []
        self.refuse = None
        self.attempts = 0
        self.scheduler = self._made()

    def _made(self):
        return Scheduler(
            self.store,
            self.clock,
            self.launch,
            lambda event, **details: None,
            wall=lambda: EPOCH + self.clock.now(),
        )

    def launch(self, action, _label, on_exit):
        self.attempts += 1
        if self.refuse:
            raise TaskFailure(self.refuse, "no")
        self.started.append((action, on_exit))
        return self

    def end(self):
        self.ended.append(self.clock.now())

    def exit(self, code=0):
        self.started[-1][1](code)

    def reboot(self):
        self.scheduler.end()
        self.scheduler = self._made()
        self.scheduler.boot()

    def register(self, text, force=True):
        return self.scheduler.register(PATH, NAME, text, force=force)

    @property
    def task(self):
        return self.scheduler.find(PATH, NAME)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "tasks.json")


def test_a_registered_task_starts_at_boot_and_shows_it(machine):
    task = machine.register(xml())
    assert (task.state, task.last_result, machine.started) == (READY, HAS_NOT_RUN, [])
    machine.reboot()
    assert len(machine.started) == 1
    assert (machine.task.state, machine.task.last_result) == (RUNNING, TASK_RUNNING)
    machine.exit(7)
    assert (machine.task.state, machine.task.last_result) == (READY, 7)


def test_the_delay_of_a_boot_trigger_counts_on_the_clock_of_the_node(machine):
    machine.register(xml("<BootTrigger><Delay>PT30S</Delay></BootTrigger>"))
    machine.reboot()
    machine.clock.advance(29)
    assert machine.started == []
    machine.clock.advance(1)
    assert len(machine.started) == 1


def test_a_repetition_starts_what_has_ended_and_ignores_what_runs(machine):
    start = (
        "<StartBoundary>2020-01-01T00:00:00</StartBoundary><Repetition><Interval>PT1M</Interval></Repetition>"
    )
    machine.register(xml(f"<TimeTrigger>{start}</TimeTrigger>"))
    machine.clock.advance(61)
    assert len(machine.started) == 1
    machine.clock.advance(300)
    assert len(machine.started) == 1
    machine.exit(1)
    machine.clock.advance(59)
    assert len(machine.started) == 2


def test_a_repetition_ends_with_its_duration(machine):
    again = "<Repetition><Interval>PT1M</Interval><Duration>PT2M</Duration></Repetition>"
    machine.register(xml(f"<BootTrigger>{again}</BootTrigger>"))
    machine.reboot()
    for _rest in range(10):
        machine.exit()
        machine.clock.advance(60)
    assert len(machine.started) == 3


def test_a_calendar_trigger_fires_every_day_at_its_time(machine):
    day = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
    machine.register(
        xml(f"<CalendarTrigger><StartBoundary>2020-01-01T03:00:00</StartBoundary>{day}</CalendarTrigger>")
    )
    for _rest in range(3):
        machine.clock.advance(86400)
        machine.exit()
    assert len(machine.started) == 3


def test_an_event_starts_the_tasks_that_wait_for_it(machine):
    machine.register(xml(SHUTDOWN))
    assert machine.scheduler.event("System", "User32", 1075) == []
    assert machine.scheduler.event("Application", "User32", 1074) == []
    (instance,) = machine.scheduler.event("System", "User32", 1074)
    assert not instance.ended
    machine.exit()
    assert instance.ended


def test_an_action_that_cannot_be_started_is_tried_again_but_an_exit_code_is_not(machine):
    restart = "<RestartOnFailure><Interval>PT1M</Interval><Count>2</Count></RestartOnFailure>"
    task = machine.register(xml(settings=restart))
    machine.refuse = NOT_FOUND
    machine.scheduler.start(task)
    assert task.last_result == NOT_FOUND
    machine.clock.advance(60)
    machine.refuse = None
    machine.clock.advance(60)
    assert len(machine.started) == 1
    machine.exit(1)
    machine.clock.advance(600)
    assert len(machine.started) == 1


def test_a_start_that_fails_is_tried_so_many_times_and_no_more(machine):
    restart = "<RestartOnFailure><Interval>PT1M</Interval><Count>2</Count></RestartOnFailure>"
    task = machine.register(xml(settings=restart))
    machine.refuse = NOT_FOUND
    machine.scheduler.start(task)
    machine.clock.advance(600)
    machine.refuse = None
    machine.clock.advance(600)
    assert (machine.attempts, machine.started) == (3, [])


def test_a_second_start_is_ignored_or_replaces_the_first(machine):
    machine.scheduler.start(machine.register(xml()))
    machine.scheduler.start(machine.task)
    assert len(machine.started) == 1
    machine.register(xml(settings="<MultipleInstancesPolicy>StopExisting</MultipleInstancesPolicy>"))
    machine.scheduler.start(machine.task)
    assert (len(machine.started), len(machine.ended), len(machine.task.instances)) == (2, 1, 1)


def test_stopping_ends_the_process_and_is_told_as_the_result(machine):
    machine.scheduler.start(machine.register(xml()))
    assert machine.scheduler.stop(machine.task)
    assert (len(machine.ended), machine.task.last_result) == (1, TERMINATED)
    assert not machine.scheduler.stop(machine.task)


def test_a_time_limit_ends_a_task_unless_it_is_none(machine):
    machine.scheduler.start(machine.register(xml(settings="<ExecutionTimeLimit>PT2H</ExecutionTimeLimit>")))
    machine.clock.advance(7201)
    assert machine.task.last_result == TERMINATED
    machine.scheduler.start(machine.register(xml(settings="<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>")))
    machine.clock.advance(100 * 86400)
    assert machine.task.state == RUNNING


def test_a_disabled_task_starts_by_nothing_also_after_a_reboot(machine):
    machine.register(xml())
    machine.scheduler.enable(machine.task, False)
    machine.reboot()
    assert (machine.task.state, machine.started) == (DISABLED, [])
    with pytest.raises(TaskFailure) as refused:
        machine.scheduler.start(machine.task)
    assert refused.value.code == TASK_DISABLED


def test_names_know_no_case_and_replacing_needs_force(machine):
    machine.register(xml())
    assert machine.scheduler.find("\\STANDBY.iis", "AGENT") is machine.task
    with pytest.raises(TaskFailure) as refused:
        machine.register(xml(), force=False)
    assert refused.value.code == EXISTS
    machine.scheduler.delete(machine.task)
    with pytest.raises(TaskFailure) as refused:
        assert machine.task is None
    assert refused.value.code == NOT_FOUND


def test_actions_run_one_after_the_other(machine):
    two = "".join(f"<Exec><Command>C:\\{name}.exe</Command></Exec>" for name in ("a", "b"))
    machine.scheduler.start(machine.register(xml(actions=two)))
    machine.exit()
    assert [action.command for action, _rest in machine.started] == ["C:\\a.exe", "C:\\b.exe"]
    machine.exit(3)
    assert machine.task.last_result == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (xml(settings="<Unheard/>"), 0x80041316),
        (xml(settings="<Enabled>perhaps</Enabled>"), 0x80041318),
        (xml(settings="<RestartOnFailure><Count>1</Count></RestartOnFailure>"), 0x80041319),
        (
            xml(
                settings="<RestartOnFailure><Interval>PT10S</Interval><Count>1</Count></RestartOnFailure>",
            ),
            0x80041318,
        ),
        (xml("<TimeTrigger/>"), 0x80041319),
        (xml(actions="<Exec/>"), 0x80041319),
        (xml().replace("2004/02", "2004/03"), 0x80041317),
        (xml()[:-3], 0x8004131A),
        (xml(settings="<Enabled>true</Enabled><Enabled>true</Enabled>"), 0x80041316),
        (xml("<BootTrigger when='now'/>"), 0x80041316),
    ],
)
def test_what_the_schema_does_not_allow_has_the_code_of_windows(text, code):
    with pytest.raises(BadTask) as refused:
        parse_task(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        xml("<IdleTrigger/>"),
        xml(settings="<RunOnlyIfIdle>true</RunOnlyIfIdle>"),
        xml(settings="<MultipleInstancesPolicy>Queue</MultipleInstancesPolicy>"),
        xml("<EventTrigger><Subscription>&lt;QueryList/&gt;</Subscription></EventTrigger>"),
        xml(more="<Data/>"),
    ],
)
def test_what_is_legal_and_not_emulated_is_never_passed_over(text):
    with pytest.raises(UnknownToLab):
        parse_task(text)


def test_durations():
    assert [duration(text) for text in ("PT0S", "PT1M", "P1DT2H3M4S", "PT72H")] == [0, 60, 93784, 259200]
    for bad in ("", "P", "PT", "1M", "PT-1S", "P1Y"):
        with pytest.raises(BadTask):
            duration(bad)
