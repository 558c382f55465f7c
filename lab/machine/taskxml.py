# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task definitions: the XML of [MS-TSCH] 2.5, read strictly.

Three kinds of refusal: what the schema does not know is what Windows answers to it (the codes of "Task
Scheduler Error and Success Constants"); what it knows and the lab does not do is UnknownToLab; a value out of
its range is the code for an invalid value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from lab.machine.taskschema import ATTRIBUTES, KNOWN, LEGAL, MUST_BE_OFF, POLICIES

T = TypeVar("T")
D = TypeVar("D")

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"

UNEXPECTED_NODE, WRONG_NAMESPACE, INVALID_VALUE = 0x80041316, 0x80041317, 0x80041318
MISSING_NODE, MALFORMED = 0x80041319, 0x8004131A
_TEXTS = {
    UNEXPECTED_NODE: "The task XML contains an unexpected node.",
    WRONG_NAMESPACE: "The task XML contains an element or attribute from an unexpected namespace.",
    INVALID_VALUE: "The task XML contains a value which is incorrectly formatted or out of range.",
    MISSING_NODE: "The task XML is missing a required element or attribute.",
    MALFORMED: "The task XML is malformed.",
}

_MINUTE = 60.0
_LONGEST = 31 * 86400.0
_DEFAULT_TIME_LIMIT = 72 * 3600.0  # settingsType: PT72H where nothing is said
_DURATION = re.compile(
    r"P(?!$)(?:(?P<days>\d+)D)?(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


class BadTask(ValueError):
    """Windows would refuse the definition.

    Attributes:
        code: HRESULT.
    """

    def __init__(self, code: int, about: str) -> None:
        super().__init__(f"{_TEXTS[code]} {about}")
        self.code = code


class UnknownToLab(ValueError):
    """Windows may well take the definition, the lab does not know what to do with it."""


@dataclass(frozen=True)
class Repetition:
    """Seconds; ``duration`` None repeats for ever."""

    interval: float
    duration: float | None = None


@dataclass(frozen=True)
class Trigger:
    """What starts a task.

    Attributes:
        kind: the element's name.
        delay: seconds after it fired.
        start: StartBoundary, seconds since the epoch.
        days: of a CalendarTrigger by day.
        event: of an EventTrigger: channel, provider or "" for any, event id.
        subscription: its text.
    """

    kind: str
    enabled: bool = True
    delay: float = 0.0
    start: float | None = None
    repetition: Repetition | None = None
    days: int | None = None
    event: tuple[str, str, int] | None = None
    subscription: str = ""


@dataclass(frozen=True)
class Exec:
    """An action; the command may name environment variables."""

    command: str
    arguments: str = ""
    directory: str = ""


@dataclass(frozen=True)
class Definition:
    """A task.

    Attributes:
        info: of RegistrationInfo, by element name.
        restart: seconds between attempts and how many.
        time_limit: seconds, None for none (``PT0S``).
        settings: texts of the elements of Settings without children of their own.
        principal: texts of the elements of Principal.
    """

    triggers: tuple[Trigger, ...]
    actions: tuple[Exec, ...]
    info: dict[str, str]
    settings: dict[str, str]
    principal: dict[str, str]
    enabled: bool = True
    policy: str = "IgnoreNew"
    restart: tuple[float, int] | None = None
    time_limit: float | None = _DEFAULT_TIME_LIMIT


def parse_task(text: str) -> Definition:
    """Read a definition.

    Raises:
        BadTask: it is against the schema.
        UnknownToLab: it is legal, and the lab does not do it.
    """
    task = _root(text)
    _check(task)
    actions = _child(task, "Actions")
    if actions is None or not len(actions):
        raise BadTask(MISSING_NODE, "Actions")
    triggers = _child(task, "Triggers")
    info, principals = _child(task, "RegistrationInfo"), _child(task, "Principals")
    principal = None if principals is None else _child(principals, "Principal")
    settings = _child(task, "Settings")
    return Definition(
        tuple(_trigger(element) for element in ([] if triggers is None else triggers)),
        tuple(_action(element) for element in actions),
        _texts(info),
        _texts(settings),
        _texts(principal),
        **_settings(settings),
    )


def _root(text: str) -> Element:
    # The text came as a string; what its declaration says of an encoding is about a file.
    plain = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"))
    if "<!DOCTYPE" in plain:
        raise BadTask(MALFORMED, "(1,1)::DOCTYPE")
    try:
        task = ElementTree.fromstring(plain)  # noqa: S314 - no document type, so no entities
    except ElementTree.ParseError as error:
        raise BadTask(MALFORMED, f"({error.position[0]},{error.position[1]})::ERROR") from error
    if task.tag != f"{{{NAMESPACE}}}Task":
        raise BadTask(WRONG_NAMESPACE, f"(1,1):{task.tag}:")
    return task


def _check(element: Element) -> None:
    """Refuse every element and attribute that is not known at its place, and one that stands twice."""
    parent = _name(element)
    if unknown := set(element.attrib) - set(ATTRIBUTES.get(parent, ())):
        raise BadTask(UNEXPECTED_NODE, f"{parent}/@{', '.join(sorted(unknown))}")
    seen: set[str] = set()
    for child in element:
        if not child.tag.startswith(f"{{{NAMESPACE}}}"):
            raise BadTask(WRONG_NAMESPACE, child.tag)
        name = _name(child)
        if name in LEGAL.get(parent, ()):
            raise UnknownToLab(f"the element {name} of {parent} in a task")
        if name not in KNOWN.get(parent, ()) or (name in seen and parent not in ("Triggers", "Actions")):
            raise BadTask(UNEXPECTED_NODE, f"{parent}/{name}")
        seen.add(name)
        _check(child)


def _trigger(element: Element) -> Trigger:
    kind = _name(element)
    if kind in ("TimeTrigger", "CalendarTrigger") and _child(element, "StartBoundary") is None:
        raise BadTask(MISSING_NODE, f"{kind}/StartBoundary")
    subscription = _text(element, "Subscription", "")
    if kind == "EventTrigger" and not subscription:
        raise BadTask(MISSING_NODE, "EventTrigger/Subscription")
    return Trigger(
        kind,
        _boolean(element, "Enabled", True),
        _value(element, "Delay", 0.0, duration),
        _value(element, "StartBoundary", None, _moment),
        _repetition(_child(element, "Repetition")),
        _days(element) if kind == "CalendarTrigger" else None,
        _event(subscription) if kind == "EventTrigger" else None,
        subscription,
    )


def _days(element: Element) -> int:
    schedule = _child(element, "ScheduleByDay")
    if schedule is None:
        raise BadTask(MISSING_NODE, "CalendarTrigger/ScheduleByDay")
    return _value(schedule, "DaysInterval", 1, lambda text: _integer(text, 1, 365))


def _repetition(element: Element | None) -> Repetition | None:
    if element is None:
        return None
    interval = _value(element, "Interval", None, lambda text: _bounded(text, _MINUTE, _LONGEST))
    if interval is None:
        raise BadTask(MISSING_NODE, "Repetition/Interval")
    if _boolean(element, "StopAtDurationEnd", False):
        raise UnknownToLab("StopAtDurationEnd of a repetition")
    length = _value(element, "Duration", None, lambda text: _bounded(text, _MINUTE, float("inf")))
    return Repetition(interval, length)


# The one shape of event query that the lab answers: one channel, one id, of one provider or of any.
_SELECT = re.compile(
    r"\*\[System\[(?:Provider\[@Name='(?P<provider>[^']+)'\] and )?\(?EventID=(?P<id>\d+)\)?\]\]"
)


def _event(subscription: str) -> tuple[str, str, int]:
    try:
        query = ElementTree.fromstring(subscription)  # noqa: S314 - inside a document without a type
    except ElementTree.ParseError as error:
        raise BadTask(INVALID_VALUE, f"Subscription: {error}") from error
    selects = list(query.iter("Select"))
    match = _SELECT.fullmatch((selects[0].text or "").strip().replace('"', "'")) if selects else None
    if query.tag != "QueryList" or len(selects) != 1 or match is None:
        raise UnknownToLab(f"the event query {subscription}")
    return selects[0].get("Path", ""), match["provider"] or "", int(match["id"])


def _action(element: Element) -> Exec:
    command = _text(element, "Command", "")
    if not command:
        raise BadTask(MISSING_NODE, "Exec/Command")
    return Exec(command, _text(element, "Arguments", ""), _text(element, "WorkingDirectory", ""))


def _settings(settings: Element | None) -> dict[str, Any]:
    if settings is None:
        return {}
    for name in MUST_BE_OFF:
        if _boolean(settings, name, False):
            raise UnknownToLab(f"{name} of a task")
    if not _boolean(settings, "AllowStartOnDemand", True):
        raise UnknownToLab("AllowStartOnDemand false of a task")
    policy = _text(settings, "MultipleInstancesPolicy", "IgnoreNew")
    if policy not in POLICIES:
        raise BadTask(INVALID_VALUE, f"MultipleInstancesPolicy:{policy}")
    if policy == "Queue":
        raise UnknownToLab("MultipleInstancesPolicy Queue")
    limit = _value(settings, "ExecutionTimeLimit", _DEFAULT_TIME_LIMIT, duration)
    return {
        "enabled": _boolean(settings, "Enabled", True),
        "policy": policy,
        "restart": _restart(_child(settings, "RestartOnFailure")),
        "time_limit": limit or None,
    }


def _restart(element: Element | None) -> tuple[float, int] | None:
    if element is None:
        return None
    interval = _value(element, "Interval", None, lambda text: _bounded(text, _MINUTE, _LONGEST))
    count = _value(element, "Count", None, lambda text: _integer(text, 1, 255))
    if interval is None or count is None:
        raise BadTask(MISSING_NODE, "RestartOnFailure")
    return interval, count


# Values


def duration(text: str) -> float:
    """Seconds of an ``xs:duration`` without years and months.

    Raises:
        BadTask: it is none.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadTask(INVALID_VALUE, text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.group(1, 2, 3, 4))
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _bounded(text: str, least: float, most: float) -> float:
    seconds = duration(text)
    if not least <= seconds <= most:
        raise BadTask(INVALID_VALUE, text)
    return seconds


def _integer(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadTask(INVALID_VALUE, text)
    return int(text)


def _moment(text: str) -> float:
    """A time without a zone is local time, and a lab node keeps UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadTask(INVALID_VALUE, text) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _boolean(element: Element, name: str, default: bool) -> bool:
    text = _text(element, name, "true" if default else "false")
    if text not in ("true", "false", "1", "0"):
        raise BadTask(INVALID_VALUE, f"{name}:{text}")
    return text in ("true", "1")


def _value(element: Element, name: str, default: D, read: Callable[[str], T]) -> T | D:
    child = _child(element, name)
    return default if child is None else read((child.text or "").strip())


def _text(element: Element, name: str, default: str) -> str:
    child = _child(element, name)
    return default if child is None else (child.text or "").strip()


def _texts(element: Element | None) -> dict[str, str]:
    leaves = [] if element is None else [child for child in element if not len(child)]
    return {_name(child): (child.text or "").strip() for child in leaves}


def _child(element: Element, name: str) -> Element | None:
    return element.find(f"{{{NAMESPACE}}}{name}")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
