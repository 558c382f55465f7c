# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``appcmd set config`` and ``clear config`` of the lab: sections at a location, the rest as it was."""

from __future__ import annotations

import pytest

from lab.iis import document, sections
from lab.iis.content import DEFAULT_CONFIG, SCHEMA
from lab.iis.failure import IisError, NotEmulatedError

DATA = DEFAULT_CONFIG.read_bytes()
WINDOWS = "system.webServer/security/authentication/windowsAuthentication"
HANDLERS = "system.webServer/handlers"


def at(data: bytes, place: str, section: str) -> document.Node | None:
    found = [one for one in document.parse(data).all("location") if one.attributes["path"] == place]
    return found[0].find(section) if found else None


def test_a_location_is_made_and_used_again() -> None:
    data = sections.set_section(DATA, "Shop", WINDOWS, [("enabled", "true")])
    data = sections.set_section(data, "SHOP", WINDOWS, [("useKernelMode", "false")])
    data = sections.set_section(data, "Shop/public", WINDOWS, [("enabled", "false")])
    found = at(data, "Shop", WINDOWS)
    assert found is not None
    assert found.attributes == {"enabled": "true", "useKernelMode": "false"}
    assert len(document.parse(data).all("location")) == 2


def test_entries_are_added_and_taken_away_in_the_order_given() -> None:
    parameters = [("-[name='StaticFile']", ""), ("+[name='PHP',path='*.php',verb='*']", "")]
    found = at(sections.set_section(DATA, "Shop", HANDLERS, parameters), "Shop", HANDLERS)
    assert found is not None
    assert [(one.tag, one.attributes["name"]) for one in found.children] == [
        ("remove", "StaticFile"),
        ("add", "PHP"),
    ]


def test_elements_within_are_named_by_their_way() -> None:
    parameters = [("+providers.[value='NTLM']", ""), ("extendedProtection.tokenChecking", "Allow")]
    found = at(sections.set_section(DATA, "Shop", WINDOWS, parameters), "Shop", WINDOWS)
    assert found is not None
    assert [one.tag for one in found.children] == ["providers", "extendedProtection"]


def test_clearing_takes_one_section_of_one_location_away() -> None:
    data = sections.set_section(DATA, "Shop", WINDOWS, [("enabled", "true")])
    data = sections.set_section(data, "Shop", HANDLERS, [("accessPolicy", "Read")])
    cleared = sections.clear_section(data, "Shop", WINDOWS)
    assert at(cleared, "Shop", WINDOWS) is None
    assert at(cleared, "Shop", HANDLERS) is not None
    assert sections.clear_section(DATA, "Shop", WINDOWS) == DATA


def test_what_is_there_already_or_not_known_is_refused() -> None:
    data = sections.set_section(DATA, "Shop", HANDLERS, [("+[name='A',path='a',verb='*']", "")])
    with pytest.raises(IisError):
        sections.set_section(data, "Shop", HANDLERS, [("+[name='A',path='a',verb='*']", "")])
    with pytest.raises(IisError):
        sections.known(SCHEMA.read_bytes(), "system.webServer/nothing")
    with pytest.raises(NotEmulatedError):
        sections.set_section(data, "Shop", HANDLERS, [("[name='A'].path", "b")])
    assert sections.known(SCHEMA.read_bytes(), "SYSTEM.WEBSERVER/HANDLERS") == HANDLERS
