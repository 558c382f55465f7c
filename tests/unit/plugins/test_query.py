# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that queries results."""

from __future__ import annotations

import importlib

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader

FOUND = [
    {"name": "Shop", "owner": "server2", "primary": "server1"},
    {"name": "News", "owner": None, "primary": "server1"},
]


@pytest.fixture
def query():
    return importlib.import_module("ansible_collections.standby.iis.plugins.filter.query").query


def test_selects_what_the_expression_says(query) -> None:
    assert query(FOUND, "[?owner!=null && owner!=primary].name") == ["Shop"]


def test_values_that_ansible_tagged_are_told_by_their_types(query) -> None:
    tagged = DataLoader().load("- {name: Shop, sites: 2, up: true, load: 0.5}")
    assert query(tagged, "[?sites==`2` && up && load<`1`].{it: name, is: type(name)}") == [
        {"it": "Shop", "is": "string"}
    ]


def test_a_malformed_expression_is_named(query) -> None:
    with pytest.raises(AnsibleFilterError, match=r"standby.iis.query: '\[\?'"):
        query(FOUND, "[?")
