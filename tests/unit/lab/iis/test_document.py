# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.iis import document
from lab.iis.document import Node, NotWellFormedError
from tests.support.iis_bench import read_xml

FILE = (
    b'\xef\xbb\xbf<?xml version="1.0"?>\r\n<!-- a > b -->\r\n<root>\r\n'
    b'  <item name="one"  text=\'a "b" &gt; c\'/>\r\n'
    b'  <!-- between -->\r\n  <item name="two">\r\n    <x />\r\n  </item>\r\n  <empty />\r\n</root>\r\n'
)


def test_elements_know_their_bytes() -> None:
    one, two, _rest = document.parse(FILE).children
    assert FILE[one.start : one.end] == b'<item name="one"  text=\'a "b" &gt; c\'/>'
    assert FILE[two.start : two.end].endswith(b"</item>")
    assert one.attributes["text"] == 'a "b" > c'


def test_removing_an_element_leaves_every_other_byte() -> None:
    two = document.parse(FILE).children[1]
    after = document.remove(FILE, two)
    assert after == FILE.replace(b'\r\n  <item name="two">\r\n    <x />\r\n  </item>', b"")


def test_setting_an_attribute_touches_only_its_value() -> None:
    one = document.parse(FILE).children[0]
    after = document.set_attributes(FILE, one, {"name": "1&1"})
    assert after == FILE.replace(b'name="one"', b'name="1&amp;1"')


def test_a_new_attribute_goes_to_the_end_of_the_start_tag() -> None:
    root = document.parse(FILE)
    assert b'<empty z="1" />' in document.set_attributes(FILE, root.children[2], {"z": "1"})
    assert b'<item name="two" z="1">' in document.set_attributes(FILE, root.children[1], {"z": "1"})


def test_a_child_is_added_with_the_indentation_and_line_end_of_its_neighbours() -> None:
    root = document.parse(FILE)
    after = document.append(
        FILE, root, Node("item", {"name": "new"}, [Node("y", {})]), after=root.children[1]
    )
    assert b'  </item>\r\n  <item name="new">\r\n      <y />\r\n  </item>\r\n  <empty />' in after


def test_an_empty_element_is_opened_for_its_first_child() -> None:
    root = document.parse(FILE)
    after = document.append(FILE, root.children[2], Node("in", {}))
    assert b"  <empty>\r\n      <in />\r\n  </empty>\r\n</root>" in after


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"<a></b>", b"<a><b></a>", b"<a b=1/>", b"no xml", FILE[:-12], b"<a>\xff</a>"]
)
def test_broken_documents_are_refused_with_a_line(data: bytes) -> None:
    with pytest.raises(NotWellFormedError, match=r"line \d+"):
        document.parse(data)


def test_entity_bombs_are_refused_before_they_expand() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "yyyyyyyyyy"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>'
    with pytest.raises(NotWellFormedError, match="document types are not allowed"):
        document.parse(bomb)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=200))
def test_any_value_survives_being_written_and_read(value: str) -> None:
    node = document.parse(FILE).children[0]
    root = read_xml(document.set_attributes(FILE, node, {"name": value}))
    assert root[0].get("name") == value
