# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments are split as CommandLineToArgvW splits them; examples of the Microsoft C documentation."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.shell.arguments import split_arguments


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ('"a b c" d e', ["a b c", "d", "e"]),
        ('"ab\\"c" "\\\\" d', ['ab"c', "\\", "d"]),
        ('a\\\\\\b d"e f"g h', ["a\\\\\\b", "de fg", "h"]),
        ('a\\\\\\"b c d', ['a\\"b', "c", "d"]),
        ('a\\\\\\\\"b c" d e', ["a\\\\b c", "d", "e"]),
        ('a"b"" c d', ['ab" c d']),
        ("", []),
        ('"" x', ["", "x"]),
    ],
)
def test_arguments_follow_the_documented_examples(line: str, arguments: list[str]):
    assert split_arguments(f"program {line}")[1:] == arguments


@pytest.mark.parametrize(
    ("line", "program"),
    [('"C:\\a b\\c.exe" x', "C:\\a b\\c.exe"), ('C:\\"a b"\\c.exe x', "C:\\a b\\c.exe"), ("p\\", "p\\")],
)
def test_the_program_knows_no_escapes(line: str, program: str):
    assert split_arguments(line)[0] == program


@given(
    st.lists(st.text(st.characters(blacklist_characters="\0\r\n", blacklist_categories=["Cs"]), min_size=0))
)
def test_what_pythons_own_quoting_writes_is_read_back(arguments: list[str]):
    assert split_arguments("p " + subprocess.list2cmdline(arguments))[1:] == arguments
