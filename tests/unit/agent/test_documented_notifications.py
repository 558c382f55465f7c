# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on the agent names every kind of notification, its severity, every setting and every command."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ansible_collections.standby.iis.plugins.module_utils.agent.cli import _parser
from ansible_collections.standby.iis.plugins.module_utils.agent.news import KINDS, TOLD
from ansible_collections.standby.iis.plugins.module_utils.agent.notifications import Notifications
from ansible_collections.standby.iis.plugins.module_utils.agent.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "agent.md").read_text(encoding="utf-8")


def rows(heading: str, head: str) -> list[list[str]]:
    """The cells of the table of a section that begins with this cell."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = section.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([\w-]+)", cell)


def test_every_kind_of_notification_is_there_with_its_severity():
    told = {name: row[1] for row in rows("Notifications", "`what`") for name in names(row[0])}
    assert set(told) == set(KINDS)
    for reason, severity in TOLD.items():
        assert told[reason.value].startswith(severity.value), reason


def test_every_setting_is_there():
    assert {name for row in rows("Settings", "name") for name in names(row[0])} == {
        field.name for field in fields(Settings)
    }
    assert {names(row[0])[0] for row in rows("Notifications", "name")} == {
        field.name for field in fields(Notifications)
    }


def test_every_command_is_there():
    (commands,) = [one for one in _parser()._actions if one.dest == "command"]
    told = {name for row in rows("The command", "command") for name in names(row[0])}
    assert told >= set(commands.choices) - {"work"}
