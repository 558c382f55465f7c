# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML to typed CIM values: the bodies of Put, Create and Invoke, and selectors.

Nothing is guessed: an unknown element, a value out of the range of its type or a missing ``xsi:type`` of an
embedded instance is refused. Element names are compared with case, namespaces (resource URIs) without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

from lab.cim.schema import CimClass, CimFailure, Embedded, Member, Ref
from lab.winrm import faults, names
from lab.winrm.envelope import local_name, parse_selectors, tag
from lab.winrm.faults import Fault, Kind
from lab.winrm.values import FindClass, class_uri

_INTEGER = re.compile(r"[+-]?\d+")
_REAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)?")
_INTERVAL = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?")
_WIDTHS = {
    f"{sign}int{width}": (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if sign == "s" else (0, 2**width - 1)
    for sign in ("s", "u")
    for width in (8, 16, 32, 64)
}


class BadValue(Exception):
    """A text that is no value of the type expected."""


def parse_scalar(type_name: str, text: str) -> Any:
    """A value of an elementary type: booleans, numbers, ``char16``, ``string``, ``datetime``, ``interval``.

    Raises:
        BadValue: the text is no value of that type, or is out of its range.
    """
    if type_name == "string":
        return text
    if type_name in _WIDTHS:
        return _integer(type_name, text.strip())
    parser = _PARSERS.get(type_name)
    if parser is None:
        raise BadValue(f"a value of type {type_name} cannot be written as text")
    return parser(text)


def _integer(type_name: str, text: str) -> int:
    low, high = _WIDTHS[type_name]
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise BadValue(f"'{text}' is no {type_name} ({low} to {high})")
    return int(text)


def _boolean(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if text.strip() not in known:
        raise BadValue(f"'{text}' is no boolean (true or false)")
    return known[text.strip()]


def _real(text: str) -> float:
    if not _REAL.fullmatch(text.strip()):
        raise BadValue(f"'{text}' is no number")
    return float(text)


def _char16(text: str) -> str:
    if len(text) > 1 or (text and ord(text) > 0xFFFF):
        raise BadValue(f"'{text}' is not one UTF-16 character")
    return text or "\0"


def _moment(text: str) -> datetime:
    text = text.strip()
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise BadValue(f"'{text}' is no date and time such as 2024-01-02T03:04:05Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadValue(f"'{text}' is no date and time: {error}") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _interval(text: str) -> timedelta:
    match = _INTERVAL.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise BadValue(f"'{text}' is no duration such as P0DT0H10M0S")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
    try:
        return timedelta(
            days,
            hours=hours,
            minutes=minutes,
            seconds=seconds,
            microseconds=int((match[5] or "").ljust(6, "0")[:6]),
        )
    except OverflowError as error:
        raise BadValue(f"'{text}' is too long a duration") from error


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "real32": _real,
    "real64": _real,
    "char16": _char16,
    "datetime": _moment,
    "interval": _interval,
}


@dataclass(frozen=True)
class Reader:
    """Reads the values of a request.

    Attributes:
        embedded: finds the schema of an embedded class by namespace and name; raises CimFailure for unknown
            ones.
        unknown: the fault for an element that is no member.
        wrong: the fault for a value that does not fit its type.
    """

    embedded: FindClass
    unknown: Kind = faults.INVALID_REPRESENTATION
    wrong: Kind = faults.INVALID_VALUES

    def members(self, schema: CimClass, members: Iterable[Member], parent: Element) -> dict[str, Any]:
        """The values inside an element, by member; only those that are there.

        Raises:
            Fault: an element that is no member, or a value that does not fit.
        """
        known = {member.name: member for member in members}
        values: dict[str, Any] = {}
        for child in parent:
            member = known.get(local_name(child))
            if member is None or not _belongs(child, schema):
                raise Fault(self.unknown, f"{schema.name} has no member '{local_name(child)}'.")
            self._add(values, member, self._value(schema, member, child))
        return values

    def _add(self, values: dict[str, Any], member: Member, value: Any) -> None:
        if not member.array:
            if member.name in values:
                raise Fault(self.wrong, f"{member.name} is given twice and is no array.")
            values[member.name] = value
        elif value is None:
            values[member.name] = None
        else:
            values[member.name] = [*(values.get(member.name) or []), value]

    def _value(self, schema: CimClass, member: Member, element: Element) -> Any:
        if element.get(tag(names.XSI, "nil")) in ("true", "1"):
            return None
        try:
            return self._content(schema, member, element)
        except BadValue as error:
            raise Fault(self.wrong, f"{member.name}: {error}.") from error

    def _content(self, schema: CimClass, member: Member, element: Element) -> Any:
        if member.type == "reference":
            return parse_reference(element)
        if member.type in ("datetime", "interval"):
            return parse_scalar(member.type, _time_text(element))
        if member.type == "string" or member.type in _WIDTHS or member.type in _PARSERS:
            if len(element):
                raise BadValue(f"holds elements but is of type {member.type}")
            return parse_scalar(member.type, element.text or "")
        return self._instance(schema, member, element)

    def _instance(self, schema: CimClass, member: Member, element: Element) -> Embedded:
        written = element.get(tag(names.XSI, "type"))
        if written is None:
            raise BadValue("an embedded instance needs xsi:type")
        namespace, _rest, type_name = written[1:].rpartition("}")
        class_name = type_name.removesuffix("_Type")
        try:
            inner = self.embedded(schema.namespace, class_name)
        except CimFailure as error:
            raise BadValue(f"class {class_name} is not known") from error
        if namespace.casefold() != class_uri(inner).casefold() or not type_name.endswith("_Type"):
            raise BadValue(f"xsi:type {written} is not {class_uri(inner)} {inner.name}_Type")
        if member.type.casefold() not in {name.casefold() for name in (inner.name, *inner.superclasses)}:
            raise BadValue(f"class {inner.name} is no {member.type}")
        return Embedded(inner.name, self.members(inner, inner.members, element))


def _belongs(child: Element, schema: CimClass) -> bool:
    namespace = child.tag[1:].rpartition("}")[0] if child.tag.startswith("{") else ""
    return not namespace or namespace.casefold() == class_uri(schema).casefold()


def _time_text(element: Element) -> str:
    inner = next(iter(element), None)
    if inner is None:
        return element.text or ""
    if inner.tag not in (tag(names.CIM, "Datetime"), tag(names.CIM, "Interval")):
        raise BadValue(f"holds {local_name(inner)} where cim:Datetime or cim:Interval is expected")
    return inner.text or ""


def parse_reference(element: Element) -> Ref:
    """The endpoint reference inside an element, wrapped in ``a:EndpointReference`` or not.

    Raises:
        BadValue: no endpoint reference to a WMI class.
    """
    inner = element.find(tag(names.ADDRESSING, "EndpointReference"))
    content = element if inner is None else inner
    parameters = content.find(tag(names.ADDRESSING, "ReferenceParameters"))
    uri = parameters.findtext(tag(names.WSMAN, "ResourceURI")) if parameters is not None else None
    if parameters is None or uri is None:
        raise BadValue("is no endpoint reference with a ResourceURI")
    namespace, class_name = split_resource(uri.strip())
    keys: dict[str, str] = {}
    for selector in parse_selectors(parameters.find(tag(names.WSMAN, "SelectorSet"))):
        if not isinstance(selector.value, str):
            raise BadValue("is a reference whose selectors are references")
        if selector.name.casefold() != "__cimnamespace":
            keys[selector.name] = selector.value
    return Ref(namespace, class_name, keys)


def split_resource(uri: str) -> tuple[str, str]:
    """Namespace and class of a WMI resource URI.

    Raises:
        BadValue: any other URI.
    """
    prefix = f"{names.WMI_RESOURCE}/"
    namespace, _rest, class_name = uri[len(prefix) :].partition("?")[0].rpartition("/")
    if not uri.casefold().startswith(prefix) or not namespace or not class_name:
        raise BadValue(f"'{uri}' is no URI of a WMI class")
    return namespace, class_name
