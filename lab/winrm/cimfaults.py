# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider's refusal as a fault.

Two forms exist. The classic WMI plug-in answers "not found" with a WSManFault 2150858752 around a
ProviderFault with the WMI error object; everything else, and everything in namespaces of the newer management
infrastructure, is an MSFT_WmiError, whose XML namespace is ``cim-schema/2/MSFT_WmiError`` or, for those
namespaces, their own ``wmi/root/<namespace>/MSFT_WmiError`` in lower case. Which namespace uses which form
follows what a production client had to handle (networkoptix/nx_system_tests ``_winrm.py``); it is not
confirmed for every class.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from lab.cim.schema import CimFailure, NotEmulated
from lab.winrm import faults, names
from lab.winrm.faults import Fault, Kind

# Namespaces whose errors carry their own XML namespace, in lower case.
_OWN_ERROR_CLASS = ("root/standardcimv2", "root/microsoft/windows/storage")
# The classic namespace, which reports a missing instance by a ProviderFault.
_PROVIDER_FAULT = ("root/cimv2",)
_NOT_FOUND = 6
_GENERIC = Kind(0, "w:InternalError", "", receiver=True)


def cim_fault(failure: CimFailure, namespace: str, *, operation: str = "GetObject", about: str = "") -> Fault:
    """The fault for a CIM error.

    Args:
        failure: the refusal.
        namespace: namespace of the class it came from.
        operation: WMI operation named in a ProviderFault.
        about: object path named in a ProviderFault.
    """
    if failure.status == _NOT_FOUND and namespace.casefold() in _PROVIDER_FAULT:
        return Fault(faults.RESOURCE_NOT_FOUND, inner=_provider_fault(namespace, operation, about))
    kind = Kind(0, _GENERIC.subcode, failure.message.strip(), receiver=True)
    unknown = isinstance(failure, NotEmulated)
    return Fault(kind, failure.message, body=_wmi_error(failure, namespace), unknown=unknown)


def _provider_fault(namespace: str, operation: str, about: str) -> str:
    kind = faults.RESOURCE_NOT_FOUND
    uri = escape(f"{names.WMI_RESOURCE}/{namespace.casefold()}/__ExtendedStatus")
    return (
        '<f:ProviderFault provider="WMI Provider" path="%systemroot%\\system32\\WsmWmiPl.dll">'
        f'<f:WSManFault xmlns:f="{names.WSMAN_FAULT}" Code="{kind.code}"><f:Message>{kind.text} </f:Message>'
        f'</f:WSManFault><f:ExtendedError><p:__ExtendedStatus xmlns:xsi="{names.XSI}" xmlns:p="{uri}"'
        f' xmlns:cim="{names.CIM}" xsi:type="p:__ExtendedStatus_Type"><p:Description xsi:nil="true"/>'
        f"<p:Operation>{escape(operation)}</p:Operation><p:ParameterInfo>{escape(about)}</p:ParameterInfo>"
        '<p:ProviderName>WinMgmt</p:ProviderName><p:StatusCode xsi:nil="true"/></p:__ExtendedStatus>'
        "</f:ExtendedError></f:ProviderFault>"
    )


def _wmi_error(failure: CimFailure, namespace: str) -> str:
    own = namespace.casefold() in _OWN_ERROR_CLASS
    base = f"{names.WMI_RESOURCE}/{namespace.casefold()}" if own else names.CIM_RESOURCE
    error_type = failure.message_id.split(" ")[0] if failure.message_id else "MI"
    number, text = "cim:cimUnsignedInt", "cim:cimString"
    entries = (
        ("CIMStatusCode", number, str(failure.status)),
        ("CIMStatusCodeDescription", text, None),
        ("ErrorSource", text, None),
        ("ErrorSourceFormat", "cim:cimUnsignedShort", "0"),
        ("ErrorType", "cim:cimUnsignedShort", "0"),
        ("Message", text, failure.message),
        ("MessageID", text, failure.message_id or f"MI RESULT {failure.status}"),
        ("OtherErrorSourceFormat", text, None),
        ("OtherErrorType", text, None),
        ("OwningEntity", text, None),
        ("PerceivedSeverity", "cim:cimUnsignedShort", "0"),
        ("ProbableCause", "cim:cimUnsignedShort", "0"),
        ("ProbableCauseDescription", text, None),
        ("error_Category", number, "0"),
        ("error_Code", number, str(failure.error_code)),
        ("error_Type", text, error_type),
        ("error_WindowsErrorMessage", text, failure.message),
    )
    return (
        f'<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="{names.XSI}" xmlns:b="{names.CIM_BINDING}"'
        f' xmlns:p="{escape(base)}/MSFT_WmiError" xmlns:cim="{names.CIM}" xsi:type="p:MSFT_WmiError_Type">'
        f"{''.join(_entry(*entry) for entry in entries)}</p:MSFT_WmiError>"
    )


def _entry(name: str, type_name: str, value: str | None) -> str:
    if value is None:
        return f'<p:{name} xsi:type="{type_name}" xsi:nil="true"/>'
    return f'<p:{name} xsi:type="{type_name}">{escape(value)}</p:{name}>'
