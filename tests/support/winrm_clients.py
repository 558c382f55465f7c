# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of other people, pywinrm and pypsrp, ready for a bench; bodies that pypsrp leaves to its caller."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
import winrm
from pypsrp.exceptions import WinRMTransportError, WSManFaultError
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan

from lab.winrm import names
from lab.winrm.values import class_uri
from tests.support.winrm_bench import PASSWORD, THING, USER, Bench

THING_URI = class_uri(THING)
STAR = f"{names.WMI_RESOURCE}/root/cimv2/*"
NIL = f"{{{names.XSI}}}nil"


def wsman(bench: Bench, **options: Any) -> WSMan:
    secure = options.setdefault("ssl", False)
    port = bench.server.https_port if secure else bench.server.http_port
    validation = str(bench.certificates.authority) if secure else True
    options = {
        "username": USER,
        "password": PASSWORD,
        "auth": "negotiate",
        "cert_validation": validation,
        **options,
    }
    return WSMan("127.0.0.1", port=port, operation_timeout=5, **options)


def session(bench: Bench, transport: str, password: str = PASSWORD, **options: Any) -> winrm.Session:
    secure = options.pop("secure", False)
    if secure:
        options = {"ca_trust_path": str(bench.certificates.authority), **options}
    return winrm.Session(
        bench.https if secure else bench.http, auth=(USER, password), transport=transport, **options
    )


def enumeration(
    mode: str = "", filtering: str = "", count: int = 32000, optimized: bool = True
) -> ET.Element:
    text = (
        f'<n:Enumerate xmlns:n="{names.ENUMERATION}" xmlns:w="{names.WSMAN}" xmlns:b="{names.CIM_BINDING}"'
        f' xmlns:a="{names.ADDRESSING}">{"<w:OptimizeEnumeration/>" if optimized else ""}'
        f"<w:MaxElements>{count}</w:MaxElements>"
        f"{f'<w:EnumerationMode>{mode}</w:EnumerationMode>' if mode else ''}{filtering}</n:Enumerate>"
    )
    return ET.fromstring(text)


def pulling(context: str, count: int = 32000) -> ET.Element:
    return ET.fromstring(
        f'<n:Pull xmlns:n="{names.ENUMERATION}"><n:EnumerationContext>{context}</n:EnumerationContext>'
        f"<n:MaxElements>{count}</n:MaxElements></n:Pull>"
    )


def pages(client: WSMan, uri: str, request: ET.Element, count: int = 32000) -> list[list[ET.Element]]:
    """The items of every answer."""
    answer = client.enumerate(uri, request)
    found, contexts = [listed(answer)], set()
    while not any(element.tag.endswith("EndOfSequence") for element in answer.iter()):
        context = answer.findtext(".//wsen:EnumerationContext", namespaces=NAMESPACES) or ""
        assert context not in contexts
        contexts.add(context)
        answer = client.pull(uri, pulling(context, count))
        found.append(listed(answer))
    return found


def listed(answer: ET.Element) -> list[ET.Element]:
    return [item for element in answer.iter() if element.tag.endswith("}Items") for item in element]


def text(item: ET.Element, name: str) -> str | None:
    return next(
        (element.text or "" for element in item.iter() if element.tag.rpartition("}")[2] == name), None
    )


def things(client: WSMan, uri: str = THING_URI, **options: Any) -> list[str | None]:
    return [text(item, "Name") for page in pages(client, uri, enumeration(**options)) for item in page]


def wql(query: str) -> str:
    return f'<w:Filter Dialect="{names.WQL_DIALECT}">{query}</w:Filter>'


def fault_code(call: Any) -> Any:
    with pytest.raises(WSManFaultError) as caught:
        call()
    return caught.value.code


def selectors(**values: str) -> SelectorSet:
    found = SelectorSet()
    for name, value in values.items():
        found.add_option(name, value)
    return found


def selector_filter(name: str, value: str) -> str:
    return (
        f'<w:Filter Dialect="{names.SELECTOR_DIALECT}"><w:SelectorSet>'
        f'<w:Selector Name="{name}">{value}</w:Selector></w:SelectorSet></w:Filter>'
    )


def body(kind: str, inner: str = "", uri: str = THING_URI) -> ET.Element:
    return ET.fromstring(f'<p:{kind} xmlns:p="{uri}" xmlns:xsi="{names.XSI}">{inner}</p:{kind}>')


def call(client: WSMan, method: str, inner: str = "", keys: SelectorSet | None = None) -> ET.Element:
    answer = client.invoke(
        f"{THING_URI}/{method}", THING_URI, body(f"{method}_INPUT", inner), selector_set=keys
    )
    found = answer.find("s:Body", NAMESPACES)
    assert found is not None
    return found


def raw_fault(work: Any) -> ET.Element:
    """The fault's document, from the transport error beneath pypsrp's own."""
    with pytest.raises(WSManFaultError) as caught:
        work()
    beneath = caught.value.__context__
    assert isinstance(beneath, WinRMTransportError)
    return ET.fromstring(beneath.response_text)
