# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of CIM value survives the way to XML and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Instance, Reference
from ansible_collections.standby.iis.plugins.module_utils.wsman import protocol, values

from_text = ElementTree.fromstring

URI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Test_Class"
BOUND = (
    f'xmlns:p="{URI}" xmlns:a="{protocol.ADDRESSING}" xmlns:w="{protocol.WSMAN}" '
    f'xmlns:cim="{protocol.COMMON}" xmlns:xsi="{protocol.SCHEMA_INSTANCE}"'
)

text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r&<>\"'")
)
names = st.from_regex(r"[A-Z][A-Za-z0-9_]{0,12}", fullmatch=True)
references = st.recursive(
    st.builds(Reference, st.just(URI), st.lists(st.tuples(text, text), max_size=3).map(tuple)),
    lambda inner: st.builds(
        Reference, st.just(URI), st.lists(st.tuples(text, text | inner), max_size=3).map(tuple)
    ),
    max_leaves=4,
)
integers = st.integers(-(2**63), 2**64 - 1)
plain = (
    st.none()
    | st.booleans()
    | integers
    | st.floats()
    | text
    | st.datetimes(
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5.5))]),
        min_value=datetime(1601, 1, 1),
        max_value=datetime(9000, 1, 1),
    )
    | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=99_999_999))
    | references
)


def instances(inner):
    return st.builds(Instance, names, st.dictionaries(names, inner | st.lists(inner, max_size=3), max_size=4))


scalars = st.recursive(plain, instances, max_leaves=6)


def as_delivered(value):
    """What the wire makes of a value: no types for numbers and booleans, no arrays of none or one."""
    if isinstance(value, list):
        return [as_delivered(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value).replace("inf", "INF").replace("nan", "NaN")
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Instance):
        return Instance(value.class_name, properties_as_delivered(value.properties))
    return value


def properties_as_delivered(given):
    found = {}
    for name, value in given.items():
        delivered = as_delivered(value)
        if isinstance(delivered, list) and len(delivered) < 2:
            if delivered:
                found[name] = delivered[0]
        else:
            found[name] = delivered
    return found


def there_and_back(given):
    inside = values.properties(URI, given, nulls=True)
    return values.instance(from_text(f"<p:Test_Class {BOUND}>{inside}</p:Test_Class>"))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, scalars | st.lists(scalars, max_size=3), max_size=5))
def test_values_survive_the_way_there_and_back(given):
    read = there_and_back(given)
    assert dict(read.properties) == properties_as_delivered(given)


@settings(deadline=None)
@given(references)
def test_references_stay_as_they_were(reference):
    document = f"<a:EndpointReference {BOUND}>{values.reference(reference)}</a:EndpointReference>"
    assert values.parse_reference(from_text(document)) == reference


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_the_ends_of_every_integer_width_are_written_in_full(bits):
    ends = {"Low": -(2 ** (bits - 1)), "High": 2 ** (bits - 1) - 1, "Top": 2**bits - 1}
    read = there_and_back(ends)
    assert {name: read.number(name) for name in ends} == ends


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1])
def test_a_number_wider_than_cim_is_refused(number):
    with pytest.raises(StandbyError, match=r"Test_Class\.Size: .* does not fit into 64 bits"):
        values.properties(URI, {"Size": number}, nulls=True)


def test_a_parameter_that_is_none_is_not_given_and_a_property_becomes_null():
    assert values.properties(URI, {"A": None}, nulls=False) == ""
    assert values.properties(URI, {"A": None}, nulls=True) == '<p:A xsi:nil="true"/>'


@pytest.mark.parametrize("written", ["true", "1"])
def test_null_is_read_in_either_spelling_of_true(written):
    assert values.decode(from_text(f'<p:X {BOUND} xsi:nil="{written}"/>')) is None


@pytest.mark.parametrize("written", ["false", "0"])
def test_what_says_that_it_is_not_null_is_text(written):
    assert values.decode(from_text(f'<p:X {BOUND} xsi:nil="{written}">a</p:X>')) == "a"


def test_an_array_of_one_and_of_none_read_alike_through_items():
    read = there_and_back({"None_": [], "One": ["x"], "Two": ["x", "y"]})
    assert [read.items(name) for name in ("None_", "One", "Two")] == [[], ["x"], ["x", "y"]]


def test_embedded_instances_say_their_class_two_levels_down():
    inner = Instance("Inner", {"Deep": Instance("Deepest", {"N": 1})})
    read = there_and_back({"Outer": inner})
    outer = read.get("Outer")
    assert outer.class_name == "Inner"
    assert outer.get("Deep").class_name == "Deepest"
    assert "wmi/root/cimv2/Deepest" in values.properties(URI, {"Outer": inner}, nulls=True)


def test_a_time_without_zone_is_utc_both_ways():
    assert "<cim:Datetime>2024-01-02T03:04:05Z</cim:Datetime>" in values.properties(
        URI, {"At": datetime(2024, 1, 2, 3, 4, 5)}, nulls=True
    )
    assert read_time("Datetime", "2024-01-02T03:04:05") == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2013-04-15T16:28:39.5Z", datetime(2013, 4, 15, 16, 28, 39, 500000, tzinfo=UTC)),
        ("2013-04-15T18:28:39+02:00", datetime(2013, 4, 15, 16, 28, 39, tzinfo=UTC)),
        ("2013-04-15T16:28:39.123456789Z", datetime(2013, 4, 15, 16, 28, 39, 123456, tzinfo=UTC)),
        ("0000-00-00T00:00:00Z", "0000-00-00T00:00:00Z"),
        ("soon", "soon"),
    ],
)
def test_points_in_time_as_windows_writes_them(written, value):
    assert read_time("Datetime", written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("P49710DT6H28M15S", timedelta(seconds=0xFFFFFFFF)),
        ("PT30S", timedelta(seconds=30)),
        ("P0DT0H0M30.250S", timedelta(seconds=30.25)),
        (
            "P10675199DT2H48M5.477S",
            timedelta(days=10675199, hours=2, minutes=48, seconds=5, milliseconds=477),
        ),
        ("P1Y", "P1Y"),
        ("-PT1S", "-PT1S"),
        ("P99999999999D", "P99999999999D"),
        ("PT", "PT"),
    ],
)
def test_intervals_as_windows_writes_them(written, value):
    assert read_time("Interval", written) == value


def read_time(kind, written):
    element = from_text(f"<p:X {BOUND}><cim:{kind}>{written}</cim:{kind}></p:X>")
    return values.decode(element)


def test_an_interval_is_never_negative():
    with pytest.raises(StandbyError, match="cannot be negative"):
        values.properties(URI, {"ValidLifetime": timedelta(seconds=-1)}, nulls=True)


def test_a_value_that_is_none_of_cim_is_refused():
    with pytest.raises(StandbyError, match=r"Test_Class\.Data: a bytes is no CIM value"):
        values.properties(URI, {"Data": b"x"}, nulls=True)


def test_a_reference_in_a_property_may_stand_in_an_element_of_its_own():
    reference = Reference(URI, (("Name", "a&b"),))
    wrapped = (
        f"<p:Disk {BOUND}><a:EndpointReference>{values.reference(reference)}</a:EndpointReference></p:Disk>"
    )
    assert values.decode(from_text(wrapped)) == reference
