# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six verbs with every kind of value, against classes of the lab."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import CimError, MethodError
from ansible_collections.standby.iis.plugins.module_utils.node import ClassPath, Instance, Reference
from ansible_collections.standby.iis.plugins.module_utils.wsman.session import connect
from lab.cim.schema import Embedded, Ref
from tests.support.wsman_lab import NAMESPACE, THINGS

LINK = Reference(
    f"http://schemas.microsoft.com/wbem/wsman/1/wmi/{NAMESPACE}/Test_Thing", (("Name", "a<b>&'\"; é"),)
)
FULL = {
    "Flag": True,
    **{f"s{bits}": -(2 ** (bits - 1)) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": 2**bits - 1 for bits in (8, 16, 32, 64)},
    "Real": 0.1,
    "Letter": "E",
    "Text": "\tSpaces  kept \n <&>\"' ]]> ",
    "Texts": ["one", "", "three"],
    "At": datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    "For": timedelta(days=49710, hours=6, minutes=28, seconds=15),
    "Other": LINK,
    "Part": Instance("Test_Part", {"Label": "inner", "Count": 5}),
    "Parts": [
        Instance("Test_Part", {"Label": "a", "Count": None}),
        Instance("Test_Part", {"Label": "b", "Count": 1}),
    ],
}


def check_full(read: Instance) -> None:
    assert read.flag("Flag") is True
    for bits in (8, 16, 32, 64):
        assert (read.number(f"s{bits}"), read.number(f"u{bits}")) == (-(2 ** (bits - 1)), 2**bits - 1)
    assert float(read.text("Real")) == 0.1
    for name in ("Letter", "Text", "Texts", "At", "For"):
        assert read.get(name) == FULL[name]
    assert read.get("Other").resource_uri == LINK.resource_uri
    assert LINK.selectors[0] in read.get("Other").selectors
    assert (read.get("Part").class_name, read.get("Part").text("Label")) == ("Test_Part", "inner")
    assert read.get("Part").number("Count") == 5
    assert [one.text("Label") for one in read.items("Parts")] == ["a", "b"]
    assert read.items("Parts")[0].get("Count") is None


def test_every_kind_of_value_goes_through_a_method_and_back(node):
    check_full(node.cim.invoke(THINGS, "Echo", FULL))


def test_every_kind_of_value_goes_through_create_and_back(node, lab):
    created = node.cim.create(THINGS, {"Name": "full", **FULL})
    check_full(node.cim.get(created))
    kept = lab.things.kept["full"]
    assert kept["Other"] == Ref(NAMESPACE, "Test_Thing", {"Name": "a<b>&'\"; é"})
    assert kept["Part"] == Embedded("Test_Part", {"Label": "inner", "Count": 5})


def test_line_ends_of_windows_reach_the_node_as_they_are(node, lab):
    node.cim.create(THINGS, {"Name": "a", "Text": "one\r\ntwo"})
    assert lab.things.kept["a"]["Text"] == "one\r\ntwo"


def test_null_one_and_many_read_alike_through_the_accessors(node):
    node.cim.create(THINGS, {"Name": "none"})
    node.cim.create(THINGS, {"Name": "one", "Texts": ["x"]})
    found = {one.text("Name"): one for one in node.cim.enumerate(THINGS)}
    assert (found["none"].items("Texts"), found["one"].items("Texts")) == ([], ["x"])
    assert (found["none"].get("At"), found["none"].flag("Flag")) == (None, False)


def test_an_instance_is_changed_read_and_removed_once(node):
    created = node.cim.create(THINGS, {"Name": "a", "Text": "before", "u8": 1})
    node.cim.modify(created, {"Text": None, "u8": 2})
    changed = node.cim.get(created)
    assert (changed.get("Text"), changed.number("u8")) == (None, 2)
    assert node.cim.delete(created) is True
    assert node.cim.delete(created) is False
    assert node.cim.get(created) is None


def test_filters_choose(node):
    for number in range(4):
        node.cim.create(THINGS, {"Name": f"n{number}", "u8": number, "Text": "it's"})
    assert [one.text("Name") for one in node.cim.enumerate(THINGS, where={"u8": "2"})] == ["n2"]
    query = "SELECT * FROM Test_Thing WHERE u8 > 1"
    assert [one.text("Name") for one in node.cim.enumerate(THINGS, query=query)] == ["n2", "n3"]
    fragments = node.cim.enumerate(THINGS, query="SELECT Name FROM Test_Thing WHERE u8 = 3")
    assert [(one.class_name, one.text("Name"), one.get("u8")) for one in fragments] == [
        ("Test_Thing", "n3", None)
    ]


@pytest.mark.parametrize(
    "settings", [{}, {"first_items": "all"}, {"max_elements": 7}, {"max_envelope_kb": 20}]
)
def test_long_enumerations_are_read_to_the_end_however_they_are_paged(lab, settings):
    lab.start(**settings)
    lab.things.kept = {f"n{number}": {"Name": f"n{number}", "Text": "é" * 50} for number in range(120)}
    opened = connect(lab.connection())
    assert [one.text("Name") for one in opened.cim.enumerate(THINGS)] == list(lab.things.kept)
    opened.close()


def test_void_methods_and_codes(node):
    created = node.cim.create(THINGS, {"Name": "a"})
    assert node.cim.invoke(created, "Touch").get("ReturnValue") is None
    with pytest.raises(MethodError, match="returned 7: seven"):
        node.cim.invoke(created, "Fail", {"Code": 7}, codes={7: "seven"})


@pytest.mark.parametrize(
    ("target", "status"), [(ClassPath(NAMESPACE, "No_Class"), 5), (ClassPath("root/none", "Test_Thing"), 3)]
)
def test_an_unknown_class_or_namespace_is_an_error_not_nothing(node, target, status):
    with pytest.raises(CimError) as caught:
        node.cim.enumerate(target)
    assert caught.value.cim_status == status
