# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP authorization rules as appcmd of the lab shows and changes them, in the location of a site."""

from __future__ import annotations

import pytest

from lab.iis.commandline import parse
from lab.iis.document import parse as tree
from lab.iis.failure import IisError, NotEmulatedError
from lab.iis.ftprules import change, concerns, rules, show

FILE = b"""<configuration>
    <system.ftpServer>
        <security><authorization><add accessType="Allow" roles="administrators" permissions="Read, Write" /></authorization></security>
    </system.ftpServer>
    <location path="A &amp; B">
        <system.webServer />
    </location>
    <location path="A &amp; B">
        <system.ftpServer>
            <security>
                <authorization>
                    <add accessType="Allow" users="*" permissions="Read" />
                </authorization>
            </security>
        </system.ftpServer>
    </location>
</configuration>"""  # noqa: E501 - as somebody writes it
SECTION = "/section:system.ftpServer/security/authorization"
ADMINS = ("Allow", "", "administrators", "Read, Write")
ALL = ("Allow", "*", "", "Read")


def ran(data: bytes, verb: str, *parameters: str, site: str = "A & B") -> bytes:
    command = parse([verb, "config", site, SECTION, *parameters, "/commit:apphost"])
    assert concerns(command)
    return change(command, data)


def held(data: bytes, site: str = "A & B") -> list[tuple[str, ...]]:
    names = ("accessType", "users", "roles", "permissions")
    return [tuple(one.attributes.get(name, "") for name in names) for one in rules(tree(data), site)]


def test_rules_of_the_server_and_of_the_site_hold():
    assert held(FILE) == [ADMINS, ALL]
    assert held(FILE, "Other") == [ADMINS]


def test_they_are_shown_as_the_section_of_the_site():
    written: list[str] = []
    show(parse(["list", "config", "a & b", SECTION, "/xml"]), tree(FILE), written.append)
    shown = tree("".join(written).encode())
    (config,) = shown.children
    assert config.attributes["path"] == "MACHINE/WEBROOT/APPHOST/a & b"
    (section,) = config.children
    assert section.tag == "system.ftpServer-security-authorization"
    assert [one.attributes["users"] for one in section.children] == ["", "*"]


def test_a_rule_is_added_and_removed_where_the_site_has_it():
    more = ran(FILE, "set", "/+[accessType='Deny',users='guest',permissions='Read']")
    assert held(more) == [ADMINS, ALL, ("Deny", "guest", "", "Read")]
    assert held(ran(more, "set", "/-[users='*',roles='',permissions='Read']")) == [
        ADMINS,
        ("Deny", "guest", "", "Read"),
    ]


def test_a_rule_of_the_server_is_removed_for_the_site_alone_and_comes_back_with_clear():
    less = ran(FILE, "set", "/-[accessType='Allow',users='',roles='administrators',permissions='Read,Write']")
    assert held(less) == [ALL]
    assert held(less, "Other") == [ADMINS]
    assert held(ran(less, "clear")) == [ADMINS]
    assert ran(ran(less, "clear"), "clear") == ran(less, "clear")


def test_a_site_without_location_gets_one():
    made = ran(FILE, "set", "/+[accessType='Allow',users='?',permissions='Read']", site="Other & more")
    assert held(made, "other & MORE") == [ADMINS, ("Allow", "?", "", "Read")]
    assert held(made) == held(FILE)


def test_what_is_there_cannot_be_added_and_what_is_not_cannot_be_removed():
    with pytest.raises(IisError, match="800700b7"):
        ran(FILE, "set", "/+[accessType='Allow',users='*',permissions='Read']")
    with pytest.raises(IisError, match="80070490"):
        ran(FILE, "set", "/-[users='nobody']")


@pytest.mark.parametrize(
    ("verb", "parameter"),
    [
        ("set", "/enabled:true"),
        ("set", "/+[color='red']"),
        ("clear", "/[users='*']"),
        ("set", "/+x.[users='a']"),
    ],
)
def test_what_the_lab_does_not_know_is_no_guess(verb, parameter):
    with pytest.raises(NotEmulatedError):
        ran(FILE, verb, parameter)
