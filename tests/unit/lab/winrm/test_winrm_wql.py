# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""WQL: what selects which rows, and what is refused."""

from __future__ import annotations

import pytest

from lab.cim.schema import CimClass, Member
from lab.winrm.wql import WqlError, parse

ROW = CimClass(
    "root/cimv2",
    "Row",
    (
        Member("Name", "string"),
        Member("Size", "uint64"),
        Member("On", "boolean"),
        Member("Ratio", "real32"),
        Member("Tags", "string", array=True),
        Member("When", "datetime"),
    ),
)
ROWS = [
    {"Name": "C:\\", "Size": 10, "On": True, "Ratio": 0.5},
    {"Name": "it's 100%", "Size": 20, "On": False, "Ratio": 2.0},
    {"Name": None, "Size": None, "On": None, "Ratio": None},
]


def selected(condition: str) -> list[int]:
    query = parse(f"SELECT * FROM Row WHERE {condition}")
    where = query.where(ROW)
    return [number for number, row in enumerate(ROWS) if where(row)]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("Name = 'C:\\\\'", [0]),
        ("name = 'c:\\\\'", [0]),
        ("Name = 'it\\'s 100%'", [1]),
        ('Name = "it\'s 100%"', [1]),
        ("Name <> 'x'", [0, 1]),
        ("Name != 'C:\\\\'", [1]),
        ("Size > 10", [1]),
        ("Size >= 10", [0, 1]),
        ("Size < '20'", [0]),
        ("Size <= 20 AND On = TRUE", [0]),
        ("On = false OR Ratio = 0.5", [0, 1]),
        ("NOT On = TRUE", [1, 2]),
        ("NOT (Size = 10 OR Size = 20)", [2]),
        ("Size = 10 OR Size = 20 AND On = TRUE", [0]),
        ("(Size = 10 OR Size = 20) AND On = FALSE", [1]),
        ("Name = NULL", [2]),
        ("Name <> NULL", [0, 1]),
        ("Name IS NULL", [2]),
        ("Name IS NOT NULL", [0, 1]),
        ("Name LIKE '%100[%]'", [1]),
        ("Name LIKE '_:%'", [0]),
        ("Name LIKE '[a-d]%'", [0]),
        ("Name LIKE '[^a-d]%'", [1]),
        ("Name LIKE 'C'", []),
    ],
)
def test_conditions_select_rows(condition: str, rows: list[int]):
    assert selected(condition) == rows


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT FROM Row",
        "SELECT Name Size FROM Row",
        "SELECT * FROM Row ORDER BY Name",
        "SELECT * FROM Row WHERE",
        "SELECT * FROM Row WHERE Nosuch = 1",
        "SELECT Nosuch FROM Row",
        "SELECT * FROM Row WHERE Name = 1",
        "SELECT * FROM Row WHERE Size = 'x'",
        "SELECT * FROM Row WHERE On = 1",
        "SELECT * FROM Row WHERE Tags = 'a'",
        "SELECT * FROM Row WHERE When = '2024'",
        "SELECT * FROM Row WHERE Size > NULL",
        "SELECT * FROM Row WHERE Name ISA 'x'",
        "SELECT * FROM Row WHERE Name = 'x",
        "SELECT * FROM Row WHERE (Size = 1",
        "SELECT * FROM Row WHERE Size = 1 Size = 2",
        "SELECT * FROM Row WHERE Size = 1 AND",
        "SELECT * FROM Row WHERE Size LIKE '1'",
        "ASSOCIATORS OF {Row.Name='x'}",
        "SELECT * FROM Row; DROP",
    ],
)
def test_anything_else_is_refused(query: str):
    with pytest.raises(WqlError):
        found = parse(query)
        found.select(ROW)
        found.where(ROW)


def test_columns_are_spelled_as_in_the_schema():
    assert parse("select NAME, size from row").select(ROW) == ("Name", "Size")
    assert parse("SELECT * FROM Row").select(ROW) is None
