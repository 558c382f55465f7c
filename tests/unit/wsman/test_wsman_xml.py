# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reader of answers refuses, and how it names the place."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.wsman import xml

from_text = ElementTree.fromstring

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">'
    '<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;">]><lolz>&lol3;</lolz>'
)
QUADRATIC = f'<!DOCTYPE a [<!ENTITY x "{"x" * 1000}">]><a>{"&x;" * 1000}</a>'
EXTERNAL = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'
EXTERNAL_ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize("bomb", [BILLION_LAUGHS, QUADRATIC, EXTERNAL, EXTERNAL_ENTITY])
def test_any_document_type_is_refused(bomb):
    with pytest.raises(BadDocument, match=r"the answer: a document type .* is not accepted"):
        xml.parse(bomb.encode(), "the answer")


def test_deep_nesting_is_refused_before_it_exhausts_anything():
    with pytest.raises(BadDocument, match="deeper than 200"):
        xml.parse(b"<a>" * 100_000, "the answer")
    assert xml.parse(b"<a>" * 200 + b"</a>" * 200, "the answer").tag == "a"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"<a>\n  <b></a>", "line 2, column 8"),
        (b"<a><b>", "line 1, column 7"),
        (b"<a>&nothing;</a>", "line 1, column 4"),
        (b"not XML", "line 1, column 1"),
        (b"<a>\xff\xfe</a>", "line 1, column 4"),
    ],
)
def test_malformed_documents_are_named_with_line_and_column(document, place):
    with pytest.raises(BadDocument, match=f"answer to get X: {place}: "):
        xml.parse(document, "answer to get X")


def test_an_empty_document_says_what_was_expected():
    with pytest.raises(BadDocument, match="empty, expected an XML document"):
        xml.parse(b"", "the answer")


def test_an_unknown_encoding_is_an_error_of_ours():
    with pytest.raises(BadDocument):
        xml.parse(b'<?xml version="1.0" encoding="klingon"?><a/>', "the answer")


LEGAL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda c: ord(c) >= 32 or c in "\t\n\r"
    )
)


@settings(deadline=None)
@given(LEGAL)
def test_any_legal_text_arrives_as_it_was(value):
    document = f"<a b={xml.attribute(value, 'it')}>{xml.text(value, 'it')}</a>"
    root = from_text(document)
    assert (root.text or "") == value
    assert root.get("b") == value


@settings(deadline=None)
@given(
    LEGAL,
    st.sampled_from([chr(code) for code in (0, 1, 8, 11, 12, 14, 31, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF)]),
    LEGAL,
)
def test_what_xml_cannot_carry_is_refused_with_its_place(before, bad, after):
    with pytest.raises(
        StandbyError, match=rf"the name holds the character U\+{ord(bad):04X} at position {len(before) + 1}"
    ):
        xml.text(before + bad + after, "the name")
    with pytest.raises(StandbyError):
        xml.attribute(before + bad + after, "the name")


@pytest.mark.parametrize("name", ["", "a b", "a><b", "1st", "né", "a\n"])
def test_element_names_are_cim_identifiers_only(name):
    with pytest.raises(StandbyError):
        xml.name(name)
