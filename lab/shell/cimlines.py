# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values on the lines of ``cim_bridge.ps1``: as the script reads them for a class, and as it writes them.

They go by CIM types, which are those that the .NET objects would have: an interval is at most
TimeSpan.MaxValue, an embedded instance lies in no namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.cim.base import not_emulated
from lab.cim.schema import CimClass, Embedded, Member, Ref
from lab.shell.cimcmdlets import Found, Key, member_of

Json = dict[str, Any]
FindClass = Callable[[str, str], CimClass]

# TimeSpan.MaxValue in ticks of 100 ns.
_LONGEST = 2**63 - 1
_WIDTHS = {
    f"{sign}int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "s" else (0, 2**bits - 1)
    for sign in "su"
    for bits in (8, 16, 32, 64)
}


class ScriptError(Exception):
    """What the script itself throws, or what .NET throws at a conversion."""


# --- from the line


def read_key(reference: Json) -> Key:
    """A client-only instance; its keys carry their types."""
    return Key(reference["namespace"], reference["class"], read_keys(reference["keys"]))


def read_keys(pairs: list[list[Any]]) -> dict[str, Any]:
    """Keys by name."""
    return {name: _scalar(value, "") for name, value in pairs}


def read_table(
    schema: CimClass, members: Iterable[Member], pairs: list[list[Any]], owner: str, find: FindClass
) -> dict[str, Any]:
    """Pairs of name and value -> values of the declared types.

    Args:
        schema: the class, in whose namespace embedded classes are looked up.
        members: properties or parameters.
        pairs: from the line.
        owner: class or method, for messages.
        find: Get-CimClass.

    Raises:
        ScriptError: no such member, or a value that .NET does not convert.
    """
    known = list(members)
    table: dict[str, Any] = {}
    for name, value in pairs:
        member = member_of(known, name)
        if member is None:
            raise ScriptError(f"{owner} has no member {name}")
        table[member.name] = _read(schema, member, value, find)
    return table


def _read(schema: CimClass, member: Member, value: Any, find: FindClass) -> Any:
    is_array = isinstance(value, dict) and value["kind"] == "array"
    if value is not None and is_array != member.array:
        raise ScriptError(f"{member.name} is {'an' if member.array else 'no'} array")
    if is_array:
        return [_read_one(schema, member, one, find) for one in value["value"]]
    return _read_one(schema, member, value, find)


def _read_one(schema: CimClass, member: Member, value: Any, find: FindClass) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        return _scalar(value, member.type)
    inside = value["value"]
    if value["kind"] == "reference":
        key = read_key(inside)
        return Ref(key.namespace, key.class_name, {name: _plain(one) for name, one in key.keys.items()})
    inner = find(schema.namespace, inside["class"])
    return Embedded(inner.name, read_table(inner, inner.members, inside["properties"], inner.name, find))


def _scalar(text: Any, declared: str) -> Any:
    """``type=text`` converted as System.Convert and the Parse methods of .NET do."""
    if not isinstance(text, str):
        raise not_emulated("keys that are references")
    kind, _sign, content = text.partition("=")
    try:
        return _convert(kind or declared, content)
    except (KeyError, ValueError, OverflowError) as error:
        raise ScriptError(f"{content[:40]!r} is no {kind or declared}: {error}") from error


def _convert(kind: str, content: str) -> Any:
    if kind in _WIDTHS:
        low, high = _WIDTHS[kind]
        if not low <= int(content) <= high:
            raise OverflowError("it is too large or too small")
        return int(content)
    if kind == "char16" and len(content) != 1:
        raise ValueError("it has to be one character")
    return _CONVERSIONS[kind](content)


def _moment(content: str) -> datetime:
    moment = datetime.fromisoformat(content)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _interval(content: str) -> timedelta:
    return timedelta(microseconds=int(content) // 10)


def _boolean(content: str) -> bool:
    return {"true": True, "false": False}[content.strip().lower()]


_CONVERSIONS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "real32": float,
    "real64": float,
    "char16": str,
    "string": str,
    "datetime": _moment,
    "interval": _interval,
}


# --- to the line


def write_items(found: Iterable[Found], find: FindClass) -> Json:
    """Instances as an answer."""
    return {"items": [write_instance(one.schema, one.values, find) for one in found]}


def write_instance(
    schema: CimClass, values: Mapping[str, Any], find: FindClass, *, embedded: bool = False
) -> Json:
    """One instance."""
    properties = {
        member.name: write_value(schema, member, values.get(member.name), find) for member in schema.members
    }
    reference = write_reference(schema, values, find, embedded=embedded)
    return {"class": schema.name, "properties": properties, "reference": reference}


def write_reference(
    schema: CimClass, values: Mapping[str, Any], find: FindClass, *, embedded: bool = False
) -> Json:
    """What names an instance."""
    keys = [
        [member.name, write_value(schema, member, values.get(member.name), find)] for member in schema.keys
    ]
    return {"namespace": None if embedded else schema.namespace, "class": schema.name, "keys": keys}


def write_value(schema: CimClass, member: Member, value: Any, find: FindClass) -> Any:
    """A value with its type."""
    if isinstance(value, list):
        return {"kind": "array", "value": [_one(schema, member, one, find) for one in value]}
    return _one(schema, member, value, find)


def _one(schema: CimClass, member: Member, value: Any, find: FindClass) -> Any:
    if value is None:
        return None
    if isinstance(value, Ref):
        return {"kind": "reference", "value": _reference_of(value, find)}
    if isinstance(value, Embedded):
        inner = find(schema.namespace, value.class_name)
        return {"kind": "instance", "value": write_instance(inner, value.values, find, embedded=True)}
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None)
        return f"datetime={moment.isoformat(timespec='microseconds')}0Z"
    if isinstance(value, timedelta):
        return f"interval={min(value // timedelta(microseconds=1) * 10, _LONGEST)}"
    return f"{member.type}={_plain(value)}"


def _reference_of(value: Ref, find: FindClass) -> Json:
    """A reference holds its keys as texts; the class says of which type they are."""
    schema = find(value.namespace, value.class_name)
    keys = [[member.name, f"{member.type}={value.keys[member.name]}"] for member in schema.keys]
    return {"namespace": schema.namespace, "class": schema.name, "keys": keys}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# --- failures


def write_thrown(message: str) -> Json:
    """An exception that is no CimException."""
    return _failure(message, "System.Management.Automation.RuntimeException", 0, 0, None, None)


def write_failure(status: int, message: str, message_id: str, error_code: int) -> Json:
    """A CimException: NativeErrorCode and CIMStatusCode have the same numbers (DSP0200)."""
    values = {
        "CIMStatusCode": f"uint32={status}",
        "Message": f"string={message}",
        "MessageID": f"string={message_id}",
        "error_Code": f"uint32={error_code}",
    }
    named: Json = {"namespace": None, "class": "MSFT_WmiError", "keys": []}
    data = {"class": "MSFT_WmiError", "properties": values, "reference": named}
    kind = "Microsoft.Management.Infrastructure.CimException"
    return _failure(message, kind, status, status, message_id, data)


def _failure(
    message: str, kind: str, native: int, status: int, message_id: str | None, data: Json | None
) -> Json:
    error = {
        "message": message,
        "type": kind,
        "native": native,
        "status": status,
        "id": message_id,
        "data": data,
    }
    return {"error": error}
