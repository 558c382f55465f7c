# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
r"""Scheduled tasks: PS_ScheduledTask and MSFT_ScheduledTask of ``root/Microsoft/Windows/TaskScheduler``.

These classes are what the cmdlets of the module ScheduledTasks call. A task is named by its folder, with a
backslash at both ends (``\standby.iis\``), and its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from xml.etree.ElementTree import Element

from ..errors import BadDocument, CimError, MethodError, StandbyError
from ..node import ClassPath, Instance, Node, Reference, Value
from ..wsman import xml
from .failure import about

_NAMESPACE = "root/Microsoft/Windows/TaskScheduler"
PS_SCHEDULED_TASK = ClassPath(_NAMESPACE, "PS_ScheduledTask")
SCHEDULED_TASK = ClassPath(_NAMESPACE, "MSFT_ScheduledTask")

# LastTaskResult of a task that runs, that never ran, that was stopped ("Task Scheduler Error and Success
# Constants"); else it is the exit code, or the HRESULT of what kept it from starting.
RESULT_RUNNING = 0x41301
RESULT_NEVER_RAN = 0x41303
RESULT_STOPPED = 0x41306

# [MS-TSCH] 3.2.5.4.14: SchRpcStop gives S_FALSE where no instance runs.
_NOTHING_RAN = 1
# HRESULTs of ERROR_FILE_NOT_FOUND and ERROR_PATH_NOT_FOUND: no such task, no such folder ([MS-TSCH] 3.2.5.4);
# and of ERROR_NOT_FOUND, by which the provider has been seen to say it as well.
_ABSENT = (0x80070002, 0x80070003, 0x80070490)
# CIM status "not found" (DSP0200), by which the cmdlets show the same.
_CIM_NOT_FOUND = 6
_CODES: Mapping[int, str] = {
    _NOTHING_RAN: "no instance of the task runs",
    0x80070002: "no such task",
    0x80070003: "no such task folder",
    0x80070005: "access denied",
    0x80070490: "no such task",
    0x8007007B: "the path is no valid name of a task",
    0x80070534: "the account in the definition does not exist",
    0x80041316: "the definition contains an unexpected node",
    0x80041317: "the definition contains a node of another namespace",
    0x80041318: "the definition contains a value that is malformed or out of range",
    0x80041319: "the definition lacks a required node",
    0x8004131A: "the definition is malformed",
    0x80041326: "the task is disabled",
}


class TaskState(IntEnum):
    """State of a task (TASK_STATE, taskschd.h)."""

    UNKNOWN = 0
    DISABLED = 1
    QUEUED = 2
    READY = 3
    RUNNING = 4


@dataclass(frozen=True)
class Task:
    """A registered task.

    Attributes:
        path: its folder, with a backslash at both ends.
        name: its name there.
        state: what it does now.
        last_result: LastTaskResult, see the constants of this module.
        definition: its XML, as Windows gives it back.
        reference: the instance.
    """

    path: str
    name: str
    state: TaskState
    last_result: int
    definition: str
    reference: Reference | None = field(default=None, compare=False, repr=False)

    @property
    def enabled(self) -> bool:
        """False for a disabled task, which nothing starts."""
        return self.state is not TaskState.DISABLED


def read_task(node: Node, path: str, name: str) -> Task | None:
    """A task with its state, or None where there is none of that name.

    Raises:
        BadDocument: an answer lacks what the schema has.
    """
    with about(node, _resource(path, name)):
        item = _find(node, path, name)
        info = _unless_absent(node, "GetInfoByName", path, name) if item else None
        exported = _unless_absent(node, "ExportByName", path, name) if info else None
        if item is None or info is None or exported is None:
            return None
        dynamic = info.get("cmdletOutput")
        if not isinstance(dynamic, Instance):
            raise BadDocument("PS_ScheduledTask.GetInfoByName: expected an instance as cmdletOutput")
        return Task(
            item.text("TaskPath"),
            item.text("TaskName"),
            _state(item),
            dynamic.number("LastTaskResult"),
            exported.text("cmdletOutput"),
            item.reference,
        )


def same_definition(found: str, wanted: str) -> bool:
    """Whether a definition, as Windows gives it back, holds all of the one that was registered.

    Windows adds what was left to its defaults, so more than that is no difference.

    Raises:
        BadDocument: one of them is no XML.
    """
    return _holds(xml.parse(found, "the task's definition"), xml.parse(wanted, "the definition wanted"))


def _holds(found: Element, wanted: Element) -> bool:
    if found.tag != wanted.tag or not wanted.attrib.items() <= found.attrib.items():
        return False
    children = list(wanted)
    if not children:
        return (found.text or "").strip() == (wanted.text or "").strip()
    return all(any(_holds(there, child) for there in found) for child in children)


def register_task(node: Node, path: str, name: str, definition: str) -> None:
    """Register a task, or give it a new definition; instances that run go on.

    Args:
        node: where.
        path: its folder, made where it does not exist.
        name: its name.
        definition: XML (Task Scheduler schema). It names the account; no password is passed.

    Raises:
        StandbyError: Windows refused.
    """
    with about(node, _resource(path, name), "Check the rights of the account on the Task Scheduler"):
        _call(node, "RegisterByXml", path, name, Force=True, Xml=definition)


def set_task_enabled(node: Node, path: str, name: str, enabled: bool) -> None:
    """Enable or disable a task; instances that run go on.

    Raises:
        StandbyError: no such task, or Windows refused.
    """
    with about(node, _resource(path, name)):
        _required(node, "EnableByName" if enabled else "DisableByName", path, name)


def start_task(node: Node, path: str, name: str) -> None:
    """Run a task now; what a running instance means for that is up to its definition.

    Raises:
        StandbyError: no such task, it is disabled, or Windows refused.
    """
    with about(node, _resource(path, name), "Look at the history of the task in the Task Scheduler"):
        _required(node, "StartByPath", path, name)


def stop_task(node: Node, path: str, name: str) -> bool:
    """End the running instances of a task; False where there was nothing to end.

    Raises:
        StandbyError: Windows refused.
    """
    with about(node, _resource(path, name)):
        try:
            return _unless_absent(node, "StopByPath", path, name) is not None
        except MethodError as failure:
            if failure.code == _NOTHING_RAN:
                return False
            raise


def delete_task(node: Node, path: str, name: str) -> bool:
    """Unregister a task; False where there is none of that name. Stop it first: instances that run go on.

    Raises:
        StandbyError: Windows refused.
    """
    with about(node, _resource(path, name)):
        item = _find(node, path, name)
        if item is None:
            return False
        if item.reference is None:
            raise BadDocument("MSFT_ScheduledTask came without an endpoint reference")
        try:
            return node.cim.delete(item.reference)
        except CimError as failure:
            if _is_absence(failure):
                return False
            raise


def _find(node: Node, path: str, name: str) -> Instance | None:
    """The instance; asked for by its name alone, since a folder's backslashes are escaped in WQL."""
    query = f"SELECT * FROM MSFT_ScheduledTask WHERE TaskName='{_wql(name)}'"  # noqa: S608 - escaped WQL
    try:
        found = node.cim.enumerate(SCHEDULED_TASK, query=query)
    except CimError as failure:
        if _is_absence(failure):
            return None
        raise
    wanted = (path.casefold(), name.casefold())
    matching = (item for item in found if _key(item) == wanted)
    return next(matching, None)


def _key(item: Instance) -> tuple[str, str]:
    return item.text("TaskPath").casefold(), item.text("TaskName").casefold()


def _state(item: Instance) -> TaskState:
    number = item.number("State")
    return TaskState(number) if number in TaskState.__members__.values() else TaskState.UNKNOWN


def _required(node: Node, method: str, path: str, name: str) -> None:
    if _unless_absent(node, method, path, name) is None:
        raise StandbyError("no such task", remedy="Register it first")


def _unless_absent(node: Node, method: str, path: str, name: str) -> Instance | None:
    """Call a method; None where it answers that there is no such task."""
    try:
        return _call(node, method, path, name)
    except CimError as failure:
        if _is_absence(failure):
            return None
        raise


def _call(node: Node, method: str, path: str, name: str, **more: Value) -> Instance:
    arguments: dict[str, Value] = {"TaskPath": path, "TaskName": name}
    return node.cim.invoke(PS_SCHEDULED_TASK, method, arguments | more, codes=_CODES)


def _is_absence(failure: CimError) -> bool:
    """A missing task may be told as a return value or as an error; which of them is not documented."""
    if isinstance(failure, MethodError):
        return failure.code in _ABSENT
    return failure.cim_status == _CIM_NOT_FOUND or failure.provider_code in _ABSENT


def _wql(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _resource(path: str, name: str) -> str:
    return f"task {path}{name}"
