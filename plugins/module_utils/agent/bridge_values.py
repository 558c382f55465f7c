# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM values as they stand on the lines of the bridge.

A scalar is one text, ``type=content``: JSON carries texts alone without loss, and ConvertFrom-Json of
PowerShell 7 makes a date of every text that looks like one. What goes to Windows has no type but for times
(``=content``): the class declares it. All else is an object with ``kind`` and ``value``; null is null.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import BadDocument, StandbyError
from ..node import Instance, Reference, Scalar, Value

JSON = dict[str, Any]

_LOWEST, _HIGHEST = -(2**63), 2**64 - 1
# An interval is counted in ticks of 100 ns, a signed 64-bit number (TimeSpan.Ticks).
_TICKS = 10
_LONGEST = 2**63 - 1
# Added by Invoke-CimMethod to the out-parameters.
_NOT_OUTPUT = "PSComputerName"


# --- to the line


def encode(value: Value, what: str) -> Any:
    """A value as the script takes it.

    Args:
        value: the value.
        what: its property or parameter, for messages.

    Raises:
        StandbyError: a value that CIM cannot carry.
    """
    if isinstance(value, list):
        return {"kind": "array", "value": [_encode_one(one, what) for one in value]}
    return _encode_one(value, what)


def pairs(values: Mapping[str, Value], owner: str, *, nulls: bool) -> list[list[Any]]:
    """Properties or parameters, in the order given.

    Args:
        values: name -> value.
        owner: class or method, for messages.
        nulls: keep null; otherwise leave it out, which is a parameter that is not given.
    """
    return [
        [name, encode(value, f"{owner}.{name}")]
        for name, value in values.items()
        if nulls or value is not None
    ]


def encode_reference(reference: Reference) -> JSON:
    """Namespace, class and keys of an instance, as ``decode_reference`` read them."""
    namespace, name = place_of(reference)
    return {"namespace": namespace, "class": name, "keys": keys_of(reference)}


def place_of(reference: Reference) -> tuple[str, str]:
    """Namespace and class of a reference that came over the bridge.

    Raises:
        StandbyError: it came another way.
    """
    namespace, colon, name = reference.resource_uri.rpartition(":")
    if not colon or "/" in name:
        raise StandbyError(f"{reference.resource_uri} is no reference of the bridge")
    return namespace, name


def keys_of(reference: Reference) -> list[list[Any]]:
    """The keys, each with its CIM type."""
    return [[name, _encode_key(value)] for name, value in reference.selectors]


def _encode_key(value: str | Reference) -> Any:
    return value if isinstance(value, str) else {"kind": "reference", "value": encode_reference(value)}


def _encode_one(value: Scalar, what: str) -> Any:
    if value is None:
        return None
    if isinstance(value, Reference):
        return {"kind": "reference", "value": encode_reference(value)}
    if isinstance(value, Instance):
        inside = pairs(value.properties, value.class_name, nulls=False)
        return {"kind": "instance", "value": {"class": value.class_name, "properties": inside}}
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f"datetime={aware.astimezone(UTC).isoformat().replace('+00:00', 'Z')}"
    if isinstance(value, timedelta):
        return f"interval={_ticks(value, what)}"
    return f"={_content(value, what)}"


def _ticks(value: timedelta, what: str) -> int:
    ticks = value // timedelta(microseconds=1) * _TICKS
    if not 0 <= ticks <= _LONGEST:
        raise StandbyError(f"{what}: {value} is no CIM interval")
    return ticks


def _content(value: bool | int | float | str, what: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not _LOWEST <= value <= _HIGHEST:
            raise StandbyError(f"{what}: {value} does not fit into 64 bits")
        return str(value)
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, str):
        return value
    raise StandbyError(f"{what}: a {type(value).__name__} is no CIM value")


def _real(value: float) -> str:
    """As .NET reads it (NumberFormatInfo of the invariant culture)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


# --- from the line


def decode(value: Any) -> Value:
    """A value as the script wrote it.

    Raises:
        BadDocument: it is none.
    """
    if isinstance(value, dict) and value.get("kind") == "array":
        return [_decode_one(one) for one in member(value, "value", list)]
    return _decode_one(value)


def decode_instance(document: Any) -> Instance:
    """An instance; one that holds no keys, or of whose keys one is null, has no reference."""
    properties = member(document, "properties", dict)
    return Instance(
        member(document, "class", str),
        {str(name): decode(value) for name, value in properties.items()},
        _own_reference(member(document, "reference", dict)),
    )


def decode_reference(document: Any) -> Reference:
    """The reference of an instance.

    Raises:
        BadDocument: a key is missing, so that it cannot be found again.
    """
    found = _own_reference(document)
    if found is None:
        raise BadDocument("answer of the bridge: expected the keys of an instance, found none")
    return found


def decode_output(document: Any, method: str) -> Instance:
    """The out-parameters of a method, ReturnValue among them."""
    values = {str(name): decode(value) for name, value in document.items() if name != _NOT_OUTPUT}
    return Instance(f"{method}_OUTPUT", values)


def member(document: Any, name: str, kind: type) -> Any:
    """A member of a JSON object.

    Raises:
        BadDocument: it is not there, or of another kind.
    """
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, kind):
        raise BadDocument(
            f"answer of the bridge: {name}: expected {kind.__name__}, found {type(found).__name__}"
        )
    return found


def _own_reference(document: Any) -> Reference | None:
    keys = member(document, "keys", list)
    namespace = document.get("namespace")  # none of an embedded instance
    if not namespace or not keys or any(not isinstance(key, list) or key[1:] in ([], [None]) for key in keys):
        return None
    place = f"{namespace}:{member(document, 'class', str)}"
    return Reference(place, tuple((str(name), _decode_key(value)) for name, value in keys))


def _decode_key(value: Any) -> str | Reference:
    return value if isinstance(value, str) else decode_reference(member(value, "value", dict))


def _decode_one(value: Any) -> Scalar:
    if value is None:
        return None
    if isinstance(value, str):
        return _decode_scalar(value)
    kind = member(value, "kind", str)
    if kind not in ("reference", "instance"):
        raise BadDocument(f"answer of the bridge: kind: expected reference or instance, found {kind!r}")
    inside = member(value, "value", dict)
    return decode_reference(inside) if kind == "reference" else decode_instance(inside)


def _decode_scalar(text: str) -> Scalar:
    kind, sign, content = text.partition("=")
    reader = _READERS.get(kind)
    if not sign or reader is None:
        raise BadDocument(f"answer of the bridge: expected a value with its type, found {text[:40]!r}")
    try:
        return reader(content)
    except (ValueError, OverflowError):
        raise BadDocument(f"answer of the bridge: {content[:40]!r} is no {kind}") from None


def _boolean(content: str) -> bool:
    if content not in ("true", "false"):
        raise ValueError(content)
    return content == "true"


def _text(content: str) -> str:
    return content


def _point(content: str) -> datetime:
    """The round-trip format of .NET: seven digits of a second, ``Z``."""
    whole, _dot, fraction = content.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}+00:00")


def _interval(content: str) -> timedelta:
    return timedelta(microseconds=int(content) // _TICKS)


_READERS: Mapping[str, Callable[[str], Scalar]] = {
    "boolean": _boolean,
    **{f"{sign}int{bits}": int for sign in "su" for bits in (8, 16, 32, 64)},
    "real32": float,
    "real64": float,
    "char16": _text,
    "string": _text,
    "datetime": _point,
    "interval": _interval,
}
