# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search in a body ends, whatever the expression, and finds what re finds."""

from __future__ import annotations

import re
import sys
import time

import pytest

from ansible_collections.standby.iis.plugins.module_utils.agent.body_search import BodySearch


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("ready", "not ready yet"),
        ("ready", "no"),
        ("^ready: gr[e]+n$", "ready: green"),
        ("^ready", "not ready"),
        (r"\d+ Ω 🛒", "7 Ω 🛒"),
        ("", ""),
        ("a\nb", "xa\nby"),
        ('"', 'say "so"'),
        ("x{3}", "\udcffxxx"),
    ],
)
def test_it_finds_what_the_library_finds(expression, text):
    assert BodySearch(30.0)(expression, text) is (re.search(expression, text) is not None)


def test_plain_text_needs_no_process():
    assert BodySearch(argv=["/nonexistent"])("Welcome", "You are Welcome")
    assert not BodySearch(argv=["/nonexistent"])("Welcome", "Error")


def test_an_expression_without_end_ends():
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        BodySearch(0.5)("(a+)+b", "a" * 60000)
    assert time.monotonic() - begun < 20


def test_a_text_of_full_length_is_searched():
    assert BodySearch(30.0)("[r]eady", "x" * 65531 + "ready")


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["/nonexistent"], "cannot be started"),
        ([sys.executable, "-c", "raise SystemExit(1)"], "failed \\(exit code 1\\)"),
    ],
)
def test_a_search_that_fails_is_no_answer(argv, problem):
    with pytest.raises(ValueError, match=problem):
        BodySearch(30.0, argv)("a+", "text")
