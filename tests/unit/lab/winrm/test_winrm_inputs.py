# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input values are typed, ranged and refused where they do not fit; what is written is read back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.cim.schema import Embedded, Ref
from lab.winrm import faults, names
from lab.winrm.envelope import parse_duration, parse_xml
from lab.winrm.faults import Fault
from lab.winrm.inputs import BadValue, Reader, parse_scalar
from lab.winrm.values import Writer, class_uri, format_interval
from tests.support.winrm_bench import FULL, THING, ToyRepository, thing

NUMBERS = {f"{sign}int{bits}": (sign, bits) for sign in "su" for bits in (8, 16, 32, 64)}


def edges(type_name: str) -> tuple[int, int]:
    sign, bits = NUMBERS[type_name]
    return (0, 2**bits - 1) if sign == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@pytest.mark.parametrize("type_name", NUMBERS)
def test_integers_have_the_range_of_their_type(type_name: str):
    low, high = edges(type_name)
    assert (parse_scalar(type_name, str(low)), parse_scalar(type_name, f" {high} ")) == (low, high)
    for text in (str(low - 1), str(high + 1), "", "1.0", "0x1", "one", "1 2"):
        with pytest.raises(BadValue):
            parse_scalar(type_name, text)


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("char16", "E", "E"),
        ("char16", "", "\0"),
        ("string", " a ", " a "),
        ("real32", "-1.5e3", -1500.0),
        ("datetime", "2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("datetime", "2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("datetime", "2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("interval", "P1DT2H3M4.5S", timedelta(1, 7384, 500000)),
        ("interval", "PT10S", timedelta(seconds=10)),
    ],
)
def test_values_are_read(type_name: str, text: str, value: Any):
    assert parse_scalar(type_name, text) == value


@pytest.mark.parametrize(
    ("type_name", "text"),
    [
        ("boolean", "True"),
        ("boolean", "yes"),
        ("char16", "ab"),
        ("char16", "\U0001f600"),
        ("real64", "1,5"),
        ("datetime", "20240102030405.000000+000"),
        ("datetime", "2024-13-02T03:04:05Z"),
        ("interval", "P1Y"),
        ("interval", "P"),
        ("interval", "00000000000010.000000:000"),
        ("reference", "x"),
    ],
)
def test_other_texts_are_refused(type_name: str, text: str):
    with pytest.raises(BadValue):
        parse_scalar(type_name, text)


READER = Reader(ToyRepository().embedded)
WRITER = Writer(ToyRepository().embedded)


def read(xml: str) -> dict[str, Any]:
    return READER.members(THING, THING.members, parse_xml(xml.encode()))


def element(inner: str) -> str:
    return (
        f'<p:Toy_Thing xmlns:p="{class_uri(THING)}" xmlns:q="{names.WMI_RESOURCE}/root/cimv2/Toy_Part"'
        f' xmlns:xsi="{names.XSI}" xmlns:cim="{names.CIM}" xmlns:a="{names.ADDRESSING}"'
        f' xmlns:w="{names.WSMAN}">'
        f"{inner}</p:Toy_Thing>"
    )


def test_what_is_written_is_read_back():
    written = WRITER.instance(THING, FULL).replace(
        "<p:Toy_Thing ", f'<p:Toy_Thing xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}" '
    )
    expected = {name: value for name, value in FULL.items() if value != []}
    assert read(written) == expected


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"])), st.integers(0, 2**64 - 1), st.booleans())
def test_any_text_number_and_boolean_is_read_back(text: str, number: int, flag: bool):
    values = thing(text, 0, Caption=text, Size=number, Enabled=flag, Paths=[text, ""])
    found = read(WRITER.instance(THING, values))
    assert (found["Caption"], found["Size"], found["Enabled"], found["Paths"]) == (
        text,
        number,
        flag,
        [text, ""],
    )


@given(st.timedeltas(timedelta(0), timedelta(days=99999999, hours=23)))
def test_durations_are_read_back(duration: timedelta):
    assert parse_scalar("interval", format_interval(duration)) == duration


@given(
    st.datetimes(datetime(1601, 1, 1), datetime(9998, 1, 1), timezones=st.just(timezone(timedelta(hours=-5))))
)
def test_moments_are_read_back(moment: datetime):
    found = read(WRITER.instance(THING, thing("a", Since=moment)))
    assert found["Since"] == moment


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ("<p:caption>x</p:caption>", faults.INVALID_REPRESENTATION),
        ("<p:Nosuch/>", faults.INVALID_REPRESENTATION),
        ("<q:Caption>x</q:Caption>", faults.INVALID_REPRESENTATION),
        ("<p:Caption>x</p:Caption><p:Caption>y</p:Caption>", faults.INVALID_VALUES),
        ("<p:Level>128</p:Level>", faults.INVALID_VALUES),
        ("<p:Numbers>1</p:Numbers><p:Numbers>-1</p:Numbers>", faults.INVALID_VALUES),
        ("<p:Caption><p:x/></p:Caption>", faults.INVALID_VALUES),
        ("<p:Since><cim:Date>2024-01-02</cim:Date></p:Since>", faults.INVALID_VALUES),
        ("<p:Part><q:Label>x</q:Label></p:Part>", faults.INVALID_VALUES),
        ('<p:Part xsi:type="q:Toy_Part"><q:Label>x</q:Label></p:Part>', faults.INVALID_VALUES),
        ('<p:Part xsi:type="p:Toy_Part_Type"><q:Label>x</q:Label></p:Part>', faults.INVALID_VALUES),
        ('<p:Part xsi:type="q:Nosuch_Type"/>', faults.INVALID_VALUES),
        ('<p:Part xsi:type="q:Toy_Part_Type"><q:label>x</q:label></p:Part>', faults.INVALID_REPRESENTATION),
        ('<p:Part xsi:type="none:Toy_Part_Type"/>', faults.INVALID_XML),
        ("<p:Owner>x</p:Owner>", faults.INVALID_VALUES),
    ],
)
def test_what_does_not_fit_the_class_is_refused(inner: str, kind: faults.Kind):
    with pytest.raises(Fault) as caught:
        read(element(inner))
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("inner", "values"),
    [
        ('<p:Caption xsi:nil="true"/><p:Paths xsi:nil="true"/>', {"Caption": None, "Paths": None}),
        ("<p:Caption/><p:Paths/>", {"Caption": "", "Paths": [""]}),
        ("<Caption>x</Caption>", {"Caption": "x"}),
        ("<p:Lasts>PT1S</p:Lasts>", {"Lasts": timedelta(seconds=1)}),
        (
            '<p:Part xsi:type="q:Toy_Part_Type"><q:Weight>255</q:Weight></p:Part>',
            {"Part": Embedded("Toy_Part", {"Weight": 255})},
        ),
        (
            "<p:Owner><a:EndpointReference><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>"
            f"{names.WMI_RESOURCE}/root/cimv2/O</w:ResourceURI><w:SelectorSet>"
            "<w:Selector Name='K'>v</w:Selector></w:SelectorSet></a:ReferenceParameters>"
            "</a:EndpointReference></p:Owner>",
            {"Owner": Ref("root/cimv2", "O", {"K": "v"})},
        ),
    ],
)
def test_null_empty_unqualified_and_nested_values(inner: str, values: dict[str, Any]):
    assert read(element(inner)) == values


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a><b></a>",
        b"",
        b"\xff\xfe",
    ],
)
def test_documents_that_are_no_xml_or_declare_types_are_refused(document: bytes):
    with pytest.raises(Fault) as caught:
        parse_xml(document)
    assert caught.value.kind is faults.INVALID_XML


def test_control_characters_cannot_be_written():
    with pytest.raises(ValueError, match=r"U\+0001"):
        WRITER.instance(THING, thing("a\x01"))


def test_a_nul_character_becomes_an_empty_element():
    assert "<p:Letter></p:Letter>" in WRITER.instance(THING, thing("a", Letter="\0"))


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT20S", 20), ("PT0.5S", 0.5), ("P1DT1M", 86460), ("PT2H", 7200)]
)
def test_timeouts(text: str, seconds: float):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["20", "P", "PT", "P1M", "-PT1S", "PT1.S"])
def test_other_timeouts_are_refused(text: str):
    with pytest.raises(Fault):
        parse_duration(text)


def test_names_of_the_capture_are_elements_that_parse():
    assert ET.fromstring(WRITER.fragment(THING, ["Since"], FULL))[0][0].tag == "Datetime"
