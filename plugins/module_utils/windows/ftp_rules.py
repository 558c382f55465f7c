# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what on an FTP site: its authorization rules, by appcmd.

They lie in the ``<location>`` of the site, which an export of the site does not hold: without them a twin
refuses every login. Source: learn.microsoft.com/iis/configuration/system.ftpserver/security/authorization.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import BadDocument, StandbyError
from ..node import Clock, Node
from ..wsman.xml import parse
from .failure import about
from .iis_run import checked

SECTION = "system.ftpServer/security/authorization"
_COMMIT = "/commit:apphost"


@dataclass(frozen=True, order=True)
class Rule:
    """One rule.

    Attributes:
        access: Allow or Deny.
        users: names with commas; ``*`` for all, ``?`` for anonymous ones.
        roles: groups with commas.
        permissions: Read, Write or both, with a comma.
    """

    access: str
    users: str
    roles: str
    permissions: str

    def __str__(self) -> str:
        who = ", ".join(one for one in (self.users, self.roles) if one) or "nobody"
        return f"{self.access.lower()} {self.permissions or 'nothing'} to {who}"


def read_rules(node: Node, site: str, *, clock: Clock = time) -> tuple[Rule, ...]:
    """The rules that hold for a site, those of the server among them; their order means nothing.

    Raises:
        IisError: the site does not exist, or the FTP service is not installed; IisMissing.
        BadDocument: the answer is malformed.
    """
    arguments = ("list", "config", site, f"/section:{SECTION}", "/xml")
    answer = checked(node, arguments, _resource(site), clock)
    name = f"answer of appcmd list config /section:{SECTION}"
    with about(node, _resource(site)):
        section = parse(answer.stdout, name).find(f"CONFIG/{SECTION.replace('/', '-')}")
        if section is None:
            raise BadDocument(f"{name}: expected the section in appcmd/CONFIG, found none")
    return tuple(sorted(_rule(one.attrib) for one in section.findall("add")))


def write_rules(node: Node, site: str, wanted: Sequence[Rule], *, clock: Clock = time) -> None:
    """Have exactly these rules hold for a site, and see it done.

    Raises:
        StandbyError: appcmd failed, or other rules hold afterwards.
    """
    cleared = ("clear", "config", site, f"/section:{SECTION}", _COMMIT)
    checked(node, cleared, _resource(site), clock)
    inherited = set(read_rules(node, site, clock=clock))
    changes = [*_indexed("-", inherited - set(wanted)), *_indexed("+", set(wanted) - inherited)]
    if changes:
        arguments = ("set", "config", site, f"/section:{SECTION}", *changes, _COMMIT)
        checked(node, arguments, _resource(site), clock)
    found = read_rules(node, site, clock=clock)
    if set(found) != set(wanted):
        raise StandbyError(
            f"its FTP authorization rules are not as written: {'; '.join(map(str, found)) or 'none'}",
            node=node.name,
            resource=_resource(site),
            remedy="Set them in IIS Manager (FTP Authorization Rules) as they are on the primary",
        )


def _rule(attributes: dict[str, str]) -> Rule:
    return Rule(
        attributes.get("accessType", "Allow"),
        _listed(attributes.get("users", "")),
        _listed(attributes.get("roles", "")),
        _listed(attributes.get("permissions", "")),
    )


def _listed(text: str) -> str:
    """Commas without spaces: IIS writes them either way."""
    return ",".join(part.strip() for part in text.split(","))


def _indexed(sign: str, rules: Iterable[Rule]) -> list[str]:
    return [
        f"/{sign}[accessType='{one.access}',users='{_quoted(one.users)}',roles='{_quoted(one.roles)}',"
        f"permissions='{one.permissions}']"
        for one in sorted(rules)
    ]


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _resource(site: str) -> str:
    return f'site "{site}"'
