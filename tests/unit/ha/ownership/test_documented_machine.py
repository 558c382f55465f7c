# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of standings in docs/ownership.md, and that of ``decide``, are the machine as it is."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.ha.ownership import decide
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.decision import Role
from ansible_collections.standby.iis.plugins.module_utils.ha.ownership.machine import (
    AFTER_ROLE,
    AFTER_STANDING,
)

PAGE = (Path(__file__).parents[4] / "docs" / "ownership.md").read_text(encoding="utf-8")
BEGIN = "off"


def test_the_page_tells_which_standing_follows_which():
    _before, table = PAGE.split("| standing | means | goes to |\n|---|---|---|\n")
    rows = (
        re.fullmatch(r"\| (\w+) \| .* \| ([^|]*) \|", line) for line in table.split("\n\n")[0].splitlines()
    )
    told = {row[1]: tuple(row[2].removesuffix(", as a new incarnation").split(", ")) for row in rows if row}

    assert told == {before: after for before, after in AFTER_STANDING.items() if before != BEGIN}


def test_every_standing_means_something():
    _before, table = (decide.__doc__ or "").split("| standing | means |\n|---|---|\n")
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == [
        name for name in AFTER_STANDING if name != BEGIN
    ]


def test_the_machine_of_roles_has_every_role():
    assert set(AFTER_ROLE) == {BEGIN, *(role.value for role in Role)}
