# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers as data: items, references, out-parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from ..errors import BadDocument
from ..node import Instance, Reference
from . import values, xml
from .envelope import Request
from .faults import fault
from .protocol import ADDRESSING, ENUMERATION, SOAP, TRANSFER, WSMAN, local, tag


@dataclass(frozen=True)
class Page:
    """Part of an enumeration.

    Attributes:
        items: what came with it, possibly nothing.
        context: what the next Pull must name, None at the end.
    """

    items: tuple[Instance, ...]
    context: str | None


def body(document: bytes, request: Request) -> Element:
    """The ``s:Body`` of an answer, once it is known to be one to this request.

    Raises:
        BadDocument: no SOAP envelope, or the answer to another message.
        AccessDenied, CimError: the answer is a fault.
    """
    name = f"answer to {request.operation}"
    envelope = xml.parse(document, name)
    found = envelope.find(tag(SOAP, "Body"))
    if envelope.tag != tag(SOAP, "Envelope") or found is None:
        raise BadDocument(f"{name}: expected a SOAP envelope with a body, found <{local(envelope.tag)}>")
    failure = found.find(tag(SOAP, "Fault"))
    _check_relation(envelope, request, name, failure is not None)
    if failure is not None:
        raise fault(failure, request.operation)
    return found


def _check_relation(envelope: Element, request: Request, name: str, is_fault: bool) -> None:
    """Refuse the answer to an earlier message, such as one that arrives late on a connection in use again."""
    relates = envelope.findtext(f"{tag(SOAP, 'Header')}/{tag(ADDRESSING, 'RelatesTo')}", "").strip()
    if not relates and is_fault:
        return  # a server that could not read the request cannot know its number
    if relates.lower() != request.message_id.lower():
        raise BadDocument(
            f"{name}: s:Header/a:RelatesTo: expected {request.message_id}, found {relates or 'nothing'}",
            remedy="Whether the call was carried out is unknown; read back before it is made again",
        )


def page(element: Element, operation: str, class_name: str) -> Page:
    """What an EnumerateResponse or PullResponse holds (DSP0226 8.2.3, 8.4).

    Args:
        element: the body.
        operation: what was asked, for messages.
        class_name: the class asked for, which fragments of a query do not name themselves.

    Raises:
        BadDocument: neither a context nor the end of the sequence.
    """
    response = _first(element)
    if response is None or local(response.tag) not in ("EnumerateResponse", "PullResponse"):
        raise BadDocument(f"answer to {operation}: s:Body: expected EnumerateResponse or PullResponse")
    groups = (group for group in response if local(group.tag) == "Items")
    items = tuple(_item(one, class_name) for group in groups for one in group)
    if any(local(one.tag) == "EndOfSequence" for one in response):
        return Page(items, None)
    context = response.findtext(tag(ENUMERATION, "EnumerationContext"), "")
    if not context:
        raise BadDocument(
            f"answer to {operation}: {local(response.tag)}: expected EnumerationContext or EndOfSequence"
        )
    return Page(items, context)


def _item(element: Element, class_name: str) -> Instance:
    """An item: object and reference in a ``w:Item``, or one of them bare."""
    if element.tag == tag(ADDRESSING, "EndpointReference"):
        return values.instance(Element("none"), values.parse_reference(element))
    if element.tag != tag(WSMAN, "Item"):
        return _object(element, None, class_name)
    reference = element.find(tag(ADDRESSING, "EndpointReference"))
    own = values.parse_reference(reference) if reference is not None else None
    return _object(next((one for one in element if one is not reference), Element("none")), own, class_name)


def _object(element: Element, own: Reference | None, class_name: str) -> Instance:
    found = values.instance(element, own)
    return replace(found, class_name=class_name) if found.class_name == "XmlFragment" else found


def instance(element: Element, reference: Reference, operation: str) -> Instance:
    """The instance that a Get brought.

    Raises:
        BadDocument: the body is empty.
    """
    found = _first(element)
    if found is None:
        raise BadDocument(f"answer to {operation}: s:Body: expected an instance, found nothing")
    return values.instance(found, reference)


def created(element: Element, operation: str) -> Reference:
    """The reference of a new instance (DSP0226 7.5).

    Raises:
        BadDocument: no ResourceCreated with a reference.
    """
    found = element.find(tag(TRANSFER, "ResourceCreated"))
    if found is None or not values.is_reference(found):
        raise BadDocument(f"answer to {operation}: s:Body: expected t:ResourceCreated with a reference")
    return values.parse_reference(found)


def output(element: Element, method: str) -> Instance:
    """The out-parameters of a method; a void method may answer with an empty body or ``_OUTPUT``."""
    found = _first(element)
    inside = values.instance(found).properties if found is not None else {}
    return Instance(f"{method}_OUTPUT", inside)


def _first(element: Element) -> Element | None:
    return next(iter(element), None)
