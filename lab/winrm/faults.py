# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what Windows answers to a request that it cannot serve.

Codes, subcodes and texts are those of the Windows SDK's ``wsmerror.h`` (its comments name the SOAP subcode of
each); the shapes follow captured answers (pypsrp ``tests/responses``, pywinrm ``tests/test_exceptions.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lab.winrm import names


@dataclass(frozen=True)
class Kind:
    """One WS-Management error.

    Attributes:
        code: number of the error in ``wsmerror.h``.
        subcode: qualified name with the prefixes of :mod:`lab.winrm.envelope`.
        text: the documented message.
        detail: last part of the ``w:FaultDetail`` URI, "" where there is none.
        receiver: True where the SOAP code is ``s:Receiver``.
    """

    code: int
    subcode: str
    text: str
    detail: str = ""
    receiver: bool = False


_PROCESS = "The WS-Management service cannot process the request"

RESOURCE_NOT_FOUND = Kind(
    0x80338000,
    "a:DestinationUnreachable",
    f"{_PROCESS}. The service cannot find the resource identified by the resource URI and selectors.",
)
ENVELOPE_TOO_LARGE = Kind(
    0x80338048,
    "w:EncodingLimit",
    "The response that the WS-Management service computed exceeds the maximum envelope size in the request.",
    "MaxEnvelopeSizeExceeded",
)
SERVER_ENVELOPE_LIMIT = Kind(
    0x80338049,
    "w:EncodingLimit",
    "The response that the WS-Management service computed exceed the internal limit for envelope size.",
    "ServiceEnvelopeLimit",
)
INVALID_HEADER = Kind(
    0x8033800F,
    "a:InvalidMessageInformationHeader",
    f"{_PROCESS}. The request contains one or more invalid SOAP headers.",
)
HEADER_REQUIRED = Kind(
    0x80338011,
    "a:MessageInformationHeaderRequired",
    f"{_PROCESS}. The request does not have all the expected SOAP headers.",
)
ACTION_NOT_SUPPORTED = Kind(
    0x80338013,
    "a:ActionNotSupported",
    "The WS-Management service does not support the action specified in the request.",
)
INVALID_REPRESENTATION = Kind(
    0x80338015,
    "x:InvalidRepresentation",
    "The WS-Management service cannot identify the format of the object passed to a Put or Create method."
    " The input XML may not be appropriate for the resource or uses the wrong schema for the resource."
    " Change the input XML in the request.",
)
INVALID_XML_NAMESPACE = Kind(
    0x80338058,
    "x:InvalidRepresentation",
    "The WS-Management service cannot identify the format of the object passed to a Put or Create method."
    " The XML namespace for the input XML is invalid. Change the XML namespace for the input XML in the"
    " request.",
    "InvalidNamespace",
)
INVALID_VALUES = Kind(
    0x80338056,
    "x:InvalidRepresentation",
    f"{_PROCESS} because the XML content has invalid values.",
    "InvalidValues",
)
FILTER_DIALECT = Kind(
    0x80338019,
    "n:FilterDialectRequestedUnavailable",
    "The filter dialect (the type associated with the filter) was not supported for this resource. Change"
    " the filter dialect or remove it from the request and try the request again.",
)
CANNOT_PROCESS_FILTER = Kind(
    0x8033801A,
    "n:CannotProcessFilter",
    "The data source could not process the filter. The filter might be missing or it might be invalid."
    " Change the filter and try the request again.",
)
INVALID_CONTEXT = Kind(
    0x8033801B,
    "n:InvalidEnumerationContext",
    "The WS-Enumeration context in the enumeration is not valid. Enumeration may have been completed or"
    " canceled. You cannot use this enumeration context anymore. Start a new enumeration.",
    receiver=True,
)
INVALID_BODY = Kind(
    0x80338027, "w:InvalidBody", f"{_PROCESS} because the request packet does not have a valid SOAP body."
)
TIMED_OUT = Kind(
    0x80338029,
    "w:TimedOut",
    "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
    receiver=True,
)
INVALID_OPTIONS = Kind(
    0x80338039,
    "w:InvalidOptions",
    f"{_PROCESS} because one or more options are not valid. The option names or values may not be valid or"
    " they are used in incorrect combinations. Retrieve the catalog entry for the resource and determine"
    " how to correct the invalid option values.",
)
INVALID_PARAMETER = Kind(
    0x8033803A, "w:InvalidParameter", f"{_PROCESS} because a parameter for the operation is not valid."
)
INVALID_PARAMETER_NAME = Kind(
    0x80338055, "w:InvalidParameter", f"{_PROCESS}. A parameter name is invalid.", "InvalidName"
)
PARAMETER_TYPE = Kind(
    0x80338054,
    "w:InvalidParameter",
    f"{_PROCESS}. A parameter that is required for the operation is not the correct type.",
    "TypeMismatch",
)
INVALID_RESOURCE_URI = Kind(
    0x8033803B,
    "a:DestinationUnreachable",
    f"{_PROCESS}. The resource URI is missing or it has an incorrect format. Check the documentation or"
    " use the"
    ' following command for information on how to construct a resource URI: "winrm help uris".',
    "InvalidResourceURI",
)
INSUFFICIENT_SELECTORS = Kind(
    0x8033805A,
    "w:InvalidSelectors",
    f"{_PROCESS} because the request did not contain all required selectors.",
    "InsufficientSelectors",
)
UNEXPECTED_SELECTORS = Kind(
    0x8033805B,
    "w:InvalidSelectors",
    f"{_PROCESS} because the request contained invalid selectors for the resource.",
    "UnexpectedSelectors",
)
SELECTOR_TYPE = Kind(
    0x8033805C,
    "w:InvalidSelectors",
    f"{_PROCESS} because a value for a selector is of the wrong type.",
    "TypeMismatch",
)
DUPLICATE_SELECTORS = Kind(
    0x8033805F,
    "w:InvalidSelectors",
    f"{_PROCESS} because the request contains duplicate selectors.",
    "DuplicateSelectors",
)
SCHEMA_VALIDATION = Kind(
    0x80338041,
    "w:SchemaValidationError",
    "The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML"
    " and retry.",
)
UNSUPPORTED_FEATURE = Kind(
    0x80338042,
    "w:UnsupportedFeature",
    "The WS-Management service does not support the specified feature. Remove the unsupported feature from"
    " the request and retry.",
)
INVALID_XML = Kind(0x80338043, "w:SchemaValidationError", f"{_PROCESS} because the XML is invalid.")
KEYS_IN_ENUMERATE = Kind(
    0x80338108,
    "w:InvalidSelectors",
    f"{_PROCESS}. The resource URI for an Enumerate operation must not contain keys.",
    "UnexpectedSelectors",
)
INTERNAL = Kind(0x80338003, "w:InternalError", "An error was encountered inside the plugin.", receiver=True)
QUOTA_SHELLS = Kind(
    0x803381A5,
    "w:QuotaLimit",
    f"{_PROCESS}. The maximum number of concurrent shells for this user has been exceeded. Close existing"
    " shells or raise the quota for this user.",
)
WINDOWS_INVALID_PARAMETER = Kind(87, "w:InvalidParameter", "The parameter is incorrect.", "InvalidValue")


class Fault(Exception):
    """A request ends in a SOAP fault.

    Attributes:
        kind: the WS-Management error.
        message: text of ``f:Message``; the kind's own text where nothing more is known.
        inner: XML inside ``f:Message`` instead of text (a provider's fault).
        body: XML of the whole ``s:Detail`` instead of a WSManFault (MSFT_WmiError).
        unknown: the lab does not know the request; it is recorded.
    """

    def __init__(
        self, kind: Kind, message: str = "", *, inner: str = "", body: str = "", unknown: bool = False
    ) -> None:
        super().__init__(message or kind.text)
        self.kind = kind
        self.message = message or kind.text
        self.inner = inner
        self.body = body
        self.unknown = unknown


class NotUnderstood(Exception):
    """A header marked mustUnderstand is unknown (SOAP 1.2 5.4.8).

    Attributes:
        namespace: of the header.
        name: local name of the header.
    """

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"{{{namespace}}}{name}")
        self.namespace = namespace
        self.name = name


def fault_body(fault: Fault, machine: str) -> str:
    """The ``s:Fault`` element of a fault.

    Args:
        fault: the fault.
        machine: value of the ``Machine`` attribute.
    """
    kind = fault.kind
    return (
        f"<s:Fault><s:Code><s:Value>s:{'Receiver' if kind.receiver else 'Sender'}</s:Value>"
        f"<s:Subcode><s:Value>{kind.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(kind.text)} </s:Text></s:Reason>'
        f"<s:Detail>{_detail(fault, machine)}</s:Detail></s:Fault>"
    )


def _detail(fault: Fault, machine: str) -> str:
    if fault.body:
        return fault.body
    kind = fault.kind
    named = f"<w:FaultDetail>{names.FAULT_DETAIL}/{kind.detail}</w:FaultDetail>" if kind.detail else ""
    inner = fault.inner or f"{escape(fault.message)} "
    return (
        f'{named}<f:WSManFault xmlns:f={quoteattr(names.WSMAN_FAULT)} Code="{kind.code}"'
        f" Machine={quoteattr(machine)}><f:Message>{inner}</f:Message></f:WSManFault>"
    )


def not_understood_body() -> str:
    """The ``s:Fault`` of an unknown header marked mustUnderstand."""
    text = (
        "The WS-Management service cannot process a SOAP header in the request that is marked as"
        " mustUnderstand by the client. This could be caused by the use of a version of the protocol which"
        " is not supported, or may be an incompatibility between the client and server implementations."
    )
    return (
        "<s:Fault><s:Code><s:Value>s:MustUnderstand</s:Value></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text} </s:Text></s:Reason></s:Fault>'
    )
