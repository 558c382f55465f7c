# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections as settings: what is inherited, what is left out, and what no schema knows of."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.flatten import Flat, flatten
from tests.support.twin_pair import SCHEMA


def flat(section: str | None, *layers: str) -> Flat:
    described = SCHEMA[f"system.webServer/{section}"] if section else None
    return flatten(described, [fromstring(layer) for layer in layers])


def test_entries_are_inherited_taken_away_and_added_again() -> None:
    server = '<handlers><add name="A" path="*.a" verb="*" /><add name="B" path="*.b" verb="*" /></handlers>'
    site = '<handlers><remove name="A" /><add name="C" path="*.c" verb="*" /></handlers>'
    assert flat("handlers", server, site).orders[""] == ["b", "c"]
    assert flat("handlers", server, "<handlers><clear /></handlers>").orders[""] == []


def test_an_entry_with_two_keys_is_told_apart_by_both_with_their_defaults() -> None:
    found = flat(
        "httpErrors",
        '<e><error statusCode="404" path="a" /><error statusCode="404" subStatusCode="3" path="b" /></e>',
    )
    assert found.orders[""] == ["404,-1", "404,3"]


def test_a_default_that_is_written_out_is_the_one_that_is_left_out() -> None:
    assert (
        flat("urlCompression", '<u doStaticCompression="true" />').settings == flat("urlCompression").settings
    )


def test_the_innermost_value_counts() -> None:
    found = flat("security/access", '<access sslFlags="Ssl" />', '<access sslFlags="None" />')
    assert found.settings["sslFlags"].text == "None"


RULES = "<rewrite><rules>{}</rules></rewrite>"
ONE = '<rule name="One"><match url="a" /><action type="Redirect" url="/{}" /></rule>'
TWO = '<rule name="Two"><match url="b" /><action type="Rewrite" url="/y" /></rule>'


@pytest.mark.parametrize(
    "section", [RULES.format(ONE.format("z") + TWO), RULES.format(TWO), RULES.format(ONE.format("x"))]
)
def test_elements_that_no_schema_knows_are_kept_apart_by_their_names(section: str) -> None:
    wanted = flat(None, RULES.format(ONE.format("x") + TWO)).settings
    assert "rules/rule[One]/action/url" in wanted
    assert {path: one.token for path, one in flat(None, section).settings.items()} != {
        path: one.token for path, one in wanted.items()
    }


def test_elements_without_names_that_no_schema_knows_are_kept_apart_by_their_places() -> None:
    one = flat(None, '<s><item a="1" /><item a="2" /></s>').settings
    other = flat(None, '<s><item a="3" /><item a="2" /></s>').settings
    assert [value.text for value in one.values()] == ["1", "2"]
    assert one != other


def test_a_collection_without_a_schema_is_guessed_by_its_names() -> None:
    one = flat(None, '<s><add name="x" v="1" /><add name="y" v="2" /></s>')
    other = flat(None, '<s><add name="y" v="2" /><add name="x" v="1" /></s>')
    assert one.settings == other.settings


def test_secrets_that_no_schema_knows_are_hidden_all_the_same() -> None:
    found = flat(None, '<connectionStrings><add name="db" connectionString="hunter2" /></connectionStrings>')
    plain = flat(None, '<s password="hunter2" token="[enc:Aes:abc:enc]" />')
    assert "hunter2" not in repr((found, plain))
    assert not plain.settings["token"].comparable


def test_without_a_schema_only_truths_have_no_case() -> None:
    one, other = (
        flat(None, f'<s on="{on}" name="{name}" />').settings for on, name in (("true", "a"), ("True", "A"))
    )
    assert (one["on"].token == other["on"].token, one["name"].token == other["name"].token) == (True, False)
