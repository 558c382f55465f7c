# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM values to XML and back (DSP0230, and what Windows makes of it)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from ..errors import StandbyError
from ..node import Instance, Reference, Scalar, Value
from . import xml
from .protocol import ADDRESSING, ANONYMOUS, COMMON, SCHEMA_INSTANCE, WSMAN, class_of, local, tag

_NIL = tag(SCHEMA_INSTANCE, "nil")
_TYPE = tag(SCHEMA_INSTANCE, "type")
_DURATION = re.compile(
    r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?\Z"
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?\Z")
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1


# --- to XML


def properties(uri: str, values: Mapping[str, Value], *, nulls: bool, depth: int = 0) -> str:
    """The child elements for properties or parameters, in the order given.

    Args:
        uri: resource URI of the class; embedded classes are taken to lie in the same CIM namespace.
        values: name -> value. Arrays are repeated elements, so an empty array is nothing at all.
        nulls: write null as ``xsi:nil``; otherwise leave it out, which is a parameter that is not given.
        depth: how many instances these are embedded in; the caller binds ``prefix(depth)`` to ``uri``.

    Raises:
        StandbyError: a value that CIM or XML cannot carry.
    """
    parts: list[str] = []
    for name, value in values.items():
        element = f"{prefix(depth)}:{xml.name(name)}"
        for one in value if isinstance(value, list) else [value]:
            if one is None and not nulls and not isinstance(value, list):
                continue
            if isinstance(one, Instance):
                parts.append(_embedded(element, one, uri, depth + 1))
            else:
                parts.append(_element(element, one, f"{class_of(uri)}.{name}"))
    return "".join(parts)


def prefix(depth: int) -> str:
    """The namespace prefix of a class; an embedded one must not take that of the element which holds it."""
    return f"p{depth or ''}"


def reference(value: Reference) -> str:
    """What stands inside an ``a:EndpointReference`` (and inside a property of type reference)."""
    return (
        f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{xml.text(value.resource_uri, 'a resource URI')}</w:ResourceURI>"
        f"{selectors(value.selectors)}</a:ReferenceParameters>"
    )


def selectors(pairs: Iterable[tuple[str, str | Reference]]) -> str:
    """A ``w:SelectorSet`` (DSP0226 5.4.2.2), nothing where there are no selectors."""
    inside = "".join(
        f"<w:Selector Name={xml.attribute(name, 'a selector')}>{_selector(name, value)}</w:Selector>"
        for name, value in pairs
    )
    return f"<w:SelectorSet>{inside}</w:SelectorSet>" if inside else ""


def _selector(name: str, value: str | Reference) -> str:
    if isinstance(value, Reference):
        return f"<a:EndpointReference>{reference(value)}</a:EndpointReference>"
    return xml.text(value, f"selector {name}")


def _element(name: str, value: Scalar, what: str) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    return f"<{name}>{_content(value, what)}</{name}>"


def _embedded(name: str, value: Instance, uri: str, depth: int) -> str:
    own = f"{uri.rpartition('/')[0]}/{xml.name(value.class_name)}"
    bound = f"xmlns:{prefix(depth)}={xml.attribute(own, 'a resource URI')}"
    inside = properties(own, value.properties, nulls=True, depth=depth)
    return f'<{name} {bound} xsi:type="{prefix(depth)}:{value.class_name}_Type">{inside}</{name}>'


def _content(value: Scalar, what: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value, what)
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, datetime):
        return f"<cim:Datetime>{_point(value)}</cim:Datetime>"
    if isinstance(value, timedelta):
        return f"<cim:Interval>{duration(value, what)}</cim:Interval>"
    if isinstance(value, Reference):
        return reference(value)
    if isinstance(value, str):
        return xml.text(value, what)
    raise StandbyError(f"{what}: a {type(value).__name__} is no CIM value")


def _integer(value: int, what: str) -> str:
    if not _LOWEST <= value <= _HIGHEST:
        raise StandbyError(f"{what}: {value} does not fit into 64 bits")
    return str(value)


def _real(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value)


def _point(value: datetime) -> str:
    """A point in time in UTC; Windows reads a time without zone as UTC, and so do we."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def duration(value: timedelta, what: str = "an interval") -> str:
    """An xs:duration of days, hours, minutes and seconds.

    Raises:
        StandbyError: negative, which no CIM interval is.
    """
    if value < timedelta(0):
        raise StandbyError(f"{what}: a CIM interval cannot be negative")
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"P{value.days}DT{hours}H{minutes}M{seconds}{fraction}S"


# --- from XML


def instance(element: Element, own: Reference | None = None) -> Instance:
    """An instance, embedded instance or set of out-parameters.

    Args:
        element: the element whose children are the properties.
        own: its reference where the answer gave one; its class is then the instance's own.
    """
    found: dict[str, Value] = {}
    for child in element:
        name = local(child.tag)
        value = decode(child)
        earlier = found.get(name)
        if name not in found:
            found[name] = value
        elif isinstance(earlier, list):
            earlier.append(value)
        else:
            found[name] = [earlier, value]
    named = class_of(own.resource_uri) if own else "*"
    return Instance(_class(element) if named == "*" else named, found, own)


def decode(element: Element) -> Scalar:
    """The value of one property element; numbers and booleans stay text, since the wire has no types."""
    if element.get(_NIL) in ("true", "1"):
        return None
    if len(element) == 0 and not _declared(element):
        return element.text or ""
    if is_reference(element):
        return parse_reference(element)
    if len(element) == 1 and element[0].tag in _TIMES:
        return _time(element[0])
    return instance(element)


# Fragments of a WQL projection carry no namespaces, times included.
_TIMES = {space + name for space in (f"{{{COMMON}}}", "") for name in ("Datetime", "Interval", "Date")}


def is_reference(element: Element) -> bool:
    """True where the element holds an endpoint reference."""
    return _parameters(element) is not None


def parse_reference(element: Element) -> Reference:
    """The reference that an element holds; its selectors keep their order, and nested references."""
    parameters = _parameters(element)
    inside = parameters if parameters is not None else element
    uri = inside.findtext(tag(WSMAN, "ResourceURI"), "").strip()
    found = inside.findall(f"{tag(WSMAN, 'SelectorSet')}/{tag(WSMAN, 'Selector')}")
    return Reference(uri, tuple((one.get("Name", ""), _selected(one)) for one in found))


def _parameters(element: Element) -> Element | None:
    name = tag(ADDRESSING, "ReferenceParameters")
    found = element.find(name)
    return found if found is not None else element.find(f"{tag(ADDRESSING, 'EndpointReference')}/{name}")


def _selected(selector: Element) -> str | Reference:
    return parse_reference(selector) if is_reference(selector) else selector.text or ""


def _class(element: Element) -> str:
    """The class of an element without reference: its type where it says one, else its namespace or name."""
    if declared := _declared(element):
        return declared
    inside = next((child.tag for child in element if child.tag.startswith("{")), "")
    return class_of(inside[1:].partition("}")[0]) if inside else local(element.tag)


def _declared(element: Element) -> str:
    """The class that ``xsi:type`` names; simple types such as ``cim:cimString`` are none."""
    name = element.get(_TYPE, "").rpartition(":")[2]
    return name.removesuffix("_Type") if name.endswith("_Type") else ""


def _time(element: Element) -> Scalar:
    """A point in time or interval; kept as text where Python has no such value.

    One odd date in a property that nobody reads must not hide all the instances beside it.
    """
    written = (element.text or "").strip()
    try:
        return _read_duration(written) if local(element.tag) == "Interval" else _read_point(written)
    except (ValueError, OverflowError):
        return written


def _read_point(written: str) -> Scalar:
    found = _TIME.match(written)
    if not found:
        return written
    seconds, fraction, zone = found.groups()
    moment = datetime.fromisoformat(f"{seconds}.{(fraction or '0')[:6]:0<6}{zone or 'Z'}")
    return moment.astimezone(UTC)


def _read_duration(written: str) -> Scalar:
    found = _DURATION.match(written)
    if not found or written in ("P", "PT"):
        return written
    sign, years, months, days, hours, minutes, seconds, fraction = found.groups()
    if sign or int(years or 0) or int(months or 0):
        return written
    return timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int(f"{(fraction or '0')[:6]:0<6}"),
    )
