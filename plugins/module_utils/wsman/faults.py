# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fault of WS-Management -> one typed error with its codes.

The answer is read raw, by local names: the error classes of the network and storage providers have namespaces
of their own, and a provider's reason lies deeper than the fault's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ..errors import AccessDenied, CimError, StandbyError
from . import protocol
from .protocol import SOAP, local, tag

_HRESULT = re.compile(r"HRESULT\s+(0x[0-9a-fA-F]+)")

# 500 is what WinRM 3 and later are set to; with more we would still ask for no larger answer.
TOO_LARGE = (
    "Set MaxEnvelopeSizekb of the node to 500 where it is less (winrm set winrm/config "
    '@{MaxEnvelopeSizekb="500"}); where it is not, let the cluster have fewer sites'
)
_QUOTA = "Close other sessions of this account, or raise the node's quota (winrm get winrm/config)"
_RIGHTS = "Use an account in the Administrators group of the node"


def fault(element: Element, operation: str) -> StandbyError:
    """The error that a ``s:Fault`` element tells.

    Args:
        element: the fault.
        operation: what was asked, for the message.

    Returns:
        AccessDenied where the account lacks the right, else CimError with all codes that the fault holds.
    """
    detail = element.find(tag(SOAP, "Detail"))
    wsman = _code(detail)
    wmi = _named(detail, "MSFT_WmiError")
    subcode = _last(element.findtext(f"{tag(SOAP, 'Code')}/{tag(SOAP, 'Subcode')}/{tag(SOAP, 'Value')}"))
    status = _number(_text(wmi, "CIMStatusCode"))
    provider = _provider_code(detail, wmi)
    problem = f"{operation} failed: {_reason(element, detail, wmi)}{_codes(wsman, subcode, status, provider)}"
    if _denied(wsman, subcode, status, provider):
        return AccessDenied(problem, remedy=_RIGHTS)
    return CimError(
        problem,
        remedy=_remedy(wsman, subcode, problem),
        wsman_code=wsman,
        subcode=subcode,
        cim_status=status,
        provider_code=provider,
    )


def is_missing(error: CimError) -> bool:
    """True where the instance that was addressed does not exist (its class and namespace do)."""
    if error.cim_status == protocol.CIM_NOT_FOUND:
        return True
    if error.provider_code in (protocol.WIN32_NOT_FOUND, protocol.WBEM_NOT_FOUND):
        return True
    return error.wsman_code == protocol.NOT_FOUND and error.provider_code is None


def _code(detail: Element | None) -> int | None:
    outer = _named(detail, "WSManFault")
    return _unsigned(outer.get("Code")) if outer is not None else None


def _provider_code(detail: Element | None, wmi: Element | None) -> int | None:
    """The provider's own code: of MSFT_WmiError, its HRESULT text, or the fault inside ProviderFault."""
    if wmi is not None:
        code = _number(_text(wmi, "error_Code"))
        found = _HRESULT.search(_text(wmi, "MessageID"))
        return code or (int(found.group(1), 16) if found else code)
    inner = _named(_named(detail, "ProviderFault"), "WSManFault")
    if inner is not None:
        return _unsigned(inner.get("Code"))
    return _number(_text(_named(detail, "__ExtendedStatus"), "StatusCode"))


def _reason(element: Element, detail: Element | None, wmi: Element | None) -> str:
    """The most telling text, on one line: the provider's, else the fault's reason."""
    texts = [_text(wmi, "Message"), _extended(detail), _innermost(detail), _fault_text(element)]
    told = next((" ".join(text.split()) for text in texts if text.strip()), "no reason was given")
    return told.rstrip(".")


def _extended(detail: Element | None) -> str:
    """What WMI's __ExtendedStatus says, after the fault's own words."""
    status = _named(detail, "__ExtendedStatus")
    parts = [
        f"{name} {text}"
        for name in ("Description", "Operation", "ParameterInfo", "ProviderName")
        if (text := _text(status, name))
    ]
    return f"{_innermost(detail)} ({', '.join(parts)})".strip() if parts else ""


def _innermost(detail: Element | None) -> str:
    """Text of the deepest f:Message: a provider's own fault stands inside the outer one."""
    found = [one.text or "" for one in _every(detail, "Message")]
    return next((text for text in reversed(found) if text.strip()), "")


def _fault_text(element: Element) -> str:
    reason = element.find(tag(SOAP, "Reason"))
    return "".join(reason.itertext()) if reason is not None else ""


def _codes(wsman: int | None, subcode: str | None, status: int | None, provider: int | None) -> str:
    parts = [
        f"WS-Management {wsman}" if wsman is not None else "",
        subcode or "",
        f"CIM status {status}" if status is not None else "",
        f"provider 0x{provider:08X}" if provider else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def _denied(wsman: int | None, subcode: str | None, status: int | None, provider: int | None) -> bool:
    return (
        wsman == protocol.ACCESS_DENIED
        or subcode == "AccessDenied"
        or status == protocol.CIM_ACCESS_DENIED
        or provider in (protocol.WBEM_ACCESS_DENIED, protocol.E_ACCESSDENIED)
    )


def _remedy(wsman: int | None, subcode: str | None, problem: str) -> str | None:
    too_large = (protocol.ENCODING_LIMIT, protocol.REQUEST_TOO_LARGE)
    if wsman in too_large or subcode == "EncodingLimit" or "maximum envelope size" in problem.lower():
        return TOO_LARGE
    return _QUOTA if subcode == "QuotaLimit" else None


def _every(element: Element | None, name: str) -> Iterator[Element]:
    return (one for one in element.iter() if local(one.tag) == name) if element is not None else iter(())


def _named(element: Element | None, name: str) -> Element | None:
    return next(_every(element, name), None)


def _text(element: Element | None, name: str) -> str:
    found = _named(element, name)
    return (found.text or "").strip() if found is not None else ""


def _last(qualified: str | None) -> str | None:
    return qualified.strip().rpartition(":")[2] or None if qualified else None


def _number(text: str) -> int | None:
    try:
        return int(text, 0) & 0xFFFFFFFF
    except ValueError:
        return None


def _unsigned(text: str | None) -> int | None:
    return _number(text or "")
