# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever looks for a page or a file finds it: links lead somewhere, and lists of files are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path):
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8"))
    for file, heading in links:
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not heading or heading in anchors(target), f"{file}#{heading}"


def test_every_page_is_linked_from_the_readme_or_from_a_page_that_is():
    found, looked_at = {ROOT / "README.md"}, set()
    while found - looked_at:
        page = (found - looked_at).pop()
        looked_at.add(page)
        named = re.findall(r"\]\(([^)#\s]+\.md)", page.read_text(encoding="utf-8"))
        found |= {(page.parent / name).resolve() for name in named} & set(PAGES)
    assert found == set(PAGES)


@pytest.mark.parametrize(
    ("folder", "heading"),
    [
        ("ha/ownership", "### `ha/ownership/`"),
        ("agent/store", "### `agent/store/`"),
        ("agent/peers", "### `agent/peers/`"),
    ],
)
def test_the_architecture_lists_every_file_of_a_folder(folder: str, heading: str):
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.split(f"{heading}\n")[1].split("\n### ")[0]
    listed = {
        name
        for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(.+?)`", row)
    }
    files = {file.name for file in (ROOT / "plugins" / "module_utils" / folder).glob("*.py")}
    assert listed == files - {"__init__.py"}
