# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults are read from the raw answer into one typed error.

Every fault below is built after the forms in which Windows is known to send them (no public capture of most
exists): WSManFault with and without a provider's fault, __ExtendedStatus, MSFT_WmiError in each of its
namespaces, bare SOAP.
"""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import AccessDenied, BadDocument, CimError
from ansible_collections.standby.iis.plugins.module_utils.wsman import answer, protocol
from ansible_collections.standby.iis.plugins.module_utils.wsman.envelope import Request
from ansible_collections.standby.iis.plugins.module_utils.wsman.faults import is_missing

ASKED = Request("", "uuid:AAAA", "invoke MSFT_Disk.Online", "")
WMI_ERROR_NAMESPACES = [
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError",
    "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/standardcimv2/MSFT_WmiError",
    "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/storage/MSFT_WmiError",
]


def envelope(
    detail: str, *, subcode: str = "w:InternalError", reason: str = "The reason. ", relates: str = "uuid:AAAA"
):
    related = f"<a:RelatesTo>{relates}</a:RelatesTo>" if relates else ""
    return (
        '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">'
        f"<s:Header><a:Action>http://schemas.dmtf.org/wbem/wsman/1/wsman/fault</a:Action>{related}</s:Header>"
        f"<s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault></s:Body></s:Envelope>"
    ).encode()


def wsman_fault(code: int, message: str) -> str:
    return (
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{code}" Machine="server1"><f:Message>{message}</f:Message></f:WSManFault>'
    )


def wmi_error(namespace: str, status: int, message: str, message_id: str, error_code: str) -> str:
    nil = 'xsi:nil="true"'
    return (
        f'<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:p="{namespace}" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">'
        f'<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">{status}</p:CIMStatusCode>'
        f"<p:CIMStatusCodeDescription {nil}/><p:ErrorSource {nil}/>"
        f'<p:Message xsi:type="cim:cimString">{message}</p:Message><p:MessageID>{message_id}</p:MessageID>'
        f"<p:error_Code>{error_code}</p:error_Code><p:error_Type>HRESULT</p:error_Type></p:MSFT_WmiError>"
    )


def raised(document: bytes, kind=CimError):
    with pytest.raises(kind) as caught:
        answer.body(document, ASKED)
    return caught.value


@pytest.mark.parametrize("namespace", WMI_ERROR_NAMESPACES)
def test_a_cim_error_is_found_in_whatever_namespace_it_comes(namespace):
    detail = wmi_error(namespace, 4, "Instance MSFT_NetIPAddress already exists", "HRESULT 0x80070057", "87")
    error = raised(envelope(detail))
    assert (error.cim_status, error.provider_code, error.subcode) == (4, 87, "InternalError")
    assert error.problem == (
        "invoke MSFT_Disk.Online failed: Instance MSFT_NetIPAddress already exists "
        "(InternalError, CIM status 4, provider 0x00000057)"
    )


def test_the_hresult_of_the_message_id_serves_where_error_code_is_zero():
    error = raised(envelope(wmi_error(WMI_ERROR_NAMESPACES[0], 1, "Failed", "HRESULT 0x8004106c", "0")))
    assert error.provider_code == 0x8004106C


def test_a_wsman_fault_gives_its_code_and_its_own_words():
    error = raised(envelope(wsman_fault(2150858793, "The operation has timed out."), subcode="w:TimedOut"))
    assert error.wsman_code == 0x80338029
    assert error.subcode == "TimedOut"
    assert "The operation has timed out (WS-Management 2150858793, TimedOut)" in str(error)


def test_a_code_written_as_a_negative_number_is_the_same_code():
    assert raised(envelope(wsman_fault(2150858793 - 2**32, "x"))).wsman_code == 2150858793


INNER = (
    '<f:ProviderFault provider="WMI Provider" path="%systemroot%\\system32\\WsmWmiPl.dll">'
    '<f:WSManFault Code="2147942402" Machine="server1"><f:Message>The system cannot find it.</f:Message>'
    "</f:WSManFault></f:ProviderFault>"
)


@pytest.mark.parametrize("outer", ["", "The service cannot process the request. "])
def test_the_provider_s_own_fault_is_preferred_to_the_outer_one(outer):
    error = raised(envelope(wsman_fault(2150858752, outer + INNER)))
    assert (error.wsman_code, error.provider_code) == (2150858752, 0x80070002)
    assert "The system cannot find it" in error.problem
    assert "cannot process" not in error.problem


EXTENDED = (
    '<f:ProviderFault provider="WMI Provider"><f:ExtendedError><p:__ExtendedStatus '
    'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/__ExtendedStatus" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><p:Description xsi:nil="true"/>'
    '<p:Operation>GetObject</p:Operation><p:ParameterInfo>Win32_Service.Name="x"</p:ParameterInfo>'
    "<p:ProviderName>CIMWin32</p:ProviderName></p:__ExtendedStatus></f:ExtendedError></f:ProviderFault>"
)


def test_an_extended_status_tells_what_the_provider_was_asked_for():
    error = raised(
        envelope(wsman_fault(2150858752, EXTENDED), reason="The service cannot find the resource.")
    )
    assert 'Operation GetObject, ParameterInfo Win32_Service.Name="x", ProviderName CIMWin32' in error.problem
    assert is_missing(error)


@pytest.mark.parametrize(
    ("detail", "missing"),
    [
        (wmi_error(WMI_ERROR_NAMESPACES[1], 6, "Not found", "HRESULT 0x80041002", "0"), True),
        (
            wmi_error(
                WMI_ERROR_NAMESPACES[1], 1, "No MSFT_NetIPAddress", "Windows System Error 1168", "1168"
            ),
            True,
        ),
        (wmi_error(WMI_ERROR_NAMESPACES[0], 5, "Invalid class", "HRESULT 0x80041010", "0"), False),
        (wmi_error(WMI_ERROR_NAMESPACES[0], 3, "Invalid namespace", "HRESULT 0x8004100e", "0"), False),
        (wsman_fault(2150858793, "Timed out"), False),
        (wsman_fault(2150858752, "The resource does not exist."), True),
        (wsman_fault(2150858752, INNER), False),
    ],
)
def test_a_missing_instance_is_told_from_a_missing_class(detail, missing):
    assert is_missing(raised(envelope(detail))) is missing


@pytest.mark.parametrize(
    ("detail", "subcode"),
    [
        (wsman_fault(5, "Access is denied."), "w:AccessDenied"),
        (
            wmi_error(WMI_ERROR_NAMESPACES[0], 2, "Access denied", "HRESULT 0x80041003", "0"),
            "w:InternalError",
        ),
        (wmi_error(WMI_ERROR_NAMESPACES[0], 1, "Failed", "HRESULT 0x80070005", "0"), "w:InternalError"),
        (wmi_error(WMI_ERROR_NAMESPACES[0], 2, "Denied", "", "0"), "w:InternalError"),
        ("", "wsa:AccessDenied"),
    ],
)
def test_a_missing_right_is_access_denied_with_a_remedy(detail, subcode):
    error = raised(envelope(detail, subcode=subcode), AccessDenied)
    assert "Administrators" in error.remedy


def test_a_fault_without_detail_gives_subcode_and_reason():
    error = raised(envelope("", subcode="w:InvalidSelectors", reason="  The selectors\n are wrong. "))
    assert error.problem == "invoke MSFT_Disk.Online failed: The selectors are wrong (InvalidSelectors)"
    assert error.wsman_code is None and error.remedy is None


@pytest.mark.parametrize(
    "document",
    [
        envelope("", subcode="w:EncodingLimit", reason="Too large."),
        envelope(wsman_fault(2150858805, "The encoding exceeds a limit.")),
        envelope(wsman_fault(1, "x (976820) exceeds the maximum envelope size that is allowed (512000).")),
    ],
)
def test_an_answer_over_the_quota_names_the_setting(document):
    assert f'MaxEnvelopeSizekb="{protocol.MAX_ENVELOPE_SIZE // 1024}"' in raised(document).remedy


def test_a_quota_of_shells_says_what_to_close():
    error = raised(envelope(wsman_fault(2150859173, "Too many shells."), subcode="w:QuotaLimit"))
    assert "Close other sessions" in error.remedy


def test_a_fault_need_not_name_the_message_it_answers_but_must_not_name_another():
    assert raised(envelope(wsman_fault(1, "x"), relates="")).wsman_code == 1
    with pytest.raises(BadDocument, match="RelatesTo: expected uuid:AAAA, found uuid:BBBB"):
        answer.body(envelope(wsman_fault(1, "x"), relates="uuid:BBBB"), ASKED)
