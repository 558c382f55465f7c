# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests from XML and answers to XML (DSP0226 5 to 7; [MS-WSMV] 2.2.4)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from xml.sax.saxutils import escape, quoteattr

from lab.winrm import faults, names
from lab.winrm.faults import Fault

_KNOWN_HEADERS = {
    names.ADDRESSING: {"To", "ReplyTo", "FaultTo", "From", "Action", "MessageID", "RelatesTo"},
    names.WSMAN: {"ResourceURI", "SelectorSet", "OptionSet", "MaxEnvelopeSize", "OperationTimeout", "Locale"},
    names.MS_WSMAN: {"DataLocale", "SessionId", "OperationID", "SequenceId", "ActivityId"},
}
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True)
class Selector:
    """A selector; its value is text, or the element of an endpoint reference."""

    name: str
    value: str | Element


@dataclass(frozen=True)
class Request:
    """A WS-Management request.

    Attributes:
        action: WS-Addressing action.
        resource: resource URI as sent, "" where there is none (Identify).
        message_id: as sent.
        selectors: in the order sent.
        options: name to text.
        max_envelope: bytes that the client accepts, None where it did not say.
        timeout: seconds of OperationTimeout, None where it did not say.
        body: the element inside ``s:Body``, None for an empty body.
        to: address the client named.
    """

    action: str
    resource: str
    message_id: str
    to: str = ""
    selectors: tuple[Selector, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    max_envelope: int | None = None
    timeout: float | None = None
    body: Element | None = None

    @property
    def is_identify(self) -> bool:
        """True for ``wsmid:Identify`` (DSP0226 11)."""
        return self.body is not None and self.body.tag == f"{{{names.IDENTITY}}}Identify"


def tag(namespace: str, name: str) -> str:
    """Element name in the notation of ElementTree."""
    return f"{{{namespace}}}{name}"


def local_name(element: Element) -> str:
    """Name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def parse_xml(document: bytes) -> Element:
    """Parse a request.

    The value of every ``xsi:type`` becomes ``{namespace}name``, as prefixes are lost afterwards.

    Raises:
        Fault: not well-formed, a document type declaration, or an ``xsi:type`` with an undeclared prefix.
    """
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise Fault(faults.INVALID_XML, "The request contains a document type declaration.")
    parser: Any = XMLPullParser(events=("start-ns", "end-ns", "start", "end"))
    try:
        parser.feed(document)
        parser.close()
        return _build(parser.read_events())
    except ParseError as error:
        raise Fault(faults.INVALID_XML, f"The request is not well-formed XML: {error}.") from error


def _build(events: Iterable[tuple[str, Any]]) -> Element:
    prefixes: list[tuple[str, str]] = []
    root: Element | None = None
    for event, item in events:
        if event == "start-ns":
            prefixes.append(item)
        elif event == "end-ns":
            prefixes.pop()
        elif event == "start":
            root = item if root is None else root
            _resolve_type(item, dict(prefixes))
    assert root is not None  # noqa: S101  a closed parser has seen a root element
    return root


def _resolve_type(element: Element, prefixes: Mapping[str, str]) -> None:
    written = element.get(tag(names.XSI, "type"))
    if written is None:
        return
    prefix, _rest, name = written.rpartition(":")
    if prefix and prefix not in prefixes:
        raise Fault(faults.INVALID_XML, f"xsi:type '{written}' uses a prefix that is not declared.")
    element.set(tag(names.XSI, "type"), tag(prefixes.get(prefix, ""), name))


def message_id(envelope: Element) -> str:
    """The message id of a request, "" where it has none."""
    return (
        envelope.findtext(f"{tag(names.SOAP, 'Header')}/{tag(names.ADDRESSING, 'MessageID')}") or ""
    ).strip()


def read_request(root: Element) -> Request:
    """Read a request and check its headers.

    Raises:
        Fault: not an envelope, or a header is missing or malformed.
        NotUnderstood: an unknown header is marked mustUnderstand.
    """
    body = root.find(tag(names.SOAP, "Body"))
    if root.tag != tag(names.SOAP, "Envelope") or body is None:
        raise Fault(faults.INVALID_BODY)
    content = next(iter(body), None)
    header = root.find(tag(names.SOAP, "Header"))
    if content is not None and content.tag == tag(names.IDENTITY, "Identify"):
        return Request("", "", "", body=content)
    if header is None:
        raise Fault(faults.HEADER_REQUIRED)
    _check_understood(header)
    return Request(
        action=_required(header, names.ADDRESSING, "Action"),
        resource=_text(header, names.WSMAN, "ResourceURI"),
        message_id=_required(header, names.ADDRESSING, "MessageID"),
        to=_required(header, names.ADDRESSING, "To"),
        selectors=parse_selectors(header.find(tag(names.WSMAN, "SelectorSet"))),
        options=_options(header.find(tag(names.WSMAN, "OptionSet"))),
        max_envelope=_max_envelope(header),
        timeout=_timeout(header),
        body=content,
    )


def _check_understood(header: Element) -> None:
    for entry in header:
        namespace, _rest, name = entry.tag[1:].rpartition("}")
        if name not in _KNOWN_HEADERS.get(namespace, set()) and _must_understand(entry):
            raise faults.NotUnderstood(namespace, name)


def _must_understand(entry: Element) -> bool:
    return entry.get(tag(names.SOAP, "mustUnderstand"), "false").strip() in ("true", "1")


def _text(header: Element, namespace: str, name: str) -> str:
    return (header.findtext(tag(namespace, name)) or "").strip()


def _required(header: Element, namespace: str, name: str) -> str:
    value = _text(header, namespace, name)
    if not value:
        raise Fault(faults.HEADER_REQUIRED, f"{faults.HEADER_REQUIRED.text} {name} is missing or empty.")
    return value


def parse_selectors(selector_set: Element | None) -> tuple[Selector, ...]:
    """The selectors of a ``w:SelectorSet``.

    Raises:
        Fault: a selector without a name, or a name given twice.
    """
    found: list[Selector] = []
    for entry in selector_set if selector_set is not None else ():
        name = entry.get("Name")
        if entry.tag != tag(names.WSMAN, "Selector") or not name:
            raise Fault(faults.UNEXPECTED_SELECTORS, "A selector has no name.")
        if any(name.casefold() == other.name.casefold() for other in found):
            raise Fault(faults.DUPLICATE_SELECTORS)
        inner = next(iter(entry), None)
        found.append(Selector(name, (entry.text or "") if inner is None else inner))
    return tuple(found)


def _options(option_set: Element | None) -> dict[str, str]:
    options: dict[str, str] = {}
    for entry in option_set if option_set is not None else ():
        name = entry.get("Name")
        if entry.tag != tag(names.WSMAN, "Option") or not name:
            raise Fault(faults.INVALID_OPTIONS)
        options[name] = entry.text or ""
    return options


def _max_envelope(header: Element) -> int | None:
    text = _text(header, names.WSMAN, "MaxEnvelopeSize")
    if not text:
        return None
    # DSP0226 6.2: the smallest size that a service has to honour is 8192 bytes.
    if not text.isdigit() or int(text) < 8192:
        raise Fault(faults.INVALID_HEADER, f"MaxEnvelopeSize '{text}' is not a number of at least 8192.")
    return int(text)


def _timeout(header: Element) -> float | None:
    text = _text(header, names.WSMAN, "OperationTimeout")
    return parse_duration(text) if text else None


def parse_duration(text: str) -> float:
    """Seconds of an ``xs:duration`` of days and smaller units.

    Raises:
        Fault: any other text.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groupdict().values()):
        raise Fault(faults.INVALID_HEADER, f"'{text}' is not a duration such as PT20S.")
    days, hours, minutes, seconds = (
        float(match[unit] or 0) for unit in ("days", "hours", "minutes", "seconds")
    )
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


_ANSWER_NAMESPACES = {
    "a": names.ADDRESSING,
    "x": names.TRANSFER,
    "n": names.ENUMERATION,
    "w": names.WSMAN,
    "rsp": names.SHELL,
    "e": names.EVENTING,
    "p": names.MS_WSMAN,
}


def answer(action: str, relates_to: str, body: str, *, prefixes: str = "", header: str = "") -> str:
    """An answer.

    Args:
        action: action of the answer.
        relates_to: message id of the request.
        body: XML inside ``s:Body``.
        prefixes: space-separated prefixes to declare, of ``a x e n w rsp p``.
        header: further header entries as XML.
    """
    declared = "".join(
        f" xmlns:{prefix}={quoteattr(_ANSWER_NAMESPACES[prefix])}" for prefix in prefixes.split()
    )
    related = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{names.SOAP}"{declared}><s:Header>'
        f"<a:Action>{escape(action)}</a:Action><a:MessageID>{new_id()}</a:MessageID>"
        f"<a:To>{names.ANONYMOUS}</a:To>{related}{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def new_id() -> str:
    """A message id or enumeration context, spelled as Windows does."""
    return f"uuid:{str(uuid.uuid4()).upper()}"


def fault_answer(fault: Fault, relates_to: str, machine: str) -> str:
    """The answer that carries a fault."""
    addressing = fault.kind.subcode.startswith("a:")
    action = names.ADDRESSING_FAULT_ACTION if addressing else names.WSMAN_FAULT_ACTION
    return answer(action, relates_to, faults.fault_body(fault, machine), prefixes="a x e n w p")


def not_understood_answer(problem: faults.NotUnderstood, relates_to: str) -> str:
    """The answer to a request with an unknown header that is marked mustUnderstand."""
    header = f'<s:NotUnderstood qname="q:{problem.name}" xmlns:q={quoteattr(problem.namespace)}/>'
    return answer(
        names.ADDRESSING_FAULT_ACTION, relates_to, faults.not_understood_body(), prefixes="a", header=header
    )
