# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requests as text: pure functions of what is asked, with the message's number given by the caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import StandbyError
from ..node import Association, ClassPath, Reference, Value
from . import protocol, values, xml
from .protocol import class_of


@dataclass(frozen=True)
class Request:
    """One message, ready to be sent.

    Attributes:
        text: the envelope.
        message_id: ``uuid:...``; the answer must relate to it.
        operation: what it does, for messages: ``invoke MSFT_Disk.Online``.
        uri: resource URI it goes to.
    """

    text: str
    message_id: str
    operation: str
    uri: str


@dataclass(frozen=True)
class Frame:
    """What all the envelopes of one call share.

    Attributes:
        message_id: ``uuid:...``, used once.
        operation_timeout: seconds the node may take.
    """

    message_id: str
    operation_timeout: int


def build(
    frame: Frame,
    operation: str,
    action: str,
    uri: str,
    body: str = "",
    *,
    selectors: Iterable[tuple[str, str | Reference]] = (),
    options: Mapping[str, str] | None = None,
) -> Request:
    """An envelope with the headers of DSP0226 5.4 and [MS-WSMV] 2.2.3.

    ``To`` may name any host (Windows looks at its path alone), so that a node can be reached by any of its
    names.
    """
    given = "".join(
        f"<w:Option Name={xml.attribute(name, 'an option')}>{xml.text(value, name)}</w:Option>"
        for name, value in (options or {}).items()
    )
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {_NAMESPACES}><s:Header>'
        f"<a:To>http://windows-host:5985/wsman</a:To>"
        f'<a:ReplyTo><a:Address s:mustUnderstand="true">{protocol.ANONYMOUS}</a:Address></a:ReplyTo>'
        f"<a:MessageID>{frame.message_id}</a:MessageID>"
        f'<w:ResourceURI s:mustUnderstand="true">{xml.text(uri, "a resource URI")}</w:ResourceURI>'
        f'<a:Action s:mustUnderstand="true">{xml.text(action, "an action")}</a:Action>'
        f'<w:MaxEnvelopeSize s:mustUnderstand="true">{protocol.MAX_ENVELOPE_SIZE}</w:MaxEnvelopeSize>'
        f"<w:OperationTimeout>PT{frame.operation_timeout}.000S</w:OperationTimeout>"
        # A node without this language may answer in its own: mustUnderstand would make it refuse instead.
        f'<w:Locale xml:lang="en-US" s:mustUnderstand="false"/>'
        f'<m:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'
        f"{f'<w:OptionSet>{given}</w:OptionSet>' if given else ''}"
        f"{values.selectors(selectors)}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    return Request(text, frame.message_id, operation, uri)


_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("s", protocol.SOAP), ("a", protocol.ADDRESSING), ("w", protocol.WSMAN), ("m", protocol.MICROSOFT),
        ("xsi", protocol.SCHEMA_INSTANCE), ("cim", protocol.COMMON),
    )
)  # fmt: skip


def enumerate_(
    frame: Frame,
    target: ClassPath,
    *,
    where: Mapping[str, str] | None = None,
    query: str | None = None,
    associated: Association | None = None,
) -> Request:
    """Enumerate, optimized, with objects and their references (DSP0226 8.2.3 and 8.7).

    Queries and associations go to the whole namespace (DSP0227 6.2), so ``target.name`` does not count for
    them.

    Raises:
        StandbyError: more than one filter.
    """
    given = [one for one in (where, query, associated) if one is not None]
    if len(given) > 1:
        raise StandbyError(f"enumerate {target.name} takes one of where, query and associated")
    whole = query is not None or associated is not None
    uri = protocol.resource_uri(target.namespace, "*" if whole else xml.name(target.name))
    body = (
        f'<n:Enumerate xmlns:n="{protocol.ENUMERATION}"><w:OptimizeEnumeration/>'
        f"<w:MaxElements>{protocol.MAX_ELEMENTS}</w:MaxElements>"
        "<w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>"
        f"{_filter(where, query, associated)}</n:Enumerate>"
    )
    return build(frame, f"enumerate {target.name}", protocol.ENUMERATE, uri, body)


def pull(frame: Frame, first: Request, context: str) -> Request:
    """The next items of an enumeration that ``first`` began (DSP0226 8.4)."""
    body = (
        f'<n:Pull xmlns:n="{protocol.ENUMERATION}">'
        f"<n:EnumerationContext>{xml.text(context, 'an enumeration context')}</n:EnumerationContext>"
        f"<n:MaxElements>{protocol.MAX_ELEMENTS}</n:MaxElements></n:Pull>"
    )
    return build(frame, first.operation, protocol.PULL, first.uri, body)


def get(frame: Frame, reference: Reference) -> Request:
    """WS-Transfer Get."""
    uri = reference.resource_uri
    return build(frame, f"get {class_of(uri)}", protocol.GET, uri, selectors=reference.selectors)


def create(frame: Frame, target: ClassPath, properties: Mapping[str, Value]) -> Request:
    """WS-Transfer Create; null properties are left to the provider's defaults."""
    uri = protocol.resource_uri(target.namespace, xml.name(target.name))
    body = _instance(uri, properties, nulls=False)
    return build(frame, f"create {target.name}", protocol.CREATE, uri, body)


def modify(frame: Frame, reference: Reference, properties: Mapping[str, Value]) -> Request:
    """WS-Transfer Put with the properties given and no others; null is written as null."""
    uri = reference.resource_uri
    body = _instance(uri, properties, nulls=True)
    return build(frame, f"modify {class_of(uri)}", protocol.PUT, uri, body, selectors=reference.selectors)


def delete(frame: Frame, reference: Reference) -> Request:
    """WS-Transfer Delete."""
    uri = reference.resource_uri
    return build(frame, f"delete {class_of(uri)}", protocol.DELETE, uri, selectors=reference.selectors)


def invoke(
    frame: Frame, target: Reference | ClassPath, method: str, arguments: Mapping[str, Value]
) -> Request:
    """A method (DSP0227 10); a static one carries no selectors. Arguments that are None are not given."""
    if isinstance(target, ClassPath):
        target = Reference(protocol.resource_uri(target.namespace, xml.name(target.name)))
    uri = target.resource_uri
    inside = values.properties(uri, arguments, nulls=False)
    bound = f"xmlns:p={xml.attribute(uri, 'a resource URI')}"
    return build(
        frame,
        f"invoke {class_of(uri)}.{xml.name(method)}",
        f"{uri}/{method}",
        uri,
        f"<p:{method}_INPUT {bound}>{inside}</p:{method}_INPUT>",
        selectors=target.selectors,
    )


def _instance(uri: str, properties: Mapping[str, Value], *, nulls: bool) -> str:
    name = xml.name(class_of(uri))
    bound = f"xmlns:p={xml.attribute(uri, 'a resource URI')}"
    inside = values.properties(uri, properties, nulls=nulls)
    return f'<p:{name} {bound} xsi:type="p:{name}_Type">{inside}</p:{name}>'


def _filter(where: Mapping[str, str] | None, query: str | None, associated: Association | None) -> str:
    if query is not None:
        return f'<w:Filter Dialect="{protocol.WQL}">{xml.text(query, "a WQL query")}</w:Filter>'
    if where is not None:
        return f'<w:Filter Dialect="{protocol.SELECTOR_FILTER}">{values.selectors(where.items())}</w:Filter>'
    if associated is None:
        return ""
    inside = f"<b:Object>{values.reference(associated.source)}</b:Object>"
    if associated.association_class:
        inside += f"<b:AssociationClassName>{xml.name(associated.association_class)}</b:AssociationClassName>"
    if associated.result_class:
        inside += f"<b:ResultClassName>{xml.name(associated.result_class)}</b:ResultClassName>"
    return (
        f'<w:Filter Dialect="{protocol.ASSOCIATION_FILTER}">'
        f'<b:AssociatedInstances xmlns:b="{protocol.BINDING}">{inside}</b:AssociatedInstances></w:Filter>'
    )
