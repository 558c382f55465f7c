# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/ownership.md has every reason, what it means and what to do next."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Reason

PAGE = (Path(__file__).parents[4] / "docs" / "ownership.md").read_text(encoding="utf-8")


def test_every_reason_and_no_other_is_documented():
    _before, table = PAGE.split("| reason | what it means | what to do next |\n|---|---|---|\n")
    rows = [line.strip("| ").split(" | ") for line in table.split("\n\n")[0].splitlines()]
    assert [row[0] for row in rows] == [f"`{reason.value}`" for reason in Reason]
    assert all(len(row) == 3 and all(row) for row in rows)
