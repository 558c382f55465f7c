# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""applicationHost.config and the schema of IIS as data: sections, locations, locks, defaults."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument
from ansible_collections.standby.iis.plugins.module_utils.windows.host_config import SERVER, parse_host
from ansible_collections.standby.iis.plugins.module_utils.windows.iis_schema import parse_schema
from tests.support.twin_pair import CONFIG, SCHEMA


def host(text: str = CONFIG):
    return parse_host(text.encode(), SCHEMA, "applicationHost.config")


def test_sections_are_found_inside_their_groups_at_every_location() -> None:
    found = host()
    assert "system.webServer/security/authentication/windowsAuthentication" in found.at(SERVER)
    assert set(found.at("SHOP")) >= {"system.webServer/handlers", "system.webServer/httpErrors"}
    assert found.below("shop") == ["Shop/public"]
    assert found.at("elsewhere") == {}


def test_a_location_without_a_path_is_the_server_itself() -> None:
    for path in ('path=""', 'path="."', ""):
        text = CONFIG.replace('<location path="" overrideMode="Allow">', f"<location {path}>")
        assert "system.webServer/modules" in host(text).at(SERVER)


def test_locks_are_what_was_declared_and_what_a_location_of_the_server_says_over_it() -> None:
    locks = host().locks
    assert locks["system.webServer/security/access"] == "Deny"
    assert locks["system.webServer/httpErrors"] == "Allow"
    assert locks["system.webServer/handlers"] == "Allow"  # declared Deny, opened by the location


def test_a_section_that_nobody_declares_is_one_all_the_same() -> None:
    text = CONFIG.replace("<urlCompression />", '<urlCompression /><rewrite enabled="true" />')
    assert "system.webServer/rewrite" in host(text).at(SERVER)


@pytest.mark.parametrize("text", ["<configuration>", "<appcmd />", "<!DOCTYPE a><configuration />"])
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(BadDocument, match=r"applicationHost\.config"):
        host(text)


def test_the_schema_says_defaults_keys_and_secrets() -> None:
    errors = SCHEMA["system.webServer/httpErrors"]
    assert errors.attributes["errorMode"].default == "DetailedLocalOnly"
    assert errors.collection is not None
    assert (errors.collection.add, errors.collection.keys) == ("error", ("statusCode", "subStatusCode"))
    anonymous = SCHEMA["system.webServer/security/authentication/anonymousAuthentication"]
    assert anonymous.attributes["password"].encrypted
    pools = SCHEMA["system.applicationHost/applicationPools"].collection
    assert pools is not None
    assert pools.entry.elements["processModel"].attributes["idleTimeout"].kind == "timeSpan"


def test_another_document_is_no_schema() -> None:
    with pytest.raises(BadDocument, match="configSchema"):
        parse_schema(b"<configuration />", "IIS_schema.xml")
