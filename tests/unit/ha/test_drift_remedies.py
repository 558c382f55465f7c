# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is advised for differences that a module of this collection mends."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.ha.drift.verdicts import TABLE

OWN = [one for one in TABLE if one.pattern.startswith("certificates/") and "central" not in one.pattern]


@pytest.mark.parametrize("pattern", [one.pattern for one in OWN])
def test_a_certificate_is_brought_by_the_module(pattern: str) -> None:
    (row,) = [one for one in OWN if one.pattern == pattern]
    assert "(module certificate" in row.remedy
