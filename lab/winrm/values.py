# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM values and instances to XML, shaped as Windows shapes them.

The shape follows answers captured from Windows Server 2008 and 2012: properties in alphabetical order without
regard to case, null as ``xsi:nil``, arrays as repeated elements, empty and null arrays left out, dates in
``cim:Datetime`` with a fraction only where there is one. A projection (``SELECT a,b``) is a ``w:XmlFragment``
whose children, dates included, have no namespace. References follow DSP0227 and intervals [MS-WSMV] 2.2.4
(not captured).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lab.cim.schema import CimClass, Embedded, Member, Ref, Values
from lab.winrm import names

FindClass = Callable[[str, str], CimClass]


def class_uri(schema: CimClass) -> str:
    """Resource URI, and XML namespace, of a class."""
    return resource_uri(schema.namespace, schema.name)


def resource_uri(namespace: str, class_name: str) -> str:
    """Resource URI of a class by names."""
    return f"{names.WMI_RESOURCE}/{namespace}/{class_name}"


def format_datetime(moment: datetime) -> str:
    """``2013-04-15T16:28:39.5Z``; a moment without zone is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    text = aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"


def format_interval(duration: timedelta) -> str:
    """``P1DT2H3M4S``, with a fraction only where there is one."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
    return f"P{duration.days}DT{hours}H{minutes}M{seconds}{fraction}S"


def key_text(member: Member, value: Any) -> str:
    """A key's value as selector text: what :meth:`Writer.value` writes for scalars, unescaped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_datetime(value)
    if isinstance(value, timedelta):
        return format_interval(value)
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(
        f"key {member.name} has a value of type {type(value).__name__}, which no selector can hold"
    )


@dataclass(frozen=True)
class Writer:
    """Writes instances and method answers.

    Attributes:
        embedded: finds the schema of a class that occurs embedded, by namespace and name.
    """

    embedded: FindClass

    def instance(self, schema: CimClass, values: Values) -> str:
        """One instance with all its properties."""
        return self._object(schema, schema.name, schema.members, values, f"{schema.name}_Type")

    def output(self, schema: CimClass, method: str, members: Iterable[Member], values: Values) -> str:
        """The ``_OUTPUT`` element of a method, empty where it has no members."""
        return self._object(schema, f"{method}_OUTPUT", members, values, f"{method}_OUTPUT_Type")

    def fragment(self, schema: CimClass, columns: Iterable[str], values: Values) -> str:
        """A projection to some columns; names as in the schema."""
        wanted = set(columns)
        members = [member for member in schema.members if member.name in wanted]
        inner = self._members(schema, members, values, "")
        return f'<w:XmlFragment xmlns:xsi="{names.XSI}" xmlns:w="{names.WSMAN}">{inner}</w:XmlFragment>'

    def _object(
        self, schema: CimClass, element: str, members: Iterable[Member], values: Values, type_name: str
    ) -> str:
        inner = self._members(schema, members, values, "p:")
        return (
            f'<p:{element} xmlns:xsi="{names.XSI}" xmlns:p={quoteattr(class_uri(schema))}'
            f' xmlns:cim="{names.CIM}" xsi:type="p:{type_name}">{inner}</p:{element}>'
        )

    def _members(self, schema: CimClass, members: Iterable[Member], values: Values, prefix: str) -> str:
        ordered = sorted(members, key=lambda member: member.name.casefold())
        return "".join(self._member(schema, member, values.get(member.name), prefix) for member in ordered)

    def _member(self, schema: CimClass, member: Member, value: Any, prefix: str) -> str:
        if not member.array:
            return self._element(schema, member, value, prefix)
        return "".join(self._element(schema, member, item, prefix) for item in value or ())

    def _element(self, schema: CimClass, member: Member, value: Any, prefix: str) -> str:
        name = f"{prefix}{member.name}"
        if value is None:
            return f'<{name} xsi:nil="true"/>'
        if isinstance(value, Embedded):
            inner_class = self.embedded(schema.namespace, value.class_name)
            inner = self._members(inner_class, inner_class.members, value.values, "e:")
            declared = f'xmlns:e={quoteattr(class_uri(inner_class))} xsi:type="e:{inner_class.name}_Type"'
            return f"<{name} {declared}>{inner}</{name}>"
        return f"<{name}>{self._content(member, value, 'cim:' if prefix else '')}</{name}>"

    def _content(self, member: Member, value: Any, cim: str) -> str:
        if isinstance(value, Ref):
            return reference_content(value)
        if isinstance(value, timedelta):
            return f"<{cim}Interval>{format_interval(value)}</{cim}Interval>"
        if isinstance(value, datetime):
            return f"<{cim}Datetime>{format_datetime(value)}</{cim}Datetime>"
        return escape(xml_text(member, value))


def xml_text(member: Member, value: Any) -> str:
    """A scalar as text.

    A char16 of NUL, which XML cannot carry, becomes the empty string (not confirmed on a real host).

    Raises:
        ValueError: the text holds a character that XML 1.0 does not allow.
    """
    text = key_text(member, value)
    if member.type == "char16":
        text = text.replace("\0", "")
    bad = next((letter for letter in text if ord(letter) < 32 and letter not in "\t\n\r"), None)
    if bad is not None:
        raise ValueError(f"property {member.name} holds U+{ord(bad):04X}, which XML 1.0 does not allow")
    return text


def reference_content(reference: Ref) -> str:
    """Inside of an endpoint reference: address, resource URI and selectors."""
    return _epr_content(
        resource_uri(reference.namespace, reference.class_name), reference.namespace, reference.keys
    )


def endpoint_reference(schema: CimClass, values: Mapping[str, Any]) -> str:
    """The ``a:EndpointReference`` of an instance, with the class's own URI."""
    keys = {member.name: _key(member, values.get(member.name)) for member in schema.keys}
    content = _epr_content(class_uri(schema), schema.namespace, keys)
    return f"<a:EndpointReference>{content}</a:EndpointReference>"


def resource_created(schema: CimClass, keys: Mapping[str, Any]) -> str:
    """The ``x:ResourceCreated`` answer of a Create."""
    written = {member.name: _key(member, keys.get(member.name)) for member in schema.keys}
    content = _epr_content(class_uri(schema), schema.namespace, written)
    return f"<x:ResourceCreated>{content}</x:ResourceCreated>"


def _key(member: Member, value: Any) -> str | Ref:
    return value if isinstance(value, Ref) else key_text(member, value)


def _epr_content(uri: str, namespace: str, keys: Mapping[str, str | Ref]) -> str:
    selectors = "".join(
        _selector(name, value) for name, value in {"__cimnamespace": namespace, **keys}.items()
    )
    return (
        f"<a:Address>{names.ANONYMOUS}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{escape(uri)}</w:ResourceURI>"
        f"<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"
    )


def _selector(name: str, value: str | Ref) -> str:
    if isinstance(value, Ref):
        inner = f"<a:EndpointReference>{reference_content(value)}</a:EndpointReference>"
    else:
        inner = escape(value)
    return f"<w:Selector Name={quoteattr(name)}>{inner}</w:Selector>"
