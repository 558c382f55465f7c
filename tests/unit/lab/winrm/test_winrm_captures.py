# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers have exactly the shape of answers captured from Windows Server 2008 and 2012.

The class and its values are read from a capture; what the service makes of them has to be that capture again,
byte for byte, message ids apart.
"""

from __future__ import annotations

import asyncio
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lab.cim.schema import CimClass, CimFailure, Member, Provider, Ref, Values
from lab.winrm import names
from lab.winrm.enumeration import Enumerations
from lab.winrm.envelope import answer, parse_xml, read_request
from lab.winrm.wmi import Answer

CAPTURES = Path(__file__).resolve().parents[5] / "shared" / "data" / "wsman"
FIRST = sorted(CAPTURES.glob("*_000.xml"))
NIL = f"{{{names.XSI}}}nil"
USER, LIMIT = "user", 512000

pytestmark = pytest.mark.skipif(not FIRST, reason="needs ../shared/data/wsman beside the repository")


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def items_of(path: Path) -> list[ET.Element]:
    found = ET.fromstring(path.read_text("utf-8")).iter()
    return [item for element in found if local(element) == "Items" for item in element]


def value_of(element: ET.Element) -> Any:
    if element.get(NIL) == "true":
        return None
    for inner in element:
        assert local(inner) == "Datetime"
        return datetime.fromisoformat(inner.text or "")
    return element.text or ""


class Recorded:
    """A repository of one class, made from a capture; its members are declared in reverse order."""

    def __init__(self, class_name: str, items: list[ET.Element]) -> None:
        self.items: list[Values] = []
        members: dict[str, Member] = {}
        for item in items:
            values: dict[str, Any] = {}
            for child in item:
                name, value = local(child), value_of(child)
                repeated = name in values
                values[name] = [*(_listed(values[name]) or []), value] if repeated else value
                members[name] = Member(
                    name, "string", array=repeated or members.get(name, Member("", "")).array
                )
            self.items.append(values)
        for name in members:
            # Windows writes every scalar; what an instance leaves out is an array that is null.
            if members[name].array or any(name not in values for values in self.items):
                members[name] = Member(name, "string", array=True)
                self.items = [{**values, name: _listed(values.get(name))} for values in self.items]
        self.schema = CimClass("root/cimv2", class_name, tuple(reversed(members.values())))

    async def instances(self) -> list[Values]:
        return self.items

    def provider(self, namespace: str, class_name: str) -> Provider:
        return self  # type: ignore[return-value]

    def subclasses(self, namespace: str, class_name: str) -> list[Provider]:
        return [self]  # type: ignore[list-item]

    def embedded(self, namespace: str, class_name: str) -> CimClass:
        raise CimFailure(5, class_name)

    async def associated(self, source: Ref, association: str | None, result: str | None) -> list[Any]:
        return []


def _listed(value: Any) -> list[Any] | None:
    return value if value is None or isinstance(value, list) else [value]


def envelope(action: str, resource: str, body: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}"'
        f' xmlns:n="{names.ENUMERATION}"><s:Header><a:To>x</a:To><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:1</a:MessageID><w:ResourceURI>{names.WMI_RESOURCE}/root/cimv2/{resource}</w:ResourceURI>"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def text_of(found: Answer) -> str:
    return answer(found.action, "uuid:1", found.body, prefixes=found.prefixes)


def anonymous(text: str) -> str:
    return re.sub(r"uuid:[0-9A-Fa-f-]+", "uuid:X", text)


async def replay(first: Path) -> list[str]:
    rest = first.with_name(first.name.replace("_000", "_001"))
    class_name = "_".join(first.stem.split("_")[2:4])
    items = [*items_of(first), *(items_of(rest) if rest.exists() else [])]
    repository = Recorded(class_name, items)
    enumerations = Enumerations(
        repository, first_items="one", max_elements=32000, timeout=60, now=lambda: 0.0
    )
    columns = "*" if "_star_" in first.name else ",".join(local(child) for child in items[0])
    query = f'<w:Filter Dialect="{names.WQL_DIALECT}">SELECT {columns} FROM {class_name}</w:Filter>'
    body = f"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>{query}</n:Enumerate>"
    found = await enumerations.enumerate(
        read_request(parse_xml(envelope(names.ENUMERATE, "*", body))), USER, LIMIT
    )
    answers = [text_of(found)]
    while "EndOfSequence" not in answers[-1]:
        context = re.findall("EnumerationContext>([^<]+)<", answers[-1])[0]
        body = (
            f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext>"
            "<n:MaxElements>32000</n:MaxElements></n:Pull>"
        )
        found = await enumerations.pull(read_request(parse_xml(envelope(names.PULL, "*", body))), USER, LIMIT)
        answers.append(text_of(found))
    return answers


@pytest.mark.parametrize("first", FIRST, ids=lambda path: path.stem)
def test_an_enumeration_is_byte_for_byte_what_windows_sent(first: Path):
    captured = [first, *first.parent.glob(first.name.replace("_000", "_001"))]
    expected = [anonymous(path.read_text("utf-8").strip()) for path in captured]
    assert [anonymous(text) for text in asyncio.run(replay(first))] == expected
