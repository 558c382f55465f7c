# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task scheduler of a node: registered tasks, what starts them, and their running instances.

Sources: [MS-TSCH] 2.5 (definitions), 3.2.5.4 (methods and their return codes), "Task Scheduler Error and
Success Constants" of the Windows documentation. A start that was missed while the node was off is not made
up for.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lab.machine.clock import Clock, Timer
from lab.machine.files import write_atomically
from lab.machine.taskxml import Definition, Exec, Repetition, Trigger, parse_task

# TASK_STATE (taskschd.h).
DISABLED, READY, RUNNING = 1, 3, 4

TASK_RUNNING, HAS_NOT_RUN, TERMINATED = 0x41301, 0x41303, 0x41306  # SCHED_S_...
NOT_FOUND, EXISTS = 0x80070002, 0x800700B7
TASK_DISABLED = 0x80041326
_DAY = 86400.0


class TaskFailure(Exception):
    """The scheduler refuses.

    Attributes:
        code: HRESULT.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Process(Protocol):
    """What runs for an action."""

    def end(self) -> None:
        """End it with everything it has started."""


# Action, a name for its output and a callback for its exit code -> the running process; a TaskFailure where
# it cannot be started.
Launch = Callable[[Exec, str, Callable[[int], None]], Process]


class Instance:
    """A running task: its actions one after the other."""

    def __init__(self, actions: Sequence[Exec], label: str, launch: Launch) -> None:
        self.ended = False
        self.result = 0
        self.process: Process | None = None
        self._left = list(actions)
        self._label = label
        self._launch = launch
        self._done: Callable[[Instance], None] = lambda _instance: None

    def begin(self, done: Callable[[Instance], None]) -> None:
        """Start the first action.

        Args:
            done: called once, when the last action has ended, one could not be started or stop was called.

        Raises:
            TaskFailure: the first action cannot be started.
        """
        self.process = self._launch(self._left.pop(0), self._label, self._exited)
        self._done = done

    def stop(self, result: int = TERMINATED) -> None:
        """End it now."""
        if not self.ended:
            self._finish(result)
            if self.process is not None:
                self.process.end()

    def _exited(self, code: int) -> None:
        if self.ended:
            return
        if not self._left:
            self._finish(code)
            return
        try:
            self.process = self._launch(self._left.pop(0), self._label, self._exited)
        except TaskFailure as failure:
            self._finish(failure.code)

    def _finish(self, result: int) -> None:
        self.ended, self.result = True, result
        self._done(self)


@dataclass
class Task:
    """A registered task; ``path`` is its folder with backslashes at both ends."""

    path: str
    name: str
    xml: str
    definition: Definition
    enabled: bool
    last_run: float | None = None
    result: int = HAS_NOT_RUN
    instances: list[Instance] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)

    @property
    def state(self) -> int:
        """TASK_STATE."""
        if self.instances:
            return RUNNING
        return READY if self.enabled else DISABLED

    @property
    def last_result(self) -> int:
        """LastTaskResult."""
        return TASK_RUNNING if self.instances else self.result


class Scheduler:
    """All tasks of a node.

    Args:
        store: file of the registered tasks; they survive everything that the node's disk survives.
        clock: the node's clock.
        launch: starts actions.
        record: event log.
        pace: what a second of a definition takes, in seconds; the shortest repetition of Windows is a minute.
        wall: time of day, for boundaries.
    """

    def __init__(
        self,
        store: Path,
        clock: Clock,
        launch: Launch,
        record: Callable[..., None],
        pace: float = 1.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._clock = clock
        self._launch = launch
        self._record = record
        self._pace = pace
        self._wall = wall
        self._tasks: dict[tuple[str, str], Task] = {}

    # Power

    def boot(self) -> None:
        """Read the registered tasks and wait for what starts them; boot is one of these things."""
        for kept in json.loads(self._store.read_text(encoding="utf-8")) if self._store.exists() else []:
            task = Task(definition=parse_task(kept["xml"]), **kept)
            self._tasks[_key(task.path, task.name)] = task
            self._arm(task)
            self._fire_now(task, "BootTrigger")

    def event(self, channel: str, provider: str, number: int) -> list[Instance]:
        """An event was logged: start what it triggers and tell what was started at once."""
        started: list[Instance] = []
        for task in self.all():
            for trigger in self._enabled(task):
                if trigger.event and _matches(trigger.event, channel, provider, number):
                    started += self._series(task, trigger, trigger.delay)
        return started

    def end(self) -> None:
        """End everything that runs; nothing starts any more."""
        for task in self.all():
            self._disarm(task)
            for instance in list(task.instances):
                instance.stop()

    # What clients ask for

    def all(self) -> list[Task]:
        """Every task."""
        return list(self._tasks.values())

    def find(self, path: str, name: str) -> Task:
        """A task, without case.

        Raises:
            TaskFailure: there is none.
        """
        task = self._tasks.get(_key(path, name))
        if task is None:
            raise TaskFailure(NOT_FOUND, "The system cannot find the file specified.")
        return task

    def register(self, path: str, name: str, xml: str, *, force: bool) -> Task:
        """Register a task, or its new definition; instances that run go on.

        Raises:
            TaskFailure: it exists and may not be replaced.
            BadTask, UnknownToLab: see parse_task.
        """
        definition = parse_task(xml)
        old = self._tasks.get(_key(path, name))
        if old is not None and not force:
            raise TaskFailure(EXISTS, "Cannot create a file when that file already exists.")
        task = Task(folder(path), name, xml, definition, definition.enabled)
        if old is not None:
            self._disarm(old)
            task.instances, task.last_run, task.result = old.instances, old.last_run, old.result
        self._tasks[_key(path, name)] = task
        self._record("task_registered", task=_label(task))
        self._save()
        self._arm(task)
        self._fire_now(task, "RegistrationTrigger")
        return task

    def delete(self, task: Task) -> None:
        """Unregister; instances that run go on without it."""
        self._disarm(task)
        del self._tasks[_key(task.path, task.name)]
        self._record("task_deleted", task=_label(task))
        self._save()

    def enable(self, task: Task, enabled: bool) -> None:
        """Enable or disable; instances that run go on."""
        task.enabled = enabled
        self._disarm(task)
        self._arm(task)
        self._save()

    def start(self, task: Task) -> None:
        """Run on demand.

        Raises:
            TaskFailure: it is disabled.
        """
        if not task.enabled:
            raise TaskFailure(TASK_DISABLED, "The task is disabled.")
        self._run(task)

    def stop(self, task: Task) -> bool:
        """Stop its instances; False where none runs."""
        running = list(task.instances)
        for instance in running:
            instance.stop()
        return bool(running)

    # Triggers

    def _enabled(self, task: Task) -> list[Trigger]:
        return [trigger for trigger in task.definition.triggers if trigger.enabled and task.enabled]

    def _fire_now(self, task: Task, kind: str) -> None:
        for trigger in self._enabled(task):
            if trigger.kind == kind:
                self._series(task, trigger, trigger.delay)

    def _arm(self, task: Task) -> None:
        for trigger in self._enabled(task):
            if trigger.kind in ("TimeTrigger", "CalendarTrigger"):
                self._at_next(task, trigger, -math.inf)

    def _at_next(self, task: Task, trigger: Trigger, last: float) -> None:
        due = next_due(trigger, max(self._wall(), last), self._pace)
        if due is None:
            return

        def ring() -> None:
            self._run(task)
            self._at_next(task, trigger, due)

        task.timers.append(self._clock.after(max(0.0, due - self._wall()), ring))

    def _series(self, task: Task, trigger: Trigger, delay: float, gone: float = 0.0) -> list[Instance]:
        """Run after a delay, and again as the trigger's repetition says; give what was started at once."""
        if delay > 0:
            self._later(task, delay, lambda: self._series(task, trigger, 0.0, gone))
            return []
        again = trigger.repetition
        if again and (again.duration is None or gone + again.interval <= again.duration):
            self._series(task, trigger, again.interval, gone + again.interval)
        return self._run(task)

    def _later(self, task: Task, seconds: float, act: Callable[[], object]) -> None:
        def ring() -> None:
            act()

        task.timers.append(self._clock.after(seconds * self._pace, ring))

    def _disarm(self, task: Task) -> None:
        for timer in task.timers:
            timer.cancel()
        task.timers.clear()

    # Instances

    def _run(self, task: Task, attempt: int = 0) -> list[Instance]:
        definition = task.definition
        if task.instances and definition.policy == "IgnoreNew":
            self._record("task_ignored", task=_label(task))
            return []
        if definition.policy == "StopExisting":
            self.stop(task)
        instance = Instance(definition.actions, _label(task), self._launch)
        task.last_run = self._wall()
        try:
            instance.begin(lambda ended: self._ended(task, ended))
        except TaskFailure as failure:
            self._failed(task, failure, attempt)
            return []
        task.instances.append(instance)
        self._record("task_started", task=_label(task))
        if definition.time_limit is not None:
            self._clock.after(definition.time_limit * self._pace, instance.stop)
        return [instance]

    def _failed(self, task: Task, failure: TaskFailure, attempt: int) -> None:
        """An action that cannot be started is tried again ([MS-TSCH] 2.5.4.2); an exit code is no failure."""
        task.result = failure.code
        self._record("task_failed", task=_label(task), code=failure.code, problem=str(failure))
        self._save()
        restart = task.definition.restart
        if restart and attempt < restart[1]:
            self._later(task, restart[0], lambda: self._run(task, attempt + 1))

    def _ended(self, task: Task, instance: Instance) -> None:
        task.instances.remove(instance)
        task.result = instance.result
        self._record("task_ended", task=_label(task), result=instance.result)
        self._save()

    def _save(self) -> None:
        kept = [
            {
                "path": task.path,
                "name": task.name,
                "xml": task.xml,
                "enabled": task.enabled,
                "last_run": task.last_run,
                "result": task.result,
            }
            for task in self.all()
        ]
        write_atomically(self._store, json.dumps(kept, indent=1))


def next_due(trigger: Trigger, after: float, pace: float = 1.0) -> float | None:
    """When a TimeTrigger or CalendarTrigger fires next, strictly after a time; None for never."""
    start = trigger.start if trigger.start is not None else math.inf
    if after < start:
        return start if start != math.inf else None
    period = trigger.days * _DAY if trigger.days else math.inf
    base = start if period == math.inf else start + math.floor((after - start) / period) * period
    repeated = _next_repetition(trigger.repetition, base, after, pace)
    if repeated is not None and repeated < base + period:
        return repeated
    return None if period == math.inf else base + period


def _next_repetition(again: Repetition | None, base: float, after: float, pace: float) -> float | None:
    if again is None:
        return None
    interval = again.interval * pace
    due = base + (math.floor((after - base) / interval) + 1) * interval
    over = again.duration is not None and due - base > again.duration * pace
    return None if over else due


def folder(path: str) -> str:
    r"""A task folder with backslashes at both ends: ``\standby.iis\``."""
    middle = path.strip("\\")
    return f"\\{middle}\\" if middle else "\\"


def _matches(wanted: tuple[str, str, int], channel: str, provider: str, number: int) -> bool:
    path, source, event = wanted
    same = path.casefold() == channel.casefold() and source.casefold() in ("", provider.casefold())
    return same and event == number


def _key(path: str, name: str) -> tuple[str, str]:
    return folder(path).casefold(), name.casefold()


def _label(task: Task) -> str:
    return f"{task.path}{task.name}"
