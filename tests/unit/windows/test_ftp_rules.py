# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FTP authorization rules: as appcmd shows them, and what makes them those of another node."""

from __future__ import annotations

import pytest

from ansible_collections.standby.iis.plugins.module_utils.errors import BadDocument, StandbyError
from ansible_collections.standby.iis.plugins.module_utils.node import Completed, Node
from ansible_collections.standby.iis.plugins.module_utils.windows.ftp_rules import (
    Rule,
    read_rules,
    write_rules,
)

EVERYONE = Rule("Allow", "*", "", "Read")
ADMINS = Rule("Allow", "", "administrators", "Read,Write")
NOBODY = Rule("Deny", "guest,O'Brien", "", "Read,Write")


def shown(*rules: Rule) -> bytes:
    adds = "".join(
        f'<add accessType="{r.access}" users="{r.users}" roles="{r.roles}"'
        f' permissions="{r.permissions.replace(",", ", ")}" />'
        for r in rules
    )
    tag = "system.ftpServer-security-authorization"
    return f"<appcmd><CONFIG path='x'><{tag}>{adds}</{tag}></CONFIG></appcmd>".encode()


class Appcmd:
    """appcmd of a node whose server has some rules beside those of the site."""

    def __init__(self, *inherited: Rule, own: tuple[Rule, ...] = (), deaf: bool = False) -> None:
        self.inherited, self.own, self.deaf = set(inherited), set(own), deaf
        self.ran: list[list[str]] = []

    def run(self, argv, stdin=b"", *, on_output=None):
        self.ran.append(list(argv[1:]))
        if argv[1] == "clear":
            self.own = set()
        if argv[1] == "set" and not self.deaf:
            self.own = {EVERYONE, ADMINS, NOBODY} if len(argv) > 8 else {EVERYONE}
            self.inherited = set()
        return Completed(0, shown(*sorted(self.inherited | self.own)) if argv[1] == "list" else b"", b"")


def node(appcmd: Appcmd) -> Node:
    return Node("server2", None, appcmd)


def test_rules_are_read_whatever_their_order_and_spaces():
    appcmd = Appcmd(own=(NOBODY, ADMINS))
    assert read_rules(node(appcmd), "Files & Co") == tuple(sorted([ADMINS, NOBODY]))
    assert appcmd.ran == [
        ["list", "config", "Files & Co", "/section:system.ftpServer/security/authorization", "/xml"]
    ]


def test_an_answer_without_the_section_is_named():
    class Other(Appcmd):
        def run(self, argv, stdin=b"", *, on_output=None):
            return Completed(0, b"<appcmd />", b"")

    with pytest.raises(BadDocument, match="expected the section in appcmd/CONFIG") as told:
        read_rules(node(Other()), "Files")
    assert (told.value.node, told.value.resource) == ("server2", 'site "Files"')


def test_what_the_server_has_beside_is_taken_away_and_what_is_missing_added():
    appcmd = Appcmd(ADMINS, own=(NOBODY,))
    write_rules(node(appcmd), "Files", [EVERYONE])
    assert [one[0] for one in appcmd.ran] == ["clear", "list", "set", "list"]
    assert appcmd.ran[0][-1] == "/commit:apphost"
    assert appcmd.ran[2][4:] == [
        "/-[accessType='Allow',users='',roles='administrators',permissions='Read,Write']",
        "/+[accessType='Allow',users='*',roles='',permissions='Read']",
        "/commit:apphost",
    ]


def test_quotes_in_names_are_doubled_and_rules_that_hold_already_are_left():
    appcmd = Appcmd()
    write_rules(node(appcmd), "Files", [EVERYONE, ADMINS, NOBODY])
    assert "/+[accessType='Deny',users='guest,O''Brien',roles='',permissions='Read,Write']" in appcmd.ran[2]
    same = Appcmd(EVERYONE)
    write_rules(node(same), "Files", [EVERYONE])
    assert [one[0] for one in same.ran] == ["clear", "list", "list"]


def test_rules_that_do_not_come_about_are_told():
    with pytest.raises(StandbyError) as failure:
        write_rules(node(Appcmd(ADMINS, deaf=True)), "Files", [EVERYONE])
    told = str(failure.value)
    assert told.startswith('server2, site "Files": its FTP authorization rules are not as written: ')
    assert "allow Read,Write to administrators" in told
